/* Uploads: a Content-Type line, then a body. What comes out must not depend on the pieces in which the body came in. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "web/multipart.h"

struct sink {
    struct text data;
    struct text name;
};

static enum err on_file(void *ctx, const char *filename)
{
    struct sink *sink = ctx;
    CHECK(!sink->name.data && !sink->data.data);
    text_add(&sink->name, filename);
    text_add(&sink->name, "!"); /* never empty */
    return ERR_OK;
}

static enum err on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct sink *sink = ctx;
    CHECK(len > 0 && sink->name.data);
    text_add_n(&sink->data, (const char *)data, len);
    return ERR_OK;
}

static const struct multipart_ops ops = {on_file, on_data};

static enum err feed(struct sink *sink, const char *type, const uint8_t *body, size_t len, size_t step,
                     bool *is_complete)
{
    struct multipart mp;
    enum err err = multipart_init(&mp, type, "file", &ops, sink);
    for (size_t at = 0; err == ERR_OK && at < len; at += step)
        err = multipart_feed(&mp, body + at, len - at < step ? len - at : step);
    *is_complete = err == ERR_OK && multipart_is_complete(&mp) && multipart_was_found(&mp);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char type[200];
    const uint8_t *newline = len > 1 ? memchr(data, '\n', len) : NULL;
    size_t type_len = newline ? (size_t)(newline - data) : 0;
    if (!newline || type_len < 1 || type_len >= sizeof(type))
        return 0;
    size_t step = (size_t)data[0] % 32 + 1;
    memcpy(type, data + 1, type_len - 1);
    type[type_len - 1] = '\0';

    struct sink whole = {0};
    struct sink pieces = {0};
    bool is_whole_complete;
    bool are_pieces_complete;
    const uint8_t *body = newline + 1;
    size_t body_len = len - type_len - 1;
    enum err err = feed(&whole, type, body, body_len, body_len + 1, &is_whole_complete);
    CHECK(feed(&pieces, type, body, body_len, step, &are_pieces_complete) == err);
    CHECK(is_whole_complete == are_pieces_complete);
    CHECK(whole.data.len == pieces.data.len && whole.name.len == pieces.name.len);
    CHECK(!whole.data.len || !memcmp(whole.data.data, pieces.data.data, whole.data.len));
    CHECK(whole.data.len <= body_len);
    text_free(&whole.data);
    text_free(&whole.name);
    text_free(&pieces.data);
    text_free(&pieces.name);
    return 0;
}
