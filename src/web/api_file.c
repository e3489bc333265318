/* GET /file/<name>: uploaded files. Web thread. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "web/api.h"
#include "web/file_serve.h"
#include "web/mime.h"
#include "web/request.h"
#include "web/sniff.h"

/* An image is what has the bytes of one: anything may have the name. Else it is just bytes. */
static bool is_image(int fd, const char **type)
{
    uint8_t head[SNIFF_BYTES];
    ssize_t len = pread(fd, head, sizeof(head), 0);
    const char *found = len > 0 ? sniff_image(head, (size_t)len) : NULL;
    *type = found ? found : "application/octet-stream";
    return found != NULL;
}

void api_file_get(struct web_req *req)
{
    const char *name = req->path + strlen("/api/file/");
    if (strstr(name, "..")) {
        reply_error(req, CHAT_FORBIDDEN, NULL);
        return;
    }
    struct stat st;
    int fd = strchr(name, '/') ? -1 : file_open_below(req->web->files_dir, name, &st);
    if (fd < 0) {
        reply_not_found(req);
        return;
    }
    bool is_inline;
    const char *type = mime_of_upload(name, &is_inline);
    if (text_has_prefix(type, "image/"))
        is_inline = is_image(fd, &type);
    /* Whoever uploads chooses the bytes: nothing in them may run within our origin. */
    reply_header(req, "content-security-policy:", "default-src 'none'; sandbox");
    if (!is_inline)
        reply_header(req, "content-disposition:", "attachment");
    reply_header(req, "cache-control:", "private, max-age=31536000, immutable");
    file_serve_take(req, fd, &st, type);
}
