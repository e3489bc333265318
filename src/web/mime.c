/* Content types by file name. */
#include "web/mime.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define OCTETS "application/octet-stream"

struct mime {
    const char *ext;
    const char *type;
};

static const struct mime assets[] = {
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json; charset=utf-8"},
    {"map", "application/json; charset=utf-8"},
    {"webmanifest", "application/manifest+json; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"wasm", "application/wasm"},
    {"txt", "text/plain; charset=utf-8"},
};

static const struct mime uploads[] = {
    {"png", "image/png"},    {"jpg", "image/jpeg"},      {"jpeg", "image/jpeg"}, {"jfif", "image/jpeg"},
    {"gif", "image/gif"},    {"webp", "image/webp"},     {"avif", "image/avif"}, {"bmp", "image/bmp"},
    {"ico", "image/x-icon"}, {"mp3", "audio/mpeg"},      {"m4a", "audio/mp4"},   {"ogg", "audio/ogg"},
    {"opus", "audio/ogg"},   {"wav", "audio/wav"},       {"flac", "audio/flac"}, {"mp4", "video/mp4"},
    {"webm", "video/webm"},  {"mov", "video/quicktime"}, {"mkv", "video/webm"},  {"txt", "text/plain; charset=utf-8"},
};

static const char *lookup(const struct mime *table, size_t count, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || strchr(dot, '/'))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!strcasecmp(table[i].ext, dot + 1))
            return table[i].type;
    return NULL;
}

const char *mime_of_asset(const char *name)
{
    const char *type = lookup(assets, ARRAY_LEN(assets), name);
    return type ? type : OCTETS;
}

const char *mime_of_upload(const char *name, bool *is_inline)
{
    const char *type = lookup(uploads, ARRAY_LEN(uploads), name);
    *is_inline = type != NULL;
    return type ? type : OCTETS;
}
