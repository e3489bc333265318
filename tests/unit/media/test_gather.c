/* When a media thread lets packets gather: at which load and which rate it begins and ends, under a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/gather.h"

#define MAX_US 1800
#define TURNS 10 /* of a window */

struct thread_sim {
    struct gather gather;
    uint64_t now_us;
    uint64_t packets;
};

static struct thread_sim begin(uint64_t max_us)
{
    struct thread_sim sim = {.now_us = 5000000, .packets = 0};
    gather_init(&sim.gather, max_us, sim.now_us);
    return sim;
}

/* One window in which the thread works for so much of each turn; the pause that it has then. */
static uint64_t window(struct thread_sim *sim, unsigned busy_permille, unsigned packets)
{
    uint64_t turn_us = GATHER_WINDOW_US / TURNS;
    uint64_t awake_us = turn_us * busy_permille / 1000;
    for (unsigned i = 1; i <= TURNS; i++) {
        sim->packets += i == 1 ? packets : 0;
        uint64_t from_us = sim->now_us + awake_us;
        sim->now_us += turn_us;
        assert_int_equal(gather_note_sleep(&sim->gather, from_us, sim->now_us, sim->packets), i == TURNS);
    }
    assert_int_equal(sim->gather.busy_permille, busy_permille);
    return sim->gather.pause_us;
}

/* Packets of a window of which so many thousandths come in a pause, rounded up. */
static unsigned packets_for(unsigned milli, unsigned busy_permille)
{
    uint64_t pause_us = MAX_US * 1000 / (1000 + busy_permille);
    return (unsigned)(((uint64_t)milli * GATHER_WINDOW_US + 1000 * pause_us - 1) / (1000 * pause_us));
}

static void test_idle_thread_does_not_wait(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    assert_int_equal(window(&sim, 0, 0), 0);
    assert_int_equal(window(&sim, 10, 100000), 0);
    assert_int_equal(window(&sim, GATHER_FROM_PERMILLE - 1, 100000), 0);
}

static void test_begins_by_load_and_rate(void **state)
{
    (void)state;
    unsigned enough = packets_for(GATHER_FROM_MILLI, GATHER_FROM_PERMILLE);
    assert_int_equal(enough, 63); /* a packet each 1.6 ms, for a pause of 1.747 ms */
    struct thread_sim sim = begin(MAX_US);
    assert_int_equal(window(&sim, GATHER_FROM_PERMILLE, enough - 1), 0);
    assert_int_equal(window(&sim, GATHER_FROM_PERMILLE - 1, enough), 0);
    assert_int_equal(window(&sim, GATHER_FROM_PERMILLE, enough), 1747);
    sim = begin(MAX_US);
    assert_int_equal(window(&sim, 1000, 10), 0); /* busy with something else than packets */
}

/* What pauses save makes a thread less busy: it must not go to and fro between the two. */
static void test_ends_later_than_it_begins(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    assert_true(window(&sim, 300, 1000) > 0);
    unsigned few = packets_for(GATHER_TO_MILLI, GATHER_TO_PERMILLE);
    assert_true(few < packets_for(GATHER_FROM_MILLI, GATHER_FROM_PERMILLE));
    assert_true(window(&sim, GATHER_TO_PERMILLE, few) > 0);
    assert_true(window(&sim, GATHER_TO_PERMILLE, few) > 0);
    assert_int_equal(window(&sim, GATHER_TO_PERMILLE, few - 1), 0);
    assert_int_equal(window(&sim, GATHER_TO_PERMILLE, few), 0); /* once off, it takes what beginning takes */
    assert_true(window(&sim, 300, 1000) > 0);
    assert_int_equal(window(&sim, GATHER_TO_PERMILLE - 1, 1000), 0);
    assert_true(window(&sim, 300, 1000) > 0);
    assert_int_equal(window(&sim, 0, 0), 0);
}

static void test_pause_and_turn_stay_within_the_limit(void **state)
{
    (void)state;
    for (unsigned busy = GATHER_FROM_PERMILLE; busy <= 1000; busy += 50) {
        struct thread_sim sim = begin(MAX_US);
        uint64_t pause_us = window(&sim, busy, 10000);
        uint64_t wait_us = pause_us + pause_us * busy / 1000;
        assert_in_range(wait_us, MAX_US - 2, MAX_US);
    }
}

static void test_zero_switches_it_off(void **state)
{
    (void)state;
    struct thread_sim sim = begin(0);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(window(&sim, 1000, 1000000), 0);
    assert_int_equal(sim.gather.busy_permille, 1000); /* placement goes by it */
}

/* A turn that takes longer than a window is one. */
static void test_long_turn(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    sim.now_us += 5 * GATHER_WINDOW_US;
    assert_true(gather_note_sleep(&sim.gather, sim.now_us, sim.now_us, 100000));
    assert_int_equal(sim.gather.busy_permille, 1000);
    assert_int_equal(sim.gather.pause_us, MAX_US / 2);
    assert_int_equal(window(&sim, 0, 0), 0);
}

/* Between two frames the thread sleeps through, and has no clock of its own to wake it. */
static void test_sleeps_between_bursts(void **state)
{
    (void)state;
    struct thread_sim sim = begin(MAX_US);
    const uint64_t turn_us = sim.now_us + 7;
    assert_int_equal(gather_next_us(&sim.gather, turn_us, true), 0);
    assert_int_equal(gather_begin_us(&sim.gather, turn_us), turn_us);
    uint64_t pause_us = window(&sim, 100, 1000);
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
        cmocka_unit_test(test_idle_thread_does_not_wait), cmocka_unit_test(test_begins_by_load_and_rate),
        cmocka_unit_test(test_ends_later_than_it_begins), cmocka_unit_test(test_pause_and_turn_stay_within_the_limit),
        cmocka_unit_test(test_zero_switches_it_off),      cmocka_unit_test(test_long_turn),
        cmocka_unit_test(test_sleeps_between_bursts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
