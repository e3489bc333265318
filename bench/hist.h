/* Percentiles of durations: a histogram whose buckets are at most 1.6 % wide. No allocation; owned by one thread. */
#ifndef ICHAT_BENCH_HIST_H
#define ICHAT_BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB 64 /* buckets for each power of two */
#define HIST_POWERS 40
#define HIST_BUCKETS (HIST_SUB * HIST_POWERS)

struct hist {
    uint64_t count;
    uint64_t max;
    uint64_t sum;
    uint32_t buckets[HIST_BUCKETS];
};

void hist_clear(struct hist *hist);
/* Values beyond the last bucket count as its lower edge; max keeps them as they are. */
void hist_add(struct hist *hist, uint64_t value);
void hist_merge(struct hist *to, const struct hist *from);
/* The value that a share of `p` (0..1) does not exceed, up to the width of its bucket; 0 when empty. */
uint64_t hist_at(const struct hist *hist, double p);
double hist_mean(const struct hist *hist);

/* The middle one of few exact values, which are sorted in place; 0 when there are none. */
double median_of(double *values, unsigned count);

#endif
