/* RTCP feedback: NACK, PLI, FIR, REMB. */
#include "proto/rtcp_fb.h"
#include "tool.h"

static struct rtcp_fb parse_one(const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_fb fb;
    assert_int_equal(rtcp_iter_init(&it, data, len), ERR_OK);
    assert_true(rtcp_next(&it, &packet));
    assert_int_equal(rtcp_fb_parse(&packet, &fb), ERR_OK);
    return fb;
}

/* Packs 1, 3, 17 (BLP bits 1 and 15) and 18 */
static void nack_vector(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0x80, 0x02, 0, 18, 0, 0};
    const uint16_t seqs[] = {1, 3, 17, 18};
    uint8_t out[64];
    struct wr wr = wr_make(out, sizeof(out));
    rtcp_write_nack(&wr, 1, 2, seqs, 4);
    assert_int_equal(wr_len(&wr), sizeof(wanted));
    assert_memory_equal(out, wanted, sizeof(wanted));
    struct rtcp_fb fb = parse_one(out, sizeof(wanted));
    struct rtcp_nack_iter it;
    uint16_t seq;
    assert_int_equal(fb.kind, RTCP_FB_NACK);
    assert_int_equal(fb.sender_ssrc, 1);
    assert_int_equal(fb.media_ssrc, 2);
    rtcp_nack_iter_init(&it, &fb);
    for (size_t i = 0; i < LEN(seqs); i++) {
        assert_true(rtcp_nack_next(&it, &seq));
        assert_int_equal(seq, seqs[i]);
    }
    assert_false(rtcp_nack_next(&it, &seq));
    assert_false(rtcp_nack_next(&it, &seq));
}

static void nack_lists_round_trip_over_the_wrap(void **state)
{
    (void)state;
    struct prng prng = {.state = 3};
    for (unsigned round = 0; round < 2000; round++) {
        uint16_t seqs[200];
        uint16_t seq = (uint16_t)(65536 - prng_below(&prng, 400));
        unsigned count = prng_below(&prng, 200) + 1;
        for (unsigned i = 0; i < count; i++) {
            seqs[i] = seq;
            seq = (uint16_t)(seq + 1 + prng_below(&prng, prng_below(&prng, 40) + 1));
        }
        uint8_t out[1000];
        struct wr wr = wr_make(out, sizeof(out));
        rtcp_write_nack(&wr, 1, 2, seqs, count);
        assert_false(wr.is_bad);
        struct rtcp_fb fb = parse_one(out, wr_len(&wr));
        struct rtcp_nack_iter it;
        uint16_t got;
        rtcp_nack_iter_init(&it, &fb);
        for (unsigned i = 0; i < count; i++) {
            assert_true(rtcp_nack_next(&it, &got));
            assert_int_equal(got, seqs[i]);
        }
        assert_false(rtcp_nack_next(&it, &got));
    }
}

static void nack_edges(void **state)
{
    (void)state;
    uint8_t out[16];
    const uint16_t seq = 5;
    struct wr wr = wr_make(out, sizeof(out));
    rtcp_write_nack(&wr, 1, 2, &seq, 0);
    assert_int_equal(wr_len(&wr), 0);
    assert_false(wr.is_bad);
    wr = wr_make(out, 15);
    rtcp_write_nack(&wr, 1, 2, &seq, 1);
    assert_true(wr.is_bad);
}

/* 16,000 pairs of full bitmasks ask for 272,000 packets: no more than the limit is handed out. */
static void nack_flood_is_bounded(void **state)
{
    (void)state;
    size_t len = 12 + 16000 * 4;
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, 0xff, len);
    struct wr wr = wr_make(bytes, 12);
    wr_u8(&wr, 0x81);
    wr_u8(&wr, 205);
    wr_u16(&wr, (uint16_t)(len / 4 - 1));
    wr_u64(&wr, 1);
    struct rtcp_fb fb = parse_one(bytes, len);
    struct rtcp_nack_iter it;
    uint16_t seq;
    unsigned n = 0;
    rtcp_nack_iter_init(&it, &fb);
    while (rtcp_nack_next(&it, &seq))
        n++;
    assert_int_equal(n, RTCP_NACK_MAX);
    free(bytes);
}

