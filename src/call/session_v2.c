/* A socket that speaks ichat.call.v2 (docs/protocol.md): reads requests, asks the live call, answers. Web thread. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/timers.h"
#include "call/bucket.h"
#include "call/registry.h"
#include "call/v2_msg.h"
#include "chat/auth.h"
#include "chat/turn.h"

#define JOIN_TIMEOUT_US 10000000 /* docs/protocol.md section 1 */
#define PING_MS 3000
/* A browser trickles some twenty candidates in a burst; a script that sends more than this floods. */
#define MESSAGES_PER_SECOND 50
#define MESSAGES_BURST 300
/* Toggling devices quickly stays far below; each one costs an SDP parse and commands to a media thread. */
#define OFFERS_PER_SECOND 2
#define OFFERS_BURST 20

/* RFC 6455 section 7.4.1 */
#define CLOSE_NORMAL 1000
#define CLOSE_POLICY 1008

struct session_v2 {
    struct call_session base; /* first */
    struct timer join_timer;
    uint64_t join_req;
    bool is_joining;      /* the join is not answered yet */
    bool is_start_untold; /* the call started while joining */
    bool is_closing;
    struct bucket messages;
    struct bucket offers;
};

static struct session_v2 *session_of(struct call_session *base)
{
    return (struct session_v2 *)(void *)base;
}

static struct call_env *env_of(const struct session_v2 *session)
{
    return calls_env(session->base.calls);
}

/* ---- sending ---- */

static void send_take(struct session_v2 *session, char *text_take)
{
    if (!session->is_closing)
        (void)conn_send(session->base.conn, text_take, strlen(text_take)); /* a slow consumer is cut off by web/ */
    free(text_take);
}

static void send_event(struct session_v2 *session, const char *type, json_t *data_take)
{
    send_take(session, v2_msg_event(type, data_take));
}

static void answer(struct session_v2 *session, const struct v2_request *request, json_t *data_take)
{
    if (request->req)
        send_take(session, v2_msg_answer(request->req, request->type_name, data_take));
    else
        json_decref(data_take);
}

static void refuse(struct session_v2 *session, const struct v2_request *request, enum call_error code,
                   const char *sentence)
{
    if (request->req)
        send_take(session, v2_msg_refusal(request->req, request->type_name, code, sentence));
}

static void finish(struct session_v2 *session, const struct v2_request *request, enum call_error code,
                   const char *sentence)
{
    if (code)
        refuse(session, request, code, sentence);
    else
        answer(session, request, NULL);
}

static void close_socket(struct session_v2 *session, int code, const char *reason)
{
    if (session->is_closing)
        return;
    session->is_closing = true;
    timer_stop(env_of(session)->timers, &session->join_timer);
    conn_close(session->base.conn, code, reason);
}

/* ---- what the call tells ---- */

/* A large call is shown to each of its many members: what has not changed is not written anew. */
static const char *show_member(struct live_member *member, enum call_user_state state)
{
    if (member->shown && member->shown_state == state)
        return member->shown;
    free(member->shown);
    member->shown_state = state;
    member->shown = jget_dump_take(json_pack("{s:I, s:s, s:s, s:i, s:o}", "userId", (json_int_t)member->user_id,
                                             "nickname", member->nickname, "avatar", member->avatar, "state",
                                             (int)state, "tracks", member_media_tracks(member)));
    return member->shown;
}

/* data, with the members as the last of its fields. */
static char *join_answer(uint64_t req, const struct live *live, json_t *data_take)
{
    struct text out = {0};
    char *data = jget_dump_take(data_take);
    text_addf(&out, "{\"res\":%llu,\"type\":\"join\",\"data\":", (unsigned long long)req);
    text_add_n(&out, data, strlen(data) - 1);
    free(data);
    size_t count;
    const struct call_user *users = call_users(live->call, &count); /* in the members' order */
    for (size_t i = 0; i < live->member_count; i++) {
        text_add(&out, i ? "," : ",\"members\":[");
        text_add(&out, show_member(&live->members[i], users[i].state));
    }
    text_add(&out, "]}}");
    return text_take(&out);
}

