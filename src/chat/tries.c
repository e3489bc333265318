/* Limits tries by name and address in windows of a minute. */
#include "chat/tries.h"

#include <stdlib.h>
#include <string.h>

#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rand.h"

struct entry {
    struct list node; /* in the order of their windows */
    uint64_t key;
    uint64_t until_us;
    unsigned count;
};

struct tries {
    unsigned limit;
    uint64_t seed;
    struct hmap *by_key;
    struct list entries;
};

struct tries *tries_create(unsigned limit)
{
    struct tries *tries = mem_calloc(1, sizeof(*tries));
    tries->limit = limit;
    tries->seed = rand_u64();
    tries->by_key = hmap_create(64, false);
    list_init(&tries->entries);
    return tries;
}

static void drop(struct tries *tries, struct entry *entry)
{
    list_remove(&entry->node);
    hmap_del_u64(tries->by_key, entry->key);
    free(entry);
}

void tries_free(struct tries *tries)
{
    if (!tries)
        return;
    list_each (node, &tries->entries) {
        drop(tries, list_item(node, struct entry, node));
    }
    hmap_free(tries->by_key);
    free(tries);
}

/* FNV-1a from a secret start. Two names that meet in one key only share a limit. */
static uint64_t key_of(const struct tries *tries, const char *name, const char *address)
{
    uint64_t hash = tries->seed;
    const char *const parts[] = {name, address};
    for (int i = 0; i < 2; i++) {
        for (const char *s = parts[i]; *s; s++)
            hash = (hash ^ (uint8_t)*s) * 0x100000001b3u;
        hash = (hash ^ 0xff) * 0x100000001b3u;
    }
    return hash;
}

static void forget_old(struct tries *tries, uint64_t now_us)
{
    list_each (node, &tries->entries) {
        struct entry *entry = list_item(node, struct entry, node);
        if (entry->until_us > now_us && hmap_count(tries->by_key) < TRIES_ENTRIES_MAX)
            break;
        drop(tries, entry);
    }
}

bool tries_count(struct tries *tries, const char *name, const char *address, uint64_t now_us)
{
    if (tries->limit == 0)
        return true;
    forget_old(tries, now_us);
    uint64_t key = key_of(tries, name, address);
    struct entry *entry = hmap_get_u64(tries->by_key, key);
    if (!entry) {
        entry = mem_calloc(1, sizeof(*entry));
        entry->key = key;
        entry->until_us = now_us + TRIES_WINDOW_US;
        if (hmap_put_u64(tries->by_key, key, entry)) {
            free(entry);
            return true;
        }
        list_push(&tries->entries, &entry->node);
    }
    if (entry->count >= tries->limit)
        return false;
    entry->count++;
    return true;
}

void tries_forget(struct tries *tries, const char *name, const char *address)
{
    struct entry *entry = hmap_get_u64(tries->by_key, key_of(tries, name, address));
    if (entry)
        drop(tries, entry);
}

size_t tries_entries(const struct tries *tries)
{
    return hmap_count(tries->by_key);
}
