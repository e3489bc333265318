/* The listeners: plain HTTP on http.port, TLS on http.tls_port. Main thread, before the web thread starts. */
#ifndef ICHAT_WEB_LISTEN_H
#define ICHAT_WEB_LISTEN_H

#include "base/err.h"
#include "web/lws.h"
#include "web/server.h"

struct web;

/* On failure `error` says which port, and why. */
MUST_CHECK enum err listen_open(struct web *web, char error[WEB_ERROR_MAX]);

/* server.c: everything that lws tells. */
int listen_on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

#endif
