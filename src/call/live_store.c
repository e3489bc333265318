/* Writing a live call's record: each update carries the whole state, in the order of the writer's queue. Web thread. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "call/live.h"
#include "chat/call_record.h"

#define RETRY_US 2000000 /* a database that restarts is back within seconds */
#define TRIES_MAX 150    /* five minutes; then the next start of the server ends the call as an orphan */

/* One update under way. It outlives the call when the server stops: `live` is NULL then. */
struct live_store {
    struct live *live;
    struct live_store *next;
};

static void on_retry(void *ctx, uint64_t now_us)
{
    (void)now_us;
    live_store_start(ctx);
}

void live_store_init(struct live *live)
{
    timer_init(&live->store_timer, on_retry, live);
}

bool live_store_is_done(const struct live *live)
{
    return !live->stores && !live->has_store_failed;
}

static void unlink_store(struct live *live, const struct live_store *store)
{
    struct live_store **at = &live->stores;
    while (*at && *at != store)
        at = &(*at)->next;
    if (*at)
        *at = store->next;
}

/* Giving up may end the call's life, so it waits for a moment when nobody is at work on it. */
static void on_failed(struct live *live)
{
    if (++live->store_tries >= TRIES_MAX && !live->is_draining) {
        log_error("a call's record could not be stored, giving up call=%llu", (unsigned long long)call_id(live->call));
        live->has_store_failed = false;
        return;
    }
    live->has_store_failed = true;
    timer_set(live->env->timers, &live->store_timer, live->env->now_us() + RETRY_US);
}

static void on_stored(struct op *op, void *ctx)
{
    struct live_store *store = ctx;
    struct live *live = store->live;
    if (!live) {
        free(store);
        return;
    }
    unlink_store(live, store);
    free(store);
    if (op->code == CHAT_OK)
        live->store_tries = 0;
    else if (op->code != CHAT_INTERNAL)
        log_error("a call's record cannot be stored call=%llu code=%d", (unsigned long long)call_id(live->call),
                  (int)op->code);
    else if (!live->stores) /* a later update under way carries the same and more */
        on_failed(live);
    if (call_status(live->call) == CALL_END && live_store_is_done(live))
        live->on_over(live->ctx, live);
}

void live_store_start(struct live *live)
{
    size_t count;
    const struct call_user *users = call_users(live->call, &count);
    uint64_t *handled = mem_calloc(count, sizeof(*handled));
    size_t handled_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (users[i].is_handled)
            handled[handled_count++] = users[i].id;
    }
    const struct call_record_update_args args = {
        .call_id = call_id(live->call),
        .status = call_status(live->call),
        .start_us = call_start_us(live->call),
        .end_us = call_end_us(live->call),
        .end_reason = call_end_reason(live->call),
        .handled = handled,
        .handled_count = handled_count,
    };
    struct op *op = call_record_update_op(live->env->chat, &args);
    free(handled);
    struct live_store *store = mem_calloc(1, sizeof(*store));
    store->live = live;
    store->next = live->stores;
    live->stores = store;
    live->has_store_failed = false;
    timer_stop(live->env->timers, &live->store_timer);
    op_start(op, on_stored, store);
}

void live_store_orphan(struct live *live)
{
    for (struct live_store *store = live->stores; store; store = store->next)
        store->live = NULL;
    live->stores = NULL;
    timer_stop(live->env->timers, &live->store_timer);
}
