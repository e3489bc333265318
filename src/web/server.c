/* The web thread: the lws context, its callback, its loop. What happens to a request or a socket is in request.c and
 * ws.c. */
#include "web/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "chat/file.h"
#include "web/listen.h"
#include "web/request.h"
#include "web/static.h"
#include "web/upload.h"
#include "web/upload_limit.h"
#include "web/wait.h"
#include "web/web_impl.h"
#include "web/ws.h"

#define STOP_US (2 * US_PER_S) /* for calls, sockets and answers to be told off */
#define HEADER_BYTES 16384     /* of one request; cookies of other services on this host come along */

static void on_lws_log(int level, const char *line)
{
    int len = (int)strcspn(line, "\n");
    if (level & LLL_ERR)
        log_limited(LOG_WARN, "The HTTP library reports: %.*s", len, line);
    else
        log_debug("The HTTP library says: %.*s", len, line);
}

static void on_heartbeat(void *ctx, uint64_t now_us)
{
    struct web *web = ctx;
    atomic_fetch_add_explicit(&web->turns, 1, memory_order_relaxed);
    timer_set(web->timers, &web->heartbeat, now_us + WAIT_MAX_MS * US_PER_MS);
}

enum err web_create(const struct conf *conf, struct metrics *metrics, struct web **out)
{
    struct web *web = mem_calloc(1, sizeof(*web));
    web->conf = conf;
    web->metrics = metrics;
    web->timers = timers_create(clock_now_us());
    web->scratch = mem_calloc(1, WEB_SCRATCH);
    web->upload_limit = upload_limit_create();
    web->web_root = static_find_root(conf);
    proxies_init(&web->proxies, &conf->http.trusted_proxies);
    list_init(&web->requests);
    ws_init(web);
    timer_init(&web->heartbeat, on_heartbeat, web);
    if (asprintf(&web->files_dir, "%s/files", conf->data.dir) < 0)
        abort();

    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .user = web,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .server_string = "ichat",
        .max_http_header_data2 = HEADER_BYTES,
        .pt_serv_buf_size = 32768,
        .timeout_secs = web_patience_s(conf, WEB_BODY_S),
    };
    web->wait = wait_create(web->timers, &info);
    web->lws = web->wait ? wait_lws(web->wait) : NULL;
    if (!web->wait || upload_prepare_dir(web->files_dir) != ERR_OK) {
        log_error("The web server cannot be set up");
        web_free(web);
        return ERR_IO;
    }
    *out = web;
    return ERR_OK;
}

struct timers *web_timers(struct web *web)
{
    return web->timers;
}

uint64_t web_turns(const struct web *web)
{
    return atomic_load_explicit(&web->turns, memory_order_relaxed);
}

void web_wake(void *ctx)
{
    struct web *web = ctx;
    if (!atomic_exchange(&web->is_woken, true))
        wait_wake(web->wait);
}

enum err web_listen(struct web *web, struct chat *chat, struct calls *calls, char error[WEB_ERROR_MAX])
{
    web->chat = chat;
    web->calls = calls;
    return listen_open(web, error);
}

static int on_request(enum lws_callback_reasons reason, struct web_req *req, const void *in, size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP_BODY:
        request_on_body(req, in, len);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        request_on_body_end(req);
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return request_on_writable(req);
    default: /* closed, in one way or the other */
        request_on_gone(req);
        return 0;
    }
}

static int on_socket(enum lws_callback_reasons reason, struct ws_sock *sock, const void *in, size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_RECEIVE:
        return ws_on_receive(sock, in, len);
    case LWS_CALLBACK_RECEIVE_PONG:
        ws_on_pong(sock, in, len);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        ws_on_peer_close(sock);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return ws_on_writable(sock);
    default:
        ws_on_gone(sock);
        return 0;
    }
}

/* Refusing a connection costs less than serving it: nothing was read of it yet. */
static int on_connection(struct web *web)
{
    if (web->stop_by_us || web->connections >= web->conf->http.max_connections) {
        if (!web->stop_by_us)
            log_limited(LOG_WARN, "Too many connections, refusing one: limit=%u", web->conf->http.max_connections);
        return -1;
    }
    return 0;
}

int listen_on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct web *web;
    struct peer *peer;
    (void)user;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return on_connection(web_of(wsi));
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        web_of(wsi)->connections++;
        return 0;
    case LWS_CALLBACK_RAW_ADOPT: /* the CONNECT method: lws hands the connection over as it is */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return ws_on_upgrade(wsi, in);
    case LWS_CALLBACK_HTTP:
        return request_on_headers(web_of(wsi), wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return ws_on_open(wsi);
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_CLOSED:
        break;
    case LWS_CALLBACK_WSI_DESTROY:
        web = web_of(wsi);
        if (web->connections)
            web->connections--;
        break;
    default:
        return 0;
    }
    peer = lws_get_opaque_user_data(wsi);
    if (!peer)
        return 0;
    if (peer->kind == PEER_REQUEST)
        return on_request(reason, (struct web_req *)peer, in, len);
    return on_socket(reason, (struct ws_sock *)peer, in, len);
}

static void begin_stop(struct web *web)
{
    log_info("Stopping: calls=%zu", calls_count(web->calls));
    web->stop_by_us = clock_now_us() + STOP_US;
    calls_free(web->calls);
    web->calls = NULL;
    ws_close_all(web);
}

static bool is_stopped(struct web *web)
{
    if (!web->stop_by_us)
        return false;
    bool is_quiet = list_is_empty(&web->sockets) && list_is_empty(&web->requests);
    return is_quiet || clock_now_us() >= web->stop_by_us;
}

static void run(void *ctx)
{
    struct web *web = ctx;
    on_heartbeat(web, clock_now_us());
    file_sweep_start(web->chat);
    while (!is_stopped(web)) {
        if (!wait_turn(web->wait))
            break;
        atomic_store(&web->is_woken, false);
        chat_poll(web->chat);
        if (web->calls)
            calls_poll(web->calls);
        timers_run(web->timers, clock_now_us());
        if (!web->stop_by_us && atomic_load(&web->is_stop_asked))
            begin_stop(web);
        ws_flush(web);
    }
}

enum err web_start(struct web *web)
{
    return thread_start(&web->thread, "web", run, web);
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    if (!web->thread) { /* never started */
        calls_free(web->calls);
        web->calls = NULL;
        return;
    }
    atomic_store(&web->is_stop_asked, true);
    web_wake(web);
    thread_join(web->thread);
    web->thread = NULL;
}

void web_free(struct web *web)
{
    if (!web)
        return;
    wait_free(web->wait);
    list_each (node, &web->requests) {
        request_free(list_item(node, struct web_req, node));
    }
    timer_stop(web->timers, &web->heartbeat);
    ws_clear(web);
    timers_free(web->timers);
    upload_limit_free(web->upload_limit);
    free(web->scratch);
    free(web->web_root);
    free(web->files_dir);
    free(web);
}
