/* Operations: transaction around writing ones, order of notices and answers, refusal when the queue is full. */
#include "chat_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat/op.h"

static void insert_room(struct op *op, struct db *db)
{
    const char *name = op->args;
    op_end(op, db_exec(db, NULL, "insert into rooms (name, created_at) values ($1, 1)", "s", name));
    op_notify(op, 1, NOTICE_CALL_HANDLED, json_integer(7));
    op_event(op, "room.made", json_pack("{s:s}", "name", name));
    op->data = json_true();
    if (strcmp(name, "refused") == 0)
        op_fail_text(op, CHAT_FORBIDDEN, "no");
}

static struct op *room_op(struct chat_fixture *f, const char *name)
{
    return op_create(f->chat, DB_WRITE, insert_room, 1, strdup(name));
}

struct events {
    char names[64];
};

static void on_event(void *ctx, const char *name, const json_t *data)
{
    struct events *events = ctx;
    strcat(events->names, name);
    strcat(events->names, json_string_value(json_object_get(data, "name")));
}

static void test_commit_and_rollback(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    struct answer a;
    struct events events = {0};
    f->chat->on_event = on_event;
    f->chat->event_ctx = &events;
    listen_as(f, &conn, add_user(f, "anna"));
    run(f, room_op(f, "refused"), &a);
    assert_int_equal(a.code, CHAT_FORBIDDEN);
    assert_string_equal(a.message, "no");
    assert_null(a.data);
    answer_clear(&a);
    fake_assert_quiet(&conn);
    assert_string_equal(events.names, "");
    assert_int_equal(sql_i64(f, "select count(*) from rooms"), 0);

    run(f, room_op(f, "one"), &a);
    assert_int_equal(a.code, CHAT_OK);
    answer_clear(&a);
    assert_json_take(fake_next_json(f, &conn), "{\"type\":4,\"payload\":7}");
    assert_string_equal(events.names, "room.madeone");
    assert_int_equal(sql_i64(f, "select count(*) from rooms"), 1);

    run(f, room_op(f, "one"), &a); /* a database error: 500, nothing told */
    assert_int_equal(a.code, CHAT_INTERNAL);
    assert_string_equal(a.message, "服务器内部错误");
    answer_clear(&a);
    fake_assert_quiet(&conn);
    fake_drop(&conn);
    fake_clear(&conn);
}

struct order {
    struct fake_conn *conn;
    size_t seen_at_answer;
    bool is_done;
};

static void on_order(struct op *op, void *ctx)
{
    struct order *order = ctx;
    assert_int_equal(op->code, CHAT_OK);
    order->seen_at_answer = order->conn->count;
    order->is_done = true;
}

/* What an operation caused is on its way before it is answered. */
static void test_notice_before_answer(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    listen_as(f, &conn, add_user(f, "anna"));
    struct order order = {.conn = &conn};
    op_start(room_op(f, "one"), on_order, &order);
    while (!order.is_done)
        pump(f);
    assert_int_equal(order.seen_at_answer, 2); /* the hello and the notice */
    fake_drop(&conn);
    fake_clear(&conn);
}

static int gate[2];

static void wait_at_gate(struct op *op, struct db *db)
{
    char byte;
    (void)db;
    if (read(gate[0], &byte, 1) != 1)
        op_fail(op, CHAT_INTERNAL);
}

static void test_full_queue(void **state)
{
    struct chat_fixture *f = *state;
    assert_int_equal(pipe(gate), 0);
    struct answer blocked = {0}, a[8];
    memset(a, 0, sizeof(a));
    op_start(op_create(f->chat, DB_WRITE, wait_at_gate, 0, NULL), on_answer, &blocked);
    unsigned refused = 0;
    for (size_t i = 0; i < 8; i++) {
        op_start(room_op(f, (const char *[]){"a", "b", "c", "d", "e", "f", "g", "h"}[i]), on_answer, &a[i]);
        if (a[i].is_done) {
            assert_int_equal(a[i].code, CHAT_INTERNAL);
            refused++;
        }
    }
    assert_in_range(refused, 4, 5); /* the queue has four places; one job may have left it already */
    assert_int_equal(write(gate[1], "x", 1), 1);
    wait_answer(f, &blocked);
    answer_clear(&blocked);
    for (size_t i = 0; i < 8; i++) {
        wait_answer(f, &a[i]);
        answer_clear(&a[i]);
    }
    assert_int_equal(sql_i64(f, "select count(*) from rooms"), 8 - refused);
    close(gate[0]);
    close(gate[1]);
}

static int setup_small_queue(void **state)
{
    /* The queue's size is read at creation. */
    if (setenv("ICHAT_DATABASE_QUEUE", "4", 1) != 0)
        return -1;
    int rc = chat_fixture_setup(state);
    unsetenv("ICHAT_DATABASE_QUEUE");
    return rc;
}

static void test_texts(void **state)
{
    (void)state;
    /* By number, as the contract has them: 1003's are the validator's own, 3003, 3004, 3007 and 3008 are never sent. */
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        {300, "请求参数错误"},
        {401, "未登录"},
        {403, "无权限"},
        {500, "服务器内部错误"},
        {1001, "用户不存在"},
        {1002, "用户已存在"},
        {1004, "用户名或密码错误"},
        {1005, "凭证已过期"},
        {2001, "联系人已存在"},
        {2002, "联系人申请已存在"},
        {2003, "联系人申请不存在"},
        {2004, "联系人申请状态无效"},
        {2005, "联系人不存在"},
        {2006, "联系人申请已过期"},
        {2007, "只能撤回两分钟内的消息"},
        {2008, "消息内容为空"},
        {2009, "不支持的消息类型"},
        {3001, "通话状态无效"},
        {3002, "通话人数不足"},
        {3005, "通话管理器不存在"},
        {3006, "通话不存在"},
        {3009, "通话状态未准备"},
        {4001, "文件保存失败"},
        {9999, "服务器内部错误"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_string_equal(chat_code_text((enum chat_code)texts[i].code), texts[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_commit_and_rollback),
        BOTH_CHAT(test_notice_before_answer),
        {"test_full_queue (sqlite)", test_full_queue, setup_small_queue, chat_fixture_teardown,
         (void *)(uintptr_t)DB_SQLITE},
        {"test_full_queue (postgresql)", test_full_queue, setup_small_queue, chat_fixture_teardown,
         (void *)(uintptr_t)DB_POSTGRES},
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
