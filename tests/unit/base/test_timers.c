/* The timer wheel against a plain table of due times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/timers.h"

#define N 200

struct model;

struct slot {
    struct timer timer;
    struct model *model;
    bool is_set;
    bool was_past;   /* when it was set: then it comes first, in the order of setting */
    uint64_t in_run; /* the run in which it was set, 0 = outside */
    uint64_t due_us;
};

struct model {
    struct timers *wheel;
    uint64_t now_us;
    uint64_t run; /* number of the run under way, 0 outside */
    uint64_t runs;
    uint64_t last_tick;
    size_t fired;
    struct slot slots[N];
};

static uint64_t tick_of(uint64_t us)
{
    return us / US_PER_MS + (us % US_PER_MS != 0);
}

static uint64_t random_delay(void)
{
    /* From under a tick to years, every order of magnitude alike. */
    return ((uint64_t)rand() << 20 ^ (uint64_t)rand()) >> (rand() % 50);
}

static void set_slot(struct model *model, struct slot *slot)
{
    uint64_t due = model->now_us + random_delay();
    if (rand() % 8 == 0)
        due = model->now_us > 5000 ? model->now_us - (uint64_t)(rand() % 5000) : 0;
    slot->is_set = true;
    slot->due_us = due;
    slot->in_run = model->run;
    slot->was_past = tick_of(due) <= model->now_us / US_PER_MS || due <= model->now_us;
    timer_set(model->wheel, &slot->timer, due);
}

static void stop_slot(struct model *model, struct slot *slot)
{
    slot->is_set = false;
    timer_stop(model->wheel, &slot->timer);
    assert_false(timer_is_set(&slot->timer));
}

static void on_due(void *ctx, uint64_t now_us)
{
    struct slot *slot = ctx;
    struct model *model = slot->model;
    assert_true(slot->is_set);
    assert_false(timer_is_set(&slot->timer));
    assert_true(slot->due_us <= now_us && now_us == model->now_us);
    assert_true(slot->in_run != model->run); /* set to the past from within a run: not in the same run */
    if (!slot->was_past) {
        assert_true(tick_of(slot->due_us) >= model->last_tick);
        model->last_tick = tick_of(slot->due_us);
    }
    slot->is_set = false;
    model->fired++;
    int action = rand() % 6;
    if (action == 0)
        set_slot(model, slot);
    else if (action == 1)
        set_slot(model, &model->slots[rand() % N]);
    else if (action == 2)
        stop_slot(model, &model->slots[rand() % N]);
}

/* What an exact wait would be. */
static uint64_t exact_wait(const struct model *model)
{
    uint64_t now_tick = model->now_us / US_PER_MS, exact = UINT64_MAX;
    for (int i = 0; i < N; i++) {
        const struct slot *slot = &model->slots[i];
        uint64_t tick = tick_of(slot->due_us);
        uint64_t wait = slot->was_past || tick <= now_tick ? 0 : tick - now_tick;
        if (slot->is_set && wait < exact)
            exact = wait;
    }
    return exact;
}

static void check_wait(const struct model *model)
{
    uint64_t exact = exact_wait(model);
    int wait = timers_wait_ms(model->wheel, model->now_us, 1000);
    assert_true(wait >= 0 && wait <= 1000 && (uint64_t)wait <= exact);
    assert_true(wait > 0 || exact == 0);
}

static void run_to(struct model *model, uint64_t now_us)
{
    model->now_us = now_us;
    model->run = ++model->runs;
    model->last_tick = 0;
    timers_run(model->wheel, now_us);
    for (int i = 0; i < N; i++) {
        struct slot *slot = &model->slots[i];
        assert_int_equal(timer_is_set(&slot->timer), slot->is_set);
        if (slot->is_set && slot->in_run != model->run)
            assert_true(tick_of(slot->due_us) > now_us / US_PER_MS); /* else it should have been called */
    }
    model->run = 0;
}

