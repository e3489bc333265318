/* Migrations, on both databases. */
#include "db_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/contact.h"
#include "store/message.h"
#include "store/migrate.h"
#include "store/room.h"
#include "store/user.h"

#define NOW 1700000000000000
#define WITH_FOREIGN_KEYS 3 /* the last version whose deliveries have them on PostgreSQL */

static int64_t count(struct db *db, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(db_get_i64(db, &n, sql, ""), ERR_OK);
    return n;
}

/* As before the first start, or with an older schema. */
static void start_over(struct db *db, unsigned version)
{
    assert_int_equal(
        db_script(db, "drop table if exists room_deliveries; drop table deliveries; drop table calls; drop table "
                      "messages; drop table contact_requests;"
                      "drop table contacts; drop table group_members; drop table chat_groups; drop table rooms;"
                      "drop table settings; drop table logins; drop table users; drop table files; drop table "
                      "file_removals; drop table nodes; drop table schema_version"),
        ERR_OK);
    if (version)
        assert_int_equal(db_migrate_by(db, migrations, version), ERR_OK);
}

static void test_migrate_again(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    assert_int_equal(db_exec(db, NULL, "insert into rooms (name, created_at) values ('a', 1)", ""), ERR_OK);
    assert_int_equal(db_migrate(db), ERR_OK);
    assert_int_equal(db_migrate(db), ERR_OK);
    assert_int_equal(count(db, "select count(*) from schema_version"), migration_count);
    assert_int_equal(count(db, "select count(*) from rooms"), 1);
}

static void test_newer_schema_is_refused(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    assert_int_equal(
        db_exec(db, NULL, "insert into schema_version (version, name, applied_at) values (9999, 'x', 1)", ""), ERR_OK);
    assert_int_equal(db_migrate(db), ERR_UNSUPPORTED);
}

/* Several processes start on an empty database at once. */
static void test_migrate_at_once(void **state)
{
    struct db_fixture *f = *state;
    start_over(f->db, 0);
    db_close(f->db); /* a connection must not be shared with the children */
    f->db = NULL;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct db *db;
            _exit(db_open(f->url, &db) || db_migrate(db) ? 1 : 0);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(db_open(f->url, &f->db), ERR_OK);
    assert_int_equal(count(f->db, "select count(*) from schema_version"), migration_count);
    assert_int_equal(count(f->db, "select count(*) from users"), 0);
}

/* Each has its own table of that name, and both know that the step was taken. */
static void test_statement_of_the_other_database_is_not_run(void **state)
{
    struct db_fixture *f = *state;
    static const struct migration table[] = {
        {1000, "1000_marked.sql",
         "create table t (a bigint);\n-- only: sqlite\ninsert into t values (10); pragma user_version = 7;\n"
         "-- only: postgresql\ninsert into t values (20); select pg_backend_pid();\n-- only: all\n"
         "insert into t values (1);\n"},
    };
    assert_int_equal(db_migrate_by(f->db, table, 1), ERR_OK);
    assert_int_equal(count(f->db, "select cast(sum(a) as bigint) from t"), f->kind == DB_SQLITE ? 11 : 21);
    assert_int_equal(count(f->db, "select count(*) from schema_version where name = '1000_marked.sql'"), 1);
}

/* Not even what stands before it is done. */
static void test_bad_mark_is_refused(void **state)
{
    struct db *db = ((struct db_fixture *)*state)->db;
    static const struct migration table[] = {
        {1000, "1000_bad.sql", "insert into rooms (name, created_at) values ('a', 1);\n-- only: postgres\nselect 1;\n"},
    };
    assert_int_equal(db_migrate_by(db, table, 1), ERR_INVALID);
    assert_int_equal(count(db, "select count(*) from rooms"), 0);
    assert_int_equal(count(db, "select count(*) from schema_version"), migration_count);
}

/* Deliveries without foreign keys */

/* Two users, who are each other's contacts in one room; as the older server writes them. */
static struct contact_row add_pair(struct db *db)
{
    uint64_t room = 0;
    struct contact_row of_anna = {0};
    assert_int_equal(db_user_insert(db, "anna", "hash", "anna", "", NOW, &of_anna.owner_id), ERR_OK);
    assert_int_equal(db_user_insert(db, "bert", "hash", "bert", "", NOW, &of_anna.user_id), ERR_OK);
    assert_int_equal(db_room_ensure(db, "u-1-2", NOW, &room), ERR_OK);
    assert_int_equal(db_exec(db, NULL,
                             "insert into contacts (owner_id, user_id, room_id, status, created_at, updated_at)"
                             " values (2, 1, $1, 1, 1, 1), (1, 2, $1, 1, 1, 1)",
                             "i", (int64_t)room),
                     ERR_OK);
    of_anna.room_id = room;
    assert_int_equal(db_contact_find(db, of_anna.owner_id, of_anna.user_id, &of_anna.contact_id), ERR_OK);
    return of_anna;
}

