/* Checkpoints beside the writer. The checkpoint thread and the writer's. */
#include "store/db_checkpoint.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/thread.h"

/* 32 MB before anything is moved: a page that many commits wrote is moved once; with 8 MB the server's CPU a message
 * grew in rooms of hundreds. What is left to the writer takes it about as long as a commit: many of those pages are the
 * same. 256 MB at most. */
const struct db_checkpoint_limits db_checkpoint_limits = {.pass = 8000, .restart = 8000, .rest = 2000, .max = 65536};

#define WARN_US (60 * US_PER_S)

struct db_checkpoint {
    /* set once at creation */
    struct db_checkpoint_limits limits;
    sqlite3 *writer;
    sqlite3 *own; /* the thread's alone */
    struct thread *thread;
    struct mailbox *orders;  /* to the thread, a bool each: run, or else end */
    struct mailbox *reports; /* from it, a struct pass for each run */
    /* owned by the writer's thread */
    uint32_t length;   /* of the log, since the last commit */
    uint32_t moved;    /* of it, by the last run */
    uint32_t tried;    /* its length as the last run began */
    uint32_t own_from; /* above the maximum: the length from which it tries again */
    uint64_t warned_us;
    bool is_out;   /* the thread has an order: SQLite refuses a second run beside it */
    bool is_stale; /* the log was begun anew since the run began, whose figures are of the old one */
};

/* One run: how far the log is moved, of how much. */
struct pass {
    uint32_t length;
    uint32_t moved;
    uint64_t took_us;
    bool is_done; /* else the rest is not known */
};

static struct pass run_pass(sqlite3 *db, const char *who)
{
    int length = 0, moved = 0;
    uint64_t begin_us = clock_now_us();
    int rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, &length, &moved);
    struct pass pass = {.took_us = clock_now_us() - begin_us};
    if ((rc & 0xff) == SQLITE_BUSY)
        return pass; /* another program moves it */
    if (rc != SQLITE_OK) {
        log_limited(LOG_ERROR, "The database's log could not be moved: %s by=%s", sqlite3_errstr(rc), who);
        return pass;
    }
    pass.is_done = true;
    pass.length = length > 0 ? (uint32_t)length : 0;
    pass.moved = moved > 0 ? (uint32_t)moved : 0;
    log_debug("The database's log was moved by=%s frames=%u of=%u us=%llu", who, pass.moved, pass.length,
              (unsigned long long)pass.took_us);
    return pass;
}

/* A run that did not reach the end leaves the pages unwritten in the system's cache, since SQLite may wait with that
 * until the log begins anew; then the writer would wait for all of them. */
static void sync_file(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file && file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

/* The next item, however long it takes. */
static void wait_and_take(struct mailbox *mailbox, void *item)
{
    struct pollfd fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};
    while (!mailbox_take(mailbox, item)) {
        if (!mailbox_arm(mailbox))
            continue;
        (void)poll(&fd, 1, -1);
        mailbox_disarm(mailbox);
    }
}

/* --- the checkpoint thread --- */

static void run(void *ctx)
{
    struct db_checkpoint *self = ctx;
    bool is_run;
    for (wait_and_take(self->orders, &is_run); is_run; wait_and_take(self->orders, &is_run)) {
        struct pass pass = run_pass(self->own, "thread");
        if (pass.is_done)
            sync_file(self->own);
        if (mailbox_post(self->reports, &pass))
            abort(); /* one order is out at a time */
    }
}

/* --- the writer's thread --- */

static void order(struct db_checkpoint *self, bool is_run)
{
    if (mailbox_post(self->orders, &is_run))
        abort(); /* one run at a time, and the end */
}

static void note_pass(struct db_checkpoint *self, const struct pass *pass)
{
    if (!pass->is_done || self->is_stale)
        return;
    self->tried = pass->length;
    self->moved = pass->moved;
}

static void take_report(struct db_checkpoint *self, bool must_wait)
{
    struct pass pass;
    if (!self->is_out)
        return;
    if (must_wait)
        wait_and_take(self->reports, &pass);
    else if (!mailbox_take(self->reports, &pass))
        return;
    self->is_out = false;
    note_pass(self, &pass);
}

