/* A live WebSocket as chat/ and call/ see it, and a session as web/ sees it: the seam between them. Web thread.
 *
 * web/ws.c makes a struct conn for each accepted socket, opens the session that its path names, and hands it each
 * complete text frame. The session writes by conn_send(). Either side may end it:
 * - session: conn_close(): what is queued is written first, then a close frame; on_close() still follows, once.
 * - socket gone: on_close() is called, and the conn must not be used after it returns. */
#ifndef ICHAT_CHAT_CONN_H
#define ICHAT_CHAT_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/addr.h"

struct conn;

struct session_ops {
    void (*on_text)(void *session, const char *text, size_t len); /* NUL-terminated, valid UTF-8; may be empty */
    void (*on_close)(void *session);                              /* frees the session's use of the conn */
};

struct conn_ops {
    bool (*send)(struct conn *conn, const char *text, size_t len);
    void (*close)(struct conn *conn, int code, const char *reason);
    /* Bytes that the other side has not acknowledged (own queue and kernel); works within on_close() too. May be NULL:
     * not known. A notification session whose last messages may be lost is not resumed. */
    size_t (*unsent)(struct conn *conn);
};

struct conn {
    const struct conn_ops *ops;
    const struct session_ops *session_ops; /* set by whoever opens the session */
    void *session;
    struct addr from;
};

/* Queues a copy. false: the bounded queue was full, so the socket is being cut off as a slow consumer. */
static inline bool conn_send(struct conn *conn, const char *text, size_t len)
{
    return conn->ops->send(conn, text, len);
}

/* code: RFC 6455 section 7.4. */
static inline void conn_close(struct conn *conn, int code, const char *reason)
{
    conn->ops->close(conn, code, reason);
}

#endif
