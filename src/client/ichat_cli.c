/* ichat-cli: puts a call of synthetic members on a running server and says who received whom. One thread. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "client/ichat_client.h"

#define CONNECT_MS 15000
#define LOSS_ALLOWED_PERCENT 1 /* of packets, after retransmission */

enum { EXIT_ALL_WELL = 0, EXIT_BAD_CALL = 1, EXIT_USAGE = 2 };

struct args {
    const char *url;
    const char *suites;
    uint64_t members;
    uint64_t seconds;
    uint64_t drop_percent;
    uint64_t video_kbps;
    bool has_audio;
    bool has_video;
};

struct cast {
    struct args args;
    struct client *client;
    struct client_user *users;
    struct member **members;
};

static void print_help(FILE *file)
{
    fputs("usage: ichat-cli call --url URL [--members N] [--seconds S] [--publish audio,video] [--drop P]\n"
          "                      [--video-kbps K] [--suites LIST]\n"
          "\n"
          "Registers N users (default 2), makes a call of them on the server at URL, sends synthetic media for S "
          "seconds\n"
          "(default 10) and prints what each received of each other.\n"
          "  --drop P        loses P percent of received packets, to be repaired by retransmission\n"
          "  --suites LIST   SRTP suites as OpenSSL names them, such as SRTP_AES128_CM_SHA1_80\n"
          "Exit codes: 0 everyone received everyone, 1 not so, 2 wrong arguments.\n",
          file);
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    return text_to_u64(text, out) == ERR_OK && *out >= min && *out <= max;
}

static bool parse_publish(const char *text, struct args *args)
{
    args->has_audio = strstr(text, "audio") != NULL;
    args->has_video = strstr(text, "video") != NULL;
    return args->has_audio || args->has_video;
}

static bool parse_option(int letter, struct args *args)
{
    switch (letter) {
    case 'u':
        args->url = optarg;
        return true;
    case 'm':
        return parse_number(optarg, 2, CLIENT_MEMBERS_MAX, &args->members);
    case 's':
        return parse_number(optarg, 1, 86400, &args->seconds);
    case 'p':
        return parse_publish(optarg, args);
    case 'd':
        return parse_number(optarg, 0, 99, &args->drop_percent);
    case 'k':
        return parse_number(optarg, 10, 20000, &args->video_kbps);
    case 'S':
        args->suites = optarg;
        return true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct args *args)
{
    static const struct option known[] = {
        {"url", required_argument, NULL, 'u'},     {"members", required_argument, NULL, 'm'},
        {"seconds", required_argument, NULL, 's'}, {"publish", required_argument, NULL, 'p'},
        {"drop", required_argument, NULL, 'd'},    {"video-kbps", required_argument, NULL, 'k'},
        {"suites", required_argument, NULL, 'S'},  {NULL, 0, NULL, 0},
    };
    *args = (struct args){.members = 2, .seconds = 10, .video_kbps = 300, .has_audio = true, .has_video = true};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (!parse_option(letter, args))
            return false;
    }
    return args->url && optind + 1 == argc && strcmp(argv[optind], "call") == 0;
}

/* --- the call --- */

static bool is_receiving(const struct member *member, uint64_t from, enum client_kind kind)
{
    const struct client_recv *recv = member_recv_from(member, from, kind);
    return recv && recv->packets > 0;
}

static bool is_everyone_receiving(void *ctx)
{
    const struct cast *cast = ctx;
    for (size_t i = 0; i < cast->args.members; i++) {
        if (member_state(cast->members[i]) == MEMBER_FAILED)
            return true; /* it will not get better */
        for (size_t k = 0; k < cast->args.members; k++) {
            uint64_t from = cast->users[k].id;
            if (i != k && ((cast->args.has_audio && !is_receiving(cast->members[i], from, CLIENT_AUDIO)) ||
                           (cast->args.has_video && !is_receiving(cast->members[i], from, CLIENT_VIDEO))))
                return false;
        }
    }
    return true;
}

static enum err start(struct cast *cast)
{
    uint64_t call_id;
    char prefix[16] = "cli-";
    rand_alnum(prefix + 4, 8);
    enum err err = client_make_users(cast->client, prefix, cast->users, cast->args.members);
    if (err == ERR_OK)
        err = client_make_call(cast->client, cast->users, cast->args.members, &call_id);
    for (size_t i = 0; i < cast->args.members && err == ERR_OK; i++) {
        struct member_opts opts = {.user = &cast->users[i],
                                   .call_id = call_id,
                                   .has_audio = cast->args.has_audio,
                                   .has_video = cast->args.has_video,
                                   .video_bps = (uint32_t)cast->args.video_kbps * 1000,
                                   .drop_percent = (unsigned)cast->args.drop_percent};
        err = member_join(cast->client, &opts, &cast->members[i]);
    }
    return err;
}

