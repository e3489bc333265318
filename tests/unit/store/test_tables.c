/* The table families, on both databases: unique rules, orders, ranges. What services do with them is in
 * tests/unit/chat.
 */
#include "db_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/call.h"
#include "store/contact.h"
#include "store/group.h"
#include "store/login.h"
#include "store/message.h"
#include "store/node.h"
#include "store/request.h"
#include "store/room.h"
#include "store/setting.h"
#include "store/user.h"

#define NOW 1700000000000000

static void test_user_names_are_unique_without_case(void **state)
{
    struct db *db = db_of(state);
    uint64_t id = 0;
    assert_int_equal(db_fixture_user(db, "Anna", NOW), 1);
    assert_int_equal(db_user_insert(db, "ANNA", "h", "n", "", NOW, &id), ERR_EXISTS);
    assert_int_equal(db_user_insert(db, "anna", "h", "n", "", NOW, &id), ERR_EXISTS);
    assert_int_equal(db_user_insert(db, "Ärger", "h", "n", "", NOW, &id), ERR_OK);
    assert_int_equal(db_user_insert(db, "ärger", "h", "n", "", NOW, &id), ERR_EXISTS);
    char *hash;
    assert_int_equal(db_user_credentials(db, "aNNa", &id, &hash), ERR_OK);
    assert_int_equal(id, 1);
    assert_string_equal(hash, "hash");
    free(hash);
    assert_int_equal(db_user_credentials(db, "bert", &id, &hash), ERR_NOT_FOUND);
}

static void test_user_update_and_get(void **state)
{
    struct db *db = db_of(state);
    uint64_t id = db_fixture_user(db, "anna", NOW);
    assert_int_equal(db_user_update(db, id, "Anna", "file/a.png", NOW + 5), ERR_OK);
    assert_int_equal(db_user_update(db, id, "Änne", "", NOW + 6), ERR_OK);
    struct user_row row;
    assert_int_equal(db_user_get(db, id, &row), ERR_OK);
    assert_string_equal(row.username, "anna");
    assert_string_equal(row.nickname, "Änne");
    assert_string_equal(row.avatar, "file/a.png");
    assert_true(row.is_enabled);
    assert_true(row.created_us == NOW && row.updated_us == NOW + 6);
    user_row_clear(&row);
    assert_int_equal(db_user_get(db, 99, &row), ERR_NOT_FOUND);
}

static void test_users_get_keeps_order(void **state)
{
    struct db *db = db_of(state);
    uint64_t ids[40];
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "user%02d", i);
        ids[39 - i] = db_fixture_user(db, name, NOW);
        ids[i] = i % 3 == 0 ? 1 : i % 3 == 1 ? 1000 : 0;
    }
    struct user_row *rows;
    assert_int_equal(db_users_get(db, ids, 40, &rows), ERR_OK);
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "user%02d", i);
        assert_string_equal(rows[39 - i].username, name);
        assert_int_equal(rows[i].user_id, i % 3 == 0 ? 1 : 0);
    }
    user_rows_free(rows, 40);
    assert_int_equal(db_users_get(db, NULL, 0, &rows), ERR_OK);
    user_rows_free(rows, 0);
}

static size_t search(struct db *db, const char *keyword, uint64_t without, int64_t offset, int64_t limit,
                     uint64_t *first)
{
    struct user_search args = {.keyword = keyword, .without = without, .offset = offset, .limit = limit};
    struct user_row *rows;
    size_t count;
    assert_int_equal(db_users_search(db, &args, &rows, &count), ERR_OK);
    *first = count ? rows[0].user_id : 0;
    for (size_t i = 1; i < count; i++)
        assert_true(rows[i].user_id > rows[i - 1].user_id);
    user_rows_free(rows, count);
    return count;
}

