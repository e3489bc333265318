/* The REST operations, the record that follows the call, and the end of everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fake.h"

struct answer {
    unsigned count;
    enum chat_code code;
    char message[64];
};

static void on_done(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)data;
    struct answer *answer = ctx;
    answer->count++;
    answer->code = code;
    (void)text_copy(answer->message, sizeof(answer->message), message ? message : "");
}

static enum chat_code code_of(struct fake *fake, struct answer *answer)
{
    fake_run_ops(fake);
    assert_int_equal(answer->count, 1);
    assert_true((answer->code == CHAT_OK) == (answer->message[0] == 0));
    return answer->code;
}

static enum chat_code join_code(struct fake *fake, uint64_t user)
{
    struct answer answer = {0};
    const struct caller caller = {.user_id = user, .login_id = "login"};
    calls_join(fake->calls, &caller, FAKE_CALL_ID, on_done, &answer);
    return code_of(fake, &answer);
}

static enum chat_code hangup_code(struct fake *fake, uint64_t user)
{
    struct answer answer = {0};
    calls_hangup(fake->calls, user, FAKE_CALL_ID, on_done, &answer);
    return code_of(fake, &answer);
}

static void test_create_refused_by_the_service(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake->create_code = CHAT_CONTACT_MISSING;
    struct answer answer = {0};
    const uint64_t users[] = {20};
    const struct call_record_create_args args = {.contact_id = 1, .user_ids = users, .count = 1};
    calls_create_call(fake->calls, 10, &args, on_done, &answer);
    assert_int_equal(answer.count, 0);
    assert_int_equal(code_of(fake, &answer), CHAT_CONTACT_MISSING);
    assert_int_equal(calls_count(fake->calls), 0);
    fake_close(fake);
}

static void test_too_many_members(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake->conf.call.max_members = 3;
    const uint64_t users[] = {20, 30, 40};
    struct call_record_create_args args = {.contact_id = 1, .user_ids = users, .count = 3};
    struct answer answer = {0};
    calls_create_call(fake->calls, 10, &args, on_done, &answer);
    assert_int_equal(code_of(fake, &answer), CHAT_BAD_REQUEST);
    args.count = 2;
    answer = (struct answer){0};
    calls_create_call(fake->calls, 10, &args, on_done, &answer);
    assert_int_equal(code_of(fake, &answer), CHAT_OK);
    fake_close(fake);
}

static void test_codes_of_join_and_hangup(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake->get_code = CALL_MISSING;
    assert_int_equal(join_code(fake, 10), CALL_MISSING);
    assert_int_equal(hangup_code(fake, 10), CALL_MISSING);
    fake_create_call(fake);
    assert_int_equal(join_code(fake, 99), CHAT_FORBIDDEN);
    assert_int_equal(hangup_code(fake, 99), CHAT_FORBIDDEN);
    assert_int_equal(join_code(fake, 10), CHAT_OK);
    assert_int_equal(hangup_code(fake, 20), CHAT_OK);
    assert_int_equal(calls_count(fake->calls), 0);
    /* Ended and stored: the database knows it. */
    fake->get_code = CHAT_OK;
    assert_int_equal(join_code(fake, 10), CALL_STATE_INVALID);
    assert_int_equal(hangup_code(fake, 10), CALL_STATE_INVALID);
    fake->get_code = CHAT_FORBIDDEN; /* the status is looked at before the caller */
    assert_int_equal(join_code(fake, 99), CALL_STATE_INVALID);
    fake->get_code = CHAT_INTERNAL;
    assert_int_equal(join_code(fake, 10), CHAT_INTERNAL);
    fake_close(fake);
}

static void test_handled_goes_to_each_once(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    assert_int_equal(join_code(fake, 10), CHAT_OK);
    assert_int_equal(join_code(fake, 10), CHAT_OK);
    assert_int_equal(hangup_code(fake, 20), CHAT_OK);
    json_t *notices = json_incref(fake->notices);
    fake_expect_json(notices, "[{\"user\":10,\"type\":4,\"payload\":7},{\"user\":20,\"type\":4,\"payload\":7}]");
    json_t *updates = json_incref(fake->updates);
    fake_expect_json(updates, "[{\"status\":2,\"reason\":0,\"handled\":0},{\"status\":4,\"reason\":2,\"handled\":2}]");
    assert_int_equal(metric_get(&fake->metrics, METRIC_CALLS_LIVE), 0);
    assert_int_equal(metric_get(&fake->metrics, METRIC_CALLS_TOTAL), 1);
    fake_close(fake);
}

