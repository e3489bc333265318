/* Published media. See source.h. */
#include "bench/source.h"

#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "bench/procstat.h"
#include "bench/stamp.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"
#include "proto/rtp_ext.h"

#define REPORT_US 1000000u
#define NTP_UNIX 2208988800ULL /* seconds from 1900 to 1970 */
#define LAST_PACKET_MIN 300u   /* bytes */
#define BEHIND_MAX_US 200000u  /* what is later than this is left out: the generator could not keep up */

void source_init(struct source *source, struct peer *peer, const struct describe_line *line,
                 const struct source_opts *opts)
{
    memset(source, 0, sizeof(*source));
    source->peer = peer;
    source->is_video = line->kind == CLIENT_VIDEO;
    source->line = *line;
    source->opts = *opts;
    source->seq = (uint16_t)(rand_u32() & 0x3fff);
    source->timestamp = rand_u32();
    source->rand = rand_u64() | 1;
    source->wants_key = true;
    source->is_received = true;
    source->share = 1;
    source->width = 640;
    source->height = 480;
}

void source_set_layer(struct source *source, unsigned layer)
{
    static const double shares[DESCRIBE_LAYERS] = {1.0 / 8, 3.0 / 8, 1};
    source->rid = describe_rids[layer];
    source->share = shares[layer];
    source->is_received = layer == DESCRIBE_LAYERS - 1;
    source->width = (uint16_t)(320 << layer);
    source->height = (uint16_t)(180 << layer);
    source->line.ssrc += 2 * (layer + 1);
}

void source_set_rate(struct source *source, double packets_per_s)
{
    source->opts.packets_per_s = packets_per_s * source->share;
}

void source_start(struct source *source, uint64_t now_us, uint64_t phase_us)
{
    source->is_on = !source->is_video || source->opts.packets_per_s > 0;
    source->frame_us = source->next_us = now_us + phase_us;
    source->frame_at = source->frame_packets = 0;
    source->report_us = now_us;
}

void source_stop(struct source *source)
{
    source->is_on = false;
}

/* 0..1 */
static double random_share(struct source *source)
{
    source->rand ^= source->rand << 13;
    source->rand ^= source->rand >> 7;
    source->rand ^= source->rand << 17;
    return (double)(source->rand >> 11) / 9007199254740992.0;
}

static void begin_frame(struct source *source, uint64_t now_us)
{
    double per_frame = source->opts.packets_per_s / source->opts.fps;
    bool is_due = source->opts.key_every_s > 0 && now_us >= source->key_us;
    source->is_key = source->wants_key || is_due;
    source->wants_key = false;
    if (source->is_key && source->opts.key_every_s > 0)
        source->key_us = now_us + (uint64_t)(source->opts.key_every_s * 1e6);
    if (source->opts.pacing == SOURCE_BURST) {
        per_frame *= 0.5 + random_share(source);
        if (source->is_key)
            per_frame *= source->opts.key_factor;
    }
    source->carry += per_frame;
    unsigned count = source->carry < 1 ? 1 : (unsigned)source->carry;
    source->carry -= count;
    source->frame_packets = count;
    source->frame_at = 0;
}

static void write_exts(struct source *source, struct wr *wr)
{
    const struct describe_exts *ids = &source->line.exts;
    struct rtp_ext list[5];
    unsigned count = 0;
    uint16_t seq = source->peer->twcc_seq++;
    uint32_t time = (uint32_t)(((wall_ns() % 64000000000ULL) << 18) / 1000000000ULL);
    uint8_t twcc[2] = {(uint8_t)(seq >> 8), (uint8_t)seq}, level = 0x80 | 30;
    uint8_t sent[3] = {(uint8_t)(time >> 16), (uint8_t)(time >> 8), (uint8_t)time};
    if (ids->mid)
        list[count++] =
            (struct rtp_ext){ids->mid, (uint8_t)strlen(source->line.mid), (const uint8_t *)source->line.mid};
    if (ids->rid && source->rid)
        list[count++] = (struct rtp_ext){ids->rid, (uint8_t)strlen(source->rid), (const uint8_t *)source->rid};
    if (ids->audio_level)
        list[count++] = (struct rtp_ext){ids->audio_level, 1, &level};
    if (ids->twcc)
        list[count++] = (struct rtp_ext){ids->twcc, 2, twcc};
    if (ids->abs_send_time)
        list[count++] = (struct rtp_ext){ids->abs_send_time, 3, sent};
    if (count == 0) /* the header said that there are some */
        list[count++] = (struct rtp_ext){14, 1, &level};
    rtp_ext_write(wr, list, count);
}

/* The descriptor's first byte, and in simulcast, where each layer counts its pictures, PictureID and TL0PICIDX (RFC
 * 7741 section 4.2). The frame header says key frame or not (RFC 6386 section 9.1), and the size. */