static void test_users_search(void **state)
{
    struct db *db = db_of(state);
    uint64_t first;
    db_fixture_user(db, "anna", NOW);    /* 1 */
    db_fixture_user(db, "Annabel", NOW); /* 2 */
    db_fixture_user(db, "hannah", NOW);  /* 3 */
    db_fixture_user(db, "a_b", NOW);     /* 4 */
    assert_int_equal(search(db, "ANN", 0, 0, 10, &first), 2);
    assert_int_equal(first, 1);
    assert_int_equal(search(db, "ann", 1, 0, 10, &first), 1);
    assert_int_equal(first, 2);
    assert_int_equal(search(db, "%ann", 0, 0, 10, &first), 3);
    assert_int_equal(search(db, "a_n", 0, 0, 10, &first), 2);
    assert_int_equal(search(db, "a\\_", 0, 0, 10, &first), 1);
    assert_int_equal(first, 4);
    assert_int_equal(search(db, "", 0, 1, 2, &first), 2);
    assert_int_equal(first, 2);
    assert_int_equal(search(db, "x\\", 0, 0, 10, &first), 0);
}

static void test_logins(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW);
    struct login_row row = {.user_id = anna, .login_us = NOW, .expire_us = NOW + 10};
    const char *const ids[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++) {
        snprintf(row.login_id, sizeof(row.login_id), "%s", ids[i]);
        row.expire_us = NOW + 10 + i;
        assert_int_equal(db_login_insert(db, &row), ERR_OK);
    }
    assert_int_equal(db_login_insert(db, &row), ERR_EXISTS);
    struct login_row got;
    assert_int_equal(db_login_get(db, "two", &got), ERR_OK);
    assert_true(got.user_id == anna && got.login_us == NOW && got.expire_us == NOW + 11);
    assert_string_equal(got.login_id, "two");
    assert_int_equal(db_login_purge(db, NOW + 11), ERR_OK);
    assert_int_equal(db_login_get(db, "one", &got), ERR_NOT_FOUND);
    assert_int_equal(db_login_delete(db, anna + 1, "two"), ERR_OK); /* somebody else's: nothing happens */
    assert_int_equal(db_login_get(db, "two", &got), ERR_OK);
    struct login_row *deleted;
    size_t deleted_count;
    assert_int_equal(db_login_delete_others(db, anna, "three", &deleted, &deleted_count), ERR_OK);
    assert_int_equal(deleted_count, 1);
    assert_string_equal(deleted[0].login_id, "two");
    free(deleted);
    assert_int_equal(db_login_get(db, "two", &got), ERR_NOT_FOUND);
    assert_int_equal(db_login_get(db, "three", &got), ERR_OK);
    assert_int_equal(db_exec(db, NULL, "update users set enabled = 0", ""), ERR_OK);
    assert_int_equal(db_login_get(db, "three", &got), ERR_NOT_FOUND);
}

static void test_settings(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW);
    char *wallpaper;
    assert_int_equal(db_setting_get(db, anna, &wallpaper), ERR_NOT_FOUND);
    assert_int_equal(db_setting_put(db, anna, "file/1", NOW), ERR_OK);
    assert_int_equal(db_setting_put(db, anna, "file/2", NOW), ERR_OK);
    assert_int_equal(db_setting_get(db, anna, &wallpaper), ERR_OK);
    assert_string_equal(wallpaper, "file/2");
    free(wallpaper);
}

static void test_requests(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), bert = db_fixture_user(db, "bert", NOW),
             carl = db_fixture_user(db, "carl", NOW);
    struct request_row row = {
        .requester_id = anna, .user_id = bert, .expire_us = NOW + 10, .created_us = NOW, .updated_us = NOW};
    assert_int_equal(db_request_insert(db, &row), ERR_OK);
    assert_int_equal(row.request_id, 1);
    struct request_row other = {.requester_id = bert, .user_id = anna, .expire_us = NOW + 20};
    assert_int_equal(db_request_insert(db, &other), ERR_EXISTS); /* the pair has one, whoever asked */
    struct request_row got;
    assert_int_equal(db_request_find_pending(db, bert, anna, NOW, &got), ERR_OK);
    assert_int_equal(got.request_id, 1);
    assert_int_equal(db_request_find_pending(db, bert, anna, NOW + 10, &got), ERR_NOT_FOUND);
    assert_int_equal(db_request_expire(db, NOW + 10), ERR_OK);
    assert_int_equal(db_request_get(db, 1, &got), ERR_OK);
    assert_int_equal(got.status, REQUEST_EXPIRED);
    assert_int_equal(db_request_insert(db, &other), ERR_OK);
    other = (struct request_row){.requester_id = carl, .user_id = anna, .expire_us = NOW + 20};
    assert_int_equal(db_request_insert(db, &other), ERR_OK);
    struct request_row *list;
    size_t count;
    assert_int_equal(db_request_list(db, anna, NOW, &list, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].requester_id, carl); /* newest first */
    free(list);
    assert_int_equal(db_request_set_status(db, other.request_id, REQUEST_REJECTED, NOW), ERR_OK);
    assert_int_equal(db_request_list(db, anna, NOW, &list, &count), ERR_OK);
    assert_int_equal(count, 1);
    free(list);
}

