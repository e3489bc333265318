/* The command line. See opts.h. */
#include "bench/opts.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(FILE *file)
{
    fputs("usage: ichat-bench [options]           one run: a server, its members, one load or several, the floor\n"
          "       ichat-bench plot --svg FILE RESULT.json...\n"
          "       ichat-bench chat --help\n"
          "\n"
          "the server\n"
          "  --target NAME        ichatd (default) or janus\n"
          "  --url URL            an ichatd that runs already (http://IPv4:port); --pid N tells its process\n"
          "  --ichatd PATH        the program (default: build/src/ichatd, or $ICHATD)\n"
          "  --janus PATH         (default: janus)\n"
          "  --workers N          ichatd: media threads (default: one a core)\n"
          "  --event-loops N      janus: threads (default: one a core); 'none' = its own default, one a handle\n"
          "  --server-ip IP       where the server listens (default 127.0.0.1, which Janus refuses)\n"
          "  --peer-net IP        first address of the members; all of a /16 must be local (default 127.16.0.0)\n"
          "\n"
          "the members\n"
          "  --calls N            (default 1)\n"
          "  --members N          in each call\n"
          "  --video N --audio N  the first N of them publish it\n"
          "  --publishers P --subscribers S      the same as --members P+S --video P\n"
          "  --join-parallel N    joins under way at a time (default 16)\n"
          "  --suites LIST        SRTP suites to offer (default SRTP_AEAD_AES_128_GCM)\n"
          "\n"
          "the load\n"
          "  --rate R[,R...]      packets/s of each video, a step for each (default 300)\n"
          "  --bytes N            of an RTP packet of video, unsealed (default 1200)\n"
          "  --pacing even|burst  burst: whole frames at once, frames of changing size, large key frames\n"
          "  --fps N              (default 30)\n"
          "  --key-every S        seconds between key frames (default 3; 0: on request only)\n"
          "  --simulcast          each video in three layers by RID, 1/8 and 3/8 of the packets below the top one's "
          "rate\n"
          "  --idle               nobody sends\n"
          "  --storm N            N more members join another call at once under load\n"
          "  --churn R            R members a second leave and join again under load\n"
          "  --warmup S --seconds S               of each step (default 1 and 5)\n"
          "  --open N             open one received packet of N, for its delay (default 16)\n"
          "  --hold               keeps the last load until Ctrl-C, for perf\n"
          "\n"
          "the result\n"
          "  --json               as JSON instead of a table\n"
          "  --svg FILE           a plot of CPU and delay against the load\n"
          "  --label TEXT         names the run in both\n"
          "  --no-floor           leaves the floor out\n"
          "  --keep               keeps the server's files\n",
          file);
}

enum {
    OPT_TARGET = 256,
    OPT_URL,
    OPT_PID,
    OPT_ICHATD,
    OPT_JANUS,
    OPT_WORKERS,
    OPT_LOOPS,
    OPT_SERVER_IP,
    OPT_PEER_NET,
    OPT_CALLS,
    OPT_MEMBERS,
    OPT_VIDEO,
    OPT_AUDIO,
    OPT_PUBLISHERS,
    OPT_SUBSCRIBERS,
    OPT_PARALLEL,
    OPT_SUITES,
    OPT_RATE,
    OPT_BYTES,
    OPT_PACING,
    OPT_FPS,
    OPT_KEY,
    OPT_SIMULCAST,
    OPT_IDLE,
    OPT_STORM,
    OPT_CHURN,
    OPT_WARMUP,
    OPT_SECONDS,
    OPT_OPEN,
    OPT_HOLD,
    OPT_JSON,
    OPT_SVG,
    OPT_LABEL,
    OPT_NO_FLOOR,
    OPT_KEEP,
    OPT_HELP,
};

