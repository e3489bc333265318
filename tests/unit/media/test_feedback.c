/* What publishers and subscribers say about streams, over real sockets: NACK both ways, RTX both ways, key-frame
 * requests and their throttle, sender and receiver reports, transport-wide feedback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "pair.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtcp_twcc.h"

/* --- searching what came --- */

/* Calls visit for each RTCP packet that the party has; true when one visit was. */
static bool search(const struct party *party, bool (*visit)(const struct rtcp *packet, void *ctx), void *ctx)
{
    for (unsigned i = 0; i < party->rtcp.count; i++) {
        struct rtcp_iter it;
        struct rtcp packet;
        if (rtcp_iter_init(&it, party->rtcp.packets[i].data, party->rtcp.packets[i].len))
            fail_msg("the server sent a malformed compound");
        while (rtcp_next(&it, &packet))
            if (visit(&packet, ctx))
                return true;
    }
    return false;
}

struct want {
    struct party *party;
    uint32_t ssrc;
    uint16_t seq;
    struct rtcp_sr sr;
    struct rtcp_report_block block;
    struct rtcp_twcc twcc;
    unsigned received;
};

static bool is_nack(const struct rtcp *packet, void *ctx)
{
    struct want *want = ctx;
    struct rtcp_fb fb;
    struct rtcp_nack_iter it;
    uint16_t seq;
    if (packet->type != RTCP_RTPFB || rtcp_fb_parse(packet, &fb) || fb.kind != RTCP_FB_NACK ||
        fb.media_ssrc != want->ssrc)
        return false;
    rtcp_nack_iter_init(&it, &fb);
    while (rtcp_nack_next(&it, &seq))
        if (seq == want->seq)
            return true;
    return false;
}

static bool is_sr(const struct rtcp *packet, void *ctx)
{
    struct want *want = ctx;
    return packet->type == RTCP_SR && !rtcp_parse_sr(packet, &want->sr) && want->sr.ssrc == want->ssrc;
}

static bool is_block(const struct rtcp *packet, void *ctx)
{
    struct want *want = ctx;
    for (unsigned i = 0; packet->type == RTCP_RR && rtcp_report_block(packet, i, &want->block); i++)
        if (want->block.ssrc == want->ssrc)
            return true;
    return false;
}

static bool count_twcc(const struct rtcp *packet, void *ctx)
{
    struct want *want = ctx;
    struct rtcp_fb fb;
    struct rtcp_twcc twcc;
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    if (packet->type != RTCP_RTPFB || rtcp_fb_parse(packet, &fb) || fb.kind != RTCP_FB_TWCC)
        return false;
    assert_int_equal(rtcp_twcc_parse(&fb, &twcc), ERR_OK);
    rtcp_twcc_iter_init(&it, &twcc);
    while (rtcp_twcc_next(&it, &status))
        want->received += status.is_received;
    return false;
}

static bool has_nack(void *ctx)
{
    struct want *want = ctx;
    return search(want->party, is_nack, want);
}

static bool has_sr(void *ctx)
{
    struct want *want = ctx;
    return search(want->party, is_sr, want);
}

static bool has_block(void *ctx)
{
    struct want *want = ctx;
    return search(want->party, is_block, want);
}

static bool has_twcc(void *ctx)
{
    struct want *want = ctx;
    want->received = 0;
    (void)search(want->party, count_twcc, want);
    return want->received >= 20;
}

/* --- the subscriber asks --- */

static void check_nack(unsigned workers)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 300, 50, true);
    struct rtp lost, again;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 20, &lost));
    uint16_t seq = lost.seq;
    uint8_t twice[64]; /* impatience costs nothing */
    struct wr wr = wr_make(twice, sizeof(twice));
    rtcp_write_nack(&wr, 1, PAIR_OUT, &seq, 1);
    rtcp_write_nack(&wr, 1, PAIR_OUT, &seq, 1);
    party_send_rtcp(p.sub, twice, wr_len(&wr));
    party_await_rtp(p.sub, PAIR_OUT + 1, 1);
    stage_idle(p.stage, 30);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT + 1), 1);
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 20, &lost));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT + 1, 0, &again));
    const uint8_t *payload = rtp_payload(&again);
    assert_int_equal(again.pt, PAIR_OUT_PT + 1);
    assert_int_equal((payload[0] << 8) | payload[1], seq);
    assert_int_equal(again.timestamp, lost.timestamp);
    assert_true(again.marker);
    assert_int_equal(again.payload_len, lost.payload_len + 2);
    assert_memory_equal(payload + 2, rtp_payload(&lost), lost.payload_len);
    stage_free(p.stage);
}

