/* Frames of the WebSocket client, cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench/ws.h"

static void check(const char *data, size_t size, unsigned opcode, size_t header, size_t len)
{
    struct ws_frame frame;
    for (size_t cut = 0; cut < size; cut++)
        assert_false(ws_frame_read(data, cut, &frame));
    assert_true(ws_frame_read(data, size, &frame));
    assert_int_equal(frame.opcode, opcode);
    assert_int_equal(frame.header_len, header);
    assert_int_equal(frame.len, len);
}

static void test_lengths(void **state)
{
    (void)state;
    static char data[70000];
    memcpy(data, "\x81\x02hi", 4);
    check(data, 4, 1, 2, 2);
    memcpy(data, "\x8a\x00", 2);
    check(data, 2, 10, 2, 0);
    memcpy(data, "\x81\x7e\x01\x00", 4);
    check(data, 4 + 256, 1, 4, 256);
    memcpy(data, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
    check(data, 10 + 65536, 1, 10, 65536);
}

static void test_fragment(void **state)
{
    (void)state;
    struct ws_frame frame;
    assert_true(ws_frame_read("\x01\x01x", 3, &frame));
    assert_false(frame.is_final);
    assert_true(ws_frame_read("\x80\x01x", 3, &frame));
    assert_true(frame.is_final);
    assert_int_equal(frame.opcode, 0);
}

static void test_impossible_length(void **state)
{
    (void)state;
    struct ws_frame frame;
    assert_false(ws_frame_read("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"
                               "abc",
                               13, &frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_fragment),
        cmocka_unit_test(test_impossible_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
