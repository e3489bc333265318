#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "web/multipart.h"

struct sink {
    struct text data;
    char filename[MULTIPART_NAME_MAX];
    unsigned files;
    size_t limit;
};

static enum err on_file(void *ctx, const char *filename)
{
    struct sink *sink = ctx;
    sink->files++;
    text_copy(sink->filename, sizeof(sink->filename), filename);
    return ERR_OK;
}

static enum err on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct sink *sink = ctx;
    assert_true(len > 0);
    text_add_n(&sink->data, (const char *)data, len);
    return sink->limit && sink->data.len > sink->limit ? ERR_LIMIT : ERR_OK;
}

static const struct multipart_ops ops = {on_file, on_data};
#define TYPE "multipart/form-data; boundary=XYZ"
#define PART(name, rest) "Content-Disposition: form-data; name=\"" name "\"" rest "\r\n\r\n"

/* Feeds the body in pieces of `step` bytes, each in memory of its own, so that ASan sees a read beyond. */
static enum err feed(struct sink *sink, const char *type, const char *body, size_t len, size_t step, bool *is_complete)
{
    struct multipart mp;
    enum err err = multipart_init(&mp, type, "file", &ops, sink);
    for (size_t at = 0; err == ERR_OK && at < len; at += step) {
        size_t n = len - at < step ? len - at : step;
        char *piece = test_malloc(n);
        memcpy(piece, body + at, n);
        err = multipart_feed(&mp, piece, n);
        test_free(piece);
    }
    *is_complete = err == ERR_OK && multipart_is_complete(&mp) && multipart_was_found(&mp);
    return err;
}

static void check(const char *body, size_t len, const char *content, size_t content_len)
{
    for (size_t step = 1; step <= len; step++) {
        struct sink sink = {0};
        bool is_complete;
        assert_int_equal(feed(&sink, TYPE, body, len, step, &is_complete), ERR_OK);
        assert_true(is_complete);
        assert_int_equal(sink.files, 1);
        assert_int_equal(sink.data.len, content_len);
        if (content_len)
            assert_memory_equal(sink.data.data, content, content_len);
        text_free(&sink.data);
    }
}

static void test_contents(void **state)
{
    static const char *const contents[] = {
        "",
        "hello",
        "\r\n",
        "\r",
        "\n",
        "\r\n\r\n",
        "\r\n--",
        "\r\n--X",
        "\r\n--XY",
        "\r\n--XYz",
        "\r\r\n--XY\r\n--XY!",
        "--XYZ",
        "--XYZ--",
        "x\r\n-",
        "\r\n-\r\n--\r\n--X\r\n--XYY",
        "a\r\n--XY\r",
        "\r\n\r\n--X",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        char body[512];
        int len = snprintf(body, sizeof(body), "--XYZ\r\n" PART("file", "; filename=\"a.txt\"") "%s\r\n--XYZ--\r\n",
                           contents[i]);
        check(body, (size_t)len, contents[i], strlen(contents[i]));
    }
}

static void test_binary(void **state)
{
    (void)state;
    char content[256 * 3];
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (char)(i % 3 ? i : 13);
    struct text body = {0};
    text_add(&body, "--XYZ\r\n" PART("file", "; filename=\"a\""));
    text_add_n(&body, content, sizeof(content));
    text_add(&body, "\r\n--XYZ--");
    check(body.data, body.len, content, sizeof(content));
    text_free(&body);
}

static void test_other_parts(void **state)
{
    static const char body[] = "preamble\r\n--XY\r\n--XYZ \t\r\n" PART(
        "a", "") "1\r\n--XYZ\r\n"
                 "X: y\r\ncontent-disposition: form-data; x=\";name=file\"; NAME=file; filename=b.png\r\n"
                 "Content-Type: image/png\r\n\r\nthis\r\n--XYZ\r\n" PART(
                     "file", "; filename=\"2\"") "not this\r\n--XYZ--\r\nepilogue\r\n--XYZ\r\n";
    (void)state;
    check(body, sizeof(body) - 1, "this", 4);
    struct sink sink = {0};
    bool is_complete;
    assert_int_equal(feed(&sink, TYPE, body, sizeof(body) - 1, 7, &is_complete), ERR_OK);
    assert_string_equal(sink.filename, "b.png");
    text_free(&sink.data);
}

static void test_types(void **state)
{
    static const struct {
        const char *type;
        bool is_right;
    } types[] = {
        {TYPE, true},
        {"Multipart/Form-Data; charset=utf-8; Boundary=\"XYZ\"", true},
        {"multipart/form-data;boundary=XYZ", true},
        {NULL, false},
        {"", false},
        {"application/json", false},
        {"multipart/form-data", false},
        {"multipart/form-data; boundary=", false},
        {"multipart/form-data; boundary=\"\"", false},
        {"multipart/form-data; boundaryy=XYZ", false},
        {"multipart/form-data; boundary=\x01YZ", false},
        /* 71 characters, one too many */
        {"multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
         false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct multipart mp;
        enum err err = multipart_init(&mp, types[i].type, "file", &ops, NULL);
        assert_int_equal(err, types[i].is_right ? ERR_OK : ERR_INVALID);
    }
}

static void test_bad_bodies(void **state)
{
    static const char *const bad[] = {
        "",
        "nothing",
        "--XYZ",
        "--XYZ--",
        "--XYZ\r\n",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "cut",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "cut\r\n--XYZ",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "cut\r\n--XYZ-",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "x\r\n--XYZ-x",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "x\r\n--XYZx\r\n",
        "--XYZ\r\n" PART("file", "; filename=\"x\"") "x\r\n--XYZ\rx",
        "--XYZ\r\n" PART("other", "") "x\r\n--XYZ--",
        "--XYZ\r\n\r\nno headers\r\n--XYZ--",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        for (size_t step = 1; step < 9; step++) {
            struct sink sink = {0};
            bool is_complete;
            (void)feed(&sink, TYPE, bad[i], strlen(bad[i]), step, &is_complete);
            assert_false(is_complete);
            text_free(&sink.data);
        }
}

static void test_bounds(void **state)
{
    (void)state;
    struct text body = {0};
    struct sink sink = {0};
    bool is_complete;
    /* headers without an end */
    text_add(&body, "--XYZ\r\nX: ");
    for (int i = 0; i < 2000; i++)
        text_add(&body, "x");
    assert_int_equal(feed(&sink, TYPE, body.data, body.len, 100, &is_complete), ERR_INVALID);
    text_free(&body);
    /* too many parts */
    for (int i = 0; i < 100; i++)
        text_add(&body, "--XYZ\r\n" PART("a", "") "\r\n");
    assert_int_equal(feed(&sink, TYPE, body.data, body.len, 100, &is_complete), ERR_INVALID);
    text_free(&body);
    /* what an op says ends it */
    text_add(&body, "--XYZ\r\n" PART("file", "; filename=\"x\"") "0123456789\r\n--XYZ--");
    sink.limit = 5;
    assert_int_equal(feed(&sink, TYPE, body.data, body.len, 3, &is_complete), ERR_LIMIT);
    text_free(&body);
    text_free(&sink.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents), cmocka_unit_test(test_binary),     cmocka_unit_test(test_other_parts),
        cmocka_unit_test(test_types),    cmocka_unit_test(test_bad_bodies), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
