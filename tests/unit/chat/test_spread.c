/* What each receiver is sent, byte for byte as if it were written for him alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jget.h"
#include "chat/json.h"
#include "chat/op.h"
#include "chat/spread.h"

static json_t *payload(const struct message_row *message, const char *local_id, const struct call_row *call,
                       bool is_new)
{
    json_t *call_json = call ? chat_json_call(call) : NULL;
    if (call)
        json_object_set_new(call_json, "handled", json_true());
    json_t *json = chat_json_message(message, local_id, call_json, TIME_FRACTION);
    json_object_set_new(json, "isNew", json_boolean(is_new));
    return json;
}

static void check(const struct message_row *message, const char *local_id, const struct call_row *call, bool is_new)
{
    struct spread *spread = spread_create(3);
    unsigned text = spread_add_text(spread, payload(message, local_id, call, is_new));
    char *want = jget_dump_take(
        json_pack("{s:i, s:o}", "type", NOTICE_MESSAGE, "payload", payload(message, local_id, call, is_new)));
    for (size_t i = 0; i < 3; i++)
        spread_add(spread, text, 100 + i);
    assert_int_equal(spread_count(spread), 3);
    for (size_t i = 0; i < spread_count(spread); i++) {
        uint64_t user_id = 0;
        assert_string_equal(spread_text(spread, i, &user_id), want);
        assert_int_equal(user_id, 100 + i);
    }
    free(want);
    spread_free(spread);
}

static void test_plain(void **state)
{
    (void)state;
    struct message_row message = {.message_id = 77,
                                  .room_id = 3,
                                  .sender_id = 2,
                                  .type = MESSAGE_TEXT,
                                  .text = "hi <&>",
                                  .image = "",
                                  .thumbnail = "",
                                  .created_us = 1700000000123456,
                                  .updated_us = 1700000000123456,
                                  .delivery_id = INT64_MAX};
    check(&message, NULL, NULL, true);
    check(&message, "l2", NULL, false);
}

/* Texts that look like JSON or a format. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"deliveryId\":0", "\\\"deliveryId\\\":0,", "\\", "\"", "{\"deliveryId\":0}", "%s%n%llu", "\x01\x1f", "通话",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct message_row message = {.message_id = 1,
                                      .room_id = 1,
                                      .sender_id = 1,
                                      .type = MESSAGE_IMAGE,
                                      .text = texts[i],
                                      .image = texts[i],
                                      .thumbnail = texts[i],
                                      .created_us = 1};
        struct call_row call = {
            .call_id = 5, .caller_id = 1, .message_id = 1, .members = (char *)texts[i], .status = 2};
        check(&message, texts[i], NULL, true);
        check(&message, texts[i], &call, true);
    }
}

/* Receivers of different texts, in the order in which they were added. */
static void test_order(void **state)
{
    (void)state;
    struct message_row message = {.message_id = 1, .text = "x", .image = "", .thumbnail = "", .delivery_id = 41};
    struct spread *spread = spread_create(3);
    unsigned others = spread_add_text(spread, payload(&message, NULL, NULL, true));
    unsigned sender = spread_add_text(spread, payload(&message, "mine", NULL, true));
    spread_add(spread, others, 7);
    spread_add(spread, sender, 8);
    spread_add(spread, others, 9);
    for (size_t i = 0; i < 3; i++) {
        uint64_t user_id = 0;
        const char *got = spread_text(spread, i, &user_id);
        assert_int_equal(user_id, 7 + i);
        assert_non_null(strstr(got, "\"deliveryId\":41,"));
        assert_int_equal(strstr(got, "\"localId\":\"mine\"") != NULL, i == 1);
    }
    spread_free(spread);
    spread_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
