/* A member's subscribe connection: the server's offers, the tracks that come, our feedback about them. See member.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/client_priv.h"
#include "client/member.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"
#include "proto/rtp_ext.h"

#define NACK_ROUND_US 20000
#define NACK_BATCH 128
#define REPORT_US 1000000
#define FIRST_REPORT_US 100000
#define PACKET_SIZE 1600
#define PACKET_FILL 1100 /* RTCP bytes in one datagram */

/* --- packets --- */

static void on_rtp(struct member *member, uint8_t *data, size_t len, uint64_t now_us)
{
    struct rtp rtp;
    if (rtp_parse(&rtp, data, len) != ERR_OK)
        return;
    struct receiver *receiver = hmap_get_u64(member->by_ssrc, rtp.ssrc);
    if (receiver && client_rand(member->client) % 100 < member->opts.drop_percent) {
        receiver->stats.injected_drops++;
        return;
    }
    struct rtp_ext ext;
    uint16_t seq;
    if (rtp_ext_find(&rtp, member->twcc_ext, &ext) && rtp_ext_parse_twcc(&ext, &seq) == ERR_OK)
        twcc_recv_on_packet(&member->twcc_recv, seq, now_us);
    if (!receiver)
        return;
    if (rtp.ssrc == receiver->line.ssrc)
        receiver_on_rtp(receiver, &rtp, now_us);
    else
        receiver_on_rtx(receiver, &rtp, now_us);
}

static void on_rtcp(struct member *member, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct rtcp_iter it;
    struct rtcp rtcp;
    if (rtcp_iter_init(&it, data, len) != ERR_OK)
        return;
    while (rtcp_next(&it, &rtcp)) {
        struct rtcp_sr sr;
        if (rtcp.type != RTCP_SR || rtcp_parse_sr(&rtcp, &sr) != ERR_OK)
            continue;
        struct receiver *receiver = hmap_get_u64(member->by_ssrc, sr.ssrc);
        if (receiver && sr.ssrc == receiver->line.ssrc)
            receiver_on_sr(receiver, &sr, now_us);
    }
}

static void on_packet(void *ctx, bool is_rtcp, uint8_t *data, size_t len, uint64_t now_us)
{
    if (is_rtcp)
        on_rtcp(ctx, data, len, now_us);
    else
        on_rtp(ctx, data, len, now_us);
}

static void on_link(void *ctx, enum client_link link)
{
    struct member *member = ctx;
    if (link == CLIENT_LINK_CONNECTED)
        member->report_us = clock_now_us() + FIRST_REPORT_US;
}

/* --- offers --- */

/* The entry of `tracks` for this line, or NULL. */
static const json_t *find_track(const json_t *tracks, const char *mid)
{
    size_t at;
    json_t *track;
    json_array_foreach ((json_t *)(uintptr_t)tracks, at, track) {
        const char *its;
        if (jget_string(track, "mid", &its) == ERR_OK && strcmp(its, mid) == 0)
            return track;
    }
    return NULL;
}

static struct receiver *find_by_track(struct member *member, const char *track_id)
{
    for (size_t i = 0; i < member->receiver_count; i++) {
        if (strcmp(member->receivers[i]->stats.track_id, track_id) == 0)
            return member->receivers[i];
    }
    return NULL;
}

static struct receiver *add_receiver(struct member *member, const struct describe_line *line)
{
    if (member->receiver_count == member->receiver_cap) {
        member->receiver_cap = member->receiver_cap ? member->receiver_cap * 2 : 8;
        member->receivers = mem_realloc(member->receivers, member->receiver_cap * sizeof(struct receiver *));
    }
    return member->receivers[member->receiver_count++] = receiver_create(line);
}

