/* WebSocket and HTTP clients. See ws.h. */
#include "bench/ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define OP_CONTINUED 0u
#define OP_TEXT 1u
#define OP_CLOSE 8u
#define OP_PING 9u
#define OP_PONG 10u
#define MASK_BIT 0x80u

struct ws {
    struct tcp tcp;
    struct ws_ops ops;
    bool is_open;
    struct text message; /* of a fragmented one so far */
};

bool ws_frame_read(const char *data, size_t size, struct ws_frame *out)
{
    struct rd rd = rd_make(data, size);
    uint8_t first = rd_u8(&rd), second = rd_u8(&rd);
    uint64_t len = second & 0x7f;
    if (len == 126)
        len = rd_u16(&rd);
    else if (len == 127)
        len = rd_u64(&rd);
    if (rd.is_bad || rd_left(&rd) < len)
        return false;
    *out = (struct ws_frame){
        .opcode = first & 15u, .is_final = (first & 0x80) != 0, .header_len = size - rd_left(&rd), .len = (size_t)len};
    return true;
}

static void send_frame(struct ws *ws, unsigned opcode, const char *data, size_t len)
{
    /* Masked by zeros (RFC 6455 section 5.3): the masking guards proxies against pages' scripts, and there are none. */
    uint8_t head[14];
    struct wr wr = wr_make(head, sizeof(head));
    wr_u8(&wr, (uint8_t)(0x80u | opcode));
    if (len < 126) {
        wr_u8(&wr, (uint8_t)(MASK_BIT | len));
    } else if (len < 65536) {
        wr_u8(&wr, MASK_BIT | 126);
        wr_u16(&wr, (uint16_t)len);
    } else {
        wr_u8(&wr, MASK_BIT | 127);
        wr_u64(&wr, len);
    }
    wr_u32(&wr, 0);
    text_add_n(&ws->tcp.out, (const char *)head, wr_len(&wr));
    tcp_send(&ws->tcp, data, len);
}

/* The length of a response's head, 0 while it is not all there. */
static size_t head_len(const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) + 4 : 0;
}

static size_t on_handshake(struct ws *ws, const char *data, size_t len)
{
    size_t used = head_len(data, len);
    if (!used)
        return 0;
    if (len < 12 || strncmp(data + 9, "101", 3) != 0) {
        tcp_close(&ws->tcp);
        ws->ops.on_closed(ws->ops.ctx, "the server refused the WebSocket");
        return 0;
    }
    ws->is_open = true;
    ws->ops.on_open(ws->ops.ctx);
    return used;
}

static void on_text(struct ws *ws, const struct ws_frame *frame, const char *data)
{
    if (frame->is_final && ws->message.len == 0) {
        ws->ops.on_text(ws->ops.ctx, data, frame->len);
        return;
    }
    text_add_n(&ws->message, data, frame->len);
    if (!frame->is_final)
        return;
    struct text whole = ws->message;
    ws->message = (struct text){0};
    ws->ops.on_text(ws->ops.ctx, whole.data, whole.len);
    text_free(&whole);
}

static size_t on_data(void *ctx, const char *data, size_t len)
{
    struct ws *ws = ctx;
    struct ws_frame frame;
    if (!ws->is_open)
        return on_handshake(ws, data, len);
    if (!ws_frame_read(data, len, &frame))
        return 0;
    if (frame.opcode == OP_TEXT || frame.opcode == OP_CONTINUED)
        on_text(ws, &frame, data + frame.header_len);
    else if (frame.opcode == OP_PING)
        send_frame(ws, OP_PONG, data + frame.header_len, frame.len);
    else if (frame.opcode == OP_CLOSE)
        ws->is_open = false; /* the end of the TCP connection follows */
    return frame.header_len + frame.len;
}

static void on_closed(void *ctx, const char *reason)
{
    struct ws *ws = ctx;
    ws->ops.on_closed(ws->ops.ctx, reason);
}

struct ws *ws_open(struct loop *loop, const struct addr *to, const char *path, const char *protocol,
                   const struct ws_ops *ops)
{
    struct ws *ws = mem_calloc(1, sizeof(*ws));
    char host[ADDR_TEXT_MAX], head[768];
    ws->ops = *ops;
    addr_text(to, host);
    int len = snprintf(head, sizeof(head),
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: aWNoYXQtYmVuY2gtMTIzNA==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                       path, host, protocol ? "Sec-WebSocket-Protocol: " : "", protocol ? protocol : "",
                       protocol ? "\r\n" : "");
    tcp_open(&ws->tcp, loop, to, &(struct tcp_ops){on_data, on_closed, ws});
    tcp_send(&ws->tcp, head, (size_t)len);
    return ws;
}

void ws_send(struct ws *ws, const char *text, size_t len)
{
    if (ws && ws->is_open)
        send_frame(ws, OP_TEXT, text, len);
}

uint64_t ws_read_ns(const struct ws *ws)
{
    return ws->tcp.read_ns;
}

void ws_free(struct ws *ws)
{
    if (!ws)
        return;
    tcp_close(&ws->tcp);
    text_free(&ws->message);
    free(ws);
}

/* --- HTTP --- */

struct http {
    struct tcp tcp;
    void (*on_done)(void *ctx, int status, const char *body, size_t len);
    void *ctx;
    bool is_done;
};

static void finish(struct http *http, int status, const char *body, size_t len)
{
    if (http->is_done)
        return;
    http->is_done = true;
    http->on_done(http->ctx, status, body, len);
}

static size_t content_length(const char *head, size_t len)
{
    static const char name[] = "\r\ncontent-length:";
    for (size_t i = 0; i + sizeof(name) < len; i++) {
        if (strncasecmp(head + i, name, sizeof(name) - 1) == 0)
            return strtoul(head + i + sizeof(name) - 1, NULL, 10);
    }
    return 0;
}

static size_t on_response(void *ctx, const char *data, size_t len)
{
    struct http *http = ctx;
    size_t head = head_len(data, len);
    size_t body = head ? content_length(data, head) : 0;
    if (!head || len < head + body)
        return 0;
    finish(http, len > 12 ? atoi(data + 9) : 0, data + head, body);
    return head + body;
}

static void on_http_closed(void *ctx, const char *reason)
{
    finish(ctx, 0, reason, strlen(reason));
}

struct http *http_post(struct loop *loop, const struct addr *to, const char *path, const char *token, const char *body,
                       void (*on_done)(void *ctx, int status, const char *body, size_t len), void *ctx)
{
    struct http *http = mem_calloc(1, sizeof(*http));
    struct text head = {0};
    char host[ADDR_TEXT_MAX];
    http->on_done = on_done;
    http->ctx = ctx;
    addr_text(to, host);
    text_addf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\nConnection: close\r\n", path, host,
              body ? strlen(body) : 0);
    if (token)
        text_addf(&head, "Authorization: %s\r\n", token);
    if (body)
        text_add(&head, "Content-Type: application/json\r\n");
    text_add(&head, "\r\n");
    text_add(&head, body ? body : "");
    tcp_open(&http->tcp, loop, to, &(struct tcp_ops){on_response, on_http_closed, http});
    tcp_send(&http->tcp, head.data, head.len);
    text_free(&head);
    return http;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    tcp_close(&http->tcp);
    free(http);
}
