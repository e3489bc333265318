/* RTCP feedback (RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb-03): generic NACK, PLI, FIR, REMB. Any thread, no
 * allocation. transport-wide-cc has its own file, rtcp_twcc.h.
 *
 *     struct rtcp_fb fb;
 *     if (rtcp_fb_parse(&packet, &fb))
 *         return;  malformed, or no feedback packet
 *     switch (fb.kind) {
 *     case RTCP_FB_NACK:
 *         rtcp_nack_iter_init(&it, &fb);
 *         while (rtcp_nack_next(&it, &seq)) ...
 */
#ifndef ICHAT_PROTO_RTCP_FB_H
#define ICHAT_PROTO_RTCP_FB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "proto/rtcp.h"

enum rtcp_fb_kind {
    RTCP_FB_OTHER,
    RTCP_FB_NACK, /* RTPFB, FMT 1 */
    RTCP_FB_TWCC, /* RTPFB, FMT 15: see rtcp_twcc.h */
    RTCP_FB_PLI,  /* PSFB, FMT 1 */
    RTCP_FB_FIR,  /* PSFB, FMT 4 */
    RTCP_FB_REMB, /* PSFB, FMT 15 with the identifier "REMB" */
};

struct rtcp_fb {
    enum rtcp_fb_kind kind;
    uint32_t sender_ssrc;
    uint32_t media_ssrc; /* 0 in FIR and REMB, whose sources stand in the FCI */
    const uint8_t *fci;
    size_t fci_len;
};

/* ERR_INVALID: not RTPFB/PSFB, shorter than its two SSRCs, or an FCI of impossible length for its kind. */
MUST_CHECK enum err rtcp_fb_parse(const struct rtcp *packet, struct rtcp_fb *out);

/* Generic NACK (RFC 4585 section 6.2.1): every sequence number asked for, at most RTCP_NACK_MAX from one packet. */
#define RTCP_NACK_MAX 1024 /* more than any honest receiver holds open; the rest of the packet is not read */
struct rtcp_nack_iter {
    struct rd rd;
    uint16_t pid;
    uint16_t blp;  /* bits not yet handed out */
    uint16_t next; /* bit index of blp's lowest bit */
    bool has_pid;
    unsigned given;
};
void rtcp_nack_iter_init(struct rtcp_nack_iter *it, const struct rtcp_fb *fb);
bool rtcp_nack_next(struct rtcp_nack_iter *it, uint16_t *seq);
/* seqs: in sending order (they may wrap), without duplicates. count 0 writes nothing. */
void rtcp_write_nack(struct wr *wr, uint32_t sender_ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count);

void rtcp_write_pli(struct wr *wr, uint32_t sender_ssrc, uint32_t media_ssrc); /* RFC 4585 section 6.3.1 */

/* FIR (RFC 5104 section 4.3.1): entry `index`, false beyond the last. seq_nr tells a repeated request from a new one.
 */
struct rtcp_fir {
    uint32_t ssrc;
    uint8_t seq_nr;
};
bool rtcp_fir_entry(const struct rtcp_fb *fb, unsigned index, struct rtcp_fir *out);
void rtcp_write_fir(struct wr *wr, uint32_t sender_ssrc, const struct rtcp_fir *entries, unsigned count);

/* REMB: a bitrate and the sources it covers. */
struct rtcp_remb {
    uint64_t bitrate_bps; /* UINT64_MAX when exponent and mantissa exceed 64 bits; never NaN: it is an integer */
    unsigned ssrc_count;
};
MUST_CHECK enum err rtcp_parse_remb(const struct rtcp_fb *fb, struct rtcp_remb *out);
bool rtcp_remb_ssrc(const struct rtcp_fb *fb, unsigned index, uint32_t *out);

#endif