static void take_line(struct member *member, const struct describe_line *line, const json_t *tracks)
{
    const json_t *track = find_track(tracks, line->mid);
    const char *track_id;
    uint64_t user_id;
    bool is_muted = false;
    if (!line->is_sending || !track || jget_string(track, "trackId", &track_id) != ERR_OK ||
        jget_u64(track, "userId", &user_id) != ERR_OK || jget_bool(track, "muted", &is_muted) != ERR_OK)
        return;
    struct receiver *receiver = find_by_track(member, track_id);
    if (!receiver || receiver->line.ssrc != line->ssrc)
        receiver = add_receiver(member, line);
    receiver->line = *line;
    receiver->stats.kind = line->kind;
    receiver->stats.user_id = user_id;
    receiver->stats.ssrc = line->ssrc;
    receiver->stats.is_live = true;
    receiver->stats.is_muted = is_muted;
    (void)text_copy(receiver->stats.track_id, sizeof(receiver->stats.track_id), track_id);
    (void)!hmap_put_u64(member->by_ssrc, line->ssrc, receiver);
    if (line->rtx_ssrc)
        (void)!hmap_put_u64(member->by_ssrc, line->rtx_ssrc, receiver);
    if (line->exts.twcc)
        member->twcc_ext = line->exts.twcc;
}

static void take_lines(struct member *member, const struct describe *offer, const json_t *tracks)
{
    hmap_free(member->by_ssrc);
    member->by_ssrc = hmap_create(16, false);
    for (size_t i = 0; i < member->receiver_count; i++)
        member->receivers[i]->stats.is_live = false;
    for (unsigned i = 0; i < offer->line_count; i++)
        take_line(member, &offer->lines[i], tracks);
}

static bool answer(struct member *member, const char *offer_sdp, uint64_t seq)
{
    struct describe_local local = {.session_id = member->session_id + 1,
                                   .session_version = ++member->subscribe_version,
                                   .ufrag = peerconn_ufrag(member->subscribe),
                                   .pwd = peerconn_pwd(member->subscribe),
                                   .fingerprint = peerconn_fingerprint(member->subscribe)};
    struct text sdp = {0};
    char error[SDP_ERROR_MAX];
    if (describe_answer_write(offer_sdp, &local, &sdp, error) != ERR_OK) {
        member_fail(member, "subscribe-offer: %s", error);
        return false;
    }
    signaling_request(member->signaling, "subscribe-answer",
                      json_pack("{s:I,s:s}", "seq", (json_int_t)seq, "sdp", sdp.data));
    text_free(&sdp);
    return true;
}

/* A connection for the offer: the one there is, a new one, or the same with new credentials. */
static bool prepare(struct member *member, const struct describe *offer, bool is_reset)
{
    if (is_reset) {
        peerconn_free(member->subscribe, true);
        member->subscribe = NULL;
    }
    if (!member->subscribe) {
        struct peerconn_ops ops = {.on_packet = on_packet, .on_link = on_link, .ctx = member};
        twcc_recv_init(&member->twcc_recv, 0);
        return peerconn_create(member->client, &ops, member->opts.suites, &member->subscribe) == ERR_OK;
    }
    if (offer->has_remote && peerconn_link(member->subscribe) != CLIENT_LINK_NEW &&
        !peerconn_is_remote(member->subscribe, offer->remote.ufrag))
        peerconn_restart(member->subscribe);
    return true;
}

static void take_offer(struct member *member, const json_t *data, struct describe *offer)
{
    const char *sdp;
    uint64_t seq;
    bool is_reset;
    char error[SDP_ERROR_MAX];
    if (jget_string(data, "sdp", &sdp) != ERR_OK || jget_u64(data, "seq", &seq) != ERR_OK ||
        jget_bool(data, "reset", &is_reset) != ERR_OK) {
        member_fail(member, "subscribe-offer: a field is missing");
        return;
    }
    if (describe_offer_read(sdp, offer, error) != ERR_OK) {
        member_fail(member, "subscribe-offer: %s", error);
        return;
    }
    if (!prepare(member, offer, is_reset) || !answer(member, sdp, seq)) {
        member_fail(member, "subscribe-offer: %s", client_error(member->client));
        return;
    }
    take_lines(member, offer, jget_find(data, "tracks"));
    if (offer->has_remote && !peerconn_is_remote(member->subscribe, offer->remote.ufrag) &&
        peerconn_set_remote(member->subscribe, &offer->remote) != ERR_OK)
        member_fail(member, "subscribe-offer: %s", client_error(member->client));
}

void member_subscribe_on_offer(struct member *member, const json_t *data)
{
    struct describe *offer = mem_calloc(1, sizeof(*offer));
    take_offer(member, data, offer);
    free(offer);
}

/* --- feedback --- */

static void flush(struct member *member, uint8_t *packet, struct wr *wr)
{
    if (wr_len(wr) > 0 && !wr->is_bad)
        (void)peerconn_send(member->subscribe, true, packet, wr_len(wr), PACKET_SIZE);
    *wr = wr_make(packet, PACKET_FILL);
}

