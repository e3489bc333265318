/* A wheel of levels with 64 slots each. A timer lies at the level of the highest group of 6 bits in which its tick
 * differs from the wheel's; so at each level only slots after the wheel's own are in use, they never wrap, and the
 * lowest level in use holds the next event. A bit for each slot makes a jump over idle time as cheap as one tick. */
#include "base/timers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define LEVEL_BITS 6
#define SLOTS (1u << LEVEL_BITS)
#define SLOT_MASK (SLOTS - 1)
#define LEVELS 11   /* 11 * 6 bits hold any 64-bit tick */
#define SCAN_MAX 32 /* timers looked at for an exact wait */

struct timers {
    /* owner's */
    uint64_t tick;   /* milliseconds; everything due up to here is in `due` or was called */
    uint64_t now_us; /* of the last run; finer than `tick`, so that "now" counts as past */
    bool is_running;
    uint64_t used[LEVELS]; /* a bit for each slot that may hold timers; cleared lazily when a run moves them */
    struct list due;       /* called by the next run, oldest first */
    struct list slots[LEVELS][SLOTS];
};

struct timers *timers_create(uint64_t now_us)
{
    struct timers *wheel = mem_calloc(1, sizeof(*wheel));
    wheel->tick = now_us / US_PER_MS;
    wheel->now_us = now_us;
    list_init(&wheel->due);
    for (size_t level = 0; level < LEVELS; level++) {
        for (size_t i = 0; i < SLOTS; i++)
            list_init(&wheel->slots[level][i]);
    }
    return wheel;
}

void timers_free(struct timers *wheel)
{
    free(wheel);
}

void timer_init(struct timer *timer, void (*on_due)(void *ctx, uint64_t now_us), void *ctx)
{
    list_init(&timer->node);
    timer->due_us = 0;
    timer->on_due = on_due;
    timer->ctx = ctx;
}

/* Rounded up: never early. */
static uint64_t due_tick(const struct timer *timer)
{
    return timer->due_us / US_PER_MS + (timer->due_us % US_PER_MS != 0);
}

static void place(struct timers *wheel, struct timer *timer)
{
    uint64_t tick = due_tick(timer);
    if (tick <= wheel->tick || timer->due_us <= wheel->now_us) {
        list_push(&wheel->due, &timer->node);
        return;
    }
    unsigned highest_bit = 63 - (unsigned)__builtin_clzll(tick ^ wheel->tick);
    unsigned level = highest_bit / LEVEL_BITS;
    unsigned slot = (unsigned)(tick >> (level * LEVEL_BITS)) & SLOT_MASK;
    list_push(&wheel->slots[level][slot], &timer->node);
    wheel->used[level] |= 1ULL << slot;
}

void timer_set(struct timers *wheel, struct timer *timer, uint64_t due_us)
{
    list_remove(&timer->node);
    timer->due_us = due_us;
    place(wheel, timer);
}

void timer_stop(struct timers *wheel, struct timer *timer)
{
    (void)wheel; /* the slot's bit stays; a run or a wait that meets the empty slot passes over it */
    list_remove(&timer->node);
}

bool timer_is_set(const struct timer *timer)
{
    return !list_is_empty(&timer->node);
}

/* The first tick at which something in this slot may be due. Meaningful for slots after the wheel's own. */
static uint64_t slot_tick(const struct timers *wheel, unsigned level, unsigned slot)
{
    unsigned shift = level * LEVEL_BITS;
    uint64_t above = level + 1 < LEVELS ? wheel->tick >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS) : 0;
    return above | (uint64_t)slot << shift;
}

/* The next slot that holds timers; NULL when the wheel is empty. */
static const struct list *next_slot(const struct timers *wheel, unsigned *level, unsigned *slot)
{
    for (*level = 0; *level < LEVELS; ++*level) {
        for (uint64_t bits = wheel->used[*level]; bits; bits &= bits - 1) {
            *slot = (unsigned)__builtin_ctzll(bits);
            if (!list_is_empty(&wheel->slots[*level][*slot]))
                return &wheel->slots[*level][*slot];
        }
    }
    return NULL;
}

/* Moves the wheel to `target` and all that is due by then to the list `due`, in order. */
static void advance(struct timers *wheel, uint64_t target)
{
    unsigned level, slot;
    while (next_slot(wheel, &level, &slot)) {
        uint64_t at = slot_tick(wheel, level, slot);
        if (at > target)
            break;
        /* Lower levels are empty, and slots of this level before this one; placed anew, these timers go further down.
         */
        for (unsigned below = 0; below < level; below++)
            wheel->used[below] = 0;
        wheel->used[level] &= ~0ULL << slot << 1;
        wheel->tick = at;
        struct list *node;
        while ((node = list_pop(&wheel->slots[level][slot])))
            place(wheel, list_item(node, struct timer, node));
    }
    if (target > wheel->tick)
        wheel->tick = target;
}

void timers_run(struct timers *wheel, uint64_t now_us)
{
    assert(!wheel->is_running);
    advance(wheel, now_us / US_PER_MS);
    wheel->now_us = now_us;

    /* A snapshot: what a callback sets to a time in the past waits for the next run, so no run is endless. */
    struct list now;
    list_init(&now);
    struct list *node;
    while ((node = list_pop(&wheel->due)))
        list_push(&now, node);
    wheel->is_running = true;
    while ((node = list_pop(&now))) {
        struct timer *timer = list_item(node, struct timer, node);
        timer->on_due(timer->ctx, now_us);
    }
    wheel->is_running = false;
}

/* The earliest tick in a slot. A crowded slot is not searched through: its own first tick is early, never late. */
static uint64_t earliest_in(const struct list *slot, uint64_t first_tick)
{
    uint64_t earliest = UINT64_MAX;
    int scanned = 0;
    list_each (node, slot) {
        if (++scanned > SCAN_MAX)
            return first_tick;
        uint64_t tick = due_tick(list_item(node, struct timer, node));
        if (tick < earliest)
            earliest = tick;
    }
    return earliest;
}

int timers_wait_ms(const struct timers *wheel, uint64_t now_us, int max_ms)
{
    if (!list_is_empty(&wheel->due))
        return 0;
    unsigned level, slot;
    const struct list *next = next_slot(wheel, &level, &slot);
    if (!next)
        return max_ms;
    uint64_t tick = slot_tick(wheel, level, slot);
    if (level > 0)
        tick = earliest_in(next, tick);
    uint64_t now_tick = now_us / US_PER_MS;
    if (tick <= now_tick)
        return 0;
    uint64_t wait_ms = tick - now_tick;
    return wait_ms < (uint64_t)max_ms ? (int)wait_ms : max_ms;
}
