/* multipart/form-data in pieces. */
#include "web/multipart.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* RFC 2046 section 5.1.1: preamble, delimiter, headers, empty line, data, delimiter, ..., closing delimiter, epilogue.
 */
enum {
    PREAMBLE,        /* before the first delimiter */
    AFTER_DELIMITER, /* "--" (the end) or CR LF, with transport padding before it */
    AFTER_DASH,
    AFTER_PADDING, /* CR was seen, LF must follow */
    HEADERS,
    DATA,
    EPILOGUE,
};

/* The value of a `name=value` or `name="quoted value"` parameter behind a header's first ';'. */
static bool find_param(const char *header, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *at = strchr(header, ';');
    while (at) {
        at++;
        at += strspn(at, " \t");
        bool is_it = !strncasecmp(at, name, name_len) && at[name_len] == '=';
        at += strcspn(at, "=;");
        if (*at != '=') {
            at = *at ? at : NULL;
            continue;
        }
        at++;
        size_t len = 0;
        if (*at == '"') {
            /* RFC 9110 section 5.6.4; browsers write a quote in a file name as %22, so a backslash is one */
            for (at++; *at && *at != '"'; at++)
                if (is_it && len + 1 < size)
                    out[len++] = *at;
            at += *at == '"';
        } else {
            for (; *at && *at != ';' && *at != ' ' && *at != '\t'; at++)
                if (is_it && len + 1 < size)
                    out[len++] = *at;
        }
        if (is_it) {
            out[len] = '\0';
            return true;
        }
        at = strchr(at, ';');
    }
    return false;
}

enum err multipart_init(struct multipart *mp, const char *content_type, const char *field,
                        const struct multipart_ops *ops, void *ctx)
{
    static const char form[] = "multipart/form-data";
    memset(mp, 0, sizeof(*mp));
    mp->ops = ops;
    mp->ctx = ctx;
    mp->field = field;
    if (!content_type || strncasecmp(content_type, form, sizeof(form) - 1))
        return ERR_INVALID;
    char boundary[MULTIPART_BOUNDARY_MAX + 2];
    if (!find_param(content_type, "boundary", boundary, sizeof(boundary)))
        return ERR_INVALID;
    size_t len = strlen(boundary);
    if (!len || len > MULTIPART_BOUNDARY_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < len; i++)
        if (boundary[i] < ' ' || boundary[i] > '~')
            return ERR_INVALID;
    memcpy(mp->delimiter, "\r\n--", 4);
    memcpy(mp->delimiter + 4, boundary, len + 1);
    mp->delimiter_len = 4 + len;
    mp->matched = 2; /* the first delimiter may stand at the very start, without its CR LF */
    mp->state = PREAMBLE;
    return ERR_OK;
}

bool multipart_is_complete(const struct multipart *mp)
{
    return mp->state == EPILOGUE;
}

bool multipart_was_found(const struct multipart *mp)
{
    return mp->was_found;
}

static enum err give(struct multipart *mp, const void *data, size_t len)
{
    if (!mp->is_wanted || !len)
        return ERR_OK;
    return mp->ops->on_data(mp->ctx, data, len);
}

/* The part's headers are complete: is it the wanted one? */
static enum err begin_part(struct multipart *mp)
{
    static const char disposition[] = "content-disposition:";
    char name[MULTIPART_NAME_MAX] = "";
    char filename[MULTIPART_NAME_MAX] = "";
    mp->headers[mp->headers_len] = '\0';
    for (char *line = mp->headers; *line;) {
        size_t len = strcspn(line, "\r\n");
        char *next = line + len + strspn(line + len, "\r\n");
        line[len] = '\0';
        if (!strncasecmp(line, disposition, sizeof(disposition) - 1)) {
            (void)find_param(line, "name", name, sizeof(name));
            (void)find_param(line, "filename", filename, sizeof(filename));
        }
        line = next;
    }
    mp->headers_len = 0;
    mp->state = DATA;
    mp->matched = 0;
    if (++mp->parts > MULTIPART_PARTS_MAX)
        return ERR_INVALID;
    mp->is_wanted = !mp->was_found && !strcmp(name, mp->field);
    if (!mp->is_wanted)
        return ERR_OK;
    mp->was_found = true;
    return mp->ops->on_file(mp->ctx, filename);
}

static enum err feed_header(struct multipart *mp, char c)
{
    if (mp->headers_len + 1 >= sizeof(mp->headers) || !c)
        return ERR_INVALID;
    mp->headers[mp->headers_len++] = c;
    const char *end = mp->headers + mp->headers_len;
    bool is_empty = mp->headers_len == 2 && !memcmp(mp->headers, "\r\n", 2);
    bool is_over = mp->headers_len >= 4 && !memcmp(end - 4, "\r\n\r\n", 4);
    return is_empty || is_over ? begin_part(mp) : ERR_OK;
}

/* Between a delimiter and what it opens. */
static enum err feed_boundary(struct multipart *mp, char c)
{
    if (mp->state == AFTER_DELIMITER && c == '-') {
        mp->state = AFTER_DASH;
        return ERR_OK;
    }
    if (mp->state == AFTER_DASH) {
        mp->state = EPILOGUE;
        return c == '-' ? ERR_OK : ERR_INVALID;
    }
    if (mp->state == AFTER_DELIMITER && c == '\r') {
        mp->state = AFTER_PADDING;
        return ERR_OK;
    }
    if (mp->state == AFTER_PADDING) {
        mp->state = HEADERS;
        return c == '\n' ? ERR_OK : ERR_INVALID;
    }
    return c == ' ' || c == '\t' ? ERR_OK : ERR_INVALID;
}

/* Data (or the preamble) up to the next delimiter; *used bytes were taken. */
static enum err feed_data(struct multipart *mp, const char *data, size_t len, size_t *used)
{
    size_t at = 0;
    while (at < len) {
        if (!mp->matched) {
            const char *cr = memchr(data + at, '\r', len - at);
            at = cr ? (size_t)(cr - data) : len;
            if (at == len)
                break;
        }
        if (data[at] == mp->delimiter[mp->matched]) {
            at++;
            if (++mp->matched < mp->delimiter_len)
                continue;
            *used = at;
            enum err err = at > mp->delimiter_len ? give(mp, data, at - mp->delimiter_len) : ERR_OK;
            mp->state = AFTER_DELIMITER;
            mp->is_wanted = false;
            return err;
        }
        /* Not the delimiter after all, so what matched is data. The bytes of it that came in an earlier piece are gone;
         * the delimiter holds the same ones. CR stands only at the delimiter's start, so no other match can have begun
         * within this one. */
        if (mp->matched > at) {
            enum err err = give(mp, mp->delimiter, mp->matched - at);
            if (err != ERR_OK)
                return err;
        }
        mp->matched = 0;
    }
    *used = len;
    return len > mp->matched ? give(mp, data, len - mp->matched) : ERR_OK;
}

enum err multipart_feed(struct multipart *mp, const void *data, size_t len)
{
    const char *at = data;
    const char *end = at + len;
    while (at < end && mp->state != EPILOGUE) {
        enum err err;
        size_t used = 1;
        if (mp->state == PREAMBLE || mp->state == DATA)
            err = feed_data(mp, at, (size_t)(end - at), &used);
        else if (mp->state == HEADERS)
            err = feed_header(mp, *at);
        else
            err = feed_boundary(mp, *at);
        if (err != ERR_OK)
            return err;
        at += used;
    }
    return ERR_OK;
}
