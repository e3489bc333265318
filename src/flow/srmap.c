/* Sender reports of rewritten streams, and round trips. The owning media thread. */
#include "flow/srmap.h"

#define US 1000000ull
#define NTP_UNIX_S 2208988800ull /* 1900 to 1970 (RFC 868) */

uint64_t ntp_from_us(uint64_t us)
{
    return (us / US) << 32 | ((us % US) << 32) / US;
}

uint64_t ntp_to_us(uint64_t ntp)
{
    return (ntp >> 32) * US + (((ntp & 0xffffffff) * US + 0x80000000) >> 32);
}

uint64_t ntp_from_wall_us(int64_t wall_us)
{
    return ntp_from_us((uint64_t)wall_us + NTP_UNIX_S * US);
}

void srmap_source_on_sr(struct srmap_source *source, uint64_t ntp, uint32_t rtp_ts, uint64_t now_us)
{
    *source = (struct srmap_source){.ntp = ntp, .rtp_ts = rtp_ts, .at_us = now_us};
}

bool srmap_make(const struct srmap_source *source, uint32_t mapped_ts, uint32_t clock_rate, uint64_t now_us,
                struct rtcp_sr *out)
{
    if (source->at_us == 0)
        return false;
    uint64_t passed_us = now_us > source->at_us ? now_us - source->at_us : 0;
    out->ntp = source->ntp + ntp_from_us(passed_us);
    out->rtp_ts = mapped_ts + (uint32_t)(passed_us / US * clock_rate + passed_us % US * clock_rate / US);
    return true;
}

void srmap_on_sent(struct srmap_sent *sent, uint64_t ntp, uint64_t now_us)
{
    sent->ring[sent->next].lsr = ntp_mid32(ntp);
    sent->ring[sent->next].at_us = now_us;
    sent->next = (sent->next + 1) % SRMAP_SENT_MAX;
}

bool srmap_rtt(const struct srmap_sent *sent, const struct rtcp_report_block *block, uint64_t now_us, uint32_t *rtt_us)
{
    if (block->lsr == 0)
        return false;
    for (unsigned i = 0; i < SRMAP_SENT_MAX; i++) {
        if (sent->ring[i].at_us == 0 || sent->ring[i].lsr != block->lsr)
            continue;
        uint64_t passed_us = now_us - sent->ring[i].at_us;
        uint64_t delay_us = ntp_to_us((uint64_t)block->dlsr << 16);
        if (delay_us > passed_us + 1000)
            return false; /* it claims to have held the report longer than it was away */
        uint64_t rtt = passed_us > delay_us ? passed_us - delay_us : 0;
        *rtt_us = rtt > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt;
        return true;
    }
    return false;
}
