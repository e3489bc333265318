/* Accounts on both databases: the chains of register and login, and /user/... */
#include "chat_fixture.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "chat/password.h"
#include "chat/user.h"
#include "store/user.h"

static json_t *do_register(struct chat_fixture *f, const char *username, enum chat_code code)
{
    struct user_register_args args = {
        .username = username, .password = "123456", .nickname = "N", .avatar = "file/a.png"};
    struct answer a = {0};
    user_register_start(f->chat, &args, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, code);
    json_t *data = json_incref(a.data);
    answer_clear(&a);
    return data;
}

static json_t *do_login(struct chat_fixture *f, const char *username, const char *password, enum chat_code code)
{
    struct user_login_args args = {.username = username, .password = password, .address = "192.0.2.1"};
    struct answer a = {0};
    user_login_start(f->chat, &args, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, code);
    json_t *data = json_incref(a.data);
    answer_clear(&a);
    return data;
}

/* Wakes whose work was done already. */
static void drain(struct chat_fixture *f)
{
    struct pollfd fd = {.fd = f->wake, .events = POLLIN};
    if (poll(&fd, 1, 0) == 1)
        pump(f);
}

struct checked {
    bool is_done;
    enum auth_result result;
    struct caller caller;
};

static void on_checked(void *ctx, enum auth_result result, const struct caller *caller)
{
    struct checked *c = ctx;
    c->is_done = true;
    c->result = result;
    if (caller)
        c->caller = *caller;
}

static struct checked check(struct chat_fixture *f, const char *token)
{
    struct checked c = {0};
    auth_check(f->chat->auth, token, on_checked, &c);
    while (!c.is_done)
        pump(f);
    return c;
}

static struct checked check_data(struct chat_fixture *f, const json_t *data)
{
    return check(f, json_string_value(json_object_get(data, "token")));
}

static void test_register(void **state)
{
    struct chat_fixture *f = *state;
    json_t *data = do_register(f, "Pia", CHAT_OK);
    struct checked c = check_data(f, data);
    assert_int_equal(c.result, AUTH_OK);
    assert_int_equal(c.caller.user_id, 1);
    assert_json_take(data, "{\"userId\": 1, \"token\": \"*\"}");
    assert_null(do_register(f, "pIA", CHAT_USER_EXISTS));
    assert_int_equal(sql_i64(f, "select count(*) from users"), 1);
    assert_int_equal(sql_i64(f, "select count(*) from logins"), 1);
    /* Stored as a bcrypt hash of the configured cost. */
    uint64_t id;
    char *hash;
    assert_int_equal(db_user_credentials(f->base->db, "pia", &id, &hash), ERR_OK);
    assert_int_equal(password_cost(hash), 10);
    assert_memory_equal(hash, "$2b$", 4);
    free(hash);
    assert_int_equal(metric_get(&f->metrics, METRIC_LOGINS), 1);
}

static void test_login(void **state)
{
    struct chat_fixture *f = *state;
    json_decref(do_register(f, "pia", CHAT_OK));
    json_t *one = do_login(f, "PIA", "123456", CHAT_OK);
    json_t *two = do_login(f, "pia", "123456", CHAT_OK);
    /* Several logins at the same time. */
    struct checked c1 = check_data(f, one), c2 = check_data(f, two);
    assert_true(c1.result == AUTH_OK && c2.result == AUTH_OK);
    assert_string_not_equal(c1.caller.login_id, c2.caller.login_id);
    json_decref(one);
    assert_json_take(two, "{\"userId\": 1, \"token\": \"*\"}");
    assert_null(do_login(f, "pia", "1234567", CHAT_WRONG_PASSWORD));
    assert_null(do_login(f, "paul", "123456", CHAT_USER_MISSING));
    assert_int_equal(metric_get(&f->metrics, METRIC_LOGIN_FAILURES), 2);
}

