/* Whether a media thread lets packets gather, by its load and by how many would meet. Sans-IO; the owning media thread.
 *
 * A thread with next to nothing to do wakes for each packet, and so does one whose receivers would hardly ever get two
 * packets at once: waiting would be delay and nothing gained. Any other takes a turn each `media.gather_us` or less, as
 * a network card that moderates its interrupts: several packets for a receiver then leave as one GSO run, and nobody
 * who posts to its queues has to wake it. A packet waits for at most a pause and the turn after it, which together are
 * no longer than media.gather_us.
 *
 * How many would meet is counted at one receiver at a time, a tenth of a second each, chosen among the packets that go
 * out, so that busy receivers are chosen more often: its packets by the number of pauses in which there are any.
 *
 * Cameras send in bursts, a frame each 33 ms. So after a turn to which nothing came the thread sleeps until something
 * does, and then for a part of a pause, in which the rest of the frame arrives.
 *
 *     gather_init(&gather, conf->media.gather_us, now_us);
 *     gather_note_out(&gather, receiver, now_us);                                          each packet that goes out
 *     if (gather_note_sleep(&gather, from_us, to_us)) tell(gather.busy_permille);          after each wait
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
/* Packets for a receiver in a pause, in thousandths, that make it worth while; the more a thread has to do the fewer
 * (measured, docs/performance.md), and one tenth fewer once it gathers. */
#define GATHER_FROM_MILLI 2000
#define GATHER_BUSY_PERMILLE 250 /* load up to which it takes so many */
#define GATHER_BUSY_MILLI 6      /* fewer for each thousandth of load above that */
#define GATHER_LEAST_MILLI 1050
#define GATHER_STAY_MILLI 100
#define GATHER_BEGIN_SHARE 4 /* of a pause: a frame's packets come within less, unless they are paced */

struct gather {
    /* set once at creation */
    uint64_t max_us;
    /* owned by the media thread */
    uint64_t since_us; /* when this window began */
    uint64_t asleep_us;
    unsigned busy_permille;
    uint64_t pause_us; /* between the beginnings of two turns; 0: each packet at once */

    /* the receiver that is looked at; compared, never followed */
    const void *receiver;
    uint64_t would_us;  /* the pause that it is counted by */
    uint64_t cell_us;   /* when the pause ends in which its last packet fell */
    uint64_t met[2];    /* its packets, and the pauses in which there were any: the newest windows count most */
    uint64_t out;       /* packets to all receivers in this window */
    uint64_t choose_at; /* the one of them whose receiver is next */
    const void *next_receiver;
    uint32_t seed;
};

/* max_us 0: never. */
void gather_init(struct gather *gather, uint64_t max_us, uint64_t now_us);
void gather_note_receiver(struct gather *gather, uint64_t now_us);

static inline void gather_note_out(struct gather *gather, const void *receiver, uint64_t now_us)
{
    if (gather->out++ == gather->choose_at)
        gather->next_receiver = receiver;
    if (receiver == gather->receiver)
        gather_note_receiver(gather, now_us);
}

/* The thread was asleep from..to (both the same: it did not wait). True when a window ended: busy_permille and pause_us
 * are new. */
bool gather_note_sleep(struct gather *gather, uint64_t from_us, uint64_t to_us);
/* When the turn after the one that began at turn_us is to begin, by whether packets came to it; 0: as soon as something
 * comes. */
uint64_t gather_next_us(const struct gather *gather, uint64_t turn_us, bool came);
/* When the turn is to begin for which a datagram woke the thread; what other threads send it does not wait. */
uint64_t gather_begin_us(const struct gather *gather, uint64_t woken_us);

#endif
