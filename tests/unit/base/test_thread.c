/* Threads: name, signals, joining. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"

struct seen {
    char name[16];
    sigset_t mask;
};

static void run(void *ctx)
{
    struct seen *seen = ctx;
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
}

static void test_thread(void **state)
{
    (void)state;
    struct seen seen;
    struct thread *thread = NULL;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(thread_start(&thread, "a-name-that-is-too-long", run, &seen), ERR_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    thread_join(thread);
    assert_string_equal(seen.name, "a-name-that-is-");
    assert_int_equal(sigismember(&seen.mask, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.mask, SIGHUP), 1);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    thread_join(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_thread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
