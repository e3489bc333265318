/* Answering connectivity checks: the vectors of RFC 5769, and a table of requests that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <stun/stunagent.h>

#include "rig.h"
#include "rtc/ice_stun.h"
#include "rtc/transport.h"

/* RFC 5769 section 2.1: a check by a controlled agent. */
static const uint8_t rfc5769_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
    0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
    0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
    0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
    0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
    0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
/* Section 2.2: its answer. */
static const uint8_t rfc5769_response[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
#define RFC5769_PWD "VOkJxbRl1RmTxUk/WvJxBt"

static const struct ice_creds creds = {.local_ufrag = "srvU", .local_pwd = "serverpassword", .remote_ufrag = "cliU"};
static const struct rig_check good_check = {.username = "srvU:cliU", .pwd = "serverpassword", .is_nominated = true};

static int setup(void **state)
{
    struct ice_stun *stun = NULL;
    assert_int_equal(ice_stun_create(&stun), ERR_OK);
    *state = stun;
    return 0;
}

static int teardown(void **state)
{
    ice_stun_free(*state);
    return 0;
}

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The value of an attribute in an answer of ours. */
static const uint8_t *find(const struct ice_check *check, uint16_t type, uint16_t *len)
{
    for (size_t at = 20; at + 4 <= check->reply_len; at += 4 + ((u16(&check->reply[at + 2]) + 3u) & ~3u)) {
        if (u16(&check->reply[at]) == type) {
            *len = u16(&check->reply[at + 2]);
            return &check->reply[at + 4];
        }
    }
    return NULL;
}

static void test_rfc5769_request(void **state)
{
    struct ice_creds rfc = {.local_ufrag = "evtj", .local_pwd = RFC5769_PWD, .remote_ufrag = "h6vY"};
    struct addr from = rig_addr("192.0.2.1", 32853);
    struct ice_check check;
    assert_int_equal(ice_stun_answer(*state, &rfc, rfc5769_request, sizeof(rfc5769_request), &from, &check), ERR_OK);
    assert_false(check.is_valid); /* authentic, but it claims our role */
    assert_int_equal(u16(check.reply), 0x0111);
    uint16_t len;
    const uint8_t *error = find(&check, 0x0009, &len);
    assert_non_null(error);
    assert_int_equal(error[2] * 100 + error[3], 487);
    assert_memory_equal(check.reply + 8, rfc5769_request + 8, 12);
    char ufrag[RTC_UFRAG_MAX + 1];
    assert_int_equal(rtc_stun_ufrag(rfc5769_request, sizeof(rfc5769_request), ufrag), ERR_OK);
    assert_string_equal(ufrag, "evtj");

    /* Every single bit counts. */
    for (size_t i = 0; i < sizeof(rfc5769_request); i++) {
        uint8_t bad[sizeof(rfc5769_request)];
        memcpy(bad, rfc5769_request, sizeof(bad));
        bad[i] ^= 0x10;
        assert_int_not_equal(ice_stun_answer(*state, &rfc, bad, sizeof(bad), &from, &check), ERR_OK);
    }
    assert_int_equal(ice_stun_answer(*state, &rfc, rfc5769_response, sizeof(rfc5769_response), &from, &check),
                     ERR_INVALID);
    assert_int_equal(rtc_stun_ufrag(rfc5769_response, sizeof(rfc5769_response), ufrag), ERR_INVALID);
}

static void test_answer_names_the_address(void **state)
{
    uint8_t data[512];
    size_t len = rig_check_make(&good_check, data, sizeof(data));
    struct ice_check check;
    struct addr from4 = rig_addr("192.0.2.1", 32853);
    assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from4, &check), ERR_OK);
    assert_true(check.is_valid);
    assert_true(check.is_nominated);
    assert_memory_equal(check.id, data + 8, ICE_STUN_ID_LEN);
    assert_int_equal(u16(check.reply), 0x0101);
    uint16_t attr_len;
    const uint8_t *mapped = find(&check, 0x0020, &attr_len);
    assert_non_null(mapped);
    assert_memory_equal(mapped, rfc5769_response + 40, 8); /* RFC 5769's address, the same bytes */
    assert_non_null(find(&check, 0x0008, &attr_len));
    assert_non_null(find(&check, 0x8028, &attr_len));

    struct addr from6 = rig_addr("2001:db8:1234:5678:11:2233:4455:6677", 32853);
    assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from6, &check), ERR_OK);
    mapped = find(&check, 0x0020, &attr_len);
    assert_non_null(mapped);
    assert_int_equal(attr_len, 20);
    for (size_t i = 0; i < 16; i++) /* RFC 8489 section 14.2: XOR with the cookie and the transaction id */
        assert_int_equal(mapped[4 + i] ^ data[4 + i], from6.ip[i]);
    /* No amplifier. */
    assert_in_range(check.reply_len, 1, len + 24);
}

