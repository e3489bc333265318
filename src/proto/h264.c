/* H.264 payloads (RFC 6184 sections 5.6 to 5.8). Any thread. */
#include "proto/h264.h"

#include "base/buf.h"

#define NAL_TYPE_MASK 0x1f
#define FU_START 0x80
#define FU_END 0x40

static void note_nal(struct h264 *h264, uint8_t type)
{
    if (h264->inner_type == 0)
        h264->inner_type = type;
    h264->has_sps |= type == H264_NAL_SPS;
    h264->has_pps |= type == H264_NAL_PPS;
    h264->has_idr |= type == H264_NAL_IDR;
}

static enum err parse_stap(struct h264 *h264, struct rd *rd)
{
    h264->is_start = h264->is_end = true;
    if (rd_left(rd) == 0)
        return ERR_INVALID;
    while (rd_left(rd)) {
        struct rd unit = rd_sub(rd, rd_u16(rd));
        uint8_t header = rd_u8(&unit);
        if (unit.is_bad)
            return ERR_INVALID;
        note_nal(h264, header & NAL_TYPE_MASK);
    }
    return ERR_OK;
}

static enum err parse_fu(struct h264 *h264, struct rd *rd)
{
    uint8_t header = rd_u8(rd);
    h264->is_start = (header & FU_START) != 0;
    h264->is_end = (header & FU_END) != 0;
    if (rd->is_bad || rd_left(rd) == 0 || (h264->is_start && h264->is_end))
        return ERR_INVALID;
    h264->inner_type = header & NAL_TYPE_MASK;
    if (h264->is_start)
        note_nal(h264, h264->inner_type);
    return ERR_OK;
}

enum err h264_parse(struct h264 *out, const uint8_t *payload, size_t len)
{
    struct rd rd = rd_make(payload, len);
    struct h264 h264 = {0};
    enum err err = ERR_OK;
    h264.nal_type = rd_u8(&rd) & NAL_TYPE_MASK;
    if (rd.is_bad || h264.nal_type == 0)
        return ERR_INVALID;
    if (h264.nal_type < H264_NAL_STAP_A) {
        h264.is_start = h264.is_end = true;
        note_nal(&h264, h264.nal_type);
    } else if (h264.nal_type == H264_NAL_STAP_A) {
        err = parse_stap(&h264, &rd);
    } else if (h264.nal_type == H264_NAL_FU_A) {
        err = parse_fu(&h264, &rd);
    } else {
        err = ERR_UNSUPPORTED;
    }
    if (err)
        return err;
    h264.is_keyframe = h264.has_idr || h264.has_sps;
    *out = h264;
    return ERR_OK;
}
