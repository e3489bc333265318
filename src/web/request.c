/* Requests: gathering, running, and their end. Web thread. */
#include "web/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/guard.h"
#include "web/routes.h"
#include "web/upload.h"
#include "web/wait.h"

/* The contract's client gives an upload 15 s a MiB; so do we, and never less than the above. */
#define UPLOAD_TIME_US_PER_MIB (15 * US_PER_S)
#define KILL_AGAIN_US 100000ULL
/* Refused bodies are read to their end, so that the client gets to read the answer; larger ones are cut off. */
#define DISCARD_MAX (64u << 20)

static const enum lws_token_indexes header_tokens[HDR_COUNT] = {
    [HDR_AUTHORIZATION] = WSI_TOKEN_HTTP_AUTHORIZATION,
    [HDR_CONTENT_TYPE] = WSI_TOKEN_HTTP_CONTENT_TYPE,
    [HDR_CONTENT_LENGTH] = WSI_TOKEN_HTTP_CONTENT_LENGTH,
    [HDR_TRANSFER_ENCODING] = WSI_TOKEN_HTTP_TRANSFER_ENCODING,
    [HDR_EXPECT] = WSI_TOKEN_HTTP_EXPECT,
    [HDR_ACCEPT_ENCODING] = WSI_TOKEN_HTTP_ACCEPT_ENCODING,
    [HDR_IF_NONE_MATCH] = WSI_TOKEN_HTTP_IF_NONE_MATCH,
    [HDR_IF_MODIFIED_SINCE] = WSI_TOKEN_HTTP_IF_MODIFIED_SINCE,
    [HDR_IF_RANGE] = WSI_TOKEN_HTTP_IF_RANGE,
    [HDR_RANGE] = WSI_TOKEN_HTTP_RANGE,
    [HDR_ORIGIN] = WSI_TOKEN_ORIGIN,
    [HDR_HOST] = WSI_TOKEN_HOST,
};

static enum http_method method_of(int index)
{
    switch (index) {
    case LWSHUMETH_GET:
        return HTTP_GET;
    case LWSHUMETH_HEAD:
        return HTTP_HEAD;
    case LWSHUMETH_POST:
        return HTTP_POST;
    case LWSHUMETH_PUT:
        return HTTP_PUT;
    case LWSHUMETH_PATCH:
        return HTTP_PATCH;
    case LWSHUMETH_DELETE:
        return HTTP_DELETE;
    case LWSHUMETH_OPTIONS:
        return HTTP_OPTIONS;
    default:
        return HTTP_OTHER;
    }
}

static char *copy_header(struct lws *wsi, enum lws_token_indexes token)
{
    int len = lws_hdr_total_length(wsi, token);
    if (len <= 0)
        return NULL;
    char *value = mem_calloc(1, (size_t)len + 2);
    if (lws_hdr_copy(wsi, value, len + 1, token) < 0)
        value[0] = '\0';
    return value;
}

/* lws has cut the query at its '&' and decoded it. */
static void copy_query(struct web_req *req, struct lws *wsi)
{
    int max = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
    for (int i = 0; max > 0 && req->query_count < QUERY_ITEMS_MAX; i++) {
        char *item = mem_calloc(1, (size_t)max + 2);
        if (lws_hdr_copy_fragment(wsi, item, max + 1, WSI_TOKEN_HTTP_URI_ARGS, i) < 0) {
            free(item);
            return;
        }
        char *equals = strchr(item, '=');
        if (equals)
            *equals = '\0';
        req->query[req->query_count].key = item;
        req->query[req->query_count++].value = equals ? equals + 1 : "";
    }
}

static void on_deadline(void *ctx, uint64_t now_us)
{
    struct web_req *req = ctx;
    if (!req->wsi)
        return;
    wait_kill(req->web->wait, req->wsi);
    /* With each chunk of a body lws gives the connection a timeout of its own, which takes the place of the kill when
     * the chunk is served first. */
    timer_set(req->web->timers, &req->deadline, now_us + KILL_AGAIN_US);
}

static struct web_req *create(struct web *web, struct lws *wsi)
{
    char *uri = NULL;
    int uri_len = 0;
    int method = lws_http_get_uri_and_method(wsi, &uri, &uri_len);
    if (method < 0 || !uri)
        return NULL;
    struct web_req *req = mem_calloc(1, sizeof(*req));
    req->peer.kind = PEER_REQUEST;
    req->web = web;
    req->wsi = wsi;
    req->method = method_of(method);
    req->path = strndup(uri, (size_t)uri_len); /* ends at a decoded %00 */
    req->is_mounted = !strcmp(req->path, "/api") || text_has_prefix(req->path, "/api/");
    for (unsigned i = 0; i < HDR_COUNT; i++)
        req->headers[i] = copy_header(wsi, header_tokens[i]);
    copy_query(req, wsi);
    guard_find_client(wsi, &req->client);
    timer_init(&req->deadline, on_deadline, req);
    reply_init(&req->reply);
    list_push(&web->requests, &req->node);
    lws_set_opaque_user_data(wsi, req);
    return req;
}

static void drop_body(struct web_req *req)
{
    req->web->body_bytes -= req->body.len;
    text_free(&req->body);
}

void request_free(struct web_req *req)
{
    timer_stop(req->web->timers, &req->deadline);
    list_remove(&req->node);
    if (req->wsi)
        lws_set_opaque_user_data(req->wsi, NULL);
    for (unsigned i = 0; i < HDR_COUNT; i++)
        free(req->headers[i]);
    for (size_t i = 0; i < req->query_count; i++)
        free(req->query[i].key);
    drop_body(req);
    upload_free(req->upload);
    json_decref(req->json);
    reply_clear(&req->reply);
    free(req->path);
    free(req);
}

