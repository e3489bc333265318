/* RTP packets (RFC 3550 section 5.1): a checked view over received bytes, and writing into packets that we own.
 * Any thread, no allocation. Offsets count from the packet's first byte. */
#ifndef ICHAT_PROTO_RTP_H
#define ICHAT_PROTO_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define RTP_HEADER_LEN 12 /* RFC 3550 section 5.1, without CSRCs and extension */
#define RTP_VERSION 2

/* Valid as long as the bytes are. After rtp_parse() every offset and length lies inside `len`. */
struct rtp {
    const uint8_t *data;
    size_t len;
    uint8_t pt; /* 0..127 */
    bool marker;
    uint16_t seq;
    uint32_t timestamp; /* in units of the codec's clock */
    uint32_t ssrc;
    uint8_t csrc_count;   /* 0..15 */
    bool has_ext;         /* the X bit */
    uint16_t ext_profile; /* 0xBEDE: one-byte elements, 0x100X: two-byte (RFC 8285); 0 when !has_ext */
    size_t ext_offset;    /* first byte of extension data, after its 4-byte header; 0 when !has_ext */
    size_t ext_len;       /* bytes, a multiple of 4 */
    size_t header_len;    /* fixed header + CSRCs + extension with its header = payload_offset */
    size_t payload_offset;
    size_t payload_len; /* without padding; may be 0 (padding-only probes are legal) */
    uint8_t padding;    /* bytes of padding at the end, its length byte included; 0 = none */
};

/* ERR_INVALID: shorter than its own header says, version not 2, CSRCs or extension past the end, padding of zero
 * or longer than what follows the header. `out` is written only on success. */
MUST_CHECK enum err rtp_parse(struct rtp *out, const void *data, size_t len);

static inline const uint8_t *rtp_payload(const struct rtp *rtp)
{
    return rtp->data + rtp->payload_offset;
}

/* What a fresh header says; CSRCs and padding are never written by us. */
struct rtp_header {
    uint8_t pt;
    bool marker;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    bool has_ext; /* the caller goes on with rtp_ext_write() */
};

/* Appends the 12 fixed bytes. */
void rtp_write_header(struct wr *wr, const struct rtp_header *header);

/* In place, in a packet of at least RTP_HEADER_LEN bytes that we own. The marker and payload type share a byte; each
 * setter leaves the other alone. */
void rtp_set_pt(uint8_t *packet, uint8_t pt);
void rtp_set_marker(uint8_t *packet, bool marker);
void rtp_set_seq(uint8_t *packet, uint16_t seq);
void rtp_set_timestamp(uint8_t *packet, uint32_t timestamp);
void rtp_set_ssrc(uint8_t *packet, uint32_t ssrc);
uint32_t rtp_get_ssrc(const uint8_t *packet);

#endif
