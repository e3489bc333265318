/* The messages that wait for a WebSocket: order, bytes, what is joined, what is used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/ws_queue.h"

static void push(struct ws_queue *queue, const char *text)
{
    ws_queue_push(queue, text, strlen(text));
}

static void expect_first(const struct ws_queue *queue, const char *want)
{
    const struct ws_text *text = ws_queue_first(queue);
    assert_non_null(text);
    assert_int_equal(text->len, strlen(want));
    assert_memory_equal(ws_text_data(text), want, text->len);
}

static void test_order_and_count(void **state)
{
    (void)state;
    struct ws_entries entries;
    struct ws_queue queue;
    ws_entries_init(&entries);
    ws_queue_init(&queue, &entries);
    assert_null(ws_queue_first(&queue));
    push(&queue, "one");
    push(&queue, "three");
    push(&queue, "");
    assert_int_equal(queue.count, 3);
    assert_int_equal(queue.bytes, 8);
    expect_first(&queue, "one");
    ws_queue_drop(&queue, 1);
    expect_first(&queue, "three");
    assert_int_equal(queue.bytes, 5);
    ws_queue_drop(&queue, 0);
    ws_queue_clear(&queue);
    assert_int_equal(queue.count, 0);
    assert_int_equal(queue.bytes, 0);
    assert_null(ws_queue_first(&queue));
    ws_entries_clear(&entries);
}

/* Whole frames, in order, as many as there is room for: to the byte. */
static void test_join(void **state)
{
    (void)state;
    struct ws_entries entries;
    struct ws_queue queue;
    ws_entries_init(&entries);
    ws_queue_init(&queue, &entries);
    push(&queue, "ab");
    push(&queue, "cde");
    push(&queue, "f");
    static const uint8_t want[] = "\x81\x02"
                                  "ab"
                                  "\x81\x03"
                                  "cde"
                                  "\x81\x01"
                                  "f";
    static const struct {
        size_t room, len, count;
    } table[] = {{0, 0, 0}, {11, 0, 0}, {12, 4, 1}, {16, 4, 1}, {17, 9, 2}, {19, 9, 2}, {20, 12, 3}, {100, 12, 3}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t out[128];
        size_t count = 99;
        memset(out, 0xee, sizeof(out));
        assert_int_equal(ws_queue_join(&queue, out, table[i].room, &count), table[i].len);
        assert_int_equal(count, table[i].count);
        assert_memory_equal(out, want, table[i].len);
        for (size_t k = table[i].room; k < sizeof(out); k++)
            assert_int_equal(out[k], 0xee);
    }
    assert_int_equal(queue.count, 3); /* joining takes nothing away */
    ws_queue_clear(&queue);
    ws_entries_clear(&entries);
}

/* Two sockets share texts; entries are kept for the next message, up to a bound. */
static void test_entries_are_used_again(void **state)
{
    (void)state;
    struct ws_entries entries;
    struct ws_queue queues[2];
    ws_entries_init(&entries);
    for (unsigned i = 0; i < 2; i++) {
        ws_queue_init(&queues[i], &entries);
        push(&queues[i], "to all");
    }
    assert_ptr_equal(ws_queue_first(&queues[0]), ws_queue_first(&queues[1]));
    ws_queue_clear(&queues[0]);
    assert_int_equal(entries.spare_count, 1);
    expect_first(&queues[1], "to all");
    push(&queues[1], "more");
    assert_int_equal(entries.spare_count, 0);
    for (unsigned i = 0; i < WS_SPARE_MAX + 10; i++)
        push(&queues[0], "x");
    ws_queue_clear(&queues[0]);
    assert_int_equal(entries.spare_count, WS_SPARE_MAX);
    ws_queue_clear(&queues[1]);
    assert_int_equal(entries.spare_count, WS_SPARE_MAX);
    ws_entries_clear(&entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_count),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_entries_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
