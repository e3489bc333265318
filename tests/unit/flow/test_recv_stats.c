/* Receiver statistics against RFC 3550's definitions, computed by hand. */
#include "flow/recv_stats.h"

#include "../proto/tool.h"

#define MS 1000ull

static struct recv_stats stats;

/* One packet each 20 ms of a 48 kHz stream, in time but for `late_us`. */
static bool packet(uint32_t n, uint64_t late_us)
{
    return recv_stats_on_packet(&stats, (uint16_t)n, n * 960, 100, 1000 * MS + n * 20 * MS + late_us);
}

static void counts_loss_per_interval(void **state)
{
    (void)state;
    struct rtcp_report_block block;
    recv_stats_init(&stats, 48000);
    assert_false(recv_stats_report(&stats, 9, 1, &block));
    for (uint32_t n = 100; n < 200; n++) {
        if (n % 10 != 5) /* 10 of 100 lost */
            assert_true(packet(n, 0));
    }
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.ssrc, 9);
    assert_int_equal(block.cumulative_lost, 10);
    assert_int_equal(block.fraction_lost, 256 * 10 / 100);
    assert_int_equal(block.ext_seq, 199);
    assert_int_equal(block.lsr, 0);
    assert_int_equal(block.dlsr, 0);
    for (uint32_t n = 200; n < 300; n++)
        packet(n, 0);
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.cumulative_lost, 10);
    assert_int_equal(block.fraction_lost, 0); /* of this interval */
    assert_int_equal(recv_stats_lost(&stats), 10);
    assert_int_equal(stats.bytes, 190 * 100);
}

static void duplicates_make_loss_negative(void **state)
{
    (void)state;
    struct rtcp_report_block block;
    recv_stats_init(&stats, 48000);
    for (uint32_t n = 0; n < 10; n++) {
        packet(n, 0);
        packet(n, 0);
    }
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.cumulative_lost, -10);
    assert_int_equal(block.fraction_lost, 0);
}

static void wraps_are_counted(void **state)
{
    (void)state;
    struct rtcp_report_block block;
    recv_stats_init(&stats, 48000);
    for (uint32_t n = 65000; n < 65000 + 200000; n++)
        assert_true(packet(n, 0));
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.ext_seq, 264999);
    assert_int_equal(block.cumulative_lost, 0);
    /* a late one from before the wrap changes neither */
    assert_true(recv_stats_on_packet(&stats, (uint16_t)(264999 - 50), 0, 0, 1));
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.ext_seq, 264999);
}

static void a_jump_needs_two_to_count(void **state)
{
    (void)state;
    struct rtcp_report_block block;
    recv_stats_init(&stats, 48000);
    packet(1, 0);
    assert_false(packet(20000, 0));
    assert_true(packet(2, 0));
    assert_false(packet(30000, 0));
    assert_true(packet(30001, 0)); /* in sequence: the source restarted */
    assert_true(packet(30002, 0));
    assert_true(recv_stats_report(&stats, 9, 1, &block));
    assert_int_equal(block.ext_seq, 30002);
    assert_int_equal(block.cumulative_lost, 0);
}

/* A.8: J += (|D| - J) / 16. Late by 10 ms each second packet: D = 480 ticks each time; J approaches 480. */
static void jitter_by_the_book(void **state)
{
    (void)state;
    recv_stats_init(&stats, 48000);
    packet(0, 0);
    packet(1, 10 * MS);
    assert_int_equal(stats.jitter_16, 480); /* 480 / 16 in 1/16 */
    packet(2, 0);
    assert_int_equal(stats.jitter_16, 480 + 480 - 30);
    packet(3, 10 * MS);
    packet(4, 0);
    assert_int_equal(stats.jitter_16, 1352 + 480 - 85); /* 85 = (1352 + 8) / 16: rounded, not cut */
    for (uint32_t n = 5; n < 400; n++)
        packet(n, n % 2 * 10 * MS);
    assert_in_range(stats.jitter_16 >> 4, 475, 481);
    assert_in_range(recv_stats_jitter_us(&stats), 9800, 10100);
    /* several packets of one instant (a video frame) and retransmissions say nothing */
    uint32_t before = stats.jitter_16;
    recv_stats_on_packet(&stats, 400, 399 * 960, 0, 99000 * MS);
    recv_stats_on_packet(&stats, 401, 5 * 960, 0, 99001 * MS);
    assert_int_equal(stats.jitter_16, before);
    /* nor does a sender's clock that jumps by minutes */
    recv_stats_on_packet(&stats, 402, 400 * 960 + 48000 * 600, 0, 1000 * MS + 400 * 20 * MS);
    assert_int_equal(stats.jitter_16, before);
}

static void no_clock_no_jitter(void **state)
{
    (void)state;
    recv_stats_init(&stats, 0);
    packet(0, 0);
    packet(1, 10 * MS);
    assert_int_equal(recv_stats_jitter_us(&stats), 0);
}

static void sender_reports_are_answered(void **state)
{
    (void)state;
    struct rtcp_report_block block;
    recv_stats_init(&stats, 48000);
    packet(0, 0);
    recv_stats_on_sr(&stats, 0x1122334455667788ull, 1000 * MS);
    assert_true(recv_stats_report(&stats, 9, 1500 * MS, &block));
    assert_int_equal(block.lsr, 0x33445566);
    assert_int_equal(block.dlsr, 32768); /* half a second */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_loss_per_interval),    cmocka_unit_test(duplicates_make_loss_negative),
        cmocka_unit_test(wraps_are_counted),           cmocka_unit_test(a_jump_needs_two_to_count),
        cmocka_unit_test(jitter_by_the_book),          cmocka_unit_test(no_clock_no_jitter),
        cmocka_unit_test(sender_reports_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
