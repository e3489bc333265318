/* When packets gather. See gather.h. */
#include "media/gather.h"

void gather_init(struct gather *gather, uint64_t max_us, uint64_t now_us)
{
    *gather = (struct gather){.max_us = max_us, .since_us = now_us};
}

static uint64_t choose_pause(const struct gather *gather, uint64_t packets, uint64_t window_us)
{
    /* A packet waits for a pause at most, then for a turn, which takes `busy` of a pause. */
    uint64_t pause_us = gather->max_us * 1000 / (1000 + gather->busy_permille);
    uint64_t milli = packets * 1000 * pause_us / window_us;
    bool is_on = gather->pause_us != 0;
    bool is_gathering = gather->busy_permille >= (is_on ? GATHER_TO_PERMILLE : GATHER_FROM_PERMILLE) &&
                        milli >= (is_on ? GATHER_TO_MILLI : GATHER_FROM_MILLI);
    return is_gathering ? pause_us : 0;
}

bool gather_note_sleep(struct gather *gather, uint64_t from_us, uint64_t to_us, uint64_t packets)
{
    uint64_t window_us = to_us - gather->since_us;
    gather->asleep_us += to_us - from_us;
    if (window_us < GATHER_WINDOW_US)
        return false;
    /* Wall time: a thread that wants to run and may not is busy as well. */
    uint64_t awake_us = window_us > gather->asleep_us ? window_us - gather->asleep_us : 0;
    gather->busy_permille = (unsigned)(awake_us * 1000 / window_us);
    gather->pause_us = choose_pause(gather, packets - gather->packets, window_us);
    gather->since_us = to_us;
    gather->asleep_us = 0;
    gather->packets = packets;
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
