/* Messages on both databases: each way and each error of the contract. */
#include "chat_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "chat/contact.h"
#include "chat/message.h"

struct pair {
    uint64_t anna, bert, a, b; /* a: anna's contact, b: bert's */
};

static struct pair make_pair(struct chat_fixture *f)
{
    struct pair p = {.anna = add_user(f, "anna"), .bert = add_user(f, "bert")};
    make_friends(f, p.anna, p.bert, &p.a, &p.b);
    return p;
}

static uint64_t send_text(struct chat_fixture *f, uint64_t user, uint64_t contact, const char *text)
{
    struct message_send_args args = {.contact_id = contact, .text = text};
    json_t *data = expect_data(f, message_send_op(f->chat, user, &args));
    uint64_t id = (uint64_t)json_integer_value(json_object_get(data, "messageId"));
    json_decref(data);
    return id;
}

static void expect_last(struct chat_fixture *f, uint64_t contact, uint64_t id, const char *content)
{
    int64_t last;
    assert_int_equal(db_get_i64(f->base->db, &last,
                                "select r.last_message_id from contacts c join rooms r on r.room_id = c.room_id"
                                " where c.contact_id = $1 and r.last_message_content = $2",
                                "is", (int64_t)contact, content),
                     ERR_OK);
    assert_int_equal(last, id);
}

static void test_send(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn one, two, other;
    struct pair p = make_pair(f);
    listen_as(f, &one, p.anna);
    listen_as(f, &two, p.anna); /* all his sessions */
    listen_as(f, &other, p.bert);
    struct message_send_args args = {.contact_id = p.a, .local_id = "l2", .text = "hi <&>"};
    assert_json_take(expect_data(f, message_send_op(f->chat, p.anna, &args)),
                     "{\"messageId\":1,\"roomId\":1,\"senderId\":1,\"type\":1,\"text\":\"hi <&>\",\"image\":\"\","
                     "\"thumbnail\":\"\",\"callId\":0,\"revoked\":false,\"createdAt\":\"*\",\"updatedAt\":\"*\","
                     "\"call\":null,\"localId\":\"l2\",\"deliveryId\":0}");
    /* One delivery, of which both are told; localId is the sender's alone. */
    assert_json_take(fake_next_json(f, &other),
                     "{\"type\":1,\"payload\":{\"messageId\":1,\"roomId\":1,\"senderId\":1,\"type\":1,"
                     "\"text\":\"hi <&>\",\"image\":\"\",\"thumbnail\":\"\",\"callId\":0,\"revoked\":false,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\",\"call\":null,\"localId\":\"\",\"deliveryId\":1,"
                     "\"isNew\":true}}");
    const char *own = "{\"type\":1,\"payload\":{\"messageId\":1,\"roomId\":1,\"senderId\":1,\"type\":1,"
                      "\"text\":\"hi <&>\",\"image\":\"\",\"thumbnail\":\"\",\"callId\":0,\"revoked\":false,"
                      "\"createdAt\":\"*\",\"updatedAt\":\"*\",\"call\":null,\"localId\":\"l2\",\"deliveryId\":1,"
                      "\"isNew\":true}}";
    assert_json_take(fake_next_json(f, &one), own);
    assert_json_take(fake_next_json(f, &two), own);
    expect_last(f, p.a, 1, "hi <&>");
    expect_last(f, p.b, 1, "hi <&>");
    struct fake_conn *conns[] = {&one, &two, &other};
    for (int i = 0; i < 3; i++) {
        fake_assert_quiet(conns[i]);
        fake_drop(conns[i]);
        fake_clear(conns[i]);
    }
}

static void test_send_errors(void **state)
{
    struct chat_fixture *f = *state;
    struct pair p = make_pair(f);
    struct message_send_args args = {.contact_id = p.a, .local_id = "x"};
    expect_code(f, message_send_op(f->chat, p.anna, &args), CHAT_EMPTY_MESSAGE);
    args.text = "x";
    expect_code(f, message_send_op(f->chat, p.bert, &args), CHAT_FORBIDDEN);
    args.contact_id = 99;
    expect_code(f, message_send_op(f->chat, p.anna, &args), CHAT_CONTACT_MISSING);
    assert_int_equal(sql_i64(f, "select count(*) from messages"), 0);
    assert_int_equal(sql_i64(f, "select count(*) from room_deliveries"), 0);
}

