/* Whole dumps into both databases: references, collisions, rooms that are missing, sequences, batches. What a server
 * makes of an imported database is in tests/api/import.test.mjs. */
#include "db_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "import/load.h"
#include "import/target.h"
#include "store/contact.h"
#include "store/room.h"
#include "store/user.h"

#define NOW 1700000000000000ll
#define HASH "$2a$06$abcdefghijklmnopqrstuuT.4wY3HCk8mmvlN0Hs8Ji4sGcrHnp9W"

#define USERS                                                                                                          \
    "CREATE TABLE users (user_id bigint, username text, password text, created_at datetime, updated_at datetime);"     \
    "INSERT INTO users VALUES (1,'anna','" HASH "','2023-05-01 12:00:00','2023-05-01 12:00:01'),"                      \
    "(2,'bert','" HASH "','2023-05-01 12:00:00',NULL),(7,'carl','" HASH "',NULL,NULL);\n"
#define ROOMS                                                                                                          \
    "CREATE TABLE rooms (room_id bigint, name text, created_at timestamp);"                                            \
    "INSERT INTO rooms VALUES (10,'u-1-2','2023-05-01 12:00:00');\n"
#define CONTACTS                                                                                                       \
    "CREATE TABLE contacts (contact_id bigint, owner_id bigint, user_id bigint, group_id bigint, room_id bigint);"     \
    "INSERT INTO contacts VALUES (20,1,2,0,10),(21,2,1,0,10);\n"
#define MESSAGES                                                                                                       \
    "CREATE TABLE messages (message_id bigint, room_id bigint, sender_id bigint, type int, text text, call_id int,"    \
    " revoked bit(1));"

struct import {
    struct db_fixture *f;
    struct import_map *map;
    struct import_report *report;
    unsigned batch;
    int64_t zone_s;
    char error[IMPORT_ERROR_MAX];
    unsigned told; /* calls of on_progress */
};

static void on_progress(void *ctx, enum import_table table, uint64_t done, uint64_t total, bool is_last)
{
    struct import *import = ctx;
    assert_true(table < IMPORT_TABLES);
    assert_true(is_last ? done == total : done <= total);
    import->told++;
}

static void begin(struct import *import, void **state)
{
    *import = (struct import){.f = *state, .batch = 1000};
    import->map = import_map_create();
    import->report = import_report_create();
}

static void end(struct import *import)
{
    import_map_free(import->map);
    import_report_free(import->report);
}

static enum err run(struct import *import, const char *sql)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/dump.sql", import->f->dir);
    FILE *file = fopen(path, "w");
    fputs(sql, file);
    fclose(file);
    struct dump_file *dump;
    enum err err = dump_file_open(path, import->map, import->report, &dump, import->error);
    if (err)
        return err;
    struct load_options options = {
        .batch = import->batch, .zone_s = import->zone_s, .now_us = NOW, .on_progress = on_progress, .ctx = import};
    err = load_all(dump, import->f->db, &options, import->report, import->error);
    dump_file_close(dump);
    return err;
}

static void must_run(struct import *import, const char *sql)
{
    if (run(import, sql) != ERR_OK)
        fail_msg("%s", import->error);
}

/* malloc'd. */
static char *report_of(const struct import *import)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    import_report_print(import->report, file);
    fclose(file);
    return text;
}

static void says(const struct import *import, const char *wanted)
{
    char *text = report_of(import);
    if (!strstr(text, wanted))
        fail_msg("\"%s\" is not in\n%s", wanted, text);
    free(text);
}

static int64_t ask(const struct import *import, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(db_get_i64(import->f->db, &value, sql, ""), ERR_OK);
    return value;
}

/* The next delivery to the message's room has that id. */
static void expect_delivery(const struct import *import, const struct message_row *message, uint64_t wanted)
{
    uint64_t delivery_id = 0, *members;
    size_t count;
    assert_int_equal(db_delivery_insert_room(import->f->db, message, NOW, &delivery_id, &members, &count), ERR_OK);
    free(members);
    assert_int_equal(count, 2);
    assert_int_equal(delivery_id, wanted);
}

