/* The database threads. One mutex guards the queues; it is held for pointer moves only, never while the database works,
 * so the web thread does not wait for it in any way that one could measure. */
#include "store/db_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/thread.h"

#define READERS_MAX 64

struct queue {
    struct db_job *first;
    struct db_job **last;
    size_t count;
};

struct lane {
    struct queue queue;
    pthread_cond_t filled;
};

struct worker {
    struct db_pool *pool;
    struct lane *lane;
    struct db *db;
    struct thread *thread;
};

struct db_pool {
    /* set once at creation */
    struct metrics *metrics;
    void (*on_wake)(void *ctx);
    void *ctx;
    size_t limit;
    struct worker workers[1 + READERS_MAX]; /* the writer first */
    unsigned worker_count;
    /* under the mutex */
    pthread_mutex_t mutex;
    struct lane lanes[2]; /* by enum db_lane */
    struct queue finished;
    bool is_stopping;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
    queue->count = 0;
}

static void queue_push(struct queue *queue, struct db_job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
    queue->count++;
}

static struct db_job *queue_pop(struct queue *queue)
{
    struct db_job *job = queue->first;
    if (!job)
        return NULL;
    queue->first = job->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->count--;
    return job;
}

/* The next job, or NULL when the pool stops and the lane is empty. */
static struct db_job *wait_for_job(struct db_pool *pool, struct lane *lane)
{
    pthread_mutex_lock(&pool->mutex);
    while (!lane->queue.first && !pool->is_stopping)
        pthread_cond_wait(&lane->filled, &pool->mutex);
    struct db_job *job = queue_pop(&lane->queue);
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

/* The next job if there is one. */
static struct db_job *poll_for_job(struct db_pool *pool, struct lane *lane)
{
    pthread_mutex_lock(&pool->mutex);
    struct db_job *job = queue_pop(&lane->queue);
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void finish_jobs(struct db_pool *pool, struct queue *jobs)
{
    struct db_job *next;
    for (struct db_job *job = jobs->first; job; job = job->next) {
        if (job->settle)
            job->settle(job, job->err);
    }
    pthread_mutex_lock(&pool->mutex);
    bool is_first = !pool->finished.first;
    for (struct db_job *job = jobs->first; job; job = next) {
        next = job->next;
        queue_push(&pool->finished, job);
    }
    pthread_mutex_unlock(&pool->mutex);
    /* Later ones are seen by the same db_pool_deliver(). */
    if (is_first)
        pool->on_wake(pool->ctx);
}

/* Jobs of one transaction. */
struct group {
    struct db *db;
    struct queue jobs;
    size_t kept; /* whose rows are to stay */
    bool is_open;
    bool is_lost; /* a failed step could not be undone */
};

static void group_run(struct group *group, struct db_job *job)
{
    queue_push(&group->jobs, job);
    if (group->is_open) {
        db_step(group->db);
    } else {
        job->err = db_begin(group->db);
        if (job->err)
            return;
        group->is_open = true;
    }
    job->err = job->run(job, group->db);
    if (!job->err) {
        group->kept++;
        return;
    }
    if (group->kept > 0 && db_step_undo(group->db) == ERR_OK)
        return;
    group->is_lost = group->kept > 0;
    db_rollback(group->db);
    group->is_open = false;
}

static void group_end(struct group *group)
{
    enum err err = group->is_lost ? ERR_IO : ERR_OK;
    if (group->is_open)
        err = db_commit(group->db);
    if (!err)
        return;
    log_warn("A group of writes is lost: %s jobs=%zu", err_str(err), group->jobs.count);
    for (struct db_job *job = group->jobs.first; job; job = job->next)
        job->err = job->err ? job->err : err;
}

static void run_writer(void *ctx)
{
    struct worker *worker = ctx;
    struct db_job *job;
    while ((job = wait_for_job(worker->pool, worker->lane))) {
        struct group group = {.db = worker->db};
        uint64_t end_us = clock_now_us() + DB_GROUP_US;
        queue_init(&group.jobs);
        while (job) {
            group_run(&group, job);
            bool is_full = group.is_lost || group.jobs.count == DB_GROUP_MAX || clock_now_us() >= end_us;
            job = is_full ? NULL : poll_for_job(worker->pool, worker->lane);
        }
        group_end(&group);
        finish_jobs(worker->pool, &group.jobs);
        db_tend(worker->db);
    }
}

static void run_reader(void *ctx)
{
    struct worker *worker = ctx;
    struct db_job *job;
    while ((job = wait_for_job(worker->pool, worker->lane))) {
        struct queue jobs;
        queue_init(&jobs);
        queue_push(&jobs, job);
        job->err = job->run(job, worker->db);
        finish_jobs(worker->pool, &jobs);
    }
}

enum err db_pool_submit(struct db_pool *pool, enum db_lane lane, struct db_job *job)
{
    struct queue *queue = &pool->lanes[lane].queue;
    pthread_mutex_lock(&pool->mutex);
    bool is_taken = !pool->is_stopping && queue->count < pool->limit;
    if (is_taken) {
        queue_push(queue, job);
        pthread_cond_signal(&pool->lanes[lane].filled);
    }
    pthread_mutex_unlock(&pool->mutex);
    metric_add(pool->metrics, is_taken ? METRIC_DB_JOBS : METRIC_DB_REFUSED, 1);
    return is_taken ? ERR_OK : ERR_FULL;
}

void db_pool_deliver(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct db_job *job = pool->finished.first;
    queue_init(&pool->finished);
    pthread_mutex_unlock(&pool->mutex);
    while (job) {
        struct db_job *next = job->next;
        job->done(job);
        job = next;
    }
}

/* mkdir -p; the last one is for this user alone: it holds the secret and everybody's messages. */
static enum err make_dir(const char *path)
{
    char *copy = mem_strdup(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0755);
        *slash = '/';
    }
    free(copy);
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return ERR_OK;
    log_error("Cannot make the data directory: %s path=%s", strerror(errno), path);
    return ERR_IO;
}

/* malloc'd. "sqlite:" alone is the file in the data directory. */
static char *make_url(const struct conf *conf)
{
    struct text url = {0};
    if (strcmp(conf->database.url, "sqlite:") == 0)
        text_addf(&url, "sqlite:%s/ichat.db", conf->data.dir);
    else
        text_add(&url, conf->database.url);
    return text_take(&url);
}

enum err db_open_configured(const struct conf *conf, struct db **out)
{
    enum err err = make_dir(conf->data.dir);
    if (err)
        return err;
    struct db *db;
    char *url = make_url(conf);
    err = db_open(url, &db);
    free(url);
    if (err)
        return err;
    err = db_migrate(db);
    if (err) {
        db_close(db);
        return err;
    }
    *out = db;
    return ERR_OK;
}

static enum err start_workers(struct db_pool *pool, const char *url, unsigned readers)
{
    enum err err = db_open(url, &pool->workers[0].db);
    if (!err)
        err = db_migrate(pool->workers[0].db);
    if (!err)
        err = db_checkpoint_apart(pool->workers[0].db);
    for (unsigned i = 0; i <= readers && !err; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->lane = &pool->lanes[i == 0 ? DB_WRITE : DB_READ];
        char name[24];
        snprintf(name, sizeof(name), i == 0 ? "db-writer" : "db-reader-%u", i);
        pool->worker_count++;
        if (i > 0)
            err = db_open(url, &worker->db);
        if (!err)
            err = thread_start(&worker->thread, name, i == 0 ? run_writer : run_reader, worker);
    }
    return err;
}

enum err db_pool_create(const struct conf *conf, struct metrics *metrics, void (*on_wake)(void *ctx), void *ctx,
                        struct db_pool **out)
{
    enum err err = make_dir(conf->data.dir);
    if (err)
        return err;
    struct db_pool *pool = mem_calloc(1, sizeof(*pool));
    pool->metrics = metrics;
    pool->on_wake = on_wake;
    pool->ctx = ctx;
    pool->limit = conf->database.queue;
    pthread_mutex_init(&pool->mutex, NULL);
    for (size_t i = 0; i < ARRAY_LEN(pool->lanes); i++) {
        queue_init(&pool->lanes[i].queue);
        pthread_cond_init(&pool->lanes[i].filled, NULL);
    }
    queue_init(&pool->finished);

    unsigned readers = conf->database.readers < READERS_MAX ? conf->database.readers : READERS_MAX;
    char *url = make_url(conf);
    err = start_workers(pool, url, readers ? readers : 1);
    free(url);
    if (err) {
        db_pool_free(pool);
        return err;
    }
    *out = pool;
    return ERR_OK;
}

void db_pool_free(struct db_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    for (size_t i = 0; i < ARRAY_LEN(pool->lanes); i++)
        pthread_cond_broadcast(&pool->lanes[i].filled);
    pthread_mutex_unlock(&pool->mutex);

    for (size_t i = 0; i < ARRAY_LEN(pool->workers); i++)
        thread_join(pool->workers[i].thread);
    db_pool_deliver(pool);
    for (size_t i = 0; i < ARRAY_LEN(pool->workers); i++)
        db_close(pool->workers[i].db);
    for (size_t i = 0; i < ARRAY_LEN(pool->lanes); i++)
        pthread_cond_destroy(&pool->lanes[i].filled);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
