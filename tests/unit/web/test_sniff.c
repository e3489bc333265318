/* Images by their first bytes, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/sniff.h"

#define CASE(type_, text)                                                                                              \
    {                                                                                                                  \
        .type = type_, .bytes = text, .len = sizeof(text) - 1                                                          \
    }

static const struct {
    const char *type;
    const char *bytes;
    size_t len;
} cases[] = {
    CASE("image/png", "\x89PNG\r\n\x1a\n"),
    CASE("image/jpeg", "\xff\xd8\xff\xe1"),
    CASE("image/gif", "GIF87a"),
    CASE("image/gif", "GIF89a/*<script>"),
    CASE("image/webp", "RIFF\x10\0\0\0WEBPVP8 "),
    CASE("image/avif", "\0\0\0\x20"
                       "ftypavif"),
    CASE("image/bmp", "BM\x10\0\0\0"),
    CASE("image/x-icon", "\0\0\1\0\1\0"),
    CASE(NULL, ""),
    CASE(NULL, "\x89PNG\r\n\x1a"),
    CASE(NULL, " \x89PNG\r\n\x1a\n"),
    CASE(NULL, "GIF88a"),
    CASE(NULL, "RIFF\x10\0\0\0WAVEfmt "),
    CASE(NULL, "FFIR\x10\0\0\0WEBPVP8 "),
    CASE(NULL, "\0\0\0\x20"
               "ftypisom"),
    CASE(NULL, "<svg xmlns="),
    CASE(NULL, "<!DOCTYPE html>"),
    CASE(NULL, "%PDF-1.7"),
};

static void test_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *type = sniff_image((const uint8_t *)cases[i].bytes, cases[i].len);
        if (!cases[i].type != !type || (type && strcmp(type, cases[i].type) != 0))
            fail_msg("case %zu is %s", i, type ? type : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_images)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
