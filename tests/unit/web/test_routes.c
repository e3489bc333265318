#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/api.h"
#include "web/routes.h"

static void test_exact(void **state)
{
    (void)state;
    const struct route *route = routes_find(HTTP_POST, "/api/contact/user");
    assert_non_null(route);
    assert_ptr_equal(route->handler, api_contact_request);
    assert_ptr_equal(routes_find(HTTP_POST, "/api/contact/group")->handler, api_contact_group);
    assert_ptr_equal(routes_find(HTTP_POST, "/api/contact/groups")->handler, api_contact_groups);
    assert_ptr_equal(routes_find(HTTP_GET, "/api/call")->handler, api_call_get);
    assert_ptr_equal(routes_find(HTTP_POST, "/api/call")->handler, api_call_create);
}

static void test_below(void **state)
{
    (void)state;
    assert_ptr_equal(routes_find(HTTP_GET, "/api/file/x.png")->handler, api_file_get);
    assert_ptr_equal(routes_find(HTTP_POST, "/api/file/upload")->handler, api_file_upload);
    assert_true(routes_find(HTTP_POST, "/api/file/upload")->is_upload);
    assert_ptr_equal(routes_find(HTTP_GET, "/api/file/upload")->handler, api_file_get);
}

static void test_none(void **state)
{
    (void)state;
    assert_null(routes_find(HTTP_GET, "/api/login"));
    assert_null(routes_find(HTTP_HEAD, "/api/contact"));
    assert_null(routes_find(HTTP_GET, "/api/contact/"));
    assert_null(routes_find(HTTP_GET, "/api/Contact"));
    assert_null(routes_find(HTTP_GET, "/api"));
    assert_null(routes_find(HTTP_GET, ""));
    assert_null(routes_find(HTTP_POST, "/api/file/other"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
