/* Stored calls on both databases: checks in order, re-delivery, orphans. */
#include "chat_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chat/call_record.h"
#include "chat/contact.h"
#include "chat/message.h"
#include "store/node.h"

struct people {
    uint64_t anna, bert, carl, dora; /* 1..4; anna, bert, carl have a group */
    uint64_t a_b, b_a;               /* the pair's contacts */
    uint64_t a_group, b_group;
};

static struct people make_people(struct chat_fixture *f)
{
    struct people p = {.anna = add_user(f, "anna"), .bert = add_user(f, "bert")};
    p.carl = add_user(f, "carl");
    p.dora = add_user(f, "dora");
    uint64_t a_c;
    make_friends(f, p.anna, p.bert, &p.a_b, &p.b_a);
    make_friends(f, p.anna, p.carl, &a_c, NULL);
    uint64_t contacts[] = {p.a_b, a_c};
    struct group_create_args group = {.name = "g", .avatar = "", .contact_ids = contacts, .count = 2};
    expect_code(f, group_create_op(f->chat, p.anna, &group), CHAT_OK);
    p.a_group = group_contact_of(f, p.anna);
    p.b_group = group_contact_of(f, p.bert);
    return p;
}

static struct op *create_op(struct chat_fixture *f, uint64_t caller, uint64_t contact, const uint64_t *users,
                            size_t count)
{
    struct call_record_create_args args = {.contact_id = contact, .user_ids = users, .count = count};
    return call_record_create_op(f->chat, caller, &args);
}

struct created {
    bool is_done;
    json_int_t data;
    struct call_record call;
    uint64_t members[8];
    char names[64];
    uint64_t room_members[8];
};

static void on_created(struct op *op, void *ctx)
{
    struct created *c = ctx;
    assert_int_equal(op->code, CHAT_OK);
    const struct call_record *call = op_call_record(op);
    c->call = *call;
    if (json_is_integer(op->data))
        c->data = json_integer_value(op->data);
    for (size_t i = 0; i < call->member_count; i++) {
        c->members[i] = call->members[i].user_id;
        strcat(c->names, call->members[i].nickname);
        assert_string_equal(call->members[i].avatar, "");
    }
    for (size_t i = 0; i < call->room_member_count; i++)
        c->room_members[i] = call->room_members[i];
    c->is_done = true;
}

static struct created create(struct chat_fixture *f, struct op *op)
{
    struct created c = {0};
    op_start(op, on_created, &c);
    while (!c.is_done)
        pump(f);
    return c;
}

static void test_checks(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    static const struct {
        const char *what;
        uint64_t caller;
        uint64_t contact; /* offset into struct people, see below */
        uint64_t users[3];
        size_t count;
        enum chat_code code;
    } cases[] = {
        {"nobody, whatever the contact", 1, 999, {0}, 0, CALL_TOO_FEW},
        {"no such contact", 1, 999, {2}, 1, CHAT_CONTACT_MISSING},
        {"somebody else's contact", 4, 1, {2}, 1, CHAT_FORBIDDEN},
        {"pair: not the other", 1, 1, {3}, 1, CHAT_FORBIDDEN},
        {"pair: one too many", 1, 1, {2, 3}, 2, CHAT_FORBIDDEN},
        {"pair: oneself", 1, 1, {1}, 1, CHAT_FORBIDDEN},
        {"group: a stranger", 1, 5, {2, 4}, 2, CHAT_FORBIDDEN},
        {"group: unknown user", 1, 5, {99}, 1, CHAT_FORBIDDEN},
        {"group: oneself among others", 1, 5, {2, 1}, 2, CHAT_BAD_REQUEST},
    };
    assert_int_equal(p.a_b, 1);
    assert_int_equal(p.a_group, 5);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer a;
        run(f, create_op(f, cases[i].caller, cases[i].contact, cases[i].users, cases[i].count), &a);
        if (a.code != cases[i].code)
            fail_msg("%s: got %d", cases[i].what, (int)a.code);
        answer_clear(&a);
    }
    assert_int_equal(sql_i64(f, "select count(*) from calls"), 0);
    assert_int_equal(sql_i64(f, "select count(*) from messages"), 0);
}

