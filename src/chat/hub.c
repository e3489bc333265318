/* Notification sockets: the handshake of CONTRACT section 7, and what the rest of the server sees of the hub. Web
 * thread. */
#include "chat/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/chat.h"
#include "chat/hub_session.h"
#include "store/message.h"

/* How an answer from the database finds the socket that asked: it may be gone by then. */
struct ticket {
    struct hub *hub;
    uint64_t number;
};

static struct ticket *ticket_for(const struct hub_link *link)
{
    struct ticket *ticket = mem_calloc(1, sizeof(*ticket));
    ticket->hub = link->hub;
    ticket->number = link->number;
    return ticket;
}

/* Frees the ticket; NULL when the socket is gone or ending. */
static struct hub_link *ticket_redeem(struct ticket *ticket)
{
    struct hub_link *link = hmap_get_u64(ticket->hub->links, ticket->number);
    free(ticket);
    return link && link->state != LINK_CLOSED ? link : NULL;
}

static void link_close(struct hub_link *link, int code, const char *reason)
{
    if (link->state == LINK_CLOSED)
        return;
    link->state = LINK_CLOSED;
    timer_stop(link->hub->timers, &link->timer);
    conn_close(link->conn, code, reason);
}

/* The handshake took too long, or the client fell silent. */
static void on_link_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    link_close(ctx, 1008, "timeout");
}

/* New session */

struct last_args {
    uint64_t user_id;
};

static void read_last(struct op *op, struct db *db)
{
    uint64_t last = 0;
    enum err err = db_delivery_last(db, op_args(op, struct last_args)->user_id, &last);
    if (!err)
        op->data = json_integer((json_int_t)last);
    op_end(op, err);
}

static void on_last(struct op *op, void *ctx)
{
    struct hub_link *link = ticket_redeem(ctx);
    if (!link || !link->session)
        return;
    if (op->code != CHAT_OK) {
        hub_session_end(link->session, 1013, "try again");
        return;
    }
    struct text hello = {0};
    text_addf(&hello, "session:%s\n%lld", link->session->id, (long long)json_integer_value(op->data));
    hub_session_ready(link->session, hello.data, hello.len);
    text_free(&hello);
}

/* Registered first, so that nothing is missed between the reading of the last delivery and the hello. */
static void open_new(struct hub_link *link)
{
    struct hub *hub = link->hub;
    struct hub_session *session = hub_session_create(hub, link->caller.user_id, link->caller.login_id);
    hub_session_attach(session, link);
    link->state = LINK_HELLO;
    struct last_args args = {.user_id = link->caller.user_id};
    struct op *op = op_create(hub->chat, DB_READ, read_last, args.user_id, op_dup(&args, sizeof(args)));
    op_start(op, on_last, ticket_for(link));
}

static void open_session(struct hub_link *link, const char *id)
{
    struct hub_session *session = hub_session_find(link->hub, id, link->caller.user_id, link->caller.login_id);
    if (session && session->link && !hub_session_take_over(session))
        session = NULL;
    timer_set(link->hub->timers, &link->timer, clock_now_us() + HUB_SILENCE_US);
    if (!session) {
        open_new(link);
        return;
    }
    struct text hello = {0};
    text_addf(&hello, "session:%s", session->id);
    hub_session_attach(session, link);
    hub_session_ready(session, hello.data, hello.len);
    text_free(&hello);
}

static void on_checked(void *ctx, enum auth_result result, const struct caller *caller)
{
    struct hub_link *link = ticket_redeem(ctx);
    if (!link)
        return;
    if (result != AUTH_OK) {
        link_close(link, result == AUTH_BUSY ? 1013 : 1008, result == AUTH_BUSY ? "try again" : "not logged in");
        return;
    }
    link->caller = *caller;
    link->state = LINK_ID;
    if (link->has_early_id)
        open_session(link, link->early_id);
}

