/* Candidate lines: RFC 8839's forms, trickled ones, names, bad ones. */
#include "proto/sdp.h"
#include <stdio.h>

#include "tool.h"

static struct sdp_candidate parse(const char *text)
{
    struct sdp_candidate candidate;
    if (sdp_candidate_parse(&candidate, text, strlen(text)))
        fail_msg("refused: %s", text);
    return candidate;
}

static void reads_and_writes(void **state)
{
    (void)state;
    static const char *const table[] = {
        "candidate:1 1 udp 2130706431 192.0.2.1 8998 typ host",
        "candidate:2 1 udp 1694498815 203.0.113.9 45664 typ srflx raddr 192.0.2.1 rport 8998",
        "candidate:abc+/ 256 tcp 4294967295 2001:db8::1 9 typ host tcptype active",
        "candidate:3 2 tcp 1 ::1 0 typ relay raddr 0.0.0.0 rport 0 tcptype passive",
        "candidate:4 1 udp 5 5f3c6a1d-3b0e-4c57-9f4e-7d1c0a9b8e55.local 9 typ prflx",
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct sdp_candidate candidate = parse(table[i]);
        struct text out = {0};
        sdp_candidate_write(&candidate, &out);
        assert_string_equal(out.data, table[i]);
        text_free(&out);
    }
    struct sdp_candidate relay = parse(table[1]);
    assert_string_equal(relay.address, "203.0.113.9");
    assert_string_equal(relay.related_address, "192.0.2.1");
    assert_int_equal(relay.related_port, 8998);
    assert_int_equal(relay.priority, 1694498815);
}

static void other_spellings(void **state)
{
    (void)state;
    struct sdp_candidate a =
        parse("a=candidate:1 1 UDP 7 192.0.2.1 9 typ host generation 0 ufrag abcd network-cost 999");
    struct sdp_candidate b = parse("1 1 udp 7 192.0.2.1 9 typ host");
    struct sdp_candidate c = parse("  candidate:1 1 udp 7  192.0.2.1 9 typ HOST ");
    assert_memory_equal(&a, &b, sizeof(a));
    assert_memory_equal(&a, &c, sizeof(a));
}

static void names_are_no_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool wanted;
    } table[] = {
        {"192.0.2.1", true},
        {"255.255.255.255", true},
        {"::", true},
        {"fe80::1", true},
        {"::ffff:1.2.3.4", true},
        {"1.2.3", false},
        {"1.2.3.4.5", false},
        {"256.1.1.1", false},
        {"1.2.3.4.", false},
        {"1..2.3", false},
        {"a.local", false},
        {"fe80::1%eth0", false},
        {"metadata", false},
        {":", false},
        {"0001.2.3.4", false},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        char text[128];
        snprintf(text, sizeof(text), "1 1 udp 7 %s 9 typ host", table[i].address);
        if (parse(text).is_address != table[i].wanted)
            fail_msg("%s", table[i].address);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err wanted;
    } table[] = {
        {"", ERR_INVALID},
        {"candidate:", ERR_INVALID},
        {"candidate:1", ERR_INVALID},
        {"1 0 udp 7 192.0.2.1 9 typ host", ERR_INVALID},
        {"1 257 udp 7 192.0.2.1 9 typ host", ERR_INVALID},
        {"1 1 udp -7 192.0.2.1 9 typ host", ERR_INVALID},
        {"1 1 udp 4294967296 192.0.2.1 9 typ host", ERR_INVALID},
        {"1 1 udp 7 192.0.2.1 65536 typ host", ERR_INVALID},
        {"1 1 udp 7 192.0.2.1 9 type host", ERR_INVALID},
        {"1 1 udp 7 192.0.2.1 9", ERR_INVALID},
        {"1 1 sctp 7 192.0.2.1 9 typ host", ERR_UNSUPPORTED},
        {"1 1 udp 7 192.0.2.1 9 typ nat", ERR_UNSUPPORTED},
        {"1 1 udp 7 192.0.2.1 9 typ", ERR_UNSUPPORTED},
        {"1 1 udp 7 192.0.2.1 9 typ host raddr", ERR_INVALID},
        {"1 1 udp 7 192.0.2.1 9 typ host rport x", ERR_INVALID},
        {"1 1 tcp 7 192.0.2.1 9 typ host tcptype both", ERR_UNSUPPORTED},
        {"1 1 udp 7 192.0.2.1\n9 typ host", ERR_INVALID},
        {"1 1 udp 7 192.0.2.1 9 typ host\r\na=x", ERR_INVALID},
        {"1 1 udp 7 \xc3\xa4 9 typ host", ERR_INVALID},
        {"123456789012345678901234567890123 1 udp 7 192.0.2.1 9 typ host", ERR_INVALID},
        {"1 1 udp 7 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 9 typ host", ERR_INVALID},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct sdp_candidate candidate;
        if (sdp_candidate_parse(&candidate, table[i].text, strlen(table[i].text)) != table[i].wanted)
            fail_msg("%s", table[i].text);
    }
}

static void eat(const uint8_t *data, size_t len)
{
    struct sdp_candidate candidate;
    if (sdp_candidate_parse(&candidate, (const char *)data, len))
        return;
    assert_true(strlen(candidate.address) < sizeof(candidate.address));
    assert_true(strlen(candidate.foundation) < sizeof(candidate.foundation));
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    const char *text = "candidate:2 1 tcp 1694498815 203.0.113.9 45664 typ srflx raddr 192.0.2.1 rport 8998 tcptype so";
    torture((const uint8_t *)text, strlen(text), 20000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),        cmocka_unit_test(other_spellings),
        cmocka_unit_test(names_are_no_addresses),  cmocka_unit_test(refuses),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
