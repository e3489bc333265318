/* Password hashes: known answers of other implementations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <string.h>

#include "chat/password.h"

static void test_known_answers(void **state)
{
    (void)state;
    /* Openwall's crypt_blowfish test vector; and what the original back end stores (cost 6). */
    assert_true(password_check("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    assert_false(password_check("U*V", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    const char *old = "$2a$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG";
    assert_true(password_check("123456", old));
    assert_false(password_check("1234567", old));
    assert_false(password_check("", old));
    assert_int_equal(password_cost(old), 6);
    assert_true(password_check("pässwörd", "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC"));
}

static void test_hash(void **state)
{
    (void)state;
    char one[PASSWORD_HASH_MAX], two[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash("geheim漢", 4, one), ERR_OK);
    assert_int_equal(password_hash("geheim漢", 4, two), ERR_OK);
    assert_string_not_equal(one, two);
    assert_memory_equal(one, "$2b$04$", 7);
    assert_true(password_check("geheim漢", one));
    assert_true(password_check("geheim漢", two));
    assert_false(password_check("geheim", one));
}

static void test_not_a_hash(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "*0",
        "123456",
        "$1$abcdefgh$abcdefghijklmnopqrstuv",
        "$2a$06$short",
        "$2a$xx$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG",
        "$2a$31$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG", /* would take days */
        "$2c$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG",
        "$2a$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtGx",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(password_check("123456", bad[i]));
        assert_int_equal(password_cost(bad[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_not_a_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