static void test_rooms_contacts_groups(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), bert = db_fixture_user(db, "bert", NOW);
    char name[ROOM_NAME_MAX];
    room_pair_name(name, bert, anna);
    assert_string_equal(name, "u-1-2");
    uint64_t room = 0, again = 0;
    assert_int_equal(db_room_ensure(db, name, NOW, &room), ERR_OK);
    assert_int_equal(db_room_ensure(db, name, NOW, &again), ERR_OK);
    assert_int_equal(room, again);

    struct contact_row mine = {.owner_id = anna, .user_id = bert, .room_id = room, .created_us = NOW};
    assert_int_equal(db_contact_insert(db, &mine), ERR_OK);
    struct contact_row twice = mine;
    assert_int_equal(db_contact_insert(db, &twice), ERR_EXISTS);
    struct contact_row his = {.owner_id = bert, .user_id = anna, .room_id = room, .created_us = NOW + 1};
    assert_int_equal(db_contact_insert(db, &his), ERR_OK);

    struct group_row group = {.owner_id = bert, .name = "g", .avatar = "", .created_us = NOW};
    assert_int_equal(db_group_insert(db, &group), ERR_OK);
    assert_int_not_equal(group.room_id, room);
    assert_int_equal(db_group_add_member(db, group.group_id, bert, NOW), ERR_OK);
    assert_int_equal(db_group_add_member(db, group.group_id, anna, NOW), ERR_OK);
    assert_int_equal(db_group_add_member(db, group.group_id, anna, NOW), ERR_EXISTS);
    uint64_t *ids;
    size_t count;
    assert_int_equal(db_group_members(db, group.group_id, &ids, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_true(ids[0] == bert && ids[1] == anna);
    free(ids);
    bool is_member;
    assert_int_equal(db_group_has_member(db, group.group_id, 77, &is_member), ERR_OK);
    assert_false(is_member);

    assert_int_equal(db_room_members(db, room, &ids, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_true(ids[0] == anna && ids[1] == bert);
    free(ids);

    /* The last message, unless a newer one is known. */
    assert_int_equal(db_contact_set_last(db, room, 5, NOW + 5, "five"), ERR_OK);
    assert_int_equal(db_contact_set_last(db, room, 4, NOW + 4, "four"), ERR_OK);
    struct contact_row got;
    assert_int_equal(db_contact_get(db, his.contact_id, &got), ERR_OK);
    assert_string_equal(got.last_message_content, "five");
    assert_true(got.last_message_id == 5 && got.last_message_us == NOW + 5 && got.updated_us == NOW + 1);
    contact_row_clear(&got);
    uint64_t found;
    assert_int_equal(db_contact_find(db, anna, bert, &found), ERR_OK);
    assert_int_equal(found, mine.contact_id);
    assert_int_equal(db_contact_find(db, anna, anna, &found), ERR_NOT_FOUND);
}

static void expect_last(struct db *db, uint64_t contact_id, uint64_t message_id, const char *content)
{
    struct contact_row got;
    assert_int_equal(db_contact_get(db, contact_id, &got), ERR_OK);
    assert_int_equal(got.last_message_id, message_id);
    assert_string_equal(got.last_message_content, content);
    contact_row_clear(&got);
}

/* Put off to the transaction's end, the newest of each room; a step that is taken back takes its own along. */
static void test_last_message_in_transaction(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), bert = db_fixture_user(db, "bert", NOW), one, two;
    assert_int_equal(db_room_ensure(db, "u-1-2", NOW, &one), ERR_OK);
    assert_int_equal(db_room_ensure(db, "u-9-9", NOW, &two), ERR_OK);
    struct contact_row a = {.owner_id = anna, .user_id = bert, .room_id = one, .created_us = NOW};
    struct contact_row b = {.owner_id = bert, .user_id = anna, .room_id = two, .created_us = NOW};
    struct contact_row late = {.owner_id = bert, .user_id = bert, .room_id = one, .created_us = NOW};
    assert_int_equal(db_contact_insert(db, &a), ERR_OK);
    assert_int_equal(db_contact_insert(db, &b), ERR_OK);

    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_contact_set_last(db, two, 1, NOW, "one of two"), ERR_OK);
    db_step(db);
    assert_int_equal(db_contact_set_last(db, one, 3, NOW, "three"), ERR_OK);
    assert_int_equal(db_contact_set_last(db, one, 2, NOW, "two, changed"), ERR_OK);
    assert_int_equal(db_contact_set_last(db, one, 3, NOW, "three, changed"), ERR_OK);
    db_step(db);
    assert_int_equal(db_contact_set_last(db, one, 4, NOW, "taken back"), ERR_OK);
    assert_int_equal(db_contact_insert(db, &late), ERR_OK); /* all above is written first, and taken back with it */
    assert_int_equal(db_step_undo(db), ERR_OK);
    expect_last(db, a.contact_id, 0, "");
    db_step(db);
    assert_int_equal(db_contact_insert(db, &late), ERR_OK);
    expect_last(db, a.contact_id, 3, "three, changed");
    expect_last(db, b.contact_id, 1, "one of two");
    db_step(db);
    assert_int_equal(db_contact_set_last(db, two, 5, NOW, "five"), ERR_OK);
    expect_last(db, b.contact_id, 1, "one of two");
    db_step(db);
    assert_int_equal(db_contact_set_last(db, two, 6, NOW, "taken back, too"), ERR_OK);
    assert_int_equal(db_step_undo(db), ERR_OK); /* not one statement came through in it */
    assert_int_equal(db_commit(db), ERR_OK);
    expect_last(db, a.contact_id, 3, "three, changed");
    expect_last(db, b.contact_id, 5, "five");
    expect_last(db, late.contact_id, 0, ""); /* it came after those messages */

    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_contact_set_last(db, one, 7, NOW, "never"), ERR_OK);
    db_rollback(db);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
    expect_last(db, a.contact_id, 3, "three, changed");

    assert_int_equal(db_contact_set_last(db, one, 3, NOW, "three, revoked"), ERR_OK);
    expect_last(db, a.contact_id, 3, "three, revoked");
    expect_last(db, late.contact_id, 0, "");
    assert_int_equal(db_contact_set_last(db, one, 8, NOW, "eight"), ERR_OK);
    expect_last(db, late.contact_id, 8, "eight");
}

