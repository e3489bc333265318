/* Busy locks: one call a user, 60 s, released only by their holder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/locks.h"

#define S 1000000ULL

static void test_one_call_a_user(void **state)
{
    (void)state;
    struct locks *locks = locks_create();
    assert_true(locks_take(locks, 7, 1, S));
    assert_true(locks_take(locks, 7, 1, S)); /* renewed */
    assert_false(locks_take(locks, 7, 2, S));
    assert_true(locks_take(locks, 8, 2, S));
    assert_int_equal(locks_holder(locks, 7, S), 1);
    assert_int_equal(locks_holder(locks, 8, S), 2);
    assert_int_equal(locks_holder(locks, 9, S), 0);
    locks_free(locks);
}

static void test_expires_after_60_s(void **state)
{
    (void)state;
    struct locks *locks = locks_create();
    assert_true(locks_take(locks, 7, 1, S));
    assert_false(locks_take(locks, 7, 2, 61 * S - 1));
    assert_int_equal(locks_holder(locks, 7, 61 * S - 1), 1);
    assert_int_equal(locks_holder(locks, 7, 61 * S), 0);
    assert_true(locks_take(locks, 7, 2, 61 * S));
    assert_int_equal(locks_holder(locks, 7, 61 * S), 2);
    locks_free(locks);
}

static void test_renewal_counts_from_the_last_sign(void **state)
{
    (void)state;
    struct locks *locks = locks_create();
    assert_true(locks_take(locks, 7, 1, S));
    assert_true(locks_take(locks, 7, 1, 31 * S));
    assert_false(locks_take(locks, 7, 2, 70 * S));
    assert_true(locks_take(locks, 7, 2, 91 * S));
    locks_free(locks);
}

static void test_only_the_holder_releases(void **state)
{
    (void)state;
    struct locks *locks = locks_create();
    assert_true(locks_take(locks, 7, 1, S));
    locks_release(locks, 7, 2);
    assert_int_equal(locks_holder(locks, 7, S), 1);
    locks_release(locks, 7, 1);
    assert_int_equal(locks_holder(locks, 7, S), 0);
    assert_int_equal(locks_count(locks), 0);
    locks_release(locks, 7, 1); /* harmless */
    locks_free(locks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_call_a_user),
        cmocka_unit_test(test_expires_after_60_s),
        cmocka_unit_test(test_renewal_counts_from_the_last_sign),
        cmocka_unit_test(test_only_the_holder_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
