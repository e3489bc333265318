/* The epoll loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

struct source {
    struct loop *loop;
    struct loop_fd watch;
    struct source *victim; /* taken off the loop by our callback */
    int fd;
    int calls;
};

static void on_ready(void *ctx, uint32_t events)
{
    struct source *source = ctx;
    uint64_t count;
    assert_true(events & EPOLLIN);
    assert_int_equal(read(source->fd, &count, sizeof(count)), sizeof(count));
    source->calls++;
    if (source->victim)
        loop_del(source->loop, &source->victim->watch);
}

static void open_source(struct source *source, struct loop *loop)
{
    *source = (struct source){.loop = loop, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    assert_int_equal(loop_add(loop, &source->watch, source->fd, EPOLLIN, on_ready, source), ERR_OK);
}

static void signal_source(const struct source *source)
{
    uint64_t one = 1;
    assert_int_equal(write(source->fd, &one, sizeof(one)), sizeof(one));
}

static void test_turns(void **state)
{
    (void)state;
    struct loop *loop = loop_create();
    struct source a, b;
    open_source(&a, loop);
    open_source(&b, loop);
    assert_int_equal(loop_turn(loop, 0), 0);
    signal_source(&a);
    assert_int_equal(loop_turn(loop, 5000), 1);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    signal_source(&a);
    signal_source(&b);
    assert_int_equal(loop_turn(loop, -1), 2);
    assert_int_equal(loop_turn(loop, 1), 0);

    struct loop_fd again;
    assert_int_equal(loop_add(loop, &again, a.fd, EPOLLIN, NULL, NULL), ERR_EXISTS);
    assert_int_equal(again.fd, -1);
    loop_del(loop, &again);
    assert_int_equal(loop_add(loop, &again, -1, EPOLLIN, NULL, NULL), ERR_IO);

    assert_int_equal(loop_mod(loop, &a.watch, 0), ERR_OK);
    signal_source(&a);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(loop_mod(loop, &a.watch, EPOLLIN), ERR_OK);
    assert_int_equal(loop_turn(loop, 0), 1);
    loop_del(loop, &a.watch);
    assert_int_equal(loop_mod(loop, &a.watch, EPOLLIN), ERR_STATE);
    loop_del(loop, &a.watch);
    signal_source(&a);
    assert_int_equal(loop_turn(loop, 0), 0);
    close(a.fd);
    close(b.fd);
    loop_free(loop);
    loop_free(NULL);
}

/* Whoever is called first takes the other one away, although its event has come already. */
static void test_del_within(void **state)
{
    (void)state;
    struct loop *loop = loop_create();
    struct source a, b;
    open_source(&a, loop);
    open_source(&b, loop);
    a.victim = &b;
    b.victim = &a;
    signal_source(&a);
    signal_source(&b);
    assert_int_equal(loop_turn(loop, 5000), 1);
    assert_int_equal(a.calls + b.calls, 1);
    assert_int_equal(loop_turn(loop, 0), 0);
    close(a.fd);
    close(b.fd);
    loop_free(loop);
}

/* A watch without a callback only ends the wait. */
static void test_wake_only(void **state)
{
    (void)state;
    struct loop *loop = loop_create();
    struct loop_fd watch;
    struct source a = {.fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)};
    assert_int_equal(loop_add(loop, &watch, a.fd, EPOLLIN, NULL, NULL), ERR_OK);
    assert_int_equal(loop_turn(loop, -1), 1);
    loop_del(loop, &watch);
    close(a.fd);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_turns), cmocka_unit_test(test_del_within),
                                       cmocka_unit_test(test_wake_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
