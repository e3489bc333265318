/* Pools: blocks are distinct, aligned, and limited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"

static void test_pool(void **state)
{
    (void)state;
    enum { N = 10, SIZE = 100 };
    struct pool *pool = pool_create(SIZE, N);
    uint8_t *blocks[N];
    for (int i = 0; i < N; i++) {
        assert_int_equal(pool_free_count(pool), N - i);
        blocks[i] = pool_take(pool);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i, SIZE);
    }
    assert_int_equal(pool_empty_count(pool), 0);
    assert_null(pool_take(pool));
    assert_null(pool_take(pool));
    assert_int_equal(pool_empty_count(pool), 2);
    for (int i = 0; i < N; i++) {
        assert_int_equal(blocks[i][0], i);
        assert_int_equal(blocks[i][SIZE - 1], i);
    }
    pool_give(pool, blocks[3]);
    pool_give(pool, NULL);
    assert_int_equal(pool_free_count(pool), 1);
    assert_ptr_equal(pool_take(pool), blocks[3]);
    for (int i = 0; i < N; i++)
        pool_give(pool, blocks[i]);
    assert_int_equal(pool_free_count(pool), N);
    pool_free(pool);
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pool)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
