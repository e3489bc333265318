/* The guard. Web thread. */
#include "web/guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "web/request.h"
#include "web/routes.h"
#include "web/static.h"
#include "web/upload.h"

static void get_peer(struct lws *wsi, struct addr *out)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    memset(out, 0, sizeof(*out));
    int fd = lws_get_socket_fd(wsi);
    if (fd < 0 || getpeername(fd, (struct sockaddr *)&sa, &len) ||
        addr_from_sockaddr(out, (struct sockaddr *)&sa, len) != ERR_OK)
        memset(out, 0, sizeof(*out));
}

/* Also when it is empty. */
static bool has_header(struct lws *wsi, enum lws_token_indexes token)
{
    char none[1];
    return lws_hdr_total_length(wsi, token) > 0 || lws_hdr_copy_fragment(wsi, none, sizeof(none), token, 0) == 0;
}

/* What proxies add to a request beside X-Forwarded-For. */
static bool has_proxy_hint(struct lws *wsi)
{
    static const char forwarded[] = "forwarded:"; /* RFC 7239; lws has no token for it */
    return has_header(wsi, WSI_TOKEN_HTTP_VIA) || has_header(wsi, WSI_TOKEN_HTTP_X_REAL_IP) ||
           lws_hdr_custom_length(wsi, forwarded, sizeof(forwarded) - 1) >= 0;
}

void guard_find_client(struct lws *wsi, struct client *out)
{
    struct addr peer;
    get_peer(wsi, &peer);
    char *list = NULL;
    if (has_header(wsi, WSI_TOKEN_X_FORWARDED_FOR)) {
        int len = lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR);
        list = mem_calloc(1, (size_t)len + 2);
        if (lws_hdr_copy(wsi, list, len + 1, WSI_TOKEN_X_FORWARDED_FOR) < 0) /* several lines: with commas between */
            list[0] = '\0';
    }
    client_find(out, &web_of(wsi)->proxies, &peer, list, has_proxy_hint(wsi));
    free(list);
}

enum guard_origin guard_origin_of(const struct conf *conf, const char *origin, const char *host)
{
    const struct conf_list *list = &conf->http.allowed_origins;
    if (!list->count || !origin || !*origin)
        return ORIGIN_OWN; /* without an Origin it is no browser, so no page can have lured it here */
    const char *authority = strstr(origin, "://");
    if (authority && host && !strcasecmp(authority + 3, host))
        return ORIGIN_OWN;
    for (unsigned i = 0; i < list->count; i++)
        if (!strcasecmp(list->items[i], origin))
            return ORIGIN_LISTED;
    return ORIGIN_STRANGE;
}

/* The Fetch standard's CORS protocol. False: answered. */
static bool admit_origin(struct web_req *req)
{
    const char *origin = req->headers[HDR_ORIGIN];
    enum guard_origin kind = guard_origin_of(req->web->conf, origin, req->headers[HDR_HOST]);
    if (!req->is_mounted || kind == ORIGIN_OWN)
        return true;
    if (kind == ORIGIN_STRANGE) {
        reply_error(req, CHAT_FORBIDDEN, NULL);
        return false;
    }
    reply_header(req, "access-control-allow-origin:", origin);
    reply_header(req, "vary:", "origin");
    if (req->method != HTTP_OPTIONS)
        return true;
    reply_header(req, "access-control-allow-methods:", "GET, POST");
    reply_header(req, "access-control-allow-headers:", "authorization, content-type");
    reply_header(req, "access-control-max-age:", "7200");
    reply_empty(req, 204);
    return false;
}

/* CONTRACT section 2: the paths without a token check. */
static bool is_open(const struct web_req *req)
{
    const char *path = req->path;
    return !strcmp(path, "/api/login") || !strcmp(path, "/api/logout") || !strcmp(path, "/api/register") ||
           text_has_prefix(path, "/api/ws") || text_has_prefix(path, "/api/file/");
}

const char *guard_token(const struct web_req *req)
{
    const char *header = req->headers[HDR_AUTHORIZATION];
    return header && *header ? header : request_query(req, "token");
}

static void refuse_unread(struct web_req *req, unsigned status, enum chat_code code)
{
    req->must_close = true;
    req->content_length = 0;
    reply_error_status(req, status, code, NULL);
}

void guard_admit(struct web_req *req)
{
    /* lws reads no chunked bodies. Nothing behind such a head may be taken for a request. */
    const char *length = req->headers[HDR_CONTENT_LENGTH];
    if (req->headers[HDR_TRANSFER_ENCODING]) {
        refuse_unread(req, 411, CHAT_BAD_REQUEST);
        return;
    }
    if (length && text_to_u64(length, &req->content_length) != ERR_OK) {
        refuse_unread(req, 400, CHAT_BAD_REQUEST);
        return;
    }
    /* RFC 9112 section 6.3: no body then; but lws goes on waiting for one, so this connection ends with the answer. */
    bool may_have_body = req->method == HTTP_POST || req->method == HTTP_PUT || req->method == HTTP_PATCH;
    if (!length && may_have_body)
        req->must_close = true;

    if (!admit_origin(req))
        return;
    bool needs_token = req->is_mounted && !is_open(req);
    if (needs_token && !*guard_token(req)) {
        reply_error(req, CHAT_UNAUTHORIZED, NULL);
        return;
    }
    if (req->route && req->route->is_upload) {
        upload_begin(req);
        return;
    }
    if (req->content_length > (uint64_t)req->web->conf->http.max_body_kb * 1024)
        reply_error_status(req, 413, CHAT_BAD_REQUEST, NULL);
}

static void run_route(struct web_req *req)
{
    if (req->route)
        req->route->handler(req);
    else if (req->is_mounted)
        reply_not_found(req);
    else
        static_serve(req);
}

static void on_auth(void *ctx, enum auth_result result, const struct caller *caller)
{
    struct web_req *req = ctx;
    switch (result) {
    case AUTH_OK:
        req->is_held = false;
        if (!req->wsi) {
            request_free(req);
            return;
        }
        req->caller = *caller;
        run_route(req);
        return;
    case AUTH_EXPIRED:
        reply_error(req, CHAT_TOKEN_EXPIRED, NULL);
        return;
    case AUTH_BUSY:
        reply_error(req, CHAT_INTERNAL, NULL);
        return;
    case AUTH_MISSING:
    default:
        reply_error(req, CHAT_UNAUTHORIZED, NULL);
        return;
    }
}

void guard_run(struct web_req *req)
{
    if (!req->is_mounted || is_open(req)) {
        run_route(req);
        return;
    }
    request_hold(req);
    auth_check(req->web->chat->auth, guard_token(req), on_auth, req);
}
