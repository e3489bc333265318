/* WebSockets: /api/ws/notification and /api/ws/call become a struct conn (chat/conn.h) each, with a bounded queue. Web
 * thread.
 *
 * What was sent to a notification socket counts as unsent (conn.h) until a pong to a ping behind it came: only the
 * client itself answers pings, while bytes may be acknowledged by a proxy, or by the kernel of a client that is gone.
 * Such a ping goes right behind the messages, up to WS_CONFIRM_BURST of them in a row; who gets more than that confirms
 * several messages together, each WS_CONFIRM_US: a ping is one more write and its pong one more read.
 *
 * A message to a room of hundreds is hundreds of writes, and a write costs many times what one more message in it does.
 * So after a round that wrote for WS_GATHER_FROM_US or more, notifications gather for half of the time that it took:
 * writing then takes two thirds of the thread at most, however many messages come. A round is written in slices,
 * between which the thread serves requests and databases; what comes for a socket that had its turn waits for the next
 * round. A slice takes WS_SLICE_US or, if that is more, WS_SLICE_SHARE times what all else since the round's last one
 * took: messages must not come in faster than they go out.
 *
 * A socket that does not take what is queued for it (WS_QUEUE_MAX messages or WS_QUEUE_BYTES) is cut off and counted.
 */
#ifndef ICHAT_WEB_WS_H
#define ICHAT_WEB_WS_H

#include <stdbool.h>
#include <stddef.h>

#include "call/calls.h"
#include "chat/hub.h"
#include "web/web_impl.h"

#define WS_QUEUE_MAX (HUB_QUEUE_MAX * 2) /* a resumed session hands over its whole queue at once */
#define WS_QUEUE_BYTES (HUB_QUEUE_BYTES * 2)
#define WS_TEXT_MAX CALLS_FRAME_MAX
#define WS_PING_S 25 /* below the 60 s after which common proxies close an idle socket */
#define WS_PONG_S 20
#define WS_CONFIRM_US 100000
#define WS_CONFIRM_BURST 8
#define WS_GATHER_FROM_US 500 /* about a hundred sockets */
#define WS_GATHER_DIVISOR 2
#define WS_GATHER_MAX_US 10000
#define WS_SLICE_US 500
#define WS_SLICE_SHARE 2

struct ws_sock;

/* The lists and the timer in web. */
void ws_init(struct web *web);
void ws_clear(struct web *web);
/* Before the upgrade: 0 = go on, 1 = refused, the answer is written. */
int ws_on_upgrade(struct lws *wsi, const char *protocol);
/* From the lws callback of an accepted socket; -1 = close the connection. */
int ws_on_open(struct lws *wsi);
int ws_on_receive(struct ws_sock *sock, const char *data, size_t len);
void ws_on_pong(struct ws_sock *sock, const void *payload, size_t len);
void ws_on_peer_close(struct ws_sock *sock);
int ws_on_writable(struct ws_sock *sock);
void ws_on_gone(struct ws_sock *sock);
/* The turn's end: writes what was queued in it, but for what gathers. */
void ws_flush(struct web *web);
/* The server stops: closes every socket with 1001. */
void ws_close_all(struct web *web);

#endif
