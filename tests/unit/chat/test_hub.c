/* Notification sessions: handshake, order, resuming, limits. */
#include "chat_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "chat/contact.h"
#include "chat/message.h"

static void notify(struct chat_fixture *f, uint64_t user, int64_t number)
{
    json_t *payload = json_integer(number);
    hub_notify(f->chat->hub, user, NOTICE_CALL_HANDLED, payload);
    json_decref(payload);
}

static void expect_number(struct fake_conn *conn, int64_t number)
{
    char want[64];
    snprintf(want, sizeof(want), "{\"payload\":%lld,\"type\":4}", (long long)number);
    assert_true(conn->read < conn->count);
    assert_string_equal(conn->texts[conn->read++], want);
}

static void bye(struct fake_conn *conn)
{
    fake_drop(conn);
    fake_clear(conn);
}

/* Opens with a token and a session id; *token is made when NULL. */
static void connect_as(struct chat_fixture *f, struct fake_conn *conn, const char *token, const char *session)
{
    fake_open(f, conn);
    fake_say(conn, token);
    fake_say(conn, session);
}

/* "session:<id>" without what may follow */
static void session_id(const char *hello, char id[37])
{
    assert_true(text_has_prefix(hello, "session:"));
    memcpy(id, hello + 8, 36);
    id[36] = 0;
}

static void test_hello(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn, late;
    char login_id[37], id[37];
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert"), contact;
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    const char *hello = fake_next(f, &conn);
    session_id(hello, id);
    assert_string_equal(hello + 44, "\n0"); /* no delivery yet */
    assert_int_equal(strlen(id), 36);
    assert_int_equal(hub_session_count(f->chat->hub), 1);

    make_friends(f, anna, bert, &contact, NULL);
    struct message_send_args args = {.contact_id = contact, .text = "x"};
    json_decref(expect_data(f, message_send_op(f->chat, anna, &args)));
    /* The frames one by one, the second after the token was checked. */
    fake_open(f, &late);
    fake_say(&late, token);
    assert_int_equal(late.count, 0);
    fake_say(&late, "no-session-of-ours");
    hello = fake_next(f, &late);
    assert_string_equal(hello + 44, "\n1"); /* the room's delivery */
    fake_say(&late, "1");
    fake_say(&late, "anything");
    fake_assert_quiet(&late);
    free(token);
    bye(&conn);
    bye(&late);
}

static void test_wrong_token(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    fake_open(f, &conn);
    fake_say(&conn, "nonsense");
    assert_true(conn.is_closed);
    assert_int_equal(conn.count, 0);
    conn.conn.session_ops->on_text(conn.conn.session, "", 0); /* what was on its way */
    bye(&conn);
    char *token = auth_login_token(f->chat->auth, "0f8fad5b-d9cb-469f-a165-70867728950e", INT32_MAX);
    connect_as(f, &conn, token, "");
    wait_closed(f, &conn); /* no such login */
    assert_int_equal(conn.count, 0);
    bye(&conn);
    assert_int_equal(hub_session_count(f->chat->hub), 0);
    free(token);
}

static void test_handshake_timeout(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn silent, half, whole;
    char login_id[37];
    char *token = make_login(f, add_user(f, "anna"), login_id);
    fake_open(f, &silent);
    connect_as(f, &whole, token, "");
    fake_next(f, &whole);
    fake_open(f, &half);
    fake_say(&half, token); /* known by now, so it is checked at once */
    timers_run(f->timers, clock_now_us() + 29 * US_PER_S);
    assert_false(silent.is_closed);
    timers_run(f->timers, clock_now_us() + 31 * US_PER_S);
    assert_true(silent.is_closed);
    assert_true(half.is_closed);
    assert_false(whole.is_closed);
    /* A client that says nothing for long is gone. */
    timers_run(f->timers, clock_now_us() + 101 * US_PER_S);
    assert_true(whole.is_closed);
    free(token);
    bye(&silent);
    bye(&half);
    bye(&whole);
}

/* Notices that come while the hello is being prepared are behind it. */
static void test_hello_is_first(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    while (hub_session_count(f->chat->hub) == 0)
        pump(f);
    assert_int_equal(conn.count, 0); /* registered, the last delivery id is being read */
    for (int i = 1; i <= 3; i++)
        notify(f, anna, i);
    assert_int_equal(conn.count, 0);
    assert_true(text_has_prefix(fake_next(f, &conn), "session:"));
    for (int i = 1; i <= 3; i++)
        expect_number(&conn, i);
    notify(f, anna, 4);
    expect_number(&conn, 4);
    fake_assert_quiet(&conn);
    free(token);
    bye(&conn);
}

