/* A token bucket: what a sender may cause at most. The owning media thread; no allocation. */
#ifndef ICHAT_MEDIA_RATE_H
#define ICHAT_MEDIA_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    /* set once */
    uint32_t per_s;
    uint32_t burst;
    /* owned by the media thread */
    uint64_t tokens_us; /* tokens * 1,000,000 */
    uint64_t filled_us;
};

static inline void rate_init(struct rate *rate, uint32_t per_s, uint32_t burst, uint64_t now_us)
{
    *rate = (struct rate){.per_s = per_s, .burst = burst, .tokens_us = burst * 1000000ULL, .filled_us = now_us};
}

/* Takes n tokens, or none and answers false. */
static inline bool rate_take(struct rate *rate, uint32_t n, uint64_t now_us)
{
    uint64_t full = rate->burst * 1000000ULL;
    uint64_t past = now_us > rate->filled_us ? now_us - rate->filled_us : 0;
    if (past > 1000000ULL * 60)
        past = 1000000ULL * 60; /* keeps the product far from overflow */
    rate->tokens_us += past * rate->per_s;
    if (rate->tokens_us > full)
        rate->tokens_us = full;
    rate->filled_us = now_us;
    if (rate->tokens_us < n * 1000000ULL)
        return false;
    rate->tokens_us -= n * 1000000ULL;
    return true;
}

#endif
