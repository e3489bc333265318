/* RTP header reading and writing (RFC 3550 section 5.1). Any thread. */
#include "proto/rtp.h"

static enum err parse_ext(struct rtp *rtp, struct rd *rd)
{
    rtp->ext_profile = rd_u16(rd);
    rtp->ext_len = (size_t)rd_u16(rd) * 4;
    rtp->ext_offset = (size_t)(rd->at - rtp->data);
    rd_skip(rd, rtp->ext_len);
    return rd->is_bad ? ERR_INVALID : ERR_OK;
}

static enum err parse_payload(struct rtp *rtp, const struct rd *rd, bool has_padding)
{
    rtp->header_len = (size_t)(rd->at - rtp->data);
    rtp->payload_offset = rtp->header_len;
    rtp->payload_len = rd_left(rd);
    if (!has_padding)
        return ERR_OK;
    if (rtp->payload_len == 0)
        return ERR_INVALID;
    rtp->padding = rtp->data[rtp->len - 1];
    if (rtp->padding == 0 || rtp->padding > rtp->payload_len)
        return ERR_INVALID;
    rtp->payload_len -= rtp->padding;
    return ERR_OK;
}

enum err rtp_parse(struct rtp *out, const void *data, size_t len)
{
    struct rd rd = rd_make(data, len);
    uint8_t first = rd_u8(&rd);
    uint8_t second = rd_u8(&rd);
    struct rtp rtp = {.data = data, .len = len};
    rtp.pt = second & 0x7f;
    rtp.marker = (second & 0x80) != 0;
    rtp.seq = rd_u16(&rd);
    rtp.timestamp = rd_u32(&rd);
    rtp.ssrc = rd_u32(&rd);
    rtp.csrc_count = first & 0x0f;
    rtp.has_ext = (first & 0x10) != 0;
    rd_skip(&rd, 4u * rtp.csrc_count);
    if (rd.is_bad || first >> 6 != RTP_VERSION)
        return ERR_INVALID;
    if (rtp.has_ext && parse_ext(&rtp, &rd))
        return ERR_INVALID;
    if (parse_payload(&rtp, &rd, (first & 0x20) != 0))
        return ERR_INVALID;
    *out = rtp;
    return ERR_OK;
}

void rtp_write_header(struct wr *wr, const struct rtp_header *header)
{
    wr_u8(wr, (uint8_t)(RTP_VERSION << 6 | (header->has_ext ? 0x10 : 0)));
    wr_u8(wr, (uint8_t)((header->marker ? 0x80 : 0) | (header->pt & 0x7f)));
    wr_u16(wr, header->seq);
    wr_u32(wr, header->timestamp);
    wr_u32(wr, header->ssrc);
}

void rtp_set_pt(uint8_t *packet, uint8_t pt)
{
    packet[1] = (uint8_t)((packet[1] & 0x80) | (pt & 0x7f));
}

void rtp_set_marker(uint8_t *packet, bool marker)
{
    packet[1] = (uint8_t)((marker ? 0x80 : 0) | (packet[1] & 0x7f));
}

void rtp_set_seq(uint8_t *packet, uint16_t seq)
{
    struct wr wr = wr_make(packet + 2, 2);
    wr_u16(&wr, seq);
}

void rtp_set_timestamp(uint8_t *packet, uint32_t timestamp)
{
    struct wr wr = wr_make(packet + 4, 4);
    wr_u32(&wr, timestamp);
}

void rtp_set_ssrc(uint8_t *packet, uint32_t ssrc)
{
    struct wr wr = wr_make(packet + 8, 4);
    wr_u32(&wr, ssrc);
}

uint32_t rtp_get_ssrc(const uint8_t *packet)
{
    struct rd rd = rd_make(packet + 8, 4);
    return rd_u32(&rd);
}
