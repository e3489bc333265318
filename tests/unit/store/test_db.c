/* The database interface, on both databases. */
#include "db_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/contact_last.h"

static int64_t count(struct db *db, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(db_get_i64(db, &n, sql, ""), ERR_OK);
    return n;
}

static void test_values_come_back(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    assert_int_equal(db_script(db, "create table t (a bigint, b text, c bigint)"), ERR_OK);
    int64_t big = INT64_MAX;
    assert_int_equal(db_exec(db, NULL, "insert into t (a, b, c) values ($1, $2, $3)", "isI", (int64_t)-5,
                             "'; drop table t; -- 漢字", &big),
                     ERR_OK);
    assert_int_equal(db_exec(db, NULL, "insert into t (a, b, c) values ($1, $2, $3)", "isI", (int64_t)7, NULL, NULL),
                     ERR_OK);
    struct db_rows *rows;
    assert_int_equal(db_query(db, &rows, "select a, b, c from t order by a", ""), ERR_OK);
    assert_true(db_next(rows));
    assert_int_equal(db_i64(rows, 0), -5);
    assert_string_equal(db_text(rows, 1), "'; drop table t; -- 漢字");
    assert_true(db_i64(rows, 2) == INT64_MAX);
    assert_false(db_is_null(rows, 2));
    assert_true(db_next(rows));
    assert_true(db_is_null(rows, 1));
    assert_string_equal(db_text(rows, 1), "");
    assert_int_equal(db_i64(rows, 2), 0);
    assert_false(db_next(rows));
    assert_false(db_next(rows));
    assert_int_equal(db_rows_done(rows), ERR_OK);
}

/* $1 twice and out of order: by name, not by place. */
static void test_parameters_bind_by_name(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    int64_t n = 0;
    assert_int_equal(db_get_i64(db, &n, "select $2 - $1 - $1", "ii", (int64_t)3, (int64_t)10), ERR_OK);
    assert_int_equal(n, 4);
    for (int64_t i = 0; i < 3; i++) { /* the statement is reused */
        assert_int_equal(db_get_i64(db, &n, "select $2 - $1 - $1", "ii", i, (int64_t)10), ERR_OK);
        assert_int_equal(n, 10 - 2 * i);
    }
}

static void test_same_statement_within_itself(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    const char *sql = "select version from schema_version where version >= $1 order by version";
    struct db_rows *outer, *inner;
    assert_int_equal(db_query(db, &outer, sql, "i", (int64_t)1), ERR_OK);
    assert_true(db_next(outer));
    assert_int_equal(db_query(db, &inner, sql, "i", (int64_t)1), ERR_OK);
    assert_true(db_next(inner));
    assert_int_equal(db_i64(inner, 0), 1);
    assert_int_equal(db_rows_done(inner), ERR_OK);
    assert_int_equal(db_i64(outer, 0), 1);
    assert_int_equal(db_rows_done(outer), ERR_OK);
}

static void test_errors(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    int64_t n;
    struct db_rows *rows;
    assert_int_equal(db_get_i64(db, &n, "select version from schema_version where version = 99", ""), ERR_NOT_FOUND);
    assert_int_equal(db_query(db, &rows, "select nonsense from nowhere", ""), ERR_IO);
    assert_int_equal(db_exec(db, NULL, "insert into rooms (name, created_at) values ('a', 1)", ""), ERR_OK);
    assert_int_equal(db_exec(db, NULL, "insert into rooms (name, created_at) values ('a', 1)", ""), ERR_EXISTS);
    /* foreign key */
    assert_int_equal(db_exec(db, NULL,
                             "insert into settings (user_id, wallpaper, created_at, updated_at)"
                             " values (12345, '', 1, 1)",
                             ""),
                     ERR_IO);
    assert_int_equal(db_query(db, &rows, "select $1", "x", (int64_t)1), ERR_INVALID);
    struct db *none;
    assert_int_equal(db_open("mysql://x", &none), ERR_INVALID);
    assert_int_equal(db_open("sqlite:/nonexistent/dir/x.db", &none), ERR_IO);
    assert_int_equal(db_open("postgresql://nobody@/x?host=/nonexistent", &none), ERR_IO);
}

