/* The limit of login tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <stdio.h>

#include "chat/tries.h"

#define S 1000000u

static void test_limit_and_window(void **state)
{
    (void)state;
    struct tries *t = tries_create(3);
    for (int i = 0; i < 3; i++)
        assert_true(tries_count(t, "anna", "1.2.3.4", 10 * S));
    assert_false(tries_count(t, "anna", "1.2.3.4", 20 * S));
    assert_true(tries_count(t, "anna", "1.2.3.5", 20 * S)); /* another address */
    assert_true(tries_count(t, "bert", "1.2.3.4", 20 * S)); /* another name */
    assert_false(tries_count(t, "anna", "1.2.3.4", 70 * S - 1));
    assert_true(tries_count(t, "anna", "1.2.3.4", 70 * S));
    tries_free(t);
}

static void test_forget_after_success(void **state)
{
    (void)state;
    struct tries *t = tries_create(2);
    for (int i = 0; i < 10; i++) {
        assert_true(tries_count(t, "anna", "a", S));
        tries_forget(t, "anna", "a");
    }
    assert_int_equal(tries_entries(t), 0);
    tries_forget(t, "nobody", "a");
    tries_free(t);
}

static void test_no_limit(void **state)
{
    (void)state;
    struct tries *t = tries_create(0);
    for (int i = 0; i < 1000; i++)
        assert_true(tries_count(t, "anna", "a", S));
    assert_int_equal(tries_entries(t), 0);
    tries_free(t);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct tries *t = tries_create(1);
    char name[16];
    for (int i = 0; i < TRIES_ENTRIES_MAX + 100; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_true(tries_count(t, name, "a", S));
    }
    assert_int_equal(tries_entries(t), TRIES_ENTRIES_MAX);
    assert_false(tries_count(t, name, "a", S)); /* the newest are still known */
    tries_count(t, "x", "a", 100 * S);
    assert_int_equal(tries_entries(t), 1); /* old windows go */
    tries_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_and_window),
        cmocka_unit_test(test_forget_after_success),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
