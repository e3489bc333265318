/* Clients behind proxies: who is believed, and what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "base/text.h"
#include "web/forwarded.h"

static const struct proxies *proxies(void)
{
    static struct proxies made;
    char *items[] = {(char *)"192.0.2.1", (char *)"10.0.0.0/8", (char *)"2001:db8:f::/48", (char *)"127.0.0.1"};
    proxies_init(&made, &(struct conf_list){items, ARRAY_LEN(items)});
    assert_int_equal(made.count, ARRAY_LEN(items));
    return &made;
}

static struct client find(const struct proxies *by, const char *peer, const char *list, bool has_hint)
{
    struct addr addr;
    struct client client;
    assert_int_equal(addr_parse(&addr, peer, 4711), ERR_OK);
    client_find(&client, by, &addr, list, has_hint);
    return client;
}

static void check(const char *peer, const char *list, const char *want)
{
    char text[ADDR_TEXT_MAX];
    struct client client = find(proxies(), peer, list, false);
    addr_ip_text(&client.addr, text);
    if (strcmp(text, want) != 0)
        fail_msg("%s with \"%s\" is %s, not %s", peer, list ? list : "(none)", text, want);
}

static void test_believed(void **state)
{
    (void)state;
    static const struct {
        const char *list, *want;
    } table[] = {
        {"198.51.100.7", "198.51.100.7"},
        {" \t198.51.100.7\t ", "198.51.100.7"},
        {"198.51.100.7:4711", "198.51.100.7"},
        {"198.51.100.7:0", "198.51.100.7"},
        {"::ffff:198.51.100.7", "198.51.100.7"},
        {"2001:db8::7", "2001:db8::7"},
        {"2001:DB8:0:0::7", "2001:db8::7"},
        {"[2001:db8::7]", "2001:db8::7"},
        {"[2001:db8::7]:65535", "2001:db8::7"},
        /* the last that is no proxy */
        {"198.51.100.7, 198.51.100.8", "198.51.100.8"},
        {"198.51.100.7,198.51.100.8", "198.51.100.8"},
        {"198.51.100.7, 10.1.2.3", "198.51.100.7"},
        {"203.0.113.5, 198.51.100.7, 10.1.2.3, 2001:db8:f::1, 127.0.0.1:80", "198.51.100.7"},
        {"10.1.2.3, 198.51.100.7", "198.51.100.7"},
        {"127.0.0.1, 198.51.100.7, 10.1.2.3", "198.51.100.7"},
        {"2001:db8:e::1, [2001:db8:f:1::1]:443", "2001:db8:e::1"},
        /* a proxy that asks for itself */
        {"10.1.2.3", "10.1.2.3"},
        {"10.1.2.3, 10.9.9.9, 127.0.0.1", "10.1.2.3"},
        /* what the client itself wrote is not even read */
        {"unknown, 198.51.100.7", "198.51.100.7"},
        {"\"<script>, 1.2.3.4.5, ]:[, %00, 198.51.100.7, 10.0.0.1", "198.51.100.7"},
        /* empty elements */
        {"198.51.100.7,", "198.51.100.7"},
        {",, ,198.51.100.7 , ,\t,", "198.51.100.7"},
        {",10.1.2.3,,", "10.1.2.3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        check("192.0.2.1", table[i].list, table[i].want);
        check("10.255.0.1", table[i].list, table[i].want);
        check("2001:db8:f::ff", table[i].list, table[i].want);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        " ",
        ",",
        ", ,",
        "unknown",
        "_hidden",
        "x",
        "198.51.100",
        "198.51.100.256",
        "198.51.100.7.",
        "198.51.100.07",
        "198.51.100.7x",
        "198.51.100.7 198.51.100.8",
        "198.51.100.7;",
        "198.51.100.7:",
        "198.51.100.7:x",
        "198.51.100.7:65536",
        "198.51.100.7:-1",
        "198.51.100.7:000080",
        "198.51.100.7:1:2",
        "198.51.100.7/32",
        "198.51.100.7%1",
        "[198.51.100.7]",
        "[198.51.100.7]:80",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]80",
        "[2001:db8::7]:",
        "[2001:db8::7]:65536",
        "[2001:db8::7]x",
        "[]",
        "[]:80",
        "[",
        "]",
        ":",
        ":80",
        "::x",
        ":::",
        "[[2001:db8::7]]",
        "fe80::1%lo",
        "fe80::1%1",
        "[fe80::1%1]:80",
        "\"198.51.100.7\"",
        "for=198.51.100.7",
        "http://198.51.100.7",
        "198.51.100.7\x01",
        "2001:db8::7:4711:1:1:1:1:1:1",
        "client.example.org",
        "0000000000000000000000000000000000000000000000000000000000000000000000198.51.100.7",
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char list[256];
        check("192.0.2.1", table[i], "192.0.2.1");
        snprintf(list, sizeof(list), "198.51.100.7, %s, 10.1.2.3", table[i]);
        bool is_empty = !table[i][strspn(table[i], " ,")];
        check("192.0.2.1", list, is_empty ? "198.51.100.7" : "192.0.2.1");
        snprintf(list, sizeof(list), "%s, 198.51.100.7", table[i]);
        check("192.0.2.1", list, "198.51.100.7");
    }
}

