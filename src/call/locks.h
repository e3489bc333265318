/* Who is busy: a user can be in one live call (CONTRACT section 6, locks). Web thread; sans-IO, time passed in.
 *
 * A lock lives for 60 s and is renewed by join, online and heartbeat, so that a call which stopped giving signs blocks
 * nobody. At most one entry a user and call member: the call releases all of its locks at its end. */
#ifndef ICHAT_CALL_LOCKS_H
#define ICHAT_CALL_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCKS_LIFE_US 60000000ULL /* CONTRACT section 6 */

struct locks;

struct locks *locks_create(void);
void locks_free(struct locks *locks);

/* Takes or renews the user's lock for this call; false when another call holds it. */
bool locks_take(struct locks *locks, uint64_t user_id, uint64_t call_id, uint64_t now_us);
/* Only if this call holds it. */
void locks_release(struct locks *locks, uint64_t user_id, uint64_t call_id);
/* The call that holds it now, 0 = free. */
uint64_t locks_holder(const struct locks *locks, uint64_t user_id, uint64_t now_us);
size_t locks_count(const struct locks *locks); /* expired ones that nobody took over included */

#endif
