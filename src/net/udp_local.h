/* The own addresses at which datagrams arrive on a socket that is bound to all of them. Owned by one media thread.
 *
 * A reply must leave from the address that the request came to: an ICE agent takes an answer from elsewhere as a failed
 * check (RFC 8445 section 7.2.5.2.1), and a NAT drops it. The kernel would choose by its routes. So the receiving half
 * gives each own address a small number, which travels as addr.local with the sender's address, and the sending half
 * turns it back into IPV6_PKTINFO (RFC 3542 section 6.2). */
#ifndef ICHAT_NET_UDP_LOCAL_H
#define ICHAT_NET_UDP_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define UDP_LOCALS_MAX 64 /* further own addresses are left to the kernel's choice */

struct udp_locals;

struct udp_locals *udp_locals_create(void);
void udp_locals_free(struct udp_locals *locals);

/* Bytes of control data that one datagram needs, either way. */
#define UDP_LOCAL_CONTROL CMSG_SPACE(20 /* struct in6_pktinfo */)

/* The number of the address that this control message tells, 0 for any other message or when the table is full. */
uint16_t udp_locals_learn(struct udp_locals *locals, const struct cmsghdr *cmsg);
/* Writes the control message for a number into room for UDP_LOCAL_CONTROL bytes; the bytes used, 0 for number 0. */
size_t udp_locals_write(const struct udp_locals *locals, uint16_t number, bool is_v4_socket, void *control);

#endif