static void test_rollback_and_commit(void **state)
{
    struct db_fixture *f = *state;
    struct db *db = f->db;
    const char *insert = "insert into rooms (name, created_at) values ($1, 1)";
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, NULL, insert, "s", "gone"), ERR_OK);
    db_rollback(db);
    db_rollback(db); /* harmless */
    assert_int_equal(count(db, "select count(*) from rooms"), 0);

    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, NULL, insert, "s", "kept"), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);

    /* A broken rule within a transaction, which is then given up. */
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, NULL, insert, "s", "other"), ERR_OK);
    assert_int_equal(db_exec(db, NULL, insert, "s", "kept"), ERR_EXISTS);
    db_rollback(db);
    assert_int_equal(count(db, "select count(*) from rooms"), 1);

    /* Another connection sees what was committed. */
    struct db *other;
    assert_int_equal(db_open(f->url, &other), ERR_OK);
    assert_int_equal(count(other, "select count(*) from rooms where name = 'kept'"), 1);
    db_close(other);
}

static void test_changed_rows(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    int64_t changed = -1;
    assert_int_equal(db_script(db, "create table t (a bigint); insert into t values (1); insert into t values (2)"),
                     ERR_OK);
    assert_int_equal(db_exec(db, &changed, "update t set a = a + $1", "i", (int64_t)1), ERR_OK);
    assert_int_equal(changed, 2);
    assert_int_equal(db_exec(db, &changed, "delete from t where a = $1", "i", (int64_t)99), ERR_OK);
    assert_int_equal(changed, 0);
}

static void test_ids_start_at_one(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    int64_t id = 0;
    for (int64_t want = 1; want <= 3; want++) {
        char name[8];
        snprintf(name, sizeof(name), "r%d", (int)want);
        assert_int_equal(
            db_get_i64(db, &id, "insert into rooms (name, created_at) values ($1, 1) returning room_id", "s", name),
            ERR_OK);
        assert_int_equal(id, want);
    }
    /* An id is never given twice, also after its row is gone. */
    assert_int_equal(db_exec(db, NULL, "delete from rooms where room_id = 3", ""), ERR_OK);
    assert_int_equal(db_get_i64(db, &id, "insert into rooms (name, created_at) values ('n', 1) returning room_id", ""),
                     ERR_OK);
    assert_int_equal(id, 4);
}

/* A statement that failed does not stay in the way; a lost server connection comes back. */
static void test_lost_connection(void **state)
{
    struct db_fixture *f = *state;
    if (f->kind != DB_POSTGRES) /* a file has no connection to lose */
        return;
    struct db *other;
    assert_int_equal(db_open(f->url, &other), ERR_OK);
    int64_t pid = count(f->db, "select pg_backend_pid()");
    int64_t done;
    assert_int_equal(db_get_i64(other, &done, "select pg_terminate_backend($1::int, 5000)::int", "i", pid), ERR_OK);
    assert_int_equal(done, 1);
    /* Reading: once more on a new connection. */
    assert_true(count(f->db, "select pg_backend_pid()") != pid);

    pid = count(f->db, "select pg_backend_pid()");
    assert_int_equal(db_get_i64(other, &done, "select pg_terminate_backend($1::int, 5000)::int", "i", pid), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_OK);
    /* Within a transaction it is an error, and nothing of it stays. */
    assert_int_equal(db_exec(f->db, NULL, "insert into rooms (name, created_at) values ('a', 1)", ""), ERR_OK);
    pid = count(f->db, "select pg_backend_pid()");
    assert_int_equal(db_get_i64(other, &done, "select pg_terminate_backend($1::int, 5000)::int", "i", pid), ERR_OK);
    assert_int_not_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(count(f->db, "select count(*) from rooms"), 0);
    db_close(other);
}

static void kill_connection(struct db_fixture *f, struct db *other)
{
    int64_t pid = count(f->db, "select pg_backend_pid()"), done;
    assert_int_equal(db_get_i64(other, &done, "select pg_terminate_backend($1::int, 5000)::int", "i", pid), ERR_OK);
    assert_int_equal(done, 1);
}

