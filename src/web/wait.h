/* How the web thread waits for its sockets and its timers: on libev's loop with lws in it, since lws's own loop asks
 * poll() about every socket in each turn; on lws's own where lws's plugin for libev is missing. Web thread, but for
 * what says otherwise.
 *
 *     wait = wait_create(timers, &info);       main; makes the lws context
 *     while (...) {
 *         if (!wait_turn(wait))                what sockets have is served, or a timer is due, or wait_wake() was
 * called break;
 *         ...                                  the caller runs its timers and its own work
 *     }
 *     wait_free(wait);                         the context with it
 */
#ifndef ICHAT_WEB_WAIT_H
#define ICHAT_WEB_WAIT_H

#include <stdbool.h>

#include "base/timers.h"
#include "web/lws.h"

#define WAIT_MAX_MS 1000

struct wait;

/* NULL: there is no context to be had; lws has logged why. */
struct wait *wait_create(struct timers *timers, const struct lws_context_creation_info *info);
void wait_free(struct wait *wait);

struct lws_context *wait_lws(const struct wait *wait);
/* One turn, at most WAIT_MAX_MS and never past the next timer. False: lws cannot go on. */
bool wait_turn(struct wait *wait);
/* Ends the turn that waits, or the next one. Any thread. */
void wait_wake(struct wait *wait);
/* Closes a connection from outside of lws's callbacks, in the next turn. */
void wait_kill(struct wait *wait, struct lws *wsi);

#endif
