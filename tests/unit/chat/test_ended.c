/* Ended logins are known for the life of a call token, and there is a limit to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "chat/ended.h"

#define LIFE_US 1000u

static void test_known_for_a_life(void **state)
{
    (void)state;
    struct ended *ended = ended_create(LIFE_US);
    assert_false(ended_has(ended, "one"));
    ended_add(ended, "one", 100);
    ended_add(ended, "one", 200); /* twice is once */
    ended_add(ended, "two", 300);
    assert_true(ended_has(ended, "one") && ended_has(ended, "two"));
    assert_false(ended_has(ended, "on"));
    ended_add(ended, "three", 100 + LIFE_US);
    assert_false(ended_has(ended, "one"));
    assert_true(ended_has(ended, "two") && ended_has(ended, "three"));
    ended_free(ended);
}

static void test_what_is_no_id(void **state)
{
    (void)state;
    struct ended *ended = ended_create(LIFE_US);
    static const char too_long[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    ended_add(ended, "", 0);
    ended_add(ended, too_long, 0);
    assert_int_equal(ended_count(ended), 0);
    assert_false(ended_has(ended, "") || ended_has(ended, too_long));
    ended_free(ended);
    ended_free(NULL);
}

static void test_the_oldest_goes(void **state)
{
    (void)state;
    struct ended *ended = ended_create(LIFE_US);
    char id[16];
    for (unsigned i = 0; i <= ENDED_MAX; i++) {
        snprintf(id, sizeof(id), "id-%u", i);
        ended_add(ended, id, 0);
    }
    assert_int_equal(ended_count(ended), ENDED_MAX);
    assert_false(ended_has(ended, "id-0"));
    assert_true(ended_has(ended, "id-1") && ended_has(ended, id));
    ended_free(ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_for_a_life),
        cmocka_unit_test(test_what_is_no_id),
        cmocka_unit_test(test_the_oldest_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