static void arm_idle(struct web_req *req)
{
    timer_set(req->web->timers, &req->deadline, clock_now_us() + req->web->conf->http.idle_timeout_s * US_PER_S);
}

void request_send(struct web_req *req)
{
    req->state = REQUEST_ANSWERED;
    arm_idle(req);
    /* lws serves no writability to a connection whose reading is paused. */
    lws_rx_flow_control(req->wsi, 1);
    lws_callback_on_writable(req->wsi);
}

/* All of it is here: run it, unless the guard refused it already. */
static void run(struct web_req *req)
{
    assert(req->state == REQUEST_BODY);
    timer_stop(req->web->timers, &req->deadline);
    lws_set_timeout(req->wsi, NO_PENDING_TIMEOUT, 0);
    req->state = REQUEST_RUNNING;
    /* What comes next is not read before this one is answered. */
    lws_rx_flow_control(req->wsi, 0);
    if (!req->reply.status) {
        guard_run(req);
        return;
    }
    request_send(req);
}

/* RFC 9110 section 10.1.1. */
static int send_continue(struct web_req *req)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!req->headers[HDR_EXPECT] || strcasecmp(req->headers[HDR_EXPECT], "100-continue"))
        return 0;
    uint8_t *out = req->web->scratch + LWS_PRE;
    memcpy(out, line, sizeof(line) - 1);
    return lws_write(req->wsi, out, sizeof(line) - 1, LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

int request_on_headers(struct web *web, struct lws *wsi)
{
    struct web_req *req = create(web, wsi);
    if (!req)
        return -1;
    metric_add(web->metrics, METRIC_HTTP_REQUESTS, 1);
    req->route = routes_find(req->method, req->path);
    guard_admit(req);
    if (req->state == REQUEST_ANSWERED)
        return 0;
    if (!req->content_length) {
        run(req);
        return 0;
    }
    if (req->reply.status && req->content_length > DISCARD_MAX) {
        req->must_close = true;
        run(req);
        return 0;
    }
    uint64_t time_us = web_patience_s(web->conf, WEB_BODY_S) * US_PER_S;
    if (req->upload)
        time_us += (req->content_length >> 20) * UPLOAD_TIME_US_PER_MIB;
    timer_set(web->timers, &req->deadline, clock_now_us() + time_us);
    return send_continue(req);
}

void request_on_body(struct web_req *req, const void *data, size_t len)
{
    if (req->state != REQUEST_BODY)
        return;
    req->body_seen += len;
    if (req->reply.status)
        return; /* refused: read and forgotten */
    if (req->upload) {
        upload_feed(req, data, len);
        return;
    }
    if (req->web->body_bytes + len > (size_t)req->web->conf->http.max_bodies_mb << 20) {
        log_limited(LOG_WARN, "Too many request bodies at once, refusing one: bytes=%zu", req->web->body_bytes);
        drop_body(req); /* the rest is read and forgotten, and meanwhile this must not keep others out */
        reply_error(req, CHAT_INTERNAL, NULL);
        return;
    }
    text_add_n(&req->body, data, len);
    req->web->body_bytes += len;
}

void request_on_body_end(struct web_req *req)
{
    if (req->state == REQUEST_BODY && req->content_length)
        run(req);
}

/* Whether lws holds bytes that came behind this request. It answers for all connections at once, so this may be true
 * for another one's sake, which costs a reconnect. lws 4.1 must not get to serve such bytes: it takes the head of a
 * pipelined POST for its body, and then never returns. */
static bool has_pipelined(const struct web_req *req)
{
    return !lws_service_adjust_timeout(req->web->lws, 1, 0);
}

int request_on_writable(struct web_req *req)
{
    if (req->state != REQUEST_ANSWERED)
        return 0;
    struct lws *wsi = req->wsi;
    if (has_pipelined(req))
        req->must_close = true;
    int result = reply_write(req);
    if (!result) {
        arm_idle(req);
        return 0;
    }
    bool must_close = req->must_close || has_pipelined(req);
    request_free(req);
    if (result < 0 || must_close)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

void request_on_gone(struct web_req *req)
{
    lws_set_opaque_user_data(req->wsi, NULL);
    req->wsi = NULL;
    timer_stop(req->web->timers, &req->deadline);
    if (!req->is_held)
        request_free(req);
}

const char *request_query(const struct web_req *req, const char *key)
{
    for (size_t i = 0; i < req->query_count; i++)
        if (!strcmp(req->query[i].key, key))
            return req->query[i].value;
    return "";
}

bool request_query_u64(struct web_req *req, const char *key, uint64_t *out)
{
    const char *value = request_query(req, key);
    *out = 0;
    if (!*value || (text_to_u64(value, out) == ERR_OK && *out <= INT64_MAX))
        return true;
    reply_error(req, CHAT_BAD_REQUEST, NULL);
    return false;
}

const json_t *request_json(struct web_req *req)
{
    if (!req->json && (!req->body.data || jget_parse(req->body.data, req->body.len, &req->json) != ERR_OK)) {
        req->json = NULL;
        reply_error(req, CHAT_BAD_REQUEST, NULL);
    }
    return req->json;
}

void request_hold(struct web_req *req)
{
    assert(!req->is_held && req->state == REQUEST_RUNNING);
    req->is_held = true;
}

void request_on_op(struct op *op, void *ctx)
{
    struct web_req *req = ctx;
    if (op->code == CHAT_OK)
        reply_ok(req, json_incref(op->data));
    else
        reply_error(req, op->code, op_message(op));
}

void request_run_op(struct web_req *req, struct op *op)
{
    request_hold(req);
    op_start(op, request_on_op, req);
}
