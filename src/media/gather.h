/* Whether a media thread lets packets gather, by its load and how many come. Sans-IO; the owning media thread.
 *
 * A thread with next to nothing to do wakes for each packet, and so does one whose packets come further apart than a
 * pause. Any other, from 3 % of a core on, takes a turn each `media.gather_us` or less, as a network card that
 * moderates its interrupts: several packets for a receiver then leave as one GSO run, and nobody who posts to its
 * queues has to wake it. A packet waits for at most a pause and the turn after it, which together are no longer than
 * media.gather_us.
 *
 * Cameras send in bursts, a frame each 33 ms. So after a turn to which nothing came the thread sleeps until something
 * does, and then for a part of a pause, in which the rest of the frame arrives.
 *
 *     gather_init(&gather, conf->media.gather_us, now_us);
 *     if (gather_note_sleep(&gather, from_us, to_us, packets)) tell(gather.busy_permille);      after each wait
 *     until_us = gather_next_us(&gather, turn_us, came);        the next turn; 0: when something comes
 *     until_us = gather_begin_us(&gather, woken_us);            then it came
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
#define GATHER_BEGIN_SHARE 4 /* of a pause: a frame's packets come within less, unless they are paced */

struct gather {
    /* set once at creation */
    uint64_t max_us;
    /* owned by the media thread */
    uint64_t since_us; /* when this window began */
    uint64_t asleep_us;
    uint64_t packets; /* that had come by then */
    unsigned busy_permille;
    uint64_t pause_us; /* between the beginnings of two turns; 0: each packet at once */
};

/* max_us 0: never. */
void gather_init(struct gather *gather, uint64_t max_us, uint64_t now_us);
/* The thread was asleep from..to (both the same: it did not wait), and so many packets came to it so far, in all. True
 * when a window ended: busy_permille and pause_us are new. */
bool gather_note_sleep(struct gather *gather, uint64_t from_us, uint64_t to_us, uint64_t packets);
/* When the turn after the one that began at turn_us is to begin, by whether packets came to it; 0: as soon as something
 * comes. */
uint64_t gather_next_us(const struct gather *gather, uint64_t turn_us, bool came);
/* When the turn is to begin for which a datagram woke the thread; what other threads send it does not wait. */
uint64_t gather_begin_us(const struct gather *gather, uint64_t woken_us);

#endif
