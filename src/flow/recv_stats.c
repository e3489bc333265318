/* Receiver statistics by the book (RFC 3550 appendices A.1, A.3, A.8). The owning media thread. */
#include "flow/recv_stats.h"

#include "flow/srmap.h"

#define MAX_DROPOUT 3000 /* A.1: a jump ahead that still counts as loss */
#define MAX_MISORDER 100 /* A.1: so far behind still counts as reordering */
#define SEQ_MOD (1u << 16)

void recv_stats_init(struct recv_stats *stats, uint32_t clock_rate)
{
    *stats = (struct recv_stats){.clock_rate = clock_rate, .bad_seq = SEQ_MOD + 1};
}

static void restart(struct recv_stats *stats, uint16_t seq)
{
    stats->is_started = true;
    stats->base_seq = seq;
    stats->max_seq = seq;
    stats->bad_seq = SEQ_MOD + 1; /* no number equals it */
    stats->cycles = 0;
    stats->received = 0;
    stats->received_prior = 0;
    stats->expected_prior = 0;
    stats->first_us = 0; /* the transit times start anew, too */
}

/* A.1 without probation: SRTP has authenticated the source already. */
static bool update_seq(struct recv_stats *stats, uint16_t seq)
{
    uint16_t ahead = (uint16_t)(seq - stats->max_seq);
    if (ahead < MAX_DROPOUT) {
        if (seq < stats->max_seq)
            stats->cycles += SEQ_MOD;
        stats->max_seq = seq;
    } else if (ahead <= SEQ_MOD - MAX_MISORDER) {
        if (seq != stats->bad_seq) {
            stats->bad_seq = (seq + 1u) & (SEQ_MOD - 1);
            return false;
        }
        restart(stats, seq); /* two in sequence: the source has restarted */
    }
    return true;
}

/* Only packets of a later instant tell anything: those of one frame share a timestamp, and a retransmission is late
 * by design. */
static void update_jitter(struct recv_stats *stats, uint32_t timestamp, uint64_t now_us)
{
    if (stats->clock_rate == 0 || (stats->first_us && (int32_t)(timestamp - stats->last_timestamp) <= 0))
        return;
    uint64_t seconds = now_us / 1000000;
    uint64_t arrival = seconds * stats->clock_rate + now_us % 1000000 * stats->clock_rate / 1000000;
    uint32_t transit = (uint32_t)arrival - timestamp;
    if (stats->first_us) {
        int32_t d = (int32_t)(transit - stats->transit);
        uint32_t size = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;
        if (size < stats->clock_rate * 10) /* a jump of the sender's clock is no jitter */
            stats->jitter_16 += size - ((stats->jitter_16 + 8) >> 4);
    }
    stats->transit = transit;
    stats->last_timestamp = timestamp;
    stats->first_us = now_us;
}

bool recv_stats_on_packet(struct recv_stats *stats, uint16_t seq, uint32_t timestamp, uint32_t bytes, uint64_t now_us)
{
    if (!stats->is_started)
        restart(stats, seq);
    if (!update_seq(stats, seq))
        return false;
    stats->received++;
    stats->bytes += bytes;
    update_jitter(stats, timestamp, now_us);
    return true;
}

void recv_stats_on_sr(struct recv_stats *stats, uint64_t ntp, uint64_t now_us)
{
    stats->lsr = ntp_mid32(ntp);
    stats->sr_us = now_us;
}

static uint64_t expected(const struct recv_stats *stats)
{
    return (uint64_t)stats->cycles + stats->max_seq - stats->base_seq + 1;
}

int64_t recv_stats_lost(const struct recv_stats *stats)
{
    return stats->is_started ? (int64_t)(expected(stats) - stats->received) : 0;
}

uint32_t recv_stats_jitter_us(const struct recv_stats *stats)
{
    return stats->clock_rate ? (uint32_t)((uint64_t)(stats->jitter_16 >> 4) * 1000000 / stats->clock_rate) : 0;
}

/* A.3: of the interval since the last report, in 1/256; duplicates make it negative, which is reported as none. */
static uint8_t next_fraction(struct recv_stats *stats)
{
    int64_t expected_now = (int64_t)(expected(stats) - stats->expected_prior);
    int64_t lost_now = expected_now - (int64_t)(stats->received - stats->received_prior);
    stats->expected_prior = expected(stats);
    stats->received_prior = stats->received;
    if (expected_now <= 0 || lost_now <= 0)
        return 0;
    int64_t fraction = (lost_now << 8) / expected_now;
    return fraction > UINT8_MAX ? UINT8_MAX : (uint8_t)fraction;
}

bool recv_stats_report(struct recv_stats *stats, uint32_t ssrc, uint64_t now_us, struct rtcp_report_block *out)
{
    if (!stats->is_started)
        return false;
    int64_t lost = recv_stats_lost(stats);
    stats->fraction_lost = next_fraction(stats);
    *out = (struct rtcp_report_block){
        .ssrc = ssrc,
        .fraction_lost = stats->fraction_lost,
        .cumulative_lost = (int32_t)(lost > 0x7fffff    ? 0x7fffff
                                     : lost < -0x800000 ? -0x800000
                                                        : lost),
        .ext_seq = stats->cycles + stats->max_seq,
        .jitter = stats->jitter_16 >> 4,
    };
    if (stats->sr_us) {
        uint64_t delay = ntp_from_us(now_us - stats->sr_us) >> 16;
        out->lsr = stats->lsr;
        out->dlsr = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
    }
    return true;
}
