/* See wait.h. */
#include "web/wait.h"

#include <ev.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Rounds of libev in a turn until it has nothing at hand. Clients wait for answers, which come after the turn, so their
 * events run dry in one or two; the limit is for those who send regardless. */
#define ROUNDS_MAX 64

struct wait {
    /* set once at creation */
    struct lws_context *lws;
    struct timers *timers;
    struct ev_loop *loop; /* NULL: lws's own */
    /* owned by the web thread */
    lws_sorted_usec_list_t lws_timer; /* without libev */
    ev_timer timer;
    ev_idle rest;
    bool has_rested;
    uint64_t reminded_us;
    /* any thread may send it */
    ev_async waker;
};

static void on_lws_timer(lws_sorted_usec_list_t *timer)
{
    (void)timer; /* its only purpose is to end the wait */
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer; /* so it is with this one, */
    (void)events;
}

static void on_wake(struct ev_loop *loop, ev_async *waker, int events)
{
    (void)loop;
    (void)waker; /* and this one */
    (void)events;
}

static void on_rest(struct ev_loop *loop, ev_idle *rest, int events)
{
    struct wait *wait = rest->data;
    (void)events;
    wait->has_rested = true;
    ev_idle_stop(loop, rest);
}

static bool open_on_ev(struct wait *wait, const struct lws_context_creation_info *info)
{
    struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!loop)
        return false;
    void *loops[] = {loop};
    struct lws_context_creation_info ev_info = *info;
    ev_info.options |= LWS_SERVER_OPTION_LIBEV;
    ev_info.foreign_loops = loops;
    wait->lws = lws_create_context(&ev_info);
    if (!wait->lws) {
        ev_loop_destroy(loop);
        return false;
    }
    ev_async_init(&wait->waker, on_wake);
    ev_async_start(loop, &wait->waker);
    ev_timer_init(&wait->timer, on_timer, 0., 0.);
    ev_idle_init(&wait->rest, on_rest);
    wait->rest.data = wait;
    wait->loop = loop;
    return true;
}

struct wait *wait_create(struct timers *timers, const struct lws_context_creation_info *info)
{
    struct wait *wait = mem_calloc(1, sizeof(*wait));
    wait->timers = timers;
    if (open_on_ev(wait, info))
        return wait;
    log_warn("libwebsockets cannot use libev, so many connections will cost more CPU: install libwebsockets-evlib-ev");
    wait->lws = lws_create_context(info);
    if (wait->lws)
        return wait;
    free(wait);
    return NULL;
}

void wait_free(struct wait *wait)
{
    if (!wait)
        return;
    lws_context_destroy(wait->lws);
    if (wait->loop)
        ev_loop_destroy(wait->loop);
    free(wait);
}

struct lws_context *wait_lws(const struct wait *wait)
{
    return wait->lws;
}

/* With libev lws learns when its next timeout is due only after an event of its own. What is set from outside of its
 * callbacks, such as how long an answered connection is kept, would wait for the next one for ever. */
static void remind_lws(struct wait *wait)
{
    uint64_t now_us = clock_now_us();
    if (now_us - wait->reminded_us < WAIT_MAX_MS * US_PER_MS)
        return;
    wait->reminded_us = now_us;
    lws_cancel_service(wait->lws); /* an event */
}

/* lws looks at its timeouts, and at input that it holds itself, when libev is idle, and libev is idle only in a round
 * without events. So a turn goes on until there was one: no load keeps lws from it. */
static void turn_on_ev(struct wait *wait, int wait_ms)
{
    struct ev_loop *loop = wait->loop;
    remind_lws(wait);
    ev_now_update(loop);
    ev_timer_set(&wait->timer, wait_ms / 1e3, 0.);
    ev_timer_start(loop, &wait->timer);
    ev_run(loop, EVRUN_ONCE);
    ev_timer_stop(loop, &wait->timer);
    wait->has_rested = false;
    ev_idle_start(loop, &wait->rest);
    for (unsigned i = 0; i < ROUNDS_MAX && !wait->has_rested; i++)
        ev_run(loop, EVRUN_NOWAIT);
    ev_idle_stop(loop, &wait->rest);
}

static bool turn_on_lws(struct wait *wait, int wait_ms)
{
    lws_usec_t wait_us = wait_ms > 0 ? wait_ms * (lws_usec_t)US_PER_MS : 1;
    lws_sul_schedule(wait->lws, 0, &wait->lws_timer, on_lws_timer, wait_us);
    bool is_well = lws_service(wait->lws, 0) >= 0;
    lws_sul_cancel(&wait->lws_timer);
    return is_well;
}

bool wait_turn(struct wait *wait)
{
    int wait_ms = timers_wait_ms(wait->timers, clock_now_us(), WAIT_MAX_MS);
    if (!wait->loop)
        return turn_on_lws(wait, wait_ms);
    turn_on_ev(wait, wait_ms);
    return true;
}

void wait_wake(struct wait *wait)
{
    if (wait->loop)
        ev_async_send(wait->loop, &wait->waker);
    else
        lws_cancel_service(wait->lws);
}

void wait_kill(struct wait *wait, struct lws *wsi)
{
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    if (wait->loop)
        lws_cancel_service(wait->lws); /* an event of its own, or lws would not look at its timeouts */
}
