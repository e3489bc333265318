/* The stamp: written, read, absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench/stamp.h"

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t payload[64] = {0};
    uint64_t ns = 0;
    stamp_write(payload, sizeof(payload), 1764000000123456789ULL);
    assert_true(stamp_read(payload, sizeof(payload), &ns));
    assert_true(ns == 1764000000123456789ULL);
}

static void test_absent(void **state)
{
    (void)state;
    uint8_t payload[64] = {0};
    uint64_t ns = 7;
    assert_false(stamp_read(payload, sizeof(payload), &ns));
    assert_int_equal(ns, 7);
}

static void test_too_short(void **state)
{
    (void)state;
    uint8_t payload[STAMP_AT + STAMP_LEN] = {0}, before[sizeof(payload)];
    uint64_t ns = 0;
    memcpy(before, payload, sizeof(payload));
    stamp_write(payload, sizeof(payload) - 1, 5);
    assert_memory_equal(payload, before, sizeof(payload));
    stamp_write(payload, sizeof(payload), 5);
    for (size_t len = 0; len < sizeof(payload); len++)
        assert_false(stamp_read(payload, len, &ns));
    assert_true(stamp_read(payload, sizeof(payload), &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_too_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
