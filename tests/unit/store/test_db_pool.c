/* The pool: order of the writer, bounded queues, delivery at the end. */
#include "db_fixture.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/db_pool.h"

#define JOBS 200

struct test {
    struct db_pool *pool;
    struct metrics metrics;
    int wake;
    unsigned done;
    int64_t order[JOBS];
    int gate[2]; /* a pipe: jobs that wait read from it */
};

struct job {
    struct db_job job; /* first */
    struct test *test;
    int64_t number;
    int64_t seen;
    enum err err;
};

static void on_wake(void *ctx)
{
    struct test *test = ctx;
    uint64_t one = 1;
    assert_int_equal(write(test->wake, &one, sizeof(one)), sizeof(one));
}

static void start(struct test *test, struct db_fixture *f)
{
    memset(test, 0, sizeof(*test));
    test->wake = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pipe(test->gate), 0);
    assert_int_equal(db_pool_create(f->conf, &test->metrics, on_wake, test, &test->pool), ERR_OK);
}

static void stop(struct test *test)
{
    db_pool_free(test->pool);
    close(test->wake);
    close(test->gate[0]);
    close(test->gate[1]);
}

static void wait_for(struct test *test, unsigned done)
{
    while (test->done < done) {
        struct pollfd fd = {.fd = test->wake, .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 20000), 1);
        uint64_t n;
        assert_int_equal(read(test->wake, &n, sizeof(n)), sizeof(n));
        db_pool_deliver(test->pool);
    }
}

static void on_done(struct db_job *job)
{
    struct job *self = (struct job *)job;
    assert_int_equal(self->err, ERR_OK);
    self->test->order[self->test->done++] = self->seen;
    free(self);
}

static void run_insert(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    char name[24];
    snprintf(name, sizeof(name), "r%lld", (long long)self->number);
    self->err = db_begin(db);
    if (!self->err)
        self->err = db_get_i64(db, &self->seen, "insert into rooms (name, created_at) values ($1, 1) returning room_id",
                               "s", name);
    if (!self->err)
        self->err = db_commit(db);
}

static void run_wait(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    (void)db;
    char byte;
    self->err = read(self->test->gate[0], &byte, 1) == 1 ? ERR_OK : ERR_IO;
    self->seen = self->number;
}

static struct job *job_create(struct test *test, int64_t number, void (*run)(struct db_job *, struct db *))
{
    struct job *job = mem_calloc(1, sizeof(*job));
    job->job.run = run;
    job->job.done = on_done;
    job->test = test;
    job->number = number;
    return job;
}

static void test_writer_keeps_order(void **state)
{
    struct test test;
    start(&test, *state);
    for (int64_t i = 0; i < JOBS; i++)
        assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &job_create(&test, i, run_insert)->job), ERR_OK);
    wait_for(&test, JOBS);
    for (int64_t i = 0; i < JOBS; i++)
        assert_int_equal(test.order[i], i + 1);
    assert_int_equal(metric_get(&test.metrics, METRIC_DB_JOBS), JOBS);
    stop(&test);
}

/* A reader that hangs stops neither the writer nor the other reader; a job is run by one of two. */
static void test_lanes_are_apart(void **state)
{
    struct test test;
    start(&test, *state);
    assert_int_equal(db_pool_submit(test.pool, DB_READ, &job_create(&test, 100, run_wait)->job), ERR_OK);
    assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &job_create(&test, 1, run_insert)->job), ERR_OK);
    wait_for(&test, 1);
    assert_int_equal(test.order[0], 1);
    assert_int_equal(write(test.gate[1], "x", 1), 1);
    wait_for(&test, 2);
    assert_int_equal(test.order[1], 100);
    stop(&test);
}

static void test_queue_is_bounded(void **state)
{
    struct db_fixture *f = *state;
    struct test test;
    f->conf->database.queue = 3;
    start(&test, f);
    unsigned taken = 0;
    struct job *refused = NULL;
    /* At most one is being run, three wait. */
    while (taken < 10) {
        struct job *job = job_create(&test, taken, run_wait);
        if (db_pool_submit(test.pool, DB_WRITE, &job->job)) {
            refused = job;
            break;
        }
        taken++;
    }
    assert_non_null(refused);
    free(refused);
    assert_in_range(taken, 3, 4);
    assert_int_equal(metric_get(&test.metrics, METRIC_DB_REFUSED), 1);
    for (unsigned i = 0; i < taken; i++)
        assert_int_equal(write(test.gate[1], "x", 1), 1);
    wait_for(&test, taken);
    stop(&test);
}

static void test_free_runs_and_delivers_the_rest(void **state)
{
    struct test test;
    start(&test, *state);
    for (int64_t i = 0; i < 20; i++)
        assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &job_create(&test, i, run_insert)->job), ERR_OK);
    stop(&test);
    assert_int_equal(test.done, 20);
}

static void test_data_dir_is_made_private(void **state)
{
    struct db_fixture *f = *state;
    struct test test;
    char error[CONF_ERROR_MAX];
    char dir[128];
    snprintf(dir, sizeof(dir), "%s/a/b", f->dir);
    assert_int_equal(conf_set(f->conf, "data.dir", dir, error), ERR_OK);
    if (f->kind == DB_SQLITE)
        assert_int_equal(conf_set(f->conf, "database.url", "sqlite:", error), ERR_OK);
    start(&test, f);
    stop(&test);
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    if (f->kind == DB_SQLITE) {
        strcat(dir, "/ichat.db");
        assert_int_equal(stat(dir, &st), 0);
    }
}

static void test_wrong_url_fails_at_start(void **state)
{
    struct db_fixture *f = *state;
    struct metrics metrics = {0};
    char error[CONF_ERROR_MAX];
    struct db_pool *pool;
    assert_int_equal(conf_set(f->conf, "database.url", "sqlite:/nonexistent/x.db", error), ERR_OK);
    assert_int_not_equal(db_pool_create(f->conf, &metrics, on_wake, NULL, &pool), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_writer_keeps_order),       BOTH(test_lanes_are_apart),
        BOTH(test_queue_is_bounded),         BOTH(test_free_runs_and_delivers_the_rest),
        BOTH(test_data_dir_is_made_private), BOTH(test_wrong_url_fails_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