static void write_payload(struct source *source, uint8_t *at, size_t len)
{
    const uint8_t start = source->frame_at == 0 ? 0x10 : 0x00; /* S: the start of a partition */
    memset(at, (uint8_t)source->seq, len);
    if (source->is_video && len >= STAMP_AT) {
        struct wr wr = wr_make(at, STAMP_AT);
        wr_u8(&wr, source->rid ? 0x80 | start : start);
        if (source->rid) {
            wr_u8(&wr, 0xc0); /* I, L */
            wr_u16(&wr, 0x8000 | source->picture);
            wr_u8(&wr, (uint8_t)source->picture);
        }
        wr_u24(&wr, source->is_key ? 0x100200 : 0x110200);
        wr_u24(&wr, 0x9d012a);
        const uint8_t size[] = {(uint8_t)source->width, (uint8_t)(source->width >> 8), (uint8_t)source->height,
                                (uint8_t)(source->height >> 8)};
        wr_bytes(&wr, size, sizeof(size));
    }
    stamp_write(at, len, wall_ns());
}

static void send_packet(struct source *source)
{
    uint8_t *slot = wire_slot(source->peer->all->wire);
    struct wr wr = wr_make(slot, WIRE_SLOT_SIZE - TRANSPORT_SEAL_OVERHEAD);
    bool is_last = source->frame_at + 1 == source->frame_packets;
    unsigned bytes = source->is_video ? source->opts.bytes : SOURCE_AUDIO_BYTES;
    if (source->is_video && is_last && source->opts.pacing == SOURCE_BURST && bytes > LAST_PACKET_MIN)
        bytes = LAST_PACKET_MIN + (unsigned)(random_share(source) * (bytes - LAST_PACKET_MIN));
    struct rtp_header header = {.pt = source->line.pt,
                                .marker = source->is_video && is_last,
                                .seq = source->seq,
                                .timestamp = source->timestamp,
                                .ssrc = source->line.ssrc,
                                .has_ext = true};
    rtp_write_header(&wr, &header);
    write_exts(source, &wr);
    size_t head = wr_len(&wr);
    size_t payload = bytes > head + STAMP_AT + STAMP_LEN ? bytes - head : STAMP_AT + STAMP_LEN;
    write_payload(source, wr_take(&wr, payload), payload);
    source->seq++;
    source->sent++;
    source->sent_bytes += wr_len(&wr);
    peer_send_rtp(source->peer, slot, wr_len(&wr));
}

static void send_report(struct source *source)
{
    uint64_t now_ns = wall_ns();
    uint8_t *slot = wire_slot(source->peer->all->wire);
    struct wr wr = wr_make(slot, WIRE_SLOT_SIZE - TRANSPORT_SEAL_OVERHEAD);
    uint64_t seconds = now_ns / 1000000000ULL, rest = now_ns % 1000000000ULL;
    struct rtcp_sr sr = {.ssrc = source->line.ssrc,
                         .ntp = (seconds + NTP_UNIX) << 32 | (rest << 32) / 1000000000ULL,
                         .rtp_ts = source->timestamp,
                         .packet_count = (uint32_t)source->sent,
                         .octet_count = (uint32_t)source->sent_bytes};
    rtcp_write_sr(&wr, &sr, NULL, 0);
    rtcp_write_sdes_cname(&wr, source->line.ssrc, source->line.cname[0] ? source->line.cname : "bench");
    peer_send_rtcp(source->peer, slot, wr_len(&wr));
}

/* Moves on to the packet after the one that was sent. */
static void advance(struct source *source)
{
    if (!source->is_video) {
        source->next_us += SOURCE_AUDIO_US;
        source->timestamp += 960; /* 20 ms of 48 kHz */
        return;
    }
    uint64_t frame_us = US_PER_S / source->opts.fps;
    if (++source->frame_at < source->frame_packets) {
        if (source->opts.pacing == SOURCE_EVEN)
            source->next_us = source->frame_us + frame_us * source->frame_at / source->frame_packets;
        return;
    }
    source->picture = (source->picture + 1) & 0x7fff;
    source->frame_us += frame_us;
    source->next_us = source->frame_us;
    source->timestamp += 90000 / source->opts.fps;
}

void source_run(struct source *source, uint64_t now_us, struct hist *late)
{
    if (!source->is_on || now_us < source->next_us || !peer_is_ready(source->peer))
        return;
    if (now_us - source->next_us > BEHIND_MAX_US) {
        if (late)
            hist_add(late, now_us - source->next_us);
        source->frame_us = source->next_us = now_us;
    }
    while (now_us >= source->next_us) {
        if (late)
            hist_add(late, now_us - source->next_us);
        if (source->is_video && (source->frame_at >= source->frame_packets || source->frame_at == 0))
            begin_frame(source, now_us);
        send_packet(source);
        advance(source);
    }
    if (now_us >= source->report_us) {
        send_report(source);
        source->report_us = now_us + REPORT_US;
    }
}
