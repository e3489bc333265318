/* The queue of DTLS datagrams: order, bounds, the budget of a turn, peers that went away, timeouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake.h"
#include "media/handshakes.h"

static bool put(struct peer *peer, uint8_t mark)
{
    uint8_t data[100] = {22, [99] = mark};
    struct udp_packet packet = {.data = data, .len = sizeof(data), .from = {.port = mark}};
    bool is_in = handshakes_put(peer->worker, peer, &packet);
    memset(data, 0, sizeof(data)); /* the receiving buffer is used again */
    return is_in;
}

static void run_all(struct worker *worker)
{
    while (handshakes_run(worker))
        continue;
}

static void check_input(const struct fake *fake, unsigned n, const struct peer *peer, uint8_t mark)
{
    assert_true(n < fake->input_count);
    const struct fake_input *input = &fake->inputs[n];
    assert_ptr_equal(input->transport, peer->transport);
    assert_int_equal(input->len, 100);
    assert_int_equal(input->first, 22);
    assert_int_equal(input->last, mark);
    assert_int_equal(input->port, mark);
}

static void test_in_order(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1), *b = fake_peer(fake, 0, 1, 2);
    struct worker *worker = a->worker;
    assert_true(handshakes_is_empty(worker->handshakes));
    assert_false(handshakes_run(worker));
    for (uint8_t i = 1; i <= 10; i++) {
        assert_true(put(a, i));
        assert_true(put(b, (uint8_t)(100 + i)));
    }
    assert_false(handshakes_is_empty(worker->handshakes));
    assert_int_equal(fake->input_count, 0);
    run_all(worker);
    assert_true(handshakes_is_empty(worker->handshakes));
    assert_int_equal(fake->input_count, 20);
    for (uint8_t i = 1; i <= 10; i++) {
        check_input(fake, 2u * i - 2, a, i);
        check_input(fake, 2u * i - 1, b, (uint8_t)(100 + i));
    }
    fake_free(fake);
}

/* More than the ring holds goes through it, while it is never empty. */
static void test_goes_round(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1);
    unsigned sent = 0, total = HANDSHAKES_MAX + 100;
    fake->input_us = HANDSHAKES_BUDGET_US; /* one a run */
    assert_true(put(a, (uint8_t)sent++));
    for (; sent < 20; sent++) {
        assert_true(put(a, (uint8_t)sent));
        assert_true(handshakes_run(a->worker));
    }
    fake->input_us = 0;
    while (sent < total) {
        while (sent < total && a->waiting_count < HANDSHAKES_PEER_MAX)
            assert_true(put(a, (uint8_t)sent++));
        assert_true(handshakes_run(a->worker));
    }
    run_all(a->worker);
    assert_int_equal(fake->input_count, total);
    for (unsigned i = 0; i < total; i++)
        check_input(fake, i, a, (uint8_t)i);
    fake_free(fake);
}

static void test_one_peer_is_bounded(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1), *b = fake_peer(fake, 0, 1, 2);
    for (unsigned i = 0; i < HANDSHAKES_PEER_MAX; i++)
        assert_true(put(a, 1));
    assert_false(put(a, 2));
    assert_int_equal(a->worker->counts.handshakes_full, 1);
    assert_true(put(b, 3));
    run_all(a->worker);
    assert_int_equal(fake->input_count, HANDSHAKES_PEER_MAX + 1);
    check_input(fake, HANDSHAKES_PEER_MAX, b, 3);
    assert_true(put(a, 4)); /* there is room again */
    fake_free(fake);
}

