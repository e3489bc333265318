/* Whether a media thread lets packets gather, by its load and how many come. Sans-IO; the owning media thread.
 *
 * A thread with next to nothing to do wakes for each packet, and so does one whose packets come further apart than a
 * pause. Any other, from 3 % of a core on, takes a turn each `media.gather_us` or less, as a network card that
 * moderates its interrupts: several packets for a receiver then leave as one GSO run, and nobody who posts to its
 * queues has to wake it. A packet waits for at most a pause and the turn after it, which together are no longer than
 * media.gather_us.
 *
 *     gather_init(&gather, conf->media.gather_us, now_us);
 *     if (gather_note_sleep(&gather, from_us, to_us, packets)) tell(gather.busy_permille);      after each wait
 *     gather.pause_us                                                       between the beginnings of two turns, or 0
 */
#ifndef ICHAT_MEDIA_GATHER_H
#define ICHAT_MEDIA_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#define GATHER_WINDOW_US 100000 /* a storm of joins must be seen while it lasts */
#define GATHER_FROM_PERMILLE 30 /* load enough for pauses */
#define GATHER_TO_PERMILLE 10   /* so little, pauses included, that there is nothing to gather */
/* Packets that come in a pause, in thousandths: with less than one there is delay and nothing gained. */
#define GATHER_FROM_MILLI 1100
#define GATHER_TO_MILLI 800

struct gather {
    /* set once at creation */
    uint64_t max_us;
    /* owned by the media thread */
    uint64_t since_us; /* when this window began */
    uint64_t asleep_us;
    uint64_t packets; /* that had come by then */
    unsigned busy_permille;
    uint64_t pause_us;
};

/* max_us 0: never. */
void gather_init(struct gather *gather, uint64_t max_us, uint64_t now_us);
/* The thread was asleep from..to (both the same: it did not wait), and so many packets came to it so far, in all. True
 * when a window ended: busy_permille and pause_us are new. */
bool gather_note_sleep(struct gather *gather, uint64_t from_us, uint64_t to_us, uint64_t packets);

#endif