static void ids_and_sequences_go_on(void **state)
{
    struct import import;
    begin(&import, state);
    bool is_empty;
    assert_int_equal(target_is_empty(import.f->db, &is_empty), ERR_OK);
    assert_true(is_empty);
    must_run(&import, USERS ROOMS CONTACTS MESSAGES "insert into messages values (30,10,1,1,'hi',0,_binary '\\0'),"
                                                    "(40,10,99,1,'from nobody',0,0);");
    assert_int_equal(target_is_empty(import.f->db, &is_empty), ERR_OK);
    assert_false(is_empty);
    assert_int_equal(ask(&import, "select sum(user_id) from users"), 10);
    assert_int_equal(ask(&import, "select created_at from users where user_id = 2"), 1682942400000000);
    assert_int_equal(ask(&import, "select updated_at from users where user_id = 2"), 1682942400000000);
    assert_int_equal(ask(&import, "select created_at from users where user_id = 7"), NOW);
    uint64_t id;
    assert_int_equal(db_user_insert(import.f->db, "dora", "x", "x", "", NOW, &id), ERR_OK);
    assert_int_equal(id, 8);
    assert_int_equal(db_room_ensure(import.f->db, "u-1-7", NOW, &id), ERR_OK);
    assert_int_equal(id, 11);
    struct contact_row contact = {.owner_id = 1, .user_id = 7, .room_id = id, .created_us = NOW};
    assert_int_equal(db_contact_insert(import.f->db, &contact), ERR_OK);
    assert_int_equal(contact.contact_id, 22);
    /* Also behind a row that was skipped: its id was in use. */
    struct message_row message = {
        .room_id = 10, .sender_id = 1, .type = MESSAGE_TEXT, .text = "", .image = "", .thumbnail = ""};
    assert_int_equal(db_message_insert(import.f->db, &message), ERR_OK);
    assert_int_equal(message.message_id, 41);
    expect_delivery(&import, &message, 1);
    says(&import, "line 4, row 2: message 40 of user 99 in room 10");
    end(&import);
}

static void the_order_in_the_file_does_not_matter(void **state)
{
    struct import import;
    begin(&import, state);
    import.batch = 1;
    must_run(&import, MESSAGES "insert into messages values (30,10,1,1,'a',0,0);" CONTACTS ROOMS USERS
                               "insert into messages (room_id, message_id, sender_id, text) values (10,31,2,'b');");
    assert_int_equal(ask(&import, "select count(*) from messages"), 2);
    assert_int_equal(ask(&import, "select count(*) from contacts"), 2);
    assert_int_equal(ask(&import, "select type from messages where message_id = 31"), 1);
    assert_int_equal(ask(&import, "select count(*) from rooms where last_message_id = 31"), 1);
    assert_true(import.told >= 3 + 1 + 2 + 2);
    end(&import);
}

static void names_that_differ_by_case(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import,
             USERS "insert into users values (8,'ANNA','plain',NULL,NULL),(9,'Anna-8','" HASH "',NULL,NULL),"
                   "(9,'twice','',NULL,NULL),(10,'','',NULL,NULL),(0,'zero','',NULL,NULL),"
                   "('x','wrong','',NULL,NULL),(9007199254740992,'large','',NULL,NULL),(11,'\xff','','',NULL);");
    says(&import, "user 8 \"ANNA\" is \"ANNA-8\" now, because of user 1");
    says(&import, "user 9 \"Anna-8\" is \"Anna-8-9\" now, because of user 8");
    says(&import, "the password is no bcrypt hash");
    says(&import, "skipped 1: its id, or what must be unique in it, is there already\n      line 2, row 3: id 9\n");
    says(&import, "skipped 1: it has no name");
    says(&import, "skipped 1: its id is 0");
    says(&import, "skipped 2: an id is no whole number from 0 to 2^53 - 1");
    says(&import, "skipped 1: a text is not valid UTF-8\n      line 2, row 8: id 11, column username\n");
    assert_int_equal(ask(&import, "select count(*) from users"), 5);
    assert_int_equal(ask(&import, "select count(*) from users where password_hash = ''"), 1);
    end(&import);
}

static void rooms_are_made_where_they_are_missing(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, USERS "create table `group` (id int, owner_id int, room_id int, name text);"
                            "insert into `group` values (5,1,50,'with a room'),(6,1,0,'without');"
                            "create table contacts (id int, owner_id int, user_id int, group_id int, room_id int);"
                            "insert into contacts values (1,1,2,NULL,60),(2,2,1,0,60),(3,1,7,0,0),(4,7,1,0,0),"
                            "(5,1,0,5,50),(6,2,0,5,50),(7,1,0,6,0),(8,7,0,6,61);");
    says(&import, "The dump has no names of rooms: rooms are made from contacts and groups.");
    says(&import, "added 3: rooms that only contacts or groups know\n      room 50 g-5\n");
    assert_int_equal(ask(&import, "select room_id from rooms where name = 'u-1-2'"), 60);
    assert_int_equal(ask(&import, "select room_id from rooms where name = 'g-5'"), 50);
    assert_int_equal(ask(&import, "select room_id from rooms where name = 'g-6'"), 61);
    assert_int_equal(ask(&import, "select room_id from rooms where name = 'u-1-7'"), 62);
    assert_int_equal(ask(&import, "select count(*) from rooms"), 4);
    assert_int_equal(ask(&import, "select room_id from chat_groups where group_id = 6"), 61);
    assert_int_equal(ask(&import, "select count(*) from contacts"), 8);
    assert_int_equal(ask(&import, "select count(distinct room_id) from contacts"), 4);
    /* The members of groups too. */
    says(&import, "added 4: members of groups, from the owners of the contacts");
    assert_int_equal(ask(&import, "select count(*) from group_members where group_id = 6 and user_id in (1, 7)"), 2);
    end(&import);
}

