/* The log of SQLite beside its writer: it stays short, whoever holds it back, and nothing is lost. */
#include "db_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db_checkpoint.h"
#include "store/db_pool.h"

#define FRAME 4120 /* bytes: a page and its header */
#define LOG_HEADER 32
#define ROW 12000       /* bytes: some frames a commit */
#define COMMIT_FRAMES 8 /* at most, for that */
#define NEVER (1U << 30)

struct test {
    char path[96], log_path[104];
    sqlite3 *writer;
    struct db_checkpoint *checkpoint;
    unsigned rows;
};

static void must(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3 *open_db(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void start(struct test *test, const struct db_fixture *f, struct db_checkpoint_limits limits)
{
    memset(test, 0, sizeof(*test));
    snprintf(test->path, sizeof(test->path), "%s/log.db", f->dir);
    snprintf(test->log_path, sizeof(test->log_path), "%s-wal", test->path);
    test->writer = open_db(test->path);
    must(test->writer, "pragma journal_mode = wal; pragma synchronous = full;"
                       "create table if not exists t (id integer primary key, v blob)");
    assert_int_equal(db_checkpoint_start(test->writer, &limits, &test->checkpoint), ERR_OK);
}

static void stop(struct test *test)
{
    db_checkpoint_stop(test->checkpoint);
    sqlite3_close(test->writer);
}

static void insert_row(struct test *test)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "insert into t (id, v) values (%u, randomblob(%u))", ++test->rows, ROW);
    must(test->writer, sql);
    db_checkpoint_tend(test->checkpoint);
}

/* The log's file never shrinks: its longest length so far, in frames. */
static uint32_t longest(const struct test *test)
{
    struct stat st;
    assert_int_equal(stat(test->log_path, &st), 0);
    return (uint32_t)((st.st_size - LOG_HEADER) / FRAME);
}

/* How often the log was begun anew: the header of the file counts it. */
static uint32_t restarts(const struct test *test)
{
    uint8_t head[LOG_HEADER];
    FILE *file = fopen(test->log_path, "re");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, sizeof(head), file), sizeof(head));
    fclose(file);
    return (uint32_t)head[12] << 24 | (uint32_t)head[13] << 16 | (uint32_t)head[14] << 8 | head[15];
}

static void test_log_stays_short(void **state)
{
    struct test test;
    start(&test, *state, (struct db_checkpoint_limits){.pass = 100, .restart = 200, .rest = 100, .max = NEVER});
    while (restarts(&test) < 10) {
        insert_row(&test);
        assert_true(test.rows < 10000);
    }
    assert_true(longest(&test) < test.rows * 3 / 2); /* three frames a row at least: not half of what was written */
    assert_int_equal(number(test.writer, "select count(*) from t"), test.rows);
    stop(&test);
}

/* The thread that never comes to it. */
static void test_writer_keeps_the_maximum(void **state)
{
    struct test test;
    start(&test, *state, (struct db_checkpoint_limits){.pass = NEVER, .restart = 100, .rest = 50, .max = 300});
    while (test.rows < 500)
        insert_row(&test);
    assert_true(longest(&test) > 300);
    assert_true(longest(&test) <= 300 + COMMIT_FRAMES);
    assert_true(restarts(&test) >= 3);
    stop(&test);
}

/* Runs by both all the time: one waits for the other, so the maximum holds. */
static void test_both_take_turns(void **state)
{
    struct test test;
    start(&test, *state, (struct db_checkpoint_limits){.pass = 20, .restart = 20, .rest = 20, .max = 40});
    must(test.writer, "pragma synchronous = off"); /* many commits a run */
    while (test.rows < 1000)
        insert_row(&test);
    assert_true(longest(&test) <= 40 + COMMIT_FRAMES);
    assert_int_equal(number(test.writer, "select count(*) from t"), test.rows);
    stop(&test);
}

static void test_reader_holds_the_log(void **state)
{
    struct test test;
    start(&test, *state, (struct db_checkpoint_limits){.pass = 50, .restart = 100, .rest = 50, .max = 200});
    insert_row(&test);
    sqlite3 *reader = open_db(test.path);
    must(reader, "begin");
    assert_int_equal(number(reader, "select count(*) from t"), 1);
    uint32_t begun = restarts(&test);
    while (test.rows < 300)
        insert_row(&test);
    assert_int_equal(restarts(&test), begun);
    assert_true(longest(&test) > 300 * 3);
    assert_int_equal(number(reader, "select count(*) from t"), 1);

    must(reader, "commit");
    unsigned held = test.rows;
    while (restarts(&test) < begun + 3) { /* and is short again, not only begun anew once */
        insert_row(&test);
        assert_true(test.rows < held + 400);
    }
    assert_int_equal(number(reader, "select count(*) from t"), test.rows);
    sqlite3_close(reader);
    stop(&test);
}

static void test_nothing_to_start_with(void **state)
{
    const struct db_fixture *f = *state;
    char path[96];
    struct db_checkpoint *checkpoint = NULL;
    snprintf(path, sizeof(path), "%s/gone.db", f->dir);
    sqlite3 *writer = open_db(path);
    unlink(path);
    assert_int_equal(db_checkpoint_start(writer, &db_checkpoint_limits, &checkpoint), ERR_IO);
    assert_null(checkpoint);
    db_checkpoint_stop(NULL);
    sqlite3_close(writer);
}

/* --- by the driver --- */

