/* Database threads: one writer and some readers, each with its own connection. The web thread submits jobs and gets
 * them back on its own thread; it never waits.
 *
 * All jobs that write go through the one writer, in the order of submission, and come back in that order: delivery ids
 * are therefore handed to sessions in increasing order, after their commit. Readers run beside it.
 *
 *     job->run(job, db)   on a db thread; may block; sees no other thread's objects
 *     job->done(job)      on the web thread, from db_pool_deliver(); always called once for an accepted job */
#ifndef ICHAT_STORE_DB_POOL_H
#define ICHAT_STORE_DB_POOL_H

#include "base/conf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "store/db.h"

struct db_pool;

/* The database that the configuration names, migrated, for those who work without a server; makes data.dir. */
MUST_CHECK enum err db_open_configured(const struct conf *conf, struct db **out);

struct db_job {
    void (*run)(struct db_job *job, struct db *db);
    void (*done)(struct db_job *job);
    struct db_job *next; /* the pool's */
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
