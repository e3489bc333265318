/* Error codes shared by every folder. Any thread.
 *
 * A fallible function returns enum err (ERR_OK is 0) and hands results out by pointer, only on success. The codes are
 * few on purpose: they say how a caller can react, the log line says what happened. What a chat user sees is decided
 * at the edge (web/, call/), never here. */
#ifndef ICHAT_BASE_ERR_H
#define ICHAT_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

enum err {
    ERR_OK = 0,
    ERR_AGAIN,     /* nothing there now; try again when told */
    ERR_FULL,      /* a bounded queue, pool or table has no room; the caller drops or says "busy" */
    ERR_NOT_FOUND, /* no such object */
    ERR_EXISTS,    /* it is there already */
    ERR_INVALID,   /* bytes or arguments from outside break a rule */
    ERR_DENIED,    /* authentication or permission */
    ERR_STATE,     /* not in this state */
    ERR_IO,        /* the system or a peer failed; errno or the library's text was logged */
    ERR_LIMIT,     /* a configured limit was reached */
    ERR_CLOSED,    /* the other side is gone */
    ERR_UNSUPPORTED,
};

/* A short English word for logs, never NULL. */
const char *err_str(enum err err);

#endif
