/* Requests, contacts and groups on both databases: each way and each error of the contract. */
#include "chat_fixture.h"

#include <stdlib.h>

#include "chat/contact.h"
#include "chat/user.h"

static uint64_t ask(struct chat_fixture *f, uint64_t from, uint64_t to)
{
    struct contact_request_args args = {.user_id = to};
    json_t *request = expect_data(f, contact_request_op(f->chat, from, &args));
    uint64_t id = (uint64_t)json_integer_value(json_object_get(request, "id"));
    json_decref(request);
    return id;
}

static struct op *accept_op(struct chat_fixture *f, uint64_t user, uint64_t request)
{
    struct contact_answer_args args = {.request_id = request};
    return contact_accept_op(f->chat, user, &args);
}

static struct op *reject_op(struct chat_fixture *f, uint64_t user, uint64_t request)
{
    struct contact_answer_args args = {.request_id = request};
    return contact_reject_op(f->chat, user, &args);
}

static void test_request(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn anna_conn, bert_conn;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    listen_as(f, &anna_conn, anna);
    listen_as(f, &bert_conn, bert);
    struct contact_request_args args = {.user_id = bert};
    json_t *data = expect_data(f, contact_request_op(f->chat, anna, &args));
    json_t *notice = fake_next_json(f, &bert_conn);
    assert_true(json_equal(json_object_get(notice, "payload"), data));
    assert_json_take(notice, "{\"type\":3,\"payload\":\"*\"}");
    assert_json_take(data,
                     "{\"id\":1,\"requestUid\":1,\"userId\":2,\"status\":1,\"expiredAt\":\"*\",\"createdAt\":\"*\","
                     "\"updatedAt\":\"*\"}");
    assert_int_equal(sql_i64(f, "select expire_at - created_at from contact_requests"), 24 * 3600 * 1000000LL);

    expect_code(f, contact_request_op(f->chat, anna, &args), CHAT_REQUEST_EXISTS);
    args.user_id = anna;
    expect_code(f, contact_request_op(f->chat, bert, &args), CHAT_REQUEST_EXISTS); /* the other direction */
    expect_code(f, contact_request_op(f->chat, anna, &args), CHAT_INTERNAL);       /* oneself */
    args.user_id = 99;
    expect_code(f, contact_request_op(f->chat, anna, &args), CHAT_USER_MISSING);
    fake_assert_quiet(&anna_conn);
    fake_assert_quiet(&bert_conn);

    expect_code(f, accept_op(f, bert, 1), CHAT_OK);
    args.user_id = bert;
    expect_code(f, contact_request_op(f->chat, anna, &args), CHAT_CONTACT_EXISTS);
    fake_drop(&anna_conn);
    fake_drop(&bert_conn);
    fake_clear(&anna_conn);
    fake_clear(&bert_conn);
}

static void test_accept(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn anna_conn, bert_conn;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert"), carl = add_user(f, "carl");
    uint64_t request = ask(f, anna, bert);
    listen_as(f, &anna_conn, anna);
    listen_as(f, &bert_conn, bert);
    expect_code(f, accept_op(f, bert, 99), CHAT_REQUEST_MISSING);
    expect_code(f, accept_op(f, anna, request), CHAT_REQUEST_MISSING); /* not addressed to her */
    expect_code(f, accept_op(f, carl, request), CHAT_REQUEST_MISSING);
    assert_null(expect_data(f, accept_op(f, bert, request)));
    /* Each gets his own row, exactly once. */
    assert_json_take(fake_next_json(f, &anna_conn),
                     "{\"type\":2,\"payload\":{\"contactId\":1,\"ownerId\":1,\"userId\":2,\"groupId\":0,\"roomId\":1,"
                     "\"status\":1,\"lastMessageId\":0,\"lastMessageTime\":null,\"lastMessageContent\":\"\","
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"}}");
    assert_json_take(fake_next_json(f, &bert_conn),
                     "{\"type\":2,\"payload\":{\"contactId\":2,\"ownerId\":2,\"userId\":1,\"groupId\":0,\"roomId\":1,"
                     "\"status\":1,\"lastMessageId\":0,\"lastMessageTime\":null,\"lastMessageContent\":\"\","
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"}}");
    expect_code(f, accept_op(f, bert, request), CHAT_REQUEST_STATE);
    expect_code(f, reject_op(f, bert, request), CHAT_REQUEST_STATE);
    assert_int_equal(sql_i64(f, "select count(*) from contacts"), 2);
    assert_int_equal(sql_i64(f, "select status from contact_requests"), 2);
    fake_assert_quiet(&anna_conn);
    fake_assert_quiet(&bert_conn);
    fake_drop(&anna_conn);
    fake_drop(&bert_conn);
    fake_clear(&anna_conn);
    fake_clear(&bert_conn);
}

