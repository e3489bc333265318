/* multipart/form-data, RFC 7578 over RFC 2046 section 5.1: takes the body in pieces of any size, hands out the bytes of
 * one named file field, skips all others. Sans-IO, no allocation, memory bounded by the struct. Any thread.
 *
 *     if (multipart_init(&mp, content_type, "file", &ops, ctx) != ERR_OK)
 *         the request is not multipart/form-data, or its boundary breaks RFC 2046
 *     for each piece of the body: err = multipart_feed(&mp, data, len)    ERR_INVALID: malformed; else what an op said
 *     if (!multipart_is_complete(&mp))                                    the closing boundary never came
 */
#ifndef ICHAT_WEB_MULTIPART_H
#define ICHAT_WEB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 section 5.1.1 */
#define MULTIPART_HEADER_MAX 1024 /* all header lines of one part */
#define MULTIPART_PARTS_MAX 16
#define MULTIPART_NAME_MAX 256

struct multipart_ops {
    /* The field's part begins. filename: as sent, cut to MULTIPART_NAME_MAX - 1 bytes, "" when absent. Once. */
    enum err (*on_file)(void *ctx, const char *filename);
    enum err (*on_data)(void *ctx, const uint8_t *data, size_t len);
};

struct multipart {
    const struct multipart_ops *ops;
    void *ctx;
    const char *field;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF - - boundary */
    size_t delimiter_len;
    int state;
    size_t matched; /* bytes of the delimiter seen; they are data until the whole of it came */
    char headers[MULTIPART_HEADER_MAX];
    size_t headers_len;
    unsigned parts;
    bool is_wanted; /* within the field's part */
    bool was_found;
};

MUST_CHECK enum err multipart_init(struct multipart *mp, const char *content_type, const char *field,
                                   const struct multipart_ops *ops, void *ctx);
MUST_CHECK enum err multipart_feed(struct multipart *mp, const void *data, size_t len);
bool multipart_is_complete(const struct multipart *mp);
/* Whether the field came at all. */
bool multipart_was_found(const struct multipart *mp);

#endif
