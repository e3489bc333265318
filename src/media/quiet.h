/* How often a media thread looks at its socket while its peers only show that they are there. Sans-IO; the owning media
 * thread.
 *
 * Of connected members between whom nothing flows come connectivity checks and reports, one at a time, and waking for
 * each costs more than answering it. So after a second without media, handshakes and commands, datagrams that come
 * within QUIET_PAUSE_US of the last look wait for the next one, as in a network card that moderates its interrupts.
 * Commands and packets of other threads do not wait, and the first media packet ends it.
 *
 *     quiet_init(&quiet, is_on, now_us);
 *     quiet_stir(&quiet, now_us)                  media, a handshake or a command came
 *     quiet_look(&quiet, now_us)                  datagrams were read
 *     quiet_wait_us(&quiet, now_us)               so long datagrams may wait; 0: not at all
 */
#ifndef ICHAT_MEDIA_QUIET_H
#define ICHAT_MEDIA_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#define QUIET_AFTER_US                                                                                                 \
    1000000                  /* longer than the gaps of an encoder that sends nothing for silence (400 ms for Opus)    \
                              */
#define QUIET_PAUSE_US 20000 /* a check's round trip is longer by that much, and the first packet after the silence */

struct quiet {
    bool is_allowed;     /* set once at creation */
    uint64_t stirred_us; /* owned by the media thread */
    uint64_t looked_us;
};

void quiet_init(struct quiet *quiet, bool is_allowed, uint64_t now_us);
void quiet_stir(struct quiet *quiet, uint64_t now_us);
void quiet_look(struct quiet *quiet, uint64_t now_us);
uint64_t quiet_wait_us(const struct quiet *quiet, uint64_t now_us);

#endif
