/* What a run found. Plain values. */
#ifndef ICHAT_BENCH_RESULT_H
#define ICHAT_BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/floor.h"
#include "bench/opts.h"
#include "bench/procstat.h"

#define RESULT_WHY_SIZE 320

/* One load. */
struct step {
    double rate;    /* of one video, packets/s */
    double seconds; /* of the window */
    uint64_t sent;  /* by the generator's publishers */
    uint64_t expected;
    uint64_t received;   /* of those */
    uint64_t forwarded;  /* all that subscribers received: what CPU is divided by */
    uint64_t strange;    /* retransmissions and probes */
    double bytes;        /* mean of a received datagram */
    double loss;         /* share of expected */
    double delay_ms[4];  /* p50, p99, p99.9, max */
    uint64_t delays;     /* how many were measured */
    double cpu_s;        /* the server's, by the scheduler's count */
    double cpu_stat_s;   /* by utime + stime of /proc/PID/stat */
    double cpu_ns;       /* for each forwarded packet */
    double machine_busy; /* share of all cores */
    double softirq;
    double steal;
    double generator_cpu; /* share of its core */
    double late_ms[2];    /* p99, max: how late the generator sent */
    uint64_t generator_drops;
    struct proc_name threads[PROC_NAMES_MAX]; /* CPU in the window */
    unsigned thread_count;
    bool is_valid;
    char why[RESULT_WHY_SIZE]; /* not valid, or doubts */
};

struct joins {
    unsigned count, failed;
    double seconds;               /* from the first to the last */
    double up_ms[2], media_ms[2]; /* p50, p99; media: 0 when none flowed */
    double cpu_ms;                /* of the server, each */
};

struct result {
    const struct opts *opts;
    const char *target;
    char suite[32];
    unsigned members;     /* that joined */
    unsigned connections; /* media connections */
    struct joins joins;   /* without load */
    struct joins storm;   /* under load */
    struct joins churn;
    uint64_t rss_empty_kb, rss_joined_kb, rss_end_kb;
    double member_kb;
    struct step steps[OPTS_RATES_MAX];
    unsigned step_count;
    bool has_floor;
    struct floor_figures floor;
    double floor_ns, floor_evp_ns, floor_gso_ns; /* seal + send */
};

#endif
