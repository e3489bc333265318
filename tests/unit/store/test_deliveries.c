/* Deliveries on both databases: of rooms and, from before, of users; who gets what, in which order. */
#include "db_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/contact.h"
#include "store/group.h"
#include "store/message.h"
#include "store/room.h"

#define NOW 1700000000000000

/* As an import and older versions wrote them. */
static void add_old_delivery(struct db *db, uint64_t user_id, uint64_t message_id)
{
    assert_int_equal(db_exec(db, NULL, "insert into deliveries (user_id, message_id, created_at) values ($1, $2, $3)",
                             "iii", (int64_t)user_id, (int64_t)message_id, (int64_t)NOW),
                     ERR_OK);
}

static void add_member(struct db *db, uint64_t room, uint64_t user_id)
{
    struct group_row group = {.owner_id = user_id, .name = "g", .avatar = "", .created_us = NOW};
    assert_int_equal(db_group_insert(db, &group), ERR_OK);
    struct contact_row contact = {.owner_id = user_id, .group_id = group.group_id, .room_id = room, .created_us = NOW};
    assert_int_equal(db_contact_insert(db, &contact), ERR_OK);
}

/* A room with a contact of each of the users. */
static uint64_t add_room(struct db *db, const char *name, const uint64_t *users, size_t count)
{
    uint64_t room = 0;
    assert_int_equal(db_room_ensure(db, name, NOW, &room), ERR_OK);
    for (size_t i = 0; i < count; i++)
        add_member(db, room, users[i]);
    return room;
}

static struct message_row add_message(struct db *db, uint64_t room, uint64_t sender)
{
    struct message_row row = {
        .room_id = room, .sender_id = sender, .type = MESSAGE_TEXT, .text = "t", .created_us = NOW};
    row.image = row.thumbnail = "";
    assert_int_equal(db_message_insert(db, &row), ERR_OK);
    return row;
}

static uint64_t deliver_new(struct db *db, uint64_t room, uint64_t sender, size_t receivers)
{
    struct message_row row = add_message(db, room, sender);
    uint64_t id = 0, *members;
    size_t count;
    assert_int_equal(db_delivery_insert_room(db, &row, NOW, &id, &members, &count), ERR_OK);
    free(members);
    assert_int_equal(count, receivers);
    return id;
}

/* "6 5 2 " of the user's deliveries, as sync lists them. */
static void expect_sync(struct db *db, struct delivery_range range, const char *want)
{
    struct message_row *list;
    size_t count;
    char got[256] = "";
    assert_int_equal(db_delivery_list(db, &range, &list, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "%d ", (int)list[i].delivery_id);
    }
    assert_string_equal(got, want);
    message_rows_free(list, count);
}

static void expect_last_delivery(struct db *db, uint64_t user_id, uint64_t want)
{
    uint64_t id = 99;
    assert_int_equal(db_delivery_last(db, user_id, &id), ERR_OK);
    assert_int_equal(id, want);
}

/* Nothing of what was before, everything since; the others keep theirs. */
static void test_delivery_to_who_joins_later(void **state)
{
    struct db *db = db_of(state);
    uint64_t users[] = {db_fixture_user(db, "anna", NOW), db_fixture_user(db, "bert", NOW)};
    uint64_t room = add_room(db, "g-1", users, 1), empty = add_room(db, "g-2", NULL, 0);
    assert_int_equal(deliver_new(db, room, users[0], 1), 1);
    assert_int_equal(deliver_new(db, room, users[0], 1), 2);
    assert_int_equal(deliver_new(db, empty, users[0], 0), 3); /* a room of nobody */
    (void)add_room(db, "g-1", &users[1], 1);
    expect_last_delivery(db, users[1], 0);
    expect_sync(db, (struct delivery_range){.user_id = users[1], .limit = 50}, "");
    assert_int_equal(deliver_new(db, room, users[0], 2), 4);
    expect_last_delivery(db, users[0], 4);
    expect_last_delivery(db, users[1], 4);
    expect_sync(db, (struct delivery_range){.user_id = users[0], .limit = 50}, "4 2 1 ");
    expect_sync(db, (struct delivery_range){.user_id = users[1], .limit = 50}, "4 ");
    expect_sync(db, (struct delivery_range){.user_id = users[1], .after = 1, .limit = 50}, "4 ");
}

