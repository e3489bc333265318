/* What a receiver of RTP knows about a source (RFC 3550 section 6.4.1 and appendices A.1, A.3, A.8), made into report
 * blocks for the source. One a received SSRC; the owning media thread; no allocation. */
#ifndef ICHAT_FLOW_RECV_STATS_H
#define ICHAT_FLOW_RECV_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/rtcp.h"

struct recv_stats {
    /* set once */
    uint32_t clock_rate; /* Hz; 0 = unknown, no jitter then */
    /* owned by the media thread */
    bool is_started;
    uint16_t max_seq;
    uint32_t cycles; /* wraps << 16 */
    uint32_t base_seq;
    uint32_t bad_seq; /* last number out of range + 1; 2^16 + 1 = none */
    uint64_t received;
    uint64_t bytes; /* as handed in */
    uint64_t expected_prior;
    uint64_t received_prior;
    uint8_t fraction_lost; /* of the last report */
    uint32_t transit;      /* in RTP clock units, modulo 2^32 */
    uint64_t first_us;
    uint32_t jitter_16; /* jitter * 16 */
    uint32_t last_timestamp;
    uint32_t lsr;
    uint64_t sr_us; /* arrival of the last SR; 0 = none */
};

void recv_stats_init(struct recv_stats *stats, uint32_t clock_rate);
/* bytes: whole packet or payload, what the caller wants to count. False: the number jumped too far to count
 * (appendix A.1); two in sequence after a jump restart the statistics. */
bool recv_stats_on_packet(struct recv_stats *stats, uint16_t seq, uint32_t timestamp, uint32_t bytes, uint64_t now_us);
void recv_stats_on_sr(struct recv_stats *stats, uint64_t ntp, uint64_t now_us);
/* The block for the next SR or RR; begins a new interval for fraction_lost. False before the first packet. */
bool recv_stats_report(struct recv_stats *stats, uint32_t ssrc, uint64_t now_us, struct rtcp_report_block *out);

/* For a quality panel; nothing changes. */
uint32_t recv_stats_jitter_us(const struct recv_stats *stats);
int64_t recv_stats_lost(const struct recv_stats *stats);

#endif
