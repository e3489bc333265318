/* A chat with the test as its web thread. */
#include "chat_fixture.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "chat/contact.h"
#include "store/login.h"
#include "store/user.h"

static void on_wake(void *ctx)
{
    struct chat_fixture *f = ctx;
    uint64_t one = 1;
    if (write(f->wake, &one, sizeof(one)) != sizeof(one))
        abort();
}

int chat_fixture_setup(void **state)
{
    db_fixture_setup(state);
    struct chat_fixture *f = mem_calloc(1, sizeof(*f));
    f->base = *state;
    f->wake = eventfd(0, EFD_CLOEXEC);
    f->timers = timers_create(clock_now_us());
    assert_int_equal(chat_create(f->base->conf, &f->metrics, f->timers, on_wake, f, &f->chat), ERR_OK);
    *state = f;
    return 0;
}

int chat_fixture_teardown(void **state)
{
    struct chat_fixture *f = *state;
    chat_free(f->chat);
    timers_free(f->timers);
    close(f->wake);
    *state = f->base;
    free(f);
    return db_fixture_teardown(state);
}

void pump(struct chat_fixture *f)
{
    struct pollfd fd = {.fd = f->wake, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);
    uint64_t n;
    assert_int_equal(read(f->wake, &n, sizeof(n)), sizeof(n));
    chat_poll(f->chat);
}

void on_answer(struct op *op, void *answer)
{
    struct answer *a = answer;
    assert_false(a->is_done);
    a->is_done = true;
    a->code = op->code;
    a->message = mem_strdup(op_message(op));
    a->data = json_incref(op->data);
}

void wait_answer(struct chat_fixture *f, const struct answer *answer)
{
    while (!answer->is_done)
        pump(f);
}

void run(struct chat_fixture *f, struct op *op, struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    op_start(op, on_answer, answer);
    wait_answer(f, answer);
}

void answer_clear(struct answer *answer)
{
    free(answer->message);
    json_decref(answer->data);
    memset(answer, 0, sizeof(*answer));
}

void expect_code(struct chat_fixture *f, struct op *op, enum chat_code code)
{
    struct answer a;
    run(f, op, &a);
    assert_int_equal(a.code, code);
    if (code != CHAT_OK)
        assert_null(a.data);
    answer_clear(&a);
}

json_t *expect_data(struct chat_fixture *f, struct op *op)
{
    struct answer a;
    run(f, op, &a);
    assert_int_equal(a.code, CHAT_OK);
    json_t *data = json_incref(a.data);
    answer_clear(&a);
    return data;
}

static bool is_match(const json_t *json, const json_t *expected)
{
    const char *text = json_string_value(expected);
    if (text && strcmp(text, "*") == 0)
        return json != NULL;
    if (!json || json_typeof(json) != json_typeof(expected))
        return false;
    if (json_is_object(json)) {
        const char *key;
        json_t *value;
        if (json_object_size(json) != json_object_size(expected))
            return false;
        json_object_foreach ((json_t *)expected, key, value) {
            if (!is_match(json_object_get(json, key), value))
                return false;
        }
        return true;
    }
    if (json_is_array(json)) {
        if (json_array_size(json) != json_array_size(expected))
            return false;
        for (size_t i = 0; i < json_array_size(json); i++)
            if (!is_match(json_array_get(json, i), json_array_get(expected, i)))
                return false;
        return true;
    }
    return json_equal(json, expected) == 1;
}

void assert_json_take(json_t *json, const char *expected)
{
    json_error_t error;
    json_t *want = json_loads(expected, JSON_DECODE_ANY, &error);
    if (!want)
        fail_msg("The expected JSON is wrong: %s in %s", error.text, expected);
    json_t *got = json ? json : json_null();
    if (!is_match(got, want)) {
        char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        fail_msg("expected %s\n     got %s", expected, text);
    }
    json_decref(want);
    json_decref(json);
}

uint64_t add_user(struct chat_fixture *f, const char *name)
{
    uint64_t id = 0;
    assert_int_equal(db_user_insert(f->base->db, name, "x", name, "", clock_wall_us(), &id), ERR_OK);
    return id;
}

int64_t sql_i64(struct chat_fixture *f, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(db_get_i64(f->base->db, &n, sql, ""), ERR_OK);
    return n;
}

