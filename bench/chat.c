/* `ichat-bench chat`: options, the run, what it prints. See chat.h. */
#include "bench/chat.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "bench/child.h"

#define START_S 20
#define FLOOR_S 1.3 /* each of the three */
#define FLOOR_GROUP 16
#define LATE_MAX_MS 3.0
#define BUSY_MAX 0.9

static void print_help(FILE *file)
{
    fputs("usage: ichat-bench chat [options]        messages into rooms, with idle sockets beside, and the store's "
          "floor\n"
          "\n"
          "  --ichatd PATH        the program (default: build/src/ichatd, or $ICHATD)\n"
          "  --database URL       postgresql://... of an empty database (default: SQLite in a temporary folder)\n"
          "  --rooms N[,N...]     members of each room, 2 to 1000 (default 2,50,500)\n"
          "  --idle N             connected sockets of others (default 5000)\n"
          "  --seconds S          of each load (default 4)\n"
          "  --rate N[,N...]      messages/s of the second load, for each room (default: half of the first one's)\n"
          "  --json               as JSON instead of a table\n"
          "  --keep               keeps the server's files\n",
          file);
}

struct chat_opts {
    const char *database;
    double rooms[OPTS_RATES_MAX];
    unsigned room_count;
    double rates[OPTS_RATES_MAX];
    unsigned rate_count;
    bool has_rates;
    unsigned idle;
    double seconds;
    bool wants_json;
    bool keeps_files;
};

