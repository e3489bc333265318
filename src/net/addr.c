/* Socket addresses as compact values. Any thread. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define V4_OFFSET 12 /* of the IPv4 bytes in ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2 */

static const uint8_t v4_prefix[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};

_Static_assert(sizeof(struct addr) == 24, "struct addr is a hash key: no padding");

static void set_v4(struct addr *out, const void *v4)
{
    memcpy(out->ip, v4_prefix, V4_OFFSET);
    memcpy(out->ip + V4_OFFSET, v4, 4);
}

static bool is_link_local(const uint8_t ip[16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80; /* fe80::/10 */
}

enum err addr_parse(struct addr *out, const char *ip, uint16_t port)
{
    struct addr addr = {.port = port};
    struct in_addr v4;
    struct in6_addr v6;
    char host[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET, ip, &v4) == 1) {
        set_v4(&addr, &v4);
        *out = addr;
        return ERR_OK;
    }
    /* "fe80::1%eth0" or "fe80::1%2" */
    size_t len = strcspn(ip, "%");
    if (len >= sizeof(host))
        return ERR_INVALID;
    memcpy(host, ip, len);
    host[len] = '\0';
    if (inet_pton(AF_INET6, host, &v6) != 1)
        return ERR_INVALID;
    memcpy(addr.ip, &v6, 16);
    if (ip[len] == '%') {
        addr.scope = if_nametoindex(ip + len + 1);
        uint64_t number = 0;
        if (addr.scope == 0 && (text_to_u64(ip + len + 1, &number) || number == 0 || number > UINT32_MAX))
            return ERR_INVALID;
        if (addr.scope == 0)
            addr.scope = (uint32_t)number;
        if (!is_link_local(addr.ip))
            return ERR_INVALID;
    }
    *out = addr;
    return ERR_OK;
}

enum err addr_from_sockaddr(struct addr *out, const struct sockaddr *sa, socklen_t len)
{
    struct addr addr = {0};
    if (len >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        set_v4(&addr, &in.sin_addr);
        addr.port = ntohs(in.sin_port);
    } else if (len >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        memcpy(addr.ip, &in6.sin6_addr, 16);
        addr.port = ntohs(in6.sin6_port);
        /* Elsewhere the kernel may fill in a scope too, and one peer must be one key. */
        addr.scope = is_link_local(addr.ip) ? in6.sin6_scope_id : 0;
    } else {
        return ERR_INVALID;
    }
    *out = addr;
    return ERR_OK;
}

socklen_t addr_to_sockaddr6(const struct addr *addr, struct sockaddr_storage *out)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(addr->port), .sin6_scope_id = addr->scope};
    memcpy(&in6.sin6_addr, addr->ip, 16);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

socklen_t addr_to_sockaddr(const struct addr *addr, struct sockaddr_storage *out)
{
    if (!addr_is_v4(addr))
        return addr_to_sockaddr6(addr, out);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
    memcpy(&in.sin_addr, addr->ip + V4_OFFSET, 4);
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}

bool addr_is_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool addr_is_v4(const struct addr *addr)
{
    return memcmp(addr->ip, v4_prefix, V4_OFFSET) == 0;
}

bool addr_is_loopback(const struct addr *addr)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    if (addr_is_v4(addr))
        return addr->ip[V4_OFFSET] == 127; /* 127.0.0.0/8, RFC 1122 section 3.2.1.3 */
    return memcmp(addr->ip, v6_loopback, 16) == 0;
}

void addr_ip_text(const struct addr *addr, char out[ADDR_TEXT_MAX])
{
    if (addr_is_v4(addr)) {
        inet_ntop(AF_INET, addr->ip + V4_OFFSET, out, ADDR_TEXT_MAX);
        return;
    }
    inet_ntop(AF_INET6, addr->ip, out, ADDR_TEXT_MAX);
    size_t len = strlen(out);
    if (addr->scope != 0)
        snprintf(out + len, ADDR_TEXT_MAX - len, "%%%u", addr->scope);
}

void addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX])
{
    char ip[ADDR_TEXT_MAX];
    addr_ip_text(addr, ip);
    /* The longest IPv6 text, a scope and a port are 39 + 11 + 8 characters. */
    snprintf(out, ADDR_TEXT_MAX, addr_is_v4(addr) ? "%.55s:%u" : "[%.55s]:%u", ip, addr->port);
}

/* 0 global, 1 private, 2 loopback. */
static int rank(const struct addr *addr)
{
    if (addr_is_loopback(addr))
        return 2;
    const uint8_t *v4 = addr->ip + V4_OFFSET;
    if (!addr_is_v4(addr))
        return (addr->ip[0] & 0xfe) == 0xfc; /* unique local fc00::/7, RFC 4193 */
    bool is_private = v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) || (v4[0] == 192 && v4[1] == 168) ||
                      (v4[0] == 100 && (v4[1] & 0xc0) == 64) || /* RFC 1918, and shared space of RFC 6598 */
                      (v4[0] == 169 && v4[1] == 254);           /* link-local, RFC 3927 */
    return is_private;
}

size_t addr_interfaces(struct addr *out, size_t max)
{
    struct ifaddrs *all;
    size_t count = 0;
    if (getifaddrs(&all) < 0)
        return 0;
    for (int wanted = 0; wanted <= 2; wanted++) {
        for (const struct ifaddrs *it = all; it && count < max; it = it->ifa_next) {
            if (!it->ifa_addr || !(it->ifa_flags & IFF_UP))
                continue;
            socklen_t len =
                it->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
            struct addr addr;
            if (addr_from_sockaddr(&addr, it->ifa_addr, len) || is_link_local(addr.ip) || rank(&addr) != wanted)
                continue;
            addr.port = 0;
            out[count++] = addr;
        }
    }
    freeifaddrs(all);
    return count;
}
