/* The call's state machine: every user state with every input, then the rules of the whole call. Effects are compared
 * as text. */
#include "call_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- every state with every input ---- */

enum input { JOIN, HANGUP, UP, DOWN, BEAT, SILENCE };

static void bring_to_state(struct world *world, uint64_t user, enum call_user_state state)
{
    if (state == CALL_USER_REJECTED) {
        assert_int_equal(call_hangup(world->call, user, at(world)), CHAT_OK);
    } else if (state == CALL_USER_ACCEPTED) {
        assert_int_equal(call_join(world->call, user, at(world)), CHAT_OK);
    } else if (state != CALL_USER_INVITED) {
        bring_online(world, user, false);
        if (state == CALL_USER_OFFLINE)
            call_session_down(world->call, user);
        else if (state == CALL_USER_DEAD)
            assert_int_equal(call_hangup(world->call, user, at(world)), CHAT_OK);
    }
    free(take_effects(world));
    assert_int_equal(call_find_user(world->call, user)->state, state);
}

static void give(struct world *world, uint64_t user, enum input input, enum call_up up)
{
    switch (input) {
    case JOIN:
        assert_int_equal(call_join(world->call, user, at(world)), CHAT_OK);
        break;
    case HANGUP:
        assert_int_equal(call_hangup(world->call, user, at(world)), CHAT_OK);
        break;
    case UP:
        assert_int_equal(call_session_up(world->call, user, false, at(world)), up);
        break;
    case DOWN:
        call_session_down(world->call, user);
        break;
    case BEAT:
        call_heartbeat(world->call, user, at(world));
        break;
    case SILENCE: /* 31 s, in which the others give signs */
        for (int i = 0; i < 31; i++) {
            world->now_us += S;
            call_heartbeat(world->call, 10, at(world));
            call_heartbeat(world->call, 20, at(world));
            call_timeout(world->call, at(world));
        }
        break;
    }
}

static const struct transition {
    enum call_user_state from;
    enum input input;
    enum call_user_state to;
    const char *effects;
    enum call_up up;
} transitions[] = {
    {CALL_USER_INVITED, JOIN, CALL_USER_ACCEPTED, "handled:40 state:40=3", 0},
    {CALL_USER_INVITED, HANGUP, CALL_USER_REJECTED, "handled:40 state:40=2 close:40=2", 0},
    {CALL_USER_INVITED, UP, CALL_USER_INVITED, "", CALL_UP_REFUSED},
    {CALL_USER_INVITED, DOWN, CALL_USER_INVITED, "", 0},
    {CALL_USER_INVITED, BEAT, CALL_USER_INVITED, "", 0},
    {CALL_USER_INVITED, SILENCE, CALL_USER_INVITED, "", 0},
    {CALL_USER_REJECTED, JOIN, CALL_USER_REJECTED, "", 0},
    {CALL_USER_REJECTED, HANGUP, CALL_USER_REJECTED, "", 0},
    {CALL_USER_REJECTED, UP, CALL_USER_REJECTED, "", CALL_UP_REFUSED},
    {CALL_USER_REJECTED, DOWN, CALL_USER_REJECTED, "", 0},
    {CALL_USER_REJECTED, BEAT, CALL_USER_REJECTED, "", 0},
    {CALL_USER_REJECTED, SILENCE, CALL_USER_REJECTED, "", 0},
    {CALL_USER_ACCEPTED, JOIN, CALL_USER_ACCEPTED, "", 0},
    {CALL_USER_ACCEPTED, HANGUP, CALL_USER_ACCEPTED, "", 0}, /* CONTRACT section 6: 3 -> 6 is not allowed */
    {CALL_USER_ACCEPTED, UP, CALL_USER_ONLINE, "states:40 state:40=4", CALL_UP_OK},
    {CALL_USER_ACCEPTED, DOWN, CALL_USER_ACCEPTED, "", 0},
    {CALL_USER_ACCEPTED, BEAT, CALL_USER_ACCEPTED, "", 0},
    {CALL_USER_ACCEPTED, SILENCE, CALL_USER_ACCEPTED, "", 0},
    {CALL_USER_ONLINE, JOIN, CALL_USER_ONLINE, "", 0},
    {CALL_USER_ONLINE, HANGUP, CALL_USER_DEAD, "state:40=6 close:40=1", 0},
    {CALL_USER_ONLINE, UP, CALL_USER_ONLINE, "states:40", CALL_UP_OK},
    {CALL_USER_ONLINE, DOWN, CALL_USER_OFFLINE, "state:40=5", 0},
    {CALL_USER_ONLINE, BEAT, CALL_USER_ONLINE, "", 0},
    {CALL_USER_ONLINE, SILENCE, CALL_USER_DEAD, "state:40=6 close:40=5", 0},
    {CALL_USER_OFFLINE, JOIN, CALL_USER_OFFLINE, "", 0},
    {CALL_USER_OFFLINE, HANGUP, CALL_USER_DEAD, "state:40=6 close:40=1", 0},
    {CALL_USER_OFFLINE, UP, CALL_USER_ONLINE, "states:40 state:40=4", CALL_UP_OK},
    {CALL_USER_OFFLINE, DOWN, CALL_USER_OFFLINE, "", 0},
    {CALL_USER_OFFLINE, BEAT, CALL_USER_OFFLINE, "", 0},
    {CALL_USER_OFFLINE, SILENCE, CALL_USER_DEAD, "state:40=6 close:40=5", 0},
    {CALL_USER_DEAD, JOIN, CALL_USER_DEAD, "", 0},
    {CALL_USER_DEAD, HANGUP, CALL_USER_DEAD, "", 0},
    {CALL_USER_DEAD, UP, CALL_USER_ONLINE, "states:40 state:40=4", CALL_UP_OK},
    {CALL_USER_DEAD, DOWN, CALL_USER_DEAD, "", 0},
    {CALL_USER_DEAD, BEAT, CALL_USER_DEAD, "", 0},
    {CALL_USER_DEAD, SILENCE, CALL_USER_DEAD, "", 0},
};

