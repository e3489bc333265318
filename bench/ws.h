/* A WebSocket client (RFC 6455) and one-shot HTTP requests, for thousands at a time on one epoll loop: text frames,
 * no TLS, no extensions. The loop's thread. */
#ifndef ICHAT_BENCH_WS_H
#define ICHAT_BENCH_WS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/tcp.h"

struct ws_ops {
    void (*on_open)(void *ctx);
    void (*on_text)(void *ctx, const char *text, size_t len); /* a whole message */
    void (*on_closed)(void *ctx, const char *reason);
    void *ctx;
};

struct ws;

/* protocol: the subprotocol to offer, NULL = none. Callbacks must not free the socket. */
struct ws *ws_open(struct loop *loop, const struct addr *to, const char *path, const char *protocol,
                   const struct ws_ops *ops);
void ws_send(struct ws *ws, const char *text, size_t len);
/* The wall clock as the bytes came of which the message now told of was the last. */
uint64_t ws_read_ns(const struct ws *ws);
void ws_free(struct ws *ws); /* cuts the connection */

struct http;
/* token and body may be NULL. on_done gets the status (0: no answer) and the body; it must not free the request. */
struct http *http_post(struct loop *loop, const struct addr *to, const char *path, const char *token, const char *body,
                       void (*on_done)(void *ctx, int status, const char *body, size_t len), void *ctx);
void http_free(struct http *http);

/* One frame's header at the start of the bytes. For tests. */
struct ws_frame {
    unsigned opcode;
    bool is_final;
    size_t header_len;
    size_t len;
};
/* False: not all of the frame is there yet. */
bool ws_frame_read(const char *data, size_t size, struct ws_frame *out);

#endif