/* What the original back end stored works, and becomes a newer hash at the first login. */
static void test_old_hash_is_upgraded(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t id;
    char *hash;
    const char *old = "$2a$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG";
    assert_int_equal(db_user_insert(f->base->db, "old", old, "O", "", 1, &id), ERR_OK);
    assert_null(do_login(f, "old", "12345", CHAT_WRONG_PASSWORD));
    assert_int_equal(db_user_credentials(f->base->db, "old", &id, &hash), ERR_OK);
    assert_string_equal(hash, old);
    free(hash);
    json_decref(do_login(f, "old", "123456", CHAT_OK));
    assert_int_equal(db_user_credentials(f->base->db, "old", &id, &hash), ERR_OK);
    assert_int_equal(password_cost(hash), 10);
    assert_true(password_check("123456", hash));
    free(hash);
}

static void test_login_rate_limit(void **state)
{
    struct chat_fixture *f = *state;
    json_decref(do_register(f, "pia", CHAT_OK));
    for (unsigned i = 0; i < f->base->conf->auth.login_tries_per_min; i++)
        assert_null(do_login(f, i % 2 ? "pia" : "PIA", "wrong1", CHAT_WRONG_PASSWORD));
    struct user_login_args args = {.username = "pia", .password = "123456", .address = "192.0.2.1"};
    struct answer a = {0};
    user_login_start(f->chat, &args, on_answer, &a);
    assert_true(a.is_done); /* at once: costs no hash */
    assert_int_equal(a.code, CHAT_BAD_REQUEST);
    assert_string_equal(a.message, "登录尝试过于频繁，请稍后再试");
    answer_clear(&a);
    args.address = "192.0.2.2";
    user_login_start(f->chat, &args, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, CHAT_OK);
    answer_clear(&a);
}

static void test_logout(void **state)
{
    struct chat_fixture *f = *state;
    struct fake_conn conn;
    json_decref(do_register(f, "pia", CHAT_OK));
    json_t *one = do_login(f, "pia", "123456", CHAT_OK), *two = do_login(f, "pia", "123456", CHAT_OK);
    struct checked c = check_data(f, one);
    fake_open(f, &conn);
    fake_say(&conn, json_string_value(json_object_get(one, "token")));
    fake_say(&conn, "");
    fake_next(f, &conn);
    struct answer a = {0};
    user_logout_start(f->chat, 1, c.caller.login_id, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, CHAT_OK);
    answer_clear(&a);
    assert_true(conn.is_closed);
    assert_int_equal(check_data(f, one).result, AUTH_EXPIRED);
    assert_int_equal(check_data(f, two).result, AUTH_OK);
    fake_drop(&conn);
    fake_clear(&conn);
    json_decref(one);
    json_decref(two);
}

static void test_password_change(void **state)
{
    struct chat_fixture *f = *state;
    json_decref(do_register(f, "pia", CHAT_OK));
    json_t *one = do_login(f, "pia", "123456", CHAT_OK), *two = do_login(f, "pia", "123456", CHAT_OK);
    struct checked c = check_data(f, one);
    assert_int_equal(check_data(f, two).result, AUTH_OK);
    struct user_password_args args = {
        .old_password = "nonono", .new_password = "654321", .login_id = c.caller.login_id};
    struct answer a = {0};
    user_password_start(f->chat, 1, &args, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, CHAT_WRONG_PASSWORD);
    answer_clear(&a);
    args.old_password = "123456";
    user_password_start(f->chat, 1, &args, on_answer, &a);
    wait_answer(f, &a);
    assert_int_equal(a.code, CHAT_OK);
    answer_clear(&a);
    assert_int_equal(check_data(f, one).result, AUTH_OK);
    assert_int_equal(check_data(f, two).result, AUTH_EXPIRED);
    json_decref(one);
    json_decref(two);
    assert_null(do_login(f, "pia", "123456", CHAT_WRONG_PASSWORD));
    json_decref(do_login(f, "pia", "654321", CHAT_OK));
}