/* 0: go on; else the exit code + 1. */
static int parse(struct chat_opts *out, struct opts *common, int argc, char **argv)
{
    static const struct option known[] = {{"ichatd", 1, NULL, 'p'}, {"database", 1, NULL, 'd'}, {"rooms", 1, NULL, 'r'},
                                          {"idle", 1, NULL, 'i'},   {"seconds", 1, NULL, 's'},  {"rate", 1, NULL, 'R'},
                                          {"json", 0, NULL, 'j'},   {"keep", 0, NULL, 'k'},     {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    char *no_options[] = {argv[0], NULL};
    (void)opts_parse(common, 1, no_options); /* the defaults */
    *out = (struct chat_opts){.rooms = {2, 50, 500}, .room_count = 3, .idle = 5000, .seconds = 4};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        switch (c) {
        case 'p':
            common->ichatd = optarg;
            break;
        case 'd':
            out->database = optarg;
            break;
        case 'r':
            out->room_count = opts_parse_rates(optarg, out->rooms);
            break;
        case 'i':
            out->idle = (unsigned)atoi(optarg);
            break;
        case 's':
            out->seconds = atof(optarg);
            break;
        case 'R':
            out->has_rates = true;
            out->rate_count = opts_parse_rates(optarg, out->rates);
            break;
        case 'j':
            out->wants_json = true;
            break;
        case 'k':
            out->keeps_files = true;
            break;
        default:
            print_help(c == 'h' ? stdout : stderr);
            return c == 'h' ? 1 : 3;
        }
    }
    bool is_right = out->room_count > 0 && out->room_count <= CHAT_ROOMS_MAX && out->idle <= 15000 && out->seconds > 0;
    for (unsigned i = 0; i < out->room_count && is_right; i++)
        is_right = out->rooms[i] >= 2 && out->rooms[i] <= 1000;
    is_right = is_right && (!out->has_rates || out->rate_count == out->room_count);
    if (is_right)
        return 0;
    fputs("ichat-bench: at most 8 rooms of 2 to 1000 members, a rate for each, at most 15000 idle sockets, some "
          "seconds\n",
          stderr);
    return 3;
}

/* --- the server --- */

static enum err start(struct chat *chat)
{
    struct bench *bench = chat->bench;
    char conf[128], log[128];
    const char *ip = bench->opts.server_ip;
    uint16_t http = bench_free_port(bench, 1), media = bench_free_port(bench, 16);
    rand_alnum(chat->secret, 32);
    snprintf(conf, sizeof(conf), "%s/ichatd.yml", bench->dir);
    snprintf(log, sizeof(log), "%s/server.log", bench->dir);
    FILE *file = http && media ? fopen(conf, "we") : NULL;
    if (!file)
        return bench_refuse(bench, ERR_IO, "no free ports on %s, or no room in %s", ip, bench->dir);
    fprintf(file,
            "data:\n  dir: %s\ndatabase:\n  url: \"%s\"\nhttp:\n  bind: %s\n  port: %u\n  max_connections: 100000\n"
            "auth:\n  secret: %s\nmedia:\n  bind: %s\n  port: %u\n  announce: [%s]\nlog:\n  level: warn\n",
            bench->dir, chat->url, ip, http, chat->secret, ip, media, ip);
    fclose(file);
    const char *argv[] = {bench->opts.ichatd, "--config", conf, NULL};
    if (child_start(argv, log, &bench->server_pid) != ERR_OK || addr_parse(&bench->server, ip, http) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "cannot start %s", bench->opts.ichatd);
    return bench_await_server(bench, START_S);
}

static void give_accounts(struct chat *chat, struct chat_user *users, unsigned count, const struct seed_user *seeded)
{
    for (unsigned i = 0; i < count; i++) {
        users[i].chat = chat;
        users[i].account = seeded[i];
        users[i].token = seed_token(chat->secret, seeded[i].login_id);
    }
}

static enum err seed(struct chat *chat)
{
    unsigned total = chat->idle_count, at = chat->idle_count;
    for (unsigned i = 0; i < chat->room_count; i++)
        total += chat->rooms[i].members;
    struct seed_user *seeded = mem_calloc(total, sizeof(*seeded));
    struct seed_group groups[CHAT_ROOMS_MAX] = {0};
    for (unsigned i = 0; i < chat->room_count; i++) {
        groups[i] = (struct seed_group){.first = at, .count = chat->rooms[i].members};
        at += chat->rooms[i].members;
    }
    enum err err = seed_database(chat->url, seeded, total, groups, chat->room_count, chat->bench->error,
                                 sizeof(chat->bench->error));
    chat->idle = mem_calloc(chat->idle_count + 1, sizeof(*chat->idle));
    give_accounts(chat, chat->idle, chat->idle_count, seeded);
    for (unsigned i = 0; i < chat->room_count; i++) {
        struct chat_room *room = &chat->rooms[i];
        room->group = groups[i];
        room->users = mem_calloc(room->members, sizeof(*room->users));
        give_accounts(chat, room->users, room->members, seeded + groups[i].first);
    }
    free(seeded);
    return err;
}

/* --- the run --- */

static double ms(const struct hist *hist, double p)
{
    return (double)hist_at(hist, p) / 1e6;
}

static json_t *load_json(const struct chat *chat, const struct chat_load *load)
{
    double per_s = load->seconds > 0 ? (double)load->acked / load->seconds : 0;
    uint64_t lost = load->expected > chat->received ? load->expected - chat->received : 0;
    const char *doubt = "";
    if (load->asked_per_s > 0 && ms(&chat->late, 0.99) > LATE_MAX_MS)
        doubt = "the generator sent late";
    else if (load->generator_busy > BUSY_MAX)
        doubt = "the generator was the bottleneck";
    else if (load->acked == 0)
        doubt = "nothing was answered";
    return json_pack("{s:f,s:f,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:b,s:s}", "asked_per_s", load->asked_per_s,
                     "messages_per_s", per_s, "refused", (json_int_t)load->refused, "deliveries",
                     (json_int_t)chat->received, "lost", (json_int_t)lost, "delay_ms_p50", ms(&chat->delay, 0.5),
                     "delay_ms_p99", ms(&chat->delay, 0.99), "answer_ms_p50", ms(&chat->ack, 0.5), "answer_ms_p99",
                     ms(&chat->ack, 0.99), "late_ms_p99", ms(&chat->late, 0.99), "server_cpu_us_per_message",
                     load->acked ? load->server_cpu_s * 1e6 / (double)load->acked : 0.0, "generator_busy",
                     load->generator_busy, "is_valid", !*doubt, "doubts", doubt);
}

static json_t *run_room(struct chat *chat, struct chat_room *room)
{
    struct chat_load load;
    if (chat_connect(chat, room->users, room->members) != ERR_OK)
        return NULL;
    chat_run_load(chat, room, 0, &load); /* warms statements and caches */
    chat_run_load(chat, room, 0, &load);
    double saturated = load.seconds > 0 ? (double)load.acked / load.seconds : 0;
    json_t *full = load_json(chat, &load);
    chat_run_load(chat, room, room->per_s > 0 ? room->per_s : saturated / 2, &load);
    json_t *half = load_json(chat, &load);
    double single = chat_floor(chat->url, room, CHAT_ROW_A_ROOM, 1, FLOOR_S),
           grouped = chat_floor(chat->url, room, CHAT_ROW_A_ROOM, FLOOR_GROUP, FLOOR_S),
           rows = chat_floor(chat->url, room, CHAT_ROW_A_MEMBER, 1, FLOOR_S);
    return json_pack("{s:I,s:o,s:o,s:f,s:f,s:f,s:f,s:f}", "members", (json_int_t)room->members, "saturated", full,
                     "half", half, "floor_per_s", single, "floor_group_per_s", grouped, "ratio_to_floor",
                     single > 0 ? saturated / single : 0.0, "floor_rows_per_s", rows, "ratio_to_floor_rows",
                     rows > 0 ? saturated / rows : 0.0);
}

static enum err run(struct chat *chat, json_t *out)
{
    struct proc_usage empty = {0}, idle = {0};
    enum err err = start(chat);
    if (err == ERR_OK)
        err = seed(chat);
    if (err != ERR_OK)
        return err;
    (void)!proc_read(chat->bench->server_pid, &empty);
    err = chat_connect(chat, chat->idle, chat->idle_count);
    if (err != ERR_OK)
        return err;
    bench_run_for(chat->bench, 1);
    (void)!proc_read(chat->bench->server_pid, &idle);
    double bytes = chat->idle_count ? ((double)idle.rss_kb - (double)empty.rss_kb) * 1024 / chat->idle_count : 0;
    json_object_set_new(out, "database", json_string(strncmp(chat->url, "sqlite", 6) == 0 ? "sqlite" : "postgresql"));
    json_object_set_new(out, "idle_sockets", json_integer((json_int_t)chat->idle_count));
    json_object_set_new(out, "bytes_per_idle_socket", json_real(bytes));
    json_t *rooms = json_array();
    json_object_set_new(out, "rooms", rooms);
    for (unsigned i = 0; i < chat->room_count && !bench_is_interrupted(); i++) {
        fprintf(stderr, "room of %u members\n", chat->rooms[i].members);
        json_t *room = run_room(chat, &chat->rooms[i]);
        if (!room)
            return ERR_IO;
        json_array_append_new(rooms, room);
    }
    return bench_is_interrupted() ? bench_refuse(chat->bench, ERR_CLOSED, "interrupted") : ERR_OK;
}

/* --- what it prints --- */

static double real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void print_load(const char *what, const json_t *load)
{
    printf("  %-10s %8.0f %10lld %6lld %9.2f %8.2f %9.2f %8.2f %9.0f %5.2f  %s\n", what, real(load, "messages_per_s"),
           (long long)json_integer_value(json_object_get(load, "deliveries")),
           (long long)json_integer_value(json_object_get(load, "lost")), real(load, "delay_ms_p50"),
           real(load, "delay_ms_p99"), real(load, "answer_ms_p50"), real(load, "answer_ms_p99"),
           real(load, "server_cpu_us_per_message"), real(load, "generator_busy"),
           json_is_true(json_object_get(load, "is_valid")) ? "ok" : json_string_value(json_object_get(load, "doubts")));
}

static void print_table(const json_t *result)
{
    size_t i;
    const json_t *room;
    printf("%s; %lld idle sockets, %.0f bytes each\n", json_string_value(json_object_get(result, "database")),
           (long long)json_integer_value(json_object_get(result, "idle_sockets")),
           real(result, "bytes_per_idle_socket"));
    json_array_foreach (json_object_get(result, "rooms"), i, room) {
        printf("room of %lld: %.2f of the floor of %.0f messages/s, one a commit (%.0f with %d a commit)\n",
               (long long)json_integer_value(json_object_get(room, "members")), real(room, "ratio_to_floor"),
               real(room, "floor_per_s"), real(room, "floor_group_per_s"), FLOOR_GROUP);
        printf("  %.2f of the %.0f messages/s of a store that writes a row a member, one a commit\n",
               real(room, "ratio_to_floor_rows"), real(room, "floor_rows_per_s"));
        printf("  %-10s %8s %10s %6s %9s %8s %9s %8s %9s %5s\n", "load", "msg/s", "delivered", "lost", "delay p50",
               "p99 ms", "ack p50", "p99 ms", "CPU us/m", "gen");
        print_load("saturated", json_object_get(room, "saturated"));
        const json_t *half = json_object_get(room, "half");
        char name[16];
        snprintf(name, sizeof(name), "at %.0f/s", real(half, "asked_per_s"));
        print_load(name, half);
    }
}

static void chat_free(struct chat *chat)
{
    chat_free_posters(chat);
    for (unsigned i = 0; chat->idle && i < chat->idle_count; i++)
        chat_user_free(&chat->idle[i]);
    for (unsigned r = 0; r < chat->room_count; r++) {
        struct chat_room *room = &chat->rooms[r];
        for (unsigned i = 0; room->users && i < room->members; i++)
            chat_user_free(&room->users[i]);
        free(room->users);
    }
    free(chat->idle);
    child_stop(chat->bench->server_pid);
    loop_free(chat->bench->loop);
    free(chat->bench);
    free(chat);
}

int chat_main(int argc, char **argv)
{
    struct chat_opts opts;
    struct chat *chat = mem_calloc(1, sizeof(*chat));
    chat->bench = mem_calloc(1, sizeof(*chat->bench));
    int code = parse(&opts, &chat->bench->opts, argc, argv);
    if (code) {
        free(chat->bench);
        free(chat);
        return code - 1;
    }
    struct bench *bench = chat->bench;
    const char *tmp = getenv("TMPDIR");
    snprintf(bench->dir, sizeof(bench->dir), "%s/ichat-bench-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    bench->loop = loop_create();
    bench->wire_watch.fd = -1;
    if (!mkdtemp(bench->dir)) {
        fprintf(stderr, "ichat-bench: no temporary folder\n");
        chat_free(chat);
        return 1;
    }
    if (opts.database)
        text_copy(chat->url, sizeof(chat->url), opts.database);
    else
        snprintf(chat->url, sizeof(chat->url), "sqlite:%s/ichat.db", bench->dir);
    chat->seconds = opts.seconds;
    chat->idle_count = opts.idle;
    chat->room_count = opts.room_count;
    for (unsigned i = 0; i < opts.room_count; i++) {
        chat->rooms[i].members = (unsigned)opts.rooms[i];
        chat->rooms[i].per_s = opts.rates[i];
    }
    json_t *result = json_object();
    enum err err = run(chat, result);
    if (err != ERR_OK) {
        fprintf(stderr, "ichat-bench: chat: %s\n", bench->error);
    } else if (opts.wants_json) {
        json_dumpf(result, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        print_table(result);
    }
    json_decref(result);
    char dir[sizeof(bench->dir)];
    memcpy(dir, bench->dir, sizeof(dir));
    chat_free(chat);
    if (opts.keeps_files)
        fprintf(stderr, "The server's files are in %s\n", dir);
    else
        bench_remove_tree(dir);
    return err == ERR_OK ? 0 : 1;
}
