/* The retransmission ring: what it keeps, what it gives back; no slot is lost or given twice. */
#include "flow/history.h"

#include <stdbool.h>

#include "../proto/tool.h"

#define AGE 1000

static char slots[100000];

static void keeps_and_evicts(void **state)
{
    (void)state;
    struct history *history = history_create(5, AGE); /* 8 */
    for (unsigned i = 0; i < 8; i++)
        assert_null(history_put(history, (uint16_t)(65533 + i), &slots[i], 1));
    assert_int_equal(history_count(history), 8);
    assert_ptr_equal(history_find(history, 65533, 1), &slots[0]);
    assert_ptr_equal(history_find(history, 4, 1), &slots[7]);
    assert_null(history_find(history, 5, 1));
    assert_ptr_equal(history_put(history, 5, &slots[8], 1), &slots[0]);
    assert_null(history_find(history, 65533, 1));
    /* older than the ring can hold: given back at once */
    assert_ptr_equal(history_put(history, 65533, &slots[9], 1), &slots[9]);
    /* the same number again: the first goes */
    assert_ptr_equal(history_put(history, 5, &slots[10], 1), &slots[8]);
    assert_ptr_equal(history_find(history, 5, 1), &slots[10]);
    unsigned n = 0;
    while (history_drain(history))
        n++;
    assert_int_equal(n, 8);
    assert_int_equal(history_count(history), 0);
    history_free(history);
}

static void age_hides_and_expires(void **state)
{
    (void)state;
    struct history *history = history_create(16, AGE);
    assert_null(history_put(history, 1, &slots[1], 1000));
    assert_null(history_put(history, 2, &slots[2], 1500));
    assert_non_null(history_find(history, 1, 2000));
    assert_null(history_find(history, 1, 2001));
    assert_null(history_expire(history, 2000));
    assert_ptr_equal(history_expire(history, 2001), &slots[1]);
    assert_null(history_expire(history, 2001));
    assert_ptr_equal(history_expire(history, 5000), &slots[2]);
    assert_null(history_expire(history, 5000));
    assert_int_equal(history_count(history), 0);
    /* an old stray gives way even to a smaller number */
    assert_null(history_put(history, 100, &slots[1], 6000));
    assert_ptr_equal(history_put(history, 84, &slots[2], 8000), &slots[1]);
    assert_ptr_equal(history_drain(history), &slots[2]);
    history_free(history);
}

/* Without a look at the age for many turns of the numbers, the oldest still come out first. */
static void expires_in_order_after_many_turns(void **state)
{
    (void)state;
    for (unsigned last = 60000; last < 99999; last += 7777) {
        struct history *history = history_create(64, AGE);
        for (unsigned i = 0; i <= last; i++)
            (void)history_put(history, (uint16_t)i, &slots[i], 100 + i);
        uint64_t now = 100 + last - 60 + AGE; /* the ring holds last - 63 ... last: three are over the age */
        for (unsigned i = last - 63; i < last - 60; i++)
            assert_ptr_equal(history_expire(history, now), &slots[i]);
        assert_null(history_expire(history, now));
        for (unsigned i = last - 60; i <= last; i++)
            assert_ptr_equal(history_drain(history), &slots[i]);
        assert_null(history_drain(history));
        history_free(history);
    }
}

/* Random numbers, jumps included: the slots inside are those put in and not yet given back. */
static void no_slot_is_lost(void **state)
{
    (void)state;
    struct prng prng = {.state = 77};
    static bool is_inside[sizeof(slots)];
    for (unsigned round = 0; round < 20; round++) {
        struct history *history = history_create(64, AGE);
        uint64_t now = 1;
        uint16_t seq = (uint16_t)prng_next(&prng);
        size_t inside = 0;
        for (unsigned i = 0; i < 20000; i++) {
            now += prng_below(&prng, 30);
            seq = prng_below(&prng, 500) ? (uint16_t)(seq + 1) : (uint16_t)prng_next(&prng);
            uint16_t at = (uint16_t)(seq - prng_below(&prng, 100));
            void *old = history_put(history, at, &slots[i], now);
            is_inside[i] = true;
            inside++;
            if (!old && prng_below(&prng, 50) == 0)
                old = history_expire(history, now);
            if (old) {
                size_t index = (size_t)((char *)old - slots);
                assert_true(is_inside[index]);
                is_inside[index] = false;
                inside--;
            }
            assert_int_equal(history_count(history), inside);
        }
        for (void *old; (old = history_expire(history, now + AGE + 1));) {
            assert_true(is_inside[(char *)old - slots]);
            is_inside[(char *)old - slots] = false;
            inside--;
        }
        assert_int_equal(inside, 0);
        assert_null(history_drain(history));
        history_free(history);
    }
    history_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_and_evicts), cmocka_unit_test(age_hides_and_expires),
                                       cmocka_unit_test(expires_in_order_after_many_turns),
                                       cmocka_unit_test(no_slot_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
