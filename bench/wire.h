/* The generator's one UDP socket, which is thousands of hosts at once: it is bound to all local addresses, each member
 * connection has an IPv4 address of its own in a range that the kernel takes for local (127.0.0.0/8, or a route of type
 * local), and packet info tells them apart. So a batch of recvmmsg serves all of them, where a socket for each would
 * cost a call for each. The kernel's receive stamps keep the generator's own delays out of the measured ones. One
 * thread; no allocation after creation. */
#ifndef ICHAT_BENCH_WIRE_H
#define ICHAT_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"

#define WIRE_BATCH 64
#define WIRE_SLOT_SIZE 1664

struct wire;

struct wire_packet {
    uint8_t *data;
    size_t len;
    uint32_t local_ip; /* host order: whom it is for */
    struct addr from;
    uint64_t wall_ns; /* when the kernel took it */
};

/* ERR_IO: no socket. */
MUST_CHECK enum err wire_create(struct wire **out);
void wire_free(struct wire *wire);
int wire_fd(const struct wire *wire);
uint16_t wire_port(const struct wire *wire);
size_t wire_rcvbuf(const struct wire *wire); /* what the kernel gave */

/* At most WIRE_BATCH datagrams; they are valid until the next read. */
size_t wire_read(struct wire *wire);
struct wire_packet *wire_packet(struct wire *wire, size_t i);

/* Room for a datagram; a full batch is flushed first. Never NULL. */
uint8_t *wire_slot(struct wire *wire);
void wire_commit(struct wire *wire, size_t len, uint32_t local_ip, const struct addr *to);
void wire_flush(struct wire *wire);

uint64_t wire_drops(struct wire *wire);         /* by a full receive buffer: the generator's fault */
uint64_t wire_refused(const struct wire *wire); /* datagrams that the kernel would not send */

#endif
