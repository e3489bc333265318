/* What a file is by its first bytes. */
#include "web/sniff.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

struct mark {
    const char *type;
    size_t offset;
    size_t len;
    const char *bytes;
};

#define MARK(type_, offset_, text)                                                                                     \
    {                                                                                                                  \
        .type = type_, .offset = offset_, .len = sizeof(text) - 1, .bytes = text                                       \
    }

static const struct mark marks[] = {
    MARK("image/png", 0, "\x89PNG\r\n\x1a\n"),
    MARK("image/jpeg", 0, "\xff\xd8\xff"),
    MARK("image/gif", 0, "GIF87a"),
    MARK("image/gif", 0, "GIF89a"),
    MARK("image/webp", 8, "WEBPVP"),
    MARK("image/avif", 4, "ftypavif"),
    MARK("image/avif", 4, "ftypavis"),
    MARK("image/bmp", 0, "BM"),
    MARK("image/x-icon", 0, "\0\0\1\0"),
};

const char *sniff_image(const uint8_t *head, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const struct mark *mark = &marks[i];
        if (mark->offset + mark->len <= len && !memcmp(head + mark->offset, mark->bytes, mark->len) &&
            (mark->offset != 8 || !memcmp(head, "RIFF", 4)))
            return mark->type;
    }
    return NULL;
}
