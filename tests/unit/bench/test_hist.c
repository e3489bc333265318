/* Percentiles against a sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "bench/hist.h"

#define COUNT 20000

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_empty(void **state)
{
    (void)state;
    struct hist hist;
    hist_clear(&hist);
    assert_int_equal(hist_at(&hist, 0.99), 0);
    assert_true(hist_mean(&hist) == 0);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    struct hist hist;
    hist_clear(&hist);
    for (uint64_t i = 1; i <= 100; i++)
        hist_add(&hist, i);
    assert_int_equal(hist_at(&hist, 0.5), 50);
    assert_int_equal(hist_at(&hist, 0.99), 99);
    assert_int_equal(hist_at(&hist, 1), 100);
    assert_true(hist_mean(&hist) == 50.5);
}

/* Values over nine powers of ten: no percentile is off by more than a bucket. */
static void test_against_sorted(void **state)
{
    (void)state;
    static uint64_t values[COUNT];
    struct hist hist;
    uint64_t rand = 88172645463325252ULL;
    hist_clear(&hist);
    for (unsigned i = 0; i < COUNT; i++) {
        rand ^= rand << 13;
        rand ^= rand >> 7;
        rand ^= rand << 17;
        values[i] = rand >> (34 + rand % 28);
        hist_add(&hist, values[i]);
    }
    qsort(values, COUNT, sizeof(values[0]), compare);
    static const double shares[] = {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t exact = values[(unsigned)(shares[i] * COUNT) - 1], found = hist_at(&hist, shares[i]);
        assert_in_range(found, exact, exact + exact / 60 + 1);
    }
    assert_int_equal(hist.max, values[COUNT - 1]);
}

static void test_huge_value_is_kept_as_max(void **state)
{
    (void)state;
    struct hist hist;
    hist_clear(&hist);
    hist_add(&hist, UINT64_MAX);
    assert_int_equal(hist.count, 1);
    assert_true(hist_at(&hist, 0.5) > 1ULL << 44);
    assert_true(hist.max == UINT64_MAX);
}

static void test_merge(void **state)
{
    (void)state;
    struct hist a, b;
    hist_clear(&a);
    hist_clear(&b);
    hist_add(&a, 10);
    hist_add(&b, 30);
    hist_add(&b, 50);
    hist_merge(&a, &b);
    assert_int_equal(a.count, 3);
    assert_int_equal(hist_at(&a, 0.5), 30);
    assert_int_equal(a.max, 50);
}

static void test_median(void **state)
{
    (void)state;
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2};
    assert_true(median_of(odd, 3) == 3);
    assert_true(median_of(even, 4) == 2.5);
    assert_true(median_of(NULL, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),          cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_against_sorted), cmocka_unit_test(test_huge_value_is_kept_as_max),
        cmocka_unit_test(test_merge),          cmocka_unit_test(test_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