static void test_wrong_credentials(void **state)
{
    static const struct rig_check wrong[] = {
        {.username = "srvU:cliU", .pwd = "serverpasswore"}, {.username = "srvU:cliU", .pwd = "serverpasswor"},
        {.username = "srvu:cliU", .pwd = "serverpassword"}, {.username = "srvU:cliUU", .pwd = "serverpassword"},
        {.username = "srvU:cli", .pwd = "serverpassword"},  {.username = "srvU", .pwd = "serverpassword"},
        {.username = "srvU:", .pwd = "serverpassword"},     {.username = ":cliU", .pwd = "serverpassword"},
        {.username = ":", .pwd = "serverpassword"},         {.username = "cliU:srvU", .pwd = "serverpassword"},
    };
    struct addr from = rig_addr("192.0.2.1", 4000);
    struct ice_check check;
    uint8_t data[512];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        size_t len = rig_check_make(&wrong[i], data, sizeof(data));
        assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from, &check), ERR_DENIED);
        assert_int_equal(check.reply_len, 0);
    }
    /* While the remote ufrag is unknown, any passes. */
    struct ice_creds open = creds;
    open.remote_ufrag = "";
    size_t len = rig_check_make(&wrong[3], data, sizeof(data));
    assert_int_equal(ice_stun_answer(*state, &open, data, len, &from, &check), ERR_OK);
}

static void test_unknown_attribute_is_told(void **state)
{
    StunAgent agent;
    StunMessage message;
    uint8_t data[512];
    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, STUN_AGENT_USAGE_USE_FINGERPRINT);
    stun_agent_init_request(&agent, &message, data, sizeof(data), STUN_BINDING);
    stun_message_append_bytes(&message, STUN_ATTRIBUTE_USERNAME, "srvU:cliU", 9);
    stun_message_append32(&message, (StunAttribute)0x7abc, 1);
    size_t len = stun_agent_finish_message(&agent, &message, (const uint8_t *)"serverpassword", 14);
    struct addr from = rig_addr("192.0.2.1", 4000);
    struct ice_check check;
    assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from, &check), ERR_OK);
    assert_false(check.is_valid);
    uint16_t attr_len;
    const uint8_t *error = find(&check, 0x0009, &attr_len);
    assert_non_null(error);
    assert_int_equal(error[2] * 100 + error[3], 420);
}

/* One change to a good request each; none may be answered, and the ufrag peek must survive it too. */
enum edit {
    EDIT_NONE,
    EDIT_CUT,          /* n bytes off the end, the length field left alone */
    EDIT_GROW,         /* n bytes after the end */
    EDIT_BYTE,         /* byte at n becomes value */
    EDIT_ADD,          /* n bytes of an attribute of type `value` after the end, the length field right */
    EDIT_DROP_TAIL,    /* n bytes off the end, the length field right */
    EDIT_ATTR_LEN_LAST /* the length of the last attribute becomes value */
};

static const struct {
    const char *name;
    enum edit edit;
    unsigned n;
    unsigned value;
} bad_requests[] = {
    {"fingerprint missing", EDIT_DROP_TAIL, 8, 0},
    {"integrity and fingerprint missing", EDIT_DROP_TAIL, 32, 0},
    {"integrity cut short", EDIT_DROP_TAIL, 12, 0},
    {"cut in the fingerprint", EDIT_CUT, 1, 0},
    {"cut by a word", EDIT_CUT, 4, 0},
    {"bytes after the end", EDIT_GROW, 4, 0},
    {"one byte after the end", EDIT_GROW, 1, 0},
    {"an attribute after the fingerprint", EDIT_ADD, 4, 0x8022},
    {"a second fingerprint", EDIT_ADD, 4, 0x8028},
    {"a second integrity", EDIT_ADD, 20, 0x0008},
    {"a username at the end", EDIT_ADD, 8, 0x0006},
    {"wrong fingerprint", EDIT_BYTE, 0, 0xff},
    {"an indication", EDIT_BYTE, 1, 0x11},
    {"a success response", EDIT_BYTE, 0, 0x01},
    {"an Allocate request", EDIT_BYTE, 1, 0x03},
    {"no cookie", EDIT_BYTE, 4, 0x20},
    {"length not a multiple of 4", EDIT_BYTE, 3, 0x4d},
    {"length too large", EDIT_BYTE, 2, 0xff},
    {"fingerprint length 0", EDIT_ATTR_LEN_LAST, 0, 0},
    {"fingerprint length 5", EDIT_ATTR_LEN_LAST, 0, 5},
    {"fingerprint length 65535", EDIT_ATTR_LEN_LAST, 0, 65535},
};

