/* Hash maps: properties against a plain table, walks with deletion, capacity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hmap.h"

#define KEYS 700

static void test_property(void **state)
{
    (void)state;
    struct hmap *map = hmap_create(4, false);
    static int values[KEYS];
    bool is_in[KEYS] = {false};
    size_t count = 0;
    srand(7);
    for (int step = 0; step < 200000; step++) {
        uint64_t k = (uint64_t)rand() % KEYS;
        switch (rand() % 3) {
        case 0:
            assert_int_equal(hmap_put_u64(map, k, &values[k]), is_in[k] ? ERR_EXISTS : ERR_OK);
            count += !is_in[k];
            is_in[k] = true;
            break;
        case 1:
            assert_ptr_equal(hmap_del_u64(map, k), is_in[k] ? &values[k] : NULL);
            count -= is_in[k];
            is_in[k] = false;
            break;
        default:
            assert_ptr_equal(hmap_get_u64(map, k), is_in[k] ? &values[k] : NULL);
        }
        assert_int_equal(hmap_count(map), count);
    }
    for (uint64_t k = 0; k < KEYS; k++)
        assert_ptr_equal(hmap_get_u64(map, k), is_in[k] ? &values[k] : NULL);
    hmap_free(map);
    hmap_free(NULL);
}

static void test_fixed(void **state)
{
    (void)state;
    for (size_t capacity = 1; capacity < 70; capacity++) {
        struct hmap *map = hmap_create(capacity, true);
        for (uint64_t k = 0; k < capacity; k++)
            assert_int_equal(hmap_put_u64(map, k, map), ERR_OK);
        assert_int_equal(hmap_put_u64(map, 1000, map), ERR_FULL);
        assert_int_equal(hmap_put_u64(map, 0, map), ERR_EXISTS);
        assert_null(hmap_get_u64(map, 1000));
        assert_non_null(hmap_del_u64(map, 0));
        assert_int_equal(hmap_put_u64(map, 1000, map), ERR_OK);
        hmap_free(map);
    }
}

/* Each value is seen once, whether walked values are deleted or not; many maps, since seeds decide where runs wrap. */
static void test_walk(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 3000; round++) {
        enum { N = 5 };
        struct hmap *map = hmap_create(N, true);
        int seen[N] = {0};
        bool is_deleted[N] = {false};
        for (uint64_t k = 0; k < N; k++)
            assert_int_equal(hmap_put_u64(map, k, &seen[k]), ERR_OK);
        size_t it = 0;
        for (int *value; (value = hmap_next(map, &it));) {
            (*value)++;
            if (rand() % 2) {
                is_deleted[value - seen] = true;
                assert_ptr_equal(hmap_del_u64(map, (uint64_t)(value - seen)), value);
            }
        }
        assert_null(hmap_next(map, &it));
        for (uint64_t k = 0; k < N; k++) {
            assert_int_equal(seen[k], 1);
            assert_ptr_equal(hmap_get_u64(map, k), is_deleted[k] ? NULL : &seen[k]);
        }
        hmap_free(map);
    }
    struct hmap *map = hmap_create(10, false);
    size_t it = 0;
    assert_null(hmap_next(map, &it));
    assert_null(hmap_next(map, &it));
    hmap_free(map);
}

static void test_key_lengths(void **state)
{
    (void)state;
    struct hmap *map = hmap_create(HMAP_KEY_MAX, true);
    char key[HMAP_KEY_MAX + 1];
    memset(key, 'k', sizeof(key));
    for (size_t len = 1; len <= HMAP_KEY_MAX; len++)
        assert_int_equal(hmap_put(map, key, len, key + len), ERR_OK);
    for (size_t len = 1; len <= HMAP_KEY_MAX; len++)
        assert_ptr_equal(hmap_get(map, key, len), key + len);
    assert_null(hmap_get(map, key, 0));
    assert_null(hmap_get(map, key, sizeof(key)));
    assert_null(hmap_del(map, key, sizeof(key)));
    key[20] = 'x';
    assert_null(hmap_get(map, key, 30));
    hmap_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_property),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_key_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
