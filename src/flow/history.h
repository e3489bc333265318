/* Retransmission history of one track on one worker: the newest packets by sequence number, in a ring that owns
 * nothing. The slots belong to the caller's pool; whatever the ring gives back goes back there. The owning media
 * thread; no allocation after history_create().
 *
 *     void *old = history_put(history, seq, slot, now_us);
 *     if (old)
 *         pool_give(pool, old);
 *     ...
 *     while ((old = history_drain(history)))            before history_free()
 *         pool_give(pool, old);
 */
#ifndef ICHAT_FLOW_HISTORY_H
#define ICHAT_FLOW_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct history;

/* capacity: packets, rounded up to a power of two, at most 32768. max_age_us: older packets are not found any more. */
struct history *history_create(unsigned capacity, uint64_t max_age_us);
void history_free(struct history *history); /* must be drained: the slots are not its own */

/* Keeps slot under seq; the return is the slot that had to go, or NULL. It may be `slot` itself: when seq is older than
 * all that the ring can hold. A second packet with the same seq puts the first one out. */
void *history_put(struct history *history, uint16_t seq, void *slot, uint64_t now_us);
/* The slot, still owned by the ring: valid until the next put, expire or drain. NULL: not there, or too old. */
void *history_find(const struct history *history, uint16_t seq, uint64_t now_us);
/* Takes one slot out that is over the age, oldest first, or NULL: call until NULL now and then, so that a silent track
 * does not keep the pool's memory. */
void *history_expire(struct history *history, uint64_t now_us);
/* Takes any slot out, or NULL when empty. */
void *history_drain(struct history *history);
size_t history_count(const struct history *history);

#endif
