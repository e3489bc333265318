/* When packets gather. See gather.h. */
#include "media/gather.h"

#define KEEP_OF_4 3 /* of what earlier windows counted: some 400 ms matter */
#define UNIT 1000   /* in which packets and pauses are counted, so that shares of them can be kept */

void gather_init(struct gather *gather, uint64_t max_us, uint64_t now_us)
{
    *gather = (struct gather){.max_us = max_us, .since_us = now_us, .would_us = max_us};
}

void gather_note_receiver(struct gather *gather, uint64_t now_us)
{
    gather->met[0] += UNIT;
    if (now_us < gather->cell_us || !gather->would_us)
        return;
    gather->met[1] += UNIT;
    gather->cell_us = now_us - now_us % gather->would_us + gather->would_us;
}

/* Thousandths of packets for a receiver in a pause. */
static uint64_t met_milli(const struct gather *gather)
{
    return gather->met[1] ? gather->met[0] * 1000 / gather->met[1] : 0;
}

static uint64_t needed_milli(const struct gather *gather)
{
    unsigned busy = gather->busy_permille > GATHER_BUSY_PERMILLE ? gather->busy_permille - GATHER_BUSY_PERMILLE : 0;
    int64_t needed = GATHER_FROM_MILLI - (int64_t)busy * GATHER_BUSY_MILLI;
    if (needed < GATHER_LEAST_MILLI)
        needed = GATHER_LEAST_MILLI;
    return (uint64_t)needed - (gather->pause_us ? GATHER_STAY_MILLI : 0);
}

static uint64_t choose_pause(const struct gather *gather)
{
    unsigned busy_enough = gather->pause_us ? GATHER_TO_PERMILLE : GATHER_FROM_PERMILLE;
    bool is_gathering = gather->busy_permille >= busy_enough && met_milli(gather) >= needed_milli(gather);
    return is_gathering ? gather->would_us : 0;
}

static void choose_receiver(struct gather *gather)
{
    for (unsigned i = 0; i < 2; i++)
        gather->met[i] = gather->met[i] * KEEP_OF_4 / 4;
    gather->seed = gather->seed * 1664525u + 1013904223u; /* any that does not keep step with the packets */
    gather->choose_at = gather->out ? (gather->seed >> 8) % gather->out : 0;
    gather->receiver = gather->next_receiver;
    gather->out = 0;
}

bool gather_note_sleep(struct gather *gather, uint64_t from_us, uint64_t to_us)
{
    uint64_t window_us = to_us - gather->since_us;
    gather->asleep_us += to_us - from_us;
    if (window_us < GATHER_WINDOW_US)
        return false;
    /* Wall time: a thread that wants to run and may not is busy as well. */
    uint64_t awake_us = window_us > gather->asleep_us ? window_us - gather->asleep_us : 0;
    gather->busy_permille = (unsigned)(awake_us * 1000 / window_us);
    /* A packet waits for a pause at most, then for a turn, which takes `busy` of a pause. */
    gather->would_us = gather->max_us * 1000 / (1000 + gather->busy_permille);
    gather->pause_us = choose_pause(gather);
    choose_receiver(gather);
    gather->since_us = to_us;
    gather->asleep_us = 0;
    return true;
}

uint64_t gather_next_us(const struct gather *gather, uint64_t turn_us, bool came)
{
    return gather->pause_us && came ? turn_us + gather->pause_us : 0;
}

uint64_t gather_begin_us(const struct gather *gather, uint64_t woken_us)
{
    return woken_us + gather->pause_us / GATHER_BEGIN_SHARE;
}