static void test_types_and_summaries(void **state)
{
    struct chat_fixture *f = *state;
    struct pair p = make_pair(f);
    send_text(f, p.anna, p.a, "一二三四五六七八九十一二三四五六七八九");
    expect_last(f, p.b, 1, "一二三四五六七八九十一二三四五六七八九");
    send_text(f, p.anna, p.a, "01234567890123456789");
    expect_last(f, p.b, 2, "01234567890123456789...");
    send_text(f, p.anna, p.a, "一二三四五六七八九十一二三四五六七八九十x");
    expect_last(f, p.b, 3, "一二三四五六七八九十一二三四五六七八九十...");
    struct message_send_args args = {.contact_id = p.a, .image = "file/x.png"};
    assert_json_take(expect_data(f, message_send_op(f->chat, p.anna, &args)),
                     "{\"messageId\":4,\"roomId\":1,\"senderId\":1,\"type\":2,\"text\":\"\",\"image\":\"file/x.png\","
                     "\"thumbnail\":\"\",\"callId\":0,\"revoked\":false,\"createdAt\":\"*\",\"updatedAt\":\"*\","
                     "\"call\":null,\"localId\":\"\",\"deliveryId\":0}");
    expect_last(f, p.b, 4, "[图片]");
    args = (struct message_send_args){.contact_id = p.a, .text = "t", .image = "file/x.png"};
    json_t *data = expect_data(f, message_send_op(f->chat, p.anna, &args));
    assert_int_equal(json_integer_value(json_object_get(data, "type")), 1); /* text wins */
    json_decref(data);
}

static void test_group_members_all_get_it(void **state)
{
    struct chat_fixture *f = *state;
    struct pair p = make_pair(f);
    uint64_t carl = add_user(f, "carl"), c;
    make_friends(f, p.anna, carl, &c, NULL);
    uint64_t contacts[] = {p.a, c};
    struct group_create_args group = {.name = "g", .avatar = "", .contact_ids = contacts, .count = 2};
    expect_code(f, group_create_op(f->chat, p.anna, &group), CHAT_OK);
    struct fake_conn conns[3];
    for (uint64_t i = 0; i < 3; i++)
        listen_as(f, &conns[i], i + 1);
    uint64_t id = send_text(f, carl, group_contact_of(f, carl), "to all");
    for (uint64_t i = 0; i < 3; i++) {
        json_t *notice = fake_next_json(f, &conns[i]);
        json_t *payload = json_object_get(notice, "payload");
        assert_int_equal(json_integer_value(json_object_get(payload, "messageId")), id);
        assert_int_equal(json_integer_value(json_object_get(payload, "deliveryId")), 1); /* all the same */
        json_decref(notice);
        fake_assert_quiet(&conns[i]);
        fake_drop(&conns[i]);
        fake_clear(&conns[i]);
    }
    assert_int_equal(sql_i64(f, "select count(*) from room_deliveries"), 1);
    /* A stranger has no contact of that room, so no way in. */
    uint64_t dora = add_user(f, "dora");
    struct message_list_args list = {.contact_id = group_contact_of(f, carl)};
    expect_code(f, message_list_op(f->chat, dora, &list), CHAT_FORBIDDEN);
    struct message_send_args args = {.contact_id = list.contact_id, .text = "x"};
    expect_code(f, message_send_op(f->chat, dora, &args), CHAT_FORBIDDEN);
}

static struct op *revoke_op(struct chat_fixture *f, uint64_t user, uint64_t message)
{
    struct message_revoke_args args = {.message_id = message};
    return message_revoke_op(f->chat, user, &args);
}

static void test_revoke(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    struct pair p = make_pair(f);
    uint64_t first = send_text(f, p.anna, p.a, "first"), second = send_text(f, p.anna, p.a, "second");
    listen_as(f, &conn, p.bert);
    expect_code(f, revoke_op(f, p.bert, second), CHAT_FORBIDDEN);
    expect_code(f, revoke_op(f, p.anna, 999), CHAT_FORBIDDEN);
    assert_null(expect_data(f, revoke_op(f, p.anna, second)));
    assert_json_take(fake_next_json(f, &conn),
                     "{\"type\":1,\"payload\":{\"messageId\":2,\"roomId\":1,\"senderId\":1,\"type\":1,\"text\":\"\","
                     "\"image\":\"\",\"thumbnail\":\"\",\"callId\":0,\"revoked\":true,\"createdAt\":\"*\","
                     "\"updatedAt\":\"*\",\"call\":null,\"localId\":\"\",\"deliveryId\":3,\"isNew\":false}}");
    expect_last(f, p.a, 2, "[消息已撤回]");
    assert_null(expect_data(f, revoke_op(f, p.anna, second))); /* again succeeds again */
    assert_null(expect_data(f, revoke_op(f, p.anna, first)));
    expect_last(f, p.a, 2, "[消息已撤回]"); /* the older one changes nothing there */
    uint64_t third = send_text(f, p.anna, p.a, "third");
    assert_int_equal(db_exec(f->base->db, NULL, "update messages set created_at = created_at - 121000000", ""), ERR_OK);
    expect_code(f, revoke_op(f, p.anna, third), CHAT_TOO_LATE_TO_REVOKE);
    fake_drop(&conn);
    fake_clear(&conn);
}

