/* A socket that speaks the older call protocol (CONTRACT section 8): states to the client, signaling to its legs or to
 * the other members' browsers. Web thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/timers.h"
#include "call/bucket.h"
#include "call/registry.h"
#include "call/v1_msg.h"
#include "chat/auth.h"

#define TOKEN_TIMEOUT_US 30000000 /* as on the notification socket (CONTRACT section 7) */
#define LINGER_US 2000000         /* the client closes after the end; later the server does */
/* In a mesh of 100 a newcomer sends offers and candidates to 99 others in one burst. */
#define MESSAGES_PER_SECOND 200
#define MESSAGES_BURST 4000

/* RFC 6455 section 7.4.1 */
#define CLOSE_NORMAL 1000
#define CLOSE_POLICY 1008

struct session_v1 {
    struct call_session base; /* first */
    struct timer timer;       /* for the token; after the end for the close */
    bool has_token;
    bool is_looking_up; /* on_looked_up() is still to come and needs this memory */
    bool is_ended;
    bool is_closed; /* the socket is gone */
    uint64_t call_id;
    uint64_t user_id;
    struct bucket messages;
};

static struct session_v1 *session_of(struct call_session *base)
{
    return (struct session_v1 *)(void *)base;
}

static struct call_env *env_of(const struct session_v1 *session)
{
    return calls_env(session->base.calls);
}

static void send_frame(struct session_v1 *session, enum v1_type type, const char *payload)
{
    if (session->is_closed)
        return;
    char *frame = v1_msg_frame(type, payload);
    (void)conn_send(session->base.conn, frame, strlen(frame)); /* a slow consumer is cut off by web/ */
    free(frame);
}

static void send_frame_take(struct session_v1 *session, enum v1_type type, char *payload_take)
{
    send_frame(session, type, payload_take);
    free(payload_take);
}

static void close_socket(struct session_v1 *session, int code, const char *reason)
{
    session->is_ended = true;
    timer_stop(env_of(session)->timers, &session->timer);
    if (!session->is_closed)
        conn_close(session->base.conn, code, reason);
}

/* ---- what the call tells ---- */

static void on_send_states(struct call_session *base)
{
    size_t count;
    struct live_member *self = base->member;
    const struct call_user *users = call_users(self->live->call, &count);
    send_frame_take(session_of(base), V1_STATES, v1_msg_states(users, count));
    for (size_t i = 0; i < count; i++)
        facade_told(self->facade, &self->live->members[i], users[i].state);
    facade_attach(self->facade);
}

static void on_send_state(struct call_session *base, const struct live_member *member, enum call_user_state state)
{
    struct facade *facade = base->member->facade;
    send_frame_take(session_of(base), V1_STATE, v1_msg_state(member->user_id, state));
    facade_told(facade, member, state);
}

static void on_send_started(struct call_session *base)
{
    send_frame(session_of(base), V1_STARTED, "");
}

static void on_end(struct call_session *base, enum call_end_reason reason)
{
    struct session_v1 *session = session_of(base);
    char text[16];
    snprintf(text, sizeof(text), "%d", (int)reason);
    send_frame(session, V1_ENDED, text);
    session->is_ended = true;
    timer_set(env_of(session)->timers, &session->timer, env_of(session)->now_us() + LINGER_US);
}

static void on_replace(struct call_session *base)
{
    close_socket(session_of(base), CLOSE_NORMAL, "replaced");
}

static void on_send_event(struct call_session *base, const char *type, json_t *data)
{
    (void)base; /* events of v2 have no counterpart here */
    (void)type;
    (void)data;
}

static void free_session(struct session_v1 *session)
{
    timer_stop(env_of(session)->timers, &session->timer);
    list_remove(&session->base.node);
    free(session);
}

static void on_free(struct call_session *base)
{
    free_session(session_of(base));
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

static void end_with_error(struct session_v1 *session, const char *text)
{
    send_frame(session, V1_ERROR, text);
    close_socket(session, CLOSE_NORMAL, "");
}

/* The call is not live here: the database knows whether it ever was. */
static void on_looked_up(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)data;
    struct session_v1 *session = ctx;
    session->is_looking_up = false;
    if (session->is_closed)
        free_session(session);
    else if (code == CHAT_OK || code == CHAT_FORBIDDEN)
        end_with_error(session, "通话已结束");
    else
        end_with_error(session, message);
}

