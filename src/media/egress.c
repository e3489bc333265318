/* Sealing in place and handing over to the batch. On the media thread. */
#include "media/egress.h"

#include <string.h>

#include "proto/rtp.h"

uint8_t *egress_slot(struct worker *worker)
{
    uint8_t *slot = udp_tx_slot(worker->tx);
    if (slot)
        return slot;
    udp_tx_flush(worker->tx, worker->udp_fd);
    return udp_tx_slot(worker->tx);
}

void egress_rtp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len, enum udp_lane lane)
{
    const struct addr *to = transport_remote(transport);
    if (!to || transport_seal_rtp(transport, slot, &len, EGRESS_SLOT_SIZE)) {
        worker->counts.seal_failures++;
        return;
    }
    udp_tx_commit(worker->tx, len, to, lane, rtp_get_ssrc(slot));
    worker->counts.packets_out++;
    gather_note_out(&worker->gather, transport, worker->now_us);
}

void egress_rtcp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len)
{
    const struct addr *to = transport_remote(transport);
    if (!to || transport_seal_rtcp(transport, slot, &len, EGRESS_SLOT_SIZE)) {
        worker->counts.seal_failures++;
        return;
    }
    udp_tx_commit(worker->tx, len, to, UDP_LANE_SMALL, UDP_NO_STREAM);
}

void egress_raw(struct worker *worker, const uint8_t *data, size_t len, const struct addr *to)
{
    if (len > EGRESS_SLOT_SIZE)
        return;
    uint8_t *slot = egress_slot(worker);
    memcpy(slot, data, len);
    udp_tx_commit(worker->tx, len, to, UDP_LANE_SMALL, UDP_NO_STREAM);
}

void egress_flush(struct worker *worker)
{
    udp_tx_flush(worker->tx, worker->udp_fd);
}