static const struct option known[] = {
    {"target", 1, NULL, OPT_TARGET},
    {"url", 1, NULL, OPT_URL},
    {"pid", 1, NULL, OPT_PID},
    {"ichatd", 1, NULL, OPT_ICHATD},
    {"janus", 1, NULL, OPT_JANUS},
    {"workers", 1, NULL, OPT_WORKERS},
    {"event-loops", 1, NULL, OPT_LOOPS},
    {"server-ip", 1, NULL, OPT_SERVER_IP},
    {"peer-net", 1, NULL, OPT_PEER_NET},
    {"calls", 1, NULL, OPT_CALLS},
    {"members", 1, NULL, OPT_MEMBERS},
    {"video", 1, NULL, OPT_VIDEO},
    {"audio", 1, NULL, OPT_AUDIO},
    {"publishers", 1, NULL, OPT_PUBLISHERS},
    {"subscribers", 1, NULL, OPT_SUBSCRIBERS},
    {"join-parallel", 1, NULL, OPT_PARALLEL},
    {"suites", 1, NULL, OPT_SUITES},
    {"rate", 1, NULL, OPT_RATE},
    {"bytes", 1, NULL, OPT_BYTES},
    {"pacing", 1, NULL, OPT_PACING},
    {"fps", 1, NULL, OPT_FPS},
    {"key-every", 1, NULL, OPT_KEY},
    {"simulcast", 0, NULL, OPT_SIMULCAST},
    {"idle", 0, NULL, OPT_IDLE},
    {"storm", 1, NULL, OPT_STORM},
    {"churn", 1, NULL, OPT_CHURN},
    {"warmup", 1, NULL, OPT_WARMUP},
    {"seconds", 1, NULL, OPT_SECONDS},
    {"open", 1, NULL, OPT_OPEN},
    {"hold", 0, NULL, OPT_HOLD},
    {"json", 0, NULL, OPT_JSON},
    {"svg", 1, NULL, OPT_SVG},
    {"label", 1, NULL, OPT_LABEL},
    {"no-floor", 0, NULL, OPT_NO_FLOOR},
    {"keep", 0, NULL, OPT_KEEP},
    {"help", 0, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

unsigned opts_parse_rates(const char *text, double out[OPTS_RATES_MAX])
{
    unsigned count = 0;
    for (;;) {
        char *end;
        double value = strtod(text, &end);
        if (end == text || value < 1 || value > 1e6 || count == OPTS_RATES_MAX)
            return 0;
        out[count++] = value;
        if (*end == '\0')
            return count;
        if (*end != ',')
            return 0;
        text = end + 1;
    }
}

/* A number within limits; false (told) when it is none. */
static bool take(const char *name, const char *text, double min, double max, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || value < min || value > max) {
        fprintf(stderr, "ichat-bench: --%s is a number from %g to %g, not '%s'\n", name, min, max, text);
        return false;
    }
    *out = value;
    return true;
}

/* Options with a number. */
static const struct number {
    int option;
    double min, max;
    size_t offset;
    bool is_double;
} numbers[] = {
    {OPT_PID, 1, 1e9, offsetof(struct opts, pid), false},
    {OPT_WORKERS, 0, 64, offsetof(struct opts, workers), false},
    {OPT_CALLS, 1, 1000, offsetof(struct opts, calls), false},
    {OPT_MEMBERS, 2, 1000, offsetof(struct opts, members), false},
    {OPT_VIDEO, 0, 1000, offsetof(struct opts, videos), false},
    {OPT_AUDIO, 0, 1000, offsetof(struct opts, audios), false},
    {OPT_PARALLEL, 1, 1000, offsetof(struct opts, join_parallel), false},
    {OPT_BYTES, 100, 1400, offsetof(struct opts, video.bytes), false},
    {OPT_FPS, 1, 1000, offsetof(struct opts, video.fps), false},
    {OPT_KEY, 0, 3600, offsetof(struct opts, video.key_every_s), true},
    {OPT_STORM, 0, 990, offsetof(struct opts, storm), false},
    {OPT_CHURN, 0, 1000, offsetof(struct opts, churn), true},
    {OPT_WARMUP, 0, 600, offsetof(struct opts, warmup_s), true},
    {OPT_SECONDS, 0.5, 86400, offsetof(struct opts, seconds), true},
    {OPT_OPEN, 1, 100000, offsetof(struct opts, open_every), false},
};

/* 1: done, 0: no such option, -1: wrong. */
static int take_number(struct opts *out, int option, const char *text)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct number *number = &numbers[i];
        double value;
        if (number->option != option)
            continue;
        if (!take(known[option - OPT_TARGET].name, text, number->min, number->max, &value))
            return -1;
        void *at = (char *)out + number->offset;
        if (number->is_double)
            memcpy(at, &value, sizeof(value));
        else
            memcpy(at, &(unsigned){(unsigned)value}, sizeof(unsigned));
        return 1;
    }
    return 0;
}

static int take_text(struct opts *out, int option, const char *text)
{
    static const struct {
        int option;
        size_t offset;
    } texts[] = {
        {OPT_TARGET, offsetof(struct opts, target)},
        {OPT_URL, offsetof(struct opts, url)},
        {OPT_ICHATD, offsetof(struct opts, ichatd)},
        {OPT_JANUS, offsetof(struct opts, janus)},
        {OPT_SERVER_IP, offsetof(struct opts, server_ip)},
        {OPT_SUITES, offsetof(struct opts, suites)},
        {OPT_SVG, offsetof(struct opts, svg)},
        {OPT_LABEL, offsetof(struct opts, label)},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].option == option) {
            memcpy((char *)out + texts[i].offset, &text, sizeof(text));
            return 1;
        }
    }
    return 0;
}

