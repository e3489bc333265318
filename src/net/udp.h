/* UDP sockets of a media thread. */
#ifndef ICHAT_NET_UDP_H
#define ICHAT_NET_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"

struct udp_opts {
    const char *bind_ip; /* "" or "::" = dual-stack any (falls back to 0.0.0.0 where IPv6 is off) */
    uint16_t port;       /* 0 = any free one */
    int rcvbuf_bytes;
    int sndbuf_bytes;
    bool wants_gro;
};

/* Non-blocking, close-on-exec. *has_gso / *has_gro say what this kernel gives. The caller closes fd. ERR_EXISTS: the
 * port is taken; ERR_INVALID: bind_ip is no literal address. */
MUST_CHECK enum err udp_open(const struct udp_opts *opts, int *fd, uint16_t *port, bool *has_gso, bool *has_gro);

#endif