static void test_nack(void **state)
{
    (void)state;
    check_nack(1);
}

static void test_nack_on_proxy(void **state)
{
    (void)state;
    check_nack(2);
}

/* After a pause the numbers of the source are new to the history; those of the subscriber go on. */
static void test_nack_after_mute(void **state)
{
    (void)state;
    struct pair p = pair_make(2);
    pair_send(&p, 1, 10, true);
    party_pause_track(p.pub, p.track, true);
    unsigned asked = party_count_pli(p.pub, PAIR_IN);
    party_pause_track(p.pub, p.track, false);
    party_await_pli(p.pub, PAIR_IN, asked + 1);
    pair_send(&p, 11, 10, true);
    struct rtp lost, again;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 15, &lost));
    party_send_nack(p.sub, PAIR_OUT, lost.seq);
    party_await_rtp(p.sub, PAIR_OUT + 1, 1);
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 15, &lost));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT + 1, 0, &again));
    assert_memory_equal(rtp_payload(&again) + 2, rtp_payload(&lost), lost.payload_len);
    stage_free(p.stage);
}

/* No number is sealed twice, so without RTX a NACK has no answer; the stream goes on. */
static void test_nack_without_rtx(void **state)
{
    (void)state;
    struct media_format out = pair_out_vp8();
    out.rtx_pt = 0;
    struct pair p = pair_make_with(1, &out, NULL);
    pair_send(&p, 300, 10, true);
    struct rtp rtp;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 5, &rtp));
    party_send_nack(p.sub, PAIR_OUT, rtp.seq);
    pair_send(&p, 310, 10, false);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 20);
    stage_free(p.stage);
}

/* 2 Mbit/s and a burst: a storm of requests for different packets ends there. */
static void test_nack_storm_is_bounded(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 0, 400, true);
    struct rtp first;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 0, &first));
    uint16_t start = first.seq;
    unsigned resent = 0;
    uint64_t start_us = clock_now_us();
    for (unsigned round = 0; round < 10; round++) {
        p.sub->rtp.count = 0;
        for (unsigned i = 0; i < 400; i++)
            party_send_nack(p.sub, PAIR_OUT, (uint16_t)(start + i));
        stage_idle(p.stage, 20);
        resent += party_count_rtp(p.sub, PAIR_OUT + 1);
    }
    /* 150,000 bytes at once, then 250,000 a second, of 1,112 each. */
    assert_in_range(resent, 100, 136 + 230 * ((clock_now_us() - start_us) / US_PER_S + 1));
    stage_free(p.stage);
}

/* --- the publisher is asked --- */

static void test_publisher_is_nacked_and_rtx_unwrapped(void **state)
{
    (void)state;
    struct pair p = pair_make(2);
    pair_send(&p, 500, 10, true);
    for (uint16_t seq = 511; seq < 520; seq++) /* 510 was lost */
        party_send_vp8(p.pub, PAIR_IN, seq, seq * 3000u, false);
    struct want want = {.party = p.pub, .ssrc = PAIR_IN, .seq = 510};
    stage_until(p.stage, has_nack, &want);
    party_await_rtp(p.sub, PAIR_OUT, 19);
    uint8_t payload[1102];
    payload[0] = 510 >> 8;
    payload[1] = 510 & 0xff;
    party_vp8_payload(payload + 2, 1100, false, 0xab);
    struct party_rtp rtx = {.ssrc = PAIR_IN + 1,
                            .pt = 97,
                            .seq = 1,
                            .timestamp = 510 * 3000u,
                            .marker = true,
                            .payload = payload,
                            .payload_len = sizeof(payload)};
    party_send(p.pub, &rtx);
    rtx.seq = 2; /* a browser's probe: the same again */
    party_send(p.pub, &rtx);
    party_await_rtp(p.sub, PAIR_OUT, 20);
    stage_idle(p.stage, 30);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 20);
    struct rtp first, late;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 0, &first));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 19, &late));
    assert_int_equal(late.seq, (uint16_t)(first.seq + 10)); /* its place was kept */
    assert_int_equal(late.timestamp, first.timestamp + 10 * 3000);
    assert_int_equal(late.payload_len, 1100);
    assert_int_equal(rtp_payload(&late)[500], 0xab);
    stage_free(p.stage);
}

