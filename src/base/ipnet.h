/* A network as operators write it: one address, or a prefix such as 10.0.0.0/8 or 2001:db8::/32. Any thread. */
#ifndef ICHAT_BASE_IPNET_H
#define ICHAT_BASE_IPNET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* IPv4 is kept as v4-mapped, as in net/addr.h. */
struct ipnet {
    uint8_t ip[16];
    uint8_t bits; /* of the 128 */
};

/* Literals alone. A bit that is set behind the prefix, as in 10.0.0.1/8, is a slip: of the address or of the length. */
MUST_CHECK enum err ipnet_parse(struct ipnet *out, const char *text);
/* ::/0 has all of IPv6 and nothing of IPv4. */
bool ipnet_has(const struct ipnet *net, const uint8_t ip[16]);

#endif
