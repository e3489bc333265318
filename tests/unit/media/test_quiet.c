/* When the datagrams of idle peers may wait, under a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/quiet.h"

#define START_US 5000000u
#define QUIET_US (START_US + QUIET_AFTER_US)

static struct quiet begin(void)
{
    struct quiet quiet;
    quiet_init(&quiet, true, START_US);
    return quiet;
}

static void test_begins_after_a_silence(void **state)
{
    (void)state;
    struct quiet quiet = begin();
    quiet_look(&quiet, QUIET_US - 1);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US - 1), 0);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US), QUIET_PAUSE_US - 1);
}

/* What comes alone is answered at once: only a second look within the pause waits. */
static void test_the_first_is_not_delayed(void **state)
{
    (void)state;
    struct quiet quiet = begin();
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US), 0);
    quiet_look(&quiet, QUIET_US);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US + 1), QUIET_PAUSE_US - 1);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US + QUIET_PAUSE_US - 1), 1);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US + QUIET_PAUSE_US), 0);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US + 10 * QUIET_PAUSE_US), 0);
}

static void test_media_ends_it_at_once(void **state)
{
    (void)state;
    struct quiet quiet = begin();
    quiet_look(&quiet, QUIET_US);
    assert_true(quiet_wait_us(&quiet, QUIET_US + 1) > 0);
    quiet_stir(&quiet, QUIET_US + 1);
    for (uint64_t now_us = QUIET_US + 1; now_us < QUIET_US + 1 + QUIET_AFTER_US; now_us += 1000) {
        quiet_look(&quiet, now_us);
        assert_int_equal(quiet_wait_us(&quiet, now_us), 0);
    }
    quiet_look(&quiet, QUIET_US + 1 + QUIET_AFTER_US);
    assert_int_equal(quiet_wait_us(&quiet, QUIET_US + 1 + QUIET_AFTER_US), QUIET_PAUSE_US);
}

static void test_may_be_off(void **state)
{
    (void)state;
    struct quiet quiet;
    quiet_init(&quiet, false, START_US);
    quiet_look(&quiet, 2 * QUIET_US);
    assert_int_equal(quiet_wait_us(&quiet, 2 * QUIET_US), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_after_a_silence),
        cmocka_unit_test(test_the_first_is_not_delayed),
        cmocka_unit_test(test_media_ends_it_at_once),
        cmocka_unit_test(test_may_be_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