/* What the hash "$2b$10$" of "123456" is with another salt: a password that is changed while it is being checked. */
static void change_hash(struct chat_fixture *f)
{
    char hash[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash("123456", 10, hash), ERR_OK);
    assert_int_equal(db_exec(f->base->db, NULL, "update users set password_hash = $1", "s", hash), ERR_OK);
}

/* The answer of a chain that is at the hash threads when the password changes. */
static enum chat_code changed_meanwhile(struct chat_fixture *f, struct answer *a)
{
    pump(f); /* the stored hash was read */
    assert_false(a->is_done);
    change_hash(f);
    wait_answer(f, a);
    enum chat_code code = a->code;
    answer_clear(a);
    return code;
}

/* Who logs in with the old password while it is changed stays out, and does not bring it back. */
static void test_login_during_a_change(void **state)
{
    struct chat_fixture *f = *state;
    struct user_login_args args = {.username = "pia", .password = "123456", .address = "192.0.2.1"};
    struct answer a = {0};
    json_decref(do_register(f, "pia", CHAT_OK));
    drain(f);
    user_login_start(f->chat, &args, on_answer, &a);
    assert_int_equal(changed_meanwhile(f, &a), CHAT_WRONG_PASSWORD);
    assert_int_equal(sql_i64(f, "select count(*) from logins"), 1);
    /* An old hash would be replaced by a newer one of the old password. */
    assert_int_equal(db_exec(f->base->db, NULL, "update users set password_hash = $1", "s",
                             "$2a$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG"),
                     ERR_OK);
    drain(f);
    user_login_start(f->chat, &args, on_answer, &a);
    assert_int_equal(changed_meanwhile(f, &a), CHAT_WRONG_PASSWORD);
    assert_int_equal(sql_i64(f, "select count(*) from logins"), 1);
    json_decref(do_login(f, "pia", "123456", CHAT_OK));
}

/* Of two changes at once one counts. */
static void test_two_changes_at_once(void **state)
{
    struct chat_fixture *f = *state;
    json_decref(do_register(f, "pia", CHAT_OK));
    json_t *login = do_login(f, "pia", "123456", CHAT_OK);
    struct checked c = check_data(f, login);
    struct user_password_args args = {
        .old_password = "123456", .new_password = "654321", .login_id = c.caller.login_id};
    struct answer a = {0};
    drain(f);
    user_password_start(f->chat, 1, &args, on_answer, &a);
    assert_int_equal(changed_meanwhile(f, &a), CHAT_WRONG_PASSWORD);
    assert_int_equal(sql_i64(f, "select count(*) from logins"), 2);
    assert_null(do_login(f, "pia", "654321", CHAT_WRONG_PASSWORD));
    json_decref(login);
}

static void test_infos(void **state)
{
    struct chat_fixture *f = *state;
    add_user(f, "anna");
    add_user(f, "bert");
    uint64_t ids[] = {2, 99, 1, 2};
    struct user_infos_args args = {.ids = ids, .count = 4};
    assert_json_take(expect_data(f, user_infos_op(f->chat, 1, &args)),
                     "[{\"userId\":2,\"username\":\"bert\",\"nickname\":\"bert\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"}, null,"
                     "{\"userId\":1,\"username\":\"anna\",\"nickname\":\"anna\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"},"
                     "{\"userId\":2,\"username\":\"bert\",\"nickname\":\"bert\",\"avatar\":\"\",\"enabled\":true,"
                     "\"createdAt\":\"*\",\"updatedAt\":\"*\"}]");
    args.count = 0;
    args.ids = NULL;
    assert_json_take(expect_data(f, user_infos_op(f->chat, 1, &args)), "[]");
    assert_int_equal(db_exec(f->base->db, NULL, "update users set created_at = 1795432392987654", ""), ERR_OK);
    args = (struct user_infos_args){.ids = ids, .count = 1};
    json_t *data = expect_data(f, user_infos_op(f->chat, 1, &args));
    /* From the database: whole seconds. */
    assert_string_equal(json_string_value(json_object_get(json_array_get(data, 0), "createdAt")),
                        "2026-11-23T11:13:12Z");
    json_decref(data);
}

