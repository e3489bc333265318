/* Opening UDP sockets. */
#include "net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static void set_buffer(int fd, int option, int force_option, int bytes)
{
    if (bytes <= 0)
        return;
    /* The forced form exceeds net.core.?mem_max but needs CAP_NET_ADMIN; the plain one is silently capped. */
    if (setsockopt(fd, SOL_SOCKET, force_option, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

/* A dual-stack socket; where the kernel has no IPv6, an IPv4 one (*is_v4_only). */
static int open_socket(bool *is_v4_only)
{
    int off = 0;
    *is_v4_only = false;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    *is_v4_only = true;
    return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int bind_to(int fd, const struct addr *addr, bool is_v4_only)
{
    struct sockaddr_storage sa;
    struct addr any_v4 = *addr;
    static const uint8_t any[16] = {0};
    if (is_v4_only && memcmp(addr->ip, any, sizeof(any)) == 0)
        any_v4.ip[10] = any_v4.ip[11] = 0xff; /* :: as 0.0.0.0 */
    socklen_t len = is_v4_only ? addr_to_sockaddr(&any_v4, &sa) : addr_to_sockaddr6(addr, &sa);
    return bind(fd, (struct sockaddr *)&sa, len);
}

static enum err local_port(int fd, uint16_t *port)
{
    struct sockaddr_storage sa;
    struct addr local;
    socklen_t len = sizeof(sa);
    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return ERR_IO;
    if (addr_from_sockaddr(&local, (struct sockaddr *)&sa, len))
        return ERR_IO;
    *port = local.port;
    return ERR_OK;
}

/* Bound to all addresses: each datagram shall tell to which one it came. */
static void tell_local(int fd, bool is_v4_only)
{
    int on = 1;
    if (is_v4_only)
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

static bool is_any(const struct addr *addr)
{
    static const uint8_t any_v6[16] = {0}, any_v4[16] = {[10] = 0xff, [11] = 0xff};
    return memcmp(addr->ip, any_v6, sizeof(any_v6)) == 0 || memcmp(addr->ip, any_v4, sizeof(any_v4)) == 0;
}

enum err udp_open(const struct udp_opts *opts, int *fd, uint16_t *port, bool *has_gso, bool *has_gro)
{
    struct addr addr;
    const char *ip = opts->bind_ip && *opts->bind_ip ? opts->bind_ip : "::";
    if (addr_parse(&addr, ip, opts->port))
        return ERR_INVALID;
    bool is_v4_only;
    int sock = open_socket(&is_v4_only);
    if (sock < 0) {
        log_error("Cannot open a UDP socket: errno=%d", errno);
        return ERR_IO;
    }
    int bound = bind_to(sock, &addr, is_v4_only);
    if (bound < 0 && errno == EADDRNOTAVAIL && strcmp(ip, "::") == 0 && !is_v4_only) {
        /* IPv6 is compiled in but switched off. */
        struct addr any_v4 = {.ip = {[10] = 0xff, [11] = 0xff}, .port = opts->port};
        bound = bind_to(sock, &any_v4, false);
    }
    if (bound < 0 || local_port(sock, port)) {
        int error = errno;
        log_error("Cannot bind a UDP socket: ip=%s port=%u errno=%d (%s)", ip, opts->port, error, strerror(error));
        close(sock);
        return error == EADDRINUSE ? ERR_EXISTS : ERR_IO;
    }
    set_buffer(sock, SO_RCVBUF, SO_RCVBUFFORCE, opts->rcvbuf_bytes);
    set_buffer(sock, SO_SNDBUF, SO_SNDBUFFORCE, opts->sndbuf_bytes);
    if (is_any(&addr))
        tell_local(sock, is_v4_only);
    int on = 1, size = 0;
    socklen_t size_len = sizeof(size);
    *has_gso = getsockopt(sock, IPPROTO_UDP, UDP_SEGMENT, &size, &size_len) == 0;
    *has_gro = opts->wants_gro && setsockopt(sock, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == 0;
    *fd = sock;
    return ERR_OK;
}
