/* Checkpoints beside the writer. The checkpoint thread and the writer's. */
#include "store/db_checkpoint.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
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
    /* owned by the writer's thread */
    uint32_t own_from; /* above the maximum: the length from which it tries again */
    uint64_t warned_us;
    /* under the mutex, which is held for these fields only */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t length;   /* of the log, since the last commit */
    uint32_t moved;    /* of it, by the last run */
    uint32_t tried;    /* its length as the last run began */
    uint32_t restarts; /* times that it was begun anew, to tell whether a run's figures are of the same log */
    bool is_running;   /* a run, by either; SQLite refuses a second one */
    bool is_stopping;
};

/* One run: how far the log is moved, of how much. */
struct pass {
    uint32_t length;
    uint32_t moved;
    uint64_t took_us;
};

static bool run_pass(sqlite3 *db, const char *who, struct pass *out)
{
    int length = 0, moved = 0;
    uint64_t begin_us = clock_now_us();
    int rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, &length, &moved);
    *out = (struct pass){.took_us = clock_now_us() - begin_us};
    if ((rc & 0xff) == SQLITE_BUSY)
        return false; /* another program moves it */
    if (rc != SQLITE_OK) {
        log_limited(LOG_ERROR, "The database's log could not be moved: %s by=%s", sqlite3_errstr(rc), who);
        return false;
    }
    out->length = length > 0 ? (uint32_t)length : 0;
    out->moved = moved > 0 ? (uint32_t)moved : 0;
    log_debug("The database's log was moved by=%s frames=%u of=%u us=%llu", who, out->moved, out->length,
              (unsigned long long)out->took_us);
    return true;
}

/* A run that did not reach the end leaves the pages unwritten in the system's cache, since SQLite may wait with that
 * until the log begins anew; then the writer would wait for all of them. */
static void sync_file(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file && file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

/* With the mutex. A run may have seen a commit whose hook was not called yet. */
static uint32_t rest_of(const struct db_checkpoint *self)
{
    return self->length > self->moved ? self->length - self->moved : 0;
}

static void note_pass(struct db_checkpoint *self, const struct pass *pass, uint32_t restarts)
{
    if (self->restarts != restarts)
        return; /* all was moved, and the log has begun anew */
    self->tried = pass->length;
    self->moved = pass->moved;
}

/* With the mutex. Too much for the writer came during a run that moved all that it could: the next one is shorter. */
static bool is_run_due(const struct db_checkpoint *self)
{
    bool is_again = self->length >= self->limits.restart && self->moved == self->tried && self->moved > 0 &&
                    rest_of(self) > self->limits.rest;
    return is_again || self->length >= self->tried + self->limits.pass;
}

/* With the mutex. Asked after each commit: one that had begun before a run reached the end goes on with the old log. */
static bool is_rest_due(const struct db_checkpoint *self)
{
    uint32_t rest = rest_of(self);
    return self->length >= self->limits.restart && rest > 0 && rest <= self->limits.rest;
}

static void run(void *ctx)
{
    struct db_checkpoint *self = ctx;
    pthread_mutex_lock(&self->mutex);
    for (;;) {
        while (!self->is_stopping && (self->is_running || !is_run_due(self)))
            pthread_cond_wait(&self->changed, &self->mutex);
        if (self->is_stopping)
            break;
        self->is_running = true;
        uint32_t restarts = self->restarts;
        self->tried = self->length;
        pthread_mutex_unlock(&self->mutex);
        struct pass pass;
        bool is_done = run_pass(self->own, "thread", &pass);
        if (is_done)
            sync_file(self->own);
        pthread_mutex_lock(&self->mutex);
        if (is_done)
            note_pass(self, &pass, restarts);
        self->is_running = false;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->mutex);
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int length)
{
    struct db_checkpoint *self = ctx;
    (void)db;
    (void)name;
    pthread_mutex_lock(&self->mutex);
    if ((uint32_t)length < self->length) {
        self->restarts++;
        self->tried = self->moved = 0;
        self->own_from = 0;
    }
    self->length = (uint32_t)length;
    if (!self->is_running && is_run_due(self))
        pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    return SQLITE_OK;
}

/* With the mutex. */
static bool is_too_long(struct db_checkpoint *self)
{
    return self->length > self->limits.max && self->length >= self->own_from;
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
    pthread_mutex_lock(&self->mutex);
    bool is_over = is_too_long(self);
    while (is_over && self->is_running)
        pthread_cond_wait(&self->changed, &self->mutex);
    bool is_due = is_over || (is_rest_due(self) && !self->is_running);
    self->is_running |= is_due;
    uint32_t restarts = self->restarts;
    pthread_mutex_unlock(&self->mutex);
    if (!is_due)
        return;
    struct pass pass;
    bool is_done = run_pass(self->writer, "writer", &pass);
    pthread_mutex_lock(&self->mutex);
    if (is_done)
        note_pass(self, &pass, restarts);
    self->is_running = false;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    if (!is_over)
        return;
    /* A reader may hold it: each try looks through all that is left, so not at each commit. */
    self->own_from = self->length + self->limits.pass;
    if (is_done)
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
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
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
    pthread_mutex_lock(&self->mutex);
    self->is_stopping = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    thread_join(self->thread);
    if (self->thread) /* else the hook is still the writer's own */
        sqlite3_wal_hook(self->writer, NULL, NULL);
    sqlite3_close(self->own);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
    free(self);
}
