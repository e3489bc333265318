/* Clients behind proxies. Any thread. */
#include "web/forwarded.h"

#include <string.h>

#include "base/text.h"

#define PORT_DIGITS 5

void proxies_init(struct proxies *proxies, const struct conf_list *list)
{
    proxies->count = 0;
    for (unsigned i = 0; i < list->count && proxies->count < CONF_PROXIES_MAX; i++)
        if (ipnet_parse(&proxies->nets[proxies->count], list->items[i]) == ERR_OK)
            proxies->count++;
}

static bool is_trusted(const struct proxies *proxies, const struct addr *addr)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (ipnet_has(&proxies->nets[i], addr->ip))
            return true;
    return false;
}

/* ":4711"; some proxies tell the client's port as well. */
static bool is_port(const char *text)
{
    uint64_t port;
    return text[0] == ':' && strlen(text) <= 1 + PORT_DIGITS && text_to_u64(text + 1, &port) == ERR_OK &&
           port <= UINT16_MAX;
}

/* 192.0.2.1, 2001:db8::1 or [2001:db8::1], those that a colon cannot be mistaken in with a port. Never a scope: that
 * means something on the proxy alone. */
static bool parse_entry(struct addr *out, const char *text, size_t len)
{
    char copy[ADDR_TEXT_MAX];
    if (len >= sizeof(copy) || memchr(text, '%', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *ip = copy;
    char *rest = NULL;
    if (copy[0] == '[') {
        ip = copy + 1;
        rest = strchr(ip, ']');
        if (!rest)
            return false;
        *rest++ = '\0';
        if (!strchr(ip, ':') || (*rest && !is_port(rest)))
            return false;
    } else {
        rest = strchr(copy, ':');
        if (rest && rest == strrchr(copy, ':')) {
            if (!is_port(rest))
                return false;
            *rest = '\0';
        }
    }
    return addr_parse(out, ip, 0) == ERR_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* False: there is none, or one that says nothing stands where it must be read. */
static bool find_client(struct addr *out, const struct proxies *proxies, const char *list)
{
    bool was_found = false;
    for (size_t end = strlen(list);;) {
        size_t start = end;
        while (start > 0 && list[start - 1] != ',')
            start--;
        size_t from = start;
        size_t to = end;
        while (from < to && is_space(list[from]))
            from++;
        while (from < to && is_space(list[to - 1]))
            to--;
        if (from < to) { /* RFC 9110 section 5.6.1.2: empty ones do not count */
            if (!parse_entry(out, list + from, to - from))
                return false;
            if (!is_trusted(proxies, out))
                return true;
            was_found = true;
        }
        if (!start)
            return was_found; /* proxies all along: the first of them asks for itself */
        end = start - 1;
    }
}

void client_find(struct client *out, const struct proxies *proxies, const struct addr *peer, const char *list,
                 bool has_hint)
{
    struct addr addr;
    *out = (struct client){.addr = *peer, .is_local = addr_is_loopback(peer) && !list && !has_hint};
    if (!list || !is_trusted(proxies, peer) || !find_client(&addr, proxies, list))
        return;
    out->addr = addr;
    out->is_local = addr_is_loopback(peer) && addr_is_loopback(&addr) && !has_hint;
}
