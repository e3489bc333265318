/* Mailboxes: order, limits, and no wake-up lost between threads. */
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mailbox.h"
#include "base/thread.h"

#define POSTERS 4
#define ITEMS 20000
#define LOST_S 20 /* a consumer that sleeps so long was not woken */

struct item {
    uint32_t poster;
    uint32_t number;
    uint32_t check;
};

static void test_bounded(void **state)
{
    (void)state;
    struct mailbox *mb = mailbox_create(sizeof(int), 5, NULL, NULL); /* rounded up to 8 */
    int out = 0;
    assert_null(mailbox_peek(mb));
    assert_false(mailbox_take(mb, &out));
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 8; i++)
            assert_int_equal(mailbox_post(mb, &(int){round * 8 + i}), ERR_OK);
        assert_int_equal(mailbox_post(mb, &(int){-1}), ERR_FULL);
        uint64_t ticket;
        assert_null(mailbox_reserve(mb, &ticket));
        assert_int_equal(mailbox_dropped(mb), 2 * (round + 1));
        for (int i = 0; i < 8; i++) {
            assert_int_equal(*(int *)mailbox_peek(mb), round * 8 + i);
            assert_true(mailbox_take(mb, &out));
            assert_int_equal(out, round * 8 + i);
        }
        assert_null(mailbox_peek(mb));
    }
    mailbox_free(mb);
    mailbox_free(NULL);
}

static void test_reserve_in_place(void **state)
{
    (void)state;
    struct mailbox *mb = mailbox_create(3000, 4, NULL, NULL);
    uint64_t first, second;
    char *a = mailbox_reserve(mb, &first);
    char *b = mailbox_reserve(mb, &second);
    assert_true(a && b && a != b);
    assert_int_equal((uintptr_t)a % 16, 0);
    memset(a, 'a', 3000);
    memset(b, 'b', 3000);
    mailbox_publish(mb, second);
    assert_null(mailbox_peek(mb)); /* the first one is still being written */
    assert_true(mailbox_arm(mb));
    mailbox_publish(mb, first);
    struct pollfd wait = {.fd = mailbox_fd(mb), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 0), 1);
    mailbox_disarm(mb);
    assert_int_equal(poll(&wait, 1, 0), 0);
    assert_ptr_equal(mailbox_peek(mb), a);
    assert_int_equal(a[2999], 'a');
    mailbox_release(mb);
    assert_ptr_equal(mailbox_peek(mb), b);
    assert_int_equal(b[0], 'b');
    mailbox_release(mb);
    mailbox_free(mb);
}

static void test_arming(void **state)
{
    (void)state;
    struct mailbox *mb = mailbox_create(sizeof(int), 4, NULL, NULL);
    struct pollfd wait = {.fd = mailbox_fd(mb), .events = POLLIN};
    int one = 1;
    assert_int_equal(mailbox_post(mb, &one), ERR_OK);
    assert_int_equal(poll(&wait, 1, 0), 0); /* not armed: no system call */
    assert_false(mailbox_arm(mb));          /* something is there: do not sleep */
    assert_true(mailbox_take(mb, &one));
    assert_true(mailbox_arm(mb));
    assert_int_equal(poll(&wait, 1, 0), 0);
    assert_int_equal(mailbox_post(mb, &one), ERR_OK);
    assert_int_equal(poll(&wait, 1, 0), 1);
    mailbox_disarm(mb);
    assert_int_equal(poll(&wait, 1, 0), 0);
    mailbox_free(mb);
}

struct poster {
    struct mailbox *mb;
    uint32_t number;
    _Atomic bool *go;
};

static void run_poster(void *ctx)
{
    const struct poster *poster = ctx;
    unsigned seed = poster->number;
    while (!atomic_load(poster->go))
        sched_yield();
    for (uint32_t i = 0; i < ITEMS;) {
        if (i % 2) {
            struct item item = {poster->number, i, poster->number ^ i};
            if (mailbox_post(poster->mb, &item)) {
                sched_yield();
                continue;
            }
        } else {
            uint64_t ticket;
            struct item *item = mailbox_reserve(poster->mb, &ticket);
            if (!item) {
                sched_yield();
                continue;
            }
            *item = (struct item){poster->number, i, poster->number ^ i};
            mailbox_publish(poster->mb, ticket);
        }
        i++;
        if (rand_r(&seed) % 64 == 0)
            sched_yield(); /* lets the consumer run dry and go to sleep */
    }
}

