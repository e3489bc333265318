/* What a live call sees of a member's socket, whatever protocol it speaks. Web thread.
 *
 * A session belongs to its socket (struct conn) and is freed by it. While it is attached, the call's member and the
 * session point at each other; live_detach() or the call's end undoes both. */
#ifndef ICHAT_CALL_SESSION_H
#define ICHAT_CALL_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "call/call.h"
#include "chat/conn.h"

struct calls;
struct call_session;
struct live_member;

struct call_session_ops {
    void (*send_states)(struct call_session *session); /* everybody's, right after attaching */
    void (*send_state)(struct call_session *session, const struct live_member *member, enum call_user_state state);
    void (*send_started)(struct call_session *session);
    void (*end)(struct call_session *session, enum call_end_reason reason); /* detached before; tells, then closes */
    void (*replace)(struct call_session *session);                          /* the same for a newer socket */
    void (*send_event)(struct call_session *session, const char *type, json_t *data); /* of v2; borrows data */
    void (*free)(struct call_session *session); /* the server stops: the socket will not be heard of again */
};

struct call_session {
    /* set once at creation */
    const struct call_session_ops *ops;
    struct calls *calls;
    struct conn *conn; /* NULL once the socket is gone */
    bool is_v2;
    /* owned by the web thread */
    char login_id[37];          /* that its token was made for, "" until it came */
    struct list node;           /* of calls */
    struct live_member *member; /* NULL = not attached */
    bool is_resumed;            /* v2: attached by a resume token */
};

#endif
