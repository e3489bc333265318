/* Feedback of transport-wide arrivals: timing, gaps, late packets, jumps; read back by the parser. */
#include "flow/twcc_recv.h"

#include <stdbool.h>

#include "../proto/tool.h"
#include "proto/rtcp_twcc.h"

#define MS 1000ull

static struct twcc_recv recv_;

struct report {
    struct rtcp_twcc twcc;
    uint8_t bytes[1200];
    size_t len;
};

static bool poll_into(struct report *report, uint64_t now_us, size_t room)
{
    struct wr wr = wr_make(report->bytes, room);
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_fb fb;
    if (!twcc_recv_poll(&recv_, now_us, 1, 2, &wr))
        return false;
    report->len = wr_len(&wr);
    assert_int_equal(rtcp_iter_init(&it, report->bytes, report->len), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_int_equal(rtcp_fb_parse(&packet, &fb), ERR_OK);
    assert_int_equal(rtcp_twcc_parse(&fb, &report->twcc), ERR_OK);
    assert_int_equal(report->twcc.head.sender_ssrc, 1);
    assert_int_equal(report->twcc.head.media_ssrc, 2);
    return true;
}

static void check_report(const struct report *report, uint16_t base, const char *wanted)
{
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    assert_int_equal(report->twcc.head.base_seq, base);
    assert_int_equal(report->twcc.status_count, strlen(wanted));
    rtcp_twcc_iter_init(&it, &report->twcc);
    for (; *wanted; wanted++) {
        assert_true(rtcp_twcc_next(&it, &status));
        assert_int_equal(status.is_received, *wanted == '1');
    }
}

static void reports_in_time_with_gaps(void **state)
{
    (void)state;
    struct report report;
    twcc_recv_init(&recv_, 0);
    assert_true(twcc_recv_next_us(&recv_) == UINT64_MAX);
    assert_false(poll_into(&report, 1, 1200));
    twcc_recv_on_packet(&recv_, 65534, 1000 * MS); /* the first is reported at once */
    assert_true(twcc_recv_next_us(&recv_) == 1000 * MS);
    assert_true(poll_into(&report, 1000 * MS, 1200));
    check_report(&report, 65534, "1");
    assert_int_equal(report.twcc.head.fb_count, 0);
    assert_false(poll_into(&report, 1000 * MS, 1200));
    twcc_recv_on_packet(&recv_, 65535, 1010 * MS);
    twcc_recv_on_packet(&recv_, 2, 1020 * MS);
    twcc_recv_on_packet(&recv_, 2, 1021 * MS); /* a duplicate */
    assert_true(twcc_recv_next_us(&recv_) == 1100 * MS);
    assert_false(poll_into(&report, 1099 * MS, 1200));
    assert_true(poll_into(&report, 1100 * MS, 1200));
    check_report(&report, 65535, "1001");
    assert_int_equal(report.twcc.head.fb_count, 1);
    assert_true(twcc_recv_next_us(&recv_) == UINT64_MAX);
    assert_false(poll_into(&report, 9000 * MS, 1200)); /* nothing new, nothing to say */
}

static void goes_back_for_late_packets(void **state)
{
    (void)state;
    struct report report;
    twcc_recv_init(&recv_, 0);
    twcc_recv_on_packet(&recv_, 10, 1000 * MS);
    twcc_recv_on_packet(&recv_, 13, 1001 * MS);
    assert_true(poll_into(&report, 1001 * MS, 1200));
    check_report(&report, 10, "1001");
    twcc_recv_on_packet(&recv_, 11, 1050 * MS);
    twcc_recv_on_packet(&recv_, 14, 1051 * MS);
    assert_true(poll_into(&report, 1200 * MS, 1200));
    check_report(&report, 11, "1011"); /* 13 is told again */
    /* far too late a packet drags no ancient ones along */
    twcc_recv_on_packet(&recv_, 12, 5000 * MS);
    assert_true(poll_into(&report, 5000 * MS, 1200));
    check_report(&report, 12, "1");
}

static void a_large_jump_starts_afresh(void **state)
{
    (void)state;
    struct report report;
    twcc_recv_init(&recv_, 0);
    twcc_recv_on_packet(&recv_, 1, 1000 * MS);
    twcc_recv_on_packet(&recv_, 20000, 1001 * MS);
    assert_true(poll_into(&report, 1001 * MS, 1200));
    check_report(&report, 20000, "1");
    twcc_recv_on_packet(&recv_, 2, 1002 * MS); /* beyond the window: no slot for it */
    assert_true(twcc_recv_next_us(&recv_) == UINT64_MAX);
}

static void a_burst_takes_several_packets(void **state)
{
    (void)state;
    struct report report;
    struct prng prng = {.state = 8};
    unsigned told = 0, packets = 0;
    twcc_recv_init(&recv_, 0);
    for (unsigned i = 0; i < 2000; i++)
        twcc_recv_on_packet(&recv_, (uint16_t)(65000 + i), 1000 * MS + prng_below(&prng, 90000));
    while (poll_into(&report, 1100 * MS, 600)) {
        struct rtcp_twcc_iter it;
        struct rtcp_twcc_status status;
        rtcp_twcc_iter_init(&it, &report.twcc);
        assert_int_equal(report.twcc.head.base_seq, (uint16_t)(65000 + told));
        while (rtcp_twcc_next(&it, &status))
            told += status.is_received;
        packets++;
    }
    assert_int_equal(told, 2000);
    assert_true(packets > 1);
    assert_int_equal(report.twcc.head.fb_count, packets - 1);
}

static void no_room_loses_nothing(void **state)
{
    (void)state;
    struct report report;
    twcc_recv_init(&recv_, 0);
    twcc_recv_on_packet(&recv_, 1, 1000 * MS);
    assert_false(poll_into(&report, 1000 * MS, 20));
    assert_true(poll_into(&report, 1000 * MS, 24));
    check_report(&report, 1, "1");
}

/* Holes wider than a batch are told from behind them; polling always ends. */
static void wide_holes(void **state)
{
    (void)state;
    struct report report;
    twcc_recv_init(&recv_, 0);
    twcc_recv_on_packet(&recv_, 1, 1000 * MS);
    twcc_recv_on_packet(&recv_, 1500, 1001 * MS);
    unsigned told = 0, packets = 0;
    while (poll_into(&report, 1001 * MS, 1200)) {
        struct rtcp_twcc_iter it;
        struct rtcp_twcc_status status;
        rtcp_twcc_iter_init(&it, &report.twcc);
        while (rtcp_twcc_next(&it, &status))
            told += status.is_received;
        assert_true(++packets < 10);
    }
    assert_int_equal(told, 2);
    assert_true(twcc_recv_next_us(&recv_) == UINT64_MAX);
}

static void intervals_are_clamped(void **state)
{
    (void)state;
    twcc_recv_init(&recv_, 1);
    assert_int_equal(recv_.interval_us, TWCC_RECV_INTERVAL_MIN_US);
    twcc_recv_init(&recv_, 9999999);
    assert_int_equal(recv_.interval_us, TWCC_RECV_INTERVAL_MAX_US);
    twcc_recv_init(&recv_, 0);
    assert_int_equal(recv_.interval_us, TWCC_RECV_INTERVAL_US);
}

/* Random arrivals with loss and reordering: every packet is reported, with its time, by the end. */
static void random_arrivals_are_all_told(void **state)
{
    (void)state;
    struct prng prng = {.state = 4};
    static uint64_t arrived[30000];
    static bool is_told[30000];
    memset(arrived, 0, sizeof(arrived));
    memset(is_told, 0, sizeof(is_told));
    twcc_recv_init(&recv_, 0);
    for (unsigned i = 30; i < LEN(arrived) + 200; i++) {
        uint64_t now = 5000 * MS + i * MS;
        unsigned n = i - prng_below(&prng, 30);
        if (n < LEN(arrived) && prng_below(&prng, 10)) {
            if (!arrived[n])
                arrived[n] = now;
            twcc_recv_on_packet(&recv_, (uint16_t)n, now);
        }
        struct report report;
        while (poll_into(&report, now, 1200)) {
            struct rtcp_twcc_iter it;
            struct rtcp_twcc_status status;
            rtcp_twcc_iter_init(&it, &report.twcc);
            while (rtcp_twcc_next(&it, &status)) {
                if (!status.is_received)
                    continue;
                assert_true(arrived[status.seq] != 0);
                assert_in_range(arrived[status.seq] - (uint64_t)status.time_us, 0, 249);
                is_told[status.seq] = true;
            }
        }
    }
    for (unsigned i = 0; i < LEN(arrived); i++)
        assert_int_equal(is_told[i], arrived[i] != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_in_time_with_gaps),  cmocka_unit_test(goes_back_for_late_packets),
        cmocka_unit_test(a_large_jump_starts_afresh), cmocka_unit_test(a_burst_takes_several_packets),
        cmocka_unit_test(no_room_loses_nothing),      cmocka_unit_test(wide_holes),
        cmocka_unit_test(intervals_are_clamped),      cmocka_unit_test(random_arrivals_are_all_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