static json_t *start_time_json(const struct live *live)
{
    char time[CLOCK_RFC3339_MAX];
    int64_t start_us = call_start_us(live->call);
    if (!start_us)
        return json_null();
    clock_rfc3339(time, start_us);
    return json_string(time);
}

/* The answer to join. */
static void on_send_states(struct call_session *base)
{
    struct session_v2 *session = session_of(base);
    const struct live_member *self = base->member;
    const struct live *live = self->live;
    const struct conf *conf = env_of(session)->conf;
    uint32_t alive_ms = conf->call.v2_alive_ms;
    json_t *data =
        json_pack("{s:I, s:I, s:s, s:b, s:i, s:o, s:i, s:i, s:o}", "callId", (json_int_t)call_id(live->call), "userId",
                  (json_int_t)self->user_id, "resume", self->resume, "resumed", (int)base->is_resumed, "status",
                  (int)call_status(live->call), "startTime", start_time_json(live), "pingMs",
                  (int)(PING_MS < alive_ms / 2 ? PING_MS : alive_ms / 2), "aliveMs", (int)alive_ms, "iceServers",
                  turn_ice_servers(conf, self->user_id, clock_wall_us() / (int64_t)US_PER_S));
    session->is_joining = false;
    timer_stop(env_of(session)->timers, &session->join_timer);
    if (session->join_req)
        send_take(session, join_answer(session->join_req, live, data));
    else
        json_decref(data);
    if (session->is_start_untold)
        send_event(session, "call-started", json_pack("{s:o}", "startTime", start_time_json(live)));
    session->is_start_untold = false;
}

char *session_v2_state_text(const struct live_member *member, enum call_user_state state)
{
    return v2_msg_event("member-state",
                        json_pack("{s:I, s:i, s:s, s:s}", "userId", (json_int_t)member->user_id, "state", (int)state,
                                  "nickname", member->nickname, "avatar", member->avatar));
}

void session_v2_send(struct call_session *base, const char *text, size_t len)
{
    struct session_v2 *session = session_of(base);
    if (!session->is_closing)
        (void)conn_send(base->conn, text, len); /* a slow consumer is cut off by web/ */
}

static void on_send_state(struct call_session *base, const struct live_member *member, enum call_user_state state)
{
    send_take(session_of(base), session_v2_state_text(member, state));
}

static void on_send_started(struct call_session *base)
{
    struct session_v2 *session = session_of(base);
    if (session->is_joining) /* the answer to join goes first */
        session->is_start_untold = true;
    else
        send_event(session, "call-started", json_pack("{s:o}", "startTime", start_time_json(base->member->live)));
}

static void on_end(struct call_session *base, enum call_end_reason reason)
{
    struct session_v2 *session = session_of(base);
    if (session->is_joining && session->join_req)
        send_take(session, v2_msg_refusal(session->join_req, "join", CALL_ERR_BUSY, "you are in another call"));
    session->is_joining = false;
    send_event(session, "call-ended", json_pack("{s:i}", "reason", (int)reason));
    close_socket(session, CLOSE_NORMAL, "call ended");
}

static void on_replace(struct call_session *base)
{
    send_event(session_of(base), "replaced", NULL);
    close_socket(session_of(base), CLOSE_NORMAL, "replaced");
}

static void on_send_event(struct call_session *base, const char *type, json_t *data)
{
    send_event(session_of(base), type, json_incref(data));
}

static void on_free(struct call_session *base)
{
    struct session_v2 *session = session_of(base);
    timer_stop(env_of(session)->timers, &session->join_timer);
    list_remove(&base->node);
    free(session);
}

