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
#include "base/text.h"
#include "store/db_pool.h"

#define JOBS 200

struct test {
    struct db_pool *pool;
    struct metrics metrics;
    int wake;
    unsigned done;
    int64_t order[JOBS];
    int settled[JOBS];
    struct db_fixture *fixture;
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

static enum err run_insert(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    char name[24];
    snprintf(name, sizeof(name), "r%lld", (long long)self->number);
    self->err =
        db_get_i64(db, &self->seen, "insert into rooms (name, created_at) values ($1, 1) returning room_id", "s", name);
    return self->err;
}

static enum err run_wait(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    (void)db;
    char byte;
    self->err = read(self->test->gate[0], &byte, 1) == 1 ? ERR_OK : ERR_IO;
    self->seen = self->number;
    return self->err;
}

static struct job *job_create(struct test *test, int64_t number, enum err (*run)(struct db_job *, struct db *))
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

/* --- groups: the writer waits at the gate while the others gather behind it, so that they are one transaction --- */

static enum err run_refuse(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    enum err err = run_insert(job, db);
    self->err = ERR_OK; /* for on_done */
    return err ? err : ERR_STATE;
}

/* The same name twice: the database's own error. */
static enum err run_break(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    enum err err = run_insert(job, db);
    if (!err)
        err = run_insert(job, db);
    self->err = ERR_OK;
    return err;
}

static enum err run_read(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    self->err = db_get_i64(db, &self->seen, "select count(*) from rooms", "");
    return self->err;
}

static enum err run_nothing(struct db_job *job, struct db *db)
{
    (void)job;
    (void)db;
    return ERR_STATE;
}

static void settle(struct db_job *job, enum err err)
{
    struct job *self = (struct job *)job;
    self->test->settled[self->number] = (int)err;
}

static void submit_group(struct test *test, enum err (*const *runs)(struct db_job *, struct db *), int64_t count)
{
    struct job *first = job_create(test, 0, run_wait);
    first->job.settle = settle;
    assert_int_equal(db_pool_submit(test->pool, DB_WRITE, &first->job), ERR_OK);
    for (int64_t i = 0; i < count; i++) {
        struct job *job = job_create(test, i + 1, runs[i]);
        job->job.settle = settle;
        assert_int_equal(db_pool_submit(test->pool, DB_WRITE, &job->job), ERR_OK);
    }
    assert_int_equal(write(test->gate[1], "x", 1), 1);
}

static int64_t count_of(struct db_fixture *f, const char *name)
{
    int64_t count;
    assert_int_equal(db_get_i64(f->db, &count, "select count(*) from rooms where name = $1", "s", name), ERR_OK);
    return count;
}

static void test_one_that_fails_takes_no_other_along(void **state)
{
    struct db_fixture *f = *state;
    struct test test;
    enum err (*const runs[])(struct db_job *, struct db *) = {run_insert, run_refuse,  run_break,  run_insert, run_read,
                                                              run_break,  run_nothing, run_refuse, run_insert};
    static const bool is_kept[] = {true, false, false, true, true, false, false, false, true};
    start(&test, f);
    submit_group(&test, runs, ARRAY_LEN(runs));
    wait_for(&test, 1 + ARRAY_LEN(runs));
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        char name[24];
        snprintf(name, sizeof(name), "r%zu", i + 1);
        assert_int_equal(test.settled[i + 1] == ERR_OK, is_kept[i]);
        assert_int_equal(count_of(f, name), is_kept[i] && runs[i] == run_insert);
    }
    assert_int_equal(test.order[5], 2); /* the reading one saw what those before it wrote, and no more */
    assert_true(test.order[1] < test.order[4] && test.order[4] < test.order[9]);
    stop(&test);
}

static void test_all_fail_then_one_works(void **state)
{
    struct db_fixture *f = *state;
    struct test test;
    enum err (*const runs[])(struct db_job *, struct db *) = {run_break, run_nothing, run_insert};
    start(&test, f);
    /* The one at the gate wrote nothing but counts as kept: without it the failing ones would be the first. */
    for (int64_t i = 0; i < 3; i++) {
        struct job *job = job_create(&test, i, runs[i]);
        job->job.settle = settle;
        assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &job->job), ERR_OK);
    }
    wait_for(&test, 3);
    assert_int_not_equal(test.settled[0], ERR_OK);
    assert_int_not_equal(test.settled[1], ERR_OK);
    assert_int_equal(test.settled[2], ERR_OK);
    assert_int_equal(count_of(f, "r0"), 0);
    assert_int_equal(count_of(f, "r2"), 1);
    stop(&test);
}