static size_t apply(uint8_t *data, size_t len, enum edit edit, unsigned n, unsigned value)
{
    switch (edit) {
    case EDIT_CUT:
        return len - n;
    case EDIT_GROW:
        memset(data + len, 0, n);
        return len + n;
    case EDIT_BYTE:
        data[value == 0xff && n == 0 ? len - 1 : n] ^= 0xff;
        if (!(value == 0xff && n == 0))
            data[n] = (uint8_t)value;
        return len;
    case EDIT_ADD:
        data[len] = (uint8_t)(value >> 8);
        data[len + 1] = (uint8_t)value;
        data[len + 2] = 0;
        data[len + 3] = (uint8_t)n;
        memset(data + len + 4, 'x', n);
        len += 4 + n;
        break;
    case EDIT_DROP_TAIL:
        len -= n;
        break;
    case EDIT_ATTR_LEN_LAST:
        data[len - 6] = (uint8_t)(value >> 8);
        data[len - 5] = (uint8_t)value;
        return len;
    case EDIT_NONE:
        return len;
    }
    data[2] = (uint8_t)((len - 20) >> 8);
    data[3] = (uint8_t)(len - 20);
    return len;
}

static void test_bad_requests(void **state)
{
    struct addr from = rig_addr("192.0.2.1", 4000);
    struct ice_check check;
    uint8_t data[1024];
    for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
        size_t len = rig_check_make(&good_check, data, 512);
        assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from, &check), ERR_OK);
        len = apply(data, len, bad_requests[i].edit, bad_requests[i].n, bad_requests[i].value);
        if (ice_stun_answer(*state, &creds, data, len, &from, &check) == ERR_OK)
            fail_msg("answered: %s", bad_requests[i].name);
        assert_int_equal(check.reply_len, 0);
    }
    /* Cut at every byte, in memory that ends there (a checker sees any read beyond). */
    size_t len = rig_check_make(&good_check, data, 512);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = test_malloc(cut + 1);
        char ufrag[RTC_UFRAG_MAX + 1];
        memcpy(copy, data, cut);
        assert_int_not_equal(ice_stun_answer(*state, &creds, copy, cut, &from, &check), ERR_OK);
        assert_int_equal(rtc_stun_ufrag(copy, cut, ufrag), ERR_INVALID);
        test_free(copy);
    }
}

static void test_too_many_attributes(void **state)
{
    struct addr from = rig_addr("192.0.2.1", 4000);
    for (unsigned extra = 0; extra < 40; extra += 39) {
        StunAgent agent;
        StunMessage message;
        uint8_t data[1024];
        stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_USE_FINGERPRINT);
        stun_agent_init_request(&agent, &message, data, sizeof(data), STUN_BINDING);
        stun_message_append_bytes(&message, STUN_ATTRIBUTE_USERNAME, "srvU:cliU", 9);
        for (unsigned i = 0; i < extra; i++)
            stun_message_append32(&message, (StunAttribute)(0x9000 + i), i);
        size_t len = stun_agent_finish_message(&agent, &message, (const uint8_t *)"serverpassword", 14);
        struct ice_check check;
        assert_int_equal(ice_stun_answer(*state, &creds, data, len, &from, &check), extra ? ERR_INVALID : ERR_OK);
    }
}

static void test_ufrag_peek(void **state)
{
    (void)state;
    static const struct {
        const char *username;
        const char *ufrag; /* NULL = refused */
    } cases[] = {
        {"abcd:efgh", "abcd"},
        {"a:b:c", "a"},
        {"a:", "a"},
        {":b", NULL},
        {"abcd", NULL},
        {"12345678901234567890123456789012:x", "12345678901234567890123456789012"},
        {"123456789012345678901234567890123:x", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig_check request = {.username = cases[i].username, .pwd = "x"};
        uint8_t data[512];
        char ufrag[RTC_UFRAG_MAX + 1];
        size_t len = rig_check_make(&request, data, sizeof(data));
        enum err err = rtc_stun_ufrag(data, len, ufrag);
        assert_int_equal(err, cases[i].ufrag ? ERR_OK : ERR_INVALID);
        if (err == ERR_OK)
            assert_string_equal(ufrag, cases[i].ufrag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rfc5769_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer_names_the_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_credentials, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_attribute_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_attributes, setup, teardown),
        cmocka_unit_test(test_ufrag_peek),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
