/* Sender reports of rewritten streams and round trips. */
#include "flow/srmap.h"

#include "../proto/tool.h"

#define S 1000000ull

static void ntp_arithmetic(void **state)
{
    (void)state;
    assert_true(ntp_from_us(1500000) == 0x180000000ull);
    assert_true(ntp_to_us(0x180000000ull) == 1500000);
    assert_true(ntp_from_wall_us(0) == 2208988800ull << 32);
    assert_int_equal(ntp_mid32(0x1122334455667788ull), 0x33445566);
    struct prng prng = {.state = 6};
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t us = prng_next(&prng) >> 14; /* 35 years */
        assert_true(ntp_to_us(ntp_from_us(us)) == us);
    }
}

static void reports_move_on_together(void **state)
{
    (void)state;
    struct srmap_source source = {0};
    struct rtcp_sr sr = {0};
    assert_false(srmap_make(&source, 0, 90000, 5 * S, &sr));
    srmap_source_on_sr(&source, 100ull << 32, 0xfffffff0, 5 * S);
    assert_true(srmap_make(&source, 1000, 90000, 5 * S, &sr));
    assert_true(sr.ntp == 100ull << 32);
    assert_int_equal(sr.rtp_ts, 1000);
    assert_true(srmap_make(&source, 0xffffffff, 90000, 5 * S + S / 2, &sr));
    assert_true(sr.ntp == (100ull << 32) + 0x80000000);
    assert_int_equal(sr.rtp_ts, 44999);
}

static void round_trips(void **state)
{
    (void)state;
    struct srmap_sent sent = {0};
    struct rtcp_report_block block = {0};
    uint32_t rtt_us;
    assert_false(srmap_rtt(&sent, &block, 1, &rtt_us));
    for (uint64_t i = 1; i <= 20; i++)
        srmap_on_sent(&sent, i << 32, i * S);
    block.lsr = 20 << 16;
    block.dlsr = 65536 / 4;
    assert_true(srmap_rtt(&sent, &block, 20 * S + 300000, &rtt_us));
    assert_int_equal(rtt_us, 50000);
    block.lsr = 13 << 16; /* the oldest of eight */
    assert_true(srmap_rtt(&sent, &block, 20 * S, &rtt_us));
    block.lsr = 12 << 16;
    assert_false(srmap_rtt(&sent, &block, 20 * S, &rtt_us));
    block.lsr = 20 << 16;
    block.dlsr = 65536; /* longer than it was away */
    assert_false(srmap_rtt(&sent, &block, 20 * S + 300000, &rtt_us));
    block.dlsr = UINT32_MAX;
    assert_false(srmap_rtt(&sent, &block, 20 * S + 300000, &rtt_us));
    block.dlsr = 65536 * 3 / 10 + 30; /* rounding of a peer at no distance */
    assert_true(srmap_rtt(&sent, &block, 20 * S + 300000, &rtt_us));
    assert_int_equal(rtt_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ntp_arithmetic), cmocka_unit_test(reports_move_on_together),
                                       cmocka_unit_test(round_trips)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
