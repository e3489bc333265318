/* The own addresses of datagrams. See udp_local.h. */
#include "net/udp_local.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define V4_OFFSET 12 /* of the IPv4 bytes in ::ffff:a.b.c.d */

struct local {
    uint8_t ip[16];
    unsigned interface; /* for link-local addresses alone: the others are left to the routes */
};

struct udp_locals {
    uint16_t count;
    uint16_t last; /* most datagrams come to the address of the one before */
    struct local table[UDP_LOCALS_MAX];
};

_Static_assert(UDP_LOCAL_CONTROL >= CMSG_SPACE(sizeof(struct in6_pktinfo)), "room for the larger of the two");
_Static_assert(UDP_LOCAL_CONTROL >= CMSG_SPACE(sizeof(struct in_pktinfo)), "room for the larger of the two");

struct udp_locals *udp_locals_create(void)
{
    return mem_calloc(1, sizeof(struct udp_locals));
}

void udp_locals_free(struct udp_locals *locals)
{
    free(locals);
}

static bool is_same(const struct local *a, const struct local *b)
{
    return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->interface == b->interface;
}

static bool read_local(const struct cmsghdr *cmsg, struct local *out)
{
    *out = (struct local){.interface = 0};
    if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
        memcpy(out->ip, &info.ipi6_addr, sizeof(out->ip));
        if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            out->interface = info.ipi6_ifindex;
        return true;
    }
    if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
        out->ip[10] = out->ip[11] = 0xff;
        memcpy(out->ip + V4_OFFSET, &info.ipi_addr, 4);
        return true;
    }
    return false;
}

uint16_t udp_locals_learn(struct udp_locals *locals, const struct cmsghdr *cmsg)
{
    struct local local;
    if (!read_local(cmsg, &local))
        return 0;
    if (locals->last && is_same(&locals->table[locals->last - 1], &local))
        return locals->last;
    for (uint16_t i = 0; i < locals->count; i++) {
        if (is_same(&locals->table[i], &local))
            return locals->last = (uint16_t)(i + 1);
    }
    if (locals->count == UDP_LOCALS_MAX)
        return 0;
    locals->table[locals->count++] = local;
    return locals->last = locals->count;
}

size_t udp_locals_write(const struct udp_locals *locals, uint16_t number, bool is_v4_socket, void *control)
{
    if (number == 0 || number > locals->count)
        return 0;
    const struct local *local = &locals->table[number - 1];
    struct cmsghdr *cmsg = control;
    if (is_v4_socket) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, local->ip + V4_OFFSET, 4);
        cmsg->cmsg_level = IPPROTO_IP;
        cmsg->cmsg_type = IP_PKTINFO;
        cmsg->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
        return CMSG_SPACE(sizeof(info));
    }
    struct in6_pktinfo info = {.ipi6_ifindex = local->interface};
    memcpy(&info.ipi6_addr, local->ip, sizeof(local->ip));
    cmsg->cmsg_level = IPPROTO_IPV6;
    cmsg->cmsg_type = IPV6_PKTINFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
    return CMSG_SPACE(sizeof(info));
}
