/* What a subscriber says about its stream, and what we report to it: NACK (RFC 4585), key-frame requests, reception
 * reports, sender reports. On the media thread. */
#include <string.h>

#include "media/egress.h"
#include "media/peer.h"
#include "media/sub.h"
#include "proto/rtp.h"

#define RESEND_MIN_US 10000 /* the same number again within the round trip is impatience; at least so long */
#define RESEND_UNKNOWN_RTT_US 50000

/* True when the number was resent less than a round trip ago. */
static bool was_just_resent(struct sub *sub, uint16_t seq)
{
    uint64_t now_us = sub->worker->now_us;
    uint64_t wait_us = sub->rtt_us ? sub->rtt_us : RESEND_UNKNOWN_RTT_US;
    if (wait_us < RESEND_MIN_US)
        wait_us = RESEND_MIN_US;
    unsigned i = seq % SUB_RESENT_MAX;
    if (sub->resent[i].at_us && sub->resent[i].seq == seq && now_us - sub->resent[i].at_us < wait_us)
        return true;
    sub->resent[i].seq = seq;
    sub->resent[i].at_us = now_us;
    return false;
}

static void resend(struct sub *sub, const struct packet *packet, uint16_t out_seq)
{
    struct worker *worker = sub->worker;
    struct seqmap_out out;
    if (packet->head.source != sub->source ||
        seqmap_map(&sub->map, packet->head.seq, packet->head.timestamp, worker->now_us, &out) || out.seq != out_seq) {
        worker->counts.nack_not_found++;
        return;
    }
    if (!rate_take(&sub->resend, packet->head.payload_len + RTP_HEADER_LEN, worker->now_us)) {
        worker->counts.nack_over_budget++;
        return;
    }
    uint8_t *slot = egress_slot(worker);
    out.seq = sub->rtx_seq++;
    size_t len = sub_write(sub, &packet->head, packet->payload, &out, &out_seq, slot);
    rtp_set_ssrc(slot, sub->rtx_ssrc);
    rtp_set_pt(slot, sub->format.rtx_pt);
    egress_rtp(worker, sub->transport, slot, len, sub->lane);
    worker->counts.retransmitted++;
}

void sub_on_nack(struct sub *sub, const struct rtcp_fb *fb)
{
    struct worker *worker = sub->worker;
    /* Without RTX there is no answer: a number that was sealed once is never sealed again (rtc/seal.h). */
    if (sub->state != SUB_ON || !sub->format.has_nack || !sub->rtx_ssrc)
        return;
    struct rtcp_nack_iter it;
    uint16_t seq;
    rtcp_nack_iter_init(&it, fb);
    while (rtcp_nack_next(&it, &seq)) {
        struct seqmap_in in;
        const struct packet *packet = NULL;
        if (!seqmap_back(&sub->map, seq, &in))
            packet = router_find(sub->router, in.source, in.seq);
        if (!packet) {
            worker->counts.nack_not_found++;
            continue;
        }
        if (!was_just_resent(sub, seq))
            resend(sub, packet, seq);
    }
}

void sub_on_key_request(struct sub *sub)
{
    if (sub->state != SUB_OFF && sub->router)
        router_want_key(sub->router, sub->state == SUB_ON ? sub->source & 3 : sub->layer);
}

void sub_on_report(struct sub *sub, const struct rtcp_report_block *block)
{
    sub->quality = *block;
    uint32_t rtt_us;
    if (srmap_rtt(&sub->reports, block, sub->worker->now_us, &rtt_us))
        sub->rtt_us = rtt_us ? rtt_us : 1;
}

void sub_want_report(struct sub *sub)
{
    if (sub->state != SUB_ON)
        return;
    sub->wants_report = true;
    peer_report_soon(sub->peer);
}

bool sub_write_report(struct sub *sub, struct wr *wr)
{
    if (sub->state != SUB_ON || !sub->router || !seqmap_is_synced(&sub->map))
        return false;
    uint8_t layer = sub->source & 3;
    const struct srmap_source *source = &sub->router->sr[layer];
    if (sub->router->sr_source[layer] != sub->source)
        return false; /* the clock of an earlier run */
    uint64_t now_us = sub->worker->now_us;
    struct rtcp_sr sr;
    if (!srmap_make(source, seqmap_timestamp(&sub->map, source->rtp_ts), sub->format.clock_rate, now_us, &sr))
        return false;
    sr.ssrc = sub->ssrc;
    sr.packet_count = (uint32_t)sub->packets;
    sr.octet_count = (uint32_t)sub->octets;
    uint8_t *start = wr->at;
    rtcp_write_sr(wr, &sr, NULL, 0);
    if (sub->cname[0])
        rtcp_write_sdes_cname(wr, sub->ssrc, sub->cname);
    if (wr->is_bad) { /* no room left: the caller sends what it has and comes again */
        wr->at = start;
        return false;
    }
    srmap_on_sent(&sub->reports, sr.ntp, now_us);
    sub->wants_report = false;
    return true;
}
