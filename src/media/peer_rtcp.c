/* RTCP of one connection: what the peer reports and asks for as publisher and as subscriber, and what we say to it.
 * On the media thread. */
#include "media/egress.h"
#include "media/peer.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"

#define SOON_US 20000           /* by then the first packet that a report speaks of is out */
#define COMPOUND_PACKETS_MAX 64 /* packets of one compound that we read; honest ones have a handful */
#define FIR_ENTRIES_MAX 16
#define CNAME "ichat" /* of the server's own reports, which stand for no member */

static struct track *track_of_ssrc(struct peer *peer, uint32_t ssrc, uint8_t *layer)
{
    for (unsigned i = 0; i < peer->source_count; i++)
        if (peer->ssrcs[i] == ssrc && !peer->sources[i].is_rtx) {
            *layer = peer->sources[i].layer;
            return peer->sources[i].track;
        }
    return NULL;
}

/* --- in --- */

static void on_blocks(struct peer *peer, const struct rtcp *packet)
{
    struct rtcp_report_block block;
    for (unsigned i = 0; rtcp_report_block(packet, i, &block); i++) {
        struct sub *sub = peer_find_sub(peer, block.ssrc);
        if (sub)
            sub_on_report(sub, &block);
    }
}

static void on_sr(struct peer *peer, const struct rtcp *packet)
{
    struct rtcp_sr sr;
    uint8_t layer;
    if (rtcp_parse_sr(packet, &sr)) {
        peer->worker->counts.malformed++;
        return;
    }
    struct track *track = track_of_ssrc(peer, sr.ssrc, &layer);
    if (track)
        track_on_sr(track, layer, &sr);
    on_blocks(peer, packet);
}

static void on_fir(struct peer *peer, const struct rtcp_fb *fb)
{
    struct rtcp_fir fir;
    for (unsigned i = 0; i < FIR_ENTRIES_MAX && rtcp_fir_entry(fb, i, &fir); i++) {
        struct sub *sub = peer_find_sub(peer, fir.ssrc);
        if (sub)
            sub_on_key_request(sub);
    }
}

static void on_feedback(struct peer *peer, const struct rtcp *packet)
{
    struct rtcp_fb fb;
    if (rtcp_fb_parse(packet, &fb)) {
        peer->worker->counts.malformed++;
        return;
    }
    struct sub *sub;
    switch (fb.kind) {
    case RTCP_FB_NACK:
        sub = peer_find_sub(peer, fb.media_ssrc);
        if (sub)
            sub_on_nack(sub, &fb);
        break;
    case RTCP_FB_PLI:
        sub = peer_find_sub(peer, fb.media_ssrc);
        if (sub)
            sub_on_key_request(sub);
        break;
    case RTCP_FB_FIR:
        on_fir(peer, &fb);
        break;
    case RTCP_FB_TWCC:
    case RTCP_FB_REMB:
    case RTCP_FB_OTHER:
        break;
    }
}

/* The source ends; if another SSRC of the same track follows, it need not wait. */
static void on_bye(struct peer *peer, const struct rtcp *packet)
{
    uint32_t ssrc;
    for (unsigned i = 0; i < RTCP_COUNT_MAX && rtcp_bye_ssrc(packet, i, &ssrc); i++) {
        uint8_t layer;
        struct track *track = track_of_ssrc(peer, ssrc, &layer);
        if (track && track->layers[layer].bye_count < TRACK_BYES_MAX) {
            track->layers[layer].bye_count++;
            track->layers[layer].bound_us = 0;
        }
    }
}

void peer_on_rtcp(struct peer *peer, const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    if (rtcp_iter_init(&it, data, len)) {
        peer->worker->counts.malformed++;
        return;
    }
    for (unsigned i = 0; i < COMPOUND_PACKETS_MAX && rtcp_next(&it, &packet); i++) {
        switch (packet.type) {
        case RTCP_SR:
            on_sr(peer, &packet);
            break;
        case RTCP_RR:
            on_blocks(peer, &packet);
            break;
        case RTCP_RTPFB:
        case RTCP_PSFB:
            on_feedback(peer, &packet);
            break;
        case RTCP_BYE:
            on_bye(peer, &packet);
            break;
        default:
            break;
        }
    }
}

