/* One published track. See sender.h. */
#include "client/sender.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "flow/srmap.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"
#include "proto/rtp_ext.h"

#define PACKET_SIZE 1600
#define AUDIO_CLOCK 48000u
#define VIDEO_CLOCK 90000u
#define VIDEO_BPS_DEFAULT 300000u
#define VIDEO_FPS_DEFAULT 25u
#define KEYFRAME_FACTOR 3u      /* a key frame is larger than the others */
#define LATE_MAX_US 200000      /* the loop stood still for longer: skip, do not burst */
#define REPORT_US 1000000       /* between sender reports */
#define AUDIO_LEVEL_SPEECH 0x9e /* voice, -30 dBov (RFC 6464) */

struct sender *sender_create(struct sender_shared *shared, const struct describe_line *line,
                             const struct member_opts *opts)
{
    struct sender *sender = mem_calloc(1, sizeof(*sender));
    sender->shared = shared;
    sender->line = *line;
    sender->stats.kind = line->kind;
    if (line->kind == CLIENT_AUDIO) {
        sender->interval_us = SYNTH_AUDIO_MS * 1000;
        sender->interval_ts = AUDIO_CLOCK / 1000 * SYNTH_AUDIO_MS;
    } else {
        uint32_t fps = opts->video_fps ? opts->video_fps : VIDEO_FPS_DEFAULT;
        uint32_t bps = opts->video_bps ? opts->video_bps : VIDEO_BPS_DEFAULT;
        sender->interval_us = (uint32_t)US_PER_S / fps;
        sender->interval_ts = VIDEO_CLOCK / fps;
        sender->frame_bytes = bps / 8 / fps;
    }
    sender->seq = (uint16_t)rand_u32();
    sender->rtx_seq = (uint16_t)rand_u32();
    sender->timestamp = rand_u32();
    sender->wants_keyframe = true;
    return sender;
}

void sender_free(struct sender *sender)
{
    free(sender);
}

void sender_agree(struct sender *sender, const struct describe_line *line)
{
    sender->line = *line;
}

bool sender_is_mine(const struct sender *sender, uint32_t ssrc)
{
    return ssrc == sender->line.ssrc;
}

/* Header extensions as the answer took them; the transport-wide number is new for each packet that goes out. */
static unsigned make_exts(struct sender *sender, struct rtp_ext out[4], uint8_t twcc[2])
{
    static const uint8_t level = AUDIO_LEVEL_SPEECH;
    const struct describe_line *line = &sender->line;
    unsigned count = 0;
    if (line->exts.mid)
        out[count++] = (struct rtp_ext){
            .id = line->exts.mid, .len = (uint8_t)strlen(line->mid), .data = (const uint8_t *)line->mid};
    if (line->exts.audio_level && line->kind == CLIENT_AUDIO)
        out[count++] = (struct rtp_ext){.id = line->exts.audio_level, .len = 1, .data = &level};
    if (line->exts.twcc) {
        uint16_t seq = sender->shared->twcc_seq++;
        sender->shared->twcc_sent++;
        twcc[0] = (uint8_t)(seq >> 8);
        twcc[1] = (uint8_t)seq;
        out[count++] = (struct rtp_ext){.id = line->exts.twcc, .len = 2, .data = twcc};
    }
    return count;
}

/* Writes and sends one packet, as itself or as RTX (RFC 4588 section 4). */
static bool send_packet(struct sender *sender, const struct sent *sent, bool is_rtx)
{
    uint8_t packet[PACKET_SIZE], twcc[2];
    struct rtp_ext list[4];
    unsigned count = make_exts(sender, list, twcc);
    struct wr wr = wr_make(packet, sizeof(packet));
    rtp_write_header(&wr, &(struct rtp_header){.pt = is_rtx ? sender->line.rtx_pt : sender->line.pt,
                                               .marker = sent->marker,
                                               .seq = is_rtx ? sender->rtx_seq : sent->seq,
                                               .timestamp = sent->timestamp,
                                               .ssrc = is_rtx ? sender->line.rtx_ssrc : sender->line.ssrc,
                                               .has_ext = count > 0});
    if (is_rtx)
        sender->rtx_seq++;
    rtp_ext_write(&wr, list, count);
    if (is_rtx)
        wr_u16(&wr, sent->seq);
    if (sender->line.kind == CLIENT_AUDIO)
        synth_audio_write(&wr, &sent->stamp);
    else
        synth_video_write(&wr, &sent->video, &sent->stamp);
    return !wr.is_bad && sender->shared->send(sender->shared->ctx, false, packet, wr_len(&wr), sizeof(packet));
}

static void send_new(struct sender *sender, struct sent *sent, size_t len)
{
    sent->is_set = true;
    sent->seq = sender->seq++;
    sent->timestamp = sender->timestamp;
    sent->stamp.user_id = sender->shared->user_id;
    sent->stamp.kind = (uint8_t)sender->line.kind;
    sent->stamp.counter = (uint32_t)sender->stats.packets;
    sender->history[sent->seq % SENDER_HISTORY] = *sent;
    sender->stats.packets++;
    sender->stats.bytes += len;
    (void)send_packet(sender, sent, false);
}

