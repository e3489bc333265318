/* The key-frame throttle. */
#include "flow/keyreq.h"

#include "../proto/tool.h"

#define S 1000000ull

static void one_per_interval(void **state)
{
    (void)state;
    struct keyreq req;
    keyreq_init(&req, 0);
    assert_true(keyreq_next_us(&req) == UINT64_MAX);
    assert_true(keyreq_ask(&req, 10 * S));
    assert_false(keyreq_ask(&req, 10 * S + 1));
    assert_false(keyreq_ask(&req, 10 * S + 2));
    assert_true(keyreq_next_us(&req) == 11 * S);
    assert_false(keyreq_poll(&req, 11 * S - 1));
    assert_true(keyreq_poll(&req, 11 * S));
    assert_false(keyreq_poll(&req, 11 * S));
    assert_true(keyreq_next_us(&req) == UINT64_MAX);
    assert_false(keyreq_ask(&req, 11 * S + 1));
    keyreq_on_keyframe(&req);
    assert_true(keyreq_next_us(&req) == UINT64_MAX);
    assert_false(keyreq_poll(&req, 20 * S));
    assert_true(keyreq_ask(&req, 20 * S));
}

static void a_storm_is_bounded(void **state)
{
    (void)state;
    struct keyreq req;
    unsigned sent = 0;
    keyreq_init(&req, S / 2);
    for (uint64_t now = S; now < 11 * S; now += 100)
        sent += keyreq_ask(&req, now) || keyreq_poll(&req, now);
    assert_int_equal(sent, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_per_interval), cmocka_unit_test(a_storm_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