static void on_text(void *session, const char *text, size_t len)
{
    struct hub_link *link = session;
    switch (link->state) {
    case LINK_TOKEN:
        link->state = LINK_CHECKING;
        auth_check(link->hub->chat->auth, text, on_checked, ticket_for(link));
        break;
    case LINK_CHECKING:
        /* Sent right behind the token. What is too long is no id of ours, so it stays empty: a new session. */
        if (!link->has_early_id && len < sizeof(link->early_id))
            text_copy(link->early_id, sizeof(link->early_id), text);
        link->has_early_id = true;
        break;
    case LINK_ID:
        open_session(link, text);
        break;
    case LINK_HELLO:
    case LINK_OPEN:
        /* A heartbeat, whatever it says. */
        timer_set(link->hub->timers, &link->timer, clock_now_us() + HUB_SILENCE_US);
        break;
    case LINK_CLOSED:
        break;
    }
}

static void on_close(void *session)
{
    struct hub_link *link = session;
    timer_stop(link->hub->timers, &link->timer);
    if (link->session) {
        /* Before the hello the client knows no id with which it could come back. */
        if (link->state == LINK_HELLO)
            hub_session_free(link->session);
        else
            (void)hub_session_detach(link->session);
    }
    hmap_del_u64(link->hub->links, link->number);
    free(link);
}

static const struct session_ops session_ops = {.on_text = on_text, .on_close = on_close};

/* The hub's end */

static void on_text_late(void *session, const char *text, size_t len)
{
    (void)session;
    (void)text;
    (void)len;
}

static void on_close_late(void *session)
{
    (void)session;
}

static const struct session_ops late_ops = {.on_text = on_text_late, .on_close = on_close_late};

struct hub *hub_create(struct chat *chat, struct timers *timers)
{
    struct hub *hub = mem_calloc(1, sizeof(*hub));
    hub->chat = chat;
    hub->timers = timers;
    hub->users = hmap_create(64, false);
    hub->sessions = hmap_create(64, false);
    hub->links = hmap_create(64, false);
    return hub;
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    size_t it = 0;
    struct hub_link *link;
    while ((link = hmap_next(hub->links, &it))) {
        struct conn *conn = link->conn;
        timer_stop(hub->timers, &link->timer);
        conn->session_ops = &late_ops;
        conn->session = NULL;
        conn_close(conn, 1001, "the server ends");
        if (link->session)
            link->session->link = NULL;
        free(link);
    }
    it = 0;
    struct hub_session *session;
    while ((session = hmap_next(hub->sessions, &it)))
        hub_session_free(session);
    hmap_free(hub->links);
    hmap_free(hub->sessions);
    hmap_free(hub->users);
    free(hub);
}

void hub_open(struct hub *hub, struct conn *conn)
{
    struct hub_link *link = mem_calloc(1, sizeof(*link));
    link->hub = hub;
    link->conn = conn;
    link->number = ++hub->link_count;
    conn->session = link;
    conn->session_ops = &session_ops;
    timer_init(&link->timer, on_link_timer, link);
    timer_set(hub->timers, &link->timer, clock_now_us() + HUB_HANDSHAKE_US);
    if (hmap_put_u64(hub->links, link->number, link))
        abort(); /* a growing map takes a new key */
}

void hub_notify(struct hub *hub, uint64_t user_id, enum notice_type type, json_t *payload)
{
    if (!hmap_get_u64(hub->users, user_id))
        return;
    char *text = jget_dump_take(json_pack("{s:i, s:O}", "type", (int)type, "payload", payload));
    struct hub_text sent = {.text = text, .len = strlen(text), .now_us = clock_now_us()};
    hub_sessions_send(hub, user_id, &sent);
    free(text);
}

void hub_send_text(struct hub *hub, size_t place, uint64_t user_id, const struct hub_text *text)
{
    hub_sessions_send_listed(hub, place, user_id, text);
}

void hub_close_logins(struct hub *hub, uint64_t user_id, const char *login_id)
{
    hub_sessions_end(hub, user_id, login_id);
    /* Sockets whose token was good, and whose session id is still to come. */
    size_t it = 0;
    struct hub_link *link;
    while ((link = hmap_next(hub->links, &it))) {
        const struct caller *caller = &link->caller;
        bool is_his = caller->user_id == user_id && (!login_id || !strcmp(caller->login_id, login_id));
        if (link->state == LINK_ID && is_his)
            link_close(link, 1008, "logged out");
    }
}

size_t hub_session_count(const struct hub *hub)
{
    return hmap_count(hub->sessions);
}
