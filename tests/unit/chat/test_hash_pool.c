/* Hash threads: bounded, all jobs answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "chat/hash_pool.h"

#define COST 4

struct test {
    struct hash_pool *pool;
    int wake;
    unsigned done;
    unsigned right;
    unsigned rehash;
    char hash[PASSWORD_HASH_MAX];
};

static void on_wake(void *ctx)
{
    struct test *test = ctx;
    uint64_t one = 1;
    if (write(test->wake, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void start(struct test *test, unsigned threads, unsigned limit, unsigned cost)
{
    memset(test, 0, sizeof(*test));
    test->wake = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(hash_pool_create(threads, limit, cost, on_wake, test, &test->pool), ERR_OK);
}

static void stop(struct test *test)
{
    hash_pool_free(test->pool);
    close(test->wake);
}

static void on_done(struct hash_job *job)
{
    struct test *test = job->ctx;
    test->done++;
    test->right += job->is_right;
    test->rehash += job->needs_rehash;
    memcpy(test->hash, job->hash, sizeof(test->hash));
    for (const char *c = job->password; *c; c++)
        fail(); /* it was wiped */
}

static enum err submit(struct test *test, const char *password, bool is_verify, const char *known)
{
    struct hash_job *job = mem_calloc(1, sizeof(*job));
    job->password = mem_strdup(password);
    job->is_verify = is_verify;
    job->known = known ? mem_strdup(known) : NULL;
    job->done = on_done;
    job->ctx = test;
    return hash_pool_submit_take(test->pool, job);
}

static void wait_for(struct test *test, unsigned done)
{
    while (test->done < done) {
        struct pollfd fd = {.fd = test->wake, .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 20000), 1);
        uint64_t n;
        assert_int_equal(read(test->wake, &n, sizeof(n)), sizeof(n));
        hash_pool_poll(test->pool);
    }
}

static void test_hash_and_verify(void **state)
{
    (void)state;
    struct test test;
    start(&test, 2, 8, COST + 1);
    assert_int_equal(submit(&test, "secret", false, NULL), ERR_OK);
    wait_for(&test, 1);
    char hash[PASSWORD_HASH_MAX];
    memcpy(hash, test.hash, sizeof(hash));
    assert_int_equal(password_cost(hash), COST + 1);
    assert_int_equal(submit(&test, "secret", true, hash), ERR_OK);
    wait_for(&test, 2);
    assert_int_equal(test.right, 1);
    assert_int_equal(test.rehash, 0);
    assert_int_equal(submit(&test, "wrong", true, hash), ERR_OK);
    assert_int_equal(submit(&test, "secret", true, NULL), ERR_OK);
    assert_int_equal(submit(&test, "nobody has this password", true, NULL), ERR_OK); /* the dummy's */
    wait_for(&test, 5);
    assert_int_equal(test.right, 1);
    char old[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash("secret", COST, old), ERR_OK);
    assert_int_equal(submit(&test, "secret", true, old), ERR_OK);
    wait_for(&test, 6);
    assert_int_equal(test.right, 2);
    assert_int_equal(test.rehash, 1);
    stop(&test);
}

static void test_bounded(void **state)
{
    (void)state;
    struct test test;
    start(&test, 1, 3, COST);
    unsigned taken = 0;
    while (taken < 100 && !submit(&test, "x", false, NULL))
        taken++;
    /* What was not polled counts as open: exactly the limit. */
    assert_int_equal(taken, 3);
    wait_for(&test, 3);
    assert_int_equal(submit(&test, "x", false, NULL), ERR_OK);
    wait_for(&test, 4);
    stop(&test);
}

static void test_stop_answers_the_rest(void **state)
{
    (void)state;
    struct test test;
    start(&test, 2, 20, COST);
    for (int i = 0; i < 20; i++)
        assert_int_equal(submit(&test, "x", false, NULL), ERR_OK);
    hash_pool_stop(test.pool);
    assert_int_equal(test.done, 20);
    assert_int_equal(submit(&test, "x", false, NULL), ERR_FULL);
    stop(&test);
    assert_int_equal(test.done, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_and_verify),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_stop_answers_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