/* A delivery a member, and what each contact shows, as the server did it before version 5. */
static enum err deliver_old(struct db *db, const struct message_row *row)
{
    enum err err = db_exec(db, NULL,
                           "insert into deliveries (user_id, message_id, created_at) select owner_id, $2, $3"
                           " from contacts where room_id = $1 order by contact_id",
                           "iii", (int64_t)row->room_id, (int64_t)row->message_id, (int64_t)NOW);
    if (err)
        return err;
    return db_exec(db, NULL,
                   "update contacts set last_message_id = $2, last_message_at = $3, last_message_content = $4"
                   " where room_id = $1 and last_message_id <= $2",
                   "iiis", (int64_t)row->room_id, (int64_t)row->message_id, (int64_t)NOW, row->text);
}

static enum err deliver_now(struct db *db, const struct message_row *row)
{
    uint64_t id, *members;
    size_t n;
    enum err err = db_contact_set_last(db, row->room_id, row->message_id, NOW, row->text);
    if (!err)
        err = db_delivery_insert_room(db, row, NOW, &id, &members, &n);
    if (!err)
        free(members);
    return err;
}

/* As a service does it. */
static enum err send_message(struct db *db, const struct contact_row *contact, const char *text,
                             enum err (*deliver)(struct db *db, const struct message_row *row))
{
    struct message_row row = {.sender_id = contact->owner_id, .type = MESSAGE_TEXT, .text = text, .created_us = NOW};
    row.image = row.thumbnail = "";
    enum err err = db_begin(db);
    if (!err)
        err = db_message_insert_to(db, contact->contact_id, &row);
    if (!err)
        err = deliver(db, &row);
    if (!err)
        return db_commit(db);
    db_rollback(db);
    return err;
}

static void expect_last(struct db *db, uint64_t contact_id, int64_t message_id, const char *text)
{
    struct contact_row got;
    assert_int_equal(db_contact_get(db, contact_id, &got), ERR_OK);
    assert_int_equal(got.last_message_id, message_id);
    assert_int_equal(got.last_message_us, message_id ? NOW : 0);
    assert_string_equal(got.last_message_content, text);
    contact_row_clear(&got);
}

/* Contacts show what they showed: also who joined late, whose room had messages before. */
static void test_last_messages_stay(void **state)
{
    struct db_fixture *f = *state;
    struct db *db = f->db;
    start_over(db, WITH_FOREIGN_KEYS);
    struct contact_row contact = add_pair(db);
    uint64_t silent, late, carl;
    assert_int_equal(db_user_insert(db, "carl", "hash", "carl", "", NOW, &carl), ERR_OK);
    assert_int_equal(send_message(db, &contact, "first", deliver_old), ERR_OK);
    assert_int_equal(send_message(db, &contact, "second", deliver_old), ERR_OK);
    assert_int_equal(db_room_ensure(db, "u-9-9", NOW, &silent), ERR_OK);
    assert_int_equal(db_exec(db, NULL,
                             "insert into contacts (owner_id, user_id, room_id, status, created_at, updated_at)"
                             " values ($1, 1, $2, 1, 1, 1), ($1, 2, $3, 1, 1, 1)",
                             "iii", (int64_t)carl, (int64_t)contact.room_id, (int64_t)silent),
                     ERR_OK);
    assert_int_equal(db_migrate(db), ERR_OK);
    expect_last(db, contact.contact_id, 2, "second");
    assert_int_equal(db_contact_find(db, carl, 1, &late), ERR_OK);
    expect_last(db, late, 0, "");
    assert_int_equal(db_contact_find(db, carl, 2, &silent), ERR_OK);
    expect_last(db, silent, 0, "");
    assert_int_equal(send_message(db, &contact, "third", deliver_now), ERR_OK);
    expect_last(db, contact.contact_id, 3, "third");
    expect_last(db, late, 3, "third");
    expect_last(db, silent, 0, "");
}