static void test_all_peers_are_bounded(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *peer = NULL;
    for (unsigned i = 0; i < HANDSHAKES_MAX; i++) {
        if (i % HANDSHAKES_PEER_MAX == 0)
            peer = fake_peer(fake, 0, 1, 1 + i);
        assert_true(put(peer, 1));
    }
    struct peer *late = fake_peer(fake, 0, 1, 9999);
    assert_false(put(late, 2));
    assert_false(handshakes_put_due(late->worker, late));
    assert_int_equal(late->worker->counts.handshakes_full, 2);
    run_all(late->worker);
    assert_int_equal(fake->input_count, HANDSHAKES_MAX);
    assert_true(put(late, 3));
    run_all(late->worker);
    check_input(fake, HANDSHAKES_MAX, late, 3);
    fake_free(fake);
}

static void test_peer_gone_meanwhile(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1), *b = fake_peer(fake, 0, 1, 2);
    struct worker *worker = b->worker;
    assert_true(put(a, 1));
    assert_true(put(b, 2));
    assert_true(put(a, 3));
    fake_cmd(fake, 0, &(struct media_cmd){.type = MEDIA_CMD_PEER_DEL, .peer_id = a->id});
    struct peer *c = fake_peer(fake, 0, 1, 3); /* most likely in a's memory */
    assert_true(put(c, 4));
    run_all(worker);
    assert_int_equal(fake->input_count, 2);
    check_input(fake, 0, b, 2);
    check_input(fake, 1, c, 4);
    assert_int_equal(c->waiting_count, 0);
    fake_free(fake);
}

/* Two that take two thirds of the budget each end the turn; so does one that takes more than all of it. */
static void test_budget(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1);
    for (uint8_t i = 0; i < 10; i++)
        assert_true(put(a, i));
    fake->input_us = HANDSHAKES_BUDGET_US * 2 / 3;
    assert_true(handshakes_run(a->worker));
    assert_in_range(fake->input_count, 1, 2); /* 1 when the machine stood still meanwhile */
    fake->input_count = 0;
    fake->input_us = HANDSHAKES_BUDGET_US * 2;
    assert_true(handshakes_run(a->worker));
    assert_int_equal(fake->input_count, 1);
    assert_false(handshakes_is_empty(a->worker->handshakes));
    fake_free(fake);
}

static void set_due(struct fake *fake, struct peer *peer, uint64_t at_us)
{
    fake_set_due(peer, at_us);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_REMOTE, .peer_id = peer->id};
    memcpy(cmd.u.peer_remote.params.local_ufrag, peer->ufrag, RTC_UFRAG_SIZE);
    fake_cmd(fake, 0, &cmd);
}

/* What is due waits among the others, since it may be the work of a kept ClientHello; once, however often it is told.
 */
static void test_timeouts_wait_as_well(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1);
    for (unsigned i = 0; i < 5; i++) {
        set_due(fake, a, fake->now_us);
        fake_run(fake, 30000);
    }
    assert_int_equal(fake->timeouts, 0);
    assert_int_equal(a->waiting_count, 1);
    fake_set_due(a, 1); /* handshakes_run() goes by the real clock */
    run_all(a->worker);
    assert_int_equal(fake->timeouts, 1);
    assert_int_equal(fake->input_count, 0);
    assert_int_equal(a->waiting_count, 0);
    fake_free(fake);
}

/* A member that keeps his place in the queue taken does not outlive his deadline by that. */
static void test_datagrams_do_not_put_off_timeouts(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct peer *a = fake_peer(fake, 0, 1, 1);
    assert_true(put(a, 1));
    assert_true(put(a, 2));
    set_due(fake, a, fake->now_us);
    fake_run(fake, 30000);
    assert_int_equal(a->waiting_count, 2);
    fake_set_due(a, 1);
    fake->input_us = HANDSHAKES_BUDGET_US;
    assert_true(handshakes_run(a->worker));
    assert_int_equal(fake->input_count, 1);
    assert_int_equal(fake->timeouts, 1);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_goes_round),
        cmocka_unit_test(test_one_peer_is_bounded),
        cmocka_unit_test(test_all_peers_are_bounded),
        cmocka_unit_test(test_peer_gone_meanwhile),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_timeouts_wait_as_well),
        cmocka_unit_test(test_datagrams_do_not_put_off_timeouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
