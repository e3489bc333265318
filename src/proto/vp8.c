/* VP8 payload descriptor (RFC 7741 section 4.2). Any thread. */
#include "proto/vp8.h"

#include "base/buf.h"

/* The optional fields announced by the X byte, in their order. */
static void parse_extension(struct vp8 *vp8, struct rd *rd, const uint8_t *payload)
{
    uint8_t x = rd_u8(rd);
    if (x & 0x80) { /* I */
        vp8->has_picture_id = true;
        vp8->picture_id_offset = (uint8_t)(rd->at - payload);
        uint8_t first = rd_u8(rd);
        vp8->is_picture_id_long = (first & 0x80) != 0;
        vp8->picture_id = first & 0x7f;
        if (vp8->is_picture_id_long)
            vp8->picture_id = (uint16_t)(vp8->picture_id << 8 | rd_u8(rd));
    }
    if (x & 0x40) { /* L */
        vp8->has_tl0picidx = true;
        vp8->tl0picidx_offset = (uint8_t)(rd->at - payload);
        vp8->tl0picidx = rd_u8(rd);
    }
    if (x & 0x30) { /* T or K share a byte */
        uint8_t tk = rd_u8(rd);
        vp8->has_tid = (x & 0x20) != 0;
        vp8->tid = vp8->has_tid ? tk >> 6 : 0;
        vp8->is_layer_sync = vp8->has_tid && (tk & 0x20);
        vp8->has_keyidx = (x & 0x10) != 0;
        vp8->keyidx = vp8->has_keyidx ? tk & 0x1f : 0;
    }
}

/* A key frame's first packet carries its size (RFC 6386 section 9.1): 3 bytes of frame tag, the start code, then
 * width and height, little-endian, 14 bits each below 2 bits of scaling. */
static void parse_size(struct vp8 *vp8, struct rd rd)
{
    rd_skip(&rd, 3);
    uint32_t start_code = rd_u24(&rd);
    uint8_t w0 = rd_u8(&rd);
    uint8_t w1 = rd_u8(&rd);
    uint8_t h0 = rd_u8(&rd);
    uint8_t h1 = rd_u8(&rd);
    if (rd.is_bad || start_code != 0x9d012a)
        return;
    vp8->width = (uint16_t)((w1 & 0x3f) << 8 | w0);
    vp8->height = (uint16_t)((h1 & 0x3f) << 8 | h0);
}

enum err vp8_parse(struct vp8 *out, const uint8_t *payload, size_t len)
{
    struct rd rd = rd_make(payload, len);
    struct vp8 vp8 = {0};
    uint8_t first = rd_u8(&rd);
    vp8.is_non_ref = (first & 0x20) != 0;
    vp8.partition = first & 0x07;
    vp8.is_start = (first & 0x10) && vp8.partition == 0;
    if (first & 0x80)
        parse_extension(&vp8, &rd, payload);
    if (rd.is_bad || rd_left(&rd) == 0)
        return ERR_INVALID;
    vp8.descriptor_len = (uint8_t)(rd.at - payload);
    vp8.is_keyframe = vp8.is_start && !(*rd.at & 0x01); /* P of the frame tag: 0 = key frame */
    if (vp8.is_keyframe)
        parse_size(&vp8, rd);
    *out = vp8;
    return ERR_OK;
}