static void add_rooms(struct db *db, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof(name), "r%u", i);
        assert_int_equal(db_begin(db), ERR_OK);
        assert_int_equal(db_exec(db, NULL, "insert into rooms (name, created_at) values ($1, 1)", "s", name), ERR_OK);
        assert_int_equal(db_commit(db), ERR_OK);
        db_tend(db);
    }
}

/* The file alone, without any log, has all rows. */
static void test_clean_close_leaves_one_file(void **state)
{
    struct db_fixture *f = *state;
    char path[128];
    assert_int_equal(db_checkpoint_apart(f->db), ERR_OK);
    add_rooms(f->db, 100);
    db_close(f->db);
    f->db = NULL;
    snprintf(path, sizeof(path), "%s/test.db-wal", f->dir);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof(path), "file:%s/test.db?immutable=1", f->dir);
    sqlite3 *db = open_db(path);
    assert_int_equal(number(db, "select count(*) from rooms"), 100);
    sqlite3_close(db);
}

/* Who works without a pool keeps SQLite's own checkpoints. */
static void test_only_who_asks_is_apart(void **state)
{
    struct db_fixture *f = *state;
    int64_t frames = 0;
    assert_int_equal(db_get_i64(f->db, &frames, "pragma wal_autocheckpoint", ""), ERR_OK);
    assert_int_equal(frames, 8000);
    db_tend(f->db);
    assert_int_equal(db_checkpoint_apart(f->db), ERR_OK);
    /* by another text: a pragma is answered as it is prepared */
    assert_int_equal(db_get_i64(f->db, &frames, "pragma wal_autocheckpoint;", ""), ERR_OK);
    assert_int_equal(frames, 0);
}

static unsigned count_threads(const char *name)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[300], comm[32] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        if (fgets(comm, sizeof(comm), file))
            comm[strcspn(comm, "\n")] = 0;
        fclose(file);
        count += strcmp(comm, name) == 0;
    }
    closedir(dir);
    return count;
}

static void on_wake(void *ctx)
{
    (void)ctx;
}

static enum err run_until_named(struct db_job *job, struct db *db)
{
    (void)job;
    (void)db;
    for (unsigned i = 0; i < 2000 && count_threads("db-checkpoint") == 0; i++)
        usleep(1000); /* a new thread takes its name by itself */
    return count_threads("db-checkpoint") == 1 ? ERR_OK : ERR_NOT_FOUND;
}

static void on_done(struct db_job *job)
{
    (void)job;
}

static void test_pool_moves_it_apart(void **state)
{
    struct db_fixture *f = *state;
    struct metrics metrics = {0};
    struct db_pool *pool;
    struct db_job job = {.run = run_until_named, .done = on_done};
    assert_int_equal(db_pool_create(f->conf, &metrics, on_wake, NULL, &pool), ERR_OK);
    assert_int_equal(db_pool_submit(pool, DB_WRITE, &job), ERR_OK);
    db_pool_free(pool);
    assert_int_equal(job.err, ERR_OK);
    assert_int_equal(count_threads("db-checkpoint"), 0);
}

/* --- kill -9 --- */

/* Tells each row that is there to stay, until it is killed. */
static void write_for_ever(const struct db_fixture *f, unsigned first, int told)
{
    struct test test;
    start(&test, f, (struct db_checkpoint_limits){.pass = 30, .restart = 60, .rest = 30, .max = 90});
    test.rows = first;
    for (;;) {
        insert_row(&test);
        if (write(told, &test.rows, sizeof(test.rows)) != sizeof(test.rows))
            _exit(1);
    }
}

static unsigned kill_after(const struct db_fixture *f, unsigned first, unsigned count)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(told[0]);
        write_for_ever(f, first, told[1]);
    }
    close(told[1]);
    unsigned last = first, row;
    bool is_killed = false;
    while (read(told[0], &row, sizeof(row)) == sizeof(row)) {
        last = row;
        if (last >= first + count && !is_killed)
            is_killed = kill(pid, SIGKILL) == 0;
    }
    close(told[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(is_killed && WIFSIGNALED(status));
    return last;
}

static void test_killed_at_any_time(void **state)
{
    const struct db_fixture *f = *state;
    char path[96];
    unsigned rows = 0;
    snprintf(path, sizeof(path), "%s/log.db", f->dir);
    for (unsigned i = 0; i < 8; i++) {
        unsigned told = kill_after(f, rows, 60 + 7 * i);
        sqlite3 *db = open_db(path);
        rows = (unsigned)number(db, "select count(*) from t");
        assert_true(rows == told || rows == told + 1); /* the last one may be there and not told */
        assert_int_equal(number(db, "select max(id) from t"), rows);
        assert_int_equal(number(db, "select count(*) from pragma_integrity_check where integrity_check = 'ok'"), 1);
        sqlite3_close(db);
    }
}

int main(void)
{
#define SQLITE(f)                                                                                                      \
    {                                                                                                                  \
#f, f, db_fixture_setup, db_fixture_teardown, (void *)(uintptr_t)DB_SQLITE                                     \
    }
    const struct CMUnitTest tests[] = {
        SQLITE(test_killed_at_any_time), /* first: it forks, which wants no other thread */
        SQLITE(test_log_stays_short),        SQLITE(test_writer_keeps_the_maximum),
        SQLITE(test_both_take_turns),        SQLITE(test_reader_holds_the_log),
        SQLITE(test_nothing_to_start_with),  SQLITE(test_clean_close_leaves_one_file),
        SQLITE(test_only_who_asks_is_apart), SQLITE(test_pool_moves_it_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