/* Reduced-size compounds (RFC 5506) with the NACKs and PLIs of all tracks. */
static void send_requests(struct member *member, uint64_t now_us)
{
    uint8_t packet[PACKET_SIZE];
    struct wr wr = wr_make(packet, PACKET_FILL);
    for (size_t i = 0; i < member->receiver_count; i++) {
        struct receiver *receiver = member->receivers[i];
        if (!receiver->stats.is_live)
            continue;
        uint16_t seqs[NACK_BATCH];
        size_t count = receiver_poll_nack(receiver, now_us, seqs, NACK_BATCH);
        if (member->opts.is_silent_rtcp)
            continue;
        if (wr_left(&wr) < 24 + 4 * count)
            flush(member, packet, &wr);
        if (receiver_poll_pli(receiver, now_us))
            rtcp_write_pli(&wr, member->rtcp_ssrc, receiver->line.ssrc);
        if (count == 0)
            continue;
        rtcp_write_nack(&wr, member->rtcp_ssrc, receiver->line.ssrc, seqs, count);
        receiver->stats.nacks++;
    }
    flush(member, packet, &wr);
}

static void send_reports(struct member *member, uint64_t now_us)
{
    uint8_t packet[PACKET_SIZE];
    struct rtcp_report_block blocks[RTCP_COUNT_MAX];
    unsigned count = 0;
    struct wr wr = wr_make(packet, PACKET_FILL);
    for (size_t i = 0; i < member->receiver_count; i++) {
        struct receiver *receiver = member->receivers[i];
        if (receiver->stats.is_live && receiver_report(receiver, now_us, &blocks[count]))
            count++;
        if (count < RTCP_COUNT_MAX && (i + 1 < member->receiver_count || count == 0))
            continue;
        rtcp_write_rr(&wr, member->rtcp_ssrc, blocks, count);
        rtcp_write_sdes_cname(&wr, member->rtcp_ssrc, member->cname);
        flush(member, packet, &wr);
        count = 0;
    }
}

static void send_twcc(struct member *member, uint64_t now_us)
{
    uint8_t packet[PACKET_SIZE];
    struct wr wr = wr_make(packet, PACKET_FILL);
    while (twcc_recv_poll(&member->twcc_recv, now_us, member->rtcp_ssrc, 0, &wr))
        flush(member, packet, &wr);
}

void member_subscribe_tick(struct member *member, uint64_t now_us)
{
    if (!member->subscribe)
        return;
    peerconn_tick(member->subscribe, now_us);
    if (peerconn_link(member->subscribe) != CLIENT_LINK_CONNECTED)
        return;
    if (now_us >= member->nack_us) {
        member->nack_us = now_us + NACK_ROUND_US;
        send_requests(member, now_us);
    }
    if (member->opts.is_silent_rtcp)
        return;
    if (now_us >= member->report_us) {
        member->report_us = now_us + REPORT_US;
        send_reports(member, now_us);
    }
    if (now_us >= twcc_recv_next_us(&member->twcc_recv))
        send_twcc(member, now_us);
}

enum err member_ask_keyframe(struct member *member, uint64_t user_id)
{
    struct receiver *receiver = member_find_receiver(member, user_id, CLIENT_VIDEO);
    if (!receiver || !member->subscribe)
        return ERR_NOT_FOUND;
    uint8_t packet[PACKET_SIZE];
    struct wr wr = wr_make(packet, PACKET_FILL);
    rtcp_write_pli(&wr, member->rtcp_ssrc, receiver->line.ssrc);
    receiver->stats.plis++;
    flush(member, packet, &wr);
    return ERR_OK;
}

struct receiver *member_find_receiver(const struct member *member, uint64_t user_id, enum client_kind kind)
{
    struct receiver *found = NULL;
    for (size_t i = 0; i < member->receiver_count; i++) {
        struct receiver *receiver = member->receivers[i];
        if (receiver->stats.user_id == user_id && receiver->stats.kind == kind &&
            (!found || receiver->stats.is_live || !found->stats.is_live))
            found = receiver;
    }
    return found;
}

void member_subscribe_free(struct member *member, bool is_polite)
{
    peerconn_free(member->subscribe, is_polite);
    member->subscribe = NULL;
}