static void contacts_that_cannot_be(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, USERS ROOMS CONTACTS
             "insert into contacts values (22,99,1,0,10),(23,1,99,0,10),(24,1,0,9,10),(25,1,0,0,10),(26,1,1,0,10),"
             "(27,1,7,0,10),(28,1,2,0,10),(29,7,1,9,0),(20,7,1,0,0);");
    says(&import, "skipped 1: its owner is unknown\n      line 4, row 1: contact 22 of user 99 with user 1, group 0\n");
    says(&import, "skipped 1: its user is unknown");
    says(&import, "skipped 1: its group is unknown");
    says(&import, "skipped 2: it is with neither a user nor a group, or with both");
    says(&import, "skipped 1: it is with oneself");
    says(&import, "skipped 1: its room belongs to others\n      line 4, row 6: contact 27, room 10\n");
    says(&import, "skipped 2: its id, or what must be unique in it, is there already");
    assert_int_equal(ask(&import, "select count(*) from contacts"), 2);
    end(&import);
}

/* Rows go in many at once: each is still told of by its own place, and all of them are in at each commit. */
static void rows_that_are_gathered(void **state)
{
    struct import import;
    begin(&import, state);
    import.batch = 27; /* no multiple of any statement's rows */
    struct text sql = {0};
    text_addf(&sql, "%s%s%s%s", USERS, ROOMS, CONTACTS, MESSAGES);
    for (unsigned i = 1; i <= 70; i++) /* a line each; the 5th and 6th are one message, the 60th is the 7th again */
        text_addf(&sql, "\ninsert into messages values (%u,10,1,1,'no %u',0,0);", i == 6 ? 5 : i == 60 ? 7 : i, i);
    text_addf(&sql, "\nCREATE TABLE deliveries (delivery_id bigint, user_id bigint, message_id bigint);"
                    "\ninsert into deliveries values (1,1,5)");
    for (unsigned i = 2; i <= 50; i++)
        text_addf(&sql, ",(%u,2,%u)", i == 33 ? 32 : i, i == 41 ? 6 : i == 42 ? 70 : 7);
    text_addf(&sql, ";");
    must_run(&import, sql.data);
    text_free(&sql);
    says(&import, "messages                 68 imported          2 skipped\n");
    says(&import, "    skipped 2: its id, or what must be unique in it, is there already\n"
                  "      line 10, row 1: id 5\n      line 64, row 1: id 7\n");
    says(&import, "deliveries               48 imported          2 skipped\n");
    says(&import, "      line 76, row 33: id 32\n");
    says(&import, "      line 76, row 41: delivery 41 of message 6 to user 2\n");
    assert_int_equal(ask(&import, "select count(*) from messages where text = 'no 5' or text = 'no 7'"), 2);
    assert_int_equal(ask(&import, "select count(*) from messages where text = 'no 6' or text = 'no 60'"), 0);
    assert_int_equal(ask(&import, "select message_id from deliveries where delivery_id = 42"), 70);
    /* Those of rooms go on behind the last one, which bert has by sync, in one list with it. */
    struct message_row message = {.room_id = 10, .message_id = 5};
    expect_delivery(&import, &message, 51);
    struct delivery_range range = {.user_id = 2, .limit = 2};
    struct message_row *list;
    size_t count;
    assert_int_equal(db_delivery_list(import.f->db, &range, &list, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_true(list[0].delivery_id == 51 && list[1].delivery_id == 50);
    message_rows_free(list, count);
    end(&import);
}

static void messages_and_what_contacts_show(void **state)
{
    static const char *const table[][2] = {
        {"(30,10,1,1,'0123456789012345678',0,0)", "0123456789012345678"},
        {"(30,10,1,1,'01234567890123456789',0,0)", "01234567890123456789..."},
        {"(30,10,1,1,'一二三四五六七八九十一二三四五六七八九十一',0,0)", "一二三四五六七八九十一二三四五六七八九十..."},
        {"(30,10,1,2,'',0,0)", "[图片]"},
        {"(30,10,1,3,'',5,0)", "[通话]"},
        {"(30,10,1,1,'gone',0,_binary '\\1')", "[消息已撤回]"},
        {"(30,10,1,1,'old',0,0),(31,10,2,1,'new',0,b'0')", "new"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct import import;
        begin(&import, state);
        struct text sql = {0};
        text_addf(&sql, "%s insert into messages values %s;", USERS ROOMS CONTACTS MESSAGES, table[i][0]);
        must_run(&import, sql.data);
        text_free(&sql);
        struct contact_row contact;
        assert_int_equal(db_contact_get(import.f->db, 21, &contact), ERR_OK);
        assert_string_equal(contact.last_message_content, table[i][1]);
        assert_int_equal(contact.last_message_us, NOW);
        contact_row_clear(&contact);
        assert_int_equal(ask(&import, "select count(*) from messages where revoked = 1 and text <> ''"), 0);
        assert_int_equal(db_script(import.f->db, "delete from calls; delete from messages; delete from contacts;"
                                                 "delete from rooms; delete from users"),
                         ERR_OK);
        end(&import);
    }
}

static void calls_are_over(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, USERS ROOMS CONTACTS MESSAGES
             "insert into messages values (30,10,1,3,'',1,0),(31,10,1,3,'',2,0),(32,10,1,3,'',9,0),(33,10,2,3,'',0,0);"
             "create table calls (call_id int, caller_id int, message_id int, members text, status int,"
             " start_time datetime, end_time datetime, end_reason int);"
             "insert into calls values (1,1,30,'[1,2]',4,'2023-05-01 12:00:00','2023-05-01 12:01:00',1),"
             "(2,1,31,'[1,2]',2,NULL,NULL,0),(3,2,33,'nonsense',4,NULL,'2023-05-01 12:01:00',2),"
             "(4,1,999,'[1,2]',4,NULL,NULL,1),(5,99,30,'[1,2]',4,NULL,NULL,1);");
    assert_int_equal(ask(&import, "select count(*) from calls where status <> 4"), 0);
    assert_int_equal(ask(&import, "select end_reason from calls where call_id = 1"), 1);
    assert_int_equal(ask(&import, "select end_at - start_at from calls where call_id = 1"), 60000000);
    assert_int_equal(ask(&import, "select count(*) from calls where start_at is null and call_id > 1"), 3);
    assert_int_equal(ask(&import, "select end_reason from calls where call_id = 2"), 6);
    assert_int_equal(ask(&import, "select end_at from calls where call_id = 2"), NOW);
    assert_int_equal(ask(&import, "select room_id from calls where call_id = 2"), 10);
    assert_int_equal(ask(&import, "select count(*) from calls where call_id = 3 and members = '[2]'"), 1);
    assert_int_equal(ask(&import, "select call_id from messages where message_id = 33"), 3);
    assert_int_equal(ask(&import, "select count(*) from calls where call_id = 9 and members = '[1]' and"
                                  " end_reason = 6 and message_id = 32"),
                     1);
    says(&import, "skipped 2: its caller or message is unknown");
    says(&import, "changed 1: it had not ended");
    end(&import);
}

static void requests(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, USERS "create table contact_requests (id int, request_uid int, user_id int, status int,"
                            " expired_at datetime, created_at datetime);"
                            "insert into contact_requests values (1,1,2,1,'2022-01-01 00:00:00',NULL),"
                            "(2,1,2,1,'2099-01-01 00:00:00',NULL),(3,2,1,1,'2099-01-01 00:00:00',NULL),"
                            "(4,1,2,2,'2022-01-01 00:00:00',NULL),(5,1,9,1,NULL,NULL),(6,1,1,1,NULL,NULL),"
                            "(7,1,7,5,NULL,NULL),(8,1,7,3,'2022-13-01 00:00:00',NULL);");
    assert_int_equal(ask(&import, "select status from contact_requests where request_id = 1"), 4);
    assert_int_equal(ask(&import, "select status from contact_requests where request_id = 2"), 1);
    assert_int_equal(ask(&import, "select count(*) from contact_requests"), 3);
    says(&import, "skipped 1: the same two have another pending request");
    says(&import, "skipped 2: it is to oneself, or its status is none of 1 to 4");
    says(&import, "skipped 1: one of its users is unknown");
    says(&import, "skipped 1: a time is not understood\n      line 2, row 8: id 8, column expired_at\n");
    end(&import);
}

static void what_was_deleted_softly(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, "create table users (id int, username text, password text, enabled int, deleted_at datetime);"
                      "insert into users values (1,'a','" HASH "',1,NULL),(2,'b','" HASH "',0,NULL),"
                      "(3,'c','" HASH "',1,'2023-01-01 00:00:00');" ROOMS
                      "create table messages (id int, room_id int, sender_id int, text text, deleted_at datetime);"
                      "insert into messages values (1,10,3,'x',NULL),(2,10,3,'y','2023-01-01 00:00:00');");
    assert_int_equal(ask(&import, "select sum(user_id) from users where enabled = 1"), 1);
    assert_int_equal(ask(&import, "select count(*) from users"), 3);
    assert_int_equal(ask(&import, "select message_id from messages"), 1);
    says(&import, "skipped 1: it was deleted in the original\n      line 2, row 2: id 2\n");
    end(&import);
}