static void test_reject(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    uint64_t request = ask(f, anna, bert);
    listen_as(f, &conn, anna);
    expect_code(f, reject_op(f, anna, request), CHAT_REQUEST_MISSING);
    expect_code(f, reject_op(f, bert, 77), CHAT_REQUEST_MISSING);
    assert_null(expect_data(f, reject_op(f, bert, request)));
    assert_int_equal(sql_i64(f, "select status from contact_requests"), 3);
    assert_int_equal(sql_i64(f, "select count(*) from contacts"), 0);
    fake_assert_quiet(&conn); /* nobody is told */
    ask(f, anna, bert);       /* may ask again */
    fake_drop(&conn);
    fake_clear(&conn);
}

static void test_expired(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    uint64_t request = ask(f, anna, bert);
    assert_int_equal(db_exec(f->base->db, NULL, "update contact_requests set expire_at = 1000", ""), ERR_OK);
    expect_code(f, accept_op(f, bert, request), CHAT_REQUEST_EXPIRED);
    expect_code(f, reject_op(f, bert, request), CHAT_REQUEST_EXPIRED);
    assert_json_take(expect_data(f, contact_pending_op(f->chat, bert)), "[]");
    struct user_search_args search = {.keyword = "b", .page = 1, .size = 5};
    assert_json_take(expect_data(f, user_search_op(f->chat, anna, &search)),
                     "[{\"userId\":2,\"username\":\"bert\",\"nickname\":\"bert\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\",\"isFriend\":false,\"pendingRequest\":null}]");
    /* Reading writes nothing: the row is marked when somebody asks again. */
    assert_int_equal(sql_i64(f, "select status from contact_requests where request_id = 1"), 1);
    uint64_t again = ask(f, bert, anna); /* an expired one does not stand in the way */
    assert_int_not_equal(again, request);
    assert_int_equal(sql_i64(f, "select status from contact_requests where request_id = 1"), 4);
    expect_code(f, accept_op(f, bert, request), CHAT_REQUEST_EXPIRED);
}

static void test_pending(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert"), carl = add_user(f, "carl");
    assert_json_take(expect_data(f, contact_pending_op(f->chat, anna)), "[]");
    ask(f, bert, anna);
    ask(f, carl, anna);
    assert_json_take(expect_data(f, contact_pending_op(f->chat, anna)),
                     "[{\"id\":2,\"requestUid\":3,\"userId\":1,\"status\":1,\"expiredAt\":\"*\",\"createdAt\":\"*\","
                     "\"updatedAt\":\"*\"},{\"id\":1,\"requestUid\":2,\"userId\":1,\"status\":1,\"expiredAt\":\"*\","
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"}]");
    assert_json_take(expect_data(f, contact_pending_op(f->chat, bert)), "[]");
}

static void test_search_shows_requests_and_friends(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    struct user_search_args args = {.keyword = "b", .page = 1, .size = 5};
    uint64_t request = ask(f, bert, anna);
    assert_json_take(expect_data(f, user_search_op(f->chat, anna, &args)),
                     "[{\"userId\":2,\"username\":\"bert\",\"nickname\":\"bert\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\",\"isFriend\":false,\"pendingRequest\":{\"id\":1,"
                     "\"requestUid\":2,\"userId\":1,\"status\":1,\"expiredAt\":\"*\",\"createdAt\":\"*\","
                     "\"updatedAt\":\"*\"}}]");
    expect_code(f, accept_op(f, anna, request), CHAT_OK);
    assert_json_take(expect_data(f, user_search_op(f->chat, anna, &args)),
                     "[{\"userId\":2,\"username\":\"bert\",\"nickname\":\"bert\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\",\"isFriend\":true,\"pendingRequest\":null}]");
}

