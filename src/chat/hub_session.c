/* Notification sessions and their queues. Web thread. */
#include "chat/hub_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

static void on_linger(void *ctx, uint64_t now_us)
{
    (void)now_us;
    hub_session_free(ctx);
}

static struct hub_user *user_of(struct hub *hub, uint64_t user_id)
{
    struct hub_user *user = hmap_get_u64(hub->users, user_id);
    if (user)
        return user;
    user = mem_calloc(1, sizeof(*user));
    user->user_id = user_id;
    list_init(&user->sessions);
    if (hmap_put_u64(hub->users, user_id, user))
        abort(); /* a growing map takes a new key */
    return user;
}

struct hub_session *hub_session_create(struct hub *hub, uint64_t user_id, const char *login_id)
{
    struct hub_user *user = user_of(hub, user_id);
    struct hub_session *session = mem_calloc(1, sizeof(*session));
    session->hub = hub;
    session->user = user;
    rand_uuid(session->id);
    text_copy(session->login_id, sizeof(session->login_id), login_id);
    list_init(&session->queue);
    timer_init(&session->linger, on_linger, session);
    list_push(&user->sessions, &session->node);
    user->count++;
    if (hmap_put(hub->sessions, session->id, strlen(session->id), session))
        abort(); /* a growing map takes a new key */
    if (user->count > HUB_SESSIONS_PER_USER) {
        log_info("A user has too many sessions, the oldest is dropped user=%llu", (unsigned long long)user_id);
        hub_session_end(list_item(user->sessions.next, struct hub_session, node), 1008, "too many sessions");
    }
    return session;
}

static void clear_queue(struct hub_session *session)
{
    struct list *node;
    while ((node = list_pop(&session->queue)))
        free(list_item(node, struct hub_message, node));
    session->queue_count = 0;
    session->queue_bytes = 0;
}

/* A user without sessions and without a walk over them is forgotten. */
static void user_release(struct hub *hub, struct hub_user *user)
{
    if (--user->count > 0)
        return;
    memset(hub->hints, 0, sizeof(hub->hints));
    hmap_del_u64(hub->users, user->user_id);
    free(user);
}

void hub_session_free(struct hub_session *session)
{
    timer_stop(session->hub->timers, &session->linger);
    clear_queue(session);
    if (session->link)
        session->link->session = NULL;
    hmap_del(session->hub->sessions, session->id, strlen(session->id));
    list_remove(&session->node);
    user_release(session->hub, session->user);
    free(session);
}

static void close_link(struct hub_link *link, int code, const char *reason)
{
    link->state = LINK_CLOSED;
    link->session = NULL;
    conn_close(link->conn, code, reason);
}

void hub_session_end(struct hub_session *session, int code, const char *reason)
{
    struct hub_link *link = session->link;
    hub_session_free(session);
    if (link)
        close_link(link, code, reason);
}

struct hub_session *hub_session_find(struct hub *hub, const char *id, uint64_t user_id, const char *login_id)
{
    size_t len = strlen(id);
    if (len == 0 || len > HMAP_KEY_MAX)
        return NULL;
    struct hub_session *session = hmap_get(hub->sessions, id, len);
    if (!session || session->user->user_id != user_id || strcmp(session->login_id, login_id) != 0)
        return NULL;
    return session;
}

void hub_session_attach(struct hub_session *session, struct hub_link *link)
{
    timer_stop(session->hub->timers, &session->linger);
    session->link = link;
    session->is_ready = false;
    session->last_send_us = 0;
    link->session = session;
}

/* False: the socket is being cut off, and with it the session at its on_close(). */
static bool send_now(struct hub_session *session, const struct hub_text *text)
{
    session->last_send_us = text->now_us;
    session->is_broken = !conn_send(session->link->conn, text->text, text->len);
    return !session->is_broken;
}

void hub_session_ready(struct hub_session *session, const char *hello, size_t len)
{
    session->is_ready = true;
    session->link->state = LINK_OPEN;
    session->is_broken = !conn_send(session->link->conn, hello, len);
    bool is_sent = !session->is_broken;
    uint64_t now_us = clock_now_us();
    struct list *node;
    while (is_sent && (node = list_pop(&session->queue))) {
        struct hub_message *message = list_item(node, struct hub_message, node);
        is_sent = send_now(session, &(struct hub_text){message->text, message->len, now_us});
        free(message);
    }
    clear_queue(session);
}

