/* The generator's socket. See wire.h. */
#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define RCVBUF_BYTES (48 * 1024 * 1024) /* some 20,000 packets: the generator may be away for a while */
#define RX_SIZE 2048
#define RX_CONTROL (CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct timespec)))
#define TX_CONTROL CMSG_SPACE(sizeof(struct in_pktinfo))

struct wire {
    /* set once at creation */
    int fd;
    uint16_t port;
    uint8_t *rx_data;
    uint8_t *tx_data;
    /* owner's */
    unsigned tx_count;
    uint64_t refused;
    struct wire_packet packets[WIRE_BATCH];
    struct mmsghdr rx[WIRE_BATCH];
    struct iovec rx_iov[WIRE_BATCH];
    struct sockaddr_in rx_name[WIRE_BATCH];
    _Alignas(struct cmsghdr) uint8_t rx_control[WIRE_BATCH][RX_CONTROL];
    struct mmsghdr tx[WIRE_BATCH];
    struct iovec tx_iov[WIRE_BATCH];
    struct sockaddr_storage tx_name[WIRE_BATCH];
    _Alignas(struct cmsghdr) uint8_t tx_control[WIRE_BATCH][TX_CONTROL];
};

static bool open_socket(struct wire *wire)
{
    int on = 1, size = RCVBUF_BYTES;
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof(any);
    wire->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return false;
    if (setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (setsockopt(wire->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0 ||
        setsockopt(wire->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
        bind(wire->fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
        getsockname(wire->fd, (struct sockaddr *)&any, &len) < 0)
        return false;
    wire->port = ntohs(any.sin_port);
    return true;
}

enum err wire_create(struct wire **out)
{
    struct wire *wire = mem_calloc_lines(1, sizeof(*wire));
    wire->rx_data = mem_calloc_lines(WIRE_BATCH, RX_SIZE);
    wire->tx_data = mem_calloc_lines(WIRE_BATCH, WIRE_SLOT_SIZE);
    if (!open_socket(wire)) {
        wire_free(wire);
        return ERR_IO;
    }
    *out = wire;
    return ERR_OK;
}

void wire_free(struct wire *wire)
{
    if (!wire)
        return;
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire->tx_data);
    free(wire->rx_data);
    free(wire);
}

int wire_fd(const struct wire *wire)
{
    return wire->fd;
}

uint16_t wire_port(const struct wire *wire)
{
    return wire->port;
}

size_t wire_rcvbuf(const struct wire *wire)
{
    int size = 0;
    socklen_t len = sizeof(size);
    (void)getsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
    return (size_t)size;
}

static void take_control(struct msghdr *msg, struct wire_packet *packet)
{
    packet->local_ip = 0;
    packet->wall_ns = 0;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
            packet->local_ip = ntohl(info.ipi_addr.s_addr);
        } else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec ts;
            memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
            packet->wall_ns = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
        }
    }
}

size_t wire_read(struct wire *wire)
{
    for (unsigned i = 0; i < WIRE_BATCH; i++) {
        wire->rx_iov[i] = (struct iovec){wire->rx_data + (size_t)i * RX_SIZE, RX_SIZE};
        wire->rx[i].msg_hdr = (struct msghdr){.msg_name = &wire->rx_name[i],
                                              .msg_namelen = sizeof(wire->rx_name[i]),
                                              .msg_iov = &wire->rx_iov[i],
                                              .msg_iovlen = 1,
                                              .msg_control = wire->rx_control[i],
                                              .msg_controllen = RX_CONTROL};
    }
    int n = recvmmsg(wire->fd, wire->rx, WIRE_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct wire_packet *packet = &wire->packets[i];
        packet->data = wire->rx_iov[i].iov_base;
        packet->len = wire->rx[i].msg_len;
        take_control(&wire->rx[i].msg_hdr, packet);
        (void)!addr_from_sockaddr(&packet->from, (struct sockaddr *)&wire->rx_name[i], sizeof(wire->rx_name[i]));
    }
    return n > 0 ? (size_t)n : 0;
}

struct wire_packet *wire_packet(struct wire *wire, size_t i)
{
    return &wire->packets[i];
}

uint8_t *wire_slot(struct wire *wire)
{
    if (wire->tx_count == WIRE_BATCH)
        wire_flush(wire);
    return wire->tx_data + (size_t)wire->tx_count * WIRE_SLOT_SIZE;
}

void wire_commit(struct wire *wire, size_t len, uint32_t local_ip, const struct addr *to)
{
    unsigned i = wire->tx_count++;
    struct cmsghdr *cmsg = (struct cmsghdr *)(void *)wire->tx_control[i];
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(local_ip)};
    *cmsg = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
    wire->tx_iov[i] = (struct iovec){wire->tx_data + (size_t)i * WIRE_SLOT_SIZE, len};
    wire->tx[i].msg_hdr = (struct msghdr){.msg_name = &wire->tx_name[i],
                                          .msg_namelen = addr_to_sockaddr(to, &wire->tx_name[i]),
                                          .msg_iov = &wire->tx_iov[i],
                                          .msg_iovlen = 1,
                                          .msg_control = wire->tx_control[i],
                                          .msg_controllen = TX_CONTROL};
}

void wire_flush(struct wire *wire)
{
    for (unsigned i = 0; i < wire->tx_count;) {
        int n = sendmmsg(wire->fd, &wire->tx[i], wire->tx_count - i, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            i += (unsigned)n;
        } else if (errno != EINTR) {
            wire->refused++;
            i++;
        }
    }
    wire->tx_count = 0;
}

uint64_t wire_drops(struct wire *wire)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof(info);
    if (getsockopt(wire->fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

uint64_t wire_refused(const struct wire *wire)
{
    return wire->refused;
}
