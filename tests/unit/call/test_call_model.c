/* The call's state machine under random orders of events: several calls share users and locks, and after every input
 * the invariants are checked. The seed is printed, so that a failure can be played again: ICHAT_TEST_SEED. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "base/text.h"
#include "call/call.h"

#define S 1000000ULL
#define USERS 6
#define CALLS 3
#define ROUNDS 400
#define STEPS 400

static const struct call_limits limits = {.no_answer_us = 60 * S, .v1_silence_us = 30 * S, .v2_silence_us = 8 * S};

struct model_call {
    struct call *call;
    enum call_user_state states[USERS + 1]; /* by user id, as the effects told them */
    bool has_ended;                         /* ENDED was seen */
    bool is_over;                           /* STORE of the end was seen: nothing may follow */
};

struct model {
    uint64_t seed;
    uint64_t now_us;
    size_t moves; /* from one call into another */
    size_t ended[CALL_END_CANCELLED + 1];
    struct locks *locks;
    struct model_call calls[CALLS];
};

static uint32_t next_random(struct model *model, uint32_t limit)
{
    model->seed = model->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(model->seed >> 33) % limit;
}

static bool is_allowed(enum call_user_state from, enum call_user_state to)
{
    static const struct {
        enum call_user_state from;
        enum call_user_state to;
    } allowed[] = {
        {CALL_USER_INVITED, CALL_USER_ACCEPTED}, {CALL_USER_INVITED, CALL_USER_REJECTED},
        {CALL_USER_ACCEPTED, CALL_USER_ONLINE},  {CALL_USER_OFFLINE, CALL_USER_ONLINE},
        {CALL_USER_DEAD, CALL_USER_ONLINE},      {CALL_USER_ONLINE, CALL_USER_OFFLINE},
        {CALL_USER_ONLINE, CALL_USER_DEAD},      {CALL_USER_OFFLINE, CALL_USER_DEAD},
    };
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        if (allowed[i].from == from && allowed[i].to == to)
            return true;
    }
    return false;
}

static void check_effect(struct model *model, struct model_call *mc, const struct call_effect *effect)
{
    assert_false(mc->is_over);
    if (mc->has_ended)
        assert_int_equal(effect->type, CALL_EFFECT_STORE);
    if (effect->type == CALL_EFFECT_ELSEWHERE) {
        assert_true(effect->call_id && effect->call_id != call_id(mc->call));
    } else if (effect->type == CALL_EFFECT_STATE) {
        assert_true(is_allowed(mc->states[effect->user_id], effect->state));
        mc->states[effect->user_id] = effect->state;
    } else if (effect->type == CALL_EFFECT_CLOSE) {
        assert_int_not_equal(effect->reason, CALL_END_NONE);
    } else if (effect->type == CALL_EFFECT_ENDED) {
        assert_int_equal(call_status(mc->call), CALL_END);
        assert_int_equal(effect->reason, call_end_reason(mc->call));
        mc->has_ended = true;
        model->ended[effect->reason]++;
    } else if (effect->type == CALL_EFFECT_STORE && call_status(mc->call) == CALL_END && mc->has_ended) {
        mc->is_over = true;
    }
}

static void check_call(const struct model *model, const struct model_call *mc)
{
    size_t count;
    const struct call_user *users = call_users(mc->call, &count);
    size_t alive = 0;
    for (size_t i = 0; i < count; i++) {
        alive += users[i].state != CALL_USER_REJECTED && users[i].state != CALL_USER_DEAD;
        assert_int_equal(users[i].state, mc->states[users[i].id]); /* every change was told */
        bool is_watched = users[i].state == CALL_USER_ONLINE || users[i].state == CALL_USER_OFFLINE;
        if (call_status(mc->call) != CALL_END)
            assert_true(is_watched == (users[i].deadline_us != UINT64_MAX));
        bool is_gone = users[i].state == CALL_USER_REJECTED || users[i].state == CALL_USER_DEAD;
        uint64_t holder = locks_holder(model->locks, users[i].id, model->now_us);
        if (call_status(mc->call) == CALL_END || (is_gone && call_status(mc->call) != CALL_NEW))
            assert_int_not_equal(holder, call_id(mc->call));
        else if (is_watched)
            assert_int_equal(holder, call_id(mc->call)); /* he is busy, also while his socket is away */
    }
    assert_true((call_status(mc->call) == CALL_END) == (call_end_reason(mc->call) != CALL_END_NONE));
    assert_true((call_status(mc->call) == CALL_END) == (mc->has_ended && mc->is_over));
    assert_true((call_status(mc->call) == CALL_END) == (call_end_us(mc->call) != 0));
    if (call_status(mc->call) == CALL_READY || call_status(mc->call) == CALL_ACTIVE) {
        assert_true(alive >= 2);
        assert_int_not_equal(call_next_timeout_us(mc->call), UINT64_MAX); /* no call lives for ever unwatched */
    }
}