static void test_delay_upload(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    struct pair p = make_pair(f);
    struct message_send_args args = {.contact_id = p.a, .thumbnail = "2x1;data:image/jpeg;base64,AA=="};
    json_decref(expect_data(f, message_send_op(f->chat, p.anna, &args)));
    uint64_t text = send_text(f, p.anna, p.a, "text");
    listen_as(f, &conn, p.bert);
    struct message_delay_upload_args late = {.message_id = 1, .image = "file/late.png"};
    expect_code(f, message_delay_upload_op(f->chat, p.bert, &late), CHAT_FORBIDDEN); /* not his */
    late.message_id = text;
    expect_code(f, message_delay_upload_op(f->chat, p.anna, &late), CHAT_FORBIDDEN); /* no image */
    late.message_id = 1;
    assert_null(expect_data(f, message_delay_upload_op(f->chat, p.anna, &late)));
    json_t *notice = fake_next_json(f, &conn);
    json_t *payload = json_object_get(notice, "payload");
    assert_string_equal(json_string_value(json_object_get(payload, "image")), "file/late.png");
    assert_string_equal(json_string_value(json_object_get(payload, "thumbnail")), args.thumbnail);
    assert_false(json_boolean_value(json_object_get(payload, "isNew")));
    json_decref(notice);
    expect_code(f, message_delay_upload_op(f->chat, p.anna, &late), CHAT_FORBIDDEN); /* has one already */
    json_decref(expect_data(f, message_send_op(f->chat, p.anna, &args)));
    expect_code(f, revoke_op(f, p.anna, 3), CHAT_OK);
    late.message_id = 3;
    expect_code(f, message_delay_upload_op(f->chat, p.anna, &late), CHAT_FORBIDDEN); /* revoked */
    fake_drop(&conn);
    fake_clear(&conn);
}

/* "messageId:deliveryId " of each */
static void expect_ids_take(json_t *data, const char *want)
{
    char got[512] = "";
    size_t i;
    json_t *message;
    json_array_foreach (data, i, message) {
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "%d:%d ", (int)json_integer_value(json_object_get(message, "messageId")),
                 (int)json_integer_value(json_object_get(message, "deliveryId")));
    }
    assert_string_equal(got, want);
    json_decref(data);
}

static void test_list(void **state)
{
    struct chat_fixture *f = *state;
    struct pair p = make_pair(f);
    struct message_list_args args = {.contact_id = p.b};
    assert_json_take(expect_data(f, message_list_op(f->chat, p.bert, &args)), "[]");
    for (int i = 1; i <= 12; i++)
        send_text(f, i % 2 ? p.anna : p.bert, i % 2 ? p.a : p.b, "m");
    expect_ids_take(expect_data(f, message_list_op(f->chat, p.bert, &args)),
                    "3:0 4:0 5:0 6:0 7:0 8:0 9:0 10:0 11:0 12:0 ");
    args.last_message_id = 3;
    expect_ids_take(expect_data(f, message_list_op(f->chat, p.bert, &args)), "1:0 2:0 ");
    args = (struct message_list_args){.contact_id = p.b, .limit = 2};
    expect_ids_take(expect_data(f, message_list_op(f->chat, p.bert, &args)), "11:0 12:0 ");
    args.limit = 100000;
    json_t *all = expect_data(f, message_list_op(f->chat, p.bert, &args));
    assert_int_equal(json_array_size(all), 12);
    json_decref(all);
    args.contact_id = p.a;
    expect_code(f, message_list_op(f->chat, p.bert, &args), CHAT_FORBIDDEN);
    args.contact_id = 99;
    expect_code(f, message_list_op(f->chat, p.bert, &args), CHAT_CONTACT_MISSING);
}

static void test_sync(void **state)
{
    struct chat_fixture *f = *state;
    struct pair p = make_pair(f);
    struct message_sync_args args = {.synced = 0, .limit = 5};
    assert_json_take(expect_data(f, message_sync_op(f->chat, p.bert, &args)), "[]");
    for (int i = 0; i < 3; i++)
        send_text(f, p.anna, p.a, "m");               /* deliveries 1, 2, 3 */
    expect_code(f, revoke_op(f, p.anna, 1), CHAT_OK); /* 4 */
    json_t *data = expect_data(f, message_sync_op(f->chat, p.bert, &args));
    /* Each as it is now: also the first delivery of the revoked one. */
    assert_true(json_boolean_value(json_object_get(json_array_get(data, 3), "revoked")));
    expect_ids_take(data, "1:4 3:3 2:2 1:1 ");
    args.synced = 1;
    args.last = 4;
    expect_ids_take(expect_data(f, message_sync_op(f->chat, p.bert, &args)), "3:3 2:2 ");
    args = (struct message_sync_args){.synced = 1, .limit = 1};
    expect_ids_take(expect_data(f, message_sync_op(f->chat, p.anna, &args)), "1:4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_send),
        BOTH_CHAT(test_send_errors),
        BOTH_CHAT(test_types_and_summaries),
        BOTH_CHAT(test_group_members_all_get_it),
        BOTH_CHAT(test_revoke),
        BOTH_CHAT(test_delay_upload),
        BOTH_CHAT(test_list),
        BOTH_CHAT(test_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
