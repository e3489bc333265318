/* The command line. */
#ifndef ICHAT_BENCH_OPTS_H
#define ICHAT_BENCH_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bench/source.h"

#define OPTS_RATES_MAX 16

struct opts {
    const char *target; /* "ichatd" or "janus" */
    const char *url;    /* NULL: a server of our own */
    int pid;            /* of the server at url, for its CPU; 0 = unknown */
    const char *ichatd; /* path of the program */
    const char *janus;
    const char *server_ip;
    uint32_t base_ip; /* host order */
    unsigned workers; /* ichatd: media threads, 0 = a core each */
    int event_loops;  /* janus: -1 = its own default, 0 = as many as cores */
    unsigned calls;
    unsigned members;
    unsigned videos;
    unsigned audios;
    struct source_opts video;
    double rates[OPTS_RATES_MAX]; /* of one video, packets/s; one step each */
    unsigned rate_count;
    double warmup_s;
    double seconds; /* of a step */
    unsigned storm; /* members that join at once under load */
    double churn;   /* members a second that leave and come again under load */
    unsigned join_parallel;
    unsigned open_every;
    const char *suites;
    bool wants_floor;
    bool is_idle;
    bool is_simulcast;
    bool wants_json;
    bool is_held;
    bool keeps_files;
    const char *svg;
    const char *label;
};

/* 0: go on; else the exit code + 1. Prints what is wrong, or the help. */
int opts_parse(struct opts *out, int argc, char **argv);
/* "100,200.5": how many, 0 when it is none. */
unsigned opts_parse_rates(const char *text, double out[OPTS_RATES_MAX]);

#endif