static void pli_vector(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    uint8_t out[12];
    struct wr wr = wr_make(out, sizeof(out));
    rtcp_write_pli(&wr, 1, 2);
    assert_int_equal(wr_len(&wr), 12);
    assert_memory_equal(out, wanted, 12);
    struct rtcp_fb fb = parse_one(out, 12);
    assert_int_equal(fb.kind, RTCP_FB_PLI);
    assert_int_equal(fb.media_ssrc, 2);
}

static void fir_round_trip(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                                     0,    2,   7, 0, 0, 0, 0, 0, 0, 3, 8, 0, 0, 0};
    const struct rtcp_fir entries[] = {{2, 7}, {3, 8}};
    struct rtcp_fir entry;
    uint8_t out[28];
    struct wr wr = wr_make(out, sizeof(out));
    rtcp_write_fir(&wr, 1, entries, 2);
    assert_false(wr.is_bad);
    assert_memory_equal(out, wanted, sizeof(wanted));
    struct rtcp_fb fb = parse_one(out, sizeof(out));
    assert_int_equal(fb.kind, RTCP_FB_FIR);
    assert_true(rtcp_fir_entry(&fb, 1, &entry));
    assert_int_equal(entry.ssrc, 3);
    assert_int_equal(entry.seq_nr, 8);
    assert_false(rtcp_fir_entry(&fb, 2, &entry));
}

static struct rtcp_remb remb_of(uint8_t exponent_and_top, uint8_t middle, uint8_t low)
{
    const uint8_t bytes[] = {0x8f,   206, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, exponent_and_top,
                             middle, low, 0, 0, 0, 9};
    struct rtcp_fb fb = parse_one(bytes, sizeof(bytes));
    struct rtcp_remb remb;
    uint32_t ssrc;
    assert_int_equal(fb.kind, RTCP_FB_REMB);
    assert_int_equal(rtcp_parse_remb(&fb, &remb), ERR_OK);
    assert_int_equal(remb.ssrc_count, 1);
    assert_true(rtcp_remb_ssrc(&fb, 0, &ssrc));
    assert_int_equal(ssrc, 9);
    assert_false(rtcp_remb_ssrc(&fb, 1, &ssrc));
    return remb;
}

static void remb_values(void **state)
{
    (void)state;
    assert_true(remb_of(0x00, 0x00, 0x00).bitrate_bps == 0);
    assert_true(remb_of(0x03, 0xff, 0xff).bitrate_bps == 0x3ffff);
    assert_true(remb_of(3 << 2 | 1, 0x00, 0x00).bitrate_bps == (uint64_t)0x10000 << 3);
    assert_true(remb_of(0xff, 0xff, 0xff).bitrate_bps == UINT64_MAX); /* 2^18 * 2^63 */
    assert_true(remb_of(0xfc, 0x00, 0x00).bitrate_bps == 0);          /* 0 * 2^63 */
    assert_true(remb_of(0xfc, 0x00, 0x01).bitrate_bps == (uint64_t)1 << 63);
    assert_true(remb_of(0xfc, 0x00, 0x02).bitrate_bps == UINT64_MAX);
    assert_true(remb_of(46 << 2 | 3, 0xff, 0xff).bitrate_bps == (uint64_t)0x3ffff << 46);
    assert_true(remb_of(47 << 2 | 3, 0xff, 0xff).bitrate_bps == UINT64_MAX);
}