static void zones_are_for_datetime_alone(void **state)
{
    struct import import;
    begin(&import, state);
    import.zone_s = 8 * 3600;
    must_run(&import, USERS ROOMS);
    assert_int_equal(ask(&import, "select created_at from users where user_id = 1"), 1682942400000000 - 28800000000);
    assert_int_equal(ask(&import, "select created_at from rooms"), 1682942400000000);
    end(&import);
}

static void a_map_is_followed(void **state)
{
    struct import import;
    begin(&import, state);
    char error[IMPORT_ERROR_MAX];
    static const char *const lines[] = {"users = app.people", "users.username = handle", "rooms = -"};
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
        assert_int_equal(import_map_add(import.map, lines[i], strlen(lines[i]), i, error), ERR_OK);
    must_run(&import, "create database app; use app; create table people (id int, handle text, password text);"
                      "insert into people values (1,'a','');" ROOMS
                      "use mysql; create table user (host text, user text); insert into user values ('%','root');");
    assert_int_equal(ask(&import, "select count(*) from users where username = 'a'"), 1);
    assert_int_equal(ask(&import, "select count(*) from rooms"), 0);
    end(&import);
}

static void dumps_that_are_refused(void **state)
{
    static const char *const table[][2] = {
        {"insert into users values (1,'a','b');", "line 1: there is neither a CREATE TABLE nor a list of columns"},
        {"create table users (id int, username text);",
         "line 1: no column of the dump's table for users is known as password"},
        {USERS "insert into users values (3,'x');", "line 2: row 1 has 2 values for 5 columns"},
        {USERS "insert into t_user values (3,'x');", "line 2: two tables of the dump could be users: users and t_user"},
        {USERS "insert into users values (3,'x", "The dump is not understood: line 2: the file ends within a text"},
        {USERS "insert into users (user_id, username) values (3,'x');", "line 2: no column"},
        {"\x1f\x8b\x08", "The dump cannot be read: it is compressed"},
        {"\xff\xfe-", "The dump cannot be read: it is UTF-16"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct import import;
        begin(&import, state);
        assert_int_equal(run(&import, table[i][0]), ERR_INVALID);
        if (!text_has_prefix(import.error, table[i][1]))
            fail_msg("%s", import.error);
        assert_int_equal(ask(&import, "select count(*) from users"), 0);
        end(&import);
    }
    struct import import;
    struct dump_file *dump;
    begin(&import, state);
    assert_int_equal(dump_file_open("/nowhere/x.sql", import.map, import.report, &dump, import.error), ERR_IO);
    assert_int_equal(dump_file_open("/dev/null", import.map, import.report, &dump, import.error), ERR_INVALID);
    end(&import);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    struct import import;
    begin(&import, state);
    must_run(&import, "\xef\xbb\xbf" USERS "-- Dump completed on 2023-01-01\n");
    assert_int_equal(ask(&import, "select count(*) from users"), 3);
    char *text = report_of(&import);
    assert_null(strstr(text, "it may be cut off"));
    free(text);
    end(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(ids_and_sequences_go_on),
        BOTH(the_order_in_the_file_does_not_matter),
        BOTH(names_that_differ_by_case),
        BOTH(rooms_are_made_where_they_are_missing),
        BOTH(contacts_that_cannot_be),
        BOTH(rows_that_are_gathered),
        BOTH(messages_and_what_contacts_show),
        BOTH(calls_are_over),
        BOTH(requests),
        BOTH(what_was_deleted_softly),
        BOTH(zones_are_for_datetime_alone),
        BOTH(a_map_is_followed),
        BOTH(dumps_that_are_refused),
        BOTH(a_byte_order_mark_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
