/* The intrusive list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list node;
};

static void test_list(void **state)
{
    (void)state;
    struct list head;
    struct item items[5];
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_pop(&head));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_push(&head, &items[i].node);
    }
    int next = 0;
    list_each (node, &head) {
        struct item *item = list_item(node, struct item, node);
        assert_int_equal(item->number, next++);
        if (item->number % 2)
            list_remove(node);
    }
    assert_int_equal(next, 5);
    list_remove(&items[1].node); /* twice is harmless */
    for (int want = 0; want < 5; want += 2)
        assert_int_equal(list_item(list_pop(&head), struct item, node)->number, want);
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
