/* VP8 picture numbers over changes of the source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "flow/vp8map.h"
#include "proto/vp8.h"

/* X, I and L set, a PictureID of 15 bits, then one byte of payload. */
static struct vp8 rewrite_long(struct vp8map *map, uint16_t picture, uint8_t tl0)
{
    uint8_t bytes[] = {0x90, 0xc0, (uint8_t)(0x80 | picture >> 8), (uint8_t)picture, tl0, 0x55};
    vp8map_rewrite(map, bytes, sizeof(bytes));
    assert_int_equal(bytes[0], 0x90);
    assert_int_equal(bytes[1], 0xc0);
    assert_int_equal(bytes[5], 0x55);
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, bytes, sizeof(bytes)), ERR_OK);
    return vp8;
}

static void test_go_on_over_a_switch(void **state)
{
    (void)state;
    struct vp8map map = {0};
    vp8map_switch(&map);
    assert_int_equal(rewrite_long(&map, 0x7ffe, 254).picture_id, 0x7ffe); /* the first source as it is */
    assert_int_equal(rewrite_long(&map, 0x7fff, 255).tl0picidx, 255);
    vp8map_switch(&map);
    struct vp8 vp8 = rewrite_long(&map, 100, 7);
    assert_int_equal(vp8.picture_id, 0); /* wraps at 15 bits */
    assert_int_equal(vp8.tl0picidx, 0);
    vp8 = rewrite_long(&map, 102, 8);
    assert_int_equal(vp8.picture_id, 2);
    assert_int_equal(vp8.tl0picidx, 1);
    assert_int_equal(rewrite_long(&map, 101, 7).picture_id, 1); /* late: its own number, and the newest stays */
    assert_int_equal(rewrite_long(&map, 101, 7).picture_id, 1);
    vp8map_switch(&map);
    vp8map_switch(&map);
    vp8 = rewrite_long(&map, 5, 200);
    assert_int_equal(vp8.picture_id, 3);
    assert_int_equal(vp8.tl0picidx, 2);
}

static void test_short_picture_ids(void **state)
{
    (void)state;
    struct vp8map map = {0};
    for (unsigned i = 0; i < 300; i++) {
        if (i == 200)
            vp8map_switch(&map);
        uint8_t bytes[] = {0x90, 0x80, (uint8_t)((i < 200 ? i : i + 31) & 0x7f), 0x55};
        vp8map_rewrite(&map, bytes, sizeof(bytes));
        assert_int_equal(bytes[2], i & 0x7f);
    }
}

static void test_without_numbers(void **state)
{
    (void)state;
    struct vp8map map = {0};
    const uint8_t plain[][4] = {{0x10, 1, 2, 3}, {0x90, 0x20, 0x40, 3}, {0x90, 0x00, 2, 3}};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        uint8_t bytes[4];
        memcpy(bytes, plain[i], 4);
        vp8map_switch(&map);
        vp8map_rewrite(&map, bytes, sizeof(bytes));
        assert_memory_equal(bytes, plain[i], 4);
    }
}

/* Cut descriptors, each in a block of exactly its size: a sanitizer sees every step beyond it. */
static void test_bad_input(void **state)
{
    (void)state;
    static const uint8_t whole[] = {0x90, 0xf0, 0x81, 0x02, 0x03, 0x20, 0x55};
    struct vp8map map = {.is_used = true, .picture_newest = 50, .tl0_newest = 60, .is_pending = true};
    for (size_t len = 0; len < 5; len++) {
        uint8_t *bytes = malloc(len ? len : 1);
        memcpy(bytes, whole, len);
        vp8map_rewrite(&map, bytes, len);
        assert_memory_equal(bytes, whole, len);
        free(bytes);
    }
    assert_true(map.is_pending);
    uint8_t bytes[sizeof(whole)];
    memcpy(bytes, whole, sizeof(whole));
    vp8map_rewrite(&map, bytes, sizeof(bytes));
    assert_int_equal(bytes[3], 51);
    assert_int_equal(bytes[4], 61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_go_on_over_a_switch),
        cmocka_unit_test(test_short_picture_ids),
        cmocka_unit_test(test_without_numbers),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
