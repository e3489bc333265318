/* WebSockets. Web thread. */
#include "web/ws.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/conn.h"
#include "web/guard.h"
#include "web/wait.h"
#include "web/ws_frame.h"
#include "web/ws_queue.h"

#define JOIN_BYTES 16384 /* of frames that leave by one call */
#define CLOSE_S 5        /* for what is queued and the close frame to be taken */
#define PATH_NOTIFICATION "/api/ws/notification"
#define PATH_CALL "/api/ws/call"

struct ws_sock {
    struct peer peer;
    struct conn conn;
    /* set once at creation */
    struct list node;
    struct web *web;
    /* owned by the web thread */
    struct list fresh; /* in one of web->fresh, writing and gathering while it has something to write */
    struct lws *wsi;
    struct ws_queue queue;
    struct text incoming;
    struct timer timer; /* the next ping, the pong's arrival, or the end of closing */
    bool is_direct;     /* the connection's bytes are its frames: no TLS, no stream of HTTP/2 */
    bool is_ping_due;
    bool is_pong_awaited;
    bool is_confirming;  /* a notification socket: its session asks what may be lost */
    uint32_t written;    /* messages */
    uint32_t pinged;     /* `written` as the last ping went out: its payload */
    uint64_t confirm_us; /* pings behind messages so far are paid for by then, at one each WS_CONFIRM_US */
    uint32_t confirmed;  /* those that the client itself has, as a pong tells: a proxy's kernel may have the others */
    bool is_closing;     /* nothing comes in or is queued any more */
    bool is_close_sent;
    bool was_peer_closed;   /* its close frame came; our answer to it must not count as unsent */
    size_t unsent_at_close; /* as it came */
    int close_code;
    char close_reason[124]; /* RFC 6455 section 5.5: 125 bytes with the code's two */
};

static struct ws_sock *of_conn(struct conn *conn)
{
    return list_item(conn, struct ws_sock, conn);
}

static void kill_socket(struct ws_sock *sock)
{
    wait_kill(sock->web->wait, sock->wsi);
}

static void set_timer(struct ws_sock *sock, unsigned seconds)
{
    timer_set(sock->web->timers, &sock->timer, clock_now_us() + seconds * US_PER_S);
}

/* When the next ping behind a message may go out. */
static uint64_t confirm_due_us(const struct ws_sock *sock)
{
    uint64_t burst_us = (WS_CONFIRM_BURST - 1) * WS_CONFIRM_US;
    return sock->confirm_us > burst_us ? sock->confirm_us - burst_us : 0;
}

static bool may_confirm(const struct ws_sock *sock)
{
    return sock->is_confirming && !sock->is_pong_awaited && !sock->is_closing && clock_now_us() >= confirm_due_us(sock);
}

static void ask_ping(struct ws_sock *sock)
{
    sock->is_ping_due = true;
    sock->is_pong_awaited = true;
    set_timer(sock, WS_PONG_S);
}

/* It has something to write, at the turn's end. */
static void freshen(struct ws_sock *sock)
{
    if (list_is_empty(&sock->fresh))
        list_push(&sock->web->fresh, &sock->fresh);
}

static void on_timer(void *ctx, uint64_t now_us)
{
    struct ws_sock *sock = ctx;
    (void)now_us;
    if (sock->is_closing || sock->is_pong_awaited) {
        log_debug("A WebSocket does not answer, closing it: pong=%d", !sock->is_pong_awaited);
        sock->is_closing = true;
        kill_socket(sock);
        return;
    }
    ask_ping(sock);
    freshen(sock);
}

static void on_conn_close(struct conn *conn, int code, const char *reason)
{
    struct ws_sock *sock = of_conn(conn);
    if (sock->is_closing)
        return;
    sock->is_closing = true;
    sock->close_code = code;
    text_copy(sock->close_reason, sizeof(sock->close_reason), reason ? reason : "");
    set_timer(sock, CLOSE_S);
    lws_callback_on_writable(sock->wsi);
}

