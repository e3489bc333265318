/* A file as an answer. Web thread. */
#include "web/file_serve.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "web/range.h"
#include "web/request.h"

#define ETAG_MAX 48

static bool is_safe_name(const char *name)
{
    bool is_start = true;
    if (!*name)
        return false;
    for (const char *at = name; *at; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
                        strchr("-_.@+", *at);
        if (*at == '/' ? is_start : !is_plain || (is_start && *at == '.'))
            return false;
        is_start = *at == '/';
    }
    return !is_start;
}

int file_open_below(const char *dir, const char *name, struct stat *st)
{
    char path[1024];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!is_safe_name(name) || len < 0 || (size_t)len >= sizeof(path))
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) || !S_ISREG(st->st_mode)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Whether what the client has is what we would send: If-None-Match goes before If-Modified-Since. */
static bool is_fresh(const struct web_req *req, const char *etag, const struct stat *st)
{
    const char *match = req->headers[HDR_IF_NONE_MATCH];
    const char *since = req->headers[HDR_IF_MODIFIED_SINCE];
    time_t when;
    if (match)
        return !strcmp(match, "*") || strstr(match, etag); /* a list, perhaps with W/ before each */
    return since && http_date_parse(since, &when) && st->st_mtime <= when;
}

/* If-Range: the range counts only for the file that the client knows. */
static bool range_applies(const struct web_req *req, const char *etag, const struct stat *st)
{
    const char *condition = req->headers[HDR_IF_RANGE];
    time_t when;
    if (!condition)
        return true;
    return !strcmp(condition, etag) || (http_date_parse(condition, &when) && st->st_mtime == when);
}

void file_serve_take(struct web_req *req, int fd_take, const struct stat *st, const char *type)
{
    uint64_t size = (uint64_t)st->st_size;
    uint64_t first = 0;
    uint64_t last = 0;
    char etag[ETAG_MAX];
    char text[96];
    char modified[HTTP_DATE_MAX];
    snprintf(etag, sizeof(etag), "\"%" PRIx64 "-%" PRIx64 "-%lx\"", (uint64_t)st->st_mtime, size,
             (unsigned long)st->st_mtim.tv_nsec);
    http_date_format(modified, st->st_mtime);
    reply_header(req, "etag:", etag);
    reply_header(req, "last-modified:", modified);
    reply_header(req, "accept-ranges:", "bytes");
    reply_header(req, "x-content-type-options:", "nosniff");
    if (is_fresh(req, etag, st)) {
        close(fd_take);
        reply_empty(req, 304);
        return;
    }
    const char *range = range_applies(req, etag, st) ? req->headers[HDR_RANGE] : NULL;
    switch (range_parse(range, size, &first, &last)) {
    case RANGE_PART:
        snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last, size);
        reply_header(req, "content-range:", text);
        reply_file_take(req, 206, type, fd_take, first, last - first + 1);
        return;
    case RANGE_BAD:
        close(fd_take);
        snprintf(text, sizeof(text), "bytes */%" PRIu64, size);
        reply_header(req, "content-range:", text);
        reply_text(req, 416, "416 range not satisfiable\n");
        return;
    case RANGE_ALL:
    default:
        reply_file_take(req, 200, type, fd_take, 0, size);
        return;
    }
}
