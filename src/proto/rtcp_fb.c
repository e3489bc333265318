/* RTCP feedback (RFC 4585, RFC 5104, REMB). Any thread. */
#include "proto/rtcp_fb.h"

#define RTPFB_NACK 1
#define RTPFB_TWCC 15
#define PSFB_PLI 1
#define PSFB_FIR 4
#define PSFB_ALFB 15        /* application layer feedback, of which REMB is one */
#define REMB_ID 0x52454d42u /* "REMB" */
#define REMB_HEAD_LEN 8     /* identifier, count, exponent and mantissa */
#define TWCC_FCI_MIN 10     /* head of 8 bytes and one chunk */

static enum rtcp_fb_kind kind_of(const struct rtcp *packet, const struct rtcp_fb *fb)
{
    if (packet->type == RTCP_RTPFB)
        return packet->count == RTPFB_NACK ? RTCP_FB_NACK : packet->count == RTPFB_TWCC ? RTCP_FB_TWCC : RTCP_FB_OTHER;
    if (packet->count == PSFB_PLI)
        return RTCP_FB_PLI;
    if (packet->count == PSFB_FIR)
        return RTCP_FB_FIR;
    struct rd rd = rd_make(fb->fci, fb->fci_len);
    return packet->count == PSFB_ALFB && rd_u32(&rd) == REMB_ID ? RTCP_FB_REMB : RTCP_FB_OTHER;
}

static bool is_fci_possible(const struct rtcp_fb *fb)
{
    switch (fb->kind) {
    case RTCP_FB_NACK:
        return fb->fci_len >= 4 && fb->fci_len % 4 == 0;
    case RTCP_FB_TWCC:
        return fb->fci_len >= TWCC_FCI_MIN;
    case RTCP_FB_FIR:
        return fb->fci_len >= 8 && fb->fci_len % 8 == 0;
    case RTCP_FB_REMB:
        return fb->fci_len >= REMB_HEAD_LEN && fb->fci_len >= REMB_HEAD_LEN + 4u * fb->fci[4];
    case RTCP_FB_PLI:
    case RTCP_FB_OTHER:
        break;
    }
    return true;
}

enum err rtcp_fb_parse(const struct rtcp *packet, struct rtcp_fb *out)
{
    if (packet->type != RTCP_RTPFB && packet->type != RTCP_PSFB)
        return ERR_INVALID;
    struct rd rd = rd_make(packet->body, packet->body_len);
    struct rtcp_fb fb = {.sender_ssrc = rd_u32(&rd)};
    fb.media_ssrc = rd_u32(&rd);
    if (rd.is_bad)
        return ERR_INVALID;
    fb.fci = rd.at;
    fb.fci_len = rd_left(&rd);
    fb.kind = kind_of(packet, &fb);
    if (!is_fci_possible(&fb))
        return ERR_INVALID;
    *out = fb;
    return ERR_OK;
}

void rtcp_nack_iter_init(struct rtcp_nack_iter *it, const struct rtcp_fb *fb)
{
    *it = (struct rtcp_nack_iter){.rd = rd_make(fb->fci, fb->kind == RTCP_FB_NACK ? fb->fci_len : 0)};
}

bool rtcp_nack_next(struct rtcp_nack_iter *it, uint16_t *seq)
{
    if (it->given >= RTCP_NACK_MAX)
        return false;
    while (it->has_pid && it->blp) {
        bool is_set = it->blp & 1;
        it->blp >>= 1;
        it->next++;
        if (is_set) {
            *seq = (uint16_t)(it->pid + it->next);
            it->given++;
            return true;
        }
    }
    it->pid = rd_u16(&it->rd);
    it->blp = rd_u16(&it->rd);
    it->next = 0;
    it->has_pid = !it->rd.is_bad;
    if (!it->has_pid)
        return false;
    *seq = it->pid;
    it->given++;
    return true;
}