/* A run may have seen a commit whose hook was not called yet. */
static uint32_t rest_of(const struct db_checkpoint *self)
{
    return self->length > self->moved ? self->length - self->moved : 0;
}

/* Too much for the writer came during a run that moved all that it could: the next one is shorter. */
static bool is_run_due(const struct db_checkpoint *self)
{
    bool is_again = self->length >= self->limits.restart && self->moved == self->tried && self->moved > 0 &&
                    rest_of(self) > self->limits.rest;
    return is_again || self->length >= self->tried + self->limits.pass;
}

/* Asked after each commit: one that had begun before a run reached the end goes on with the old log. */
static bool is_rest_due(const struct db_checkpoint *self)
{
    uint32_t rest = rest_of(self);
    return self->length >= self->limits.restart && rest > 0 && rest <= self->limits.rest;
}

static bool is_too_long(const struct db_checkpoint *self)
{
    return self->length > self->limits.max && self->length >= self->own_from;
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int length)
{
    struct db_checkpoint *self = ctx;
    (void)db;
    (void)name;
    if ((uint32_t)length < self->length) {
        self->is_stale = true;
        self->tried = self->moved = 0;
        self->own_from = 0;
    }
    self->length = (uint32_t)length;
    take_report(self, false);
    if (!self->is_out && is_run_due(self)) {
        self->is_out = true;
        self->is_stale = false;
        self->tried = self->length;
        order(self, true);
    }
    return SQLITE_OK;
}

static void warn_of_length(struct db_checkpoint *self, const struct pass *pass)
{
    uint64_t now_us = clock_now_us();
    if (self->warned_us && now_us - self->warned_us < WARN_US)
        return;
    self->warned_us = now_us;
    log_warn("The database's log grows faster than it is moved beside the writer, which now does it itself: messages "
             "wait for it frames=%u moved=%u ms=%llu",
             pass->length, pass->moved, (unsigned long long)(pass->took_us / US_PER_MS));
}

void db_checkpoint_tend(struct db_checkpoint *self)
{
    bool is_over = is_too_long(self);
    take_report(self, is_over);
    if (self->is_out || !(is_over || is_rest_due(self)))
        return;
    self->is_stale = false;
    struct pass pass = run_pass(self->writer, "writer");
    note_pass(self, &pass);
    if (!is_over)
        return;
    /* A reader may hold it: each try looks through all that is left, so not at each commit. */
    self->own_from = self->length + self->limits.pass;
    if (pass.is_done)
        warn_of_length(self, &pass);
}

static enum err open_own(struct db_checkpoint *self)
{
    const char *path = sqlite3_db_filename(self->writer, "main");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &self->own, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(self->own, "pragma synchronous = full", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return ERR_OK;
    log_error("Cannot open the SQLite database once more, for checkpoints: %s path=%s", sqlite3_errstr(rc), path);
    return ERR_IO;
}

enum err db_checkpoint_start(sqlite3 *writer, const struct db_checkpoint_limits *limits, struct db_checkpoint **out)
{
    struct db_checkpoint *self = mem_calloc(1, sizeof(*self));
    self->limits = *limits;
    self->writer = writer;
    self->orders = mailbox_create(sizeof(bool), 2, NULL, NULL);
    self->reports = mailbox_create(sizeof(struct pass), 2, NULL, NULL);
    enum err err = open_own(self);
    if (!err)
        err = thread_start(&self->thread, "db-checkpoint", run, self);
    if (err) {
        db_checkpoint_stop(self);
        return err;
    }
    sqlite3_wal_hook(writer, on_commit, self);
    *out = self;
    return ERR_OK;
}

void db_checkpoint_stop(struct db_checkpoint *self)
{
    if (!self)
        return;
    if (self->thread) { /* else the hook is still the writer's own */
        order(self, false);
        thread_join(self->thread);
        sqlite3_wal_hook(self->writer, NULL, NULL);
    }
    sqlite3_close(self->own);
    mailbox_free(self->orders);
    mailbox_free(self->reports);
    free(self);
}