static void test_resume(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn, again;
    char login_id[37], id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    session_id(fake_next(f, &conn), id);
    notify(f, anna, 1);
    expect_number(&conn, 1);
    bye(&conn);
    notify(f, anna, 2);
    notify(f, anna, 3);
    timers_run(f->timers, clock_now_us() + 59 * US_PER_S);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    connect_as(f, &again, token, id);
    const char *hello = fake_next(f, &again);
    assert_int_equal(strlen(hello), 44); /* the same id, and nothing else */
    assert_memory_equal(hello + 8, id, 36);
    expect_number(&again, 2);
    expect_number(&again, 3);
    timers_run(f->timers, clock_now_us() + 61 * US_PER_S); /* it lingers no more */
    notify(f, anna, 4);
    expect_number(&again, 4);
    fake_assert_quiet(&again);
    free(token);
    bye(&again);
}

static void test_not_resumed(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn, again;
    char login_id[37], other_login[37], id[37], new_id[37];
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    char *token = make_login(f, anna, login_id), *other = make_login(f, bert, other_login);
    connect_as(f, &conn, token, "");
    session_id(fake_next(f, &conn), id);
    /* Somebody else's id is as unknown as any. */
    connect_as(f, &again, other, id);
    session_id(fake_next(f, &again), new_id);
    assert_string_not_equal(id, new_id);
    assert_false(conn.is_closed);
    bye(&again);
    bye(&conn);
    timers_run(f->timers, clock_now_us() + 61 * US_PER_S);
    assert_int_equal(hub_session_count(f->chat->hub), 0);
    connect_as(f, &again, token, id);
    session_id(fake_next(f, &again), new_id);
    assert_string_not_equal(id, new_id);
    free(token);
    free(other);
    bye(&again);
}

/* A socket that ended with bytes on the way: the client must sync, so its session is not resumed. */
static void test_lost_bytes_end_the_session(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    fake_next(f, &conn);
    conn.unsent = 10; /* only the hello: nothing that a sync must bring */
    bye(&conn);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    connect_as(f, &conn, token, "");
    fake_next(f, &conn);
    notify(f, anna, 1);
    conn.unsent = 10;
    bye(&conn);
    assert_int_equal(hub_session_count(f->chat->hub), 1); /* the first one still */
    free(token);
}

static void test_slow_socket(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn slow, quick;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &slow, token, "");
    fake_next(f, &slow);
    connect_as(f, &quick, token, "");
    fake_next(f, &quick);
    slow.is_full = true;
    for (int i = 0; i < 5; i++)
        notify(f, anna, i);
    for (int i = 0; i < 5; i++)
        expect_number(&quick, i); /* costs the other device nothing */
    slow.is_full = false;
    notify(f, anna, 5); /* nothing more after a gap */
    fake_assert_quiet(&slow);
    bye(&slow);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    free(token);
    bye(&quick);
}

static void test_take_over(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn old, next;
    char login_id[37], id[37], new_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &old, token, "");
    session_id(fake_next(f, &old), id);
    notify(f, anna, 1);
    expect_number(&old, 1);
    /* All of it was acknowledged: the session goes on at the new socket. */
    connect_as(f, &next, token, id);
    session_id(fake_next(f, &next), new_id);
    assert_string_equal(id, new_id);
    assert_true(old.is_closed);
    notify(f, anna, 2);
    expect_number(&next, 2);
    bye(&old); /* the old socket's end does not touch the session */
    notify(f, anna, 3);
    expect_number(&next, 3);
    /* Not acknowledged: a new session. */
    next.unsent = 5;
    connect_as(f, &old, token, id);
    session_id(fake_next(f, &old), new_id);
    assert_string_not_equal(id, new_id);
    assert_true(next.is_closed);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    free(token);
    bye(&next);
    bye(&old);
}

