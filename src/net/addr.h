/* Socket addresses, IPv4 and IPv6, as a compact value that can be a hash key. Any thread. */
#ifndef ICHAT_NET_ADDR_H
#define ICHAT_NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* IPv4 is kept as v4-mapped (::ffff:a.b.c.d), so that one dual-stack socket and one comparison serve both. No padding:
 * the 24 bytes are the hash key. With `local` it names a path, as ICE's candidate pairs do. */
struct addr {
    uint8_t ip[16];
    uint32_t scope; /* IPv6 link-local interface index, else 0 */
    uint16_t port;  /* host order */
    uint16_t local; /* the own address that the datagram came to, see net/udp_local.h; 0 = whichever */
};

#define ADDR_TEXT_MAX 64

MUST_CHECK enum err addr_parse(struct addr *out, const char *ip, uint16_t port); /* a literal, never a name */
MUST_CHECK enum err addr_from_sockaddr(struct addr *out, const struct sockaddr *sa, socklen_t len);
/* For an AF_INET6 dual-stack socket; returns the length. */
socklen_t addr_to_sockaddr6(const struct addr *addr, struct sockaddr_storage *out);
/* AF_INET for v4-mapped, else AF_INET6 (what libnice's STUN codec wants). */
socklen_t addr_to_sockaddr(const struct addr *addr, struct sockaddr_storage *out);
bool addr_is_equal(const struct addr *a, const struct addr *b);
bool addr_is_v4(const struct addr *addr);
bool addr_is_loopback(const struct addr *addr);
void addr_ip_text(const struct addr *addr, char out[ADDR_TEXT_MAX]); /* "192.0.2.1", "2001:db8::1" */
void addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX]);    /* with port: "192.0.2.1:7882", "[::1]:7882" */

/* The usable addresses of this host's interfaces that are up: global first, then private, then loopback; no IPv6
 * link-local. Port 0. */
size_t addr_interfaces(struct addr *out, size_t max);

#endif
