/* Synthetic Opus and VP8. See synth.h. */
#include "client/synth.h"

#include <string.h>

#define STAMP_MAGIC 0x49434854u /* "ICHT" */

/* RFC 6716 section 3.1: config 31 (CELT, full band, 20 ms), mono, code 3 (a count byte follows). */
#define OPUS_TOC 0xfb
/* Section 3.2.5: one frame, constant bit rate, padding follows. */
#define OPUS_COUNT 0x41

static const uint8_t opus_silence[] = {0xff, 0xfe};

/* Made once with libvpx from one colour, error-resilient: a key frame, and a frame that changes nothing. */
static const uint8_t vp8_key[] = {
    0x10, 0x10, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x39, 0x21, 0x00, 0x01, 0x1c, 0x24, 0x0c, 0x2c,
    0x2c, 0x44, 0x2c, 0x24, 0x40, 0x10, 0x00, 0x13, 0xad, 0x50, 0x1f, 0xc0, 0x10, 0x34, 0x34, 0x2d, 0x43, 0xd2,
    0xee, 0x90, 0xc9, 0x59, 0x72, 0x48, 0x5e, 0x5e, 0x97, 0x74, 0x86, 0x4a, 0xcb, 0x92, 0x42, 0xf2, 0xf4, 0xbb,
    0xa4, 0x32, 0x56, 0x5c, 0x92, 0x17, 0x97, 0xa5, 0xdd, 0x21, 0x92, 0xb2, 0xe4, 0x90, 0xbc, 0xbd, 0x2e, 0xe9,
    0x0c, 0x95, 0x97, 0x24, 0x85, 0xe5, 0xe9, 0x77, 0x48, 0x64, 0xac, 0xb9, 0x24, 0x2f, 0x2f, 0x4b, 0xba, 0x43,
    0x25, 0x65, 0xc9, 0x21, 0x79, 0x7a, 0x5d, 0xd2, 0x19, 0x2b, 0x2e, 0x49, 0x0b, 0xcb, 0xd2, 0xee, 0x90, 0xc9,
    0x59, 0x72, 0x48, 0x5e, 0x5e, 0x97, 0x74, 0x86, 0x4a, 0xcb, 0x92, 0x42, 0xf2, 0xf4, 0xbb, 0xa4, 0x32, 0x56,
    0x5c, 0x92, 0x17, 0x97, 0xa5, 0xdd, 0x21, 0x92, 0xb2, 0xe4, 0x8f, 0xf0, 0xfe, 0xfb, 0x68, 0x97, 0xff, 0x3d,
    0x33, 0x5e, 0x60, 0xff, 0x27, 0x3f, 0xf9, 0xd8, 0x36, 0x25, 0xda, 0xf0, 0x00};
static const uint8_t vp8_inter[] = {0x31, 0x05, 0x00, 0xe3, 0x4b, 0xdf, 0xb8, 0x74, 0x67, 0xaf, 0x10, 0x4f,
                                    0x4f, 0xae, 0x8f, 0x2f, 0xde, 0x3f, 0x80, 0x1f, 0xc0, 0x61, 0x60, 0xbf,
                                    0xd0, 0x00, 0x21, 0xf8, 0x01, 0xa9, 0x7e, 0x6a, 0xe0, 0x4f, 0x02, 0x5a,
                                    0x1e, 0x77, 0xcf, 0x5c, 0xf3, 0xbe, 0x7a, 0xc0, 0x00};

#define VP8_DESCRIPTOR_LEN 4 /* with a 15-bit picture id */
#define VP8_X 0x80
#define VP8_S 0x10
#define VP8_I 0x80
#define VP8_M 0x80
/* What a packet has besides frame bytes. */
#define PACKET_OVERHEAD (VP8_DESCRIPTOR_LEN + SYNTH_STAMP_LEN)

void synth_stamp_write(struct wr *wr, const struct synth_stamp *stamp)
{
    wr_u64(wr, stamp->user_id);
    wr_u64(wr, stamp->made_us);
    wr_u32(wr, stamp->counter);
    wr_u8(wr, stamp->kind);
    wr_u24(wr, stamp->late_us);
    wr_u32(wr, STAMP_MAGIC);
}

bool synth_stamp_read(const uint8_t *payload, size_t len, struct synth_stamp *out)
{
    if (len < SYNTH_STAMP_LEN)
        return false;
    struct rd rd = rd_make(payload + len - SYNTH_STAMP_LEN, SYNTH_STAMP_LEN);
    out->user_id = rd_u64(&rd);
    out->made_us = rd_u64(&rd);
    out->counter = rd_u32(&rd);
    out->kind = rd_u8(&rd);
    out->late_us = rd_u24(&rd);
    return rd_u32(&rd) == STAMP_MAGIC && !rd.is_bad;
}

void synth_audio_write(struct wr *wr, const struct synth_stamp *stamp)
{
    wr_u8(wr, OPUS_TOC);
    wr_u8(wr, OPUS_COUNT);
    wr_u8(wr, SYNTH_STAMP_LEN);
    wr_bytes(wr, opus_silence, sizeof(opus_silence));
    synth_stamp_write(wr, stamp);
}

static size_t frame_len(size_t frame_bytes, bool is_keyframe)
{
    size_t least = is_keyframe ? sizeof(vp8_key) : sizeof(vp8_inter);
    return frame_bytes > least ? frame_bytes : least;
}

unsigned synth_video_packets(size_t frame_bytes, bool is_keyframe)
{
    const size_t room = SYNTH_VIDEO_PAYLOAD_MAX - PACKET_OVERHEAD;
    return (unsigned)((frame_len(frame_bytes, is_keyframe) + room - 1) / room);
}

size_t synth_video_packet_len(size_t frame_bytes, bool is_keyframe, unsigned index)
{
    const size_t room = SYNTH_VIDEO_PAYLOAD_MAX - PACKET_OVERHEAD;
    size_t left = frame_len(frame_bytes, is_keyframe) - index * room;
    return PACKET_OVERHEAD + (left < room ? left : room);
}

void synth_video_write(struct wr *wr, const struct synth_video *video, const struct synth_stamp *stamp)
{
    wr_u8(wr, video->index == 0 ? VP8_X | VP8_S : VP8_X);
    wr_u8(wr, VP8_I);
    wr_u16(wr, (uint16_t)(VP8_M << 8 | (video->picture_id & 0x7fff)));
    size_t left = video->len - PACKET_OVERHEAD;
    if (video->index == 0) {
        const uint8_t *frame = video->is_keyframe ? vp8_key : vp8_inter;
        size_t frame_size = video->is_keyframe ? sizeof(vp8_key) : sizeof(vp8_inter);
        wr_bytes(wr, frame, frame_size);
        left -= frame_size;
    }
    uint8_t *filler = wr_take(wr, left);
    if (filler)
        memset(filler, 0x55, left);
    synth_stamp_write(wr, stamp);
}
