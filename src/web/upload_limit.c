/* How often somebody may upload. Web thread. */
#include "web/upload_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

#define SLOTS 4096
#define WINDOW_US (60 * US_PER_S)
#define NET_BYTES 8 /* RFC 4291 section 2.5.1: the interface's part is the host's to choose */

struct upload_limit {
    uint64_t seed;
    struct {
        uint64_t at_us;
        uint64_t level_us; /* how far the window's allowance is used up, as time */
    } slots[SLOTS];
};

struct upload_limit *upload_limit_create(void)
{
    struct upload_limit *limit = mem_calloc(1, sizeof(*limit));
    limit->seed = rand_u64();
    return limit;
}

void upload_limit_free(struct upload_limit *limit)
{
    free(limit);
}

static bool take(struct upload_limit *limit, char kind, const void *key, size_t len, unsigned per_min, uint64_t now_us)
{
    uint64_t hash = (limit->seed ^ (uint8_t)kind) * 0x100000001b3ull; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const uint8_t *)key)[i]) * 0x100000001b3ull;
    hash =
        (hash ^ hash >> 33) * 0xff51afd7ed558ccdull; /* or addresses that differ in their last byte alone would meet */
    size_t slot = (hash >> 40) % SLOTS;
    uint64_t passed = now_us - limit->slots[slot].at_us;
    uint64_t level = limit->slots[slot].level_us;
    uint64_t cost = WINDOW_US / per_min;
    level = level > passed ? level - passed : 0;
    if (level + cost > WINDOW_US)
        return false;
    limit->slots[slot].level_us = level + cost;
    limit->slots[slot].at_us = now_us;
    return true;
}

bool upload_limit_take_login(struct upload_limit *limit, const char *login_id, unsigned per_min, uint64_t now_us)
{
    return take(limit, 'l', login_id, strlen(login_id), per_min, now_us);
}

bool upload_limit_take_address(struct upload_limit *limit, const struct addr *from, unsigned per_min, uint64_t now_us)
{
    return take(limit, 'a', from->ip, addr_is_v4(from) ? sizeof(from->ip) : NET_BYTES, per_min, now_us);
}
