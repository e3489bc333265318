/* The answer to a request: the contract's envelopes, texts and files, written piece by piece as the client takes them.
 * Web thread. Each request is answered once; a second answer is a broken promise (assert). */
#ifndef ICHAT_WEB_REPLY_H
#define ICHAT_WEB_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/op.h"

#define REPLY_HEADERS_MAX 16

struct web_req;

struct reply {
    unsigned status;
    struct {
        const char *name; /* a literal with its colon, as lws wants it */
        char *value;      /* owned */
    } headers[REPLY_HEADERS_MAX];
    size_t header_count;
    bool is_head_only; /* length is told, no body is sent */
    bool was_head_sent;
    char *body; /* owned; or */
    int file;   /* owned, -1 = none; sent from `offset` on */
    uint64_t offset;
    uint64_t left; /* bytes of the body not yet sent */
};

void reply_init(struct reply *reply);
void reply_clear(struct reply *reply);

/* {"code":200,"data":D,"status":"ok"}; takes the reference, NULL = null. */
void reply_ok(struct web_req *req, json_t *data_take);
/* {"code":C,"message":M,"status":"error"}; text NULL = the code's. */
void reply_error(struct web_req *req, enum chat_code code, const char *text);
/* The same with another HTTP status than the contract's rule gives. */
void reply_error_status(struct web_req *req, unsigned status, enum chat_code code, const char *text);
void reply_text(struct web_req *req, unsigned status, const char *text);
/* 404 page not found, text/plain. */
void reply_not_found(struct web_req *req);

/* The general form: headers first, then one of the ends. */
void reply_header(struct web_req *req, const char *name, const char *value);
void reply_body_take(struct web_req *req, unsigned status, const char *type, char *body_take, size_t len);
void reply_file_take(struct web_req *req, unsigned status, const char *type, int file_take, uint64_t offset,
                     uint64_t len);
/* No body at all: 304. */
void reply_empty(struct web_req *req, unsigned status);

/* request.c: writes the next piece. 0 = more to come, 1 = all written, -1 = the connection is broken. */
int reply_write(struct web_req *req);

#endif
