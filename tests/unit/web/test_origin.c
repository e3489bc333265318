#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/guard.h"

static void test_any(void **state)
{
    (void)state;
    struct conf conf = {0};
    assert_true(guard_origin_is_allowed(&conf, "https://anything.example", "here"));
    assert_true(guard_origin_is_allowed(&conf, "", "here"));
    assert_true(guard_origin_is_allowed(&conf, NULL, NULL));
}

static void test_listed(void **state)
{
    (void)state;
    char *items[] = {(char *)"https://chat.example", (char *)"http://localhost:5173"};
    struct conf conf = {.http.allowed_origins = {items, 2}};
    assert_true(guard_origin_is_allowed(&conf, "https://chat.example", "other"));
    assert_true(guard_origin_is_allowed(&conf, "HTTPS://Chat.Example", "other"));
    assert_true(guard_origin_is_allowed(&conf, "http://localhost:5173", "other"));
    assert_true(guard_origin_is_allowed(&conf, "https://own.example:8443", "own.example:8443"));
    assert_true(guard_origin_is_allowed(&conf, "", "other"));
    assert_false(guard_origin_is_allowed(&conf, "https://chat.example.evil", "other"));
    assert_false(guard_origin_is_allowed(&conf, "http://chat.example", "other"));
    assert_false(guard_origin_is_allowed(&conf, "https://own.example", "own.example:8443"));
    assert_false(guard_origin_is_allowed(&conf, "null", "other"));
    assert_false(guard_origin_is_allowed(&conf, "https://", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
