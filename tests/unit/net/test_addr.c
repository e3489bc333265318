/* Socket addresses. */
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "net/addr.h"

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *ip, *both;
        bool is_v4, is_loopback;
    } table[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.1:7882", true, false},
        {"127.0.0.1", "127.0.0.1", "127.0.0.1:7882", true, true},
        {"127.8.9.1", "127.8.9.1", "127.8.9.1:7882", true, true},
        {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:7882", true, false},
        {"::1", "::1", "[::1]:7882", false, true},
        {"::", "::", "[::]:7882", false, false},
        {"2001:DB8:0::1", "2001:db8::1", "[2001:db8::1]:7882", false, false},
        {"fe80::1%4294", "fe80::1%4294", "[fe80::1%4294]:7882", false, false},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:7882", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct addr addr;
        char text[ADDR_TEXT_MAX];
        assert_int_equal(addr_parse(&addr, table[i].in, 7882), ERR_OK);
        assert_int_equal(addr.local, 0);
        addr_ip_text(&addr, text);
        assert_string_equal(text, table[i].ip);
        addr_text(&addr, text);
        assert_string_equal(text, table[i].both);
        assert_int_equal(addr_is_v4(&addr), table[i].is_v4);
        assert_int_equal(addr_is_loopback(&addr), table[i].is_loopback);
    }
}

static void test_bad_text(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1:80",
        "[::1]",
        "::1::",
        "fe80::1%",
        "fe80::1%4x",
        "2001:db8::1%1",
        "12345::",
        " 127.0.0.1",
        "127.0.0.1 ",
        "fe80::1%no-such-interface",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct addr addr = {.port = 9};
        assert_int_equal(addr_parse(&addr, bad[i], 1), ERR_INVALID);
        assert_int_equal(addr.port, 9);
    }
    struct addr addr;
    assert_int_equal(addr_parse(&addr, "fe80::1%lo", 1), ERR_OK);
    assert_int_equal(addr.scope, if_nametoindex("lo"));
}

static void test_sockaddr(void **state)
{
    (void)state;
    static const char *const ips[] = {"192.0.2.1", "2001:db8::1", "fe80::2%3", "127.0.0.1"};
    for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
        struct addr addr, back;
        struct sockaddr_storage sa;
        assert_int_equal(addr_parse(&addr, ips[i], 65535), ERR_OK);
        socklen_t len = addr_to_sockaddr6(&addr, &sa);
        assert_int_equal(len, sizeof(struct sockaddr_in6));
        assert_int_equal(((struct sockaddr *)&sa)->sa_family, AF_INET6);
        assert_int_equal(addr_from_sockaddr(&back, (struct sockaddr *)&sa, len), ERR_OK);
        assert_true(addr_is_equal(&addr, &back));
        len = addr_to_sockaddr(&addr, &sa);
        assert_int_equal(((struct sockaddr *)&sa)->sa_family, addr_is_v4(&addr) ? AF_INET : AF_INET6);
        assert_int_equal(addr_from_sockaddr(&back, (struct sockaddr *)&sa, len), ERR_OK);
        assert_true(addr_is_equal(&addr, &back));
        back.port--;
        assert_false(addr_is_equal(&addr, &back));
        assert_int_equal(addr_from_sockaddr(&back, (struct sockaddr *)&sa, 4), ERR_INVALID);
        ((struct sockaddr *)&sa)->sa_family = AF_UNIX;
        assert_int_equal(addr_from_sockaddr(&back, (struct sockaddr *)&sa, sizeof(sa)), ERR_INVALID);
    }
}

static void test_interfaces(void **state)
{
    (void)state;
    struct addr found[32];
    size_t n = addr_interfaces(found, ARRAY_LEN(found));
    assert_true(n >= 1);
    bool was_loopback = false;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i].port, 0);
        assert_false(!addr_is_v4(&found[i]) && found[i].ip[0] == 0xfe && found[i].ip[1] == 0x80);
        assert_false(was_loopback && !addr_is_loopback(&found[i])); /* loopback comes last */
        was_loopback = addr_is_loopback(&found[i]);
    }
    assert_true(was_loopback);
    assert_int_equal(addr_interfaces(found, 1), 1);
    assert_int_equal(addr_interfaces(found, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_sockaddr),
        cmocka_unit_test(test_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
