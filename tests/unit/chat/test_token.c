/* Tokens: known answers made with another implementation (Python's hmac), and everything that must not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "chat/token.h"

#define SECRET "known-answer-secret-0123456789"
#define LOGIN_ID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define NOW 1800000000
#define GOOD                                                                                                           \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                                            \
    "eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MDg2NzcyODk1MGUifQ."          \
    "ZkGkXnyvzJfn1pjkFEa309-yW_qybFOo9rgM3Bs1JFA"

static void test_make_is_exact(void **state)
{
    (void)state;
    char *token = token_make(SECRET, "ichat", LOGIN_ID, NULL, 4102444800);
    assert_string_equal(token, GOOD);
    free(token);
}

static void test_read(void **state)
{
    (void)state;
    struct token_claims claims = {0};
    assert_int_equal(token_read(SECRET, GOOD, NOW, &claims), ERR_OK);
    assert_string_equal(claims.payload, LOGIN_ID);
    assert_string_equal(claims.login_id, "");
    assert_int_equal(token_read(SECRET, GOOD, 4102444800, &claims), ERR_CLOSED);
    assert_int_equal(token_read(SECRET,
                                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                                "eyJleHAiOjEwMDAwMDAwMDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MD"
                                "g2NzcyODk1MGUifQ.fyRdv16vmF62bqRQ4gtZf4p4A8EzQEbz2ZWLfTxzHCk",
                                NOW, &claims),
                     ERR_CLOSED);
    assert_int_equal(token_read("another-secret-9876543210", GOOD, NOW, &claims), ERR_INVALID);
}

static void test_the_login_behind_it(void **state)
{
    (void)state;
    struct token_claims claims = {0};
    char *token = token_make(SECRET, "ichat", "call:1:2", LOGIN_ID, 4102444800);
    assert_int_equal(token_read(SECRET, token, NOW, &claims), ERR_OK);
    assert_string_equal(claims.payload, "call:1:2");
    assert_string_equal(claims.login_id, LOGIN_ID);
    free(token);
    token = token_make(SECRET, "ichat", "call:1:2", LOGIN_ID "0", 4102444800);
    assert_int_equal(token_read(SECRET, token, NOW, &claims), ERR_INVALID);
    free(token);
}

static void test_bad_tokens(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer " GOOD,
        " " GOOD,
        GOOD " ",
        GOOD "=",
        GOOD ".x",
        /* signed with another secret */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MDg2NzcyODk1MGUifQ."
        "7VqfGdZiAsM8k-_kHHGZqNxT5inNPnmTLeu-JrEYT0c",
        /* algorithm "none", no signature */
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."
        "eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MDg2NzcyODk1MGUifQ.",
        /* algorithm "none", some signature */
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."
        "eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MDg2NzcyODk1MGUifQ.AAAA",
        /* another algorithm, rightly signed */
        "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9."
        "eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0IiwicGwiOiIwZjhmYWQ1Yi1kOWNiLTQ2OWYtYTE2NS03MDg2NzcyODk1MGUifQ."
        "24NZNgvogssk1QJBqo0E7BCLZoOYKY5qjuuH2LkFXSwL0NXFu-3Fiu5ZC1oonCd4YWlS2o0VH745I7tvMHsYLw",
        /* no exp */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJpY2hhdCIsInBsIjoieCJ9.-WjOmqtdsBMjus3rn7wKAS2Gtj7umP_"
        "GoaSrCG7Z-rU",
        /* no payload */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDAsImlzcyI6ImljaGF0In0.hBEWOiWJYoQFO6HWxjMG0Mus0elh_"
        "7oZo9f-K1HKEkM",
        /* exp is a string */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOiI0MTAyNDQ0ODAwIiwicGwiOiJ4In0.hZKNO6Snmikh-B1mlzP34PuULNUU_"
        "rn6ovVAbyF6jdc",
        /* claims are an array */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.WzFd.Fd6_-f5X7y9S6aoqFqSftlrTT2rpbOrHV1V1CEeiBog",
        /* claims are no JSON */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eHg.dHD04HXXwQ615OMtCuduc2j2JEUZ4dy5DWiPMX_xTgE",
        /* the payload is a number */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDAsInBsIjo1fQ.S0sE14DN6KhU6y1G-"
        "5O2cJZbTri4hN5eElSQkv_zMQA",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct token_claims claims;
        if (token_read(SECRET, bad[i], NOW, &claims) != ERR_INVALID)
            fail_msg("passed: %s", bad[i]);
    }
}

/* Each single changed character spoils it. */
static void test_every_character_counts(void **state)
{
    (void)state;
    char token[] = GOOD;
    for (size_t i = 0; token[i]; i++) {
        struct token_claims claims;
        char old = token[i];
        token[i] = old == 'A' ? 'B' : 'A';
        assert_int_equal(token_read(SECRET, token, NOW, &claims), ERR_INVALID);
        token[i] = old;
    }
}

static void test_too_long(void **state)
{
    (void)state;
    char token[TOKEN_MAX + 200];
    struct token_claims claims;
    memset(token, 'a', sizeof(token));
    token[10] = token[20] = '.';
    token[sizeof(token) - 1] = 0;
    assert_int_equal(token_read(SECRET, token, NOW, &claims), ERR_INVALID);
    char long_payload[TOKEN_PAYLOAD_MAX + 10];
    memset(long_payload, 'p', sizeof(long_payload));
    long_payload[sizeof(long_payload) - 1] = 0;
    char *made = token_make(SECRET, "i", long_payload, NULL, 4102444800);
    assert_int_equal(token_read(SECRET, made, NOW, &claims), ERR_INVALID);
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_is_exact),          cmocka_unit_test(test_read),
        cmocka_unit_test(test_the_login_behind_it),    cmocka_unit_test(test_bad_tokens),
        cmocka_unit_test(test_every_character_counts), cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