static bool is_inside(const struct call *call, uint64_t user_id)
{
    const struct call_user *user = call_find_user(call, user_id);
    return call_status(call) != CALL_END && user &&
           (user->state == CALL_USER_ONLINE || user->state == CALL_USER_OFFLINE);
}

/* As live.c does: he leaves where he was. */
static void carry_out(struct model *model, const struct call_effect *effect)
{
    if (effect->type != CALL_EFFECT_ELSEWHERE)
        return;
    struct call_time at = {.now_us = model->now_us, .wall_us = (int64_t)model->now_us};
    model->moves++;
    call_leave(model->calls[effect->call_id - 1].call, effect->user_id, at);
}

static bool drain(struct model *model)
{
    bool any = false;
    for (size_t i = 0; i < CALLS; i++) {
        struct call_effect effect;
        while (call_next_effect(model->calls[i].call, &effect)) {
            any = true;
            check_effect(model, &model->calls[i], &effect);
            carry_out(model, &effect);
        }
    }
    return any;
}

static void check_all(struct model *model)
{
    while (drain(model)) {
    }
    for (size_t i = 0; i < CALLS; i++)
        check_call(model, &model->calls[i]);
    for (uint64_t user = 1; user <= USERS; user++) {
        uint64_t holder = locks_holder(model->locks, user, model->now_us);
        assert_true(holder <= CALLS); /* one call holds it, and a live one (check_call) */
        size_t inside = 0;
        for (size_t i = 0; i < CALLS; i++)
            inside += is_inside(model->calls[i].call, user);
        assert_true(inside <= 1); /* a user is in at most one call */
    }
}

static void open_call(struct model *model, size_t index)
{
    struct model_call *mc = &model->calls[index];
    call_free(mc->call);
    memset(mc, 0, sizeof(*mc));
    uint64_t ids[USERS];
    size_t count = 2 + next_random(model, USERS - 1);
    uint32_t first = next_random(model, USERS);
    for (size_t i = 0; i < count; i++)
        ids[i] = 1 + (first + i) % USERS;
    for (size_t i = 0; i <= USERS; i++)
        mc->states[i] = CALL_USER_INVITED;
    mc->call = call_create(model->locks, &limits, index + 1, ids, count);
}

static void step(struct model *model)
{
    size_t index = next_random(model, CALLS);
    struct call *call = model->calls[index].call;
    uint64_t user = 1 + next_random(model, USERS + 1); /* one of them is a stranger */
    struct call_time at = {.now_us = model->now_us, .wall_us = (int64_t)model->now_us};
    switch (next_random(model, 12)) {
    case 0:
        call_ready(call, at);
        break;
    case 1:
    case 2:
        (void)call_join(call, user, at);
        break;
    case 3:
        (void)call_hangup(call, user, at);
        break;
    case 4:
    case 5:
    case 6:
        (void)call_session_up(call, user, next_random(model, 2), at);
        break;
    case 7:
        call_session_down(call, user);
        break;
    case 8:
        call_heartbeat(call, user, at);
        break;
    case 9:
        model->now_us += next_random(model, 4) * S;
        break;
    case 10:
        model->now_us += next_random(model, 20) * S;
        break;
    default:
        if (call_status(call) == CALL_END)
            open_call(model, index);
        break;
    }
    for (size_t i = 0; i < CALLS; i++) {
        at.now_us = model->now_us;
        call_timeout(model->calls[i].call, at);
    }
}

static void test_random_orders(void **state)
{
    (void)state;
    const char *given = getenv("ICHAT_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : rand_u64();
    print_message("seed %llu\n", (unsigned long long)seed);
    size_t ended[CALL_END_CANCELLED + 1] = {0};
    size_t moves = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct model model = {.seed = seed + round, .now_us = 1000 * S, .locks = locks_create()};
        for (size_t i = 0; i < CALLS; i++)
            open_call(&model, i);
        for (size_t i = 0; i < STEPS; i++) {
            step(&model);
            check_all(&model);
        }
        for (size_t i = 0; i < CALLS; i++)
            call_free(model.calls[i].call);
        for (size_t i = 0; i < ARRAY_LEN(ended); i++)
            ended[i] += model.ended[i];
        moves += model.moves;
        assert_int_equal(locks_count(model.locks), 0);
        locks_free(model.locks);
    }
    /* The events were mixed well enough to end calls in all the ways there are. */
    for (size_t reason = CALL_END_NONE + 1; reason < ARRAY_LEN(ended); reason++) {
        print_message("reason %zu: %zu\n", reason, ended[reason]);
        assert_true(ended[reason] > 0);
    }
    print_message("moves: %zu\n", moves);
    assert_true(moves > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_orders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