static void test_list_and_members(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert"), carl = add_user(f, "carl"), mine, his;
    assert_json_take(expect_data(f, contact_list_op(f->chat, anna)), "[]");
    make_friends(f, anna, bert, &mine, &his);
    make_friends(f, anna, carl, NULL, NULL);
    json_t *list = expect_data(f, contact_list_op(f->chat, anna));
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "userId")), carl); /* newest */
    json_decref(list);
    struct contact_members_args args = {.contact_id = mine};
    json_t *members = expect_data(f, contact_members_op(f->chat, anna, &args));
    assert_int_equal(json_array_size(members), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(members, 0), "username")), "anna");
    assert_string_equal(json_string_value(json_object_get(json_array_get(members, 1), "username")), "bert");
    json_decref(members);
    args.contact_id = his;
    expect_code(f, contact_members_op(f->chat, anna, &args), CHAT_FORBIDDEN);
    args.contact_id = 0;
    expect_code(f, contact_members_op(f->chat, anna, &args), CHAT_CONTACT_MISSING);
}

static void test_group(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conns[3];
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert"), carl = add_user(f, "carl"), b, c, foreign;
    make_friends(f, anna, bert, &b, &foreign);
    make_friends(f, carl, anna, NULL, &c);
    for (uint64_t i = 0; i < 3; i++)
        listen_as(f, &conns[i], i + 1);
    uint64_t contacts[] = {c, b, c};
    struct group_create_args args = {.name = "组", .avatar = "file/g.png", .contact_ids = contacts, .count = 3};
    assert_null(expect_data(f, group_create_op(f->chat, anna, &args)));
    for (uint64_t i = 0; i < 3; i++) {
        json_t *notice = fake_next_json(f, &conns[i]);
        json_t *payload = json_object_get(notice, "payload");
        assert_int_equal(json_integer_value(json_object_get(notice, "type")), 2);
        assert_int_equal(json_integer_value(json_object_get(payload, "ownerId")), i + 1);
        assert_int_equal(json_integer_value(json_object_get(payload, "groupId")), 1);
        assert_int_equal(json_integer_value(json_object_get(payload, "userId")), 0);
        json_decref(notice);
        fake_assert_quiet(&conns[i]);
        fake_drop(&conns[i]);
        fake_clear(&conns[i]);
    }
    /* In the order of joining: the creator, then the contacts' order. */
    struct contact_members_args members_args = {.contact_id = group_contact_of(f, bert)};
    json_t *members = expect_data(f, contact_members_op(f->chat, bert, &members_args));
    assert_int_equal(json_array_size(members), 3);
    static const char *const order[] = {"anna", "carl", "bert"};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(members, i), "username")), order[i]);
    json_decref(members);

    uint64_t ids[] = {1, 999};
    struct group_infos_args infos = {.ids = ids, .count = 2};
    assert_json_take(expect_data(f, group_infos_op(f->chat, anna, &infos)),
                     "[{\"groupId\":1,\"ownerId\":1,\"roomId\":3,\"name\":\"组\",\"avatar\":\"file/g.png\","
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"},null]");

    uint64_t wrong = foreign;
    args = (struct group_create_args){.name = "g", .avatar = "", .contact_ids = &wrong, .count = 1};
    expect_code(f, group_create_op(f->chat, anna, &args), CHAT_FORBIDDEN);
    wrong = 12345;
    expect_code(f, group_create_op(f->chat, anna, &args), CHAT_CONTACT_MISSING);
    wrong = group_contact_of(f, anna);
    expect_code(f, group_create_op(f->chat, anna, &args), CHAT_BAD_REQUEST); /* a group in a group */
    assert_int_equal(sql_i64(f, "select count(*) from chat_groups"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_request),          BOTH_CHAT(test_accept),  BOTH_CHAT(test_reject),
        BOTH_CHAT(test_expired),          BOTH_CHAT(test_pending), BOTH_CHAT(test_search_shows_requests_and_friends),
        BOTH_CHAT(test_list_and_members), BOTH_CHAT(test_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
