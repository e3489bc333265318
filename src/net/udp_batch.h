/* Batched UDP: recvmmsg (with GRO split) and sendmmsg (with GSO runs). One media thread owns a batch; no allocation
 * after creation.
 *
 * Receiving:
 *     struct udp_rx *rx = udp_rx_create(has_gro, locals);
 *     size_t n = udp_rx_read(rx, fd);
 *     for (size_t i = 0; i < n; i++) handle(udp_rx_packet(rx, i));       valid until the next read
 *
 * Sending: slots are filled in any order of receivers and sent at the end of a loop turn.
 *     uint8_t *slot = udp_tx_slot(tx);                UDP_TX_SLOT_SIZE bytes, or NULL when full: flush
 *     udp_tx_commit(tx, len, &to, lane, stream);
 *     udp_tx_flush(tx, fd);                           groups runs per receiver, sendmmsg, empties
 */
#ifndef ICHAT_NET_UDP_BATCH_H
#define ICHAT_NET_UDP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

#define UDP_RX_BATCH 64
#define UDP_RX_PACKET_MAX 2000 /* longer datagrams are no media, STUN or DTLS of ours */
#define UDP_TX_SLOT_SIZE 1664  /* 1,500-byte packets plus SRTP trailer and room for a grown header extension */

struct udp_packet {
    uint8_t *data; /* writable: unsealing works in place */
    size_t len;
    struct addr from;
};

struct udp_locals;
struct udp_rx;
struct udp_tx;

/* locals (NULL = none): gives each packet's `from` the number of the own address that it came to, when the socket tells
 * it. */
struct udp_rx *udp_rx_create(bool has_gro, struct udp_locals *locals);
void udp_rx_free(struct udp_rx *rx);
/* Reads at most one batch; the number of datagrams (after splitting GRO), 0 when there is none. Oversized ones
 * (> UDP_RX_PACKET_MAX) are dropped and counted. */
size_t udp_rx_read(struct udp_rx *rx, int fd);
struct udp_packet *udp_rx_packet(struct udp_rx *rx, size_t i);
uint64_t udp_rx_oversized(const struct udp_rx *rx);

/* locals (NULL = none): the receiving half's; packets leave from the own address that to->local names. */
struct udp_tx *udp_tx_create(size_t slots, bool has_gso, const struct udp_locals *locals);
void udp_tx_free(struct udp_tx *tx);
uint8_t *udp_tx_slot(struct udp_tx *tx);
/* Packets of a kind have like sizes, and runs need equal ones: small packets between large ones would cut them. */
enum udp_lane {
    UDP_LANE_SMALL, /* audio, control: goes first */
    UDP_LANE_LARGE, /* video */
};
#define UDP_LANES 2

/* Takes the slot last given out. Within a lane a receiver's packets of one stream (an SSRC; UDP_NO_STREAM for all that
 * is not RTP) keep their order; larger ones of others may pass them, since that makes runs longer. */
void udp_tx_commit(struct udp_tx *tx, size_t len, const struct addr *to, enum udp_lane lane, uint32_t stream);
#define UDP_NO_STREAM 0
/* Sends all and empties. What the kernel refuses (ENOBUFS, EAGAIN, unreachable) is dropped and counted: media is
 * better late by retransmission than early by blocking. */
void udp_tx_flush(struct udp_tx *tx, int fd);

struct udp_tx_stats {
    uint64_t packets;
    uint64_t bytes;
    uint64_t calls;   /* sendmmsg */
    uint64_t dropped; /* refused by the kernel */
};
const struct udp_tx_stats *udp_tx_stats(const struct udp_tx *tx);

#endif
