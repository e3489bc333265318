/* One HTTP request: gathered, checked by guard.h, handed to its route's handler, answered by reply.h. Web thread.
 *
 * Life: made when its headers are complete; freed when it was answered or its client is gone, but not while it is held:
 * a handler that hands work to chat/ or call/ takes request_hold(), and the reply functions release it. So an answer
 * that comes after the client went away finds a request without a connection, and just frees it. */
#ifndef ICHAT_WEB_REQUEST_H
#define ICHAT_WEB_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/timers.h"
#include "chat/auth.h"
#include "chat/op.h"
#include "web/forwarded.h"
#include "web/reply.h"
#include "web/web_impl.h"

#define QUERY_ITEMS_MAX 16 /* those behind them are not looked at */

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER,
};

enum web_header {
    HDR_AUTHORIZATION,
    HDR_CONTENT_TYPE,
    HDR_CONTENT_LENGTH,
    HDR_TRANSFER_ENCODING,
    HDR_EXPECT,
    HDR_ACCEPT_ENCODING,
    HDR_IF_NONE_MATCH,
    HDR_IF_MODIFIED_SINCE,
    HDR_IF_RANGE,
    HDR_RANGE,
    HDR_ORIGIN,
    HDR_HOST,
    HDR_COUNT,
};

enum request_state {
    REQUEST_BODY,    /* its body is coming */
    REQUEST_RUNNING, /* a handler has it */
    REQUEST_ANSWERED,
};

struct route;
struct upload;

struct web_req {
    struct peer peer;
    /* set once its headers are complete */
    struct list node;
    struct web *web;
    const struct route *route; /* NULL: none fits */
    struct client client;
    enum http_method method;
    bool is_mounted;          /* under /api */
    char *path;               /* decoded, without the query */
    char *headers[HDR_COUNT]; /* NULL: absent */
    struct {
        char *key; /* decoded, owned, "key\0value" */
        const char *value;
    } query[QUERY_ITEMS_MAX];
    size_t query_count;
    uint64_t content_length;
    /* owned by the web thread */
    struct lws *wsi; /* NULL once the client is gone */
    enum request_state state;
    bool is_held;
    bool must_close; /* the connection cannot be used again */
    uint64_t body_seen;
    struct text body;
    struct upload *upload; /* the body goes there instead */
    json_t *json;          /* parsed body, see request_json() */
    struct caller caller;
    struct timer deadline;
    struct reply reply;
};

/* From the lws callback; -1 = close the connection. (Never so from a body's: lws 4.1 may call those from where it would
 * then close the connection twice.) */
int request_on_headers(struct web *web, struct lws *wsi);
void request_on_body(struct web_req *req, const void *data, size_t len);
void request_on_body_end(struct web_req *req);
int request_on_writable(struct web_req *req);
void request_on_gone(struct web_req *req);
/* Its reply is ready: asks for writability, and gives the client http.idle_timeout_s to take it. */
void request_send(struct web_req *req);
/* Frees it whatever its state is: at the end of the edge's life. */
void request_free(struct web_req *req);

/* For handlers. The value of a query item, "" when absent. */
const char *request_query(const struct web_req *req, const char *key);
/* A number, 0 when absent; false: it is no number, and the request was answered with 300. */
bool request_query_u64(struct web_req *req, const char *key, uint64_t *out);
/* The body as a JSON object; NULL: it is none, and the request was answered with 300. */
const json_t *request_json(struct web_req *req);

/* The answer will come later, by a call that was given `req`. */
void request_hold(struct web_req *req);
/* Holds it and runs an op whose result is the answer. */
void request_run_op(struct web_req *req, struct op *op);
/* on_done for the services that start an op themselves, ctx = the held request. */
void request_on_op(struct op *op, void *ctx);

#endif