static void test_not_believed(void **state)
{
    (void)state;
    static const char *const peers[] = {"192.0.2.2",     "9.255.255.255", "127.0.0.2",
                                        "2001:db8:e::1", "::1",           "203.0.113.9"};
    static const char *const lists[] = {"198.51.100.7", "10.1.2.3", "192.0.2.1", "127.0.0.1", "x", ""};
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        check(peers[i], NULL, peers[i]);
        for (size_t j = 0; j < ARRAY_LEN(lists); j++)
            check(peers[i], lists[j], peers[i]);
    }
    check("192.0.2.1", NULL, "192.0.2.1");
    static const struct proxies nobody;
    struct client client = find(&nobody, "192.0.2.1", "198.51.100.7", false);
    struct addr peer;
    assert_int_equal(addr_parse(&peer, "192.0.2.1", 4711), ERR_OK);
    assert_true(addr_is_equal(&client.addr, &peer));
}

/* One client is one key, whatever is written with it. */
static void test_port(void **state)
{
    (void)state;
    struct client a = find(proxies(), "192.0.2.1", "198.51.100.7:1", false);
    struct client b = find(proxies(), "192.0.2.1", "::ffff:198.51.100.7", false);
    assert_true(addr_is_equal(&a.addr, &b.addr));
    assert_int_equal(a.addr.port, 0);
}

static void test_local(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *list;
        bool has_hint, want;
    } table[] = {
        {"127.0.0.1", NULL, false, true},
        {"127.0.0.2", NULL, false, true},
        {"::1", NULL, false, true},
        {"192.0.2.2", NULL, false, false},
        {"10.1.2.3", NULL, false, false},
        /* a proxy that was not declared */
        {"127.0.0.2", "198.51.100.7", false, false},
        {"127.0.0.2", "127.0.0.1", false, false},
        {"127.0.0.2", "", false, false},
        {"::1", "::1", false, false},
        {"127.0.0.2", NULL, true, false},
        /* one that was */
        {"127.0.0.1", "198.51.100.7", false, false},
        {"127.0.0.1", "127.0.0.1, 198.51.100.7", false, false},
        {"127.0.0.1", "127.0.0.1", false, true},
        {"127.0.0.1", "127.0.0.3", false, true},
        {"127.0.0.1", "[::1]:80", false, true},
        {"127.0.0.1", "198.51.100.7, 127.0.0.3", false, true},
        {"127.0.0.1", "10.1.2.3", false, false},
        {"127.0.0.1", "127.0.0.1", true, false},
        {"127.0.0.1", NULL, true, false},
        {"127.0.0.1", "unknown", false, false},
        {"127.0.0.1", ",", false, false},
        /* its own host is not ours */
        {"10.1.2.3", "127.0.0.1", false, false},
        {"192.0.2.1", "::1", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (find(proxies(), table[i].peer, table[i].list, table[i].has_hint).is_local != table[i].want)
            fail_msg("%s with \"%s\": not %d", table[i].peer, table[i].list ? table[i].list : "(none)", table[i].want);
}

/* Whatever a client writes before its address, the address that its proxy wrote is what counts. */
static void test_any_prefix(void **state)
{
    (void)state;
    static const char parts[] = "0123456789abcdef.:,, []%/xX\t\"=";
    for (int round = 0; round < 20000; round++) {
        char list[128];
        size_t len = rand_u64() % 80;
        for (size_t i = 0; i < len; i++)
            list[i] = parts[rand_u64() % (sizeof(parts) - 1)];
        snprintf(list + len, sizeof(list) - len, ", 198.51.100.7%s", round % 2 ? ", 10.1.2.3" : "");
        check("192.0.2.1", list, "198.51.100.7");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_believed), cmocka_unit_test(test_malformed), cmocka_unit_test(test_not_believed),
        cmocka_unit_test(test_port),     cmocka_unit_test(test_local),     cmocka_unit_test(test_any_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
