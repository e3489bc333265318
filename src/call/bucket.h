/* How often somebody may do something: a token bucket, time passed in. Owned by whoever embeds it. */
#ifndef ICHAT_CALL_BUCKET_H
#define ICHAT_CALL_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint32_t per_second;
    uint32_t burst;
    uint64_t level_us; /* how far the allowance is used up, as time */
    uint64_t last_us;
};

/* False: too often, nothing was taken. */
static inline bool bucket_take(struct bucket *bucket, uint64_t now_us)
{
    uint64_t cost = 1000000 / bucket->per_second;
    uint64_t passed = now_us - bucket->last_us;
    bucket->last_us = now_us;
    bucket->level_us = bucket->level_us > passed ? bucket->level_us - passed : 0;
    if (bucket->level_us + cost > bucket->burst * cost)
        return false;
    bucket->level_us += cost;
    return true;
}

#endif
