/* Uploads. Web thread. */
#include "web/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "chat/file.h"
#include "web/api.h"
#include "web/guard.h"
#include "web/multipart.h"
#include "web/request.h"
#include "web/upload_limit.h"

#define PART_PREFIX ".part-"
#define EXT_MAX 10
#define NAME_RANDOM 16
/* What the multipart envelope may add to the file. */
#define ENVELOPE_MAX (64u << 10)

#define TEXT_BAD_FIELD "文件参数错误"
#define TEXT_TOO_OFTEN "上传过于频繁，请稍后再试"

struct upload {
    struct web_req *req;
    struct multipart mp;
    char path[512]; /* of the part file, "" = none */
    char ext[EXT_MAX + 2];
    int fd;
    uint64_t size;
    uint64_t max;
    bool is_anonymous;
    char name[FILE_NAME_SIZE]; /* for good, "" until it is complete */
};

enum err upload_prepare_dir(const char *dir)
{
    if (mkdir(dir, 0700) && errno != EEXIST) {
        log_error("The directory for uploads cannot be made: path=%s error=%s", dir, strerror(errno));
        return ERR_IO;
    }
    DIR *handle = opendir(dir);
    if (!handle) {
        log_error("The directory for uploads cannot be read: path=%s error=%s", dir, strerror(errno));
        return ERR_IO;
    }
    struct dirent *entry;
    while ((entry = readdir(handle)))
        if (text_has_prefix(entry->d_name, PART_PREFIX))
            (void)unlinkat(dirfd(handle), entry->d_name, 0);
    closedir(handle);
    return ERR_OK;
}

