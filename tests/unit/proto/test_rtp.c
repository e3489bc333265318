/* RTP packets: a hand-made vector with every optional part, a table of bad ones, writing. */
#include "proto/rtp.h"
#include "tool.h"

/* V=2 P=1 X=1 CC=2, M=1 PT=111, extension of one word, 5 bytes of payload, 3 of padding */
static const uint8_t full[] = {0xb2, 0xef, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x11, 0x22, 0x33, 0x44,
                               0,    0,    0,    1,    0,    0,    0,    2,    0xbe, 0xde, 0x00, 0x01,
                               0x10, 0xaa, 0,    0,    1,    2,    3,    4,    5,    0,    0,    3};

static void parses_every_part(void **state)
{
    (void)state;
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, full, sizeof(full)), ERR_OK);
    assert_int_equal(rtp.pt, 111);
    assert_true(rtp.marker);
    assert_int_equal(rtp.seq, 0x1234);
    assert_int_equal(rtp.timestamp, 0xdeadbeef);
    assert_int_equal(rtp.ssrc, 0x11223344);
    assert_int_equal(rtp.csrc_count, 2);
    assert_true(rtp.has_ext);
    assert_int_equal(rtp.ext_profile, 0xbede);
    assert_int_equal(rtp.ext_offset, 24);
    assert_int_equal(rtp.ext_len, 4);
    assert_int_equal(rtp.header_len, 28);
    assert_int_equal(rtp.payload_offset, 28);
    assert_int_equal(rtp.payload_len, 5);
    assert_int_equal(rtp.padding, 3);
    assert_int_equal(rtp_payload(&rtp)[4], 5);
}

static void parses_the_smallest(void **state)
{
    (void)state;
    const uint8_t packet[12] = {0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, packet, sizeof(packet)), ERR_OK);
    assert_int_equal(rtp.payload_len, 0);
    assert_false(rtp.has_ext);
    assert_false(rtp.marker);
    assert_int_equal(rtp.padding, 0);
}

static void takes_padding_only(void **state)
{
    (void)state;
    const uint8_t packet[16] = {0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4};
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, packet, sizeof(packet)), ERR_OK);
    assert_int_equal(rtp.payload_len, 0);
    assert_int_equal(rtp.padding, 4);
}

static void refuses_bad_packets(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[24];
    } table[] = {
        {"version 1", 12, {0x40, 96}},
        {"version 3", 12, {0xc0, 96}},
        {"version 0", 12, {0x00, 96}},
        {"15 CSRCs in 12 bytes", 12, {0x8f, 96}},
        {"one CSRC missing", 12, {0x81, 96}},
        {"extension header missing", 12, {0x90, 96}},
        {"half an extension header", 14, {0x90, 96}},
        {"extension past the end", 16, {0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1}},
        {"huge extension", 20, {0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff}},
        {"padding bit without a byte", 12, {0xa0, 96}},
        {"padding of zero", 13, {0xa0, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {"padding over the payload", 14, {0xa0, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct rtp rtp = {.pt = 77};
        uint8_t *copy = exact_copy(table[i].bytes, table[i].len);
        if (rtp_parse(&rtp, copy, table[i].len) != ERR_INVALID)
            fail_msg("taken: %s", table[i].what);
        assert_int_equal(rtp.pt, 77); /* out is written only on success */
        free(copy);
    }
}

static void eat(const uint8_t *data, size_t len)
{
    struct rtp rtp;
    if (rtp_parse(&rtp, data, len))
        return;
    assert_true(rtp.payload_offset + rtp.payload_len + rtp.padding == len);
    assert_true(rtp.ext_offset + rtp.ext_len <= rtp.payload_offset);
    assert_true(len >= RTP_HEADER_LEN);
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    torture(full, sizeof(full), 20000, eat);
    struct rtp rtp;
    for (size_t n = 0; n < 28; n++) /* no shorter than its header says */
        assert_int_equal(rtp_parse(&rtp, full, n), ERR_INVALID);
}

static void writes_what_it_parses(void **state)
{
    (void)state;
    uint8_t packet[RTP_HEADER_LEN];
    struct rtp_header header = {.pt = 127, .marker = true, .seq = 65535, .timestamp = 0xfffffffe, .ssrc = 0x80000001};
    struct wr wr = wr_make(packet, sizeof(packet));
    struct rtp rtp;
    rtp_write_header(&wr, &header);
    assert_false(wr.is_bad);
    assert_int_equal(wr_len(&wr), RTP_HEADER_LEN);
    assert_int_equal(rtp_parse(&rtp, packet, sizeof(packet)), ERR_OK);
    assert_int_equal(rtp.pt, 127);
    assert_true(rtp.marker);
    assert_int_equal(rtp.seq, 65535);
    assert_int_equal(rtp.timestamp, 0xfffffffe);
    assert_int_equal(rtp.ssrc, 0x80000001);
    rtp_write_header(&wr, &header);
    assert_true(wr.is_bad);
}

static void sets_in_place(void **state)
{
    (void)state;
    uint8_t *packet = exact_copy(full, sizeof(full));
    struct rtp rtp;
    rtp_set_pt(packet, 0xff);
    rtp_set_seq(packet, 7);
    rtp_set_timestamp(packet, 8);
    rtp_set_ssrc(packet, 9);
    assert_int_equal(rtp_parse(&rtp, packet, sizeof(full)), ERR_OK);
    assert_true(rtp.marker);
    assert_int_equal(rtp.pt, 127);
    assert_int_equal(rtp.seq, 7);
    assert_int_equal(rtp.timestamp, 8);
    assert_int_equal(rtp.ssrc, 9);
    rtp_set_marker(packet, false);
    assert_int_equal(rtp_parse(&rtp, packet, sizeof(full)), ERR_OK);
    assert_false(rtp.marker);
    assert_int_equal(rtp.pt, 127);
    assert_memory_equal(packet + 12, full + 12, sizeof(full) - 12);
    free(packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_every_part),       cmocka_unit_test(parses_the_smallest),
        cmocka_unit_test(takes_padding_only),      cmocka_unit_test(refuses_bad_packets),
        cmocka_unit_test(survives_cuts_and_flips), cmocka_unit_test(writes_what_it_parses),
        cmocka_unit_test(sets_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
