/* Tokens against login records, the cache of records, call tokens. */
#include "chat_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chat/token.h"
#include "store/login.h"

struct checked {
    bool is_done;
    enum auth_result result;
    struct caller caller;
};

static void on_checked(void *ctx, enum auth_result result, const struct caller *caller)
{
    struct checked *c = ctx;
    assert_false(c->is_done);
    c->is_done = true;
    c->result = result;
    assert_int_equal(result == AUTH_OK, caller != NULL);
    if (caller)
        c->caller = *caller;
}

static enum auth_result check(struct chat_fixture *f, const char *token)
{
    struct checked c = {0};
    auth_check(f->chat->auth, token, on_checked, &c);
    while (!c.is_done)
        pump(f);
    return c.result;
}

static void test_login_token(void **state)
{
    struct chat_fixture *f = *state;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    struct checked c = {0};
    auth_check(f->chat->auth, token, on_checked, &c);
    assert_false(c.is_done); /* the record must be read */
    while (!c.is_done)
        pump(f);
    assert_int_equal(c.result, AUTH_OK);
    assert_int_equal(c.caller.user_id, anna);
    assert_string_equal(c.caller.login_id, login_id);
    memset(&c, 0, sizeof(c));
    auth_check(f->chat->auth, token, on_checked, &c);
    assert_true(c.is_done); /* known by now */
    assert_int_equal(c.result, AUTH_OK);

    assert_int_equal(check(f, ""), AUTH_MISSING);
    assert_int_equal(check(f, "x.y.z"), AUTH_MISSING);
    token[strlen(token) - 5] ^= 1;
    assert_int_equal(check(f, token), AUTH_MISSING);
    free(token);
}

static void test_ended_logins(void **state)
{
    struct chat_fixture *f = *state;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    /* The token itself has expired. */
    char *old = auth_login_token(f->chat->auth, login_id, clock_wall_us() / (int64_t)US_PER_S - 1);
    assert_int_equal(check(f, old), AUTH_EXPIRED);
    free(old);
    /* No record. */
    char *none = auth_login_token(f->chat->auth, "0f8fad5b-d9cb-469f-a165-70867728950e",
                                  clock_wall_us() / (int64_t)US_PER_S + 99);
    assert_int_equal(check(f, none), AUTH_EXPIRED);
    free(none);
    /* Known, then ended: the cache forgets. */
    assert_int_equal(check(f, token), AUTH_OK);
    assert_int_equal(db_login_delete(f->base->db, anna, login_id), ERR_OK);
    auth_end_login(f->chat->auth, anna, login_id);
    assert_int_equal(check(f, token), AUTH_EXPIRED);
    free(token);
    /* The record has expired, the token not. */
    token = make_login(f, anna, login_id);
    assert_int_equal(db_exec(f->base->db, NULL, "update logins set expire_at = 1", ""), ERR_OK);
    assert_int_equal(check(f, token), AUTH_EXPIRED);
    free(token);
}

/* A record that was being read while the login was ended is not remembered. */
static void test_forget_meanwhile(void **state)
{
    struct chat_fixture *f = *state;
    char login_id[37];
    uint64_t anna = add_user(f, "anna");
    char *token = make_login(f, anna, login_id);
    struct checked c = {0};
    auth_check(f->chat->auth, token, on_checked, &c);
    auth_end_login(f->chat->auth, anna, login_id);
    while (!c.is_done)
        pump(f);
    assert_int_equal(c.result, AUTH_EXPIRED);
    assert_int_equal(db_login_delete(f->base->db, anna, login_id), ERR_OK);
    assert_int_equal(check(f, token), AUTH_EXPIRED);
    free(token);
}

static void test_call_token(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t call = 0;
    const struct caller caller = {.user_id = 12345678901, .login_id = "0f8fad5b-d9cb-469f-a165-70867728950e"};
    struct caller user = {0};
    char *token = auth_call_token(f->chat->auth, 7, &caller);
    assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_OK);
    assert_true(call == 7 && user.user_id == 12345678901);
    assert_string_equal(user.login_id, caller.login_id);
    /* It is no login token, and a login token is no call token. */
    assert_int_equal(check(f, token), AUTH_EXPIRED);
    /* It ends with its login. */
    auth_end_login(f->chat->auth, 1, "1f8fad5b-d9cb-469f-a165-70867728950e");
    assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_OK);
    auth_end_login(f->chat->auth, caller.user_id, caller.login_id);
    assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_EXPIRED);
    free(token);
    char login_id[37];
    token = make_login(f, add_user(f, "anna"), login_id);
    assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_MISSING);
    free(token);
    int64_t later = clock_wall_us() / (int64_t)US_PER_S + 99;
    static const char *const bad[] = {"call:", "call:1", "call:1:", "call::2", "call:1:2:3", "call:a:2", "call:-1:2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        token = auth_login_token(f->chat->auth, bad[i], later);
        assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_MISSING);
        free(token);
    }
    token = auth_login_token(f->chat->auth, "call:1:2", later - 200);
    assert_int_equal(auth_call_check(f->chat->auth, token, &call, &user), AUTH_EXPIRED);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_CHAT(test_login_token),
        BOTH_CHAT(test_ended_logins),
        BOTH_CHAT(test_forget_meanwhile),
        BOTH_CHAT(test_call_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