/* What is new comes behind what was there, for those who were members, in one list. */
static void test_rows_stay(void **state)
{
    struct db_fixture *f = *state;
    struct db *db = f->db;
    uint64_t last = 0;
    start_over(db, WITH_FOREIGN_KEYS);
    struct contact_row contact = add_pair(db);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_message(db, &contact, "old", deliver_old), ERR_OK);
    /* The highest id is gone, but no client forgets it. */
    assert_int_equal(db_exec(db, NULL, "delete from deliveries where delivery_id = 6", ""), ERR_OK);
    assert_int_equal(db_migrate(db), ERR_OK);
    assert_int_equal(count(db, "select max(version) from schema_version"), migration_count);
    assert_int_equal(count(db, "select count(*) from deliveries"), 5);
    assert_int_equal(db_delivery_last(db, contact.user_id, &last), ERR_OK);
    assert_int_equal(last, 5);

    assert_int_equal(send_message(db, &contact, "new", deliver_now), ERR_OK);
    assert_int_equal(db_delivery_last(db, contact.user_id, &last), ERR_OK);
    assert_int_equal(last, 7);
    assert_int_equal(db_delivery_last(db, contact.owner_id, &last), ERR_OK);
    assert_int_equal(last, 7);
    struct delivery_range range = {.user_id = contact.user_id, .limit = 10};
    struct message_row *list;
    size_t n;
    assert_int_equal(db_delivery_list(db, &range, &list, &n), ERR_OK);
    assert_int_equal(n, 4);
    assert_string_equal(list[0].text, "new");
    assert_int_equal(list[0].delivery_id, 7);
    assert_string_equal(list[3].text, "old");
    assert_int_equal(list[3].delivery_id, 1);
    message_rows_free(list, n);
    assert_int_equal(count(db, f->kind == DB_SQLITE ? "select count(*) from pragma_foreign_key_list('deliveries')"
                                                    : "select count(*) from pg_constraint where contype = 'f' and"
                                                      " conrelid = 'deliveries'::regclass"),
                     f->kind == DB_SQLITE ? 2 : 0);
}

/* Until the pipe ends; the exit code is 0 when everything went well. */
static void work(const char *url, const struct contact_row *contact, bool is_writer, int until)
{
    struct db *db;
    enum err err = db_open(url, &db);
    char byte;
    bool is_working = true;
    for (unsigned i = 0; is_working && !err; i++) {
        int64_t ignored;
        if (is_writer)
            err = send_message(db, contact, "text", deliver_old);
        else /* in the order of tables of the older server's sync */
            err = db_get_i64(db, &ignored,
                             "select count(*) from deliveries d join messages m on m.message_id = d.message_id"
                             " where d.user_id = $1",
                             "i", (int64_t)contact->user_id);
        is_working = read(until, &byte, 1) != 0; /* it never waits */
    }
    _exit(err ? 1 : 0);
}

/* Until there are more of them, which is their number then. */
static int64_t wait_for_messages(struct db *db, int64_t more_than)
{
    for (int i = 0; i < 3000; i++) {
        int64_t n = count(db, "select count(*) from messages");
        if (n > more_than)
            return n;
        usleep(10000); /* the interval of looking */
    }
    fail_msg("nobody writes");
    return 0;
}

/* A newer server starts while older ones work on the same database. */
static void test_others_work_meanwhile(void **state)
{
    enum { WRITERS = 2, WORKERS = 4 };
    struct db_fixture *f = *state;
    if (f->kind != DB_POSTGRES) /* it has one server */
        return;
    start_over(f->db, WITH_FOREIGN_KEYS);
    struct contact_row contact = add_pair(f->db);
    db_close(f->db);
    f->db = NULL;
    int pipes[2];
    pid_t children[WORKERS];
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    for (int i = 0; i < WORKERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(pipes[1]);
            work(f->url, &contact, i < WRITERS, pipes[0]);
        }
    }
    assert_int_equal(db_open(f->url, &f->db), ERR_OK);
    (void)wait_for_messages(f->db, WRITERS); /* at work */
    enum err err = db_migrate(f->db);
    if (err == ERR_OK)
        (void)wait_for_messages(f->db, count(f->db, "select count(*) from messages")); /* and still */
    close(pipes[1]);
    for (int i = 0; i < WORKERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    close(pipes[0]);
    assert_int_equal(err, ERR_OK);
    int64_t after = count(f->db, "select count(*) from messages");
    assert_int_equal(count(f->db, "select count(*) from deliveries"), 2 * after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_migrate_again),       BOTH(test_newer_schema_is_refused),
        BOTH(test_migrate_at_once),     BOTH(test_statement_of_the_other_database_is_not_run),
        BOTH(test_bad_mark_is_refused), BOTH(test_rows_stay),
        BOTH(test_last_messages_stay),  BOTH(test_others_work_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
