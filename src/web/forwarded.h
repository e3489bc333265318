/* Whose connection it is, behind a proxy. A proxy that http.trusted_proxies lists is believed what it says in
 * X-Forwarded-For, and nobody else is; Forwarded, X-Real-IP and others that name a client are never read. Sans-IO; any
 * thread.
 *
 * Each proxy appends the address that it was connected from, so the list is read from its end: the first entry that is
 * no trusted proxy itself is the client. What stands before it, anybody may have written. */
#ifndef ICHAT_WEB_FORWARDED_H
#define ICHAT_WEB_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/conf.h"
#include "base/ipnet.h"
#include "net/addr.h"

struct proxies {
    struct ipnet nets[CONF_PROXIES_MAX];
    size_t count;
};

/* The configuration has checked them. */
void proxies_init(struct proxies *proxies, const struct conf_list *list);

struct client {
    struct addr addr; /* the peer's own while nobody that is trusted says otherwise; without a port if somebody does */
    /* A program of this host, as far as can be told: it connected from here, and nothing says that it did so for
     * somebody elsewhere. A proxy on this host that is not declared is no reason to take the world for local. */
    bool is_local;
};

/* list: X-Forwarded-For, several lines joined by commas, NULL = none. has_hint: another header that proxies add. */
void client_find(struct client *out, const struct proxies *proxies, const struct addr *peer, const char *list,
                 bool has_hint);

#endif