static void test_queue_is_bounded(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    fake_next(f, &conn);
    bye(&conn);
    for (int i = 0; i < HUB_QUEUE_MAX; i++)
        notify(f, anna, i);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    notify(f, anna, 0);
    assert_int_equal(hub_session_count(f->chat->hub), 0);

    connect_as(f, &conn, token, "");
    fake_next(f, &conn);
    bye(&conn);
    char *big = malloc(1000001);
    memset(big, 'x', 1000000);
    big[1000000] = 0;
    json_t *payload = json_string(big);
    for (int i = 0; i < 4; i++)
        hub_notify(f->chat->hub, anna, NOTICE_CALL_HANDLED, payload);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    hub_notify(f->chat->hub, anna, NOTICE_CALL_HANDLED, payload);
    assert_int_equal(hub_session_count(f->chat->hub), 0);
    json_decref(payload);
    free(big);

    /* While the hello is being prepared, too: then the socket ends. */
    connect_as(f, &conn, token, "");
    while (hub_session_count(f->chat->hub) == 0)
        pump(f);
    for (int i = 0; i <= HUB_QUEUE_MAX; i++)
        notify(f, anna, i);
    assert_true(conn.is_closed);
    assert_int_equal(conn.count, 0);
    free(token);
    bye(&conn);
}

static void test_sessions_per_user(void **state)
{
    struct chat_fixture *f = *state;
    static struct fake_conn conns[HUB_SESSIONS_PER_USER + 1];
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    for (int i = 0; i <= HUB_SESSIONS_PER_USER; i++) {
        connect_as(f, &conns[i], token, "");
        fake_next(f, &conns[i]);
    }
    assert_int_equal(hub_session_count(f->chat->hub), HUB_SESSIONS_PER_USER);
    assert_true(conns[0].is_closed);
    notify(f, anna, 1);
    fake_assert_quiet(&conns[0]);
    for (int i = 1; i <= HUB_SESSIONS_PER_USER; i++)
        expect_number(&conns[i], 1);
    for (int i = 0; i <= HUB_SESSIONS_PER_USER; i++)
        bye(&conns[i]);
    free(token);
}

static void test_close_logins(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn one, two, other, early, late;
    char login_one[37], login_two[37];
    uint64_t anna = add_user(f, "anna"), bert = add_user(f, "bert");
    char *token = make_login(f, anna, login_one), *second = make_login(f, anna, login_two);
    connect_as(f, &one, token, "");
    connect_as(f, &two, second, "");
    fake_next(f, &one);
    fake_next(f, &two);
    listen_as(f, &other, bert);
    fake_open(f, &early); /* their tokens are known, so they are checked at once; no session id yet */
    fake_say(&early, token);
    fake_open(f, &late);
    fake_say(&late, second);
    hub_close_logins(f->chat->hub, anna, login_one);
    assert_true(one.is_closed);
    assert_true(early.is_closed);
    early.conn.session_ops->on_text(early.conn.session, "", 0); /* what was on its way */
    assert_false(two.is_closed);
    assert_false(late.is_closed);
    hub_close_logins(f->chat->hub, anna, NULL);
    assert_true(two.is_closed);
    assert_true(late.is_closed);
    assert_false(other.is_closed);
    assert_int_equal(hub_session_count(f->chat->hub), 1);
    hub_close_logins(f->chat->hub, 99, NULL);
    free(token);
    free(second);
    bye(&one);
    bye(&two);
    bye(&early);
    bye(&late);
    bye(&other);
}

/* The socket ends while the token, or the last delivery id, is being looked up. */
static void test_gone_during_the_handshake(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    struct answer a;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    bye(&conn);
    run(f, contact_list_op(f->chat, anna), &a); /* whatever was asked before is answered by now */
    answer_clear(&a);
    connect_as(f, &conn, token, "");
    while (hub_session_count(f->chat->hub) == 0)
        pump(f);
    bye(&conn);
    assert_int_equal(hub_session_count(f->chat->hub), 0);
    run(f, contact_list_op(f->chat, anna), &a);
    answer_clear(&a);
    free(token);
}

