/* RTCP compounds, reports, SDES and BYE (RFC 3550 section 6). Any thread. */
#include "proto/rtcp.h"

#include <string.h>

#define REPORT_BLOCK_LEN 24
#define SR_LEN 24 /* SSRC and sender info */
#define SDES_END 0
#define SDES_CNAME 1 /* RFC 3550 section 6.5.1 */

/* Takes one packet off the reader; false = malformed. */
static bool take_packet(struct rd *rd, struct rtcp *out)
{
    uint8_t first = rd_u8(rd);
    uint8_t type = rd_u8(rd);
    size_t body_len = (size_t)rd_u16(rd) * 4;
    const uint8_t *body = rd_take(rd, body_len);
    if (!body || first >> 6 != 2)
        return false;
    if (first & 0x20) { /* padding: only the last of a compound has it (RFC 3550 section 6.4.1) */
        uint8_t padding = body_len ? body[body_len - 1] : 0;
        if (padding == 0 || padding > body_len || rd_left(rd))
            return false;
        body_len -= padding;
    }
    *out = (struct rtcp){.type = type, .count = first & 0x1f, .body = body, .body_len = body_len};
    return true;
}

enum err rtcp_iter_init(struct rtcp_iter *it, const void *data, size_t len)
{
    struct rd rd = rd_make(data, len);
    struct rtcp packet;
    if (len == 0)
        return ERR_INVALID;
    while (rd_left(&rd)) {
        if (!take_packet(&rd, &packet))
            return ERR_INVALID;
    }
    it->rd = rd_make(data, len);
    return ERR_OK;
}

bool rtcp_next(struct rtcp_iter *it, struct rtcp *out)
{
    return rd_left(&it->rd) && take_packet(&it->rd, out);
}

enum err rtcp_parse_sr(const struct rtcp *packet, struct rtcp_sr *out)
{
    struct rd rd = rd_make(packet->body, packet->body_len);
    struct rtcp_sr sr = {.ssrc = rd_u32(&rd)};
    sr.ntp = rd_u64(&rd);
    sr.rtp_ts = rd_u32(&rd);
    sr.packet_count = rd_u32(&rd);
    sr.octet_count = rd_u32(&rd);
    rd_skip(&rd, (size_t)packet->count * REPORT_BLOCK_LEN);
    if (rd.is_bad || packet->type != RTCP_SR)
        return ERR_INVALID;
    *out = sr;
    return ERR_OK;
}

enum err rtcp_parse_rr(const struct rtcp *packet, uint32_t *sender_ssrc)
{
    struct rd rd = rd_make(packet->body, packet->body_len);
    uint32_t ssrc = rd_u32(&rd);
    rd_skip(&rd, (size_t)packet->count * REPORT_BLOCK_LEN);
    if (rd.is_bad || packet->type != RTCP_RR)
        return ERR_INVALID;
    *sender_ssrc = ssrc;
    return ERR_OK;
}

/* 24 bits in two's complement. */
static int32_t sign_extend_24(uint32_t v)
{
    return v & 0x800000 ? (int32_t)v - 0x1000000 : (int32_t)v;
}

bool rtcp_report_block(const struct rtcp *packet, unsigned index, struct rtcp_report_block *out)
{
    if ((packet->type != RTCP_SR && packet->type != RTCP_RR) || index >= packet->count)
        return false;
    struct rd rd = rd_make(packet->body, packet->body_len);
    rd_skip(&rd, (packet->type == RTCP_SR ? SR_LEN : 4u) + (size_t)index * REPORT_BLOCK_LEN);
    struct rtcp_report_block block = {.ssrc = rd_u32(&rd)};
    block.fraction_lost = rd_u8(&rd);
    block.cumulative_lost = sign_extend_24(rd_u24(&rd));
    block.ext_seq = rd_u32(&rd);
    block.jitter = rd_u32(&rd);
    block.lsr = rd_u32(&rd);
    block.dlsr = rd_u32(&rd);
    if (rd.is_bad)
        return false;
    *out = block;
    return true;
}

static void write_head(struct wr *wr, unsigned count, enum rtcp_type type, size_t body_len)
{
    if (count > RTCP_COUNT_MAX || body_len / 4 > UINT16_MAX || wr_left(wr) < RTCP_HEADER_LEN + body_len) {
        wr->is_bad = true; /* all or nothing: half a packet would spoil the compound */
        return;
    }
    wr_u8(wr, (uint8_t)(0x80 | count));
    wr_u8(wr, (uint8_t)type);
    wr_u16(wr, (uint16_t)(body_len / 4));
}