/* RFC 4585 section 6.1: head, two SSRCs, FCI. */
static void write_head(struct wr *wr, enum rtcp_type type, unsigned format, uint32_t sender_ssrc, uint32_t media_ssrc,
                       size_t fci_len)
{
    size_t words = 2 + fci_len / 4;
    if (words > UINT16_MAX || wr_left(wr) < RTCP_HEADER_LEN + words * 4) {
        wr->is_bad = true;
        return;
    }
    wr_u8(wr, (uint8_t)(0x80 | format));
    wr_u8(wr, (uint8_t)type);
    wr_u16(wr, (uint16_t)words);
    wr_u32(wr, sender_ssrc);
    wr_u32(wr, media_ssrc);
}

/* One PID with its bitmask, taking as many leading numbers as it can cover. */
static size_t pack_nack(const uint16_t *seqs, size_t count, uint16_t *blp)
{
    size_t n = 1;
    *blp = 0;
    for (; n < count; n++) {
        uint16_t ahead = (uint16_t)(seqs[n] - seqs[0]);
        if (ahead == 0 || ahead > 16)
            break;
        *blp = (uint16_t)(*blp | 1u << (ahead - 1));
    }
    return n;
}

void rtcp_write_nack(struct wr *wr, uint32_t sender_ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count)
{
    size_t pairs = 0;
    uint16_t blp;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; pairs++)
        i += pack_nack(seqs + i, count - i, &blp);
    write_head(wr, RTCP_RTPFB, RTPFB_NACK, sender_ssrc, media_ssrc, pairs * 4);
    for (size_t i = 0; i < count && !wr->is_bad;) {
        wr_u16(wr, seqs[i]);
        i += pack_nack(seqs + i, count - i, &blp);
        wr_u16(wr, blp);
    }
}

void rtcp_write_pli(struct wr *wr, uint32_t sender_ssrc, uint32_t media_ssrc)
{
    write_head(wr, RTCP_PSFB, PSFB_PLI, sender_ssrc, media_ssrc, 0);
}

bool rtcp_fir_entry(const struct rtcp_fb *fb, unsigned index, struct rtcp_fir *out)
{
    if (fb->kind != RTCP_FB_FIR || index >= fb->fci_len / 8)
        return false;
    struct rd rd = rd_make(fb->fci, fb->fci_len);
    rd_skip(&rd, (size_t)index * 8);
    out->ssrc = rd_u32(&rd);
    out->seq_nr = rd_u8(&rd);
    return true;
}

void rtcp_write_fir(struct wr *wr, uint32_t sender_ssrc, const struct rtcp_fir *entries, unsigned count)
{
    write_head(wr, RTCP_PSFB, PSFB_FIR, sender_ssrc, 0, (size_t)count * 8); /* media SSRC 0: RFC 5104 section 4.3.1.2 */
    for (unsigned i = 0; i < count && !wr->is_bad; i++) {
        wr_u32(wr, entries[i].ssrc);
        wr_u8(wr, entries[i].seq_nr);
        wr_u24(wr, 0);
    }
}

enum err rtcp_parse_remb(const struct rtcp_fb *fb, struct rtcp_remb *out)
{
    if (fb->kind != RTCP_FB_REMB)
        return ERR_INVALID;
    struct rd rd = rd_make(fb->fci, fb->fci_len);
    rd_skip(&rd, 4);
    uint8_t ssrc_count = rd_u8(&rd);
    uint32_t rate = rd_u24(&rd);
    if (rd.is_bad)
        return ERR_INVALID;
    /* draft-alvestrand-rmcat-remb-03 section 2.2: 6 bits of exponent, 18 of mantissa */
    unsigned exponent = rate >> 18;
    uint64_t mantissa = rate & 0x3ffff;
    bool is_over = mantissa > UINT64_MAX >> exponent;
    out->bitrate_bps = is_over ? UINT64_MAX : mantissa << exponent;
    out->ssrc_count = ssrc_count;
    return ERR_OK;
}

bool rtcp_remb_ssrc(const struct rtcp_fb *fb, unsigned index, uint32_t *out)
{
    if (fb->kind != RTCP_FB_REMB || index >= fb->fci[4])
        return false;
    struct rd rd = rd_make(fb->fci, fb->fci_len);
    rd_skip(&rd, REMB_HEAD_LEN + (size_t)index * 4);
    uint32_t ssrc = rd_u32(&rd);
    if (rd.is_bad)
        return false;
    *out = ssrc;
    return true;
}
