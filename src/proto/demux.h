/* Tells the protocols of one WebRTC port apart by their first bytes (RFC 7983 section 7; RFC 5761 section 4). Any
 * thread, no state. Looks at two bytes only: each protocol's own parser judges the rest. */
#ifndef ICHAT_PROTO_DEMUX_H
#define ICHAT_PROTO_DEMUX_H

#include <stddef.h>

enum packet_kind {
    PACKET_OTHER, /* ZRTP, TURN channel data, garbage, or too short: drop it */
    PACKET_STUN,  /* first byte 0..3 */
    PACKET_DTLS,  /* 20..63 */
    PACKET_RTP,   /* 128..191 (SRTP on the wire) */
    PACKET_RTCP,  /* 128..191 with a second byte of 192..223 (SRTCP on the wire) */
};

enum packet_kind packet_classify(const void *data, size_t len);

#endif
