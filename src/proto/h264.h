/* H.264 in RTP (RFC 6184): single NAL units, STAP-A and FU-A, looked at just far enough to tell key frames and frame
 * starts. Any thread, no allocation. */
#ifndef ICHAT_PROTO_H264_H
#define ICHAT_PROTO_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* nal_unit_type values (ITU-T H.264 table 7-1; RFC 6184 section 5.2) */
enum h264_nal {
    H264_NAL_SLICE = 1,
    H264_NAL_IDR = 5,
    H264_NAL_SEI = 6,
    H264_NAL_SPS = 7,
    H264_NAL_PPS = 8,
    H264_NAL_AUD = 9,
    H264_NAL_STAP_A = 24,
    H264_NAL_FU_A = 28,
};

struct h264 {
    uint8_t nal_type;   /* of the packet: 1..23, 24 (STAP-A) or 28 (FU-A) */
    uint8_t inner_type; /* the NAL unit itself: in FU-A the fragmented one, in STAP-A the first */
    bool is_start;      /* a NAL unit begins in this packet (not a later fragment) */
    bool is_end;        /* a NAL unit ends in this packet */
    bool has_sps;
    bool has_pps;
    bool has_idr;     /* an IDR slice or its first fragment */
    bool is_keyframe; /* has_idr or has_sps: a decoder can start at this packet's frame */
};

/* The payload of one RTP packet. ERR_INVALID: empty, a size past the end, an empty unit in a STAP-A, a FU-A without
 * data or with start and end both set. ERR_UNSUPPORTED: STAP-B, MTAP, FU-B (not in WebRTC's packetization modes). */
MUST_CHECK enum err h264_parse(struct h264 *out, const uint8_t *payload, size_t len);

#endif
