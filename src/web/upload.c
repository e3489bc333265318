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
#include "web/api.h"
#include "web/multipart.h"
#include "web/request.h"

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
};

/* A leaky bucket for each of some addresses; two that share a slot share its rate, which is random at each start. */
#define LIMIT_SLOTS 1024
#define LIMIT_BURST 120
#define LIMIT_PER_S 2

struct upload_limit {
    uint64_t seed;
    struct {
        uint64_t at_us;
        uint32_t level;
    } slots[LIMIT_SLOTS];
};

struct upload_limit *upload_limit_create(void)
{
    struct upload_limit *limit = mem_calloc(1, sizeof(*limit));
    limit->seed = rand_u64();
    return limit;
}

void upload_limit_free(struct upload_limit *limit)
{
    free(limit);
}

static bool limit_pass(struct upload_limit *limit, const struct addr *from)
{
    uint64_t hash = limit->seed;
    for (size_t i = 0; i < sizeof(from->ip); i++)
        hash = (hash ^ from->ip[i]) * 0x100000001b3ull; /* FNV-1a */
    size_t slot = (hash >> 20) % LIMIT_SLOTS;
    uint64_t now_us = clock_now_us();
    uint64_t leaked = (now_us - limit->slots[slot].at_us) * LIMIT_PER_S / US_PER_S;
    if (leaked) {
        uint32_t level = limit->slots[slot].level;
        limit->slots[slot].level = leaked < level ? level - (uint32_t)leaked : 0;
        limit->slots[slot].at_us = now_us;
    }
    if (limit->slots[slot].level >= LIMIT_BURST)
        return false;
    limit->slots[slot].level++;
    return true;
}

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

void upload_begin(struct web_req *req)
{
    uint64_t max = (uint64_t)req->web->conf->http.max_upload_kb * 1024;
    if (!limit_pass(req->web->upload_limit, &req->from)) {
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

/* Gives the part file its name for good: the time, and what makes it unguessable. */
static enum err keep(struct upload *upload, char name[64])
{
    char random[NAME_RANDOM + 1];
    char when[24];
    char path[512];
    int64_t now_us = clock_wall_us();
    time_t now_s = (time_t)(now_us / (int64_t)US_PER_S);
    struct tm tm;
    localtime_r(&now_s, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H%M%S", &tm);
    rand_alnum(random, NAME_RANDOM);
    snprintf(name, 64, "%s.%03d-%s%s", when, (int)(now_us / 1000 % 1000), random, upload->ext);
    snprintf(path, sizeof(path), "%s/%s", upload->req->web->files_dir, name);
    if (close(upload->fd) || rename(upload->path, path)) {
        log_error("An upload cannot be stored: path=%s error=%s", path, strerror(errno));
        upload->fd = -1;
        return ERR_IO;
    }
    upload->fd = -1;
    upload->path[0] = '\0';
    return ERR_OK;
}

void api_file_upload(struct web_req *req)
{
    struct upload *upload = req->upload;
    if (!upload || !multipart_is_complete(&upload->mp) || !multipart_was_found(&upload->mp)) {
        refuse(req, ERR_INVALID);
        return;
    }
    char name[64];
    enum err err = keep(upload, name);
    if (err != ERR_OK) {
        refuse(req, err);
        return;
    }
    reply_ok(req, json_sprintf("file/%s", name));
}