static void write_blocks(struct wr *wr, const struct rtcp_report_block *blocks, unsigned count)
{
    for (unsigned i = 0; i < count && !wr->is_bad; i++) {
        int32_t lost = blocks[i].cumulative_lost;
        if (lost > 0x7fffff)
            lost = 0x7fffff;
        if (lost < -0x800000)
            lost = -0x800000;
        wr_u32(wr, blocks[i].ssrc);
        wr_u8(wr, blocks[i].fraction_lost);
        wr_u24(wr, (uint32_t)lost & 0xffffff);
        wr_u32(wr, blocks[i].ext_seq);
        wr_u32(wr, blocks[i].jitter);
        wr_u32(wr, blocks[i].lsr);
        wr_u32(wr, blocks[i].dlsr);
    }
}

void rtcp_write_sr(struct wr *wr, const struct rtcp_sr *sr, const struct rtcp_report_block *blocks, unsigned count)
{
    write_head(wr, count, RTCP_SR, SR_LEN + (size_t)count * REPORT_BLOCK_LEN);
    wr_u32(wr, sr->ssrc);
    wr_u64(wr, sr->ntp);
    wr_u32(wr, sr->rtp_ts);
    wr_u32(wr, sr->packet_count);
    wr_u32(wr, sr->octet_count);
    write_blocks(wr, blocks, count);
}

void rtcp_write_rr(struct wr *wr, uint32_t sender_ssrc, const struct rtcp_report_block *blocks, unsigned count)
{
    write_head(wr, count, RTCP_RR, 4 + (size_t)count * REPORT_BLOCK_LEN);
    wr_u32(wr, sender_ssrc);
    write_blocks(wr, blocks, count);
}

void rtcp_sdes_iter_init(struct rtcp_sdes_iter *it, const struct rtcp *packet)
{
    bool is_sdes = packet->type == RTCP_SDES;
    it->rd = rd_make(packet->body, is_sdes ? packet->body_len : 0);
    it->left = is_sdes ? packet->count : 0;
}

/* The items of one chunk up to and with its end; each chunk begins on a 32-bit boundary. */
static bool take_items(struct rd *rd, size_t total, struct bytes *cname)
{
    for (;;) {
        uint8_t type = rd_u8(rd);
        if (rd->is_bad)
            return false;
        if (type == SDES_END)
            break;
        uint8_t len = rd_u8(rd);
        const uint8_t *value = rd_take(rd, len);
        if (!value)
            return false;
        if (type == SDES_CNAME)
            *cname = (struct bytes){.data = value, .len = len};
    }
    size_t used = total - rd_left(rd);
    rd_skip(rd, (4 - used % 4) % 4);
    return !rd->is_bad;
}

bool rtcp_sdes_next(struct rtcp_sdes_iter *it, uint32_t *ssrc, struct bytes *cname)
{
    if (it->left == 0)
        return false;
    it->left--;
    size_t total = rd_left(&it->rd);
    struct bytes name = {0};
    uint32_t source = rd_u32(&it->rd);
    if (it->rd.is_bad || !take_items(&it->rd, total, &name)) {
        it->left = 0;
        return false;
    }
    *ssrc = source;
    *cname = name;
    return true;
}

void rtcp_write_sdes_cname(struct wr *wr, uint32_t ssrc, const char *cname)
{
    size_t len = strlen(cname);
    if (len == 0 || len > UINT8_MAX) {
        wr->is_bad = true;
        return;
    }
    size_t body_len = (4 + 2 + len + 1 + 3) & ~(size_t)3; /* SSRC, item, end, padding */
    write_head(wr, 1, RTCP_SDES, body_len);
    wr_u32(wr, ssrc);
    wr_u8(wr, SDES_CNAME);
    wr_u8(wr, (uint8_t)len);
    wr_bytes(wr, cname, len);
    for (size_t n = 4 + 2 + len; n < body_len; n++)
        wr_u8(wr, SDES_END);
}

bool rtcp_bye_ssrc(const struct rtcp *packet, unsigned index, uint32_t *out)
{
    if (packet->type != RTCP_BYE || index >= packet->count)
        return false;
    struct rd rd = rd_make(packet->body, packet->body_len);
    rd_skip(&rd, (size_t)index * 4);
    uint32_t ssrc = rd_u32(&rd);
    if (rd.is_bad)
        return false;
    *out = ssrc;
    return true;
}

void rtcp_write_bye(struct wr *wr, const uint32_t *ssrcs, unsigned count)
{
    write_head(wr, count, RTCP_BYE, (size_t)count * 4);
    for (unsigned i = 0; i < count && !wr->is_bad; i++)
        wr_u32(wr, ssrcs[i]);
}
