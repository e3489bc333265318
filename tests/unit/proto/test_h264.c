/* H.264 payloads: single units, STAP-A, FU-A, and what is refused. */
#include "proto/h264.h"
#include "tool.h"

static struct h264 parse(const uint8_t *data, size_t len)
{
    struct h264 h264;
    assert_int_equal(h264_parse(&h264, data, len), ERR_OK);
    return h264;
}

static void single_units(void **state)
{
    (void)state;
    struct h264 idr = parse((const uint8_t[]){0x65, 0x88}, 2);
    struct h264 slice = parse((const uint8_t[]){0x41, 0x9a}, 2);
    struct h264 sps = parse((const uint8_t[]){0x67, 0x42}, 2);
    struct h264 pps = parse((const uint8_t[]){0x68, 0xce}, 2);
    assert_true(idr.is_keyframe && idr.has_idr && idr.is_start && idr.is_end);
    assert_false(slice.is_keyframe);
    assert_int_equal(slice.nal_type, H264_NAL_SLICE);
    assert_true(sps.is_keyframe && sps.has_sps);
    assert_false(pps.is_keyframe);
    assert_true(pps.has_pps);
}

static void stap_of_sps_pps_idr(void **state)
{
    (void)state;
    const uint8_t payload[] = {0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 3, 0x65, 1, 2};
    struct h264 h264 = parse(payload, sizeof(payload));
    assert_int_equal(h264.nal_type, H264_NAL_STAP_A);
    assert_int_equal(h264.inner_type, H264_NAL_SPS);
    assert_true(h264.has_sps && h264.has_pps && h264.has_idr && h264.is_keyframe);
    const uint8_t sei_and_slice[] = {0x78, 0, 1, 0x06, 0, 1, 0x41};
    assert_false(parse(sei_and_slice, sizeof(sei_and_slice)).is_keyframe);
}

static void fragments(void **state)
{
    (void)state;
    struct h264 first = parse((const uint8_t[]){0x7c, 0x85, 0x11}, 3);
    struct h264 middle = parse((const uint8_t[]){0x7c, 0x05, 0x11}, 3);
    struct h264 last = parse((const uint8_t[]){0x7c, 0x45, 0x11}, 3);
    struct h264 slice = parse((const uint8_t[]){0x7c, 0x81, 0x11}, 3);
    assert_true(first.is_start && !first.is_end && first.is_keyframe);
    assert_int_equal(first.inner_type, H264_NAL_IDR);
    assert_false(middle.is_start || middle.is_end || middle.is_keyframe);
    assert_true(!last.is_start && last.is_end && !last.is_keyframe);
    assert_true(slice.is_start && !slice.is_keyframe);
}

static void refuses_bad_payloads(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum err wanted;
        size_t len;
        uint8_t bytes[8];
    } table[] = {
        {"empty", ERR_INVALID, 0, {0}},
        {"type 0", ERR_INVALID, 1, {0x60}},
        {"empty STAP-A", ERR_INVALID, 1, {0x78}},
        {"STAP-A with half a size", ERR_INVALID, 2, {0x78, 0}},
        {"STAP-A unit of zero", ERR_INVALID, 4, {0x78, 0, 0, 0}},
        {"STAP-A past the end", ERR_INVALID, 4, {0x78, 0, 2, 0x67}},
        {"STAP-A huge", ERR_INVALID, 4, {0x78, 0xff, 0xff, 0x67}},
        {"STAP-A bad second", ERR_INVALID, 6, {0x78, 0, 1, 0x67, 0, 9}},
        {"FU-A without header", ERR_INVALID, 1, {0x7c}},
        {"FU-A without data", ERR_INVALID, 2, {0x7c, 0x85}},
        {"FU-A start and end", ERR_INVALID, 3, {0x7c, 0xc5, 1}},
        {"STAP-B", ERR_UNSUPPORTED, 3, {0x79, 1, 1}},
        {"FU-B", ERR_UNSUPPORTED, 3, {0x7d, 1, 1}},
        {"type 31", ERR_UNSUPPORTED, 3, {0x7f, 1, 1}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct h264 h264;
        uint8_t *copy = exact_copy(table[i].bytes, table[i].len);
        if (h264_parse(&h264, copy, table[i].len) != table[i].wanted)
            fail_msg("%s", table[i].what);
        free(copy);
    }
}

static void eat(const uint8_t *data, size_t len)
{
    struct h264 h264;
    if (h264_parse(&h264, data, len) == ERR_OK)
        assert_int_equal(h264.is_keyframe, h264.has_idr || h264.has_sps);
}

static void cuts_and_flips(void **state)
{
    (void)state;
    const uint8_t stap[] = {0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 3, 0x65, 1, 2};
    const uint8_t fu[] = {0x7c, 0x85, 0x11, 0x12};
    torture(stap, sizeof(stap), 20000, eat);
    torture(fu, sizeof(fu), 20000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_units),         cmocka_unit_test(stap_of_sps_pps_idr), cmocka_unit_test(fragments),
        cmocka_unit_test(refuses_bad_payloads), cmocka_unit_test(cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
