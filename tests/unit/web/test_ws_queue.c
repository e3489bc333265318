/* The messages that wait for a WebSocket: order, bytes, what is joined, what the ring does. */
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
    struct ws_text *shared = NULL;
    ws_queue_push(queue, ws_text_share(&shared, text, strlen(text)));
    ws_text_release(shared);
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
    struct ws_queue queue;
    ws_queue_init(&queue);
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
    ws_queue_clear(&queue);
}

/* Whole frames, in order, as many as there is room for: to the byte. */
static void test_join(void **state)
{
    (void)state;
    struct ws_queue queue;
    ws_queue_init(&queue);
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
}

/* Messages come and go, so that the ring goes round and grows at each of its places: nothing is lost or swapped. */
static void test_ring(void **state)
{
    (void)state;
    struct ws_queue queue;
    ws_queue_init(&queue);
    unsigned in = 0, out = 0, random = 1;
    while (in < 20000) {
        char text[16];
        random = random * 1103515245u + 12345u;
        unsigned pushes = (random >> 16) % 40, drops = (random >> 24) % 40;
        for (unsigned i = 0; i < pushes; i++) {
            snprintf(text, sizeof(text), "%u", in++);
            push(&queue, text);
        }
        assert_int_equal(queue.count, in - out);
        for (unsigned i = 0; i < drops && out < in; i++) {
            snprintf(text, sizeof(text), "%u", out++);
            expect_first(&queue, text);
            ws_queue_drop(&queue, 1);
        }
        uint8_t joined[4096];
        size_t count;
        size_t len = ws_queue_join(&queue, joined, 100, &count), at = 0;
        for (unsigned i = 0; i < count; i++) {
            snprintf(text, sizeof(text), "%u", out + i);
            assert_int_equal(joined[at], 0x81);
            assert_int_equal(joined[at + 1], strlen(text));
            assert_memory_equal(joined + at + 2, text, strlen(text));
            at += 2 + strlen(text);
        }
        assert_int_equal(at, len);
    }
    ws_queue_clear(&queue);
}

/* An empty queue keeps a small ring, and gives a large one back. */
static void test_what_is_kept(void **state)
{
    (void)state;
    struct ws_queue queue;
    ws_queue_init(&queue);
    assert_null(queue.ring); /* thousands of sockets never get a message */
    for (unsigned i = 0; i < WS_QUEUE_KEPT; i++)
        push(&queue, "x");
    ws_queue_drop(&queue, WS_QUEUE_KEPT);
    assert_non_null(queue.ring);
    for (unsigned i = 0; i < WS_QUEUE_KEPT + 1; i++)
        push(&queue, "x");
    ws_queue_drop(&queue, WS_QUEUE_KEPT);
    expect_first(&queue, "x");
    ws_queue_drop(&queue, 1);
    assert_null(queue.ring);
    push(&queue, "y");
    expect_first(&queue, "y");
    ws_queue_clear(&queue);
    assert_null(queue.ring);
}

/* The queue holds what it was given, and lets it go. */
static void test_references(void **state)
{
    (void)state;
    struct ws_queue queues[2];
    struct ws_text *last = NULL;
    for (unsigned i = 0; i < 2; i++) {
        ws_queue_init(&queues[i]);
        ws_queue_push(&queues[i], ws_text_share(&last, "to all", 6));
    }
    assert_ptr_equal(ws_queue_first(&queues[0]), ws_queue_first(&queues[1]));
    assert_int_equal(last->refs, 3);
    ws_queue_drop(&queues[0], 1);
    assert_int_equal(last->refs, 2);
    ws_queue_clear(&queues[1]);
    assert_int_equal(last->refs, 1);
    ws_queue_clear(&queues[0]);
    ws_text_release(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_count), cmocka_unit_test(test_join),       cmocka_unit_test(test_ring),
        cmocka_unit_test(test_what_is_kept),    cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
