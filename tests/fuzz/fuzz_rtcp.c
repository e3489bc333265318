/* RTCP compounds with everything in them but transport-wide feedback (see fuzz_twcc.c). */
#include "fuzz.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"

static void eat_reports(const struct rtcp *packet)
{
    struct rtcp_sr sr;
    struct rtcp_report_block block;
    uint32_t ssrc;
    bool is_report = !rtcp_parse_sr(packet, &sr) || !rtcp_parse_rr(packet, &ssrc);
    for (unsigned i = 0; i <= RTCP_COUNT_MAX; i++) {
        bool has_block = rtcp_report_block(packet, i, &block);
        CHECK(!is_report || has_block == (i < packet->count));
    }
}

static void eat_names(const struct rtcp *packet)
{
    struct rtcp_sdes_iter it;
    struct bytes cname;
    uint32_t ssrc;
    unsigned n = 0;
    rtcp_sdes_iter_init(&it, packet);
    while (rtcp_sdes_next(&it, &ssrc, &cname)) {
        CHECK(cname.len <= 255 && ++n <= RTCP_COUNT_MAX);
        for (size_t i = 0; i < cname.len; i++)
            ssrc += cname.data[i];
    }
    for (unsigned i = 0; rtcp_bye_ssrc(packet, i, &ssrc); i++)
        CHECK(i < RTCP_COUNT_MAX);
}

static void eat_feedback(const struct rtcp *packet)
{
    struct rtcp_fb fb;
    struct rtcp_nack_iter nack;
    struct rtcp_fir fir;
    struct rtcp_remb remb;
    uint16_t seq;
    uint32_t ssrc;
    unsigned n = 0;
    if (rtcp_fb_parse(packet, &fb))
        return;
    rtcp_nack_iter_init(&nack, &fb);
    while (rtcp_nack_next(&nack, &seq))
        CHECK(++n <= RTCP_NACK_MAX);
    for (unsigned i = 0; rtcp_fir_entry(&fb, i, &fir); i++)
        CHECK(i < fb.fci_len / 8);
    if (rtcp_parse_remb(&fb, &remb))
        return;
    for (unsigned i = 0; i < remb.ssrc_count; i++)
        CHECK(rtcp_remb_ssrc(&fb, i, &ssrc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    size_t total = 0;
    if (rtcp_iter_init(&it, data, len))
        return 0;
    while (rtcp_next(&it, &packet)) {
        CHECK(packet.body >= data && packet.body + packet.body_len <= data + len);
        total += RTCP_HEADER_LEN + packet.body_len;
        eat_reports(&packet);
        eat_names(&packet);
        eat_feedback(&packet);
    }
    CHECK(total <= len);
    return 0;
}
