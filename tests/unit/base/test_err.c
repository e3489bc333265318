/* Every code has a word of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void test_words(void **state)
{
    (void)state;
    for (int a = ERR_OK; a <= ERR_UNSUPPORTED; a++) {
        assert_string_not_equal(err_str((enum err)a), "unknown error");
        for (int b = ERR_OK; b < a; b++)
            assert_string_not_equal(err_str((enum err)a), err_str((enum err)b));
    }
    assert_string_equal(err_str((enum err)(ERR_UNSUPPORTED + 1)), "unknown error");
    assert_string_equal(err_str((enum err) - 1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
