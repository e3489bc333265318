/* When a media thread lets packets gather: at which load, and for how many that meet, it begins and ends; under a
 * virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "media/gather.h"

#define MAX_US 1800
#define TURN_US 50
#define SETTLED 40 /* windows after which what was before counts no more */

/* A thread with some receivers, each with its own rhythm: `burst` packets at once each `each_us`. */
struct sim_receiver {
    uint64_t each_us;
    unsigned burst;
    uint64_t next_us;
};

struct thread_sim {
    struct gather gather;
    uint64_t now_us;
    struct sim_receiver receivers[4];
};

static struct thread_sim begin(uint64_t max_us)
{
    struct thread_sim sim = {.now_us = 5000000};
    gather_init(&sim.gather, max_us, sim.now_us);
    return sim;
}

/* What came by the time of a turn goes out in it. */
static void send_due(struct thread_sim *sim)
{
    for (size_t r = 0; r < ARRAY_LEN(sim->receivers); r++) {
        struct sim_receiver *receiver = &sim->receivers[r];
        if (receiver->each_us == 0)
            continue;
        if (receiver->next_us == 0)
            receiver->next_us = sim->now_us;
        for (; receiver->next_us <= sim->now_us; receiver->next_us += receiver->each_us)
            for (unsigned i = 0; i < receiver->burst; i++)
                gather_note_out(&sim->gather, receiver, sim->now_us);
    }
}

/* So many windows in which the thread works for so much of the time; the pause that it has then. */
static uint64_t run(struct thread_sim *sim, unsigned busy_permille, unsigned windows)
{
    uint64_t awake_us = 0, next_turn_us = sim->now_us;
    while (windows) {
        if (sim->now_us >= next_turn_us) {
            send_due(sim);
            next_turn_us = sim->now_us + (sim->gather.pause_us ? sim->gather.pause_us : TURN_US);
        }
        awake_us += TURN_US * busy_permille; /* in thousandths */
        uint64_t work_us = awake_us / 1000;
        awake_us %= 1000;
        sim->now_us += TURN_US;
        if (gather_note_sleep(&sim->gather, sim->now_us - (TURN_US - work_us), sim->now_us))
            windows--;
    }
    return sim->gather.pause_us;
}

static uint64_t settle(unsigned busy_permille, uint64_t each_us, unsigned burst)
{
    struct thread_sim sim = begin(MAX_US);
    sim.receivers[0] = (struct sim_receiver){.each_us = each_us, .burst = burst};
    return run(&sim, busy_permille, SETTLED);
}

static void test_idle_thread_does_not_wait(void **state)
{
    (void)state;
    assert_int_equal(settle(0, 0, 0), 0);
    assert_int_equal(settle(0, 100, 1), 0);
    assert_int_equal(settle(GATHER_FROM_PERMILLE - 1, 100, 10), 0);
    assert_int_equal(settle(1000, 0, 0), 0); /* busy with something else than packets */
}

