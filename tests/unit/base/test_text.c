/* Text helpers: UTF-8, numbers, hex, distance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_copy(void **state)
{
    (void)state;
    char out[4];
    assert_true(text_copy(out, sizeof(out), "abc"));
    assert_string_equal(out, "abc");
    assert_false(text_copy(out, sizeof(out), "abcd"));
    assert_string_equal(out, "abc");
    assert_true(text_copy(out, sizeof(out), ""));
    assert_string_equal(out, "");
    assert_false(text_copy(out, 0, "a"));
    assert_true(text_has_prefix("stun:x", "stun:"));
    assert_false(text_has_prefix("stu", "stun:"));
    assert_true(text_has_suffix("a.so", ".so"));
    assert_false(text_has_suffix("so", ".so"));
    assert_true(text_has_suffix("x", ""));
}

static void test_utf8_valid(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "abc",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xe4\xb8\xad\xe6\x96\x87",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe4\xb8",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x90\x80",
        "\xff",
        "\xfe",
        "ok\xc3",
        "\xe4\xb8\xad\xe6\x96",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(utf8_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_is_valid("a\0b", 3));
    assert_false(utf8_is_valid("\xe4\xb8\xad", 2)); /* never reads behind len */
}

static void test_utf8_count(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z";
    assert_int_equal(utf8_count(text), 5);
    assert_int_equal(utf8_count(""), 0);
    assert_int_equal(utf8_cut(text, 0), 0);
    assert_int_equal(utf8_cut(text, 1), 1);
    assert_int_equal(utf8_cut(text, 2), 3);
    assert_int_equal(utf8_cut(text, 3), 6);
    assert_int_equal(utf8_cut(text, 4), 10);
    assert_int_equal(utf8_cut(text, 5), 11);
    assert_int_equal(utf8_cut(text, 99), 11);
}

static void test_utf8_lower(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", ""},
        {"ABC xyz 09", "abc xyz 09"},
        {"@[`{", "@[`{"},
        {"ÀÖØÞ×ß", "àöøþ×ß"},
        {"ĀāĶķĹĺŇňŊŸŹżŽſ", "āāķķĺĺňňŋÿźżžſ"},
        {"İ", "i"},
        {"ıĸ", "ıĸ"},
        {"ΆΈΊΌΎΏΑΡΣΫ", "άέίόύώαρσϋ"},
        {"ЀЏАЯѠҊӀӁӐԮ", "ѐџаяѡҋӏӂӑԯ"},
        {"中文😀", "中文😀"},
        {"A\xff\xc3", "a\xff\xc3"}, /* not valid: kept */
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char *lower = utf8_lower(table[i][0]);
        assert_string_equal(lower, table[i][1]);
        free(lower);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t u = 7;
    int64_t n = 7;
    assert_int_equal(text_to_u64("18446744073709551615", &u), ERR_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(text_to_u64("007", &u), ERR_OK);
    assert_true(u == 7);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(text_to_u64(bad[i], &u), ERR_INVALID);
    assert_true(u == 7);
    assert_int_equal(text_to_i64("-9223372036854775808", &n), ERR_OK);
    assert_true(n == INT64_MIN);
    assert_int_equal(text_to_i64("9223372036854775807", &n), ERR_OK);
    assert_true(n == INT64_MAX);
    assert_int_equal(text_to_i64("9223372036854775808", &n), ERR_INVALID);
    assert_int_equal(text_to_i64("-9223372036854775809", &n), ERR_INVALID);
    assert_int_equal(text_to_i64("-", &n), ERR_INVALID);
    assert_int_equal(text_to_i64("--1", &n), ERR_INVALID);
    assert_int_equal(text_to_i64("-3", &n), ERR_OK);
    assert_true(n == -3);
}

static void test_hex(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x9f, 0xab, 0xff};
    char hex[9];
    uint8_t out[4] = {0};
    hex_encode(hex, bytes, sizeof(bytes));
    assert_string_equal(hex, "009fabff");
    assert_int_equal(hex_decode(out, 4, "009fABff", 8), ERR_OK);
    assert_memory_equal(out, bytes, 4);
    assert_int_equal(hex_decode(out, 4, "009fabf", 7), ERR_INVALID);
    assert_int_equal(hex_decode(out, 4, "009fabff00", 10), ERR_INVALID);
    assert_int_equal(hex_decode(out, 4, "009fabfg", 8), ERR_INVALID);
    assert_int_equal(hex_decode(out, 0, "", 0), ERR_OK);
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("port", "port"), 0);
    assert_int_equal(text_distance("prot", "port"), 2);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("abc", ""), 3);
    char longer[300];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(text_distance(longer, "b"), 64); /* only the start of long texts counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),       cmocka_unit_test(test_utf8_valid), cmocka_unit_test(test_utf8_count),
        cmocka_unit_test(test_utf8_lower), cmocka_unit_test(test_numbers),    cmocka_unit_test(test_hex),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
