/* The receiving half of net/udp_batch.h: recvmmsg, and the split of what the kernel's GRO joined. One media thread. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/udp_batch.h"
#include "net/udp_local.h"

#define PLAIN_SIZE 2048   /* shows an oversized one as truncated */
#define JOINED_SIZE 65536 /* what GRO may join */
#define SEGMENTS_MAX 128  /* in one joined datagram; UDP_GRO_CNT_MAX in the kernel is 64 */
#define STAGGER 192       /* so that equal offsets of neighbouring buffers fall into different cache sets */
#define CONTROL_SIZE (CMSG_SPACE(sizeof(int)) + UDP_LOCAL_CONTROL)

struct udp_rx {
    /* set once at creation */
    size_t buffer_size;
    size_t packets_max;
    uint8_t *buffers;
    struct udp_packet *packets;
    struct udp_locals *locals;
    /* owner's */
    size_t count;
    uint64_t oversized;
    struct mmsghdr msgs[UDP_RX_BATCH];
    struct iovec iov[UDP_RX_BATCH];
    struct sockaddr_storage names[UDP_RX_BATCH];
    _Alignas(struct cmsghdr) uint8_t control[UDP_RX_BATCH][CONTROL_SIZE];
};

struct udp_rx *udp_rx_create(bool has_gro, struct udp_locals *locals)
{
    struct udp_rx *rx = mem_calloc_lines(1, sizeof(*rx));
    rx->locals = locals;
    rx->buffer_size = has_gro ? JOINED_SIZE : PLAIN_SIZE;
    rx->packets_max = has_gro ? UDP_RX_BATCH * SEGMENTS_MAX : UDP_RX_BATCH;
    rx->buffers = mem_calloc_lines(UDP_RX_BATCH, rx->buffer_size + STAGGER);
    rx->packets = mem_calloc_lines(rx->packets_max, sizeof(*rx->packets));
    for (size_t i = 0; i < UDP_RX_BATCH; i++) {
        rx->iov[i].iov_base = rx->buffers + i * (rx->buffer_size + STAGGER);
        rx->iov[i].iov_len = rx->buffer_size;
        rx->msgs[i].msg_hdr.msg_iov = &rx->iov[i];
        rx->msgs[i].msg_hdr.msg_iovlen = 1;
        rx->msgs[i].msg_hdr.msg_name = &rx->names[i];
        rx->msgs[i].msg_hdr.msg_control = rx->control[i];
    }
    return rx;
}

void udp_rx_free(struct udp_rx *rx)
{
    if (!rx)
        return;
    free(rx->packets);
    free(rx->buffers);
    free(rx);
}

/* *segment: the size of the joined datagrams (udp(7), UDP_GRO), unchanged when it is one. *local: see udp_local.h. */
static void read_control(struct udp_rx *rx, struct msghdr *msg, size_t *segment, uint16_t *local)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
            if (size > 0)
                *segment = (size_t)size;
        } else if (rx->locals) {
            *local = udp_locals_learn(rx->locals, cmsg);
        }
    }
}

static void split(struct udp_rx *rx, size_t i)
{
    struct mmsghdr *msg = &rx->msgs[i];
    struct addr from;
    if (msg->msg_len == 0 || addr_from_sockaddr(&from, (struct sockaddr *)&rx->names[i], msg->msg_hdr.msg_namelen))
        return;
    uint8_t *at = rx->iov[i].iov_base;
    size_t left = msg->msg_len;
    size_t size = left;
    read_control(rx, &msg->msg_hdr, &size, &from.local);
    if (size > UDP_RX_PACKET_MAX || (msg->msg_hdr.msg_flags & MSG_TRUNC)) {
        rx->oversized += (left + size - 1) / size;
        return;
    }
    while (left > 0 && rx->count < rx->packets_max) {
        size_t len = left < size ? left : size; /* the last may be shorter */
        rx->packets[rx->count++] = (struct udp_packet){.data = at, .len = len, .from = from};
        at += len;
        left -= len;
    }
}

size_t udp_rx_read(struct udp_rx *rx, int fd)
{
    rx->count = 0;
    for (size_t i = 0; i < UDP_RX_BATCH; i++) {
        rx->msgs[i].msg_hdr.msg_namelen = sizeof(rx->names[i]);
        rx->msgs[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    int n = recvmmsg(fd, rx->msgs, UDP_RX_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
        split(rx, (size_t)i);
    return rx->count;
}

struct udp_packet *udp_rx_packet(struct udp_rx *rx, size_t i)
{
    return &rx->packets[i];
}

uint64_t udp_rx_oversized(const struct udp_rx *rx)
{
    return rx->oversized;
}