/* Lingers, or ends when a message may have been written to a socket that never brought it to the client. */
static bool let_go(struct hub_session *session, bool is_lost)
{
    if (session->link)
        session->link->session = NULL;
    session->link = NULL;
    session->is_ready = false;
    if (is_lost) {
        hub_session_free(session);
        return false;
    }
    timer_set(session->hub->timers, &session->linger, clock_now_us() + HUB_LINGER_US);
    return true;
}

static bool has_unsent(const struct hub_session *session)
{
    struct conn *conn = session->link->conn;
    return conn->ops->unsent && conn->ops->unsent(conn) > 0;
}

bool hub_session_detach(struct hub_session *session)
{
    return let_go(session, session->is_broken || (session->last_send_us && has_unsent(session)));
}

bool hub_session_take_over(struct hub_session *session)
{
    struct hub_link *link = session->link;
    /* Without the kernel's word on it, what was sent within a minute may lie in the buffers of a dead socket. */
    bool is_recent = session->last_send_us && clock_now_us() - session->last_send_us < HUB_LINGER_US;
    bool is_unsure = is_recent && (!link->conn->ops->unsent || has_unsent(session));
    bool is_kept = let_go(session, session->is_broken || is_unsure);
    close_link(link, 1000, "taken over");
    return is_kept;
}

static void send_to(struct hub_session *session, const struct hub_text *text)
{
    if (session->is_broken)
        return;
    if (session->is_ready) {
        (void)send_now(session, text);
        return;
    }
    if (session->queue_count >= HUB_QUEUE_MAX || session->queue_bytes + text->len > HUB_QUEUE_BYTES) {
        log_limited(LOG_INFO, "A session's queue is full, it is dropped user=%llu",
                    (unsigned long long)session->user->user_id);
        hub_session_end(session, 1013, "try again");
        return;
    }
    struct hub_message *message = mem_calloc(1, sizeof(*message) + text->len + 1);
    memcpy(message->text, text->text, text->len);
    message->len = text->len;
    list_push(&session->queue, &message->node);
    session->queue_count++;
    session->queue_bytes += text->len;
}

static void send_to_user(struct hub *hub, struct hub_user *user, const struct hub_text *text)
{
    user->count++; /* sending may end sessions: the user outlives the walk */
    list_each (node, &user->sessions) {
        send_to(list_item(node, struct hub_session, node), text);
    }
    user_release(hub, user);
}

void hub_sessions_send(struct hub *hub, uint64_t user_id, const struct hub_text *text)
{
    struct hub_user *user = hmap_get_u64(hub->users, user_id);
    if (user)
        send_to_user(hub, user, text);
}

static struct hub_user *find_listed(struct hub *hub, size_t place, uint64_t user_id)
{
    if (place == 0 || place + 1 >= HUB_HINTS)
        return hmap_get_u64(hub->users, user_id);
    struct hub_hint *hint = &hub->hints[place];
    for (int i = 0; i < 3; i++) { /* here, behind it, before it */
        const struct hub_hint *near = hint + (i == 2 ? -1 : i);
        if (near->user && near->user_id == user_id)
            return near->user;
    }
    struct hub_user *user = hmap_get_u64(hub->users, user_id);
    if (user)
        *hint = (struct hub_hint){.user_id = user_id, .user = user};
    return user;
}

void hub_sessions_send_listed(struct hub *hub, size_t place, uint64_t user_id, const struct hub_text *text)
{
    struct hub_user *user = find_listed(hub, place, user_id);
    if (user)
        send_to_user(hub, user, text);
}

void hub_sessions_end(struct hub *hub, uint64_t user_id, const char *login_id)
{
    struct hub_user *user = hmap_get_u64(hub->users, user_id);
    if (!user)
        return;
    user->count++;
    list_each (node, &user->sessions) {
        struct hub_session *session = list_item(node, struct hub_session, node);
        if (!login_id || strcmp(session->login_id, login_id) == 0)
            hub_session_end(session, 1008, "logged out");
    }
    user_release(hub, user);
}