static void test_every_transition(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(transitions); i++) {
        const struct transition *t = &transitions[i];
        struct world world;
        open_ready(&world, 4);
        bring_online(&world, 10, false);
        bring_online(&world, 20, false);
        bring_to_state(&world, 40, t->from);
        give(&world, 40, t->input, t->up);
        char *effects = take_effects(&world);
        enum call_user_state to = call_find_user(world.call, 40)->state;
        if (to != t->to || strcmp(effects, t->effects) != 0)
            fail_msg("state %d input %d: %d \"%s\" instead of %d \"%s\"", (int)t->from, (int)t->input, (int)to, effects,
                     (int)t->to, t->effects);
        free(effects);
        close_world(&world);
    }
    assert_int_equal(ARRAY_LEN(transitions), 6 * 6);
}

/* ---- the whole call ---- */

static void test_status_decides_first(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20};
    struct world world;
    open_world(&world, users, 2);
    assert_int_equal(call_join(world.call, 10, at(&world)), CALL_NOT_READY);
    assert_int_equal(call_hangup(world.call, 99, at(&world)), CALL_NOT_READY);
    assert_int_equal(call_session_up(world.call, 10, false, at(&world)), CALL_UP_REFUSED);
    call_ready(world.call, at(&world));
    free(take_effects(&world));
    assert_int_equal(call_join(world.call, 99, at(&world)), CHAT_FORBIDDEN);
    assert_int_equal(call_hangup(world.call, 99, at(&world)), CHAT_FORBIDDEN);
    assert_int_equal(call_hangup(world.call, 10, at(&world)), CHAT_OK);
    free(take_effects(&world));
    assert_int_equal(call_join(world.call, 99, at(&world)), CALL_STATE_INVALID);
    assert_int_equal(call_hangup(world.call, 20, at(&world)), CALL_STATE_INVALID);
    assert_int_equal(call_session_up(world.call, 20, true, at(&world)), CALL_UP_ENDED);
    expect_effects(&world, "");
    close_world(&world);
}

static void test_busy_caller_ends_the_call(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20, 30};
    struct world world;
    open_world(&world, users, 3);
    assert_true(locks_take(world.locks, 10, 4, world.now_us));
    call_ready(world.call, at(&world));
    expect_effects(&world, "ended=4 store=4");
    assert_int_equal(call_end_reason(world.call), CALL_END_BUSY);
    assert_int_equal(call_start_us(world.call), 0);
    assert_true(call_end_us(world.call) == WALL);
    assert_int_equal(locks_holder(world.locks, 20, world.now_us), 0);
    locks_release(world.locks, 10, 4);
    close_world(&world);
}

static void test_fewer_than_two_free_is_busy(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20};
    struct world world;
    open_world(&world, users, 2);
    assert_true(locks_take(world.locks, 20, 4, world.now_us));
    call_ready(world.call, at(&world));
    expect_effects(&world, "ended=4 store=4");
    locks_release(world.locks, 20, 4);
    close_world(&world);
}

static void test_a_busy_callee_still_rings(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20, 30};
    struct world world;
    open_world(&world, users, 3);
    assert_true(locks_take(world.locks, 20, 4, world.now_us));
    call_ready(world.call, at(&world));
    expect_effects(&world, "store=2");
    assert_int_equal(call_join(world.call, 20, at(&world)), CHAT_OK); /* and may come in */
    locks_release(world.locks, 20, 4);
    close_world(&world);
}

