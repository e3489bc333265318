/* A member's publish connection: our offer, our tracks, the server's feedback about them. See member.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "client/client_priv.h"
#include "client/member.h"
#include "proto/rtcp_fb.h"
#include "proto/rtcp_twcc.h"

static struct sender *find_sender(struct member *member, uint32_t ssrc)
{
    for (unsigned i = 0; i < member->sender_count; i++) {
        if (sender_is_mine(member->senders[i], ssrc))
            return member->senders[i];
    }
    return NULL;
}

static void on_nack(struct member *member, const struct rtcp_fb *fb)
{
    struct sender *sender = find_sender(member, fb->media_ssrc);
    struct rtcp_nack_iter it;
    uint16_t seq;
    rtcp_nack_iter_init(&it, fb);
    while (sender && rtcp_nack_next(&it, &seq))
        sender_on_nack(sender, seq);
}

static void on_fir(struct member *member, const struct rtcp_fb *fb)
{
    struct rtcp_fir fir;
    for (unsigned i = 0; rtcp_fir_entry(fb, i, &fir); i++) {
        struct sender *sender = find_sender(member, fir.ssrc);
        if (sender)
            sender_on_keyframe_request(sender);
    }
}

/* The numbers must be ones that we sent. */
static void on_twcc(struct member *member, const struct rtcp_fb *fb)
{
    struct rtcp_twcc twcc;
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    if (rtcp_twcc_parse(fb, &twcc) != ERR_OK) {
        member->twcc.bad++;
        return;
    }
    member->twcc.feedbacks++;
    rtcp_twcc_iter_init(&it, &twcc);
    while (rtcp_twcc_next(&it, &status)) {
        uint16_t behind = (uint16_t)(member->shared.twcc_seq - status.seq);
        if (behind == 0 || behind > member->shared.twcc_sent)
            member->twcc.bad++;
        else if (status.is_received)
            member->twcc.received++;
        else
            member->twcc.missing++;
    }
}

static void on_feedback(struct member *member, const struct rtcp *rtcp)
{
    struct rtcp_fb fb;
    if (rtcp_fb_parse(rtcp, &fb) != ERR_OK)
        return;
    struct sender *sender = find_sender(member, fb.media_ssrc);
    switch (fb.kind) {
    case RTCP_FB_NACK:
        on_nack(member, &fb);
        break;
    case RTCP_FB_PLI:
        if (sender)
            sender_on_keyframe_request(sender);
        break;
    case RTCP_FB_FIR:
        on_fir(member, &fb);
        break;
    case RTCP_FB_TWCC:
        on_twcc(member, &fb);
        break;
    case RTCP_FB_REMB:
    case RTCP_FB_OTHER:
        break;
    }
}

static void on_packet(void *ctx, bool is_rtcp, uint8_t *data, size_t len, uint64_t now_us)
{
    struct member *member = ctx;
    struct rtcp_iter it;
    struct rtcp rtcp;
    if (!is_rtcp || rtcp_iter_init(&it, data, len) != ERR_OK)
        return;
    while (rtcp_next(&it, &rtcp)) {
        struct rtcp_report_block block;
        switch (rtcp.type) {
        case RTCP_SR:
        case RTCP_RR:
            for (unsigned i = 0; rtcp_report_block(&rtcp, i, &block); i++) {
                struct sender *sender = find_sender(member, block.ssrc);
                if (sender)
                    sender_on_report(sender, &block, now_us);
            }
            break;
        case RTCP_RTPFB:
        case RTCP_PSFB:
            on_feedback(member, &rtcp);
            break;
        default:
            break;
        }
    }
}

static void on_link(void *ctx, enum client_link link)
{
    (void)ctx, (void)link;
}

static bool send_packet(void *ctx, bool is_rtcp, uint8_t *data, size_t len, size_t size)
{
    struct member *member = ctx;
    return peerconn_send(member->publish, is_rtcp, data, len, size);
}

