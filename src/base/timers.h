/* A hierarchical timer wheel with 1 ms ticks, owned by one thread, time passed in; no allocation (timers are embedded).
 *
 *     struct peer { struct timer timer; ... };
 *     timer_init(&peer->timer, on_peer_timer, peer);
 *     timer_set(wheel, &peer->timer, now_us + 500000);       sets or moves it
 *     ...
 *     timers_run(wheel, now_us);                             calls what is due, may set and stop timers from within
 *     timeout_ms = timers_wait_ms(wheel, now_us, 1000);      for epoll_wait
 */
#ifndef ICHAT_BASE_TIMERS_H
#define ICHAT_BASE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct timers;

struct timer {
    struct list node; /* links to itself when not set */
    uint64_t due_us;
    void (*on_due)(void *ctx, uint64_t now_us);
    void *ctx;
};

struct timers *timers_create(uint64_t now_us);
void timers_free(struct timers *wheel);

void timer_init(struct timer *timer, void (*on_due)(void *ctx, uint64_t now_us), void *ctx);
/* A time in the past is due at the next run. Never early; at most 1 ms plus the loop's delay late. */
void timer_set(struct timers *wheel, struct timer *timer, uint64_t due_us);
void timer_stop(struct timers *wheel, struct timer *timer); /* harmless when not set */
bool timer_is_set(const struct timer *timer);

void timers_run(struct timers *wheel, uint64_t now_us);
/* Milliseconds until the next timer, rounded up, at most max_ms. */
int timers_wait_ms(const struct timers *wheel, uint64_t now_us, int max_ms);

#endif
