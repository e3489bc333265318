/* Networks: what is one, what it has. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ipnet.h"
#include "base/rand.h"
#include "base/text.h"

static void ip_of(uint8_t out[16], const char *text)
{
    char mapped[64];
    snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
    assert_int_equal(inet_pton(AF_INET6, mapped, out), 1);
}

static void test_has(void **state)
{
    (void)state;
    static const struct {
        const char *net, *in, *out; /* in, out: with spaces between */
    } table[] = {
        {"192.0.2.1", "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.0 192.0.2.3 192.0.2.129 64.0.2.1 ::192.0.2.1 ::1"},
        {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
        {"10.0.0.0/8", "10.0.0.0 10.255.255.255", "9.255.255.255 11.0.0.0 ::a00:1 a00::"},
        {"172.16.0.0/12", "172.16.0.0 172.31.255.255", "172.15.255.255 172.32.0.0"},
        {"192.0.2.128/25", "192.0.2.128 192.0.2.255", "192.0.2.127 192.0.3.128"},
        {"192.0.2.2/31", "192.0.2.2 192.0.2.3", "192.0.2.1 192.0.2.4"},
        {"128.0.0.0/1", "128.0.0.0 255.255.255.255", "127.255.255.255"},
        {"0.0.0.0/0", "0.0.0.0 255.255.255.255", ":: ::1 2001:db8::1"},
        {"::/0", ":: ::1 2001:db8::1 ffff::", "0.0.0.0 192.0.2.1"},
        {"::1", "::1", ":: ::2 0.0.0.1 127.0.0.1"},
        {"2001:db8::/32", "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:: 2001:db9::"},
        {"2001:db8::8000/113", "2001:db8::8000 2001:db8::ffff", "2001:db8::7fff 2001:db8::1:8000"},
        {"fc00::/7", "fc00:: fdff::1", "fbff:: fe00::"},
        {"::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0 ::a00:1"},
        {"::/64", ":: ::1", "192.0.2.1 0:0:0:1::"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct ipnet net;
        if (ipnet_parse(&net, table[i].net) != ERR_OK)
            fail_msg("%s is one", table[i].net);
        for (int is_out = 0; is_out < 2; is_out++) {
            char list[256];
            char *rest = NULL;
            (void)text_copy(list, sizeof(list), is_out ? table[i].out : table[i].in);
            for (char *each = strtok_r(list, " ", &rest); each; each = strtok_r(NULL, " ", &rest)) {
                uint8_t ip[16];
                ip_of(ip, each);
                if (ipnet_has(&net, ip) == (is_out != 0))
                    fail_msg("%s in %s: not %d", each, table[i].net, is_out);
            }
        }
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "/",
        "/8",
        "x",
        "localhost",
        "proxy.example.org",
        "*",
        "192.0.2",
        "192.0.2.1.",
        "192.0.2.256",
        "192.0.2.1/",
        "192.0.2.1/33",
        "192.0.2.1/-1",
        "192.0.2.1/ 32",
        "192.0.2.1/32 ",
        " 192.0.2.1",
        "192.0.2.1/32/32",
        "192.0.2.1/255.255.255.0",
        "192.0.2.1/99999999999999999999",
        "192.0.2.1:80",
        "[::1]",
        "::1/129",
        "fe80::1%lo",
        ":::",
        "2001:db8::1::",
        "1:2:3:4:5:6:7:8:9",
        "0x7f000001",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/8",
        /* bits behind the prefix */
        "10.0.0.1/8",
        "10.1.0.0/15",
        "192.0.2.1/0",
        "192.0.2.3/31",
        "2001:db8::1/32",
        "::1/127",
        "::/96.0",
        "::1/0",
        "::ffff:11.0.0.0/103",
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct ipnet net = {.bits = 77};
        if (ipnet_parse(&net, table[i]) == ERR_OK)
            fail_msg("%s is none", table[i]);
        assert_int_equal(net.bits, 77);
    }
}

/* Any prefix has the addresses that differ from it behind its length, and none that differ before. */
static void test_each_bit(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint8_t ip[16];
        char text[80];
        char address[INET6_ADDRSTRLEN];
        rand_bytes(ip, sizeof(ip));
        ip[0] |= 0x20; /* not v4-mapped */
        unsigned bits = (unsigned)(rand_u64() % 129);
        for (unsigned i = bits; i < 128; i++)
            ip[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
        inet_ntop(AF_INET6, ip, address, sizeof(address));
        snprintf(text, sizeof(text), "%s/%u", address, bits);
        struct ipnet net;
        assert_int_equal(ipnet_parse(&net, text), ERR_OK);
        assert_true(ipnet_has(&net, ip));
        for (unsigned i = 0; i < 128; i++) {
            ip[i / 8] ^= (uint8_t)(0x80 >> i % 8);
            if (ipnet_has(&net, ip) != (i >= bits))
                fail_msg("bit %u of %s", i, text);
            ip[i / 8] ^= (uint8_t)(0x80 >> i % 8);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_each_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
