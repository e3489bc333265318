/* Uploads beside their bytes. db threads; makers and the sweep's timer: web thread. */
#include "chat/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/chat.h"

#define URL_PREFIX "file/"
#define SWEEP_MAX 200             /* files a transaction, so that writers do not wait for long */
#define SWEEP_AGAIN_US 1000000ull /* when there are more */

/* False: no file of ours. Whatever stands in a message must never lead out of the directory. */
static bool name_of(const char *url, struct file_name *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (!text_has_prefix(url, URL_PREFIX))
        return false;
    const char *name = url + strlen(URL_PREFIX);
    return *name && *name != '.' && !name[strspn(name, plain)] && text_copy(out->text, sizeof(out->text), name);
}

/* False: it is still there. */
static bool remove_file(const struct chat *chat, const char *name)
{
    char path[1024];
    int len = snprintf(path, sizeof(path), "%s/files/%s", chat->conf->data.dir, name);
    if (len > 0 && (size_t)len < sizeof(path) && (!unlink(path) || errno == ENOENT))
        return true;
    log_error("A file cannot be removed: path=%s error=%s", path, strerror(errno));
    return false;
}

/* Upload */

void file_add(struct op *op, struct db *db)
{
    const struct file_add_args *args = op_args(op, struct file_add_args);
    uint64_t limit = (uint64_t)op->chat->conf->http.unused_uploads_mb << 20;
    uint64_t unused = 0;
    enum err err = args->is_anonymous ? db_file_unused_bytes(db, &unused) : ERR_OK;
    if (!err && args->is_anonymous && unused + args->size > limit) {
        log_limited(LOG_WARN, "An upload without a login was refused, too many are unused: bytes=%llu",
                    (unsigned long long)unused);
        err = op_refuse(op, CHAT_FILE_FAILED);
    }
    if (!err)
        err = db_file_insert(db, args->name, args->size, clock_wall_us());
    op_end(op, err);
}

struct op *file_add_op(struct chat *chat, const struct file_add_args *args)
{
    struct file_add_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, file_add, 0, copy);
    copy->name = op_keep(op, args->name);
    return op;
}

/* Use */

enum err file_use(struct db *db, const char *url)
{
    struct file_name name;
    return name_of(url, &name) ? db_file_set_used(db, name.text) : ERR_OK;
}

static void remove_released(struct op *op)
{
    const struct file_name *name = op->result;
    (void)remove_file(op->chat, name->text); /* the sweep tries again */
}

enum err file_release(struct op *op, struct db *db, const char *url)
{
    struct file_name name;
    bool is_used = true;
    if (!name_of(url, &name))
        return ERR_OK;
    enum err err = db_file_is_used(db, name.text, &is_used);
    if (err || is_used)
        return err;
    err = db_file_delete(db, name.text);
    if (!err)
        err = db_removal_insert(db, name.text, clock_wall_us());
    if (err)
        return err;
    op->result = op_dup(&name, sizeof(name));
    op->on_commit = remove_released;
    return ERR_OK;
}

/* Sweep */

static enum err sweep_removal(struct op *op, struct db *db, const char *name)
{
    bool is_used;
    enum err err = db_file_is_used(db, name, &is_used);
    if (err)
        return err;
    if (!is_used && !remove_file(op->chat, name))
        return ERR_OK; /* next time */
    return db_removal_delete(db, name);
}

static enum err sweep_unused(struct op *op, struct db *db, const char *name)
{
    bool is_used;
    enum err err = db_file_is_used(db, name, &is_used);
    if (err)
        return err;
    if (is_used)
        return db_file_set_used(db, name);
    return remove_file(op->chat, name) ? db_file_delete(db, name) : ERR_OK;
}

/* Data: how many files were looked at. Removing them within the transaction is right: all that could use one of them
 * waits for its end, and after a crash the next sweep finds the rows again. */
static enum err sweep_inner(struct op *op, struct db *db)
{
    struct file_name *names;
    size_t removals;
    size_t unused = 0;
    enum err err = db_removal_list(db, SWEEP_MAX, &names, &removals);
    if (err)
        return err;
    for (size_t i = 0; i < removals && !err; i++)
        err = sweep_removal(op, db, names[i].text);
    free(names);
    if (!err)
        err = db_file_list_unused(db, clock_wall_us() - FILE_UNUSED_US, SWEEP_MAX, &names, &unused);
    if (err)
        return err;
    for (size_t i = 0; i < unused && !err; i++)
        err = sweep_unused(op, db, names[i].text);
    free(names);
    op->data = json_integer((json_int_t)(removals > unused ? removals : unused));
    return err;
}

static void sweep(struct op *op, struct db *db)
{
    op_end(op, sweep_inner(op, db));
}

static void on_swept(struct op *op, void *ctx)
{
    struct chat *chat = ctx;
    bool has_more = op->code == CHAT_OK && json_integer_value(op->data) >= SWEEP_MAX;
    if (chat->is_sweeping)
        timer_set(chat->timers, &chat->sweep_timer, clock_now_us() + (has_more ? SWEEP_AGAIN_US : FILE_SWEEP_US));
}

static void on_sweep_timer(void *ctx, uint64_t now_us)
{
    struct chat *chat = ctx;
    (void)now_us;
    op_start(op_create(chat, DB_WRITE, sweep, 0, NULL), on_swept, chat);
}

void file_sweep_start(struct chat *chat)
{
    timer_init(&chat->sweep_timer, on_sweep_timer, chat);
    chat->is_sweeping = true;
    on_sweep_timer(chat, 0);
}

void file_sweep_stop(struct chat *chat)
{
    if (chat->is_sweeping)
        timer_stop(chat->timers, &chat->sweep_timer);
    chat->is_sweeping = false;
}
