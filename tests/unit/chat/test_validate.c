/* Field rules: the contract's texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include "chat/validate.h"

static void expect(struct text *texts, const char *want)
{
    assert_string_equal(texts->len ? texts->data : "", want);
    text_free(texts);
}

static void test_text(void **state)
{
    (void)state;
    struct text t = {0};
    validate_text(&t, "Username", "", true, 2, 20);
    expect(&t, "Username为必填字段");
    validate_text(&t, "Username", "a", true, 2, 20);
    expect(&t, "Username长度必须至少为2个字符");
    validate_text(&t, "Username", "ab", true, 2, 20);
    expect(&t, "");
    validate_text(&t, "Username", "一二三四五六七八九十一二三四五六七八九十", true, 2, 20);
    expect(&t, "");
    validate_text(&t, "Username", "一二三四五六七八九十一二三四五六七八九十一", true, 2, 20);
    expect(&t, "Username长度不能超过20个字符");
    validate_text(&t, "Nickname", "", false, 2, 20);
    expect(&t, "");
    validate_text(&t, "Text", "a long one without a limit", true, 0, 0);
    expect(&t, "");
}

static void test_several_are_joined_in_order(void **state)
{
    (void)state;
    struct text t = {0};
    validate_text(&t, "Username", "", true, 2, 20);
    validate_text(&t, "Password", "12345", true, 6, 20);
    validate_text(&t, "Nickname", "ok", true, 1, 20);
    validate_url(&t, "Avatar", "x", false);
    expect(&t, "Username为必填字段,Password长度必须至少为6个字符,Avatar必须是一个有效的URL");
}

static void test_url(void **state)
{
    (void)state;
    struct text t = {0};
    validate_url(&t, "Image", "", false);
    validate_url(&t, "Image", "http://x", false);
    validate_url(&t, "Image", "https://x", true);
    validate_url(&t, "Image", "file/a.png", true);
    expect(&t, "");
    validate_url(&t, "Image", "", true);
    expect(&t, "Image为必填字段");
    validate_url(&t, "Image", "javascript:alert(1)", false);
    expect(&t, "Image必须是一个有效的URL");
    validate_url(&t, "Image", "/file/a", false);
    expect(&t, "Image必须是一个有效的URL");
}

static void test_numbers(void **state)
{
    (void)state;
    struct text t = {0};
    validate_number(&t, "Limit", 0, true, 5, 50);
    expect(&t, "Limit为必填字段");
    validate_number(&t, "Limit", 4, true, 5, 50);
    expect(&t, "Limit最小只能为5");
    validate_number(&t, "Limit", 51, true, 5, 50);
    expect(&t, "Limit必须小于或等于50");
    validate_number(&t, "Limit", 5, true, 5, 50);
    validate_number(&t, "Limit", 50, true, 5, 50);
    validate_number(&t, "Limit", 0, false, 5, 50);
    validate_required_id(&t, "UserId", 1);
    expect(&t, "");
    validate_required_id(&t, "UserId", 0);
    expect(&t, "UserId为必填字段");
}

static void test_counts(void **state)
{
    (void)state;
    struct text t = {0};
    validate_count(&t, "ContactIds", 0, 1, 100);
    expect(&t, "ContactIds必须至少包含1项");
    validate_count(&t, "ContactIds", 101, 1, 100);
    expect(&t, "ContactIds最多只能包含100项");
    validate_count(&t, "ContactIds", 1, 1, 100);
    validate_count(&t, "ContactIds", 100, 1, 100);
    expect(&t, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),   cmocka_unit_test(test_several_are_joined_in_order),
        cmocka_unit_test(test_url),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
