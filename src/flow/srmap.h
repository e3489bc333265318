/* Sender reports for rewritten streams: the source's own SR with its NTP time kept and its RTP time mapped, so that a
 * subscriber's lip sync is the publisher's; and the round trip measured from the answers. The owning media thread; no
 * allocation.
 *
 *     SR from the publisher:        srmap_source_on_sr(&source, sr.ntp, sr.rtp_ts, now_us);
 *     SR to a subscriber, by timer: srmap_make(&source, seqmap_timestamp(&map, source.rtp_ts), clock_rate, now_us,
 * &sr); sr.ssrc, counts = own; rtcp_write_sr(...); srmap_on_sent(&sent, sr.ntp, now_us); RR from the subscriber: if
 * (srmap_rtt(&sent, &block, now_us, &rtt_us)) ...
 */
#ifndef ICHAT_FLOW_SRMAP_H
#define ICHAT_FLOW_SRMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/rtcp.h"

/* NTP time, 32.32 fixed point. */
uint64_t ntp_from_us(uint64_t us);          /* a duration */
uint64_t ntp_to_us(uint64_t ntp);           /* a duration; rounds to the nearest */
uint64_t ntp_from_wall_us(int64_t wall_us); /* since 1970 to since 1900 (RFC 3550 section 4) */
/* What goes into LSR: the middle 32 bits, in 1/65536 s. */
static inline uint32_t ntp_mid32(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* The newest SR of a received source. Zero-initialise. */
struct srmap_source {
    uint64_t ntp;
    uint32_t rtp_ts;
    uint64_t at_us; /* its arrival; 0 = none yet */
};
void srmap_source_on_sr(struct srmap_source *source, uint64_t ntp, uint32_t rtp_ts, uint64_t now_us);

/* Fills ntp and rtp_ts of a report to be sent now: the source's pair moved on by the time since it arrived, on both
 * clocks alike. mapped_ts: source->rtp_ts on the subscription's clock. False before the source's first SR. */
bool srmap_make(const struct srmap_source *source, uint32_t mapped_ts, uint32_t clock_rate, uint64_t now_us,
                struct rtcp_sr *out);

#define SRMAP_SENT_MAX 8 /* reports in flight: 8 s at one a second */

/* When each report went out; the NTP time in it is the publisher's, so ours is looked up by it. Zero-initialise. */
struct srmap_sent {
    struct {
        uint32_t lsr;
        uint64_t at_us; /* 0 = free */
    } ring[SRMAP_SENT_MAX];
    unsigned next;
};
void srmap_on_sent(struct srmap_sent *sent, uint64_t ntp, uint64_t now_us);
/* False: no LSR in the block, an unknown one, or a DLSR longer than the time that passed (by more than 1 ms). */
bool srmap_rtt(const struct srmap_sent *sent, const struct rtcp_report_block *block, uint64_t now_us, uint32_t *rtt_us);

#endif
