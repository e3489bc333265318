/* All calls of this server: the REST operations, the registry of live calls, the media threads' events. Web thread. */
#include "call/calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/registry.h"
#include "chat/auth.h"
#include "chat/json.h"

/* RFC 6455 section 7.4.1 */
#define CLOSE_GOING_AWAY 1001
#define CLOSE_POLICY 1008

struct calls {
    struct call_env env;
    struct locks *locks;
    struct list sessions;
    struct list requests; /* struct request: database operations under way */
    struct timer sign_timer;
    bool is_ready; /* what a crash left open is ended */
};

#define SIGN_US (20 * (uint64_t)1000000) /* a third of the silence after which others end our calls */

/* What GET /call tells of a live call; status 0: it was not live. */
struct shown {
    uint64_t call_id;
    int status;
    int64_t start_us;
    int64_t end_us;
    int end_reason;
};

/* Outlives the calls when the server stops: `calls` is NULL then, and nobody is answered. */
struct request {
    struct list node;
    struct calls *calls;
    calls_done *on_done;
    void *ctx;
    struct shown shown; /* of calls_get() */
};

static void fail(calls_done *on_done, void *ctx, enum chat_code code)
{
    on_done(ctx, code, chat_code_text(code), NULL);
}

static struct request *request_create(struct calls *calls, calls_done *on_done, void *ctx)
{
    struct request *request = mem_calloc(1, sizeof(*request));
    request->calls = calls;
    request->on_done = on_done;
    request->ctx = ctx;
    list_push(&calls->requests, &request->node);
    return request;
}

/* The calls that it belongs to, or NULL when they are gone: then there is nothing to do. */
static struct calls *request_finish(struct request *request)
{
    struct calls *calls = request->calls;
    list_remove(&request->node);
    return calls;
}

/* ---- registry ---- */

struct live *calls_find(const struct calls *calls, uint64_t call_id)
{
    return hmap_get_u64(calls->env.live, call_id);
}

struct call_env *calls_env(struct calls *calls)
{
    return &calls->env;
}

void calls_add_session(struct calls *calls, struct call_session *session)
{
    list_push(&calls->sessions, &session->node);
}

void calls_set_clock(struct calls *calls, uint64_t (*now_us)(void))
{
    calls->env.now_us = now_us;
}

size_t calls_count(const struct calls *calls)
{
    size_t count = 0;
    size_t it = 0;
    const struct live *live;
    while ((live = hmap_next(calls->env.live, &it)))
        count += call_status(live->call) != CALL_END;
    return count;
}

static void on_over(void *ctx, struct live *live)
{
    struct calls *calls = ctx;
    (void)hmap_del_u64(calls->env.live, call_id(live->call));
    live_free(live);
}

/* ---- operations ---- */

static void on_created(struct op *op, void *ctx)
{
    struct request *request = ctx;
    struct calls *calls = request_finish(request);
    const struct call_record *record = op_call_record(op);
    struct live *live = NULL;
    if (calls && op->code == CHAT_OK && record && record->member_count) {
        live = live_create(&calls->env, calls->locks, record, on_over, calls);
        if (hmap_put_u64(calls->env.live, record->call_id, live)) {
            log_error("a call exists twice call=%llu", (unsigned long long)record->call_id);
            live_free(live);
            live = NULL;
        }
    }
    if (calls)
        request->on_done(request->ctx, op->code, op->code == CHAT_OK ? NULL : op_message(op), op->data);
    if (live)
        live_ready(live);
    free(request);
}

void calls_create_call(struct calls *calls, uint64_t caller_id, const struct call_record_create_args *args,
                       calls_done *on_done, void *ctx)
{
    if (args->count >= calls->env.conf->call.max_members) {
        fail(on_done, ctx, CHAT_BAD_REQUEST);
        return;
    }
    struct call_record_create_args copy = *args;
    copy.node = NULL;
    op_start(call_record_create_op(calls->env.chat, caller_id, &copy), on_created, request_create(calls, on_done, ctx));
}