/* Only into the room of a contact of the sender's own. */
static void test_message_insert_to(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), bert = db_fixture_user(db, "bert", NOW), other, room;
    assert_int_equal(db_room_ensure(db, "g-1", NOW, &other), ERR_OK);
    assert_int_equal(db_room_ensure(db, "u-1-2", NOW, &room), ERR_OK);
    struct contact_row mine = {.owner_id = anna, .user_id = bert, .room_id = room, .created_us = NOW};
    assert_int_equal(db_contact_insert(db, &mine), ERR_OK);
    struct message_row row = {.sender_id = bert, .type = MESSAGE_IMAGE, .text = "t", .image = "i", .thumbnail = "n"};
    row.created_us = NOW;
    assert_int_equal(db_message_insert_to(db, mine.contact_id, &row), ERR_NOT_FOUND); /* anna's */
    row.sender_id = anna;
    assert_int_equal(db_message_insert_to(db, mine.contact_id + 1, &row), ERR_NOT_FOUND);
    assert_int_equal(row.room_id, 0);
    assert_int_equal(db_message_insert_to(db, mine.contact_id, &row), ERR_OK);
    assert_int_equal(row.message_id, 1); /* the only one */
    assert_int_equal(row.room_id, room);
    assert_int_equal(row.updated_us, NOW);
    struct message_row got;
    assert_int_equal(db_message_get(db, 1, &got), ERR_OK);
    assert_true(got.room_id == room && got.sender_id == anna && got.type == MESSAGE_IMAGE && !got.is_revoked);
    assert_true(got.call_id == 0 && got.created_us == NOW && got.updated_us == NOW);
    assert_string_equal(got.text, "t");
    assert_string_equal(got.image, "i");
    assert_string_equal(got.thumbnail, "n");
    message_row_clear(&got);
}

