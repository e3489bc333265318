/* One operation of the chat: what a request becomes between web/ and the database.
 *
 * Life: api_x (web thread) parses and checks fields into args -> op_start() -> the service's run on a db thread, inside
 * a transaction for DB_WRITE -> back on the web thread: the notices go to the hub, then on_done answers the request.
 * So whoever was answered, was answered after the commit, and what it caused was queued to every session before.
 *
 * A service is one function of this shape, named in its header beside its args:
 *     struct contact_accept_args { uint64_t request_id; };
 *     op_service contact_accept;                                   args by op_args(op, struct contact_accept_args)
 * It calls op_fail() (the transaction is rolled back) or sets op->data; it adds notices by op_notify().
 *
 * Each service has a maker that copies the arguments and picks the lane, so that a request is one line:
 *     op_start(contact_accept_op(chat, caller_id, &args), on_done, ctx); */
#ifndef ICHAT_CHAT_OP_H
#define ICHAT_CHAT_OP_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/db_pool.h"

struct chat; /* chat/chat.h: the context with hub, auth, db pool, conf */
struct op;
struct op_kept;
struct op_notice;
struct spread; /* chat/spread.h */

typedef void op_service(struct op *op, struct db *db);

/* CONTRACT section 3. */
enum chat_code {
    CHAT_OK = 200,
    CHAT_BAD_REQUEST = 300,
    CHAT_UNAUTHORIZED = 401,
    CHAT_FORBIDDEN = 403,
    CHAT_INTERNAL = 500,
    CHAT_USER_MISSING = 1001,
    CHAT_USER_EXISTS = 1002,
    CHAT_INVALID_FIELDS = 1003,
    CHAT_WRONG_PASSWORD = 1004,
    CHAT_TOKEN_EXPIRED = 1005,
    CHAT_CONTACT_EXISTS = 2001,
    CHAT_REQUEST_EXISTS = 2002,
    CHAT_REQUEST_MISSING = 2003,
    CHAT_REQUEST_STATE = 2004,
    CHAT_CONTACT_MISSING = 2005,
    CHAT_REQUEST_EXPIRED = 2006,
    CHAT_TOO_LATE_TO_REVOKE = 2007,
    CHAT_EMPTY_MESSAGE = 2008,
    CHAT_MESSAGE_TYPE = 2009,
    CALL_STATE_INVALID = 3001,
    CALL_TOO_FEW = 3002,
    CALL_MANAGER_MISSING = 3005,
    CALL_MISSING = 3006,
    CALL_NOT_READY = 3009,
    CHAT_FILE_FAILED = 4001,
};
/* The contract's text for a code. */
const char *chat_code_text(enum chat_code code);

/* CONTRACT section 7. */
enum notice_type { NOTICE_MESSAGE = 1, NOTICE_CONTACT = 2, NOTICE_REQUEST = 3, NOTICE_CALL_HANDLED = 4 };

struct op {
    struct db_job job; /* first: the pool hands it back */
    struct chat *chat;
    op_service *service;
    uint64_t caller_id; /* 0 = not logged in */
    void *args;         /* owned; freed by free_args (NULL = free) */
    void (*free_args)(void *args);
    void (*on_done)(struct op *op, void *ctx); /* web thread; reads code, message, data */
    void *ctx;
    void (*on_commit)(
        struct op *op); /* db thread, right after the commit, before anybody hears of it; NULL = nothing */
    enum db_lane lane;
    /* results */
    enum chat_code code;
    char *message;             /* owned; NULL = the code's text */
    json_t *data;              /* owned; NULL = null */
    struct op_notice *notices; /* handed to the hub, in this order */
    struct op_notice **last_notice;
    json_t *events;                    /* array of {name, data} for chat->on_event */
    void *result;                      /* owned; a typed result where the service's header names one */
    void (*free_result)(void *result); /* NULL = free */
    struct op_kept *kept;              /* what op_keep() holds */
};

#define op_args(op, type) ((const type *)(op)->args)

/* Makes an op; args are taken over. */
struct op *op_create(struct chat *chat, enum db_lane lane, op_service *service, uint64_t caller_id, void *args_take);
/* Copies that live as long as the op: what args point at. op_keep(op, NULL) is "". */
const char *op_keep(struct op *op, const char *s);
const void *op_keep_bytes(struct op *op, const void *data, size_t len);
/* A malloc'd copy, for args_take. */
void *op_dup(const void *args, size_t size);
/* Hands it to the database. on_done is called once, later, on the web thread, then the op is freed (on_done may keep
 * nothing of it but what it takes with json_incref). When the queue is full: on_done is called at once with code 500.
 */
void op_start(struct op *op, void (*on_done)(struct op *op, void *ctx), void *ctx);

/* Ends an op that needs no database: calls on_done at once with what op_fail() or op->data say, then frees it. */
void op_finish(struct op *op, void (*on_done)(struct op *op, void *ctx), void *ctx);
/* The text that the envelope shows for an op that failed. */
const char *op_message(const struct op *op);

/* Within a service (db thread). */
/* A service that has several ways to fail returns enum err inside and ends by op_end(op, inner(op, db)): what
 * op_refuse() recorded stays, any other error becomes code 500. */
MUST_CHECK enum err op_refuse(struct op *op, enum chat_code code);
void op_end(struct op *op, enum err err);
void op_fail(struct op *op, enum chat_code code);
void op_fail_text(struct op *op, enum chat_code code, const char *message);
/* For database errors: code 500; the error was logged by the store. */
void op_fail_err(struct op *op, enum err err);
/* Queues a notification to all sessions of a user for after the commit. payload_take: the contract's payload. */
void op_notify(struct op *op, uint64_t user_id, enum notice_type type, json_t *payload_take);
void op_notify_spread(struct op *op, struct spread *spread_take);
/* Something for chat->on_event after the commit ("message-sent"); data_take may be NULL. */
void op_event(struct op *op, const char *name, json_t *data_take);

#endif