static void test_create_in_group(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    struct fake_conn conns[3];
    for (uint64_t i = 0; i < 3; i++)
        listen_as(f, &conns[i], i + 1);
    uint64_t users[] = {p.carl, p.carl};
    struct created c = create(f, create_op(f, p.bert, p.b_group, users, 2));
    assert_int_equal(c.data, 1);
    assert_int_equal(c.call.call_id, 1);
    assert_int_equal(c.call.caller_id, p.bert);
    assert_int_equal(c.call.message_id, 1);
    assert_int_equal(c.call.status, CALL_NEW);
    /* The caller first, each once; not all of the group need be called. */
    assert_int_equal(c.call.member_count, 2);
    assert_true(c.members[0] == p.bert && c.members[1] == p.carl);
    assert_string_equal(c.names, "bertcarl");
    /* All of the group get the message. */
    assert_int_equal(c.call.room_member_count, 3);
    for (uint64_t i = 0; i < 3; i++) {
        json_t *notice = fake_next_json(f, &conns[i]);
        json_t *payload = json_object_get(notice, "payload");
        assert_true(json_is_integer(json_object_get(payload, "deliveryId")));
        json_object_del(payload, "deliveryId");
        assert_json_take(
            notice, "{\"type\":1,\"payload\":{\"messageId\":1,\"roomId\":3,\"senderId\":2,\"type\":3,\"text\":\"\","
                    "\"image\":\"\",\"thumbnail\":\"\",\"callId\":1,\"revoked\":false,\"createdAt\":\"*\","
                    "\"updatedAt\":\"*\",\"localId\":\"\",\"isNew\":false,\"call\":{\"callId\":1,\"callerId\":2,"
                    "\"messageId\":1,\"members\":\"[2,3]\",\"status\":1,\"startTime\":null,\"endTime\":null,"
                    "\"endReason\":0,\"createdAt\":\"*\",\"updatedAt\":\"*\",\"handled\":false}}}");
        fake_assert_quiet(&conns[i]);
        fake_drop(&conns[i]);
        fake_clear(&conns[i]);
    }
    assert_int_equal(sql_i64(f, "select count(*) from contacts c join rooms r on r.room_id = c.room_id"
                                " where r.last_message_content = '[通话]'"),
                     3);
}

static void expect_notice(struct chat_fixture *f, struct fake_conn *conn, int status, bool is_handled,
                          const char *start, const char *end, int reason)
{
    json_t *notice = fake_next_json(f, conn);
    json_t *payload = json_object_get(notice, "payload");
    json_t *call = json_object_get(payload, "call");
    assert_false(json_boolean_value(json_object_get(payload, "isNew")));
    assert_int_equal(json_integer_value(json_object_get(call, "status")), status);
    assert_int_equal(json_boolean_value(json_object_get(call, "handled")), is_handled);
    assert_int_equal(json_integer_value(json_object_get(call, "endReason")), reason);
    const char *got = json_string_value(json_object_get(call, "startTime"));
    assert_string_equal(got ? got : "null", start);
    got = json_string_value(json_object_get(call, "endTime"));
    assert_string_equal(got ? got : "null", end);
    json_decref(notice);
}

static void test_update(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    struct fake_conn anna, bert;
    (void)create(f, create_op(f, p.anna, p.a_b, &p.bert, 1));
    listen_as(f, &anna, p.anna);
    listen_as(f, &bert, p.bert);
    struct call_record_update_args args = {.call_id = 1, .status = CALL_READY, .handled = &p.anna, .handled_count = 1};
    assert_null(expect_data(f, call_record_update_op(f->chat, &args)));
    expect_notice(f, &anna, 2, true, "null", "null", 0);
    expect_notice(f, &bert, 2, false, "null", "null", 0);
    args = (struct call_record_update_args){
        .call_id = 1, .status = CALL_ACTIVE, .start_us = 1795432392987654}; /* whole seconds all the same */
    assert_null(expect_data(f, call_record_update_op(f->chat, &args)));
    expect_notice(f, &bert, 3, false, "2026-11-23T11:13:12Z", "null", 0);
    args = (struct call_record_update_args){.call_id = 1,
                                            .status = CALL_END,
                                            .start_us = 1795432392987654,
                                            .end_us = 1795432400000001,
                                            .end_reason = CALL_END_NORMAL};
    assert_null(expect_data(f, call_record_update_op(f->chat, &args)));
    expect_notice(f, &bert, 4, true, "2026-11-23T11:13:12Z", "2026-11-23T11:13:20Z", 1);
    args.call_id = 99;
    expect_code(f, call_record_update_op(f->chat, &args), CALL_MISSING);
    /* New, Ready, Active, End: four deliveries. */
    assert_int_equal(sql_i64(f, "select count(*) from room_deliveries"), 4);
    /* In messages and sync `handled` is always true. */
    struct message_list_args list = {.contact_id = p.b_a};
    json_t *data = expect_data(f, message_list_op(f->chat, p.bert, &list));
    json_t *call = json_object_get(json_array_get(data, 0), "call");
    assert_true(json_boolean_value(json_object_get(call, "handled")));
    assert_int_equal(json_integer_value(json_object_get(call, "status")), 4);
    json_decref(data);
    /* A call's message cannot be revoked. */
    struct message_revoke_args revoke = {.message_id = 1};
    expect_code(f, message_revoke_op(f->chat, p.anna, &revoke), CHAT_FORBIDDEN);
    fake_drop(&anna);
    fake_drop(&bert);
    fake_clear(&anna);
    fake_clear(&bert);
}