static void test_messages(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), room = 0;
    assert_int_equal(db_room_ensure(db, "u-1-2", NOW, &room), ERR_OK);
    struct message_row row = {.room_id = room,
                              .sender_id = anna,
                              .type = MESSAGE_TEXT,
                              .text = "",
                              .image = "",
                              .thumbnail = "t",
                              .created_us = NOW};
    for (int i = 1; i <= 12; i++) {
        char text[8];
        snprintf(text, sizeof(text), "m%d", i);
        row.text = text;
        assert_int_equal(db_message_insert(db, &row), ERR_OK);
        assert_int_equal(row.message_id, i);
    }
    struct message_row *list;
    size_t count;
    assert_int_equal(db_message_list(db, room, 0, 5, &list, &count), ERR_OK);
    assert_int_equal(count, 5);
    assert_int_equal(list[0].message_id, 8);
    assert_string_equal(list[4].text, "m12");
    message_rows_free(list, count);
    assert_int_equal(db_message_list(db, room, 3, 5, &list, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[1].message_id, 2);
    message_rows_free(list, count);
}

static void test_calls(void **state)
{
    struct db *db = db_of(state);
    uint64_t anna = db_fixture_user(db, "anna", NOW), room = 0;
    assert_int_equal(db_room_ensure(db, "g-1", NOW, &room), ERR_OK);
    struct message_row message = {
        .room_id = room, .sender_id = anna, .type = MESSAGE_CALL, .text = "", .image = "", .thumbnail = ""};
    assert_int_equal(db_message_insert(db, &message), ERR_OK);
    struct call_row row = {.caller_id = anna,
                           .message_id = message.message_id,
                           .room_id = room,
                           .members = "[1,2]",
                           .status = 1,
                           .node = "n1",
                           .created_us = NOW};
    assert_int_equal(db_call_insert(db, &row), ERR_OK);
    struct call_row other = row;
    other.node = "n2";
    assert_int_equal(db_call_insert(db, &other), ERR_OK);
    uint64_t *open;
    size_t count;
    assert_int_equal(db_call_list_of_node(db, "n1", &open, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(open[0], row.call_id);
    free(open);
    assert_int_equal(db_node_put(db, "n1", NOW), ERR_OK);
    assert_int_equal(db_call_list_of_nobody(db, &open, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(open[0], other.call_id);
    free(open);
    assert_int_equal(db_node_put(db, "n2", NOW + 1), ERR_OK);
    assert_int_equal(db_node_prune(db, NOW + 1), ERR_OK);
    assert_int_equal(db_call_list_of_nobody(db, &open, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(open[0], row.call_id);
    free(open);
    row.status = 4;
    row.end_us = NOW + 9;
    row.end_reason = 6;
    assert_int_equal(db_call_update(db, &row), ERR_OK);
    assert_int_equal(db_call_list_of_node(db, "n1", &open, &count), ERR_OK);
    assert_int_equal(count, 0);
    free(open);
    struct call_row got;
    assert_int_equal(db_call_get(db, row.call_id, &got), ERR_OK);
    assert_true(got.start_us == 0 && got.end_us == NOW + 9 && got.status == 4 && got.end_reason == 6);
    assert_string_equal(got.members, "[1,2]");
    call_row_clear(&got);
    assert_int_equal(db_call_get(db, 77, &got), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_user_names_are_unique_without_case),
        BOTH(test_user_update_and_get),
        BOTH(test_users_get_keeps_order),
        BOTH(test_users_search),
        BOTH(test_logins),
        BOTH(test_settings),
        BOTH(test_requests),
        BOTH(test_rooms_contacts_groups),
        BOTH(test_last_message_in_transaction),
        BOTH(test_message_insert_to),
        BOTH(test_messages),
        BOTH(test_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
