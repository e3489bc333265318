/* Database threads: one writer and some readers, each with its own connection. The web thread submits jobs and gets
 * them back on its own thread; it never waits.
 *
 * All jobs that write go through the one writer, in the order of submission, and come back in that order: delivery ids
 * are therefore handed to sessions in increasing order, after their commit. Readers run beside it.
 *
 * The writer commits in groups: what waits by the time a job has run joins its transaction, up to DB_GROUP_MAX jobs or
 * DB_GROUP_US, each as a step of its own (store/db.h), so that one that fails takes none of the others along. A job
 * that comes alone is committed at once; nothing waits for company. When the commit itself fails, or the connection is
 * lost, all of the group fail.
 *
 * With SQLite one more thread moves the log into the database file (store/db_checkpoint.h); what it leaves to the
 * writer is done when a group was told.
 *
 *     job->run(job, db)      on a db thread; may block; sees no other thread's objects. DB_WRITE: within a transaction;
 *                            ERR_OK = its rows are to stay. Not called when there is no transaction to be had.
 *     job->settle(job, err)  on the same thread, when it is certain: ERR_OK = durable; else the job left no rows
 *     job->done(job)         on the web thread, from db_pool_deliver(); always called once for an accepted job */
#ifndef ICHAT_STORE_DB_POOL_H
#define ICHAT_STORE_DB_POOL_H

#include "base/conf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "store/db.h"

struct db_pool;

/* The database that the configuration names, migrated, for those who work without a server; makes data.dir. */
MUST_CHECK enum err db_open_configured(const struct conf *conf, struct db **out);

#define DB_GROUP_MAX 64
#define DB_GROUP_US 4000 /* the first of a group is answered no later than that and the commit */

struct db_job {
    enum err (*run)(struct db_job *job, struct db *db);
    void (*settle)(struct db_job *job, enum err err); /* NULL = nothing to do */
    void (*done)(struct db_job *job);
    /* the pool's */
    struct db_job *next;
    enum err err;
};

enum db_lane { DB_WRITE, DB_READ };

/* Opens and migrates the database on the calling thread first, so that a wrong URL is an error at start. on_wake is
 * called on a db thread when finished jobs wait for db_pool_deliver(). */
MUST_CHECK enum err db_pool_create(const struct conf *conf, struct metrics *metrics, void (*on_wake)(void *ctx),
                                   void *ctx, struct db_pool **out);
/* Runs what is queued, then joins. Jobs that finished but were not delivered are delivered by this call. */
void db_pool_free(struct db_pool *pool);

/* ERR_FULL when the lane's queue is full (database.queue): the caller answers "busy", nothing was taken. */
MUST_CHECK enum err db_pool_submit(struct db_pool *pool, enum db_lane lane, struct db_job *job);
/* The web thread: calls done() of what has finished. */
void db_pool_deliver(struct db_pool *pool);

#endif