static void add_room(struct db_fixture *f, const char *name)
{
    assert_int_equal(db_exec(f->db, NULL, "insert into rooms (name, created_at) values ($1, 1)", "s", name), ERR_OK);
}

/* PostgreSQL is told of a transaction with its first statement. */
static void test_begin_goes_along(void **state)
{
    struct db_fixture *f = *state;
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_OK);
    db_rollback(f->db);
    assert_int_equal(db_begin(f->db), ERR_OK);
    add_room(f, "a");
    db_rollback(f->db);
    assert_int_equal(count(f->db, "select count(*) from rooms"), 0);
    /* Steps before anything was said: the second one is taken back, alone. */
    assert_int_equal(db_begin(f->db), ERR_OK);
    db_step(f->db);
    add_room(f, "b");
    db_step(f->db);
    add_room(f, "c");
    assert_int_equal(db_step_undo(f->db), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(count(f->db, "select count(*) from rooms"), 1);
    assert_int_equal(count(f->db, "select count(*) from rooms where name = 'b'"), 1);
    /* A first statement that is wrong. */
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, NULL, "insert into nowhere values (1)", ""), ERR_IO);
    db_rollback(f->db);
    assert_int_equal(count(f->db, "select count(*) from rooms"), 1);
    if (f->kind != DB_POSTGRES)
        return;
    /* The server went away unnoticed: a new connection, and the statement is there once. */
    struct db *other;
    assert_int_equal(db_open(f->url, &other), ERR_OK);
    kill_connection(f, other);
    assert_int_equal(db_begin(f->db), ERR_OK);
    add_room(f, "d");
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(count(other, "select count(*) from rooms where name = 'd'"), 1);
    /* It is part of the transaction there, too. */
    kill_connection(f, other);
    assert_int_equal(db_begin(f->db), ERR_OK);
    add_room(f, "e");
    db_rollback(f->db);
    assert_int_equal(count(other, "select count(*) from rooms where name = 'e'"), 0);
    db_close(other);
}

static void begin_with_last(struct db_fixture *f)
{
    struct contact_last last = {.room_id = 1, .message_id = 7, .message_us = 9};
    assert_int_equal(db_begin(f->db), ERR_OK);
    add_room(f, "new");
    assert_int_equal(contact_lasts_put(f->db, &last, "hello"), ERR_OK);
}

/* The last write of a transaction takes the commit along: all of it is there, or nothing. */
static void test_commit_goes_along(void **state)
{
    struct db_fixture *f = *state;
    struct db *other;
    add_room(f, "first");
    assert_int_equal(db_open(f->url, &other), ERR_OK);
    begin_with_last(f);
    /* The last write fails. */
    assert_int_equal(db_script(f->db, "alter table rooms rename column last_message_content to elsewhere"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_IO);
    assert_int_equal(count(f->db, "select count(*) from rooms where last_message_content = ''"), 1);
    if (f->kind == DB_POSTGRES) {
        begin_with_last(f);
        kill_connection(f, other);
        assert_int_not_equal(db_commit(f->db), ERR_OK);
        assert_int_equal(count(f->db, "select count(*) from rooms where last_message_id = 0"), 1);
    }
    begin_with_last(f);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(count(other, "select count(*) from rooms"), 2);
    assert_int_equal(count(other, "select last_message_id from rooms where room_id = 1"), 7);
    /* The next transaction is one of its own. */
    assert_int_equal(db_begin(f->db), ERR_OK);
    add_room(f, "later");
    assert_int_equal(count(other, "select count(*) from rooms"), 2);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(count(other, "select count(*) from rooms"), 3);
    db_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_values_come_back),
        BOTH(test_parameters_bind_by_name),
        BOTH(test_same_statement_within_itself),
        BOTH(test_errors),
        BOTH(test_rollback_and_commit),
        BOTH(test_changed_rows),
        BOTH(test_ids_start_at_one),
        BOTH(test_lost_connection),
        BOTH(test_begin_goes_along),
        BOTH(test_commit_goes_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
