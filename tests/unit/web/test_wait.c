/* The web thread's wait: timers, wakes from other threads, connections killed from outside of lws's callbacks. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/thread.h"
#include "web/wait.h"

#define TURNS_MAX 20 /* each one ends by itself within WAIT_MAX_MS */

struct seen {
    struct lws *wsi; /* of a request that nobody answers */
    bool is_closed;
    bool is_due;
};

struct late {
    lws_sorted_usec_list_t timeout;
    bool is_due;
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct seen *seen = lws_context_user(lws_get_context(wsi));
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_HTTP)
        seen->wsi = wsi;
    if (reason == LWS_CALLBACK_CLOSED_HTTP)
        seen->is_closed = true;
    return 0;
}

static const struct lws_protocols protocols[] = {
    {"http", on_event, 0, 4096, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static struct wait *make(struct timers *timers, struct seen *seen)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .user = seen,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct wait *wait = wait_create(timers, &info);
    assert_non_null(wait);
    assert_non_null(wait_lws(wait));
    return wait;
}

static void on_due(void *ctx, uint64_t now_us)
{
    struct seen *seen = ctx;
    (void)now_us;
    seen->is_due = true;
}

static void test_timer(void **state)
{
    (void)state;
    struct timers *timers = timers_create(clock_now_us());
    struct seen seen = {0};
    struct wait *wait = make(timers, &seen);
    struct timer timer;
    timer_init(&timer, on_due, &seen);
    for (unsigned ms = 0; ms < 4; ms++) { /* also what is due at once */
        uint64_t begin_us = clock_now_us();
        seen.is_due = false;
        timer_set(timers, &timer, begin_us + ms * US_PER_MS);
        for (unsigned i = 0; i < TURNS_MAX && !seen.is_due; i++) {
            assert_true(wait_turn(wait));
            timers_run(timers, clock_now_us());
        }
        assert_true(seen.is_due);
        assert_true(clock_now_us() - begin_us < WAIT_MAX_MS * US_PER_MS / 2); /* not by the end of a turn without one */
    }
    wait_free(wait);
    timers_free(timers);
}

static void wake(void *ctx)
{
    wait_wake(ctx);
}

static void test_wake(void **state)
{
    (void)state;
    struct timers *timers = timers_create(clock_now_us());
    struct seen seen = {0};
    struct wait *wait = make(timers, &seen);
    assert_true(wait_turn(wait)); /* what lws itself begins with */
    uint64_t begin_us = clock_now_us();
    for (unsigned i = 0; i < TURNS_MAX; i++) {
        struct thread *thread;
        assert_int_equal(thread_start(&thread, "wake", wake, wait), ERR_OK);
        assert_true(wait_turn(wait));
        thread_join(thread);
    }
    assert_true(clock_now_us() - begin_us < TURNS_MAX * WAIT_MAX_MS * US_PER_MS / 2);
    wait_free(wait);
    timers_free(timers);
}

static int request_at(uint16_t port)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(write(fd, head, sizeof(head) - 1), sizeof(head) - 1);
    return fd;
}

/* Listens, and has one request that nobody answers. */
static int request_comes(struct wait *wait, const struct seen *seen)
{
    struct lws_context_creation_info info = {.port = 0, .iface = "127.0.0.1", .protocols = protocols};
    struct lws_vhost *vhost = lws_create_vhost(wait_lws(wait), &info);
    assert_non_null(vhost);
    int fd = request_at((uint16_t)lws_get_vhost_listen_port(vhost));
    for (unsigned i = 0; i < TURNS_MAX && !seen->wsi; i++)
        assert_true(wait_turn(wait));
    assert_non_null(seen->wsi);
    return fd;
}

static void test_kill(void **state)
{
    (void)state;
    struct timers *timers = timers_create(clock_now_us());
    struct seen seen = {0};
    struct wait *wait = make(timers, &seen);
    int fd = request_comes(wait, &seen);
    for (unsigned i = 0; i < 3; i++) /* nothing is left to do */
        assert_true(wait_turn(wait));
    assert_false(seen.is_closed);
    uint64_t begin_us = clock_now_us();
    wait_kill(wait, seen.wsi);
    for (unsigned i = 0; i < TURNS_MAX && !seen.is_closed; i++)
        assert_true(wait_turn(wait));
    assert_true(seen.is_closed);
    assert_true(clock_now_us() - begin_us < WAIT_MAX_MS * US_PER_MS / 2);
    close(fd);
    wait_free(wait);
    timers_free(timers);
}

static void on_timeout(lws_sorted_usec_list_t *timeout)
{
    list_item(timeout, struct late, timeout)->is_due = true;
}

/* What was set from outside of lws's callbacks, as an answer sets the time that its connection is kept, is served
 * though nothing else happens. */
static void test_timeout_set_outside(void **state)
{
    (void)state;
    struct timers *timers = timers_create(clock_now_us());
    struct seen seen = {0};
    struct wait *wait = make(timers, &seen);
    for (unsigned i = 0; i < 3; i++) /* nothing is left to do */
        assert_true(wait_turn(wait));
    struct late late = {.is_due = false};
    uint64_t begin_us = clock_now_us();
    lws_sul_schedule(wait_lws(wait), 0, &late.timeout, on_timeout, 100 * US_PER_MS);
    for (unsigned i = 0; i < TURNS_MAX && !late.is_due; i++)
        assert_true(wait_turn(wait));
    assert_true(late.is_due);
    assert_true(clock_now_us() - begin_us < 3 * WAIT_MAX_MS * US_PER_MS);
    lws_sul_cancel(&late.timeout);
    wait_free(wait);
    timers_free(timers);
}

/* Connections that are open at the end go with it. */
static void test_free_open(void **state)
{
    (void)state;
    struct timers *timers = timers_create(clock_now_us());
    struct seen seen = {0};
    struct wait *wait = make(timers, &seen);
    int fd = request_comes(wait, &seen);
    wait_free(wait);
    assert_true(seen.is_closed);
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    timers_free(timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer),     cmocka_unit_test(test_wake),
        cmocka_unit_test(test_kill),      cmocka_unit_test(test_timeout_set_outside),
        cmocka_unit_test(test_free_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
