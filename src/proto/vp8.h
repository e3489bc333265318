/* VP8 in RTP: the payload descriptor (RFC 7741 section 4.2) and the start of a key frame (RFC 6386 section 9.1). Any
 * thread, no allocation. Offsets are from the payload's first byte, for rewriting in place. */
#ifndef ICHAT_PROTO_VP8_H
#define ICHAT_PROTO_VP8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct vp8 {
    bool is_start;    /* first packet of a frame: S set and partition 0 */
    bool is_keyframe; /* known only in a frame's first packet */
    bool is_non_ref;  /* N: no other frame depends on it */
    uint8_t partition;

    bool has_picture_id;
    bool is_picture_id_long; /* 15 bits instead of 7 */
    uint16_t picture_id;
    uint8_t picture_id_offset;

    bool has_tl0picidx;
    uint8_t tl0picidx;
    uint8_t tl0picidx_offset;

    bool has_tid;
    uint8_t tid;        /* temporal layer 0..3 */
    bool is_layer_sync; /* Y */
    bool has_keyidx;
    uint8_t keyidx;

    uint8_t descriptor_len; /* where the VP8 payload begins */
    uint16_t width;         /* of a key frame, without scaling bits; 0 when unknown */
    uint16_t height;
};

/* The payload of one RTP packet. ERR_INVALID when the descriptor runs past the end or nothing follows it. */
MUST_CHECK enum err vp8_parse(struct vp8 *out, const uint8_t *payload, size_t len);

#endif
