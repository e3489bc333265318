/* The older call protocol, frame by frame (CONTRACT sections 8 and 12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fake.h"

static void expect(struct fake_socket *socket, const char *frame)
{
    const char *raw = json_string_value(json_array_get(socket->raw, 0));
    if (!raw)
        fail_msg("nothing was sent instead of %s", frame);
    assert_string_equal(raw, frame);
    json_decref(fake_take(socket));
}

static struct fake_socket *online(struct fake *fake, uint64_t user)
{
    fake_join(fake, user);
    struct fake_socket *socket = fake_socket_open(fake, false);
    fake_socket_textf(socket, "token:%llu", (unsigned long long)user);
    return socket;
}

/* The example of CONTRACT section 12 with users 10, 20, 30. */
static void test_a_call_from_start_to_end(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    expect(a, "{\"type\":2,\"payload\":\"[{\\\"userId\\\":10,\\\"state\\\":4,\\\"ping\\\":-2},"
              "{\\\"userId\\\":20,\\\"state\\\":1,\\\"ping\\\":-2},{\\\"userId\\\":30,\\\"state\\\":1,\\\"ping\\\":-2}]"
              "\"}\n");
    fake_join(fake, 20);
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":3,\\\"ping\\\":-2}\"}\n");
    struct fake_socket *b = fake_socket_open(fake, false);
    fake_socket_text(b, "token:20");
    expect(a, "{\"type\":6,\"payload\":\"\"}\n");
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":4,\\\"ping\\\":-2}\"}\n");
    expect(b, "{\"type\":6,\"payload\":\"\"}\n");
    expect(b, "{\"type\":2,\"payload\":\"[{\\\"userId\\\":10,\\\"state\\\":4,\\\"ping\\\":-2},"
              "{\\\"userId\\\":20,\\\"state\\\":4,\\\"ping\\\":-2},{\\\"userId\\\":30,\\\"state\\\":1,\\\"ping\\\":-2}]"
              "\"}\n");
    fake_socket_break(b);
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":5,\\\"ping\\\":-2}\"}\n");
    struct fake_socket *again = fake_socket_open(fake, false);
    fake_socket_text(again, "token:20"); /* the same token, 3 s later */
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":4,\\\"ping\\\":-2}\"}\n");
    json_decref(fake_take(again));
    fake_expect_nothing(again);
    fake_run_ops(fake);
    json_t *updates = json_incref(fake->updates);
    fake_expect_json(updates, "[{\"status\":2,\"reason\":0,\"handled\":0},{\"status\":3,\"reason\":0,\"handled\":2}]");
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(again);
    fake_close(fake);
}

static void on_ok(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)message;
    assert_int_equal(code, CHAT_OK);
    assert_null(data);
    *(bool *)ctx = true;
}

static void hangup(struct fake *fake, uint64_t user)
{
    bool is_done = false;
    calls_hangup(fake->calls, user, FAKE_CALL_ID, on_ok, &is_done);
    assert_true(is_done);
}

static void test_hangup_ends(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    struct fake_socket *b = online(fake, 20);
    fake_clear(a);
    fake_clear(b);
    hangup(fake, 20);
    expect(b, "{\"type\":7,\"payload\":\"1\"}\n");
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":6,\\\"ping\\\":-2}\"}\n");
    expect(a, "{\"type\":7,\"payload\":\"1\"}\n");
    assert_false(a->is_closed); /* the client closes first ... */
    fake_socket_text(a, "{\"type\":5,\"payload\":\"\"}");
    fake_pass(fake, 3 * S);
    assert_true(a->is_closed); /* ... or we do */
    fake_expect_nothing(a);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

static void test_reject_tells_the_others_and_ends(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    fake_clear(a);
    hangup(fake, 20);
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":2,\\\"ping\\\":-2}\"}\n");
    expect(a, "{\"type\":7,\"payload\":\"2\"}\n");
    fake_socket_free(a);
    fake_close(fake);
}

static void test_bad_token(void **state)
{
    (void)state;
    static const char *const tokens[] = {"", "nonsense", "expired", "{\"type\":5,\"payload\":\"\"}"};
    struct fake *fake = fake_open(2);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct fake_socket *a = fake_socket_open(fake, false);
        fake_socket_text(a, tokens[i]);
        expect(a, "{\"type\":1,\"payload\":\"\"}\n");
        assert_true(a->is_closed);
        fake_socket_free(a);
    }
    struct fake_socket *silent = fake_socket_open(fake, false);
    fake_pass(fake, 31 * S);
    assert_true(silent->is_closed);
    fake_socket_free(silent);
    fake_close(fake);
}

static void test_ended_and_unknown_calls(void **state)
{
    (void)state;
    static const struct {
        enum chat_code code;
        const char *frame;
    } cases[] = {
        {CHAT_OK, "{\"type\":8,\"payload\":\"通话已结束\"}\n"},
        {CHAT_FORBIDDEN, "{\"type\":8,\"payload\":\"通话已结束\"}\n"},
        {CALL_MISSING, "{\"type\":8,\"payload\":\"通话不存在\"}\n"},
    };
    struct fake *fake = fake_open(2);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake->get_code = cases[i].code;
        struct fake_socket *a = fake_socket_open(fake, false);
        fake_socket_text(a, "token:10");
        fake_expect_nothing(a);
        fake_run_ops(fake);
        expect(a, cases[i].frame);
        assert_true(a->is_closed);
        fake_socket_free(a);
        /* The socket breaks while the database is asked. */
        a = fake_socket_open(fake, false);
        fake_socket_text(a, "token:10");
        fake_socket_free(a);
        fake_run_ops(fake);
    }
    /* The server stops while the database is asked. */
    struct fake_socket *last = fake_socket_open(fake, false);
    fake_socket_text(last, "token:10");
    fake_close(fake);
    assert_true(last->is_closed);
    fake_socket_free(last);
}

