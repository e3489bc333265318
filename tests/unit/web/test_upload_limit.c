/* A minute's worth at once, then one after the other; logins and addresses by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    /* Two that meet in a slot share it, so some tries are allowed: all of them never meet. */
    unsigned v4 = 0;
    unsigned v6 = 0;
    unsigned login = 0;
    for (int i = 0; i < 8; i++) {
        struct upload_limit *limit = upload_limit_create();
        assert_true(take(limit, "192.0.2.1"));
        assert_false(take(limit, "192.0.2.1"));
        v4 += take(limit, "192.0.2.2");
        v6 += take(limit, "2001:db8::1");
        assert_false(take(limit, "2001:db8::ffff:1")); /* the same network */
        login += upload_limit_take_login(limit, "192.0.2.1", 1, 100 * S);
        upload_limit_free(limit);
    }
    assert_true(v4 >= 6 && v6 >= 6 && login >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_login), cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