static const struct call_session_ops call_ops = {
    .send_states = on_send_states,
    .send_state = on_send_state,
    .send_started = on_send_started,
    .end = on_end,
    .replace = on_replace,
    .send_event = on_send_event,
    .free = on_free,
};

/* ---- requests ---- */

static void handle_join(struct session_v2 *session, const struct v2_request *request)
{
    if (session->base.member) {
        refuse(session, request, CALL_ERR_ALREADY_JOINED, NULL);
        return;
    }
    uint64_t call;
    struct caller caller;
    if (auth_call_check(env_of(session)->chat->auth, request->u.join.token, &call, &caller) != AUTH_OK) {
        refuse(session, request, CALL_ERR_UNAUTHORIZED, NULL);
        return;
    }
    text_copy(session->base.login_id, sizeof(session->base.login_id), caller.login_id);
    struct live *live = calls_find(session->base.calls, call);
    session->is_joining = true;
    session->join_req = request->req;
    enum call_up up = live ? live_attach(live, &session->base, caller.user_id, request->u.join.resume) : CALL_UP_ENDED;
    session->is_joining = false;
    if (up == CALL_UP_ENDED)
        refuse(session, request, CALL_ERR_CALL_ENDED, NULL);
    else if (up == CALL_UP_REFUSED)
        refuse(session, request, CALL_ERR_NOT_ALLOWED, "you rejected this call, or did not accept it");
}

static void handle_publish(struct session_v2 *session, const struct v2_request *request)
{
    if (!bucket_take(&session->offers, env_of(session)->now_us())) {
        refuse(session, request, CALL_ERR_BUSY, "too many offers; try again in a second");
        return;
    }
    struct publisher *publisher = &session->base.member->publisher;
    struct text sdp = {0};
    char error[CALL_ERROR_TEXT_MAX] = "";
    enum call_error code = publisher_offer(publisher, request->u.publish.sdp, request->u.publish.sdp_len,
                                           request->u.publish.wishes, request->u.publish.wish_count, &sdp, error);
    if (code) {
        refuse(session, request, code, error);
        return;
    }
    json_t *tracks = json_array();
    list_each (node, &publisher->tracks->list) {
        const struct call_track *track = list_item(node, struct call_track, node);
        json_array_append_new(tracks, json_pack("{s:s, s:s}", "mid", track->mid, "trackId", track->name));
    }
    answer(session, request, json_pack("{s:s, s:o}", "sdp", sdp.data, "tracks", tracks));
    text_free(&sdp);
}

static void handle_subscribe_answer(struct session_v2 *session, const struct v2_request *request)
{
    char error[CALL_ERROR_TEXT_MAX] = "";
    enum call_error code = subscriber_answer(&session->base.member->subscriber, request->u.answer.seq,
                                             request->u.answer.sdp, request->u.answer.sdp_len, error);
    finish(session, request, code, error);
}

/* An ICE-lite server learns addresses from the checks that reach it, so a candidate is only taken note of. */
static void handle_candidate(struct session_v2 *session, const struct v2_request *request)
{
    answer(session, request, NULL);
}

static void handle_mute(struct session_v2 *session, const struct v2_request *request)
{
    finish(session, request,
           publisher_mute(&session->base.member->publisher, request->u.mute.track_id, request->u.mute.is_muted), NULL);
}

static void handle_subscription(struct session_v2 *session, const struct v2_request *request)
{
    enum call_error code = subscriber_want(&session->base.member->subscriber, request->u.subscription.track_id,
                                           request->u.subscription.is_paused, request->u.subscription.width,
                                           request->u.subscription.height);
    finish(session, request, code, NULL);
}

static void handle_restart_ice(struct session_v2 *session, const struct v2_request *request)
{
    if (request->u.restart.pc == V2_PC_PUBLISH) {
        refuse(session, request, CALL_ERR_BAD_STATE, "for publish send an offer made with iceRestart");
        return;
    }
    if (!bucket_take(&session->offers, env_of(session)->now_us())) {
        refuse(session, request, CALL_ERR_BUSY, NULL);
        return;
    }
    answer(session, request, NULL);
    subscriber_restart(&session->base.member->subscriber, request->u.restart.is_reset);
}

