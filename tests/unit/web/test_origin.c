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
    assert_int_equal(guard_origin_of(&conf, "https://anything.example", "here"), ORIGIN_OWN);
    assert_int_equal(guard_origin_of(&conf, "", "here"), ORIGIN_OWN);
    assert_int_equal(guard_origin_of(&conf, NULL, NULL), ORIGIN_OWN);
}

static void test_listed(void **state)
{
    (void)state;
    char *items[] = {(char *)"https://chat.example", (char *)"http://localhost:5173"};
    struct conf conf = {.http.allowed_origins = {items, 2}};
    assert_int_equal(guard_origin_of(&conf, "https://chat.example", "other"), ORIGIN_LISTED);
    assert_int_equal(guard_origin_of(&conf, "HTTPS://Chat.Example", "other"), ORIGIN_LISTED);
    assert_int_equal(guard_origin_of(&conf, "http://localhost:5173", "other"), ORIGIN_LISTED);
    assert_int_equal(guard_origin_of(&conf, "https://own.example:8443", "own.example:8443"), ORIGIN_OWN);
    assert_int_equal(guard_origin_of(&conf, "", "other"), ORIGIN_OWN);
    assert_int_equal(guard_origin_of(&conf, "https://chat.example.evil", "other"), ORIGIN_STRANGE);
    assert_int_equal(guard_origin_of(&conf, "http://chat.example", "other"), ORIGIN_STRANGE);
    assert_int_equal(guard_origin_of(&conf, "https://own.example", "own.example:8443"), ORIGIN_STRANGE);
    assert_int_equal(guard_origin_of(&conf, "null", "other"), ORIGIN_STRANGE);
    assert_int_equal(guard_origin_of(&conf, "https://", NULL), ORIGIN_STRANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