static void test_who_comes_up_leaves_the_other_call(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20, 30};
    struct world world;
    open_world(&world, users, 3);
    assert_true(locks_take(world.locks, 20, 4, world.now_us));
    call_ready(world.call, at(&world));
    expect_effects(&world, "store=2");
    assert_int_equal(call_join(world.call, 20, at(&world)), CHAT_OK);
    expect_effects(&world, "handled:20 state:20=3");
    assert_int_equal(call_session_up(world.call, 20, false, at(&world)), CALL_UP_OK);
    expect_effects(&world, "elsewhere:20=4 states:20 state:20=4");
    assert_int_equal(locks_holder(world.locks, 20, world.now_us), call_id(world.call));
    /* The other way round: he came up in another call. Who is not in this one stays what he is. */
    call_leave(world.call, 30, at(&world));
    call_leave(world.call, 99, at(&world));
    expect_effects(&world, "");
    call_leave(world.call, 20, at(&world));
    expect_effects(&world, "state:20=6 close:20=1");
    assert_int_equal(locks_holder(world.locks, 20, world.now_us), 0);
    close_world(&world);
}

/* CONTRACT section 12: start to all, then all states to the newcomer, then his state to the others. */
static void test_starts_with_two_online(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 3);
    assert_int_equal(call_join(world.call, 10, at(&world)), CHAT_OK);
    expect_effects(&world, "handled:10 state:10=3");
    assert_int_equal(call_session_up(world.call, 10, false, at(&world)), CALL_UP_OK);
    expect_effects(&world, "states:10 state:10=4");
    assert_int_equal(call_join(world.call, 20, at(&world)), CHAT_OK);
    expect_effects(&world, "handled:20 state:20=3");
    world.now_us += 7 * S;
    assert_int_equal(call_session_up(world.call, 20, true, at(&world)), CALL_UP_OK);
    expect_effects(&world, "store=3 started states:20 state:20=4");
    assert_true(call_start_us(world.call) == WALL + 7000000);
    assert_int_equal(call_hangup(world.call, 30, at(&world)), CHAT_OK);
    expect_effects(&world, "handled:30 state:30=2 close:30=2"); /* two are alive: no end */
    call_session_down(world.call, 20);
    expect_effects(&world, "state:20=5");
    assert_int_equal(call_session_up(world.call, 20, true, at(&world)), CALL_UP_OK);
    expect_effects(&world, "states:20 state:20=4"); /* no second start */
    assert_int_equal(call_hangup(world.call, 20, at(&world)), CHAT_OK);
    expect_effects(&world, "state:20=6 close:20=1 ended=1 store=4");
    close_world(&world);
}

static void test_caller_cancels_while_it_rings(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 3);
    bring_online(&world, 10, false);
    assert_int_equal(call_join(world.call, 20, at(&world)), CHAT_OK);
    free(take_effects(&world));
    assert_int_equal(call_hangup(world.call, 10, at(&world)), CHAT_OK);
    expect_effects(&world, "state:10=6 close:10=7 ended=7 store=4");
    close_world(&world);
}

static void test_rejection_of_the_only_callee_ends(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 2);
    bring_online(&world, 10, false);
    assert_int_equal(call_hangup(world.call, 20, at(&world)), CHAT_OK);
    expect_effects(&world, "handled:20 state:20=2 close:20=2 ended=2 store=4");
    close_world(&world);
}

static void test_no_answer(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 2);
    bring_online(&world, 10, true);
    for (int i = 0; i < 59; i++) {
        world.now_us += S;
        call_heartbeat(world.call, 10, at(&world));
        call_timeout(world.call, at(&world));
    }
    expect_effects(&world, "");
    world.now_us += S;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "ended=3 store=4");
    close_world(&world);
}

static void test_nobody_came_is_an_error(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 2);
    assert_int_equal(call_next_timeout_us(world.call), START + 60 * S);
    world.now_us += 60 * S;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "ended=6 store=4");
    assert_int_equal(call_next_timeout_us(world.call), UINT64_MAX);
    close_world(&world);
}

static void test_silence_of_v2_is_shorter(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 3);
    bring_online(&world, 10, false);
    bring_online(&world, 20, true);
    assert_int_equal(call_next_timeout_us(world.call), START + 8 * S);
    call_session_down(world.call, 20);
    expect_effects(&world, "state:20=5");
    world.now_us += 8 * S - 1;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "");
    world.now_us += 1;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "state:20=6 close:20=5");
    assert_int_equal(locks_holder(world.locks, 20, world.now_us), 0);
    assert_int_equal(locks_holder(world.locks, 10, world.now_us), 5);
    close_world(&world);
}