static void check_key_throttle(unsigned workers)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 1, 5, true);
    stage_idle(p.stage, 350); /* the interval after the first request */
    unsigned before = party_count_pli(p.pub, PAIR_IN);
    uint64_t start_us = clock_now_us();
    for (unsigned i = 0; i < 60; i++) {
        party_send_pli(p.sub, PAIR_OUT);
        stage_idle(p.stage, 10);
    }
    unsigned asked = party_count_pli(p.pub, PAIR_IN) - before;
    assert_in_range(asked, 1, 2 + (clock_now_us() - start_us) / 300000); /* one in 300 ms */
    stage_free(p.stage);
}

static void test_key_requests_are_throttled(void **state)
{
    (void)state;
    check_key_throttle(1);
}

static void test_key_requests_cross_workers(void **state)
{
    (void)state;
    check_key_throttle(2);
}

static void test_fir_asks_for_a_key_frame(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 5, true);
    stage_idle(p.stage, 350);
    unsigned before = party_count_pli(p.pub, PAIR_IN);
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    struct rtcp_fir fir = {.ssrc = PAIR_OUT, .seq_nr = 1};
    rtcp_write_fir(&wr, 1, &fir, 1);
    party_send_rtcp(p.sub, data, wr_len(&wr));
    party_await_pli(p.pub, PAIR_IN, before + 1);
    stage_free(p.stage);
}

/* --- reports --- */

/* The publisher's clock pair arrives with its NTP time moved on and its RTP time mapped, by the same amount. */
static void check_sr(unsigned workers)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 10, 5, true);
    uint64_t ntp = 0xe0000000ULL << 32;
    party_send_sr(p.pub, PAIR_IN, ntp, 14 * 3000);
    struct want want = {.party = p.sub, .ssrc = PAIR_OUT};
    stage_until(p.stage, has_sr, &want);
    struct rtp last;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 4, &last));
    assert_int_equal(want.sr.packet_count, 5);
    assert_int_equal(want.sr.octet_count, 5 * 1100);
    uint64_t moved_us = ((want.sr.ntp - ntp) * 1000000) >> 32;
    assert_in_range(moved_us, 0, 2000000);
    int64_t ticks = (int32_t)(want.sr.rtp_ts - last.timestamp);
    assert_in_range(ticks - (int64_t)(moved_us * 90000 / 1000000) + 5, 0, 10);
    stage_free(p.stage);
}

static void test_sr_mapped(void **state)
{
    (void)state;
    check_sr(1);
}

static void test_sr_mapped_across_workers(void **state)
{
    (void)state;
    check_sr(2);
}

static void test_publisher_gets_reports(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 100, 10, true);
    party_send_vp8(p.pub, PAIR_IN, 115, 115 * 3000u, false); /* 5 are missing */
    struct want want = {.party = p.pub, .ssrc = PAIR_IN};
    stage_until(p.stage, has_block, &want);
    assert_int_equal(want.block.ext_seq & 0xffff, 115);
    assert_int_equal(want.block.cumulative_lost, 5);
    stage_free(p.stage);
}

static void test_transport_wide_feedback(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *pub = party_join(stage, 1, 1, 0);
    struct media_format in = party_opus(); /* audio alone must get it, too */
    party_publish(pub, &in, "a", 77, 0);
    const uint8_t payload[60] = {0};
    for (uint16_t i = 0; i < 20; i++) {
        struct party_rtp rtp = {.ssrc = 77,
                                .pt = 111,
                                .seq = i,
                                .timestamp = i * 960u,
                                .has_twcc = true,
                                .twcc = (uint16_t)(65530 + i),
                                .payload = payload,
                                .payload_len = sizeof(payload)};
        party_send(pub, &rtp);
        stage_turn(stage, 0);
    }
    struct want want = {.party = pub};
    stage_until(stage, has_twcc, &want);
    assert_int_equal(want.received, 20);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nack),
        cmocka_unit_test(test_nack_after_mute),
        cmocka_unit_test(test_nack_without_rtx),
        cmocka_unit_test(test_nack_on_proxy),
        cmocka_unit_test(test_nack_storm_is_bounded),
        cmocka_unit_test(test_publisher_is_nacked_and_rtx_unwrapped),
        cmocka_unit_test(test_key_requests_are_throttled),
        cmocka_unit_test(test_key_requests_cross_workers),
        cmocka_unit_test(test_fir_asks_for_a_key_frame),
        cmocka_unit_test(test_sr_mapped),
        cmocka_unit_test(test_sr_mapped_across_workers),
        cmocka_unit_test(test_publisher_gets_reports),
        cmocka_unit_test(test_transport_wide_feedback),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
