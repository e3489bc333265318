/* RTP header extensions, one- and two-byte form (RFC 8285): iterate, find, build; and the extensions that WebRTC uses.
 * Any thread, no allocation.
 *
 *     struct rtp_ext_iter it;                       struct rtp_ext ext;
 *     rtp_ext_iter_init(&it, &rtp);                 if (rtp_ext_find(&rtp, mid_id, &ext)) ...
 *     while (rtp_ext_next(&it, &ext)) ...
 */
#ifndef ICHAT_PROTO_RTP_EXT_H
#define ICHAT_PROTO_RTP_EXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "proto/rtp.h"

#define RTP_EXT_PROFILE_ONE 0xBEDE /* RFC 8285 section 4.2 */
#define RTP_EXT_PROFILE_TWO 0x1000 /* section 4.3; the low 4 bits are application bits */
#define RTP_EXT_ID_ONE_MAX 14      /* 15 is reserved in the one-byte form */

/* One element. Two-byte elements may be empty (len 0), one-byte ones have 1..16 bytes. */
struct rtp_ext {
    uint8_t id;
    uint8_t len;
    const uint8_t *data;
};

struct rtp_ext_iter {
    struct rd rd;
    bool is_two_byte;
};

/* A packet without an extension, or of another profile, has no elements. */
void rtp_ext_iter_init(struct rtp_ext_iter *it, const struct rtp *rtp);
/* False at the end, at an element that runs past it, and at a reserved one (id 15, or id 0 with a length): what came
 * before stays valid, as RFC 8285 section 4.2 wants. */
bool rtp_ext_next(struct rtp_ext_iter *it, struct rtp_ext *out);
/* The first element with this id; id 0 (not negotiated) finds nothing. */
bool rtp_ext_find(const struct rtp *rtp, uint8_t id, struct rtp_ext *out);

/* Appends the whole extension (4-byte header, elements, padding to 32 bits), one-byte form if every element fits it.
 * count 0 appends nothing: leave the X bit off then. An element with id 0 sets wr->is_bad. */
void rtp_ext_write(struct wr *wr, const struct rtp_ext *list, unsigned count);
/* The bytes that rtp_ext_write() would append. */
size_t rtp_ext_size(const struct rtp_ext *list, unsigned count);

enum rtp_ext_kind {
    RTP_EXT_UNKNOWN,
    RTP_EXT_MID,          /* RFC 8843 section 15 */
    RTP_EXT_RID,          /* RFC 8852 section 3.1 */
    RTP_EXT_REPAIRED_RID, /* RFC 8852 section 3.2 */
    RTP_EXT_AUDIO_LEVEL,  /* RFC 6464 */
    RTP_EXT_ABS_SEND_TIME,
    RTP_EXT_TWCC,                  /* draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2 */
    RTP_EXT_TRANSMISSION_OFFSET,   /* RFC 5450 */
    RTP_EXT_VIDEO_ORIENTATION,     /* 3GPP TS 26.114 section 7.4.5 */
    RTP_EXT_DEPENDENCY_DESCRIPTOR, /* AV1 RTP specification, appendix A */
    RTP_EXT_PLAYOUT_DELAY,
    RTP_EXT_VIDEO_CONTENT_TYPE,
    RTP_EXT_VIDEO_TIMING,
    RTP_EXT_COLOR_SPACE,
    RTP_EXT_ABS_CAPTURE_TIME,
    RTP_EXT_KIND_COUNT
};

#define RTP_EXT_URI_MID "urn:ietf:params:rtp-hdrext:sdes:mid"
#define RTP_EXT_URI_RID "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define RTP_EXT_URI_REPAIRED_RID "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define RTP_EXT_URI_AUDIO_LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define RTP_EXT_URI_ABS_SEND_TIME "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
#define RTP_EXT_URI_TWCC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define RTP_EXT_URI_TRANSMISSION_OFFSET "urn:ietf:params:rtp-hdrext:toffset"
#define RTP_EXT_URI_VIDEO_ORIENTATION "urn:3gpp:video-orientation"
#define RTP_EXT_URI_DEPENDENCY_DESCRIPTOR                                                                              \
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
#define RTP_EXT_URI_PLAYOUT_DELAY "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
#define RTP_EXT_URI_VIDEO_CONTENT_TYPE "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"
#define RTP_EXT_URI_VIDEO_TIMING "http://www.webrtc.org/experiments/rtp-hdrext/video-timing"
#define RTP_EXT_URI_COLOR_SPACE "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
#define RTP_EXT_URI_ABS_CAPTURE_TIME "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

/* NULL for RTP_EXT_UNKNOWN. */
const char *rtp_ext_uri(enum rtp_ext_kind kind);
enum rtp_ext_kind rtp_ext_kind_of(const char *uri);

/* RFC 6464: 0 is the loudest, 127 is silence (-dBov). */
struct rtp_ext_audio_level {
    uint8_t level_dbov; /* 0..127 */
    bool has_voice;     /* the V bit */
};

/* ERR_INVALID for an empty element. */
MUST_CHECK enum err rtp_ext_parse_audio_level(const struct rtp_ext *ext, struct rtp_ext_audio_level *out);
/* The transport-wide sequence number; ERR_INVALID when the element has fewer than 2 bytes. */
MUST_CHECK enum err rtp_ext_parse_twcc(const struct rtp_ext *ext, uint16_t *out);

#endif
