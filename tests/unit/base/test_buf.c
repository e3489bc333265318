/* Byte cursors and growing text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_reads(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    struct rd rd = rd_make(bytes, sizeof(bytes));
    assert_int_equal(rd_u8(&rd), 1);
    assert_int_equal(rd_u16(&rd), 0x0203);
    assert_int_equal(rd_u24(&rd), 0x040506);
    assert_int_equal(rd_u32(&rd), 0x0708090a);
    assert_true(rd_u64(&rd) == 0x0b0c0d0e0f101112ULL);
    assert_int_equal(rd_left(&rd), 0);
    assert_false(rd.is_bad);
    assert_non_null(rd_take(&rd, 0));
    assert_int_equal(rd_u8(&rd), 0);
    assert_true(rd.is_bad);
}

static void test_short_reads(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0xff, 0xff};
    struct rd rd = rd_make(bytes, sizeof(bytes));
    assert_int_equal(rd_u32(&rd), 0);
    assert_true(rd.is_bad);
    assert_int_equal(rd_u8(&rd), 0); /* bad stays bad, though bytes are left */
    assert_null(rd_take(&rd, 0));
    rd = rd_make(bytes, sizeof(bytes));
    assert_true(rd_u64(&rd) == 0);
    assert_true(rd.is_bad);
    rd = rd_make(bytes, sizeof(bytes));
    rd_skip(&rd, SIZE_MAX);
    assert_true(rd.is_bad);
    rd = rd_make(NULL, 0);
    assert_int_equal(rd_u8(&rd), 0);
    assert_true(rd.is_bad);
}

static void test_sub(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4};
    struct rd rd = rd_make(bytes, sizeof(bytes));
    struct rd sub = rd_sub(&rd, 2);
    assert_int_equal(rd_u16(&sub), 0x0102);
    assert_int_equal(rd_u8(&sub), 0);
    assert_true(sub.is_bad);
    assert_false(rd.is_bad);
    assert_int_equal(rd_u8(&rd), 3);
    sub = rd_sub(&rd, 2);
    assert_true(sub.is_bad && rd.is_bad);
}

static void test_writes(void **state)
{
    (void)state;
    uint8_t bytes[20];
    static const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    struct wr wr = wr_make(bytes, sizeof(bytes));
    wr_u8(&wr, 1);
    wr_u16(&wr, 0x0203);
    wr_u24(&wr, 0x040506);
    wr_u32(&wr, 0x0708090a);
    wr_u64(&wr, 0x0b0c0d0e0f101112ULL);
    wr_bytes(&wr, want + 18, 2);
    wr_bytes(&wr, NULL, 0);
    assert_false(wr.is_bad);
    assert_int_equal(wr_len(&wr), sizeof(want));
    assert_memory_equal(bytes, want, sizeof(want));
    assert_int_equal(wr_left(&wr), 0);
}

static void test_short_writes(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0xaa, 0xaa, 0xaa, 0xaa};
    struct wr wr = wr_make(bytes, 3);
    wr_bytes(&wr, "abcd", 4);
    assert_true(wr.is_bad);
    assert_int_equal(bytes[0], 0xaa);
    wr_u8(&wr, 1); /* bad stays bad */
    assert_int_equal(bytes[0], 0xaa);
    assert_int_equal(wr_len(&wr), 0);
    wr = wr_make(bytes, 3);
    wr_u32(&wr, 0);
    assert_true(wr.is_bad);
    assert_int_equal(bytes[3], 0xaa);
}

static void test_text(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "");
    assert_string_equal(text.data, "");
    for (int i = 0; i < 1000; i++)
        text_addf(&text, "%d,", i % 10);
    text_add_n(&text, "xyz", 2);
    assert_int_equal(text.len, 2002);
    assert_int_equal(strlen(text.data), 2002);
    assert_string_equal(text.data + 1996, "8,9,xy");
    char *taken = text_take(&text);
    assert_int_equal(strlen(taken), 2002);
    assert_null(text.data);
    free(taken);
    taken = text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    text_addf(&text, "%s", "");
    assert_string_equal(text.data, "");
    text_free(&text);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),  cmocka_unit_test(test_short_reads),  cmocka_unit_test(test_sub),
        cmocka_unit_test(test_writes), cmocka_unit_test(test_short_writes), cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