static void test_update(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t id = add_user(f, "anna");
    struct user_update_args args = {.nickname = "Änne", .avatar = "file/x.png"};
    assert_null(expect_data(f, user_update_op(f->chat, id, &args)));
    args.nickname = "Anne";
    args.avatar = "";
    assert_null(expect_data(f, user_update_op(f->chat, id, &args)));
    struct user_infos_args infos = {.ids = &id, .count = 1};
    assert_json_take(expect_data(f, user_infos_op(f->chat, id, &infos)),
                     "[{\"userId\":1,\"username\":\"anna\",\"nickname\":\"Anne\",\"avatar\":\"file/x.png\","
                     "\"enabled\":true,\"createdAt\":\"*\",\"updatedAt\":\"*\"}]");
}

static void expect_found(struct chat_fixture *f, const struct user_search_args *args, const char *names)
{
    json_t *data = expect_data(f, user_search_op(f->chat, 1, args));
    char got[256] = "";
    size_t i;
    json_t *user;
    json_array_foreach (data, i, user) {
        strcat(got, json_string_value(json_object_get(user, "username")));
        strcat(got, " ");
    }
    assert_string_equal(got, names);
    json_decref(data);
}

static void test_search(void **state)
{
    struct chat_fixture *f = *state;
    static const char *const names[] = {"quiz", "quinn", "Quentin", "qa", "qb", "qc", "qd", "xq"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        add_user(f, names[i]);
    struct user_search_args args = {.keyword = "q", .page = 1, .size = 5};
    expect_found(f, &args, "quinn Quentin qa qb qc "); /* without oneself (quiz) */
    args.page = 2;
    expect_found(f, &args, "qd ");
    args.page = 0;
    args.size = 0;
    expect_found(f, &args, "quinn Quentin qa qb qc ");
    args = (struct user_search_args){.keyword = "QU", .page = 1, .size = 5};
    expect_found(f, &args, "quinn Quentin ");
    args.keyword = "q_";
    expect_found(f, &args, "quinn Quentin qa qb qc ");
    args.keyword = "%q";
    args.page = 2;
    expect_found(f, &args, "qd xq ");
    args.page = UINT64_MAX;
    expect_found(f, &args, "");
    args = (struct user_search_args){.keyword = "\xff\xfe", .page = 1, .size = 5};
    expect_found(f, &args, "");
    args = (struct user_search_args){.keyword = "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%", .page = 1, .size = 5};
    expect_found(f, &args, "");
}

static void test_settings(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t id = add_user(f, "anna");
    assert_null(expect_data(f, user_settings_get_op(f->chat, id)));
    struct user_settings_save_args args = {.wallpaper = "file/w.png"};
    assert_null(expect_data(f, user_settings_save_op(f->chat, id, &args)));
    assert_json_take(expect_data(f, user_settings_get_op(f->chat, id)), "{\"wallpaper\":\"file/w.png\"}");
    args.wallpaper = "";
    assert_null(expect_data(f, user_settings_save_op(f->chat, id, &args)));
    assert_json_take(expect_data(f, user_settings_get_op(f->chat, id)), "{\"wallpaper\":\"\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_register),
        BOTH_CHAT(test_login),
        BOTH_CHAT(test_old_hash_is_upgraded),
        BOTH_CHAT(test_login_rate_limit),
        BOTH_CHAT(test_logout),
        BOTH_CHAT(test_password_change),
        BOTH_CHAT(test_login_during_a_change),
        BOTH_CHAT(test_two_changes_at_once),
        BOTH_CHAT(test_infos),
        BOTH_CHAT(test_update),
        BOTH_CHAT(test_search),
        BOTH_CHAT(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