static void test_all_silent_at_once_end_once(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 3);
    bring_online(&world, 10, true);
    bring_online(&world, 20, true);
    bring_online(&world, 30, true);
    world.now_us += 9 * S;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "state:10=6 close:10=5 state:20=6 close:20=5 ended=5 store=4");
    call_timeout(world.call, at(&world));
    expect_effects(&world, "");
    close_world(&world);
}

static void test_coming_back_needs_the_lock(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 4);
    bring_online(&world, 10, false);
    bring_online(&world, 20, false);
    bring_online(&world, 30, false);
    assert_int_equal(call_hangup(world.call, 30, at(&world)), CHAT_OK);
    free(take_effects(&world));
    assert_true(locks_take(world.locks, 30, 77, world.now_us));
    assert_int_equal(call_session_up(world.call, 30, true, at(&world)), CALL_UP_BUSY);
    expect_effects(&world, "close:30=6");
    assert_int_equal(call_find_user(world.call, 30)->state, CALL_USER_DEAD);
    locks_release(world.locks, 30, 77);
    assert_int_equal(call_session_up(world.call, 30, true, at(&world)), CALL_UP_OK);
    expect_effects(&world, "states:30 state:30=4");
    close_world(&world);
}

/* A lock lives 60 s: who gives signs keeps it for as long as he gives them. */
static void test_signs_keep_the_lock(void **state)
{
    (void)state;
    const uint64_t users[] = {10, 20};
    struct world world, other;
    open_ready(&world, 3);
    bring_online(&world, 10, false);
    bring_online(&world, 20, false);
    for (int i = 0; i < 30; i++) { /* every 10 s, as the contract's client does */
        world.now_us += 10 * S;
        call_heartbeat(world.call, 10, at(&world));
        call_heartbeat(world.call, 20, at(&world));
        call_timeout(world.call, at(&world));
        assert_int_equal(locks_holder(world.locks, 10, world.now_us), call_id(world.call));
        assert_int_equal(locks_holder(world.locks, 20, world.now_us), call_id(world.call));
    }
    expect_effects(&world, "");
    assert_int_equal(locks_holder(world.locks, 30, world.now_us), 0); /* he was asked, and never came */
    other = (struct world){.locks = world.locks, .now_us = world.now_us};
    other.call = call_create(world.locks, &(struct call_limits){.no_answer_us = 60 * S}, 6, users, 2);
    call_ready(other.call, at(&other));
    expect_effects(&other, "ended=4 store=4");
    call_free(other.call);
    close_world(&world);
}

/* Two who never answered count as alive, so leaving does not end the call; being empty for a minute does. */
static void test_an_empty_call_ends(void **state)
{
    (void)state;
    struct world world;
    open_ready(&world, 4);
    bring_online(&world, 10, false);
    bring_online(&world, 20, false);
    assert_int_equal(call_hangup(world.call, 10, at(&world)), CHAT_OK);
    expect_effects(&world, "state:10=6 close:10=1");
    assert_int_equal(call_hangup(world.call, 20, at(&world)), CHAT_OK);
    expect_effects(&world, "state:20=6 close:20=1");
    world.now_us += 59 * S;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "");
    assert_int_equal(call_session_up(world.call, 20, false, at(&world)), CALL_UP_OK); /* he is back in time */
    free(take_effects(&world));
    assert_int_equal(call_hangup(world.call, 20, at(&world)), CHAT_OK);
    free(take_effects(&world));
    world.now_us += 60 * S;
    call_timeout(world.call, at(&world));
    expect_effects(&world, "ended=1 store=4");
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_transition),
        cmocka_unit_test(test_status_decides_first),
        cmocka_unit_test(test_busy_caller_ends_the_call),
        cmocka_unit_test(test_fewer_than_two_free_is_busy),
        cmocka_unit_test(test_a_busy_callee_still_rings),
        cmocka_unit_test(test_who_comes_up_leaves_the_other_call),
        cmocka_unit_test(test_starts_with_two_online),
        cmocka_unit_test(test_caller_cancels_while_it_rings),
        cmocka_unit_test(test_rejection_of_the_only_callee_ends),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_nobody_came_is_an_error),
        cmocka_unit_test(test_silence_of_v2_is_shorter),
        cmocka_unit_test(test_all_silent_at_once_end_once),
        cmocka_unit_test(test_coming_back_needs_the_lock),
        cmocka_unit_test(test_signs_keep_the_lock),
        cmocka_unit_test(test_an_empty_call_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
