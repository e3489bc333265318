/* A minute's worth at once, then one after the other; logins and addresses by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "web/upload_limit.h"

#define S 1000000ull

static void test_login(void **state)
{
    (void)state;
    struct upload_limit *limit = upload_limit_create();
    for (int i = 0; i < 6; i++)
        assert_true(upload_limit_take_login(limit, "one", 6, 100 * S));
    assert_false(upload_limit_take_login(limit, "one", 6, 100 * S));
    assert_false(upload_limit_take_login(limit, "one", 6, 109 * S));
    assert_true(upload_limit_take_login(limit, "one", 6, 110 * S));
    assert_false(upload_limit_take_login(limit, "one", 6, 110 * S));
    /* Refusals cost nothing: the next is due all the same. */
    assert_true(upload_limit_take_login(limit, "one", 6, 120 * S));
    for (int i = 0; i < 6; i++)
        assert_true(upload_limit_take_login(limit, "one", 6, 300 * S));
    assert_false(upload_limit_take_login(limit, "one", 6, 300 * S));
    upload_limit_free(limit);
}

static struct addr at(const char *ip)
{
    struct addr addr;
    assert_int_equal(addr_parse(&addr, ip, 1), ERR_OK);
    return addr;
}

static bool take(struct upload_limit *limit, const char *ip)
{
    struct addr addr = at(ip);
    return upload_limit_take_address(limit, &addr, 1, 100 * S);
}

static void test_addresses(void **state)
{
    (void)state;
    struct upload_limit *limit = upload_limit_create();
    assert_true(take(limit, "192.0.2.1"));
    assert_false(take(limit, "192.0.2.1"));
    assert_true(take(limit, "192.0.2.2"));
    assert_true(take(limit, "2001:db8::1"));
    assert_false(take(limit, "2001:db8::ffff:1")); /* the same network */
    assert_true(upload_limit_take_login(limit, "192.0.2.1", 1, 100 * S));
    upload_limit_free(limit);
}

static void test_few_never_meet(void **state)
{
    (void)state;
    /* Where they are is random at each start. */
    for (int start = 0; start < 300; start++) {
        struct upload_limit *limit = upload_limit_create();
        for (int host = 1; host <= 20; host++) {
            char ip[16];
            snprintf(ip, sizeof(ip), "192.0.2.%d", host);
            assert_true(take(limit, ip));
        }
        for (int host = 1; host <= 20; host++) {
            char ip[16];
            snprintf(ip, sizeof(ip), "192.0.2.%d", host);
            assert_false(take(limit, ip));
        }
        upload_limit_free(limit);
    }
}

/* More addresses in a minute than there is room for: some are refused for others, none gets more than its own. */
static void test_many_share(void **state)
{
    (void)state;
    struct upload_limit *limit = upload_limit_create();
    unsigned taken = 0;
    for (unsigned net = 0; net < 20000; net++) {
        char ip[24];
        snprintf(ip, sizeof(ip), "2001:db8:%x::1", net);
        taken += take(limit, ip);
        assert_false(take(limit, ip));
    }
    assert_true(taken > 3000 && taken <= 4096);
    struct addr addr = at("2001:db8::1");
    assert_true(upload_limit_take_address(limit, &addr, 1, 200 * S)); /* all have room again */
    upload_limit_free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_few_never_meet),
        cmocka_unit_test(test_many_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
