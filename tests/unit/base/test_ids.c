/* Ids: stale ones find nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/ids.h"

static void test_life(void **state)
{
    (void)state;
    int a, b;
    struct ids *ids = ids_create(2);
    uint64_t id_a = ids_add(ids, &a), id_b = ids_add(ids, &b);
    assert_true(id_a != 0 && id_b != 0 && id_a != id_b);
    assert_true(ids_add(ids, &a) == 0);
    assert_ptr_equal(ids_get(ids, id_a), &a);
    assert_ptr_equal(ids_get(ids, id_b), &b);
    assert_int_equal(ids_count(ids), 2);
    assert_ptr_equal(ids_remove(ids, id_a), &a);
    assert_null(ids_remove(ids, id_a));
    assert_null(ids_get(ids, id_a));
    assert_int_equal(ids_count(ids), 1);
    uint64_t again = ids_add(ids, &b);
    assert_true(again != id_a && (uint32_t)again == (uint32_t)id_a);
    assert_null(ids_get(ids, id_a));
    assert_ptr_equal(ids_get(ids, again), &b);
    assert_null(ids_get(ids, 0));
    assert_null(ids_get(ids, 3));
    assert_null(ids_get(ids, UINT64_MAX));
    ids_free(ids);
    ids_free(NULL);
}

static void test_churn(void **state)
{
    (void)state;
    enum { N = 50 };
    struct ids *ids = ids_create(N);
    uint64_t live[N] = {0}, dead[N] = {0};
    int objects[N];
    srand(3);
    for (int step = 0; step < 20000; step++) {
        int i = rand() % N;
        if (live[i]) {
            assert_ptr_equal(ids_remove(ids, live[i]), &objects[i]);
            dead[i] = live[i];
            live[i] = 0;
        } else {
            live[i] = ids_add(ids, &objects[i]);
            assert_true(live[i] != 0);
        }
        int k = rand() % N;
        assert_ptr_equal(ids_get(ids, live[k]), live[k] ? &objects[k] : NULL);
        assert_null(ids_get(ids, dead[k]));
    }
    ids_free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life), cmocka_unit_test(test_churn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