static bool on_conn_send(struct conn *conn, const char *text, size_t len)
{
    struct ws_sock *sock = of_conn(conn);
    if (sock->is_closing)
        return false;
    if (sock->queue.count >= WS_QUEUE_MAX || sock->queue.bytes + len > WS_QUEUE_BYTES) {
        char address[ADDR_TEXT_MAX];
        addr_ip_text(&conn->from, address);
        log_limited(LOG_WARN, "A WebSocket takes too long to read, cutting it off: from=%s queued=%zu bytes=%zu",
                    address, sock->queue.count, sock->queue.bytes);
        metric_add(sock->web->metrics, METRIC_WS_CUT, 1);
        sock->is_closing = true;
        ws_queue_clear(&sock->queue);
        kill_socket(sock);
        return false;
    }
    ws_queue_push(&sock->queue, ws_text_share(&sock->web->last_text, text, len));
    if (sock->was_peer_closed)
        sock->unsent_at_close += len;
    freshen(sock);
    return true;
}

/* Bytes that the other side's kernel has not acknowledged. */
static size_t count_in_kernel(const struct ws_sock *sock)
{
    int fd = lws_get_socket_fd(sock->wsi);
    int in_kernel = 0;
    if (fd < 0 || ioctl(fd, SIOCOUTQ, &in_kernel))
        return 1; /* not known: better too much than a message lost */
    return (size_t)in_kernel;
}

/* What waits here, in lws, in the kernel for the other side's acknowledgement, and behind it for the client's. */
static size_t count_unsent(struct ws_sock *sock)
{
    size_t unconfirmed = sock->is_confirming ? sock->written - sock->confirmed : 0;
    return sock->queue.bytes + count_in_kernel(sock) + (lws_partial_buffered(sock->wsi) ? 1u : 0u) + unconfirmed;
}

static size_t on_conn_unsent(struct conn *conn)
{
    struct ws_sock *sock = of_conn(conn);
    return sock->was_peer_closed ? sock->unsent_at_close : count_unsent(sock);
}

static const struct conn_ops conn_ops = {on_conn_send, on_conn_close, on_conn_unsent};

static bool is_path(struct lws *wsi, const char *path)
{
    char *uri = NULL;
    int len = 0;
    if (lws_http_get_uri_and_method(wsi, &uri, &len) < 0 || !uri)
        return false;
    return (size_t)len == strlen(path) && !memcmp(uri, path, (size_t)len);
}

static bool origin_is_allowed(struct lws *wsi)
{
    char origin[256] = "";
    char host[256] = "";
    if (lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) < 0)
        return false; /* longer than any of ours */
    if (lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) < 0)
        return false;
    return guard_origin_of(web_of(wsi)->conf, origin, host) != ORIGIN_STRANGE;
}

int ws_on_upgrade(struct lws *wsi, const char *protocol)
{
    unsigned status = 0;
    if (strcasecmp(protocol, "websocket") != 0)
        status = HTTP_STATUS_BAD_REQUEST; /* h2c; lws cannot go on without the upgrade */
    else if (web_of(wsi)->stop_by_us)
        status = HTTP_STATUS_SERVICE_UNAVAILABLE;
    else if (!is_path(wsi, PATH_NOTIFICATION) && !is_path(wsi, PATH_CALL))
        status = HTTP_STATUS_NOT_FOUND;
    else if (!origin_is_allowed(wsi))
        status = HTTP_STATUS_FORBIDDEN;
    if (!status)
        return 0;
    return lws_return_http_status(wsi, status, NULL) ? -1 : 1;
}

static void note_client(struct ws_sock *sock)
{
    struct client client;
    char address[ADDR_TEXT_MAX];
    guard_find_client(sock->wsi, &client);
    sock->conn.from = client.addr;
    addr_ip_text(&client.addr, address);
    log_debug("A WebSocket is open: path=%s from=%s", sock->is_confirming ? PATH_NOTIFICATION : PATH_CALL, address);
}

int ws_on_open(struct lws *wsi)
{
    struct web *web = web_of(wsi);
    bool is_call = is_path(wsi, PATH_CALL);
    bool is_v2 = !strcmp(lws_get_protocol(wsi)->name, CALLS_V2_PROTOCOL);
    if (web->stop_by_us || (!is_call && (is_v2 || !is_path(wsi, PATH_NOTIFICATION))))
        return -1;
    struct ws_sock *sock = mem_calloc(1, sizeof(*sock));
    sock->peer.kind = PEER_SOCKET;
    sock->conn.ops = &conn_ops;
    sock->web = web;
    sock->wsi = wsi;
    sock->is_confirming = !is_call;
    sock->is_direct = !lws_is_ssl(wsi) && lws_get_network_wsi(wsi) == wsi;
    note_client(sock);
    ws_queue_init(&sock->queue);
    list_init(&sock->fresh);
    timer_init(&sock->timer, on_timer, sock);
    set_timer(sock, WS_PING_S);
    list_push(&web->sockets, &sock->node);
    lws_set_opaque_user_data(wsi, sock);
    metric_add(web->metrics, METRIC_WS_OPEN, 1);
    if (is_call)
        calls_open_session(web->calls, &sock->conn, is_v2);
    else
        hub_open(web->chat->hub, &sock->conn);
    return 0;
}