/* Many messages of both sides: each session sees growing delivery ids, each exactly once. */
static void test_order_of_deliveries(void **state)
{
    struct chat_fixture *f = *state;
    static struct fake_conn conns[2];
    uint64_t users[2] = {add_user(f, "anna"), add_user(f, "bert")}, contacts[2];
    make_friends(f, users[0], users[1], &contacts[0], &contacts[1]);
    listen_as(f, &conns[0], users[0]);
    listen_as(f, &conns[1], users[1]);
    enum { COUNT = 100 };
    static struct answer answers[COUNT];
    memset(answers, 0, sizeof(answers));
    for (int i = 0; i < COUNT; i++) {
        struct message_send_args args = {.contact_id = contacts[i % 2], .text = "x"};
        op_start(message_send_op(f->chat, users[i % 2], &args), on_answer, &answers[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        wait_answer(f, &answers[i]);
        assert_int_equal(answers[i].code, CHAT_OK);
        answer_clear(&answers[i]);
    }
    for (int c = 0; c < 2; c++) {
        json_int_t last = 0;
        for (int i = 0; i < COUNT; i++) {
            json_t *notice = fake_next_json(f, &conns[c]);
            json_int_t id = json_integer_value(json_object_get(json_object_get(notice, "payload"), "deliveryId"));
            assert_true(id > last);
            last = id;
            json_decref(notice);
        }
        fake_assert_quiet(&conns[c]);
        bye(&conns[c]);
    }
}

/* The server ends with sockets open and sessions lingering: they are told, nothing is left (see the sanitizers). */
#define LISTED 6

/* Tells those of the list, and checks that each is told once, and nobody else is. */
static void tell_list(struct chat_fixture *f, const uint64_t *list, size_t count, struct fake_conn *conns,
                      const uint64_t *users, const char *text)
{
    for (size_t i = 0; i < count; i++)
        hub_send_text(f->chat->hub, i, list[i], &(struct hub_text){text, strlen(text), clock_now_us()});
    for (size_t u = 0; u < LISTED; u++) {
        bool is_listed = false;
        for (size_t i = 0; i < count; i++)
            is_listed |= list[i] == users[u];
        if (!conns[u].is_closed && is_listed)
            assert_string_equal(fake_next(f, &conns[u]), text);
        fake_assert_quiet(&conns[u]);
    }
}

/* A room's receivers, the sender last, while some come and go: who stood at a place is nobody else. */
static void test_lists_of_receivers(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conns[LISTED];
    uint64_t u[LISTED];
    char name[8], login_id[37];
    for (unsigned i = 0; i < LISTED; i++) {
        snprintf(name, sizeof(name), "user%u", i);
        u[i] = add_user(f, name);
        char *token = make_login(f, u[i], login_id);
        connect_as(f, &conns[i], token, "");
        fake_next(f, &conns[i]);
        free(token);
    }
    tell_list(f, u, LISTED, conns, u, "all");
    for (unsigned sender = 0; sender < LISTED; sender++) {
        uint64_t list[LISTED];
        size_t n = 0;
        for (unsigned i = 0; i < LISTED; i++)
            if (i != sender)
                list[n++] = u[i];
        list[n++] = u[sender];
        tell_list(f, list, n, conns, u, "one speaks");
        tell_list(f, list, n - 1, conns, u, "to the others");
    }
    uint64_t turned[] = {u[5], u[4], u[3], u[2], u[1], u[0]};
    tell_list(f, turned, LISTED, conns, u, "turned");
    hub_close_logins(f->chat->hub, u[3], NULL); /* gone with all that was known of him */
    assert_true(conns[3].is_closed);
    bye(&conns[3]);
    conns[3].is_closed = true;
    tell_list(f, u, LISTED, conns, u, "without him");
    tell_list(f, turned, LISTED, conns, u, "turned, without him");
    uint64_t strange[] = {u[0], 999999, u[1], u[1] + 1000, u[2]};
    tell_list(f, strange, 5, conns, u, "with strangers");
    for (unsigned i = 0; i < LISTED; i++)
        if (i != 3)
            bye(&conns[i]);
}

static void test_free_with_open_sockets(void **state)
{
    struct chat_fixture *f = *state;
    static struct fake_conn conn, half, lingering;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    connect_as(f, &conn, token, "");
    fake_next(f, &conn);
    connect_as(f, &lingering, token, "");
    fake_next(f, &lingering);
    bye(&lingering);
    notify(f, anna, 1);
    connect_as(f, &half, token, "");
    chat_free(f->chat);
    f->chat = NULL;
    assert_true(conn.is_closed && half.is_closed);
    assert_int_equal(conn.code, 1001);
    free(token);
    bye(&conn);
    bye(&half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_hello),
        BOTH_CHAT(test_wrong_token),
        BOTH_CHAT(test_handshake_timeout),
        BOTH_CHAT(test_hello_is_first),
        BOTH_CHAT(test_resume),
        BOTH_CHAT(test_not_resumed),
        BOTH_CHAT(test_lost_bytes_end_the_session),
        BOTH_CHAT(test_slow_socket),
        BOTH_CHAT(test_take_over),
        BOTH_CHAT(test_queue_is_bounded),
        BOTH_CHAT(test_sessions_per_user),
        BOTH_CHAT(test_close_logins),
        BOTH_CHAT(test_gone_during_the_handshake),
        BOTH_CHAT(test_order_of_deliveries),
        BOTH_CHAT(test_lists_of_receivers),
        BOTH_CHAT(test_free_with_open_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