/* The extension of a name from outside, with its dot: letters and digits only, lower case; else none. */
static void take_extension(char out[EXT_MAX + 2], const char *filename)
{
    out[0] = '\0';
    const char *dot = strrchr(filename, '.');
    size_t len = dot ? strlen(dot + 1) : 0;
    if (!len || len > EXT_MAX)
        return;
    for (size_t i = 0; i < len; i++) {
        char c = dot[1 + i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return;
        out[1 + i] = c;
    }
    out[0] = '.';
    out[1 + len] = '\0';
}

static enum err on_file(void *ctx, const char *filename)
{
    struct upload *upload = ctx;
    char random[NAME_RANDOM + 1];
    rand_alnum(random, NAME_RANDOM);
    take_extension(upload->ext, filename);
    snprintf(upload->path, sizeof(upload->path), "%s/" PART_PREFIX "%s", upload->req->web->files_dir, random);
    upload->fd = open(upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (upload->fd >= 0)
        return ERR_OK;
    log_error("An upload cannot be stored: path=%s error=%s", upload->path, strerror(errno));
    upload->path[0] = '\0';
    return ERR_IO;
}

static enum err on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct upload *upload = ctx;
    upload->size += len;
    if (upload->size > upload->max)
        return ERR_LIMIT;
    while (len) {
        ssize_t n = write(upload->fd, data, len);
        if (n < 0) {
            log_error("An upload cannot be stored: error=%s", strerror(errno));
            return ERR_IO;
        }
        data += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static const struct multipart_ops ops = {on_file, on_data};

static void refuse(struct web_req *req, enum err err)
{
    char text[64];
    switch (err) {
    case ERR_LIMIT:
        snprintf(text, sizeof(text), "文件大小不能超过%uM", req->web->conf->http.max_upload_kb / 1024);
        reply_error(req, CHAT_BAD_REQUEST, text);
        return;
    case ERR_IO:
        reply_error(req, CHAT_FILE_FAILED, NULL);
        return;
    default:
        reply_error(req, CHAT_BAD_REQUEST, TEXT_BAD_FIELD);
        return;
    }
}

/* Before anything is read; a token's record is not looked up for it. */
static bool may_upload(struct web_req *req, bool *is_anonymous)
{
    struct web *web = req->web;
    char login_id[37];
    *is_anonymous = !auth_peek(web->chat->auth, guard_token(req), login_id);
    if (*is_anonymous) {
        unsigned limit = web->conf->http.anonymous_uploads_per_min;
        return limit && upload_limit_take_address(web->upload_limit, &req->client.addr, limit, clock_now_us());
    }
    unsigned limit = web->conf->http.uploads_per_min;
    return !limit || upload_limit_take_login(web->upload_limit, login_id, limit, clock_now_us());
}

void upload_begin(struct web_req *req)
{
    uint64_t max = (uint64_t)req->web->conf->http.max_upload_kb * 1024;
    bool is_anonymous;
    if (!may_upload(req, &is_anonymous)) {
        reply_error(req, CHAT_BAD_REQUEST, TEXT_TOO_OFTEN);
        return;
    }
    if (req->content_length > max + ENVELOPE_MAX) {
        refuse(req, ERR_LIMIT);
        return;
    }
    struct upload *upload = mem_calloc(1, sizeof(*upload));
    upload->req = req;
    upload->fd = -1;
    upload->max = max;
    upload->is_anonymous = is_anonymous;
    enum err err = multipart_init(&upload->mp, req->headers[HDR_CONTENT_TYPE], "file", &ops, upload);
    if (err != ERR_OK) {
        upload_free(upload);
        refuse(req, err);
        return;
    }
    req->upload = upload;
}

void upload_free(struct upload *upload)
{
    if (!upload)
        return;
    if (upload->fd >= 0)
        close(upload->fd);
    if (upload->path[0])
        (void)unlink(upload->path);
    free(upload);
}

void upload_feed(struct web_req *req, const void *data, size_t len)
{
    enum err err = multipart_feed(&req->upload->mp, data, len);
    if (err == ERR_OK)
        return;
    upload_free(req->upload);
    req->upload = NULL;
    refuse(req, err);
}

/* The time, and what makes it unguessable. */
static void choose_name(struct upload *upload)
{
    char random[NAME_RANDOM + 1];
    char when[24];
    int64_t now_us = clock_wall_us();
    time_t now_s = (time_t)(now_us / (int64_t)US_PER_S);
    struct tm tm;
    localtime_r(&now_s, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H%M%S", &tm);
    rand_alnum(random, NAME_RANDOM);
    snprintf(upload->name, sizeof(upload->name), "%s.%03d-%s%s", when, (int)(now_us / 1000 % 1000), random,
             upload->ext);
}

static enum err keep(struct upload *upload)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", upload->req->web->files_dir, upload->name);
    if (rename(upload->path, path)) {
        log_error("An upload cannot be stored: path=%s error=%s", path, strerror(errno));
        return ERR_IO;
    }
    upload->path[0] = '\0';
    return ERR_OK;
}

/* The database knows it before it is there: whatever comes between, the sweep finds it. */
static void on_added(struct op *op, void *ctx)
{
    struct web_req *req = ctx;
    if (op->code == CHAT_OK && keep(req->upload) == ERR_OK) {
        reply_ok(req, json_sprintf("file/%s", req->upload->name));
        return;
    }
    upload_free(req->upload); /* nothing of it is left when its sender is told */
    req->upload = NULL;
    if (op->code == CHAT_OK)
        refuse(req, ERR_IO);
    else
        reply_error(req, op->code, op_message(op));
}

void api_file_upload(struct web_req *req)
{
    struct upload *upload = req->upload;
    if (!upload || !multipart_is_complete(&upload->mp) || !multipart_was_found(&upload->mp)) {
        refuse(req, ERR_INVALID);
        return;
    }
    bool is_written = !close(upload->fd);
    upload->fd = -1;
    if (!is_written) {
        log_error("An upload cannot be stored: error=%s", strerror(errno));
        refuse(req, ERR_IO);
        return;
    }
    choose_name(upload);
    struct file_add_args args = {.name = upload->name, .size = upload->size, .is_anonymous = upload->is_anonymous};
    request_hold(req);
    op_start(file_add_op(req->web->chat, &args), on_added, req);
}