/* Takes what is there, in order for each poster; how many. */
static size_t take_all(struct mailbox *mb, uint32_t next[POSTERS])
{
    size_t n = 0;
    const struct item *item;
    while ((item = mailbox_peek(mb))) {
        assert_true(item->poster < POSTERS);
        assert_int_equal(item->check, item->poster ^ item->number);
        assert_int_equal(item->number, next[item->poster]++);
        mailbox_release(mb);
        n++;
    }
    return n;
}

static void start_posters(struct mailbox *mb, struct poster *posters, struct thread **threads, _Atomic bool *go)
{
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.mb = mb, .number = i, .go = go};
        assert_int_equal(thread_start(&threads[i], "poster", run_poster, &posters[i]), ERR_OK);
    }
    atomic_store(go, true);
}

static void test_many_posters_by_fd(void **state)
{
    (void)state;
    struct mailbox *mb = mailbox_create(sizeof(struct item), 64, NULL, NULL);
    struct poster posters[POSTERS];
    struct thread *threads[POSTERS];
    uint32_t next[POSTERS] = {0};
    _Atomic bool go = false;
    start_posters(mb, posters, threads, &go);
    size_t taken = 0;
    while (taken < POSTERS * ITEMS) {
        taken += take_all(mb, next);
        if (taken == POSTERS * ITEMS || !mailbox_arm(mb))
            continue;
        struct pollfd wait = {.fd = mailbox_fd(mb), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, LOST_S * 1000), 1);
        mailbox_disarm(mb);
    }
    for (int i = 0; i < POSTERS; i++)
        thread_join(threads[i]);
    assert_null(mailbox_peek(mb));
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(next[i], ITEMS);
    mailbox_free(mb);
}

static void on_wake(void *ctx)
{
    sem_post(ctx);
}

static void test_many_posters_by_callback(void **state)
{
    (void)state;
    sem_t sem;
    sem_init(&sem, 0, 0);
    struct mailbox *mb = mailbox_create(sizeof(struct item), 64, on_wake, &sem);
    assert_int_equal(mailbox_fd(mb), -1);
    struct poster posters[POSTERS];
    struct thread *threads[POSTERS];
    uint32_t next[POSTERS] = {0};
    _Atomic bool go = false;
    start_posters(mb, posters, threads, &go);
    size_t taken = 0;
    while (taken < POSTERS * ITEMS) {
        taken += take_all(mb, next);
        if (taken == POSTERS * ITEMS || !mailbox_arm(mb))
            continue;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOST_S;
        assert_int_equal(sem_timedwait(&sem, &until), 0);
        mailbox_disarm(mb);
    }
    for (int i = 0; i < POSTERS; i++)
        thread_join(threads[i]);
    mailbox_free(mb);
    sem_destroy(&sem);
}

/* Each side sleeps until the other posts: every single post must wake. */
struct pong {
    struct mailbox *in, *out;
    int rounds;
};

static bool wait_item(struct mailbox *mb, int *item)
{
    while (!mailbox_take(mb, item)) {
        if (!mailbox_arm(mb))
            continue;
        struct pollfd wait = {.fd = mailbox_fd(mb), .events = POLLIN};
        int n = poll(&wait, 1, LOST_S * 1000);
        mailbox_disarm(mb);
        if (n != 1)
            return false;
    }
    return true;
}

static void run_pong(void *ctx)
{
    const struct pong *pong = ctx;
    int item;
    for (int i = 0; i < pong->rounds && wait_item(pong->in, &item); i++) {
        item++;
        if (mailbox_post(pong->out, &item))
            return;
    }
}

static void test_ping_pong(void **state)
{
    (void)state;
    struct pong pong = {.in = mailbox_create(sizeof(int), 2, NULL, NULL),
                        .out = mailbox_create(sizeof(int), 2, NULL, NULL),
                        .rounds = 10000};
    struct thread *thread;
    assert_int_equal(thread_start(&thread, "pong", run_pong, &pong), ERR_OK);
    for (int i = 0; i < pong.rounds; i++) {
        int item = i;
        assert_int_equal(mailbox_post(pong.in, &item), ERR_OK);
        assert_true(wait_item(pong.out, &item));
        assert_int_equal(item, i + 1);
    }
    thread_join(thread);
    mailbox_free(pong.in);
    mailbox_free(pong.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_reserve_in_place),
        cmocka_unit_test(test_arming),
        cmocka_unit_test(test_many_posters_by_fd),
        cmocka_unit_test(test_many_posters_by_callback),
        cmocka_unit_test(test_ping_pong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
