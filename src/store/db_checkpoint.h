/* Moves SQLite's write-ahead log into the database file beside the writer. By itself SQLite does that within a commit,
 * which then takes several times as long.
 *
 * A thread with a connection of its own runs passive checkpoints, which stop neither the writer nor readers. While
 * the writer goes on, such a run never reaches the end of the log, and only a log that was moved to its end is begun
 * anew: so when little is left, the writer moves that itself, between two transactions. And when the log is far longer
 * than it should be, because the thread cannot keep up or a reader holds an old state, the writer does all of it.
 *
 *     db_checkpoint_start(writer, &db_checkpoint_limits, &checkpoint);    before the writer's thread runs
 *     while (...) { transaction; db_checkpoint_tend(checkpoint); }        the writer's thread
 *     db_checkpoint_stop(checkpoint);                                     then close the writer
 *
 * Log lengths are in frames: a frame is a page of 4 KiB that a commit wrote. */
#ifndef ICHAT_STORE_DB_CHECKPOINT_H
#define ICHAT_STORE_DB_CHECKPOINT_H

#include <stdint.h>

#include "base/err.h"

struct db_checkpoint;
struct sqlite3;

struct db_checkpoint_limits {
    uint32_t pass;    /* new frames until the thread runs */
    uint32_t restart; /* from that length on the log is to begin anew */
    uint32_t rest;    /* at most that many are left to the writer */
    uint32_t max;     /* above it the writer does everything itself */
};
extern const struct db_checkpoint_limits db_checkpoint_limits; /* for a server */

/* The writer's connection, which has the log (pragma journal_mode = wal), no longer moves it by itself: its wal hook is
 * taken, and it is borrowed until db_checkpoint_stop(). ERR_IO, and the writer is as it was, when the file cannot be
 * opened once more or no thread started. */
MUST_CHECK enum err db_checkpoint_start(struct sqlite3 *writer, const struct db_checkpoint_limits *limits,
                                        struct db_checkpoint **out);
/* The writer's thread, outside a transaction: does what is left to it, if anything; above the maximum it waits for the
 * thread's run first. Failures are logged and tried again
 * later: until then the log only grows. */
void db_checkpoint_tend(struct db_checkpoint *self);
/* Ends the thread, after the run that it may be in; frees. NULL is fine. */
void db_checkpoint_stop(struct db_checkpoint *self);

#endif