static bool print_pair(const struct cast *cast, size_t to, size_t from, enum client_kind kind)
{
    const struct client_recv *recv = member_recv_from(cast->members[to], cast->users[from].id, kind);
    const char *name = kind == CLIENT_AUDIO ? "audio" : "video";
    if (!recv) {
        printf("%3zu <- %3zu  %s  nothing\n", to, from, name);
        return false;
    }
    uint64_t all = recv->packets + recv->lost;
    printf("%3zu <- %3zu  %s  packets=%llu lost=%llu recovered=%llu nacks=%llu frames=%llu keyframes=%llu wrong=%llu "
           "delay_ms=%.1f delay_max_ms=%.1f\n",
           to, from, name, (unsigned long long)recv->packets, (unsigned long long)recv->lost,
           (unsigned long long)recv->recovered, (unsigned long long)recv->nacks, (unsigned long long)recv->frames,
           (unsigned long long)recv->keyframes, (unsigned long long)(recv->wrong_stamps + recv->wrong_times),
           recv->stamps ? (double)recv->delay_sum_us / (double)recv->stamps / 1000 : 0.0,
           (double)recv->delay_max_us / 1000);
    /* Audio has no retransmission: what was dropped on purpose stays lost. */
    bool is_lossless =
        kind == CLIENT_AUDIO && cast->args.drop_percent ? true : recv->lost * 100 <= all * LOSS_ALLOWED_PERCENT;
    return recv->packets > 0 && is_lossless && recv->wrong_stamps == 0 && (kind == CLIENT_AUDIO || recv->keyframes > 0);
}

/* How many pairs are well. */
static size_t print_all(const struct cast *cast, size_t *pairs)
{
    size_t good = 0;
    *pairs = 0;
    for (size_t to = 0; to < cast->args.members; to++) {
        for (size_t from = 0; from < cast->args.members; from++) {
            if (to == from)
                continue;
            ++*pairs;
            bool is_good = !cast->args.has_audio || print_pair(cast, to, from, CLIENT_AUDIO);
            if (cast->args.has_video)
                is_good = print_pair(cast, to, from, CLIENT_VIDEO) && is_good;
            good += is_good;
        }
    }
    return good;
}

static int run(struct cast *cast)
{
    uint64_t began_us = clock_now_us();
    if (start(cast) != ERR_OK) {
        fprintf(stderr, "ichat-cli: %s\n", client_error(cast->client));
        return EXIT_BAD_CALL;
    }
    if (client_wait(cast->client, is_everyone_receiving, cast, CONNECT_MS))
        client_run(cast->client, (unsigned)cast->args.seconds * 1000);
    for (size_t i = 0; i < cast->args.members; i++) {
        if (member_state(cast->members[i]) == MEMBER_FAILED)
            printf("member %zu failed: %s\n", i, member_error(cast->members[i]));
    }
    size_t pairs;
    size_t good = print_all(cast, &pairs);
    printf("members=%llu pairs=%zu good=%zu suite=%s seconds=%.1f\n", (unsigned long long)cast->args.members, pairs,
           good, member_publish_suite(cast->members[0]), (double)(clock_now_us() - began_us) / 1e6);
    return good == pairs ? EXIT_ALL_WELL : EXIT_BAD_CALL;
}

int main(int argc, char **argv)
{
    struct cast cast = {0};
    if (!parse(argc, argv, &cast.args)) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    log_set_level(LOG_WARN);
    if (client_global_init() != ERR_OK)
        return EXIT_BAD_CALL;
    struct client_opts opts = {.url = cast.args.url, .suites = cast.args.suites};
    int code = EXIT_BAD_CALL;
    if (client_create(&opts, &cast.client) == ERR_OK) {
        cast.users = mem_calloc(cast.args.members, sizeof(*cast.users));
        cast.members = mem_calloc(cast.args.members, sizeof(struct member *));
        code = run(&cast);
        client_free(cast.client);
    }
    free(cast.users);
    free(cast.members);
    client_global_free();
    return code;
}
