/* Charts: well-formed, inside the picture, escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/svg.h"

static unsigned count_of(const char *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

/* Every attribute of that name lies within the limits. */
static void check_range(const char *text, const char *name, double min, double max)
{
    for (const char *at = text; (at = strstr(at, name)); at += strlen(name)) {
        double value = strtod(at + strlen(name), NULL);
        assert_true(isfinite(value) && value >= min && value <= max);
    }
}

static void test_steps(void **state)
{
    (void)state;
    assert_true(fabs(svg_step(10, 5) - 2) < 1e-9);
    assert_true(fabs(svg_step(10, 4) - 5) < 1e-9);
    assert_true(fabs(svg_step(0.03, 8) - 0.005) < 1e-9);
    assert_true(fabs(svg_step(100, 10) - 10) < 1e-9);
    assert_true(svg_step(0, 5) > 0);
    assert_true(svg_step(NAN, 5) > 0);
}

static void test_charts(void **state)
{
    (void)state;
    struct svg_series series[2] = {
        {.name = "a <b> & c", .count = 3, .points = {{1, 2000, false}, {5, 2500, true}, {30, 9000, false}}},
        {.name = "other", .count = 1, .points = {{12, 0.02, false}}},
    };
    struct svg_chart charts[] = {
        {.title = "one", .x_name = "x", .y_name = "y", .count = 2, .series = series},
        {.title = "two", .x_name = "x", .y_name = "y", .is_log_y = true, .count = 2, .series = series},
    };
    struct text svg = {0};
    svg_write(charts, 2, &svg);
    assert_non_null(strstr(svg.data, "a &lt;b&gt; &amp; c"));
    assert_null(strstr(svg.data, "<b>"));
    assert_int_equal(count_of(svg.data, "<svg"), 1);
    assert_int_equal(count_of(svg.data, "</svg>"), 1);
    assert_int_equal(count_of(svg.data, "<polyline"), 4);
    assert_int_equal(count_of(svg.data, "<circle"), 8);
    assert_int_equal(count_of(svg.data, "<text"), count_of(svg.data, "</text>"));
    assert_int_equal(count_of(svg.data, "fill=\"#ffffff\"/>"), 1 + 2); /* the ground and the doubtful points */
    check_range(svg.data, "cx=\"", 0, 860);
    check_range(svg.data, "cy=\"", 0, 760);
    text_free(&svg);
}

static void test_nothing_to_draw(void **state)
{
    (void)state;
    struct svg_series series = {.name = "empty"};
    struct svg_chart charts[] = {
        {.title = "t", .x_name = "x", .y_name = "y", .count = 1, .series = &series},
        {.title = "t", .x_name = "x", .y_name = "y", .is_log_y = true, .count = 1, .series = &series}};
    struct text svg = {0};
    svg_write(charts, 2, &svg);
    assert_null(strstr(svg.data, "nan"));
    assert_null(strstr(svg.data, "inf"));
    text_free(&svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_charts),
        cmocka_unit_test(test_nothing_to_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
