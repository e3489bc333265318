/* The retransmission ring of one track on one worker. The owning media thread. */
#include "flow/history.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "flow/seqmap.h"

#define CAPACITY_MAX 32768u /* half the number space: beyond it older and newer cannot be told apart */

struct entry {
    void *slot; /* NULL = free */
    uint64_t put_us;
    uint16_t seq;
};

struct history {
    /* set once */
    unsigned mask;
    uint64_t max_age_us;
    /* owned by the media thread */
    size_t count;
    uint16_t newest;
    uint16_t oldest; /* all entries stand in the slots of oldest..newest */
    struct entry entries[];
};

struct history *history_create(unsigned capacity, uint64_t max_age_us)
{
    unsigned size = 1;
    while (size < capacity && size < CAPACITY_MAX)
        size *= 2;
    struct history *history = mem_calloc(1, sizeof(*history) + size * sizeof(struct entry));
    history->mask = size - 1;
    history->max_age_us = max_age_us;
    return history;
}

void history_free(struct history *history)
{
    free(history);
}

static void *clear(struct history *history, struct entry *entry)
{
    void *slot = entry->slot;
    entry->slot = NULL;
    history->count -= slot != NULL;
    return slot;
}

void *history_put(struct history *history, uint16_t seq, void *slot, uint64_t now_us)
{
    struct entry *entry = &history->entries[seq & history->mask];
    if (entry->slot && seq_newer(entry->seq, seq) && now_us - entry->put_us <= history->max_age_us)
        return slot; /* it would put a newer packet out */
    if (history->count == 0)
        history->newest = history->oldest = seq;
    void *old = clear(history, entry);
    *entry = (struct entry){.slot = slot, .put_us = now_us, .seq = seq};
    history->count++;
    if (seq_newer(seq, history->newest))
        history->newest = seq;
    if (seq_newer(history->oldest, seq))
        history->oldest = seq;
    /* One turn of the ring behind the newest covers every entry, whatever its number. */
    if ((uint16_t)(history->newest - history->oldest) > history->mask)
        history->oldest = (uint16_t)(history->newest - history->mask);
    return old;
}

void *history_find(const struct history *history, uint16_t seq, uint64_t now_us)
{
    const struct entry *entry = &history->entries[seq & history->mask];
    bool is_there = entry->slot && entry->seq == seq;
    return is_there && now_us - entry->put_us <= history->max_age_us ? entry->slot : NULL;
}

void *history_expire(struct history *history, uint64_t now_us)
{
    for (; history->count; history->oldest++) {
        struct entry *entry = &history->entries[history->oldest & history->mask];
        if (!entry->slot)
            continue;
        if (now_us - entry->put_us <= history->max_age_us)
            return NULL;
        return clear(history, entry);
    }
    return NULL;
}

void *history_drain(struct history *history)
{
    for (unsigned i = 0; i <= history->mask && history->count; i++) {
        struct entry *entry = &history->entries[(history->oldest + i) & history->mask];
        if (!entry->slot)
            continue;
        history->oldest = (uint16_t)(history->oldest + i);
        return clear(history, entry);
    }
    return NULL;
}

size_t history_count(const struct history *history)
{
    return history->count;
}
