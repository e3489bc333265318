/* Header extensions: both forms of RFC 8285, its examples of padding, reserved ids, overruns, building. */
#include "proto/rtp_ext.h"
#include "tool.h"

/* A view whose extension is `data`. */
static struct rtp with_ext(uint16_t profile, const uint8_t *data, size_t len)
{
    return (struct rtp){
        .data = data, .len = len, .has_ext = true, .ext_profile = profile, .ext_offset = 0, .ext_len = len};
}

static unsigned count_elements(const struct rtp *rtp)
{
    struct rtp_ext_iter it;
    struct rtp_ext ext;
    unsigned n = 0;
    rtp_ext_iter_init(&it, rtp);
    while (rtp_ext_next(&it, &ext))
        n++;
    assert_false(rtp_ext_next(&it, &ext));
    return n;
}

/* RFC 8285 section 4.2's example: elements of 1, 2 (then padding) and 4 bytes */
static void one_byte_form(void **state)
{
    (void)state;
    static const uint8_t data[] = {0x10, 0xaa, 0x21, 0xbb, 0xbb, 0, 0, 0x33, 0xcc, 0xcc, 0xcc, 0xcc};
    struct rtp rtp = with_ext(0xbede, data, sizeof(data));
    struct rtp_ext ext;
    assert_int_equal(count_elements(&rtp), 3);
    assert_true(rtp_ext_find(&rtp, 1, &ext));
    assert_int_equal(ext.len, 1);
    assert_int_equal(ext.data[0], 0xaa);
    assert_true(rtp_ext_find(&rtp, 3, &ext));
    assert_int_equal(ext.len, 4);
    assert_int_equal(ext.data[3], 0xcc);
    assert_false(rtp_ext_find(&rtp, 4, &ext));
    assert_false(rtp_ext_find(&rtp, 0, &ext));
}

/* Section 4.3: an empty element, one of 1 byte, padding, one of 4 */
static void two_byte_form(void **state)
{
    (void)state;
    static const uint8_t data[] = {1, 0, 2, 1, 0xbb, 0, 200, 4, 1, 2, 3, 4};
    struct rtp_ext ext;
    for (unsigned app_bits = 0; app_bits < 16; app_bits++) {
        struct rtp rtp = with_ext((uint16_t)(0x1000 | app_bits), data, sizeof(data));
        assert_int_equal(count_elements(&rtp), 3);
        assert_true(rtp_ext_find(&rtp, 1, &ext));
        assert_int_equal(ext.len, 0);
        assert_non_null(ext.data);
        assert_true(rtp_ext_find(&rtp, 200, &ext));
        assert_int_equal(ext.data[3], 4);
    }
}

static void stops_at_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t profile;
        unsigned wanted; /* elements before */
        size_t len;
        uint8_t data[12];
    } table[] = {
        {"id 15 ends it", 0xbede, 1, 8, {0x10, 1, 0xf0, 1, 0x20, 2, 0, 0}},
        {"id 15 with a long length", 0xbede, 0, 4, {0xff, 0, 0, 0}},
        {"id 0 with a length ends it", 0xbede, 1, 8, {0x10, 1, 0x03, 0, 0x20, 2, 0, 0}},
        {"overrun by one", 0xbede, 1, 4, {0x10, 1, 0x21, 2}},
        {"16 bytes in 4", 0xbede, 0, 4, {0x1f, 0, 0, 0}},
        {"padding only", 0xbede, 0, 4, {0, 0, 0, 0}},
        {"nothing", 0xbede, 0, 0, {0}},
        {"two-byte: length missing", 0x1000, 1, 4, {1, 1, 9, 2}},
        {"two-byte: 255 bytes in 4", 0x1000, 0, 4, {1, 255, 0, 0}},
        {"two-byte: overrun by one", 0x1000, 0, 4, {1, 3, 0, 0}},
        {"another profile", 0xabcd, 0, 4, {0x10, 1, 0, 0}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        uint8_t *copy = exact_copy(table[i].data, table[i].len);
        struct rtp rtp = with_ext(table[i].profile, copy, table[i].len);
        if (count_elements(&rtp) != table[i].wanted)
            fail_msg("%s", table[i].what);
        free(copy);
    }
    struct rtp none = {0};
    assert_int_equal(count_elements(&none), 0);
}

/* Writes a list into a packet, parses that, and wants the same list. */
static void check_round_trip(const struct rtp_ext *list, unsigned count, uint16_t profile)
{
    uint8_t packet[3000];
    struct wr wr = wr_make(packet, sizeof(packet));
    struct rtp rtp;
    struct rtp_ext_iter it;
    struct rtp_ext ext;
    rtp_write_header(&wr, &(struct rtp_header){.pt = 96, .has_ext = count > 0});
    rtp_ext_write(&wr, list, count);
    assert_false(wr.is_bad);
    assert_int_equal(wr_len(&wr), RTP_HEADER_LEN + rtp_ext_size(list, count));
    assert_int_equal(rtp_parse(&rtp, packet, wr_len(&wr)), ERR_OK);
    assert_int_equal(rtp.payload_len, 0);
    assert_int_equal(rtp.ext_profile, profile);
    rtp_ext_iter_init(&it, &rtp);
    for (unsigned i = 0; i < count; i++) {
        assert_true(rtp_ext_next(&it, &ext));
        assert_int_equal(ext.id, list[i].id);
        assert_int_equal(ext.len, list[i].len);
        if (ext.len)
            assert_memory_equal(ext.data, list[i].data, ext.len);
    }
    assert_false(rtp_ext_next(&it, &ext));
}