/* One complete message. */
static void deliver(struct ws_sock *sock)
{
    struct conn *conn = &sock->conn;
    const char *text = sock->incoming.data ? sock->incoming.data : "";
    size_t len = sock->incoming.len;
    if (!utf8_is_valid(text, len))
        conn_close(conn, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "invalid UTF-8");
    else if (conn->session)
        conn->session_ops->on_text(conn->session, text, len);
    text_free(&sock->incoming);
}

int ws_on_receive(struct ws_sock *sock, const char *data, size_t len)
{
    struct lws *wsi = sock->wsi;
    if (sock->is_closing)
        return 0;
    if (lws_frame_is_binary(wsi)) {
        conn_close(&sock->conn, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text only");
        return 0;
    }
    if (sock->incoming.len + len > WS_TEXT_MAX) {
        text_free(&sock->incoming);
        conn_close(&sock->conn, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "message too large");
        return 0;
    }
    if (len)
        text_add_n(&sock->incoming, data, len);
    if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
        deliver(sock);
    return 0;
}

void ws_on_pong(struct ws_sock *sock, const void *payload, size_t len)
{
    if (sock->is_closing || !sock->is_pong_awaited || sock->is_ping_due)
        return;
    if (len != sizeof(sock->pinged) || memcmp(payload, &sock->pinged, len) != 0)
        return; /* nobody asked for that one, RFC 6455 section 5.5.3 */
    sock->is_pong_awaited = false;
    sock->confirmed = sock->pinged;
    set_timer(sock, WS_PING_S);
    if (sock->is_confirming && sock->written != sock->confirmed)
        freshen(sock);
}

void ws_on_peer_close(struct ws_sock *sock)
{
    sock->unsent_at_close = count_unsent(sock);
    sock->was_peer_closed = true;
}

static void note_ping(struct ws_sock *sock)
{
    uint64_t now_us = clock_now_us();
    sock->confirm_us = (sock->confirm_us > now_us ? sock->confirm_us : now_us) + WS_CONFIRM_US;
    sock->pinged = sock->written;
    sock->is_ping_due = false;
}

static int write_ping(struct ws_sock *sock)
{
    uint8_t frame[LWS_PRE + sizeof(sock->pinged)] = {0};
    note_ping(sock);
    memcpy(frame + LWS_PRE, &sock->pinged, sizeof(sock->pinged)); /* lws tells of no pong without a payload */
    return lws_write(sock->wsi, frame + LWS_PRE, sizeof(sock->pinged), LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int write_first(struct ws_sock *sock)
{
    struct ws_text *text = ws_queue_first(&sock->queue);
    sock->written++;
    /* It writes the head in front of the text, and keeps a copy of what the kernel does not take. */
    int written = lws_write(sock->wsi, text->frame + LWS_PRE, text->len, LWS_WRITE_TEXT);
    ws_queue_drop(&sock->queue, 1);
    return written < 0 ? -1 : 0;
}

/* What the kernel does not take lws keeps: at most one message. */
static bool must_wait(struct ws_sock *sock)
{
    if (!lws_partial_buffered(sock->wsi))
        return false;
    lws_callback_on_writable(sock->wsi);
    return true;
}

/* Messages were written, and no ping that tells of them is on its way. */
static bool is_unsure(const struct ws_sock *sock)
{
    return sock->is_confirming && sock->written != sock->confirmed && !sock->is_pong_awaited;
}

/* 1: not all of it could be written; -1: close the connection. */
static int write_queue(struct ws_sock *sock)
{
    if (sock->is_ping_due && !sock->is_closing && write_ping(sock))
        return -1;
    while (sock->queue.count) {
        if (must_wait(sock))
            return 1;
        if (write_first(sock))
            return -1;
    }
    if (!is_unsure(sock) || sock->is_closing)
        return 0;
    if (!may_confirm(sock)) {
        timer_set(sock->web->timers, &sock->timer, confirm_due_us(sock)); /* which pings */
        return 0;
    }
    if (must_wait(sock))
        return 1;
    ask_ping(sock);
    return write_ping(sock);
}

/* A ping right behind the messages is to reach the client with them, or one that closes as soon as it has read them
 * would leave them unconfirmed. */
static void set_cork(struct ws_sock *sock, int is_on)
{
    (void)setsockopt(lws_get_socket_fd(sock->wsi), IPPROTO_TCP, TCP_CORK, &is_on, sizeof(is_on));
}

/* Frames of the queue's first messages, as many as there is room for, and the ping that is to follow all of them. */
struct joined {
    size_t messages;
    bool has_ping;
    size_t len;
    uint8_t frames[LWS_PRE + JOIN_BYTES]; /* lws may want to look in front of them */
};

static void join_frames(const struct ws_sock *sock, struct joined *joined)
{
    uint8_t *frames = joined->frames + LWS_PRE;
    size_t room = JOIN_BYTES - WS_FRAME_HEAD_MAX - sizeof(sock->pinged);
    joined->len = ws_queue_join(&sock->queue, frames, room, &joined->messages);
    bool has_news = sock->queue.count > 0 || sock->written != sock->confirmed;
    joined->has_ping = joined->messages == sock->queue.count && (sock->is_ping_due || (has_news && may_confirm(sock)));
    uint32_t pinged = sock->written + (uint32_t)sock->queue.count;
    if (joined->has_ping)
        joined->len += ws_frame_write(frames + joined->len, WS_PING, &pinged, sizeof(pinged));
}

static void note_joined(struct ws_sock *sock, const struct joined *joined)
{
    sock->written += (uint32_t)joined->messages;
    ws_queue_drop(&sock->queue, joined->messages);
    if (joined->has_ping) {
        ask_ping(sock);
        note_ping(sock);
    } else if (!sock->queue.count && is_unsure(sock)) {
        timer_set(sock->web->timers, &sock->timer, confirm_due_us(sock)); /* which pings */
    }
}

/* The kernel took a part: lws sends the rest, as it is, before all that it has to say itself. */
static int keep_rest(struct ws_sock *sock, struct joined *joined, size_t sent)
{
    size_t rest = joined->len - sent;
    if (rest == 0)
        return 0;
    int written = lws_write(sock->wsi, joined->frames + LWS_PRE + sent, rest, LWS_WRITE_HTTP);
    return written < 0 ? -1 : 0;
}

/* All messages and the ping behind them by one call, or a few, where lws takes one for each: the calls are what a
 * message to hundreds costs. 1: done; 0: what is left is for lws; -1: close the connection. */
static int write_joined(struct ws_sock *sock)
{
    struct joined joined; /* not initialised: 16 KB */
    if (!sock->is_direct || sock->is_closing)
        return 0;
    do {
        if (lws_partial_buffered(sock->wsi))
            return 0;
        join_frames(sock, &joined);
        if (joined.len == 0 && sock->queue.count)
            return 0; /* the first is too long */
        ssize_t sent = joined.len == 0 ? 0
                                       : send(lws_get_socket_fd(sock->wsi), joined.frames + LWS_PRE, joined.len,
                                              MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        note_joined(sock, &joined);
        if (keep_rest(sock, &joined, (size_t)sent))
            return -1;
    } while (sock->queue.count);
    return 1;
}

static int write_corked(struct ws_sock *sock)
{
    int joined = write_joined(sock);
    if (joined)
        return joined > 0 ? 0 : -1;
    /* Also where several messages wait: they leave in one segment and wake the other side once. */
    bool is_corked = sock->queue.count > (may_confirm(sock) ? 0 : 1);
    if (is_corked)
        set_cork(sock, 1);
    int result = write_queue(sock);
    if (is_corked)
        set_cork(sock, 0);
    return result;
}

/* All that a socket got is written at once, mostly into a kernel that has room, instead of asking for writability and
 * turning once more. */
static void flush(struct ws_sock *sock)
{
    if (sock->was_peer_closed)
        return; /* lws answers the close, and would take what is written here for sent */
    if (sock->is_closing) {
        lws_callback_on_writable(sock->wsi); /* the close frame, and what waits before it */
        return;
    }
    if (write_corked(sock) >= 0)
        return;
    sock->is_closing = true;
    sock->written +=
        (uint32_t)sock->queue.count; /* some of it, perhaps: its session must not go on as if all had come */
    ws_queue_clear(&sock->queue);
    kill_socket(sock);
}

/* All of a round were written to. */
static void choose_pause(struct web *web, uint64_t now_us)
{
    uint64_t pause_us = web->writing_us / WS_GATHER_DIVISOR;
    if (web->writing_us >= WS_GATHER_FROM_US)
        web->gather_until_us = now_us + (pause_us < WS_GATHER_MAX_US ? pause_us : WS_GATHER_MAX_US);
    web->writing_us = 0;
}

static void write_slice(struct web *web, uint64_t from_us)
{
    uint64_t now_us = from_us;
    uint64_t slice_us = (from_us - web->flushed_us) * WS_SLICE_SHARE;
    if (slice_us < WS_SLICE_US)
        slice_us = WS_SLICE_US;
    struct list *node;
    while (now_us < from_us + slice_us && (node = list_pop(&web->writing))) {
        flush(list_item(node, struct ws_sock, fresh));
        now_us = clock_now_us();
    }
    web->flushed_us = now_us;
    web->writing_us += now_us - from_us;
    if (list_is_empty(&web->writing))
        choose_pause(web, now_us);
    else
        wait_wake(web->wait); /* the next turn does not sleep */
}

void ws_flush(struct web *web)
{
    if (list_is_empty(&web->fresh) && list_is_empty(&web->writing))
        return;
    uint64_t now_us = clock_now_us();
    bool must_gather = now_us < web->gather_until_us || !list_is_empty(&web->writing);
    if (list_is_empty(&web->writing))
        web->flushed_us = now_us; /* a round may begin: the thread slept before it, perhaps, and that is no work */
    struct list *node;
    while ((node = list_pop(&web->fresh))) {
        struct ws_sock *sock = list_item(node, struct ws_sock, fresh);
        if (!sock->is_confirming || sock->is_closing)
            flush(sock);
        else
            list_push(must_gather ? &web->gathering : &web->writing, node);
    }
    if (!list_is_empty(&web->writing))
        write_slice(web, now_us);
    if (list_is_empty(&web->writing) && !list_is_empty(&web->gathering) && !timer_is_set(&web->gather_timer))
        timer_set(web->timers, &web->gather_timer, web->gather_until_us);
}

/* What waited is written from this turn on, together with what came to it. */
static void on_gathered(void *ctx, uint64_t now_us)
{
    struct web *web = ctx;
    struct list *node;
    (void)now_us;
    while ((node = list_pop(&web->gathering)))
        list_push(&web->fresh, node);
}

void ws_init(struct web *web)
{
    list_init(&web->sockets);
    list_init(&web->fresh);
    list_init(&web->writing);
    list_init(&web->gathering);
    timer_init(&web->gather_timer, on_gathered, web);
}

void ws_clear(struct web *web)
{
    timer_stop(web->timers, &web->gather_timer);
    ws_text_release(web->last_text);
    web->last_text = NULL;
}

int ws_on_writable(struct ws_sock *sock)
{
    int result = write_corked(sock);
    if (result)
        return result < 0 ? -1 : 0;
    if (!sock->is_closing || sock->is_close_sent)
        return 0;
    if (lws_partial_buffered(sock->wsi)) {
        lws_callback_on_writable(sock->wsi);
        return 0;
    }
    sock->is_close_sent = true; /* asked a second time, lws would not wait for the other side's answer */
    lws_close_reason(sock->wsi, (enum lws_close_status)sock->close_code, (uint8_t *)sock->close_reason,
                     strlen(sock->close_reason));
    return -1;
}

void ws_on_gone(struct ws_sock *sock)
{
    struct web *web = sock->web;
    sock->is_closing = true;
    timer_stop(web->timers, &sock->timer);
    if (sock->conn.session)
        sock->conn.session_ops->on_close(sock->conn.session);
    list_remove(&sock->node);
    list_remove(&sock->fresh);
    lws_set_opaque_user_data(sock->wsi, NULL);
    metric_add(web->metrics, METRIC_WS_OPEN, -1);
    ws_queue_clear(&sock->queue);
    text_free(&sock->incoming);
    free(sock);
}

void ws_close_all(struct web *web)
{
    list_each (node, &web->sockets) {
        struct ws_sock *sock = list_item(node, struct ws_sock, node);
        conn_close(&sock->conn, LWS_CLOSE_STATUS_GOINGAWAY, "the server stops");
    }
}