/* A call that is stored but not live has ended, whoever asks (the contract looks at the status before the caller). */
static void on_ended_checked(struct op *op, void *ctx)
{
    struct request *request = ctx;
    if (request_finish(request)) {
        bool is_known = op->code == CHAT_OK || op->code == CHAT_FORBIDDEN;
        fail(request->on_done, request->ctx, is_known ? CALL_STATE_INVALID : op->code);
    }
    free(request);
}

static void refuse_not_live(struct calls *calls, uint64_t caller_id, uint64_t call_id, calls_done *on_done, void *ctx)
{
    const struct call_record_get_args args = {.call_id = call_id};
    op_start(call_record_get_op(calls->env.chat, caller_id, &args), on_ended_checked,
             request_create(calls, on_done, ctx));
}

void calls_join(struct calls *calls, const struct caller *caller, uint64_t call_id, calls_done *on_done, void *ctx)
{
    struct live *live = calls_find(calls, call_id);
    if (!live) {
        refuse_not_live(calls, caller->user_id, call_id, on_done, ctx);
        return;
    }
    enum chat_code code = live_join(live, caller->user_id);
    if (code != CHAT_OK) {
        fail(on_done, ctx, code);
        return;
    }
    char *token = auth_call_token(calls->env.chat->auth, call_id, caller);
    json_t *data = json_string(token);
    free(token);
    on_done(ctx, CHAT_OK, NULL, data);
    json_decref(data);
}

void calls_hangup(struct calls *calls, uint64_t caller_id, uint64_t call_id, calls_done *on_done, void *ctx)
{
    struct live *live = calls_find(calls, call_id);
    if (!live) {
        refuse_not_live(calls, caller_id, call_id, on_done, ctx);
        return;
    }
    enum chat_code code = live_hangup(live, caller_id);
    if (code == CHAT_OK)
        on_done(ctx, CHAT_OK, NULL, NULL);
    else
        fail(on_done, ctx, code);
}

/* Leaves it as it is when the call is live no more. */
static void look_at(const struct calls *calls, struct shown *shown)
{
    const struct live *live = calls_find(calls, shown->call_id);
    if (!live)
        return;
    shown->status = (int)call_status(live->call);
    shown->start_us = call_start_us(live->call);
    shown->end_us = call_end_us(live->call);
    shown->end_reason = (int)call_end_reason(live->call);
}

/* The record follows the live call a moment later, and clients ask as soon as they are told of a change. It may be
 * newer as well: read when the call had ended meanwhile. */
static void lay_over(json_t *data, const struct shown *shown)
{
    if (shown->status < json_integer_value(json_object_get(data, "status")))
        return;
    json_object_set_new(data, "status", json_integer(shown->status));
    json_object_set_new(data, "startTime", chat_json_time(shown->start_us, TIME_SECONDS));
    json_object_set_new(data, "endTime", chat_json_time(shown->end_us, TIME_SECONDS));
    json_object_set_new(data, "endReason", json_integer(shown->end_reason));
}

static void on_got(struct op *op, void *ctx)
{
    struct request *request = ctx;
    struct calls *calls = request_finish(request);
    if (calls && op->code == CHAT_OK) {
        look_at(calls, &request->shown);
        lay_over(op->data, &request->shown);
    }
    if (calls)
        request->on_done(request->ctx, op->code, op->code == CHAT_OK ? NULL : op_message(op), op->data);
    free(request);
}

void calls_get(struct calls *calls, uint64_t caller_id, uint64_t call_id, calls_done *on_done, void *ctx)
{
    const struct call_record_get_args args = {.call_id = call_id};
    struct request *request = request_create(calls, on_done, ctx);
    request->shown.call_id = call_id;
    look_at(calls, &request->shown);
    op_start(call_record_get_op(calls->env.chat, caller_id, &args), on_got, request);
}

void calls_open_session(struct calls *calls, struct conn *conn, bool is_v2)
{
    if (is_v2)
        session_v2_open(calls, conn);
    else
        session_v1_open(calls, conn);
}

