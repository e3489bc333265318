#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/range.h"

struct sample {
    const char *header;
    uint64_t size;
    enum range_result result;
    uint64_t first;
    uint64_t last;
};

static void test_ranges(void **state)
{
    static const struct sample samples[] = {
        {NULL, 10, RANGE_ALL, 0, 0},
        {"", 10, RANGE_ALL, 0, 0},
        {"bytes=0-0", 10, RANGE_PART, 0, 0},
        {"bytes=1-2", 10, RANGE_PART, 1, 2},
        {"bytes=5-", 10, RANGE_PART, 5, 9},
        {"bytes=9-9", 10, RANGE_PART, 9, 9},
        {"bytes=0-9999", 10, RANGE_PART, 0, 9},
        {"bytes=-3", 10, RANGE_PART, 7, 9},
        {"bytes=-10", 10, RANGE_PART, 0, 9},
        {"bytes=-99", 10, RANGE_PART, 0, 9},
        {"bytes=10-", 10, RANGE_BAD, 0, 0},
        {"bytes=10-20", 10, RANGE_BAD, 0, 0},
        {"bytes=-0", 10, RANGE_BAD, 0, 0},
        {"bytes=0-", 0, RANGE_BAD, 0, 0},
        {"bytes=-5", 0, RANGE_BAD, 0, 0},
        {"bytes=3-2", 10, RANGE_ALL, 0, 0},
        {"bytes=", 10, RANGE_ALL, 0, 0},
        {"bytes=-", 10, RANGE_ALL, 0, 0},
        {"bytes=a-b", 10, RANGE_ALL, 0, 0},
        {"bytes=1", 10, RANGE_ALL, 0, 0},
        {"bytes=1-2,4-5", 10, RANGE_ALL, 0, 0},
        {"bytes=1-2x", 10, RANGE_ALL, 0, 0},
        {"bytes=-2x", 10, RANGE_ALL, 0, 0},
        {"bytes = 1-2", 10, RANGE_ALL, 0, 0},
        {"lines=1-2", 10, RANGE_ALL, 0, 0},
        {"bytes=99999999999999999999-", 10, RANGE_ALL, 0, 0},
        {"bytes=1-99999999999999999999", 10, RANGE_ALL, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        assert_int_equal(range_parse(samples[i].header, samples[i].size, &first, &last), samples[i].result);
        if (samples[i].result != RANGE_PART)
            continue;
        assert_int_equal(first, samples[i].first);
        assert_int_equal(last, samples[i].last);
    }
}

static void test_dates(void **state)
{
    (void)state;
    char text[HTTP_DATE_MAX];
    time_t when;
    /* RFC 9110 section 5.6.7 */
    http_date_format(text, 784111777);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(http_date_parse(text, &when));
    assert_int_equal(when, 784111777);
    for (time_t t = 0; t < 4102444800; t += 86400 * 13 + 3677) {
        http_date_format(text, t);
        assert_true(http_date_parse(text, &when));
        assert_int_equal(when, t);
    }
}

static void test_bad_dates(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GM",
        "Sun, 06 Nov 19940 8:49:37 GMT!",
    };
    (void)state;
    time_t when;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(http_date_parse(bad[i], &when));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_bad_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