static void property(uint64_t start_us, unsigned seed)
{
    struct model *model = calloc(1, sizeof(*model));
    srand(seed);
    model->now_us = start_us;
    model->wheel = timers_create(start_us);
    for (int i = 0; i < N; i++) {
        model->slots[i].model = model;
        timer_init(&model->slots[i].timer, on_due, &model->slots[i]);
    }
    for (int step = 0; step < 20000; step++) {
        int action = rand() % 10;
        if (action < 5)
            set_slot(model, &model->slots[rand() % N]);
        else if (action < 6)
            stop_slot(model, &model->slots[rand() % N]);
        else if (action < 9)
            run_to(model, model->now_us + (uint64_t)(rand() % 20000));
        else
            run_to(model, model->now_us + random_delay() / (1 + (uint64_t)rand() % 1000));
        check_wait(model);
    }
    assert_true(model->fired > 1000);
    timers_free(model->wheel);
    free(model);
}

static void test_property(void **state)
{
    (void)state;
    property(1, 1);
    property(63999, 2);
    property(1795433592500000ULL, 3);
    property(US_PER_MS * 64 * 64 * 64 * 64 - 1, 4);
}

struct counter {
    int calls;
    uint64_t at_us;
};

static void on_count(void *ctx, uint64_t now_us)
{
    struct counter *counter = ctx;
    counter->calls++;
    counter->at_us = now_us;
}

static void test_exact(void **state)
{
    (void)state;
    struct timers *wheel = timers_create(10000);
    struct counter counter = {0};
    struct timer timer;
    timer_init(&timer, on_count, &counter);
    assert_false(timer_is_set(&timer));
    timer_stop(wheel, &timer);
    assert_int_equal(timers_wait_ms(wheel, 10000, 77), 77);
    timer_set(wheel, &timer, 12001);
    assert_true(timer_is_set(&timer));
    assert_int_equal(timers_wait_ms(wheel, 10000, 77), 3); /* 13,000 is the first tick not before it */
    assert_int_equal(timers_wait_ms(wheel, 10000, 2), 2);
    timers_run(wheel, 12999);
    assert_int_equal(counter.calls, 0);
    timers_run(wheel, 13000);
    assert_int_equal(counter.calls, 1);
    assert_int_equal(counter.at_us, 13000);
    timers_run(wheel, 99000);
    assert_int_equal(counter.calls, 1);

    timer_set(wheel, &timer, 99000 + 5 * US_PER_S); /* far off: the wait is still exact */
    assert_int_equal(timers_wait_ms(wheel, 99000, 100000), 5000);
    timer_set(wheel, &timer, 50000); /* moved into the past */
    assert_int_equal(timers_wait_ms(wheel, 99000, 1000), 0);
    timers_run(wheel, 99000);
    assert_int_equal(counter.calls, 2);
    timer_set(wheel, &timer, UINT64_MAX);
    assert_int_equal(timers_wait_ms(wheel, 99000, 1000), 1000);
    timers_run(wheel, UINT64_MAX - 2 * US_PER_MS);
    assert_int_equal(counter.calls, 2);
    timers_run(wheel, 5); /* time never runs back; if a caller's does, nothing breaks */
    timer_stop(wheel, &timer);
    timers_free(wheel);
    timers_free(NULL);
}

struct self {
    struct timer timer;
    struct timers *wheel;
    int calls;
};

static void on_self(void *ctx, uint64_t now_us)
{
    struct self *self = ctx;
    self->calls++;
    timer_set(self->wheel, &self->timer, now_us); /* due at once, again and again */
}

static void test_no_endless_run(void **state)
{
    (void)state;
    struct self self = {.wheel = timers_create(0)};
    timer_init(&self.timer, on_self, &self);
    timer_set(self.wheel, &self.timer, 0);
    for (int run = 1; run <= 3; run++) {
        timers_run(self.wheel, 500);
        assert_int_equal(self.calls, run);
    }
    timers_free(self.wheel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_no_endless_run),
                                       cmocka_unit_test(test_property)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
