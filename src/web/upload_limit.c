/* How often somebody may upload. Web thread. */
#include "web/upload_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

#define SETS 1024
#define SET_SLOTS 4
#define WINDOW_US (60 * US_PER_S)
#define NET_BYTES 8 /* RFC 4291 section 2.5.1: the interface's part is the host's to choose */

struct slot {
    uint64_t key; /* whose it was last alone */
    uint64_t at_us;
    uint64_t level_us; /* how far the window's allowance is used up, as time */
};

struct upload_limit {
    uint64_t seed;
    struct slot sets[SETS][SET_SLOTS];
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

static uint64_t level_at(const struct slot *slot, uint64_t now_us)
{
    uint64_t passed_us = now_us - slot->at_us;
    return slot->level_us > passed_us ? slot->level_us - passed_us : 0;
}

/* The key's own slot. While there is none it gets an empty one; without an empty one it shares the least used one,
 * which stays its owner's. */
static struct slot *find_slot(struct slot set[SET_SLOTS], uint64_t key, uint64_t now_us)
{
    struct slot *least = &set[0];
    for (unsigned i = 0; i < SET_SLOTS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (level_at(&set[i], now_us) < level_at(least, now_us))
            least = &set[i];
    }
    if (level_at(least, now_us) == 0)
        least->key = key;
    return least;
}

static uint64_t hash_of(const struct upload_limit *limit, char kind, const void *key, size_t len)
{
    uint64_t hash = (limit->seed ^ (uint8_t)kind) * 0x100000001b3ull; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const uint8_t *)key)[i]) * 0x100000001b3ull;
    /* Or addresses that differ in their last byte alone would meet. */
    return (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
}

static bool take(struct upload_limit *limit, char kind, const void *key, size_t len, unsigned per_min, uint64_t now_us)
{
    uint64_t hash = hash_of(limit, kind, key, len);
    struct slot *slot = find_slot(limit->sets[(hash >> 40) % SETS], hash, now_us);
    uint64_t level = level_at(slot, now_us);
    uint64_t cost = WINDOW_US / per_min;
    if (level + cost > WINDOW_US)
        return false;
    slot->level_us = level + cost;
    slot->at_us = now_us;
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
