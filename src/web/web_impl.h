/* What the files of web/ share: the edge's context. Web thread, but for what says otherwise. */
#ifndef ICHAT_WEB_WEB_IMPL_H
#define ICHAT_WEB_WEB_IMPL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timers.h"
#include "call/calls.h"
#include "chat/chat.h"
#include "web/forwarded.h"
#include "web/lws.h"
#include "web/server.h"
#include "web/ws_queue.h"

#define WEB_SCRATCH (LWS_PRE + 65536) /* what one lws_write() takes */

struct thread;
struct upload_limit;
struct wait;

/* What an lws connection carries, behind its opaque pointer. First member of struct web_req and ws_sock. */
enum peer_kind { PEER_REQUEST, PEER_SOCKET };
struct peer {
    enum peer_kind kind;
};

struct web {
    /* set once before the thread starts */
    const struct conf *conf;
    struct metrics *metrics;
    struct timers *timers;
    struct chat *chat;
    struct calls *calls; /* NULL once stopping */
    struct wait *wait;
    struct lws_context *lws; /* the wait's */
    struct thread *thread;
    char *web_root;  /* NULL: no web client was found */
    char *files_dir; /* uploads */
    struct proxies proxies;
    /* owned by the web thread */
    struct timer heartbeat;
    struct list requests;
    struct list sockets;
    struct list fresh;     /* sockets that something was queued for in this turn */
    struct list writing;   /* notification sockets that are written to a slice a turn */
    uint64_t writing_us;   /* what their slices took so far */
    uint64_t flushed_us;   /* when the last turn's writing ended */
    struct list gathering; /* those whose messages wait for more */
    struct timer gather_timer;
    uint64_t gather_until_us;
    struct ws_text *last_text; /* the last one queued for a WebSocket, to be shared */
    size_t connections;
    size_t body_bytes;
    struct upload_limit *upload_limit;
    uint64_t stop_by_us; /* 0 until asked to stop */
    uint8_t *scratch;    /* WEB_SCRATCH bytes, for building one reply's next piece */
    /* atomic, any thread */
    _Atomic bool is_woken;
    _Atomic bool is_stop_asked;
    _Atomic uint64_t turns;
};

/* How long the whole of a request's head may take, or of its body, uploads apart. */
#define WEB_HEAD_S 10
#define WEB_BODY_S 30
static inline unsigned web_patience_s(const struct conf *conf, unsigned most_s)
{
    return conf->http.idle_timeout_s < most_s ? conf->http.idle_timeout_s : most_s;
}

static inline struct web *web_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

#endif