/* The transaction is gone behind the group's back, as SQLite does it when the disk is full, and as PostgreSQL does when
 * the connection is lost: nobody of the group is told that his rows are there, and the next group works again. */
static enum err run_lose(struct db_job *job, struct db *db)
{
    struct job *self = (struct job *)job;
    self->err = ERR_OK;
    if (db_kind(db) == DB_SQLITE)
        return db_script(db, "rollback") ? ERR_IO : ERR_STATE;
    int64_t seen;
    return db_get_i64(db, &seen, "select pg_terminate_backend(pg_backend_pid())::int", "") ? ERR_IO : ERR_STATE;
}

/* True: some of them were one group. A machine that is busy may take the group's time away, and then they are several,
 * which is no fault: what was told must be so either way. */
static bool lose_a_group(struct db_fixture *f)
{
    struct test test;
    enum err (*const runs[])(struct db_job *, struct db *) = {run_insert, run_insert, run_lose};
    start(&test, f);
    submit_group(&test, runs, ARRAY_LEN(runs));
    wait_for(&test, 1 + ARRAY_LEN(runs));
    assert_int_equal(count_of(f, "r1"), test.settled[1] == ERR_OK);
    assert_int_equal(count_of(f, "r2"), test.settled[2] == ERR_OK);
    assert_int_not_equal(test.settled[3], ERR_OK);
    bool is_lost = test.settled[2] != ERR_OK;

    struct job *again = job_create(&test, 50, run_insert);
    again->job.settle = settle;
    test.settled[50] = ERR_IO;
    assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &again->job), ERR_OK);
    wait_for(&test, 2 + ARRAY_LEN(runs));
    assert_int_equal(test.settled[50], ERR_OK);
    assert_int_equal(count_of(f, "r50"), 1);
    stop(&test);
    assert_int_equal(db_exec(f->db, NULL, "delete from rooms", ""), ERR_OK);
    return is_lost;
}

static void test_lost_group(void **state)
{
    unsigned tries = 0;
    while (!lose_a_group(*state))
        assert_true(++tries < 50);
}

/* Whoever is told finds his rows there, by another connection. */
static void settle_and_look(struct db_job *job, enum err err)
{
    struct job *self = (struct job *)job;
    char name[24];
    snprintf(name, sizeof(name), "r%lld", (long long)self->number);
    self->test->settled[self->number] = err ? (int)err : count_of(self->test->fixture, name) == 1 ? 100 : 101;
}

static void test_told_after_the_commit(void **state)
{
    struct test test;
    start(&test, *state);
    test.fixture = *state;
    struct job *first = job_create(&test, 0, run_wait);
    assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &first->job), ERR_OK);
    for (int64_t i = 1; i <= DB_GROUP_MAX + 10; i++) { /* more than one group */
        struct job *job = job_create(&test, i, run_insert);
        job->job.settle = settle_and_look;
        assert_int_equal(db_pool_submit(test.pool, DB_WRITE, &job->job), ERR_OK);
    }
    assert_int_equal(write(test.gate[1], "x", 1), 1);
    wait_for(&test, 1 + DB_GROUP_MAX + 10);
    for (int64_t i = 1; i <= DB_GROUP_MAX + 10; i++)
        assert_int_equal(test.settled[i], 100);
    stop(&test);
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
        BOTH(test_writer_keeps_order),
        BOTH(test_lanes_are_apart),
        BOTH(test_queue_is_bounded),
        BOTH(test_free_runs_and_delivers_the_rest),
        BOTH(test_data_dir_is_made_private),
        BOTH(test_wrong_url_fails_at_start),
        BOTH(test_one_that_fails_takes_no_other_along),
        BOTH(test_all_fail_then_one_works),
        BOTH(test_lost_group),
        BOTH(test_told_after_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
