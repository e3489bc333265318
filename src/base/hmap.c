/* Open addressing with linear probing; deletion shifts back what follows, so that tables which live for months do not
 * fill with tombstones. One entry is one cache line. The thread that owns the map. */
#include "base/hmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"

#define SLOTS_MIN 8
#define IT_SHIFT 32 /* an iterator is (origin slot + 1) << 32 | steps taken */

struct entry {
    uint64_t hash;
    void *value; /* NULL = free slot */
    uint8_t len;
    uint8_t key[HMAP_KEY_MAX];
};

struct hmap {
    /* set once at creation */
    uint64_t seed[2];
    bool is_fixed;
    /* owner's */
    size_t capacity; /* entries before it grows or refuses */
    size_t count;
    size_t mask; /* slots - 1 */
    struct entry *slots;
};

static inline uint64_t rotate(uint64_t v, int bits)
{
    return (v << bits) | (v >> (64 - bits));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; one compression and three final rounds, what
 * most language runtimes use for tables). The word order need not be portable: hashes never leave the process. */
static uint64_t hash_key(const uint64_t seed[2], const void *key, size_t len)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575ULL, seed[1] ^ 0x646f72616e646f6dULL, seed[0] ^ 0x6c7967656e657261ULL,
                     seed[1] ^ 0x7465646279746573ULL};
    const uint8_t *at = key;
    size_t left = len;
    for (; left >= 8; at += 8, left -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)at[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Slots for so many entries at a load of at most 2/3: at least one slot stays free, which ends every probe. */
static size_t slots_for(size_t capacity)
{
    size_t slots = SLOTS_MIN;
    while (slots < capacity + capacity / 2 + 1)
        slots *= 2;
    return slots;
}

struct hmap *hmap_create(size_t capacity, bool is_fixed)
{
    assert(capacity < ((size_t)1 << 30));
    struct hmap *map = mem_calloc(1, sizeof(*map));
    rand_bytes(map->seed, sizeof(map->seed));
    map->is_fixed = is_fixed;
    size_t slots = slots_for(capacity);
    map->mask = slots - 1;
    map->capacity = is_fixed ? capacity : slots * 2 / 3 - 1;
    map->slots = mem_calloc_lines(slots, sizeof(*map->slots));
    return map;
}

void hmap_free(struct hmap *map)
{
    if (!map)
        return;
    free(map->slots);
    free(map);
}

/* The key's slot, or the free slot where it would go. */
static size_t find_slot(const struct hmap *map, uint64_t hash, const void *key, size_t len)
{
    size_t i = hash & map->mask;
    for (;; i = (i + 1) & map->mask) {
        const struct entry *entry = &map->slots[i];
        if (!entry->value)
            return i;
        if (entry->hash == hash && entry->len == len && memcmp(entry->key, key, len) == 0)
            return i;
    }
}

static void grow(struct hmap *map)
{
    struct entry *old = map->slots;
    size_t old_slots = map->mask + 1;
    size_t slots = old_slots * 2;
    map->slots = mem_calloc_lines(slots, sizeof(*map->slots));
    map->mask = slots - 1;
    map->capacity = slots * 2 / 3 - 1;
    for (size_t i = 0; i < old_slots; i++) {
        if (!old[i].value)
            continue;
        size_t to = old[i].hash & map->mask;
        while (map->slots[to].value)
            to = (to + 1) & map->mask;
        map->slots[to] = old[i];
    }
    free(old);
}

enum err hmap_put(struct hmap *map, const void *key, size_t len, void *value)
{
    assert(value && len > 0 && len <= HMAP_KEY_MAX);
    uint64_t hash = hash_key(map->seed, key, len);
    size_t i = find_slot(map, hash, key, len);
    if (map->slots[i].value)
        return ERR_EXISTS;
    if (map->count >= map->capacity) {
        if (map->is_fixed)
            return ERR_FULL;
        grow(map);
        i = find_slot(map, hash, key, len);
    }
    struct entry *entry = &map->slots[i];
    entry->hash = hash;
    entry->value = value;
    entry->len = (uint8_t)len;
    memcpy(entry->key, key, len);
    map->count++;
    return ERR_OK;
}

void *hmap_get(const struct hmap *map, const void *key, size_t len)
{
    if (len == 0 || len > HMAP_KEY_MAX)
        return NULL;
    return map->slots[find_slot(map, hash_key(map->seed, key, len), key, len)].value;
}

/* Closes the gap at `hole`: each entry of the run behind it that may not stay where it is, as its home lies at or
 * before the gap, moves into the gap. */
static void shift_back(struct hmap *map, size_t hole)
{
    for (size_t i = (hole + 1) & map->mask; map->slots[i].value; i = (i + 1) & map->mask) {
        size_t home = map->slots[i].hash & map->mask;
        if (((i - home) & map->mask) < ((i - hole) & map->mask))
            continue;
        map->slots[hole] = map->slots[i];
        hole = i;
    }
    map->slots[hole].value = NULL;
}

void *hmap_del(struct hmap *map, const void *key, size_t len)
{
    if (len == 0 || len > HMAP_KEY_MAX)
        return NULL;
    size_t i = find_slot(map, hash_key(map->seed, key, len), key, len);
    void *value = map->slots[i].value;
    if (!value)
        return NULL;
    shift_back(map, i);
    map->count--;
    return value;
}

size_t hmap_count(const struct hmap *map)
{
    return map->count;
}

enum err hmap_put_u64(struct hmap *map, uint64_t key, void *value)
{
    return hmap_put(map, &key, sizeof(key), value);
}

void *hmap_get_u64(const struct hmap *map, uint64_t key)
{
    return hmap_get(map, &key, sizeof(key));
}

void *hmap_del_u64(struct hmap *map, uint64_t key)
{
    return hmap_del(map, &key, sizeof(key));
}

/* Walks downwards, away from a slot that was free at the start. A deletion moves entries only from higher slots of the
 * same run, which were visited already, so deleting the value that was returned last skips nothing. */
void *hmap_next(const struct hmap *map, size_t *it)
{
    size_t steps = *it & UINT32_MAX;
    if (*it == 0) {
        size_t origin = 0;
        while (map->slots[origin].value)
            origin++;
        *it = (origin + 1) << IT_SHIFT;
    }
    size_t origin = (*it >> IT_SHIFT) - 1;
    while (steps++ < map->mask) {
        void *value = map->slots[(origin - steps) & map->mask].value;
        if (!value)
            continue;
        *it = ((origin + 1) << IT_SHIFT) | steps;
        return value;
    }
    *it = ((origin + 1) << IT_SHIFT) | map->mask;
    return NULL;
}
