/* RTCP compounds: hand-derived vectors, what is written is read back, bad lengths. */
#include "proto/rtcp.h"
#include "tool.h"

/* SR with one report block, then SDES CNAME "a@b" (3 bytes: item 5, end 1, padding 2), then BYE of one source */
static const uint8_t compound[] = {
    0x81, 200,  0,    12,   0x11, 0x22, 0x33, 0x44, 0xe1, 0x02, 0x03, 0x04, 0x80, 0, 0, 0, /* SR, NTP */
    0,    0,    0x10, 0,    0,    0,    0,    7,    0,    0,    0x04, 0,                   /* counts */
    0xaa, 0xbb, 0xcc, 0xdd, 0x40, 0xff, 0xff, 0xfe, 0,    1,    0,    5,    0,    0, 0, 9, /* block */
    0x03, 0x04, 0x80, 0,    0,    1,    0,    0,                                           /* LSR, DLSR */
    0x81, 202,  0,    3,    0x11, 0x22, 0x33, 0x44, 1,    3,    'a',  '@',  'b',  0, 0, 0, /* SDES */
    0x81, 203,  0,    1,    0x11, 0x22, 0x33, 0x44,                                        /* BYE */
};

static void reads_a_compound(void **state)
{
    (void)state;
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_sr sr;
    struct rtcp_report_block block;
    assert_int_equal(rtcp_iter_init(&it, compound, sizeof(compound)), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_int_equal(rtcp_parse_sr(&packet, &sr), ERR_OK);
    assert_int_equal(sr.ssrc, 0x11223344);
    assert_true(sr.ntp == 0xe102030480000000ull);
    assert_int_equal(sr.rtp_ts, 0x1000);
    assert_int_equal(sr.packet_count, 7);
    assert_int_equal(sr.octet_count, 0x400);
    assert_true(rtcp_report_block(&packet, 0, &block));
    assert_int_equal(block.ssrc, 0xaabbccdd);
    assert_int_equal(block.fraction_lost, 0x40);
    assert_int_equal(block.cumulative_lost, -2);
    assert_int_equal(block.ext_seq, 0x10005);
    assert_int_equal(block.jitter, 9);
    assert_int_equal(block.lsr, 0x03048000);
    assert_int_equal(block.dlsr, 0x10000);
    assert_false(rtcp_report_block(&packet, 1, &block));

    struct rtcp_sdes_iter sdes;
    uint32_t ssrc;
    struct bytes cname;
    assert_true(rtcp_next(&it, &packet));
    rtcp_sdes_iter_init(&sdes, &packet);
    assert_true(rtcp_sdes_next(&sdes, &ssrc, &cname));
    assert_int_equal(ssrc, 0x11223344);
    assert_int_equal(cname.len, 3);
    assert_memory_equal(cname.data, "a@b", 3);
    assert_false(rtcp_sdes_next(&sdes, &ssrc, &cname));

    assert_true(rtcp_next(&it, &packet));
    assert_true(rtcp_bye_ssrc(&packet, 0, &ssrc));
    assert_int_equal(ssrc, 0x11223344);
    assert_false(rtcp_bye_ssrc(&packet, 1, &ssrc));
    assert_false(rtcp_next(&it, &packet));
}

static void writes_the_vector(void **state)
{
    (void)state;
    uint8_t out[sizeof(compound)];
    struct wr wr = wr_make(out, sizeof(out));
    const struct rtcp_sr sr = {0x11223344, 0xe102030480000000ull, 0x1000, 7, 0x400};
    const struct rtcp_report_block block = {0xaabbccdd, 0x40, -2, 0x10005, 9, 0x03048000, 0x10000};
    const uint32_t ssrc = 0x11223344;
    rtcp_write_sr(&wr, &sr, &block, 1);
    rtcp_write_sdes_cname(&wr, ssrc, "a@b");
    rtcp_write_bye(&wr, &ssrc, 1);
    assert_false(wr.is_bad);
    assert_int_equal(wr_len(&wr), sizeof(compound));
    assert_memory_equal(out, compound, sizeof(compound));
}

static void receiver_reports_round_trip(void **state)
{
    (void)state;
    struct prng prng = {.state = 7};
    for (unsigned count = 0; count <= RTCP_COUNT_MAX; count++) {
        struct rtcp_report_block blocks[RTCP_COUNT_MAX];
        uint8_t out[1024];
        struct wr wr = wr_make(out, sizeof(out));
        for (unsigned i = 0; i < count; i++) {
            blocks[i] = (struct rtcp_report_block){.ssrc = (uint32_t)prng_next(&prng),
                                                   .fraction_lost = (uint8_t)prng_next(&prng),
                                                   .cumulative_lost = (int32_t)prng_below(&prng, 0x1000000) - 0x800000,
                                                   .ext_seq = (uint32_t)prng_next(&prng),
                                                   .jitter = (uint32_t)prng_next(&prng),
                                                   .lsr = (uint32_t)prng_next(&prng),
                                                   .dlsr = (uint32_t)prng_next(&prng)};
        }
        rtcp_write_rr(&wr, 99, blocks, count);
        assert_false(wr.is_bad);
        struct rtcp_iter it;
        struct rtcp packet;
        uint32_t sender;
        assert_int_equal(rtcp_iter_init(&it, out, wr_len(&wr)), ERR_OK);
        assert_true(rtcp_next(&it, &packet));
        assert_int_equal(rtcp_parse_rr(&packet, &sender), ERR_OK);
        assert_int_equal(sender, 99);
        for (unsigned i = 0; i < count; i++) {
            struct rtcp_report_block block;
            assert_true(rtcp_report_block(&packet, i, &block));
            assert_int_equal(block.cumulative_lost, blocks[i].cumulative_lost);
            assert_int_equal(block.dlsr, blocks[i].dlsr);
            assert_int_equal(block.ssrc, blocks[i].ssrc);
        }
    }
}

static void writers_clamp_and_refuse(void **state)
{
    (void)state;
    uint8_t out[2048];
    struct wr wr = wr_make(out, sizeof(out));
    struct rtcp_report_block blocks[32] = {{.cumulative_lost = INT32_MAX}, {.cumulative_lost = INT32_MIN}};
    struct rtcp packet;
    struct rtcp_iter it;
    struct rtcp_report_block block;
    rtcp_write_rr(&wr, 1, blocks, 2);
    assert_int_equal(rtcp_iter_init(&it, out, wr_len(&wr)), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_true(rtcp_report_block(&packet, 0, &block));
    assert_int_equal(block.cumulative_lost, 0x7fffff);
    assert_true(rtcp_report_block(&packet, 1, &block));
    assert_int_equal(block.cumulative_lost, -0x800000);
    wr = wr_make(out, sizeof(out));
    rtcp_write_rr(&wr, 1, blocks, 32); /* the count has 5 bits */
    assert_true(wr.is_bad);
    wr = wr_make(out, 31);
    rtcp_write_rr(&wr, 1, blocks, 1); /* needs 32 */
    assert_true(wr.is_bad);
    assert_int_equal(wr_len(&wr), 0);
    char cname[257];
    memset(cname, 'x', 256);
    cname[256] = '\0';
    wr = wr_make(out, sizeof(out));
    rtcp_write_sdes_cname(&wr, 1, cname);
    assert_true(wr.is_bad);
    wr = wr_make(out, sizeof(out));
    rtcp_write_sdes_cname(&wr, 1, "");
    assert_true(wr.is_bad);
}

static void cnames_of_all_lengths(void **state)
{
    (void)state;
    char cname[256];
    for (unsigned n = 1; n <= 255; n++) {
        uint8_t out[300];
        struct wr wr = wr_make(out, sizeof(out));
        struct rtcp_iter it;
        struct rtcp packet;
        struct rtcp_sdes_iter sdes;
        struct bytes got;
        uint32_t ssrc;
        memset(cname, 'c', n);
        cname[n] = '\0';
        rtcp_write_sdes_cname(&wr, n, cname);
        assert_false(wr.is_bad);
        assert_int_equal(rtcp_iter_init(&it, out, wr_len(&wr)), ERR_OK);
        assert_true(rtcp_next(&it, &packet));
        rtcp_sdes_iter_init(&sdes, &packet);
        assert_true(rtcp_sdes_next(&sdes, &ssrc, &got));
        assert_int_equal(got.len, n);
        assert_int_equal(ssrc, n);
    }
}

static void refuses_bad_compounds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[24];
    } table[] = {
        {"empty", 0, {0}},
        {"three bytes", 3, {0x80, 201, 0}},
        {"length past the end", 8, {0x80, 201, 0, 2, 0, 0, 0, 1}},
        {"length 65535", 8, {0x80, 201, 0xff, 0xff, 0, 0, 0, 1}},
        {"version 1", 8, {0x40, 201, 0, 1, 0, 0, 0, 1}},
        {"trailing bytes", 10, {0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 201}},
        {"padding of zero", 8, {0xa0, 201, 0, 1, 0, 0, 0, 0}},
        {"padding over the body", 8, {0xa0, 201, 0, 1, 0, 0, 0, 5}},
        {"padding bit, no body", 4, {0xa0, 201, 0, 0}},
        {"padding before the last", 16, {0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1}},
        {"bad second packet", 12, {0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 201, 0, 1}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct rtcp_iter it;
        uint8_t *copy = exact_copy(table[i].bytes, table[i].len);
        if (rtcp_iter_init(&it, copy, table[i].len) != ERR_INVALID)
            fail_msg("taken: %s", table[i].what);
        free(copy);
    }
}

static void counts_larger_than_the_body(void **state)
{
    (void)state;
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_sr sr;
    struct rtcp_report_block block;
    uint32_t ssrc;
    uint8_t bytes[28] = {0x9f, 200, 0, 6};
    assert_int_equal(rtcp_iter_init(&it, bytes, sizeof(bytes)), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_int_equal(rtcp_parse_sr(&packet, &sr), ERR_INVALID);
    assert_false(rtcp_report_block(&packet, 0, &block));
    bytes[1] = 201;
    assert_int_equal(rtcp_iter_init(&it, bytes, sizeof(bytes)), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_int_equal(rtcp_parse_rr(&packet, &ssrc), ERR_INVALID);
    assert_int_equal(rtcp_parse_sr(&packet, &sr), ERR_INVALID); /* not its type */
    bytes[1] = 203;
    assert_int_equal(rtcp_iter_init(&it, bytes, sizeof(bytes)), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_true(rtcp_bye_ssrc(&packet, 5, &ssrc));
    assert_false(rtcp_bye_ssrc(&packet, 6, &ssrc));
}

static void eat(const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    size_t total = 0;
    if (rtcp_iter_init(&it, data, len))
        return;
    while (rtcp_next(&it, &packet)) {
        struct rtcp_sr sr;
        struct rtcp_report_block block;
        struct rtcp_sdes_iter sdes;
        struct bytes cname;
        uint32_t ssrc;
        total += packet.body_len + 4;
        if (!rtcp_parse_sr(&packet, &sr) || !rtcp_parse_rr(&packet, &ssrc)) {
            for (unsigned i = 0; i < packet.count; i++)
                assert_true(rtcp_report_block(&packet, i, &block));
        }
        rtcp_sdes_iter_init(&sdes, &packet);
        while (rtcp_sdes_next(&sdes, &ssrc, &cname))
            assert_true(cname.len <= 255);
        for (unsigned i = 0; i < 32; i++) {
            if (!rtcp_bye_ssrc(&packet, i, &ssrc))
                break;
        }
    }
    assert_true(total <= len);
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    torture(compound, sizeof(compound), 30000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_compound),
        cmocka_unit_test(writes_the_vector),
        cmocka_unit_test(receiver_reports_round_trip),
        cmocka_unit_test(writers_clamp_and_refuse),
        cmocka_unit_test(cnames_of_all_lengths),
        cmocka_unit_test(refuses_bad_compounds),
        cmocka_unit_test(counts_larger_than_the_body),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