static void handle_ping(struct session_v2 *session, const struct v2_request *request)
{
    char time[CLOCK_RFC3339_MAX];
    clock_rfc3339_frac(time, clock_wall_us());
    answer(session, request, json_pack("{s:s}", "time", time));
}

static void handle_leave(struct session_v2 *session, const struct v2_request *request)
{
    answer(session, request, NULL);
    (void)live_hangup(session->base.member->live, session->base.member->user_id); /* closes this session */
}

static const struct {
    bool is_before_join;
    void (*handle)(struct session_v2 *session, const struct v2_request *request);
} handlers[V2_TYPE_COUNT] = {
    [V2_JOIN] = {true, handle_join},
    [V2_PUBLISH] = {false, handle_publish},
    [V2_SUBSCRIBE_ANSWER] = {false, handle_subscribe_answer},
    [V2_CANDIDATE] = {false, handle_candidate},
    [V2_MUTE] = {false, handle_mute},
    [V2_SUBSCRIPTION] = {false, handle_subscription},
    [V2_RESTART_ICE] = {false, handle_restart_ice},
    [V2_PING] = {false, handle_ping},
    [V2_LEAVE] = {false, handle_leave},
};

static void handle_text(struct session_v2 *session, const char *text, size_t len)
{
    struct v2_request *request = mem_calloc(1, sizeof(*request));
    char error[CALL_ERROR_TEXT_MAX] = "";
    enum call_error code = v2_msg_decode(text, len, request, error);
    bool is_readable = request->req || code == CALL_ERR_NONE || request->type_name;
    if (!is_readable) /* not even the request can be named: an event says so */
        send_take(session, v2_msg_refusal(0, NULL, code, error));
    else if (code)
        refuse(session, request, code, error);
    else if (!session->base.member && !handlers[request->type].is_before_join)
        refuse(session, request, CALL_ERR_NOT_JOINED, NULL);
    else
        handlers[request->type].handle(session, request);
    v2_msg_clear(request);
    free(request);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct session_v2 *session = ctx;
    if (session->is_closing)
        return;
    if (!bucket_take(&session->messages, env_of(session)->now_us()) || len > CALLS_FRAME_MAX) {
        close_socket(session, CLOSE_POLICY, "too many or too large messages");
        return;
    }
    live_heartbeat(&session->base);
    if (!session->is_closing)
        handle_text(session, text, len);
}

static void on_close(void *ctx)
{
    struct session_v2 *session = ctx;
    session->is_closing = true;
    live_detach(&session->base);
    on_free(&session->base);
}

static const struct session_ops socket_ops = {.on_text = on_text, .on_close = on_close};

static void on_join_timeout(void *ctx, uint64_t now_us)
{
    (void)now_us;
    close_socket(ctx, CLOSE_POLICY, "no join");
}

void session_v2_open(struct calls *calls, struct conn *conn)
{
    struct session_v2 *session = mem_calloc(1, sizeof(*session));
    session->base.ops = &call_ops;
    session->base.calls = calls;
    session->base.conn = conn;
    session->base.is_v2 = true;
    session->messages = (struct bucket){.per_second = MESSAGES_PER_SECOND, .burst = MESSAGES_BURST};
    session->offers = (struct bucket){.per_second = OFFERS_PER_SECOND, .burst = OFFERS_BURST};
    timer_init(&session->join_timer, on_join_timeout, session);
    timer_set(env_of(session)->timers, &session->join_timer, env_of(session)->now_us() + JOIN_TIMEOUT_US);
    calls_add_session(calls, &session->base);
    conn->session = session;
    conn->session_ops = &socket_ops;
}