/* The pause at a load of 3 % is 1,747 us: two packets of a receiver must be no further apart than 873. */
static void test_begins_by_load_and_by_what_meets(void **state)
{
    (void)state;
    static const struct {
        unsigned busy_permille;
        uint64_t each_us;
        unsigned burst;
        bool is_gathering;
    } table[] = {
        {30, 840, 1, true},      {30, 910, 1, false},   {29, 840, 1, false},
        {250, 690, 1, true},     {250, 750, 1, false},  /* 1,440 us: 2 packets */
        {400, 1100, 1, true},    {400, 1250, 1, false}, /* 1,285 us: 1.1 of them are enough for a busy thread */
        {600, 1020, 1, true},    {600, 2000, 1, false}, /* but never one */
        {100, 33000, 20, true},  {100, 33000, 2, true}, {100, 33000, 1, false}, /* frames */
        {900, 100000, 1, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        uint64_t pause_us = settle(table[i].busy_permille, table[i].each_us, table[i].burst);
        if ((pause_us > 0) != table[i].is_gathering)
            fail_msg("row %zu: the pause is %llu us", i, (unsigned long long)pause_us);
    }
}

/* Nearly all packets go to one of four receivers: he decides. Many packets that never meet do not count. */
static void test_busy_receivers_count_most(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    sim.receivers[0] = (struct sim_receiver){.each_us = 30000, .burst = 30};
    for (unsigned r = 1; r < 4; r++)
        sim.receivers[r] = (struct sim_receiver){.each_us = 20000, .burst = 1};
    assert_true(run(&sim, 100, SETTLED) > 0);
    sim = begin(MAX_US);
    for (unsigned r = 0; r < 4; r++)
        sim.receivers[r] = (struct sim_receiver){.each_us = 2000 + r, .burst = 1}; /* many packets, none meet */
    assert_int_equal(run(&sim, 100, SETTLED), 0);
    assert_int_equal(run(&sim, 100, 100), 0);
}

/* What pauses save makes a thread less busy: it must not go to and fro between the two. */
static void test_ends_later_than_it_begins(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    struct sim_receiver *receiver = &sim.receivers[0];
    *receiver = (struct sim_receiver){.each_us = 850, .burst = 1};
    assert_true(run(&sim, 30, SETTLED) > 0);
    receiver->each_us = 903; /* too far apart to begin with */
    assert_int_equal(settle(30, 903, 1), 0);
    assert_true(run(&sim, 30, SETTLED) > 0);
    assert_true(run(&sim, 10, SETTLED) > 0);
    assert_int_equal(run(&sim, 9, 1), 0);
    assert_int_equal(run(&sim, 30, SETTLED), 0); /* once off, it takes what beginning takes */
    receiver->each_us = 850;
    assert_true(run(&sim, 30, SETTLED) > 0);
    receiver->each_us = 1010;
    assert_int_equal(run(&sim, 30, SETTLED), 0);
    assert_int_equal(run(&sim, 0, 1), 0);
}

/* The receiver that is looked at goes; the next is one of those who are there. */
static void test_receivers_go(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    sim.receivers[0] = (struct sim_receiver){.each_us = 500, .burst = 1};
    assert_true(run(&sim, 100, SETTLED) > 0);
    assert_ptr_equal(sim.gather.receiver, &sim.receivers[0]);
    sim.receivers[0].each_us = 0;
    sim.receivers[1] = (struct sim_receiver){.each_us = 500, .burst = 1};
    assert_true(run(&sim, 100, 3) > 0);
    assert_ptr_equal(sim.gather.receiver, &sim.receivers[1]);
    sim.receivers[1].each_us = 3000;
    assert_int_equal(run(&sim, 100, SETTLED), 0);
    unsigned seen[2] = {0}; /* whoever stands first in each turn is not the only one who is looked at */
    sim.receivers[0] = sim.receivers[1];
    for (unsigned i = 0; i < 200; i++) {
        (void)run(&sim, 100, 1);
        seen[sim.gather.receiver == &sim.receivers[1]]++;
    }
    assert_in_range(seen[0], 60, 140);
}

static void test_pause_and_turn_stay_within_the_limit(void **state)
{
    (void)state;
    for (unsigned busy = GATHER_FROM_PERMILLE; busy <= 1000; busy += 50) {
        uint64_t pause_us = settle(busy, 100, 1);
        uint64_t wait_us = pause_us + pause_us * busy / 1000;
        assert_in_range(wait_us, MAX_US - 3, MAX_US);
    }
}

static void test_zero_switches_it_off(void **state)
{
    (void)state;
    struct thread_sim sim = begin(0);
    sim.receivers[0] = (struct sim_receiver){.each_us = 100, .burst = 10};
    assert_int_equal(run(&sim, 1000, SETTLED), 0);
    assert_int_equal(sim.gather.busy_permille, 1000); /* placement goes by it */
}

/* A turn that takes longer than a window is one. */
static void test_long_turn(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    sim.receivers[0] = (struct sim_receiver){.each_us = 100, .burst = 1};
    (void)run(&sim, 500, SETTLED);
    sim.now_us += 5 * GATHER_WINDOW_US;
    send_due(&sim);
    assert_true(gather_note_sleep(&sim.gather, sim.now_us, sim.now_us));
    assert_int_equal(sim.gather.busy_permille, 1000);
    assert_int_equal(sim.gather.pause_us, MAX_US / 2);
}

/* Between two frames the thread sleeps through, and has no clock of its own to wake it. */
static void test_sleeps_between_bursts(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    const uint64_t turn_us = sim.now_us + 7;
    assert_int_equal(gather_next_us(&sim.gather, turn_us, true), 0);
    assert_int_equal(gather_begin_us(&sim.gather, turn_us), turn_us);
    sim.receivers[0] = (struct sim_receiver){.each_us = 100, .burst = 1};
    uint64_t pause_us = run(&sim, 100, SETTLED);
    assert_true(pause_us > 0);
    assert_int_equal(gather_next_us(&sim.gather, turn_us, true), turn_us + pause_us);
    assert_int_equal(gather_next_us(&sim.gather, turn_us, false), 0);
    uint64_t begin_us = gather_begin_us(&sim.gather, turn_us);
    assert_true(begin_us > turn_us);
    assert_true(begin_us < turn_us + pause_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_thread_does_not_wait),
        cmocka_unit_test(test_begins_by_load_and_by_what_meets),
        cmocka_unit_test(test_busy_receivers_count_most),
        cmocka_unit_test(test_ends_later_than_it_begins),
        cmocka_unit_test(test_receivers_go),
        cmocka_unit_test(test_pause_and_turn_stay_within_the_limit),
        cmocka_unit_test(test_zero_switches_it_off),
        cmocka_unit_test(test_long_turn),
        cmocka_unit_test(test_sleeps_between_bursts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
