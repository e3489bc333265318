/* The page of counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/metrics.h"

static void test_page(void **state)
{
    (void)state;
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    metric_add(metrics, METRIC_LOGINS, 3);
    metric_add(metrics, METRIC_LOGINS, 2);
    metric_add(metrics, METRIC_WS_OPEN, 2);
    metric_add(metrics, METRIC_WS_OPEN, -1);
    assert_int_equal(metric_get(metrics, METRIC_LOGINS), 5);
    struct text text = {0};
    metrics_print(metrics, &text);
    assert_non_null(strstr(text.data, "# TYPE ichat_logins_total counter\nichat_logins_total 5\n"));
    assert_non_null(strstr(text.data, "# TYPE ichat_ws_open gauge\nichat_ws_open 1\n"));
    assert_null(strstr(text.data, "(null)"));
    size_t lines = 0;
    for (char *c = text.data; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 3 * METRIC_COUNT);
    text_free(&text);
    free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
