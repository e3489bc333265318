/* The listeners. Main thread. */
#include "web/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/addr.h"
#include "web/tls.h"
#include "web/web_impl.h"

#define RX_BYTES 4096 /* a piece of a WebSocket frame */

/* The first serves HTTP, and the WebSockets that offer no subprotocol: clients of the call protocol's version 1. */
static const struct lws_protocols protocols[] = {
    {"http", listen_on_event, 0, RX_BYTES, 0, NULL, 0},
    {CALLS_V2_PROTOCOL, listen_on_event, 0, RX_BYTES, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* lws would look after silent WebSockets by itself, with a timer each in one sorted list, moved at each frame: with
 * thousands of them most of the thread's time. ws.c does it. */
static const lws_retry_bo_t no_validity = {0};

/* Tries the port, because lws does not say why it cannot have it. */
static enum err probe(const char *bind_ip, uint16_t port, int family, char error[WEB_ERROR_MAX])
{
    struct addr addr;
    struct sockaddr_storage sa;
    const char *ip = bind_ip[0] ? bind_ip : family == AF_INET6 ? "::" : "0.0.0.0";
    if (addr_parse(&addr, ip, port) != ERR_OK) {
        snprintf(error, WEB_ERROR_MAX, "http.bind: '%s' is not an address", bind_ip);
        return ERR_INVALID;
    }
    socklen_t len = family == AF_INET6 ? addr_to_sockaddr6(&addr, &sa) : addr_to_sockaddr(&addr, &sa);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    int zero = 0;
    enum err err = ERR_OK;
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (family == AF_INET6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 1)) {
        const char *hint = errno == EADDRINUSE ? " (another program has it; choose one with --port or --tls-port)" : "";
        snprintf(error, WEB_ERROR_MAX, "Port %u cannot be opened: %s%s", port, strerror(errno), hint);
        err = ERR_IO;
    }
    if (fd >= 0)
        close(fd);
    return err;
}

/* IPv6 sockets take IPv4 too; a host without IPv6 has only those of IPv4. */
static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct addr any;
    struct sockaddr_storage sa;
    bool is_there =
        addr_parse(&any, "::", 0) == ERR_OK && !bind(fd, (struct sockaddr *)&sa, addr_to_sockaddr6(&any, &sa));
    close(fd);
    return is_there;
}

static enum err open_one(struct web *web, uint16_t port, bool is_tls, char error[WEB_ERROR_MAX])
{
    const struct conf *conf = web->conf;
    bool is_v4 = conf->http.bind[0] && !strchr(conf->http.bind, ':');
    bool use_v6 = !is_v4 && has_ipv6();
    enum err err = probe(conf->http.bind, port, use_v6 ? AF_INET6 : AF_INET, error);
    if (err != ERR_OK)
        return err;
    char *cert = NULL;
    char *key = NULL;
    struct lws_context_creation_info info = {
        .port = port,
        .iface = conf->http.bind[0] ? conf->http.bind : NULL,
        .protocols = protocols,
        .vhost_name = is_tls ? "https" : "http",
        .options = use_v6 ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6,
        .retry_and_idle_policy = &no_validity,
        .keepalive_timeout = (int)conf->http.idle_timeout_s,
        .timeout_secs = web_patience_s(conf, WEB_BODY_S),
        .timeout_secs_ah_idle = web_patience_s(conf, WEB_HEAD_S), /* from the connection to the end of the head */
    };
    if (is_tls) {
        err = tls_prepare(conf, &cert, &key);
        if (err != ERR_OK) {
            snprintf(error, WEB_ERROR_MAX, "TLS cannot be set up on port %u (the log says why)", port);
            return err;
        }
        info.ssl_cert_filepath = cert;
        info.ssl_private_key_filepath = key;
        /* No HTTP/2: lws 4.1 ends a connection with GOAWAY whenever another frame stands behind a POST's data in one
         * read, which is what browsers send, and knows no measure against rapid resets (CVE-2023-44487). */
        info.alpn = "http/1.1";
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
    }
    if (!lws_create_vhost(web->lws, &info)) {
        snprintf(error, WEB_ERROR_MAX, "Port %u cannot be served%s (the log says why)", port,
                 is_tls ? " with this certificate and key" : "");
        err = ERR_IO;
    }
    free(cert);
    free(key);
    return err;
}

enum err listen_open(struct web *web, char error[WEB_ERROR_MAX])
{
    enum err err = open_one(web, (uint16_t)web->conf->http.port, false, error);
    if (err == ERR_OK && web->conf->http.tls_port)
        err = open_one(web, (uint16_t)web->conf->http.tls_port, true, error);
    return err;
}