/* Of several rooms, and of rows for him alone, in one order, bounds and limit across all of them. */
static void test_deliveries_of_all_kinds(void **state)
{
    struct db *db = db_of(state);
    uint64_t users[] = {db_fixture_user(db, "anna", NOW), db_fixture_user(db, "bert", NOW),
                        db_fixture_user(db, "carl", NOW)};
    uint64_t one = add_room(db, "g-1", users, 2), two = add_room(db, "g-2", &users[1], 2);
    struct message_row row = add_message(db, one, users[0]);
    for (unsigned i = 0; i < 6; i++) /* 1 to 6, bert's: the even ones */
        add_old_delivery(db, users[i % 2], row.message_id);
    if (db_kind(db) == DB_SQLITE) /* as migration and import do it */
        assert_int_equal(db_exec(db, NULL, "insert into sqlite_sequence values ('room_deliveries', 6)", ""), ERR_OK);
    for (uint64_t id = 7; id <= 14; id++) /* bert: all, anna: but 8, 11 and 14 */
        assert_int_equal(deliver_new(db, id % 3 == 2 ? two : one, users[1], 2), id);
    expect_last_delivery(db, users[0], 13);
    expect_last_delivery(db, users[1], 14);
    struct delivery_range range = {.user_id = users[1], .limit = 50};
    expect_sync(db, range, "14 13 12 11 10 9 8 7 6 4 2 ");
    range.limit = 9;
    expect_sync(db, range, "14 13 12 11 10 9 8 7 6 ");
    range.before = 8;
    expect_sync(db, range, "7 6 4 2 ");
    range.before = 7;
    expect_sync(db, range, "6 4 2 ");
    range = (struct delivery_range){.user_id = users[1], .after = 4, .before = 12, .limit = 3};
    expect_sync(db, range, "11 10 9 ");
    range.limit = 50;
    expect_sync(db, range, "11 10 9 8 7 6 ");
    range = (struct delivery_range){.user_id = users[1], .after = 14, .limit = 5};
    expect_sync(db, range, "");
    range = (struct delivery_range){.user_id = users[0], .limit = 4};
    expect_sync(db, range, "13 12 10 9 ");
    range = (struct delivery_range){.user_id = users[2], .limit = 2};
    expect_sync(db, range, "14 11 ");
    expect_sync(db, (struct delivery_range){.user_id = 99, .limit = 5}, "");
}

/* Each delivery of one message, as the message is now. */
static void test_deliveries_show_the_current_message(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), room = add_room(db, "g-1", &anna, 1), *members;
    struct message_row row = add_message(db, room, anna);
    for (uint64_t id = 0, i = 1; i <= 2; i++) {
        size_t count;
        assert_int_equal(db_delivery_insert_room(db, &row, NOW, &id, &members, &count), ERR_OK);
        assert_int_equal(id, i);
        assert_int_equal(count, 1);
        assert_int_equal(members[0], anna);
        free(members);
    }
    struct message_row change = {
        .message_id = row.message_id, .text = "", .image = "", .thumbnail = "", .is_revoked = true, .updated_us = NOW};
    assert_int_equal(db_message_update(db, &change), ERR_OK);
    struct delivery_range range = {.user_id = anna, .limit = 10};
    struct message_row *list;
    size_t count;
    assert_int_equal(db_delivery_list(db, &range, &list, &count), ERR_OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(list[i].delivery_id, 2 - i);
        assert_int_equal(list[i].message_id, row.message_id);
        assert_true(list[i].is_revoked);
        assert_string_equal(list[i].text, "");
    }
    message_rows_free(list, count);
}

static void expect_members(struct db *db, uint64_t room, const uint64_t *want, size_t want_count)
{
    uint64_t *got;
    size_t count;
    assert_int_equal(db_room_members(db, room, &got, &count), ERR_OK);
    assert_int_equal(count, want_count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(got[i], want[i]);
    free(got);
}

/* Members that are known within a transaction: who comes in is one at once, who is taken back is none. */
static void test_members_within_a_transaction(void **state)
{
    struct db *db = db_of(state);
    uint64_t users[] = {db_fixture_user(db, "anna", NOW), db_fixture_user(db, "bert", NOW),
                        db_fixture_user(db, "carl", NOW)};
    uint64_t one = add_room(db, "g-1", users, 2), other = add_room(db, "g-2", users + 1, 2);
    assert_int_equal(db_begin(db), ERR_OK);
    db_step(db);
    for (unsigned i = 0; i < 2; i++)
        expect_members(db, one, users, 2);
    expect_members(db, other, users + 1, 2);
    expect_members(db, one, users, 2);
    db_step(db);
    add_member(db, one, users[2]);
    expect_members(db, one, users, 3);
    expect_members(db, one, users, 3);
    assert_int_equal(db_step_undo(db), ERR_OK);
    expect_members(db, one, users, 2);
    db_step(db);
    add_member(db, one, users[2]);
    expect_members(db, one, users, 3);
    db_rollback(db);
    expect_members(db, one, users, 2);
    assert_int_equal(db_begin(db), ERR_OK);
    expect_members(db, one, users, 2);
    add_member(db, one, users[2]);
    assert_int_equal(db_commit(db), ERR_OK);
    expect_members(db, one, users, 3);
    uint64_t nobody = 0;
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_room_ensure(db, "g-3", NOW, &nobody), ERR_OK);
    expect_members(db, nobody, NULL, 0);
    expect_members(db, nobody, NULL, 0);
    assert_int_equal(db_commit(db), ERR_OK);
}