uint64_t contact_of(struct chat_fixture *f, uint64_t owner, uint64_t user)
{
    int64_t id = 0;
    assert_int_equal(db_get_i64(f->base->db, &id,
                                "select contact_id from contacts where owner_id = $1 and user_id = $2", "ii",
                                (int64_t)owner, (int64_t)user),
                     ERR_OK);
    return (uint64_t)id;
}

uint64_t group_contact_of(struct chat_fixture *f, uint64_t owner)
{
    int64_t id = 0;
    assert_int_equal(db_get_i64(f->base->db, &id,
                                "select contact_id from contacts where owner_id = $1 and group_id is not null"
                                " order by contact_id desc limit 1",
                                "i", (int64_t)owner),
                     ERR_OK);
    return (uint64_t)id;
}

void make_friends(struct chat_fixture *f, uint64_t a, uint64_t b, uint64_t *a_contact, uint64_t *b_contact)
{
    struct contact_request_args args = {.user_id = b};
    json_t *request = expect_data(f, contact_request_op(f->chat, a, &args));
    struct contact_answer_args answer = {.request_id = (uint64_t)json_integer_value(json_object_get(request, "id"))};
    json_decref(request);
    expect_code(f, contact_accept_op(f->chat, b, &answer), CHAT_OK);
    if (a_contact)
        *a_contact = contact_of(f, a, b);
    if (b_contact)
        *b_contact = contact_of(f, b, a);
}

/* Sockets */

static bool on_send(struct conn *conn, const char *text, size_t len)
{
    struct fake_conn *fake = (struct fake_conn *)conn;
    assert_false(fake->is_closed);
    assert_int_equal(strlen(text), len);
    if (fake->is_full)
        return false;
    assert_true(fake->count < ARRAY_LEN(fake->texts));
    fake->texts[fake->count++] = mem_strdup(text);
    return true;
}

static void on_close(struct conn *conn, int code, const char *reason)
{
    struct fake_conn *fake = (struct fake_conn *)conn;
    (void)reason;
    assert_false(fake->is_closed);
    fake->is_closed = true;
    fake->code = code;
}

static size_t on_unsent(struct conn *conn)
{
    return ((struct fake_conn *)conn)->unsent;
}

static const struct conn_ops fake_ops = {.send = on_send, .close = on_close, .unsent = on_unsent};

void fake_open(struct chat_fixture *f, struct fake_conn *conn)
{
    memset(conn, 0, sizeof(*conn));
    conn->conn.ops = &fake_ops;
    hub_open(f->chat->hub, &conn->conn);
}

void fake_say(struct fake_conn *conn, const char *text)
{
    conn->conn.session_ops->on_text(conn->conn.session, text, strlen(text));
}

void fake_drop(struct fake_conn *conn)
{
    conn->conn.session_ops->on_close(conn->conn.session);
    conn->is_closed = true;
}

void fake_clear(struct fake_conn *conn)
{
    for (size_t i = 0; i < conn->count; i++)
        free(conn->texts[i]);
    conn->count = conn->read = 0;
}

const char *fake_next(struct chat_fixture *f, struct fake_conn *conn)
{
    while (conn->read == conn->count)
        pump(f);
    return conn->texts[conn->read++];
}

json_t *fake_next_json(struct chat_fixture *f, struct fake_conn *conn)
{
    json_t *json = json_loads(fake_next(f, conn), 0, NULL);
    assert_non_null(json);
    return json;
}

void fake_assert_quiet(struct fake_conn *conn)
{
    if (conn->read != conn->count)
        fail_msg("unexpected: %s", conn->texts[conn->read]);
}

void wait_closed(struct chat_fixture *f, struct fake_conn *conn)
{
    while (!conn->is_closed)
        pump(f);
}

char *make_login(struct chat_fixture *f, uint64_t user_id, char login_id[37])
{
    struct login_row row = {.user_id = user_id, .login_us = clock_wall_us()};
    row.expire_us = row.login_us + 3600 * (int64_t)US_PER_S;
    rand_uuid(row.login_id);
    memcpy(login_id, row.login_id, 37);
    assert_int_equal(db_login_insert(f->base->db, &row), ERR_OK);
    return auth_login_token(f->chat->auth, login_id, row.expire_us / (int64_t)US_PER_S);
}

void listen_as(struct chat_fixture *f, struct fake_conn *conn, uint64_t user_id)
{
    char login_id[37];
    char *token = make_login(f, user_id, login_id);
    fake_open(f, conn);
    fake_say(conn, token);
    fake_say(conn, "");
    free(token);
    assert_true(text_has_prefix(fake_next(f, conn), "session:"));
}