static void builder_picks_the_form(void **state)
{
    (void)state;
    static const uint8_t data[255] = {1, 2, 3};
    const struct rtp_ext small[] = {{1, 1, data}, {14, 16, data}, {5, 3, data}};
    const struct rtp_ext high_id[] = {{1, 1, data}, {15, 1, data}};
    const struct rtp_ext empty[] = {{1, 0, data}};
    const struct rtp_ext large[] = {{1, 17, data}, {255, 255, data}};
    check_round_trip(NULL, 0, 0);
    check_round_trip(small, 3, 0xbede);
    check_round_trip(high_id, 2, 0x1000);
    check_round_trip(empty, 1, 0x1000);
    check_round_trip(large, 2, 0x1000);
}

static void random_lists_round_trip(void **state)
{
    (void)state;
    struct prng prng = {.state = 42};
    uint8_t data[255];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)prng_next(&prng);
    for (unsigned round = 0; round < 5000; round++) {
        struct rtp_ext list[8];
        bool is_one = prng_below(&prng, 2);
        bool needs_two = false;
        unsigned count = prng_below(&prng, 8) + 1;
        for (unsigned i = 0; i < count; i++) {
            list[i].id = (uint8_t)(1 + prng_below(&prng, is_one ? 14 : 255));
            list[i].len = (uint8_t)(is_one ? 1 + prng_below(&prng, 16) : prng_below(&prng, 256));
            list[i].data = data;
            needs_two |= list[i].id > 14 || list[i].len == 0 || list[i].len > 16;
        }
        check_round_trip(list, count, needs_two ? 0x1000 : 0xbede);
    }
}

static void builder_refuses(void **state)
{
    (void)state;
    static const uint8_t data[16] = {0};
    const struct rtp_ext zero = {0, 1, data};
    const struct rtp_ext fits = {1, 3, data};
    uint8_t out[8];
    struct wr wr = wr_make(out, sizeof(out));
    rtp_ext_write(&wr, &zero, 1);
    assert_true(wr.is_bad);
    wr = wr_make(out, 7);
    rtp_ext_write(&wr, &fits, 1);
    assert_true(wr.is_bad);
    assert_int_equal(wr_len(&wr), 0);
    wr = wr_make(out, 8);
    rtp_ext_write(&wr, &fits, 1);
    assert_false(wr.is_bad);
}

static void uris_are_known_both_ways(void **state)
{
    (void)state;
    for (unsigned kind = RTP_EXT_UNKNOWN + 1; kind < RTP_EXT_KIND_COUNT; kind++) {
        assert_non_null(rtp_ext_uri((enum rtp_ext_kind)kind));
        assert_int_equal(rtp_ext_kind_of(rtp_ext_uri((enum rtp_ext_kind)kind)), kind);
    }
    assert_null(rtp_ext_uri(RTP_EXT_UNKNOWN));
    assert_null(rtp_ext_uri(RTP_EXT_KIND_COUNT));
    assert_int_equal(rtp_ext_kind_of("urn:ietf:params:rtp-hdrext:sdes:mi"), RTP_EXT_UNKNOWN);
    assert_int_equal(rtp_ext_kind_of("urn:ietf:params:rtp-hdrext:ssrc-audio-level"), RTP_EXT_AUDIO_LEVEL);
}

static void values(void **state)
{
    (void)state;
    struct rtp_ext_audio_level level;
    uint16_t seq;
    const uint8_t bytes[] = {0x80 | 42, 0x34};
    assert_int_equal(rtp_ext_parse_audio_level(&(struct rtp_ext){1, 1, bytes}, &level), ERR_OK);
    assert_true(level.has_voice);
    assert_int_equal(level.level_dbov, 42);
    assert_int_equal(rtp_ext_parse_audio_level(&(struct rtp_ext){1, 0, bytes}, &level), ERR_INVALID);
    assert_int_equal(rtp_ext_parse_twcc(&(struct rtp_ext){1, 2, bytes}, &seq), ERR_OK);
    assert_int_equal(seq, 0xaa34);
    assert_int_equal(rtp_ext_parse_twcc(&(struct rtp_ext){1, 1, bytes}, &seq), ERR_INVALID);
}

static void eat(const uint8_t *data, size_t len)
{
    struct rtp rtp;
    if (rtp_parse(&rtp, data, len) == ERR_OK)
        assert_true(count_elements(&rtp) <= len);
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    static const uint8_t one[] = {0x90, 96,   0,    1,    0,    0,    0, 2, 0,    0, 0, 3, 0xbe, 0xde, 0,
                                  3,    0x10, 0xaa, 0x21, 0xbb, 0xbb, 0, 0, 0x33, 1, 2, 3, 4,    9};
    static const uint8_t two[] = {0x90, 96, 0, 1, 0, 0,    0, 2,   0, 0, 0, 3, 0x10, 0x00, 0,
                                  3,    1,  0, 2, 1, 0xbb, 0, 200, 4, 1, 2, 3, 4,    9};
    torture(one, sizeof(one), 20000, eat);
    torture(two, sizeof(two), 20000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_byte_form),
        cmocka_unit_test(two_byte_form),
        cmocka_unit_test(stops_at_what_is_wrong),
        cmocka_unit_test(builder_picks_the_form),
        cmocka_unit_test(random_lists_round_trip),
        cmocka_unit_test(builder_refuses),
        cmocka_unit_test(uris_are_known_both_ways),
        cmocka_unit_test(values),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