/* Several servers: one sends while another one adds a member. Whoever is among those who are told finds it by
 * sync, and who joined later than a delivery does not. */
static void test_join_and_send_at_once(void **state)
{
    struct db_fixture *f = *state;
    if (f->kind != DB_POSTGRES) /* it has one writer */
        return;
    struct db *other;
    assert_int_equal(db_open(f->url, &other), ERR_OK);
    uint64_t users[] = {db_fixture_user(f->db, "anna", NOW), db_fixture_user(f->db, "bert", NOW),
                        db_fixture_user(f->db, "carl", NOW)};
    uint64_t room = add_room(f->db, "g-1", users, 1);
    /* The sender's transaction began, and took an id, before the member joined. */
    assert_int_equal(db_begin(f->db), ERR_OK);
    uint64_t first = deliver_new(f->db, room, users[0], 1);
    uint64_t between = deliver_new(other, room, users[0], 1);
    (void)add_room(other, "g-1", &users[1], 1);
    uint64_t second = deliver_new(f->db, room, users[0], 2); /* he is seen, though the transaction is older */
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(first < between && between < second);
    char want[32];
    snprintf(want, sizeof(want), "%d ", (int)second);
    expect_sync(other, (struct delivery_range){.user_id = users[1], .limit = 5}, want);
    /* The joining is not committed yet: he is not told, and what he was not told comes by sync. */
    assert_int_equal(db_begin(other), ERR_OK);
    (void)add_room(other, "g-1", &users[2], 1);
    uint64_t third = deliver_new(f->db, room, users[0], 2);
    assert_int_equal(db_commit(other), ERR_OK);
    snprintf(want, sizeof(want), "%d ", (int)third);
    expect_sync(other, (struct delivery_range){.user_id = users[2], .limit = 5}, want);
    db_close(other);
}

struct told {
    uint64_t delivery_id;
    uint64_t members;
};

/* In a process of its own, as a server is. */
static void deliver_and_tell(const char *url, const struct message_row *row, int to)
{
    struct db *db;
    struct told told = {0};
    uint64_t *members;
    size_t count = 0;
    enum err err = db_open(url, &db);
    if (!err)
        err = db_delivery_insert_room(db, row, NOW, &told.delivery_id, &members, &count);
    told.members = count;
    _exit(!err && write(to, &told, sizeof(told)) == sizeof(told) ? 0 : 1);
}

static void wait_until_it_waits(struct db *db)
{
    for (int i = 0; i < 3000; i++) {
        int64_t waiting;
        assert_int_equal(db_get_i64(db, &waiting,
                                    "select count(*) from pg_locks where not granted"
                                    " and relation = 'contacts'::regclass",
                                    ""),
                         ERR_OK);
        if (waiting)
            return;
        usleep(10000); /* the interval of looking */
    }
    fail_msg("nobody waits");
}

/* One server is held up in the midst of a delivery, while a third one's is made and somebody joins who need not see
 * that one. If the held one had its id by then, it would be too low for him, whom it finds among the members. */
static void test_id_is_taken_after_the_members(void **state)
{
    struct db_fixture *f = *state;
    if (f->kind != DB_POSTGRES) /* it has one writer */
        return;
    uint64_t users[] = {db_fixture_user(f->db, "anna", NOW), db_fixture_user(f->db, "bert", NOW)};
    uint64_t room = add_room(f->db, "g-1", users, 1);
    struct message_row row = add_message(f->db, room, users[0]);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_script(f->db, "lock table contacts in access exclusive mode"), ERR_OK);
    pid_t child = fork();
    if (child == 0)
        deliver_and_tell(f->url, &row, ends[1]);
    wait_until_it_waits(f->db);
    uint64_t before = deliver_new(f->db, room, users[0], 1);
    (void)add_room(f->db, "g-1", &users[1], 1);
    assert_int_equal(db_commit(f->db), ERR_OK);
    struct told told = {0};
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &told, sizeof(told)), sizeof(told));
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(told.members, 2);
    assert_true(told.delivery_id > before);
    char want[32];
    snprintf(want, sizeof(want), "%d ", (int)told.delivery_id);
    expect_sync(f->db, (struct delivery_range){.user_id = users[1], .limit = 5}, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_delivery_to_who_joins_later),         BOTH(test_deliveries_of_all_kinds),
        BOTH(test_deliveries_show_the_current_message), BOTH(test_join_and_send_at_once),
        BOTH(test_id_is_taken_after_the_members),       BOTH(test_members_within_a_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
