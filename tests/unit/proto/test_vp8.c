/* VP8 descriptors: the examples of RFC 7741 section 4.6, every optional field, cuts at every byte. */
#include "proto/vp8.h"
#include "tool.h"

/* Frame tag of a key frame (P = 0), start code, 640 x 480 with scaling bits set */
#define KEY_START 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0xe0, 0x81

/* RFC 7741 section 4.6.1: a key frame in one packet, S set, no extension but a picture id of 7 bits */
static void key_frame(void **state)
{
    (void)state;
    const uint8_t payload[] = {0x90, 0x80, 0x11, KEY_START};
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, payload, sizeof(payload)), ERR_OK);
    assert_true(vp8.is_start);
    assert_true(vp8.is_keyframe);
    assert_true(vp8.has_picture_id);
    assert_false(vp8.is_picture_id_long);
    assert_int_equal(vp8.picture_id, 0x11);
    assert_int_equal(vp8.picture_id_offset, 2);
    assert_int_equal(vp8.descriptor_len, 3);
    assert_int_equal(vp8.width, 640);
    assert_int_equal(vp8.height, 480);
    assert_false(vp8.has_tl0picidx || vp8.has_tid || vp8.has_keyidx);
}

/* Section 4.6.5: everything on: picture id of 15 bits, TL0PICIDX, TID and Y, KEYIDX; an inter frame (P = 1) */
static void every_field(void **state)
{
    (void)state;
    const uint8_t payload[] = {0xb0, 0xf0, 0x92, 0x34, 0x56, 0xb1, 0x11};
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, payload, sizeof(payload)), ERR_OK);
    assert_true(vp8.is_non_ref);
    assert_true(vp8.is_start);
    assert_false(vp8.is_keyframe);
    assert_true(vp8.is_picture_id_long);
    assert_int_equal(vp8.picture_id, 0x1234);
    assert_true(vp8.has_tl0picidx);
    assert_int_equal(vp8.tl0picidx, 0x56);
    assert_int_equal(vp8.tl0picidx_offset, 4);
    assert_true(vp8.has_tid);
    assert_int_equal(vp8.tid, 2);
    assert_true(vp8.is_layer_sync);
    assert_true(vp8.has_keyidx);
    assert_int_equal(vp8.keyidx, 0x11);
    assert_int_equal(vp8.descriptor_len, 6);
}

static void without_extension(void **state)
{
    (void)state;
    const uint8_t start[] = {0x10, 0x01};
    const uint8_t later_partition[] = {0x11, 0x00};
    const uint8_t middle[] = {0x00, 0x00};
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, start, 2), ERR_OK);
    assert_true(vp8.is_start);
    assert_false(vp8.is_keyframe);
    assert_int_equal(vp8_parse(&vp8, later_partition, 2), ERR_OK);
    assert_false(vp8.is_start);
    assert_false(vp8.is_keyframe);
    assert_int_equal(vp8.partition, 1);
    assert_int_equal(vp8_parse(&vp8, middle, 2), ERR_OK);
    assert_false(vp8.is_start || vp8.is_keyframe);
}

/* K without T: the byte is there, the layer is not */
static void keyidx_alone(void **state)
{
    (void)state;
    const uint8_t payload[] = {0x80, 0x10, 0xff, 0x00};
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, payload, 4), ERR_OK);
    assert_false(vp8.has_tid || vp8.is_layer_sync);
    assert_int_equal(vp8.keyidx, 0x1f);
    assert_int_equal(vp8.tid, 0);
}

static void size_needs_all_its_bytes(void **state)
{
    (void)state;
    const uint8_t payload[] = {0x10, KEY_START};
    struct vp8 vp8;
    for (size_t n = 2; n < sizeof(payload); n++) {
        assert_int_equal(vp8_parse(&vp8, payload, n), ERR_OK);
        assert_true(vp8.is_keyframe);
        assert_int_equal(vp8.width, 0);
    }
    const uint8_t bad_code[] = {0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2b, 1, 1, 1, 1};
    assert_int_equal(vp8_parse(&vp8, bad_code, sizeof(bad_code)), ERR_OK);
    assert_int_equal(vp8.width, 0);
}

static void eat(const uint8_t *data, size_t len)
{
    struct vp8 vp8;
    if (vp8_parse(&vp8, data, len))
        return;
    assert_true(vp8.descriptor_len < len);
    assert_true(vp8.picture_id <= 0x7fff);
    assert_true(vp8.tid <= 3);
    assert_true(vp8.picture_id_offset < vp8.descriptor_len);
    assert_true(vp8.tl0picidx_offset < vp8.descriptor_len);
}

static void cuts_and_flips(void **state)
{
    (void)state;
    const uint8_t payload[] = {0xb0, 0xf0, 0x92, 0x34, 0x56, 0xb1, KEY_START};
    struct vp8 vp8;
    for (size_t n = 0; n <= 6; n++) /* a descriptor with nothing behind it is no packet */
        assert_int_equal(vp8_parse(&vp8, payload, n), ERR_INVALID);
    torture(payload, sizeof(payload), 20000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_frame),
        cmocka_unit_test(every_field),
        cmocka_unit_test(without_extension),
        cmocka_unit_test(keyidx_alone),
        cmocka_unit_test(size_needs_all_its_bytes),
        cmocka_unit_test(cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