static struct synth_stamp make_stamp(const struct sender *sender, uint64_t now_us)
{
    return (struct synth_stamp){.made_us = now_us, .late_us = (uint32_t)(now_us - sender->frame_us) & 0xffffff};
}

static void send_audio_frame(struct sender *sender, uint64_t now_us)
{
    struct sent sent = {.stamp = make_stamp(sender, now_us), .marker = sender->stats.packets == 0};
    send_new(sender, &sent, SYNTH_STAMP_LEN);
}

static void send_video_frame(struct sender *sender, uint64_t now_us)
{
    bool is_keyframe = sender->wants_keyframe;
    size_t bytes = sender->frame_bytes * (is_keyframe ? KEYFRAME_FACTOR : 1);
    unsigned count = synth_video_packets(bytes, is_keyframe);
    sender->wants_keyframe = false;
    if (is_keyframe)
        sender->stats.keyframes++;
    for (unsigned i = 0; i < count; i++) {
        struct sent sent = {.stamp = make_stamp(sender, now_us),
                            .marker = i + 1 == count,
                            .video = {.is_keyframe = is_keyframe,
                                      .picture_id = sender->picture_id,
                                      .index = i,
                                      .count = count,
                                      .len = synth_video_packet_len(bytes, is_keyframe, i)}};
        send_new(sender, &sent, sent.video.len);
    }
    sender->picture_id++;
}

/* SR and SDES. NTP time is our monotonic clock: a receiver of ours can compare it with the stamps. */
static void send_report(struct sender *sender, uint64_t now_us)
{
    uint8_t packet[256];
    struct wr wr = wr_make(packet, sizeof(packet));
    uint32_t clock = sender->line.kind == CLIENT_AUDIO ? AUDIO_CLOCK : VIDEO_CLOCK;
    uint64_t since_us = now_us - sender->frame_us;
    struct rtcp_sr sr = {.ssrc = sender->line.ssrc,
                         .ntp = ntp_from_wall_us((int64_t)now_us),
                         .rtp_ts = sender->timestamp - sender->interval_ts + (uint32_t)(since_us * clock / US_PER_S),
                         .packet_count = (uint32_t)sender->stats.packets,
                         .octet_count = (uint32_t)sender->stats.bytes};
    rtcp_write_sr(&wr, &sr, NULL, 0);
    rtcp_write_sdes_cname(&wr, sender->line.ssrc, sender->line.cname);
    if (wr.is_bad)
        return;
    sender->reports[sender->report_next].lsr = ntp_mid32(sr.ntp);
    sender->reports[sender->report_next].at_us = now_us;
    sender->report_next = (sender->report_next + 1) % SENDER_REPORTS;
    (void)sender->shared->send(sender->shared->ctx, true, packet, wr_len(&wr), sizeof(packet));
}

void sender_tick(struct sender *sender, uint64_t now_us, uint32_t phase_us)
{
    if (!sender->line.is_sending)
        return;
    if (sender->next_us == 0) {
        sender->next_us = now_us + phase_us % sender->interval_us;
        sender->report_us = now_us + REPORT_US / 10;
    }
    while (now_us >= sender->next_us) {
        /* Media time is the planned time: free of the loop's jitter. */
        sender->frame_us = sender->next_us;
        if (sender->line.kind == CLIENT_AUDIO)
            send_audio_frame(sender, now_us);
        else
            send_video_frame(sender, now_us);
        sender->stats.frames++;
        uint64_t skipped =
            now_us - sender->next_us > LATE_MAX_US ? (now_us - sender->next_us) / sender->interval_us : 0;
        sender->timestamp += (uint32_t)(skipped + 1) * sender->interval_ts;
        sender->next_us += (skipped + 1) * sender->interval_us;
    }
    if (sender->stats.packets > 0 && now_us >= sender->report_us) {
        send_report(sender, now_us);
        sender->report_us = now_us + REPORT_US;
    }
}

void sender_on_nack(struct sender *sender, uint16_t seq)
{
    const struct sent *sent = &sender->history[seq % SENDER_HISTORY];
    sender->stats.nacked++;
    if (!sent->is_set || sent->seq != seq || !sender->line.rtx_pt)
        return;
    if (send_packet(sender, sent, true))
        sender->stats.resent++;
}

void sender_on_keyframe_request(struct sender *sender)
{
    sender->stats.plis++;
    sender->wants_keyframe = sender->line.kind == CLIENT_VIDEO;
}

void sender_on_report(struct sender *sender, const struct rtcp_report_block *block, uint64_t now_us)
{
    sender->stats.reports++;
    sender->stats.remote_lost = block->cumulative_lost > 0 ? (uint64_t)block->cumulative_lost : 0;
    for (unsigned i = 0; i < SENDER_REPORTS && block->lsr != 0; i++) {
        if (sender->reports[i].lsr != block->lsr || sender->reports[i].at_us == 0)
            continue;
        uint64_t held_us = (uint64_t)block->dlsr * US_PER_S >> 16; /* RFC 3550 section 6.4.1 */
        uint64_t passed_us = now_us - sender->reports[i].at_us;
        sender->stats.rtt_us = passed_us > held_us ? (uint32_t)(passed_us - held_us) : 0;
    }
}