static void refuses_bad_feedback(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[28];
    } table[] = {
        {"no feedback type", 12, {0x81, 201, 0, 2}},
        {"one SSRC", 8, {0x81, 205, 0, 1}},
        {"NACK of nothing", 12, {0x81, 205, 0, 2}},
        {"TWCC too short", 20, {0x8f, 205, 0, 4}},
        {"FIR of nothing", 12, {0x84, 206, 0, 2}},
        {"half a FIR entry", 16, {0x84, 206, 0, 3}},
        {"REMB without a rate", 16, {0x8f, 206, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 'R', 'E', 'M', 'B'}},
        {"REMB with missing sources", 20, {0x8f, 206, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1}},
        {"REMB of 255 sources", 24, {0x8f, 206, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 255}},
        {"padding into the SSRCs", 12, {0xa1, 206, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct rtcp_iter it;
        struct rtcp packet;
        struct rtcp_fb fb;
        uint8_t *copy = exact_copy(table[i].bytes, table[i].len);
        assert_int_equal(rtcp_iter_init(&it, copy, table[i].len), ERR_OK);
        assert_true(rtcp_next(&it, &packet));
        if (rtcp_fb_parse(&packet, &fb) != ERR_INVALID)
            fail_msg("taken: %s", table[i].what);
        free(copy);
    }
}

static void other_feedback_is_left_alone(void **state)
{
    (void)state;
    const uint8_t sli[] = {0x82, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4};
    const uint8_t app[] = {0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 'X', 'Y', 'Z', 'W'};
    struct rtcp_fb fb = parse_one(sli, sizeof(sli));
    struct rtcp_remb remb;
    struct rtcp_nack_iter it;
    uint16_t seq;
    assert_int_equal(fb.kind, RTCP_FB_OTHER);
    assert_int_equal(rtcp_parse_remb(&fb, &remb), ERR_INVALID);
    rtcp_nack_iter_init(&it, &fb);
    assert_false(rtcp_nack_next(&it, &seq));
    assert_int_equal(parse_one(app, sizeof(app)).kind, RTCP_FB_OTHER);
}

static void eat(const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    if (rtcp_iter_init(&it, data, len))
        return;
    while (rtcp_next(&it, &packet)) {
        struct rtcp_fb fb;
        struct rtcp_nack_iter nack;
        struct rtcp_remb remb;
        struct rtcp_fir fir;
        uint16_t seq;
        uint32_t ssrc;
        if (rtcp_fb_parse(&packet, &fb))
            continue;
        rtcp_nack_iter_init(&nack, &fb);
        while (rtcp_nack_next(&nack, &seq))
            continue;
        for (unsigned i = 0; rtcp_fir_entry(&fb, i, &fir); i++)
            continue;
        if (!rtcp_parse_remb(&fb, &remb)) {
            for (unsigned i = 0; i < remb.ssrc_count; i++)
                assert_true(rtcp_remb_ssrc(&fb, i, &ssrc));
        }
    }
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    uint8_t out[256];
    const uint16_t seqs[] = {1, 3, 17, 18, 500};
    const struct rtcp_fir entries[] = {{2, 7}, {3, 8}};
    const uint8_t remb[] = {0x8f, 206, 0,   5,   0, 0,    0,    0,    0, 0, 0, 0,
                            'R',  'E', 'M', 'B', 1, 0xff, 0xff, 0xff, 0, 0, 0, 9};
    struct wr wr = wr_make(out, sizeof(out));
    rtcp_write_nack(&wr, 1, 2, seqs, 5);
    rtcp_write_pli(&wr, 1, 2);
    rtcp_write_fir(&wr, 1, entries, 2);
    wr_bytes(&wr, remb, sizeof(remb));
    assert_false(wr.is_bad);
    torture(out, wr_len(&wr), 30000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nack_vector),
        cmocka_unit_test(nack_lists_round_trip_over_the_wrap),
        cmocka_unit_test(nack_edges),
        cmocka_unit_test(nack_flood_is_bounded),
        cmocka_unit_test(pli_vector),
        cmocka_unit_test(fir_round_trip),
        cmocka_unit_test(remb_values),
        cmocka_unit_test(refuses_bad_feedback),
        cmocka_unit_test(other_feedback_is_left_alone),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
