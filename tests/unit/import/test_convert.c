/* Values as ids, times, truth values, texts; the set of ids. */
#include "import/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "import/idset.h"

#define HOUR 3600

static struct mysqldump_value number(const char *s)
{
    return (struct mysqldump_value){.type = MYSQLDUMP_NUMBER, .data = s, .len = strlen(s)};
}

static struct mysqldump_value text_of(const char *s, size_t len)
{
    return (struct mysqldump_value){.type = MYSQLDUMP_TEXT, .data = s, .len = len};
}

static struct mysqldump_value text(const char *s)
{
    return text_of(s, strlen(s));
}

static const struct mysqldump_value null_value = {.type = MYSQLDUMP_NULL, .data = ""};

static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        uint64_t id;
        bool is_right;
    } table[] = {
        {"1", 1, true},
        {"0", 0, true},
        {"", 0, true},
        {"9007199254740991", 9007199254740991, true},
        {"9007199254740992", 0, false},
        {"-1", 0, false},
        {"1.0", 0, false},
        {"x", 0, false},
        {"18446744073709551615", 0, false},
        {"1 ", 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct mysqldump_value values[] = {number(table[i].s), text(table[i].s)};
        for (size_t j = 0; j < 2; j++) {
            uint64_t id = 77;
            assert_int_equal(convert_id(&values[j], &id), table[i].is_right ? ERR_OK : ERR_INVALID);
            assert_int_equal(id, table[i].id);
        }
    }
    uint64_t id = 77;
    assert_int_equal(convert_id(&null_value, &id), ERR_OK);
    assert_int_equal(id, 0);
    assert_int_equal(convert_id(NULL, &id), ERR_OK);
    struct mysqldump_value cut = text_of("1\0002", 3);
    assert_int_equal(convert_id(&cut, &id), ERR_INVALID);
}

static void truth_values(void **state)
{
    (void)state;
    const struct mysqldump_value yes[] = {number("1"),  text("1"), text_of("\1", 1),           number("2"),
                                          text("true"), text("t"), text("2023-01-01 00:00:00")};
    const struct mysqldump_value no[] = {
        number("0"), text("0"), text_of("\0", 1), text(""), text("false"), text("F"), text("0000-00-00 00:00:00"),
        null_value};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_true(convert_bool(&yes[i]));
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_false(convert_bool(&no[i]));
    assert_false(convert_bool(NULL));
}

static void texts(void **state)
{
    (void)state;
    const char *out;
    struct mysqldump_value right = text("你好");
    assert_int_equal(convert_text(&right, &out), ERR_OK);
    assert_string_equal(out, "你好");
    assert_int_equal(convert_text(&null_value, &out), ERR_OK);
    assert_string_equal(out, "");
    const struct mysqldump_value wrong[] = {text("\xff"), text("\xed\xa0\x80"), text_of("a\0b", 3)};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(convert_text(&wrong[i], &out), ERR_INVALID);
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t zone_s;
        int64_t us;
    } table[] = {
        {"1970-01-01 00:00:00", 0, 0},
        {"1970-01-01 08:00:01", 8 * HOUR, 1000000},
        {"2023-05-01 12:34:56", 0, 1682944496000000},
        {"2023-05-01T12:34:56Z", 0, 1682944496000000},
        {"2023-05-01 12:34:56.5", 0, 1682944496500000},
        {"2023-05-01 12:34:56.789123", 0, 1682944496789123},
        {"2023-05-01 12:34:56.789123456", 0, 1682944496789123},
        {"2023-05-01 12:34:56", -5 * HOUR, 1682944496000000 + 5ll * HOUR * 1000000},
        {"2023-05-01", 0, 1682899200000000},
        {"2024-02-29 23:59:59", 0, 1709251199000000},
        {"0000-00-00 00:00:00", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct mysqldump_value value = text(table[i].s);
        int64_t us = 77;
        assert_int_equal(convert_time(&value, table[i].zone_s, &us), ERR_OK);
        assert_int_equal(us, table[i].us);
    }
    static const char *const wrong[] = {"x",
                                        "2023-13-01 00:00:00",
                                        "2023-00-01 00:00:00",
                                        "2023-01-32 00:00:00",
                                        "2023-01-01 24:00:00",
                                        "2023-01-01 00:60:00",
                                        "2023-01-01 00:00:00x",
                                        "2023-01-01 00:00:00.",
                                        "2023-01-01 00:00:00.0123456789",
                                        "2023-01-01 00:00",
                                        "2023-01-01x",
                                        "1969-12-31 00:00:00",
                                        "2023-01-01_00:00:00"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct mysqldump_value value = text(wrong[i]);
        int64_t us;
        if (convert_time(&value, 0, &us) != ERR_INVALID)
            fail_msg("taken: %s", wrong[i]);
    }
}

static void times_as_numbers(void **state)
{
    (void)state;
    static const char *const table[] = {"1682944496", "1682944496000", "1682944496000000", "1682944496000000000"};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct mysqldump_value value = number(table[i]);
        int64_t us;
        assert_int_equal(convert_time(&value, 8 * HOUR, &us), ERR_OK);
        assert_int_equal(us, 1682944496000000);
    }
    struct mysqldump_value negative = number("-1");
    int64_t us;
    assert_int_equal(convert_time(&negative, 0, &us), ERR_INVALID);
}

static void zones(void **state)
{
    (void)state;
    int64_t s;
    assert_int_equal(convert_zone("+08:00", &s), ERR_OK);
    assert_int_equal(s, 8 * HOUR);
    assert_int_equal(convert_zone("-0330", &s), ERR_OK);
    assert_int_equal(s, -(3 * HOUR + 1800));
    assert_int_equal(convert_zone("utc", &s), ERR_OK);
    assert_int_equal(s, 0);
    static const char *const wrong[] = {"", "8", "+8", "+25:00", "+08:60", "Asia/Shanghai", "+08:00x", "*08:00"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (convert_zone(wrong[i], &s) != ERR_INVALID)
            fail_msg("taken: %s", wrong[i]);
}

static void sets_of_ids(void **state)
{
    (void)state;
    struct idset *set = idset_create();
    static const uint64_t some[] = {0, 1, 63, 64, 1023, 1024, 1025, 1ull << 40, (1ull << 53) - 1};
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        assert_false(idset_has(set, some[i]));
        assert_true(idset_add(set, some[i]));
        assert_false(idset_add(set, some[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(some); i++)
        assert_true(idset_has(set, some[i]));
    assert_false(idset_has(set, 2));
    assert_false(idset_has(set, 65));
    assert_false(idset_has(set, 2048));
    for (uint64_t id = 5000; id < 50000; id++)
        assert_true(idset_add(set, id));
    assert_true(idset_has(set, 49999));
    assert_false(idset_has(set, 50000));
    idset_free(set);
    idset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),         cmocka_unit_test(truth_values),     cmocka_unit_test(texts),
        cmocka_unit_test(times),       cmocka_unit_test(times_as_numbers), cmocka_unit_test(zones),
        cmocka_unit_test(sets_of_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