/* --- out --- */

static void send_wr(struct peer *peer, uint8_t *slot, const struct wr *wr)
{
    if (!wr->is_bad && wr_len(wr))
        egress_rtcp(peer->worker, peer->transport, slot, wr_len(wr));
}

void peer_send_nack(struct peer *peer, uint32_t ssrc, const uint16_t *seqs, size_t count)
{
    if (!peer->is_ready)
        return;
    uint8_t *slot = egress_slot(peer->worker);
    struct wr wr = wr_make(slot, EGRESS_RTCP_MAX);
    rtcp_write_nack(&wr, peer->local_ssrc, ssrc, seqs, count);
    send_wr(peer, slot, &wr);
}

void peer_send_pli(struct peer *peer, uint32_t ssrc)
{
    if (!peer->is_ready)
        return;
    uint8_t *slot = egress_slot(peer->worker);
    struct wr wr = wr_make(slot, EGRESS_RTCP_MAX);
    rtcp_write_pli(&wr, peer->local_ssrc, ssrc);
    send_wr(peer, slot, &wr);
    peer->worker->counts.keyframe_requests++;
}

void peer_send_twcc(struct peer *peer)
{
    struct worker *worker = peer->worker;
    uint32_t media_ssrc = peer->source_count ? peer->ssrcs[0] : 0;
    for (bool is_more = peer->is_ready; is_more;) {
        uint8_t *slot = egress_slot(worker);
        struct wr wr = wr_make(slot, EGRESS_RTCP_MAX);
        is_more = twcc_recv_poll(peer->twcc, worker->now_us, peer->local_ssrc, media_ssrc, &wr);
        if (is_more)
            send_wr(peer, slot, &wr);
    }
    uint64_t due_us = twcc_recv_next_us(peer->twcc);
    if (due_us != UINT64_MAX)
        timer_set(worker->timers, &peer->twcc_timer, due_us);
}

/* Reception of all that the peer publishes: RR and our CNAME (RFC 3550 section 6.1 wants both). */
static void write_reception(struct peer *peer, struct wr *wr)
{
    struct rtcp_report_block blocks[RTCP_COUNT_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < peer->source_count && count < RTCP_COUNT_MAX; i++) {
        const struct peer_source *source = &peer->sources[i];
        if (!source->is_rtx && recv_stats_report(&source->track->layers[source->layer].stats, peer->ssrcs[i],
                                                 peer->worker->now_us, &blocks[count]))
            count++;
    }
    if (!count)
        return;
    rtcp_write_rr(wr, peer->local_ssrc, blocks, count);
    rtcp_write_sdes_cname(wr, peer->local_ssrc, CNAME);
}

/* Reports of as many subscriptions as needed, in compounds of a bounded size. */
static void send_compounds(struct peer *peer, uint8_t *slot, struct wr *wr, bool only_first)
{
    for (unsigned i = 0; i < peer->sub_count; i++) {
        struct sub *sub = peer->subs[i];
        if (only_first && !sub->wants_report)
            continue;
        if (!sub_write_report(sub, wr) && wr->is_bad) {
            wr->is_bad = false;
            send_wr(peer, slot, wr);
            slot = egress_slot(peer->worker);
            *wr = wr_make(slot, EGRESS_RTCP_MAX);
            (void)sub_write_report(sub, wr);
        }
        sub->wants_report = false;
    }
    send_wr(peer, slot, wr);
}

void peer_send_reports(struct peer *peer)
{
    uint8_t *slot = egress_slot(peer->worker);
    struct wr wr = wr_make(slot, EGRESS_RTCP_MAX);
    write_reception(peer, &wr);
    send_compounds(peer, slot, &wr, false);
}

void peer_send_first_reports(struct peer *peer)
{
    if (!peer->is_ready)
        return;
    uint8_t *slot = egress_slot(peer->worker);
    struct wr wr = wr_make(slot, EGRESS_RTCP_MAX);
    send_compounds(peer, slot, &wr, true);
}

void peer_report_soon(struct peer *peer)
{
    if (!timer_is_set(&peer->soon_timer))
        timer_set(peer->worker->timers, &peer->soon_timer, peer->worker->now_us + SOON_US);
}
