/* Texts that many sockets share, and when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/ws_text.h"

static void test_same_in_a_row_is_shared(void **state)
{
    (void)state;
    struct ws_text *last = NULL;
    struct ws_text *a = ws_text_share(&last, "hello", 5), *b = ws_text_share(&last, "hello", 5);
    assert_ptr_equal(a, b);
    assert_ptr_equal(a, last);
    assert_int_equal(a->refs, 3);
    assert_int_equal(a->len, 5);
    assert_memory_equal(ws_text_data(a), "hello", 5);
    ws_text_release(a);
    ws_text_release(b);
    assert_int_equal(last->refs, 1);
    ws_text_release(last);
}

static void test_others_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } others[] = {{"hellx", 5}, {"hell", 4}, {"hello!", 6}, {"", 0}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct ws_text *last = NULL;
        struct ws_text *a = ws_text_share(&last, "hello", 5);
        struct ws_text *b = ws_text_share(&last, others[i].text, others[i].len);
        assert_ptr_not_equal(a, b);
        assert_ptr_equal(b, last);
        assert_int_equal(a->refs, 1); /* its socket's: what was written to that one stays */
        assert_memory_equal(ws_text_data(a), "hello", 5);
        assert_int_equal(b->len, others[i].len);
        assert_memory_equal(ws_text_data(b), others[i].text, others[i].len);
        ws_text_release(a);
        ws_text_release(b);
        ws_text_release(last);
    }
    ws_text_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_in_a_row_is_shared),
                                       cmocka_unit_test(test_others_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