/* The end must reach the database, or the call would ring for ever in the history. */
static void test_the_end_is_stored_at_last(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    fake->update_code = CHAT_INTERNAL;
    assert_int_equal(hangup_code(fake, 10), CHAT_OK);
    assert_int_equal(json_array_size(fake->updates), 2);
    fake_pass(fake, 3 * S);
    fake_run_ops(fake);
    assert_int_equal(json_array_size(fake->updates), 3);
    assert_int_equal(join_code(fake, 20), CALL_STATE_INVALID); /* known without the database */
    fake->update_code = CHAT_OK;
    fake_pass(fake, 3 * S);
    fake_run_ops(fake);
    assert_int_equal(json_array_size(fake->updates), 4);
    fake_pass(fake, 10 * S);
    assert_int_equal(json_array_size(fake->updates), 4);
    json_t *last = json_incref(json_array_get(fake->updates, 3));
    fake_expect_json(last, "{\"status\":4,\"reason\":7,\"handled\":1}");
    fake_close(fake);
}

static void test_unanswered_calls_end(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    fake_pass(fake, 61 * S);
    fake_run_ops(fake);
    assert_int_equal(calls_count(fake->calls), 0);
    json_t *last = json_incref(json_array_get(fake->updates, json_array_size(fake->updates) - 1));
    fake_expect_json(last, "{\"status\":4,\"reason\":6,\"handled\":0}");
    fake_close(fake);
}

static void on_call(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)message;
    json_t **call = ctx;
    assert_int_equal(code, CHAT_OK);
    *call = json_deep_copy(data);
}

static void expect_call(struct fake *fake, enum call_status status, enum call_end_reason reason)
{
    json_t *call = NULL;
    calls_get(fake->calls, 10, FAKE_CALL_ID, on_call, &call);
    fake_run_ops(fake);
    assert_non_null(call);
    assert_int_equal(json_integer_value(json_object_get(call, "status")), status);
    assert_int_equal(json_integer_value(json_object_get(call, "endReason")), reason);
    assert_int_equal(json_is_string(json_object_get(call, "startTime")), status == CALL_ACTIVE);
    assert_int_equal(json_is_string(json_object_get(call, "endTime")), status == CALL_END);
    json_decref(call);
}

/* The client asks again as soon as it is told of the start: the answer must not be that of a moment ago. */
static void test_the_answer_is_of_the_live_call(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    expect_call(fake, CALL_READY, CALL_END_NONE);
    fake_join(fake, 10);
    fake_join(fake, 20);
    struct fake_socket *a = fake_socket_open(fake, false);
    struct fake_socket *b = fake_socket_open(fake, false);
    fake_socket_text(a, "token:10");
    fake_socket_text(b, "token:20");
    expect_call(fake, CALL_ACTIVE, CALL_END_NONE);
    fake_close(fake);
    fake_socket_free(a);
    fake_socket_free(b);
}

static void test_the_answer_has_an_end_that_is_not_stored(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    fake->update_code = CHAT_INTERNAL;
    assert_int_equal(hangup_code(fake, 20), CHAT_OK);
    expect_call(fake, CALL_END, CALL_END_REJECTED);
    fake_close(fake);
}

/* It is read before the end is stored, and answered when the call is live no more. */
static void test_the_answer_is_not_older_than_the_question(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct answer answer = {0};
    calls_hangup(fake->calls, 20, FAKE_CALL_ID, on_done, &answer);
    json_t *call = NULL;
    calls_get(fake->calls, 10, FAKE_CALL_ID, on_call, &call);
    fake_run_ops(fake); /* in this order: the end is stored, the call forgotten */
    assert_int_equal(calls_count(fake->calls), 0);
    assert_int_equal(json_integer_value(json_object_get(call, "status")), CALL_END);
    assert_int_equal(json_integer_value(json_object_get(call, "endReason")), CALL_END_REJECTED);
    json_decref(call);
    fake_close(fake);
}

/* The server stops in the middle: sockets are closed, media freed, and the operations under way find nobody. */
static void test_stop_in_the_middle(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    fake_join(fake, 10);
    fake_join(fake, 20);
    struct fake_socket *a = fake_socket_open(fake, true);
    struct fake_socket *b = fake_socket_open(fake, false);
    struct fake_socket *c = fake_socket_open(fake, true); /* never joined */
    fake_socket_text(a, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:10\"}}");
    fake_socket_text(b, "token:20");
    struct answer answer = {0};
    calls_get(fake->calls, 10, FAKE_CALL_ID, on_done, &answer);
    fake_close(fake);
    assert_int_equal(answer.count, 0);
    assert_true(a->is_closed && b->is_closed && c->is_closed);
    assert_int_equal(a->close_code, 1001);
    fake_socket_text(a, "{\"req\":1,\"type\":\"ping\"}"); /* late bytes reach nobody */
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_refused_by_the_service),
        cmocka_unit_test(test_too_many_members),
        cmocka_unit_test(test_codes_of_join_and_hangup),
        cmocka_unit_test(test_handled_goes_to_each_once),
        cmocka_unit_test(test_the_end_is_stored_at_last),
        cmocka_unit_test(test_unanswered_calls_end),
        cmocka_unit_test(test_the_answer_is_of_the_live_call),
        cmocka_unit_test(test_the_answer_has_an_end_that_is_not_stored),
        cmocka_unit_test(test_the_answer_is_not_older_than_the_question),
        cmocka_unit_test(test_stop_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