static bool take_other(struct opts *out, int option, const char *text, unsigned *publishers, unsigned *subscribers)
{
    double value = 0;
    struct in_addr ip;
    switch (option) {
    case OPT_PUBLISHERS:
        *publishers = take("publishers", text, 1, 1000, &value) ? (unsigned)value : 0;
        return *publishers > 0;
    case OPT_SUBSCRIBERS:
        *subscribers = take("subscribers", text, 1, 999, &value) ? (unsigned)value : 0;
        return *subscribers > 0;
    case OPT_LOOPS:
        out->event_loops = -1;
        if (strcmp(text, "none") != 0 && take("event-loops", text, 0, 64, &value))
            out->event_loops = (int)value;
        return out->event_loops >= 0 || strcmp(text, "none") == 0;
    case OPT_PEER_NET:
        out->base_ip = inet_pton(AF_INET, text, &ip) == 1 ? ntohl(ip.s_addr) : 0;
        return out->base_ip != 0;
    case OPT_RATE:
        out->rate_count = opts_parse_rates(text, out->rates);
        return out->rate_count > 0;
    case OPT_PACING:
        out->video.pacing = strcmp(text, "burst") == 0 ? SOURCE_BURST : SOURCE_EVEN;
        return strcmp(text, "burst") == 0 || strcmp(text, "even") == 0;
    default:
        return false;
    }
}

static bool take_flag(struct opts *out, int option)
{
    out->is_idle = out->is_idle || option == OPT_IDLE;
    out->is_simulcast = out->is_simulcast || option == OPT_SIMULCAST;
    out->is_held = out->is_held || option == OPT_HOLD;
    out->wants_json = out->wants_json || option == OPT_JSON;
    out->keeps_files = out->keeps_files || option == OPT_KEEP;
    out->wants_floor = out->wants_floor && option != OPT_NO_FLOOR;
    return option == OPT_IDLE || option == OPT_SIMULCAST || option == OPT_HOLD || option == OPT_JSON ||
           option == OPT_KEEP || option == OPT_NO_FLOOR;
}

static int complain(const char *sentence)
{
    fprintf(stderr, "ichat-bench: %s\n", sentence);
    return 3;
}

static int check(struct opts *out, unsigned publishers, unsigned subscribers)
{
    if (publishers || subscribers) {
        out->videos = publishers ? publishers : 1;
        out->members = out->videos + subscribers;
    }
    if (strcmp(out->target, "ichatd") != 0 && strcmp(out->target, "janus") != 0)
        return complain("--target is ichatd or janus");
    if (strcmp(out->target, "janus") == 0 && strncmp(out->server_ip, "127.", 4) == 0)
        return complain("Janus refuses loopback addresses: give --server-ip and --peer-net (see bench/README.md)");
    if (out->members < 2 || out->members > 1000 || out->videos > out->members || out->audios > out->members)
        return complain("a call has 2 to 1000 members, and no more of them publish");
    if (out->videos + out->audios == 0)
        return complain("somebody must publish: --video N or --audio N (with --idle nothing is sent)");
    if (out->videos + out->audios > PEER_STREAMS_MAX)
        return complain("more streams than one connection carries");
    return 0;
}

int opts_parse(struct opts *out, int argc, char **argv)
{
    unsigned publishers = 0, subscribers = 0;
    const char *ichatd = getenv("ICHATD");
    *out = (struct opts){.target = "ichatd",
                         .ichatd = ichatd ? ichatd : "build/src/ichatd",
                         .janus = "janus",
                         .server_ip = "127.0.0.1",
                         .base_ip = 0x7f100000,
                         .calls = 1,
                         .members = 51,
                         .video = {.pacing = SOURCE_EVEN, .fps = 30, .bytes = 1200, .key_factor = 5, .key_every_s = 3},
                         .rates = {300},
                         .rate_count = 1,
                         .warmup_s = 1,
                         .seconds = 5,
                         .join_parallel = 16,
                         .open_every = 16,
                         .suites = "SRTP_AEAD_AES_128_GCM",
                         .wants_floor = true};
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (c == OPT_HELP || c == 'h') {
            print_help(stdout);
            return 1;
        }
        if (c == '?')
            return 3;
        int done = take_number(out, c, optarg);
        if (done == 0)
            done = take_text(out, c, optarg);
        if (done < 0)
            return 3;
        if (done == 0 && !take_flag(out, c) && !take_other(out, c, optarg, &publishers, &subscribers)) {
            fprintf(stderr, "ichat-bench: --%s cannot be '%s'\n", known[c - OPT_TARGET].name, optarg ? optarg : "");
            return 3;
        }
    }
    if (optind < argc)
        return complain("unexpected argument, see --help");
    if (out->videos + out->audios == 0 && !publishers)
        out->videos = 1;
    return check(out, publishers, subscribers);
}
