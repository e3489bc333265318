/* Clocks and times as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"

static void test_clocks(void **state)
{
    (void)state;
    uint64_t a = clock_now_us();
    uint64_t b = clock_now_us();
    assert_true(a > 0 && b >= a);
    int64_t wall_s = clock_wall_us() / (int64_t)US_PER_S;
    int64_t now_s = (int64_t)time(NULL);
    assert_true(wall_s - now_s <= 1 && now_s - wall_s <= 1);
}

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *whole, *fraction;
    } table[] = {
        {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {1795433592500000, "2026-11-23T11:33:12Z", "2026-11-23T11:33:12.5Z"},
        {1795433592000000, "2026-11-23T11:33:12Z", "2026-11-23T11:33:12Z"},
        {1795433592000001, "2026-11-23T11:33:12Z", "2026-11-23T11:33:12.000001Z"},
        {1795433592999999, "2026-11-23T11:33:12Z", "2026-11-23T11:33:12.999999Z"},
        {1795433592120000, "2026-11-23T11:33:12Z", "2026-11-23T11:33:12.12Z"},
        {951782400000000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"},
        {-62135596800000000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    };
    char out[CLOCK_RFC3339_MAX];
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        clock_rfc3339(out, table[i].us);
        assert_string_equal(out, table[i].whole);
        clock_rfc3339_frac(out, table[i].us);
        assert_string_equal(out, table[i].fraction);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clocks), cmocka_unit_test(test_rfc3339)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
