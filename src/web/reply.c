/* Answers: building the contract's envelopes, and writing them piece by piece. Web thread. */
#include "web/reply.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jget.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/request.h"

#define JSON_TYPE "application/json; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"

void reply_init(struct reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    reply->file = -1;
}

void reply_clear(struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++)
        free(reply->headers[i].value);
    free(reply->body);
    if (reply->file >= 0)
        close(reply->file);
    reply_init(reply);
}

void reply_header(struct web_req *req, const char *name, const char *value)
{
    struct reply *reply = &req->reply;
    assert(reply->header_count < REPLY_HEADERS_MAX);
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count++].value = mem_strdup(value);
}

/* The reply is complete: the request is released, and its client written to as soon as its body is in (see request.c).
 */
static void finish(struct web_req *req, unsigned status)
{
    assert(req->state != REQUEST_ANSWERED && !req->reply.status);
    req->reply.status = status;
    req->is_held = false;
    if (status == CHAT_INTERNAL)
        metric_add(req->web->metrics, METRIC_HTTP_ERRORS, 1);
    if (!req->wsi) {
        request_free(req);
        return;
    }
    if (req->state == REQUEST_BODY && !req->must_close)
        return;
    request_send(req);
}

void reply_body_take(struct web_req *req, unsigned status, const char *type, char *body_take, size_t len)
{
    reply_header(req, "content-type:", type);
    req->reply.body = body_take;
    req->reply.left = len;
    req->reply.is_head_only = req->method == HTTP_HEAD;
    finish(req, status);
}

void reply_file_take(struct web_req *req, unsigned status, const char *type, int file_take, uint64_t offset,
                     uint64_t len)
{
    reply_header(req, "content-type:", type);
    req->reply.file = file_take;
    req->reply.offset = offset;
    req->reply.left = len;
    req->reply.is_head_only = req->method == HTTP_HEAD;
    finish(req, status);
}

void reply_empty(struct web_req *req, unsigned status)
{
    req->reply.is_head_only = true;
    finish(req, status);
}

void reply_text(struct web_req *req, unsigned status, const char *text)
{
    reply_header(req, "x-content-type-options:", "nosniff");
    reply_body_take(req, status, TEXT_TYPE, mem_strdup(text), strlen(text));
}

void reply_not_found(struct web_req *req)
{
    reply_text(req, 404, "404 page not found\n");
}

static void reply_json_take(struct web_req *req, unsigned status, json_t *envelope_take)
{
    char *text = jget_dump_take(envelope_take);
    reply_header(req, "cache-control:", "no-store");
    reply_header(req, "x-content-type-options:", "nosniff");
    reply_body_take(req, status, JSON_TYPE, text, strlen(text));
}

void reply_ok(struct web_req *req, json_t *data_take)
{
    json_t *envelope = json_object();
    json_object_set_new(envelope, "code", json_integer(CHAT_OK));
    json_object_set_new(envelope, "data", data_take ? data_take : json_null());
    json_object_set_new(envelope, "status", json_string("ok"));
    reply_json_take(req, 200, envelope);
}

void reply_error_status(struct web_req *req, unsigned status, enum chat_code code, const char *text)
{
    json_t *envelope = json_object();
    json_object_set_new(envelope, "code", json_integer(code));
    json_object_set_new(envelope, "message", json_string(text ? text : chat_code_text(code)));
    json_object_set_new(envelope, "status", json_string("error"));
    reply_json_take(req, status, envelope);
}

void reply_error(struct web_req *req, enum chat_code code, const char *text)
{
    reply_error_status(req, code < 1000 ? (unsigned)code : 500u, code, text);
}

/* Status line and headers into the scratch; NULL when they do not fit. Returns their end. */
static uint8_t *build_head(struct web_req *req, uint8_t *start, uint8_t *end)
{
    struct reply *reply = &req->reply;
    uint8_t *at = start;
    if (lws_add_http_header_status(req->wsi, reply->status, &at, end))
        return NULL;
    for (size_t i = 0; i < reply->header_count; i++) {
        const char *value = reply->headers[i].value;
        if (lws_add_http_header_by_name(req->wsi, (const uint8_t *)reply->headers[i].name, (const uint8_t *)value,
                                        (int)strlen(value), &at, end))
            return NULL;
    }
    if (req->must_close &&
        lws_add_http_header_by_name(req->wsi, (const uint8_t *)"connection:", (const uint8_t *)"close", 5, &at, end))
        return NULL;
    /* RFC 9110 section 15.4.5: the length of what is not sent; section 8.6: none at all */
    bool has_length = reply->status != 304 && reply->status != 204;
    if (has_length && lws_add_http_header_content_length(req->wsi, reply->left, &at, end))
        return NULL;
    return lws_finalize_http_header(req->wsi, &at, end) ? NULL : at;
}

/* The next bytes of the body to `out`; -1 when the file became shorter than was told. */
static ssize_t take_body(struct reply *reply, uint8_t *out, size_t max)
{
    size_t len = reply->left < max ? (size_t)reply->left : max;
    if (reply->file < 0) {
        memcpy(out, reply->body + reply->offset, len);
    } else {
        ssize_t n = pread(reply->file, out, len, (off_t)reply->offset);
        if (n <= 0) {
            log_warn("A file that is being sent cannot be read: error=%s", n ? strerror(errno) : "it became shorter");
            return -1;
        }
        len = (size_t)n;
    }
    reply->offset += len;
    reply->left -= len;
    return (ssize_t)len;
}

static int write_head(struct web_req *req)
{
    struct reply *reply = &req->reply;
    uint8_t *start = req->web->scratch + LWS_PRE;
    uint8_t *end = req->web->scratch + WEB_SCRATCH;
    uint8_t *at = build_head(req, start, end);
    if (!at)
        return -1;
    if (reply->is_head_only)
        reply->left = 0;
    bool is_over = reply->left == 0;
    /* The beginning of the body goes out with the head: one system call for most answers. */
    if (!is_over) {
        ssize_t n = take_body(reply, at, (size_t)(end - at));
        if (n < 0)
            return -1;
        at += n;
        is_over = reply->left == 0;
    }
    size_t len = (size_t)(at - start);
    reply->was_head_sent = true;
    if (lws_write(req->wsi, start, len, LWS_WRITE_HTTP_HEADERS) < (int)len)
        return -1;
    return is_over ? 1 : 0;
}

static int write_body(struct web_req *req)
{
    struct reply *reply = &req->reply;
    ssize_t n = take_body(reply, req->web->scratch + LWS_PRE, WEB_SCRATCH - LWS_PRE);
    if (n < 0)
        return -1;
    enum lws_write_protocol kind = reply->left ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_FINAL;
    if (lws_write(req->wsi, req->web->scratch + LWS_PRE, (size_t)n, kind) < (int)n)
        return -1;
    return reply->left ? 0 : 1;
}

int reply_write(struct web_req *req)
{
    int result = req->reply.was_head_sent ? write_body(req) : write_head(req);
    if (!result)
        lws_callback_on_writable(req->wsi);
    return result;
}
