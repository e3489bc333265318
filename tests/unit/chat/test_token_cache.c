/* Tokens that were read right before: as without a cache, whatever is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/token_cache.h"

#define SECRET "known-answer-secret-0123456789"
#define LOGIN_ID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define NOW 1800000000

static char *make(const char *secret, const char *payload, int64_t expires_s)
{
    return token_make(secret, "ichat", payload, NULL, expires_s);
}

static void test_known_tokens(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_create(SECRET, 4);
    char *token = make(SECRET, LOGIN_ID, NOW + 100);
    for (int i = 0; i < 3; i++) {
        struct token_claims claims = {0};
        assert_int_equal(token_cache_read(cache, token, NOW + i, &claims), ERR_OK);
        assert_string_equal(claims.payload, LOGIN_ID);
        assert_string_equal(claims.login_id, "");
        assert_int_equal(claims.expires_s, NOW + 100);
        assert_int_equal(token_cache_count(cache), 1);
    }
    struct token_claims claims;
    assert_int_equal(token_cache_read(cache, token, NOW + 99, &claims), ERR_OK);
    assert_int_equal(token_cache_read(cache, token, NOW + 100, &claims), ERR_CLOSED);
    free(token);
    token_cache_free(cache);
}

/* What was read right does not let in what looks like it. */
static void test_likenesses(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_create(SECRET, 4);
    struct token_claims claims;
    char *good = make(SECRET, LOGIN_ID, NOW + 100);
    assert_int_equal(token_cache_read(cache, good, NOW, &claims), ERR_OK);
    size_t len = strlen(good);
    char text[1024];
    for (size_t i = 0; i + 1 < len; i++) { /* the last character has bits that mean nothing */
        memcpy(text, good, len + 1);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(token_cache_read(cache, text, NOW, &claims), ERR_INVALID);
    }
    /* Somebody else's head and payload, with this signature. */
    char *other = make("another-secret-9876543210", "1f8fad5b-d9cb-469f-a165-70867728950e", NOW + 100);
    snprintf(text, sizeof(text), "%.*s%s", (int)(strrchr(other, '.') - other), other, strrchr(good, '.'));
    assert_int_equal(strlen(text), len);
    assert_int_equal(token_cache_read(cache, text, NOW, &claims), ERR_INVALID);
    static const char *const odd[] = {"", "a", "a.b.c", "0123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(token_cache_read(cache, odd[i], NOW, &claims), ERR_INVALID);
    snprintf(text, sizeof(text), "%sx", good);
    assert_int_equal(token_cache_read(cache, text, NOW, &claims), ERR_INVALID);
    assert_int_equal(token_cache_read(cache, good + 1, NOW, &claims), ERR_INVALID);
    assert_int_equal(token_cache_count(cache), 1); /* what is wrong is not kept */
    free(other);
    free(good);
    token_cache_free(cache);
}

static void test_bound(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_create(SECRET, 4);
    struct token_claims claims;
    for (int i = 0; i < 20; i++) {
        char payload[16];
        snprintf(payload, sizeof(payload), "login-%d", i);
        char *token = make(SECRET, payload, NOW + 100);
        assert_int_equal(token_cache_read(cache, token, NOW, &claims), ERR_OK);
        assert_int_equal(token_cache_read(cache, token, NOW, &claims), ERR_OK);
        assert_string_equal(claims.payload, payload);
        assert_int_equal(token_cache_count(cache), i < 4 ? i + 1 : 4);
        free(token);
    }
    token_cache_free(cache);
    token_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_tokens),
        cmocka_unit_test(test_likenesses),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
