/* Results as JSON, table and plot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/report.h"

static struct opts opts = {.calls = 1, .members = 51, .videos = 1, .video = {.bytes = 1200, .fps = 30}};

static struct result *make(void)
{
    struct result *result = mem_calloc(1, sizeof(*result));
    *result = (struct result){.opts = &opts,
                              .target = "ichatd",
                              .suite = "AEAD_AES_128_GCM",
                              .members = 51,
                              .step_count = 2,
                              .has_floor = true,
                              .floor_ns = 2000,
                              .floor_evp_ns = 1600};
    for (unsigned i = 0; i < 2; i++)
        result->steps[i] = (struct step){.rate = 100 * (i + 1),
                                         .seconds = 2,
                                         .sent = 200,
                                         .expected = 10000,
                                         .received = 9900,
                                         .forwarded = 9900,
                                         .loss = 0.01,
                                         .delay_ms = {0.1, 0.5, 0.9, 2},
                                         .cpu_s = 0.03,
                                         .cpu_ns = 3000,
                                         .is_valid = i == 0,
                                         .why = "a \"reason\""};
    return result;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void test_json(void **state)
{
    (void)state;
    struct result *result = make();
    json_t *made = report_json(result);
    char *text = json_dumps(made, JSON_COMPACT);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_null(strchr(text, '\n'));
    const json_t *steps = json_object_get(json, "steps");
    assert_int_equal(json_array_size(steps), 2);
    const json_t *step = json_array_get(steps, 0);
    assert_true(number(step, "cpu_ns_per_packet") == 3000);
    assert_true(number(step, "ratio_to_floor") == 1.5);
    assert_true(number(step, "forwarded_per_s") == 4950);
    assert_true(number(step, "loss") == 0.01);
    assert_true(json_is_true(json_object_get(step, "is_valid")));
    assert_true(json_is_false(json_object_get(json_array_get(steps, 1), "is_valid")));
    assert_string_equal(json_string_value(json_object_get(step, "doubts")), "a \"reason\"");
    assert_null(json_object_get(json, "storm"));
    json_decref(json);
    free(text);
    json_decref(made);
    free(result);
}

static void test_table(void **state)
{
    (void)state;
    struct result *result = make();
    struct text table = {0};
    report_table(result, &table);
    assert_non_null(strstr(table.data, "INVALID: a \"reason\""));
    assert_non_null(strstr(table.data, "51 members"));
    assert_non_null(strstr(table.data, "1.000%"));
    text_free(&table);
    free(result);
}

static void test_plot(void **state)
{
    (void)state;
    struct result *result = make();
    json_t *json = report_json(result);
    struct text svg = {0};
    report_plot(&json, 1, &svg);
    assert_non_null(strstr(svg.data, "ichatd"));
    assert_non_null(strstr(svg.data, "<circle"));
    text_free(&svg);
    json_decref(json);
    free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_plot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