static struct op *get_op(struct chat_fixture *f, uint64_t user, uint64_t call)
{
    struct call_record_get_args args = {.call_id = call};
    return call_record_get_op(f->chat, user, &args);
}

static void test_get(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    (void)create(f, create_op(f, p.bert, p.b_group, &p.carl, 1));
    assert_json_take(expect_data(f, get_op(f, p.carl, 1)),
                     "{\"callId\":1,\"callerId\":2,\"messageId\":1,\"members\":\"[2,3]\",\"status\":1,"
                     "\"startTime\":null,\"endTime\":null,\"endReason\":0,\"createdAt\":\"*\",\"updatedAt\":\"*\"}");
    struct created c = create(f, get_op(f, p.bert, 1));
    assert_true(c.call.member_count == 2 && c.members[1] == p.carl && c.call.room_member_count == 3);
    expect_code(f, get_op(f, p.anna, 1), CHAT_FORBIDDEN); /* of the room, but not of the call */
    expect_code(f, get_op(f, p.dora, 1), CHAT_FORBIDDEN);
    expect_code(f, get_op(f, p.bert, 2), CALL_MISSING);
}

static void test_orphans(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    struct fake_conn bert;
    (void)create(f, create_op(f, p.anna, p.a_b, &p.bert, 1));
    (void)create(f, create_op(f, p.anna, p.a_b, &p.bert, 1));
    struct call_record_create_args other = {
        .contact_id = p.a_b, .user_ids = &p.bert, .count = 1, .node = "another server"};
    assert_int_equal(db_node_put(f->base->db, "another server", clock_wall_us()), ERR_OK);
    (void)create(f, call_record_create_op(f->chat, p.anna, &other));
    struct call_record_update_args ended = {
        .call_id = 2, .status = CALL_END, .end_us = 5000000, .end_reason = CALL_END_NO_ANSWER};
    expect_code(f, call_record_update_op(f->chat, &ended), CHAT_OK);
    listen_as(f, &bert, p.bert);
    struct call_record_orphans_args args = {.is_start = true};
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &args)), "1");
    json_t *notice = fake_next_json(f, &bert);
    json_t *call = json_object_get(json_object_get(notice, "payload"), "call");
    assert_int_equal(json_integer_value(json_object_get(call, "callId")), 1);
    assert_int_equal(json_integer_value(json_object_get(call, "status")), 4);
    assert_int_equal(json_integer_value(json_object_get(call, "endReason")), 6);
    assert_true(json_is_string(json_object_get(call, "endTime")));
    json_decref(notice);
    fake_assert_quiet(&bert);
    assert_int_equal(sql_i64(f, "select end_reason from calls where call_id = 2"), 3);
    assert_int_equal(sql_i64(f, "select status from calls where call_id = 3"), 1);
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &args)), "0");
    fake_drop(&bert);
    fake_clear(&bert);
}

/* Two servers on one database: each ends the calls of the other only when that one was silent for too long. */
static void test_orphans_of_a_silent_server(void **state)
{
    struct chat_fixture *f = *state;
    struct people p = make_people(f);
    struct call_record_orphans_args sign = {.is_start = false};
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &sign)), "0");
    (void)create(f, create_op(f, p.anna, p.a_b, &p.bert, 1));
    struct call_record_create_args other = {
        .contact_id = p.a_b, .user_ids = &p.bert, .count = 1, .node = "another server"};
    (void)create(f, call_record_create_op(f->chat, p.anna, &other));
    struct db *db = f->base->db;
    assert_int_equal(db_node_put(db, "another server", clock_wall_us() - CALL_RECORD_SILENCE_US / 2), ERR_OK);
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &sign)), "0");
    assert_int_equal(db_node_put(db, "another server", clock_wall_us() - CALL_RECORD_SILENCE_US - 1), ERR_OK);
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &sign)), "1");
    assert_int_equal(sql_i64(f, "select end_reason from calls where call_id = 2"), CALL_END_ERROR);
    assert_int_equal(sql_i64(f, "select status from calls where call_id = 1"), 1); /* our own goes on */
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &sign)), "0");
    /* The other one's view of us. */
    struct call_record_orphans_args theirs = {.is_start = true, .node = "another server"};
    assert_json_take(expect_data(f, call_record_end_orphans_op(f->chat, &theirs)), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_checks), BOTH_CHAT(test_create_in_group), BOTH_CHAT(test_update),
        BOTH_CHAT(test_get),    BOTH_CHAT(test_orphans),         BOTH_CHAT(test_orphans_of_a_silent_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