static void attach(struct session_v1 *session)
{
    struct live *live = calls_find(session->base.calls, session->call_id);
    if (!live) {
        session->is_looking_up = true;
        calls_get(session->base.calls, session->user_id, session->call_id, on_looked_up, session);
        return;
    }
    /* Refused: such a socket stays silent (CONTRACT section 13). */
    if (live_attach(live, &session->base, session->user_id, "") == CALL_UP_ENDED)
        end_with_error(session, "通话已结束");
}

static void handle_token(struct session_v1 *session, const char *text)
{
    session->has_token = true;
    timer_stop(env_of(session)->timers, &session->timer);
    struct caller caller;
    enum auth_result result = auth_call_check(env_of(session)->chat->auth, text, &session->call_id, &caller);
    if (result == AUTH_OK) {
        session->user_id = caller.user_id;
        text_copy(session->base.login_id, sizeof(session->base.login_id), caller.login_id);
        attach(session);
        return;
    }
    send_frame(session, V1_UNAUTHORIZED, "");
    close_socket(session, CLOSE_NORMAL, "");
}

void session_v1_signal(struct call_session *session, uint64_t from_user_id, const char *message)
{
    send_frame_take(session_of(session), V1_SIGNAL, v1_msg_signal(from_user_id, message));
}

/* For a leg when media go through the server. Else handed on between two sockets of this protocol, and dropped when the
 * other member has none. */
static void handle_signal(struct session_v1 *session, const char *payload)
{
    struct v1_signal signal;
    struct live_member *self = session->base.member;
    if (!self || v1_msg_decode_signal(payload, &signal))
        return;
    const struct live_member *to = live_find_member(self->live, signal.to_user_id);
    if (to && to != self && self->live->is_sfu)
        facade_signal(self->facade, to, signal.message);
    else if (to && to != self && to->session && !to->session->is_v2)
        session_v1_signal(to->session, self->user_id, signal.message);
    v1_msg_clear_signal(&signal);
}

static void handle_frame(struct session_v1 *session, const char *text, size_t len)
{
    struct v1_frame frame;
    if (v1_msg_decode(text, len, &frame))
        return; /* as the original does: nothing is said about it */
    if (frame.type == V1_HEARTBEAT)
        live_heartbeat(&session->base);
    else if (frame.type == V1_SIGNAL)
        handle_signal(session, frame.payload);
    v1_msg_clear(&frame);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct session_v1 *session = ctx;
    if (session->is_ended)
        return;
    if (!bucket_take(&session->messages, env_of(session)->now_us()) || len > CALLS_FRAME_MAX)
        close_socket(session, CLOSE_POLICY, "too many or too large messages");
    else if (!session->has_token)
        handle_token(session, text);
    else
        handle_frame(session, text, len);
}

static void on_close(void *ctx)
{
    struct session_v1 *session = ctx;
    session->is_closed = true;
    session->base.conn = NULL;
    live_detach(&session->base);
    if (!session->is_looking_up)
        free_session(session);
}

static const struct session_ops socket_ops = {.on_text = on_text, .on_close = on_close};

static void on_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    struct session_v1 *session = ctx;
    close_socket(session, session->has_token ? CLOSE_NORMAL : CLOSE_POLICY, "");
}

void session_v1_open(struct calls *calls, struct conn *conn)
{
    struct session_v1 *session = mem_calloc(1, sizeof(*session));
    session->base.ops = &call_ops;
    session->base.calls = calls;
    session->base.conn = conn;
    session->messages = (struct bucket){.per_second = MESSAGES_PER_SECOND, .burst = MESSAGES_BURST};
    timer_init(&session->timer, on_timer, session);
    timer_set(env_of(session)->timers, &session->timer, env_of(session)->now_us() + TOKEN_TIMEOUT_US);
    calls_add_session(calls, &session->base);
    conn->session = session;
    conn->session_ops = &socket_ops;
}
