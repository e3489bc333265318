/* RTCP compounds (RFC 3550 section 6, reduced size by RFC 5506): walk one, read and write SR, RR, SDES CNAME and BYE.
 * Feedback packets are in rtcp_fb.h and rtcp_twcc.h. Any thread, no allocation.
 *
 *     struct rtcp_iter it;
 *     if (rtcp_iter_init(&it, data, len))
 *         drop the datagram: some length in it is wrong
 *     struct rtcp packet;
 *     while (rtcp_next(&it, &packet))
 *         switch (packet.type) ...
 *
 * Writers append whole packets; several after one another make a compound. What does not fit sets wr->is_bad. */
#ifndef ICHAT_PROTO_RTCP_H
#define ICHAT_PROTO_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum rtcp_type {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_APP = 204,
    RTCP_RTPFB = 205, /* RFC 4585 section 6.2 */
    RTCP_PSFB = 206,  /* RFC 4585 section 6.3 */
    RTCP_XR = 207,    /* RFC 3611 */
};

#define RTCP_HEADER_LEN 4
#define RTCP_COUNT_MAX 31 /* report blocks, SDES chunks, BYE sources: a 5-bit field */

/* One packet of a compound. */
struct rtcp {
    uint8_t type;        /* enum rtcp_type, or one that we do not know */
    uint8_t count;       /* RC, SC or FMT: 0..31 */
    const uint8_t *body; /* after the 4-byte header */
    size_t body_len;     /* without padding; not always a multiple of 4 when padded */
};

struct rtcp_iter {
    struct rd rd;
};

/* Checks the lengths, versions and padding of the whole compound first, so that rtcp_next() only ends at its end.
 * ERR_INVALID for an empty one. */
MUST_CHECK enum err rtcp_iter_init(struct rtcp_iter *it, const void *data, size_t len);
bool rtcp_next(struct rtcp_iter *it, struct rtcp *out);

/* RFC 3550 section 6.4.1 */
struct rtcp_report_block {
    uint32_t ssrc;
    uint8_t fraction_lost;   /* in 1/256 */
    int32_t cumulative_lost; /* 24 bits, signed: duplicates make it negative */
    uint32_t ext_seq;        /* highest sequence number, extended by the count of wraps */
    uint32_t jitter;         /* in units of the RTP clock */
    uint32_t lsr;            /* middle 32 bits of the last SR's NTP time, 0 = none yet */
    uint32_t dlsr;           /* 1/65536 s since that SR */
};

struct rtcp_sr {
    uint32_t ssrc;
    uint64_t ntp;    /* 32.32 seconds since 1900 */
    uint32_t rtp_ts; /* the same instant on the RTP clock */
    uint32_t packet_count;
    uint32_t octet_count;
};

/* ERR_INVALID when the body is shorter than its own count of report blocks needs. */
MUST_CHECK enum err rtcp_parse_sr(const struct rtcp *packet, struct rtcp_sr *out);
MUST_CHECK enum err rtcp_parse_rr(const struct rtcp *packet, uint32_t *sender_ssrc);
/* Report block `index` of an SR or RR: false at index >= count or when it is not there. */
bool rtcp_report_block(const struct rtcp *packet, unsigned index, struct rtcp_report_block *out);

void rtcp_write_sr(struct wr *wr, const struct rtcp_sr *sr, const struct rtcp_report_block *blocks, unsigned count);
void rtcp_write_rr(struct wr *wr, uint32_t sender_ssrc, const struct rtcp_report_block *blocks, unsigned count);

/* SDES (section 6.5): walks the chunks; only CNAME items are read. cname.data is NULL for a chunk without one.
 * False at the end or at a malformed chunk. */
struct rtcp_sdes_iter {
    struct rd rd;
    unsigned left;
};
void rtcp_sdes_iter_init(struct rtcp_sdes_iter *it, const struct rtcp *packet);
bool rtcp_sdes_next(struct rtcp_sdes_iter *it, uint32_t *ssrc, struct bytes *cname);
/* cname: 1..255 bytes, else wr->is_bad. */
void rtcp_write_sdes_cname(struct wr *wr, uint32_t ssrc, const char *cname);

/* BYE (section 6.6): source `index`, false beyond the last. */
bool rtcp_bye_ssrc(const struct rtcp *packet, unsigned index, uint32_t *out);
void rtcp_write_bye(struct wr *wr, const uint32_t *ssrcs, unsigned count);

#endif
