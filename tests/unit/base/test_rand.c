/* Random texts: their form and their spread. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"

static void test_alnum(void **state)
{
    (void)state;
    static char out[62001];
    int count[256] = {0};
    rand_alnum(out, 62000);
    assert_int_equal(strlen(out), 62000);
    for (char *c = out; *c; c++) {
        assert_true(isalnum((unsigned char)*c));
        count[(unsigned char)*c]++;
    }
    /* 1,000 expected of each, standard deviation 31: 8 of them either way. A bias of modulo 256 would show as 1,250. */
    for (int c = 0; c < 256; c++)
        assert_true(!isalnum(c) || (count[c] > 750 && count[c] < 1240));
    rand_alnum(out, 0);
    assert_string_equal(out, "");
    memset(out, '#', 10);
    rand_alnum(out, 4);
    assert_int_equal(out[4], '\0');
    assert_int_equal(out[5], '#');
}

static void test_uuid(void **state)
{
    (void)state;
    char a[37], b[37];
    for (int round = 0; round < 100; round++) {
        rand_uuid(a);
        rand_uuid(b);
        assert_string_not_equal(a, b);
        assert_int_equal(strlen(a), 36);
        for (int i = 0; i < 36; i++) {
            if (i == 8 || i == 13 || i == 18 || i == 23)
                assert_int_equal(a[i], '-');
            else
                assert_non_null(strchr("0123456789abcdef", a[i]));
        }
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
    }
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t or64 = 0, and64 = UINT64_MAX;
    uint32_t or32 = 0, and32 = UINT32_MAX;
    for (int i = 0; i < 200; i++) {
        uint64_t v = rand_u64();
        uint32_t w = rand_u32();
        or64 |= v;
        and64 &= v;
        or32 |= w;
        and32 &= w;
    }
    assert_true(or64 == UINT64_MAX && and64 == 0);
    assert_true(or32 == UINT32_MAX && and32 == 0);
    static uint8_t large[4096]; /* more than getrandom promises in one call */
    rand_bytes(large, sizeof(large));
    assert_memory_not_equal(large, large + 2048, 2048);
    rand_bytes(large, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alnum), cmocka_unit_test(test_uuid),
                                       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
