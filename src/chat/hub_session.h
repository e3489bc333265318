/* One notification session: its socket, or its queue while there is none. Web thread; only hub*.c include this. */
#ifndef ICHAT_CHAT_HUB_SESSION_H
#define ICHAT_CHAT_HUB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hmap.h"
#include "base/list.h"
#include "base/timers.h"
#include "chat/auth.h"
#include "chat/hub.h"

#define HUB_LINGER_US 60000000u    /* CONTRACT section 7: life after the socket is gone */
#define HUB_HANDSHAKE_US 30000000u /* until the token and the session id */
/* A client says something every 30 s, a browser in the background every 60 s: beyond it the socket is dead. */
#define HUB_SILENCE_US 100000000u

struct hub_user;
struct hub_session;

/* One accepted socket; it lives from hub_open() to on_close(). */
struct hub_link {
    /* set once at creation */
    struct hub *hub;
    struct conn *conn;
    uint64_t number; /* how answers from other threads find it */
    /* web thread */
    enum { LINK_TOKEN, LINK_CHECKING, LINK_ID, LINK_HELLO, LINK_OPEN, LINK_CLOSED } state;
    struct caller caller;
    bool has_early_id; /* the session id came while the token was being checked */
    char early_id[37];
    struct hub_session *session; /* NULL until there is one, and after it ended */
    struct timer timer;          /* the handshake's limit, then that of silence */
};

struct hub_message {
    struct list node;
    size_t len;
    char text[];
};

struct hub_session {
    /* set once at creation */
    struct hub *hub;
    struct hub_user *user;
    char id[37];
    char login_id[37];
    /* web thread */
    struct list node;      /* in its user's list, the oldest first */
    struct hub_link *link; /* NULL = lingering */
    bool is_ready;         /* the hello is out: messages go straight to the socket */
    bool is_broken;        /* a message was lost: not to be resumed */
    uint64_t last_send_us; /* on this socket; 0 = nothing yet */
    struct list queue;
    size_t queue_count;
    size_t queue_bytes;
    struct timer linger;
};

struct hub_user {
    uint64_t user_id;
    struct list sessions;
    size_t count;
};

/* Whom the newest lists of receivers had at a place. */
struct hub_hint {
    uint64_t user_id;
    struct hub_user *user; /* NULL = not known */
};
#define HUB_HINTS 1024

struct hub {
    /* set once at creation */
    struct chat *chat;
    struct timers *timers;
    /* web thread */
    struct hmap *users;    /* by user id */
    struct hmap *sessions; /* by session id */
    struct hmap *links;    /* sockets, by number */
    uint64_t link_count;   /* ever opened */
    struct hub_hint hints[HUB_HINTS];
};

/* The user's oldest session is dropped when there are too many. */
struct hub_session *hub_session_create(struct hub *hub, uint64_t user_id, const char *login_id);
/* Its socket stays as it is, without a session. */
void hub_session_free(struct hub_session *session);
/* Frees it and closes its socket, when it has one. */
void hub_session_end(struct hub_session *session, int code, const char *reason);
/* NULL when there is none of that id, or it is another user's or another login's. */
struct hub_session *hub_session_find(struct hub *hub, const char *id, uint64_t user_id, const char *login_id);

/* Binds both; messages are queued until hub_session_ready(). */
void hub_session_attach(struct hub_session *session, struct hub_link *link);
/* The hello goes out as the first frame, then what was queued. */
void hub_session_ready(struct hub_session *session, const char *hello, size_t len);
/* The socket is gone: lingers, or is freed (false) when something may be lost. */
bool hub_session_detach(struct hub_session *session);
/* A new socket for a session whose old one is not known to be dead: as detach, and the old one is closed. */
bool hub_session_take_over(struct hub_session *session);

/* To every session of the user: to the socket, or queued. */
void hub_sessions_send(struct hub *hub, uint64_t user_id, const struct hub_text *text);
/* The same for the user at this place of a list. A busy room's list is nearly always the one before, but for the
 * sender, who is told last: whoever was at the place or next to it need not be looked up. */
void hub_sessions_send_listed(struct hub *hub, size_t place, uint64_t user_id, const struct hub_text *text);
/* Ends those of a login, NULL = of all. */
void hub_sessions_end(struct hub *hub, uint64_t user_id, const char *login_id);

#endif