static void test_signaling_is_relayed(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake->conf.call.mesh_max_members = 3;
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    struct fake_socket *b = online(fake, 20);
    fake_clear(a);
    fake_clear(b);
    fake_socket_text(a, "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":20,\\\"message\\\":\\\"{\\\\\\\"type\\\\\\\":1,"
                        "\\\\\\\"payload\\\\\\\":{\\\\\\\"type\\\\\\\":\\\\\\\"offer\\\\\\\"}}\\\"}\"}");
    expect(b, "{\"type\":4,\"payload\":\"{\\\"fromUserId\\\":10,\\\"message\\\":\\\"{\\\\\\\"type\\\\\\\":1,"
              "\\\\\\\"payload\\\\\\\":{\\\\\\\"type\\\\\\\":\\\\\\\"offer\\\\\\\"}}\\\"}\"}\n");
    static const char *const dropped[] = {
        "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":30,\\\"message\\\":\\\"x\\\"}\"}", /* has no session */
        "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":99,\\\"message\\\":\\\"x\\\"}\"}", /* a stranger */
        "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":10,\\\"message\\\":\\\"x\\\"}\"}", /* himself */
        "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":\\\"20\\\",\\\"message\\\":\\\"x\\\"}\"}",
        "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":20,\\\"message\\\":{}}\"}",
        "{\"type\":4,\"payload\":\"x\"}",
        "{\"type\":4,\"payload\":{\"toUserId\":20}}",
        "{\"type\":4}",
        "{\"type\":\"4\",\"payload\":\"\"}",
        "{\"type\":9,\"payload\":\"\"}",
        "{}",
        "x",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        fake_socket_text(a, dropped[i]);
    fake_expect_nothing(a);
    fake_expect_nothing(b);
    struct fake_socket *c = fake_socket_open(fake, true);
    fake_join(fake, 30);
    fake_socket_text(c, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:30\"}}");
    fake_clear(c);
    fake_socket_text(a, dropped[0]); /* speaks the newer protocol now */
    fake_expect_nothing(c);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(c);
    fake_close(fake);
}

static void test_heartbeats_keep_alive(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake->conf.call.mesh_max_members = 3; /* no offers of ours in between */
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    struct fake_socket *b = online(fake, 20);
    fake_clear(a);
    fake_clear(b);
    for (int i = 0; i < 3; i++) {
        fake_pass(fake, 10 * S);
        fake_socket_text(a, "{\"type\":5,\"payload\":\"\"}");
    }
    fake_pass(fake, 20 * MS);
    expect(b, "{\"type\":7,\"payload\":\"5\"}\n"); /* 30 s of silence */
    expect(a, "{\"type\":3,\"payload\":\"{\\\"userId\\\":20,\\\"state\\\":6,\\\"ping\\\":-2}\"}\n");
    fake_expect_nothing(a);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

static void test_a_newer_socket_takes_over(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    struct fake_socket *b = online(fake, 20);
    fake_clear(a);
    fake_clear(b);
    struct fake_socket *newer = fake_socket_open(fake, false);
    fake_socket_text(newer, "token:10");
    assert_true(a->is_closed);
    fake_expect_nothing(a);
    json_t *states = fake_take(newer);
    assert_int_equal(json_integer_value(json_object_get(states, "type")), 2);
    json_decref(states);
    fake_socket_break(a);
    fake_expect_nothing(b); /* he never was Offline */
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(newer);
    fake_close(fake);
}

static void test_who_rejected_stays_unheard(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    struct fake_socket *a = online(fake, 10);
    hangup(fake, 30);
    fake_clear(a);
    struct fake_socket *c = online(fake, 30); /* join gives a token, the socket stays silent (CONTRACT section 13) */
    fake_socket_text(c, "{\"type\":5,\"payload\":\"\"}");
    fake_socket_text(c, "{\"type\":4,\"payload\":\"{\\\"toUserId\\\":10,\\\"message\\\":\\\"x\\\"}\"}");
    fake_expect_nothing(c);
    fake_expect_nothing(a);
    assert_false(c->is_closed);
    fake_socket_free(c);
    fake_expect_nothing(a);
    fake_socket_free(a);
    fake_close(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_from_start_to_end),
        cmocka_unit_test(test_hangup_ends),
        cmocka_unit_test(test_reject_tells_the_others_and_ends),
        cmocka_unit_test(test_bad_token),
        cmocka_unit_test(test_ended_and_unknown_calls),
        cmocka_unit_test(test_signaling_is_relayed),
        cmocka_unit_test(test_heartbeats_keep_alive),
        cmocka_unit_test(test_a_newer_socket_takes_over),
        cmocka_unit_test(test_who_rejected_stays_unheard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
