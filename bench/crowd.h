/* The members of a run together: who joins when, how long it took, what they received. Main thread. */
#ifndef ICHAT_BENCH_CROWD_H
#define ICHAT_BENCH_CROWD_H

#include "bench/bench.h"
#include "bench/result.h"

/* The parties and guests that the options ask for; the last party is the storm's when there is one. */
void crowd_create(struct bench *bench);
void crowd_free(struct bench *bench);

/* All but the storm's crowd: publishers first, then the rest. */
MUST_CHECK enum err crowd_join(struct bench *bench, struct joins *out);
/* Begins: all of the storm's at once, after its publisher, who joined with the others. */
void crowd_storm(struct bench *bench);
bool crowd_is_storm_over(struct bench *bench, void *ctx);
void crowd_judge_storm(struct bench *bench, double cpu_s, struct joins *out);

/* A member leaves, and joins again a moment later: called often, does what is due. */
struct churn {
    double per_s;
    uint64_t next_us;
    unsigned next_guest;
    unsigned begun;
    struct hist up_us;
    struct hist media_us;
};
void crowd_churn(struct bench *bench, struct churn *churn, uint64_t now_us);
void crowd_judge_churn(struct bench *bench, struct churn *churn, struct joins *out);

/* What sources sent and their steady receivers got so far. */
struct crowd_count {
    uint64_t sent;
    uint64_t expected;
    uint64_t received;
};
void crowd_count(struct bench *bench, struct crowd_count *out);
/* Members that come and go are not counted from now on. */
void crowd_mark_steady(struct bench *bench);

void crowd_start_sources(struct bench *bench, double rate);
void crowd_stop_sources(struct bench *bench);

#endif
