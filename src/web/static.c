/* The web client's files. Web thread. */
#include "web/static.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "web/file_serve.h"
#include "web/mime.h"
#include "web/request.h"

/* Ant Design writes style elements at run time; avatars may be anywhere on the web. */
#define PAGE_POLICY                                                                                                    \
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: http: "       \
    "https:; media-src 'self' blob: data:; font-src 'self' data:; connect-src 'self' ws: wss: blob:; worker-src "      \
    "'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
#define PAGE_PERMISSIONS "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), geolocation=()"

#define HINT                                                                                                           \
    "ichatd is running, but its web client was not found.\n"                                                           \
    "Build it (in web/: npm ci && npm run build), or say in http.web_root where it is.\n"

static char *root_if_built(const char *dir)
{
    char *path = NULL;
    if (asprintf(&path, "%s/index.html", dir) < 0)
        return NULL;
    bool is_there = !access(path, R_OK);
    free(path);
    return is_there ? realpath(dir, NULL) : NULL;
}

char *static_find_root(const struct conf *conf)
{
    static const char *const beside[] = {"web", "../../web/dist", "../share/ichat/web"};
    if (conf->http.web_root[0])
        return root_if_built(conf->http.web_root);
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < ARRAY_LEN(beside); i++) {
        char dir[640];
        snprintf(dir, sizeof(dir), "%.*s/%s", (int)(slash - self), self, beside[i]);
        char *root = root_if_built(dir);
        if (root)
            return root;
    }
    return root_if_built("/usr/share/ichat/web");
}

static bool has_extension(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strchr(slash ? slash : path, '.') != NULL;
}

/* Opens name.gz instead when it is there and the client takes it. */
static int open_asset(struct web_req *req, const char *name, struct stat *st)
{
    const char *accepted = req->headers[HDR_ACCEPT_ENCODING];
    char packed[512];
    int len = snprintf(packed, sizeof(packed), "%s.gz", name);
    if (accepted && strstr(accepted, "gzip") && len > 0 && (size_t)len < sizeof(packed)) {
        int fd = file_open_below(req->web->web_root, packed, st);
        if (fd >= 0) {
            reply_header(req, "content-encoding:", "gzip");
            return fd;
        }
    }
    return file_open_below(req->web->web_root, name, st);
}

static void serve_asset(struct web_req *req, const char *name, int fd, const struct stat *st)
{
    const char *type = mime_of_asset(name);
    reply_header(req, "vary:", "accept-encoding");
    reply_header(req, "referrer-policy:", "no-referrer");
    if (text_has_prefix(type, "text/html")) {
        reply_header(req, "content-security-policy:", PAGE_POLICY);
        reply_header(req, "permissions-policy:", PAGE_PERMISSIONS);
        reply_header(req, "x-frame-options:", "SAMEORIGIN");
    }
    /* The build puts a hash of the content into every name below assets/. */
    bool is_hashed = text_has_prefix(name, "assets/");
    reply_header(req, "cache-control:", is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
    file_serve_take(req, fd, st, type);
}

void static_serve(struct web_req *req)
{
    if (req->method != HTTP_GET && req->method != HTTP_HEAD) {
        reply_error(req, CHAT_FORBIDDEN, NULL);
        return;
    }
    const char *name = req->path + 1;
    struct stat st;
    int fd = -1;
    if (req->web->web_root && *name)
        fd = open_asset(req, name, &st);
    if (fd < 0 && req->web->web_root && !has_extension(req->path)) {
        name = "index.html";
        fd = open_asset(req, name, &st);
    }
    if (fd >= 0)
        serve_asset(req, name, fd, &st);
    else if (!req->web->web_root && !has_extension(req->path))
        reply_text(req, 404, HINT);
    else
        reply_not_found(req);
}