/* Whoever is in a call by this login leaves it, as by hanging up; his socket does not wait for the client's close. */
static void on_login_end(void *ctx, const char *login_id)
{
    struct calls *calls = ctx;
    list_each (node, &calls->sessions) {
        struct call_session *session = list_item(node, struct call_session, node);
        if (strcmp(session->login_id, login_id) != 0)
            continue;
        if (session->member)
            (void)live_hangup(session->member->live, session->member->user_id);
        if (session->conn)
            conn_close(session->conn, CLOSE_POLICY, "logged out");
    }
}

/* ---- media ---- */

void calls_poll(struct calls *calls)
{
    struct media_evt evt;
    while (media_next_event(calls->env.media, &evt)) {
        if (evt.type == MEDIA_EVT_LEVELS) {
            struct live *live = calls_find(calls, evt.call_id);
            if (live)
                live_on_levels(live, &evt);
            continue;
        }
        struct pc *pc = hmap_get_u64(calls->env.pcs, evt.peer_id);
        if (pc) /* else it was closed while the event was under way */
            pc_on_event(pc, &evt);
    }
}

/* ---- life ---- */

static void on_orphans_ended(struct op *op, void *ctx)
{
    struct request *request = ctx;
    if (op->code != CHAT_OK)
        log_error("calls that no server runs any more could not be ended in the database");
    else if (json_integer_value(op->data) > 0)
        log_info("calls that no server runs any more are ended count=%lld", (long long)json_integer_value(op->data));
    struct calls *calls = request_finish(request);
    if (calls) {
        calls->is_ready = true;
        timer_set(calls->env.timers, &calls->sign_timer, calls->env.now_us() + SIGN_US);
    }
    free(request);
}

static void give_sign(struct calls *calls, bool is_start)
{
    const struct call_record_orphans_args args = {.is_start = is_start};
    op_start(call_record_end_orphans_op(calls->env.chat, &args), on_orphans_ended, request_create(calls, NULL, NULL));
}

static void on_sign_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    give_sign(ctx, false);
}

enum err calls_create(struct chat *chat, struct media *media, struct timers *timers, struct calls **out)
{
    struct calls *calls = mem_calloc(1, sizeof(*calls));
    calls->env = (struct call_env){
        .chat = chat,
        .conf = chat->conf,
        .media = media,
        .timers = timers,
        .live = hmap_create(64, false),
        .pcs = hmap_create(64, false),
        .now_us = clock_now_us,
    };
    calls->locks = locks_create();
    list_init(&calls->sessions);
    list_init(&calls->requests);
    chat->login_end_ctx = calls;
    chat->on_login_end = on_login_end;
    timer_init(&calls->sign_timer, on_sign_timer, calls);
    give_sign(calls, true);
    *out = calls;
    return ERR_OK;
}

bool calls_is_ready(const struct calls *calls)
{
    return calls->is_ready;
}

static void on_dead_text(void *session, const char *text, size_t len)
{
    (void)session;
    (void)text;
    (void)len;
}

static void on_dead_close(void *session)
{
    (void)session;
}

/* For sockets that outlive their session. */
static const struct session_ops dead_ops = {.on_text = on_dead_text, .on_close = on_dead_close};

static void free_sessions(struct calls *calls)
{
    list_each (node, &calls->sessions) {
        struct call_session *session = list_item(node, struct call_session, node);
        struct conn *conn = session->conn;
        if (conn) {
            conn->session = NULL;
            conn->session_ops = &dead_ops;
            conn_close(conn, CLOSE_GOING_AWAY, "the server stops");
        }
        session->ops->free(session);
    }
}

void calls_free(struct calls *calls)
{
    if (!calls)
        return;
    calls->env.chat->on_login_end = NULL;
    timer_stop(calls->env.timers, &calls->sign_timer);
    size_t it = 0;
    struct live *live;
    while ((live = hmap_next(calls->env.live, &it)))
        live_free(live);
    free_sessions(calls);
    struct list *node;
    while ((node = list_pop(&calls->requests)))
        list_item(node, struct request, node)->calls = NULL;
    hmap_free(calls->env.live);
    hmap_free(calls->env.pcs);
    locks_free(calls->locks);
    free(calls);
}
