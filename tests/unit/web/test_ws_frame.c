/* A server's frames: the examples of RFC 6455 section 5.7 that are unmasked, and the lengths where the head grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/ws_frame.h"

static void test_examples(void **state)
{
    (void)state;
    static const uint8_t text[] = {0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    static const uint8_t ping[] = {0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    uint8_t out[32];
    assert_int_equal(ws_frame_write(out, WS_TEXT, "Hello", 5), sizeof(text));
    assert_memory_equal(out, text, sizeof(text));
    assert_int_equal(ws_frame_write(out, WS_PING, "Hello", 5), sizeof(ping));
    assert_memory_equal(out, ping, sizeof(ping));
    assert_int_equal(ws_frame_write(out, WS_TEXT, "", 0), 2);
    assert_memory_equal(out, "\x81\x00", 2);
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint8_t head[WS_FRAME_HEAD_MAX];
        size_t head_len;
    } cases[] = {
        {125, {0x81, 125}, 2},
        {126, {0x81, 126, 0x00, 126}, 4},
        {256, {0x81, 126, 0x01, 0x00}, 4}, /* 5.7 has it and the next one as binary messages */
        {65535, {0x81, 126, 0xff, 0xff}, 4},
        {65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = cases[i].len;
        uint8_t *data = malloc(len), *out = malloc(len + WS_FRAME_HEAD_MAX);
        assert_non_null(data);
        assert_non_null(out);
        memset(data, 'x', len);
        assert_int_equal(ws_frame_write(out, WS_TEXT, data, len), cases[i].head_len + len);
        assert_memory_equal(out, cases[i].head, cases[i].head_len);
        assert_memory_equal(out + cases[i].head_len, data, len);
        free(out);
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_lengths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