static void add_line(struct member *member, enum client_kind kind)
{
    struct describe *offer = member->offer;
    struct describe_line *line = &offer->lines[offer->line_count];
    describe_own_line(line, kind, offer->line_count++);
    (void)text_copy(line->cname, sizeof(line->cname), member->cname);
    (void)text_copy(line->stream, sizeof(line->stream), member->cname);
    rand_alnum(line->track, 16);
    member->senders[member->sender_count++] = sender_create(&member->shared, line, &member->opts);
}

enum err member_publish_start(struct member *member)
{
    struct peerconn_ops ops = {.on_packet = on_packet, .on_link = on_link, .ctx = member};
    enum err err = peerconn_create(member->client, &ops, member->opts.suites, &member->publish);
    if (err != ERR_OK)
        return err;
    member->shared = (struct sender_shared){
        .user_id = member->user_id, .twcc_seq = (uint16_t)rand_u32(), .ctx = member, .send = send_packet};
    member->offer = mem_calloc(1, sizeof(*member->offer));
    if (member->opts.has_audio)
        add_line(member, CLIENT_AUDIO);
    if (member->opts.has_video)
        add_line(member, CLIENT_VIDEO);
    member_publish_send_offer(member);
    return ERR_OK;
}

void member_publish_send_offer(struct member *member)
{
    struct describe_local local = {.session_id = member->session_id,
                                   .session_version = ++member->publish_version,
                                   .ufrag = peerconn_ufrag(member->publish),
                                   .pwd = peerconn_pwd(member->publish),
                                   .fingerprint = peerconn_fingerprint(member->publish),
                                   .has_wrong_fingerprint = member->opts.has_wrong_fingerprint};
    struct text sdp = {0};
    describe_offer_write(member->offer, &local, &sdp);
    json_t *tracks = json_array();
    for (unsigned i = 0; i < member->sender_count; i++) {
        const struct sender *sender = member->senders[i];
        json_array_append_new(tracks, json_pack("{s:s,s:s,s:b}", "mid", sender->line.mid, "source",
                                                sender->line.kind == CLIENT_AUDIO ? "mic" : "camera", "muted",
                                                (int)sender->stats.is_muted));
    }
    signaling_request(member->signaling, "publish", json_pack("{s:s,s:o}", "sdp", sdp.data, "tracks", tracks));
    text_free(&sdp);
}

static void take_track_ids(struct member *member, const json_t *data)
{
    size_t at;
    json_t *track;
    json_array_foreach (jget_find(data, "tracks"), at, track) {
        const char *mid, *id;
        if (jget_string(track, "mid", &mid) != ERR_OK || jget_string(track, "trackId", &id) != ERR_OK)
            continue;
        for (unsigned i = 0; i < member->sender_count; i++) {
            struct sender *sender = member->senders[i];
            if (strcmp(sender->line.mid, mid) == 0)
                (void)text_copy(sender->stats.track_id, sizeof(sender->stats.track_id), id);
        }
    }
}

void member_publish_on_answer(struct member *member, const json_t *data)
{
    const char *sdp;
    char error[SDP_ERROR_MAX];
    if (!member->publish || jget_string(data, "sdp", &sdp) != ERR_OK)
        return;
    if (describe_answer_read(sdp, member->offer, error) != ERR_OK) {
        member_fail(member, "the answer to publish: %s", error);
        return;
    }
    take_track_ids(member, data);
    for (unsigned i = 0; i < member->sender_count; i++)
        sender_agree(member->senders[i], &member->offer->lines[i]);
    const struct peerconn_remote *remote = &member->offer->remote;
    if (!member->offer->has_remote || peerconn_is_remote(member->publish, remote->ufrag))
        return;
    if (peerconn_set_remote(member->publish, remote) != ERR_OK)
        member_fail(member, "publish: %s", client_error(member->client));
}

void member_publish_tick(struct member *member, uint64_t now_us)
{
    if (!member->publish)
        return;
    peerconn_tick(member->publish, now_us);
    if (peerconn_link(member->publish) != CLIENT_LINK_CONNECTED)
        return;
    for (unsigned i = 0; i < member->sender_count; i++)
        sender_tick(member->senders[i], now_us, member->phase_us);
}
