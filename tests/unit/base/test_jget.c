/* JSON from outside, by the rules of Go's decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jget.h"
#include "base/text.h"

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    assert_int_equal(jget_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static void test_parse(void **state)
{
    (void)state;
    json_t *json = NULL;
    static const char *const bad[] = {
        "",
        "[]",
        "1",
        "null",
        "{",
        "{}x",
        "{\"a\":}",
        "{'a':1}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":9223372036854775808}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(jget_parse(bad[i], strlen(bad[i]), &json), ERR_INVALID);
    assert_int_equal(jget_parse("{}x", 2, &json), ERR_OK); /* no NUL needed */
    json_decref(json);
}

/* depth counts the object itself. */
static char *nested(size_t depth)
{
    char *text = calloc(1, 2 * depth + 10);
    strcpy(text, "{\"a\":");
    memset(text + 5, '[', depth - 1);
    memset(text + 5 + depth - 1, ']', depth - 1);
    text[5 + 2 * (depth - 1)] = '}';
    return text;
}

static void test_depth(void **state)
{
    (void)state;
    json_t *json = NULL;
    char *text = nested(64);
    assert_int_equal(jget_parse(text, strlen(text), &json), ERR_OK);
    json_decref(json);
    free(text);
    text = nested(65);
    assert_int_equal(jget_parse(text, strlen(text), &json), ERR_INVALID);
    free(text);
    text = nested(100000);
    assert_int_equal(jget_parse(text, strlen(text), &json), ERR_INVALID);
    free(text);
    /* Brackets in texts are no levels. */
    char in_string[300] = "{\"a\":\"\\\"";
    memset(in_string + strlen(in_string), '[', 200);
    strcat(in_string, "\"}");
    json = parse(in_string);
    json_decref(json);
}

static void test_find(void **state)
{
    (void)state;
    json_t *json =
        parse("{\"Name\":\"a\",\"NAME\":\"b\",\"name\":\"c\",\"other\":1,\"OTHER\":2,\"gone\":null,\"d\":1,\"d\":2}");
    const char *s = NULL;
    int64_t n = -1;
    assert_int_equal(jget_string(json, "name", &s), ERR_OK);
    assert_string_equal(s, "c");
    assert_int_equal(jget_string(json, "Name", &s), ERR_OK);
    assert_string_equal(s, "a");
    assert_int_equal(jget_string(json, "nAmE", &s), ERR_OK);
    assert_string_equal(s, "c");
    assert_int_equal(jget_i64(json, "Other", &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(jget_i64(json, "d", &n), ERR_OK);
    assert_int_equal(n, 2); /* of equal keys the last */
    assert_null(jget_find(json, "gone"));
    assert_null(jget_find(json, "missing"));
    json_decref(json);
}

static void test_values(void **state)
{
    (void)state;
    json_t *json = parse("{\"s\":\"x\",\"n\":-5,\"u\":9223372036854775807,\"r\":1.0,\"t\":true,\"f\":false,\"z\":null,"
                         "\"o\":{},\"l\":[1,2,3]}");
    const char *s = "old";
    int64_t n = 1;
    uint64_t u = 1;
    bool b = true;
    assert_int_equal(jget_string(json, "missing", &s), ERR_OK);
    assert_string_equal(s, "");
    assert_int_equal(jget_string(json, "z", &s), ERR_OK);
    assert_int_equal(jget_string(json, "n", &s), ERR_INVALID);
    assert_int_equal(jget_string(json, "o", &s), ERR_INVALID);
    assert_int_equal(jget_i64(json, "n", &n), ERR_OK);
    assert_int_equal(n, -5);
    assert_int_equal(jget_i64(json, "s", &n), ERR_INVALID);
    assert_int_equal(jget_i64(json, "r", &n), ERR_INVALID);
    assert_int_equal(n, -5);
    assert_int_equal(jget_i64(json, "z", &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(jget_u64(json, "u", &u), ERR_OK);
    assert_true(u == INT64_MAX);
    assert_int_equal(jget_u64(json, "n", &u), ERR_INVALID);
    assert_int_equal(jget_u64(json, "missing", &u), ERR_OK);
    assert_true(u == 0);
    assert_int_equal(jget_bool(json, "f", &b), ERR_OK);
    assert_false(b);
    assert_int_equal(jget_bool(json, "t", &b), ERR_OK);
    assert_true(b);
    assert_int_equal(jget_bool(json, "n", &b), ERR_INVALID);
    assert_int_equal(jget_bool(json, "missing", &b), ERR_OK);
    assert_false(b);
    json_decref(json);
}

static void test_lists(void **state)
{
    (void)state;
    json_t *json = parse("{\"l\":[1,2,3],\"e\":[],\"bad\":[1,\"x\"],\"neg\":[-1],\"null\":[null,4],\"s\":\"x\"}");
    uint64_t out[3] = {0};
    size_t count = 9;
    assert_int_equal(jget_u64_list(json, "l", out, 3, &count), ERR_OK);
    assert_int_equal(count, 3);
    assert_true(out[0] == 1 && out[2] == 3);
    out[0] = 9;
    assert_int_equal(jget_u64_list(json, "l", out, 2, &count), ERR_LIMIT);
    assert_true(count == 3 && out[0] == 9); /* how many there are, and none of them */
    assert_int_equal(jget_u64_list(json, "e", out, 3, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(jget_u64_list(json, "missing", out, 0, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(jget_u64_list(json, "bad", out, 3, &count), ERR_INVALID);
    assert_int_equal(jget_u64_list(json, "neg", out, 3, &count), ERR_INVALID);
    assert_int_equal(jget_u64_list(json, "s", out, 3, &count), ERR_INVALID);
    assert_int_equal(jget_u64_list(json, "null", out, 3, &count), ERR_OK);
    assert_true(count == 2 && out[0] == 0 && out[1] == 4);
    json_decref(json);
}

static void test_dump(void **state)
{
    (void)state;
    char *text = jget_dump_take(parse("{ \"b\" : [1, {}], \"a\" : \"x\\n\" }"));
    assert_string_equal(text, "{\"a\":\"x\\n\",\"b\":[1,{}]}");
    free(text);
    text = jget_dump_take(json_string("s"));
    assert_string_equal(text, "\"s\"");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),  cmocka_unit_test(test_depth), cmocka_unit_test(test_find),
        cmocka_unit_test(test_values), cmocka_unit_test(test_lists), cmocka_unit_test(test_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
