/* The way out: packets are written into a slot of the batch, sealed there and sent at the turn's end. The owning media
 * thread; no allocation.
 *
 *     uint8_t *slot = egress_slot(worker);                 EGRESS_SLOT_SIZE bytes, never NULL
 *     len = write(slot);
 *     egress_rtp(worker, transport, slot, len, lane);            a slot that is not handed back is simply given out
 * again */
#ifndef ICHAT_MEDIA_EGRESS_H
#define ICHAT_MEDIA_EGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "media/worker.h"

#define EGRESS_SLOT_SIZE UDP_TX_SLOT_SIZE
#define EGRESS_RTCP_MAX 1200 /* plain bytes of one compound, to stay under every path's MTU with the trailer */

uint8_t *egress_slot(struct worker *worker);
void egress_rtp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len, enum udp_lane lane);
void egress_rtcp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len);
/* A STUN answer or DTLS flight, as it is. */
void egress_raw(struct worker *worker, const uint8_t *data, size_t len, const struct addr *to);
void egress_flush(struct worker *worker);

#endif
