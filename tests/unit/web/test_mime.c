#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/mime.h"

static void test_assets(void **state)
{
    (void)state;
    assert_string_equal(mime_of_asset("index.html"), "text/html; charset=utf-8");
    assert_string_equal(mime_of_asset("assets/app.1a.JS"), "text/javascript; charset=utf-8");
    assert_string_equal(mime_of_asset("icon.svg"), "image/svg+xml");
    assert_string_equal(mime_of_asset("a.b/c"), "application/octet-stream");
    assert_string_equal(mime_of_asset("none"), "application/octet-stream");
    assert_string_equal(mime_of_asset("x."), "application/octet-stream");
}

static void test_uploads(void **state)
{
    static const char *const risky[] = {"a.html", "a.svg", "a.SVG", "a.js",      "a.xml",
                                        "a.pdf",  "a.css", "a",     "a.png.html"};
    (void)state;
    bool is_inline = false;
    assert_string_equal(mime_of_upload("a.html.png", &is_inline), "image/png");
    assert_true(is_inline);
    for (size_t i = 0; i < ARRAY_LEN(risky); i++) {
        is_inline = true;
        assert_string_equal(mime_of_upload(risky[i], &is_inline), "application/octet-stream");
        assert_false(is_inline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assets),
        cmocka_unit_test(test_uploads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
