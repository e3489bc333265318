/* The call's status with every input, for the caller and for one who is called, in each state that they can have then.
 * What an ordinary member of an active call does is test_call.c's table as well; here the call is new, rings, lives, is
 * over. */
#include "call_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum input { JOIN, HANGUP, UP, DOWN, BEAT, MINUTE, READY, LEAVE, INPUT_COUNT };

static const char *const input_names[INPUT_COUNT] = {"join",   "hang up",  "socket up",   "socket down",
                                                     "a sign", "a minute", "ready again", "in another call"};

#define INVITED CALL_USER_INVITED
#define REJECTED CALL_USER_REJECTED
#define ACCEPTED CALL_USER_ACCEPTED
#define ONLINE CALL_USER_ONLINE
#define OFFLINE CALL_USER_OFFLINE
#define DEAD CALL_USER_DEAD

/* Behind each input: his state and the call's status, the answer if it has one, the effects. In a minute nobody gives a
 * sign. 10 calls 20 and 30; in an active call the two others are online. */
static const struct row {
    enum call_status status;
    uint64_t who;
    enum call_user_state from;
    const char *then[INPUT_COUNT];
} rows[] = {
    {CALL_NEW, 10, INVITED, {"1/1 3009", "1/1 3009", "1/1 refused", "1/1", "1/1", "1/1", "1/2 store=2", "1/1"}},
    {CALL_NEW, 20, INVITED, {"1/1 3009", "1/1 3009", "1/1 refused", "1/1", "1/1", "1/1", "1/2 store=2", "1/1"}},

    /* CONTRACT section 6: who calls and hangs up while it rings cancels it; he need not have come himself. */
    {CALL_READY,
     10,
     INVITED,
     {"3/2 200 handled:10 state:10=3", "2/4 200 handled:10 state:10=2 close:10=7 ended=7 store=4", "1/2 refused", "1/2",
      "1/2", "1/4 ended=6 store=4", "1/2", "1/2"}},
    {CALL_READY,
     10,
     ACCEPTED,
     {"3/2 200", "3/2 200", "4/2 ok states:10 state:10=4", "3/2", "3/2", "3/4 ended=6 store=4", "3/2", "3/2"}},
    {CALL_READY,
     10,
     ONLINE,
     {"4/2 200", "6/4 200 state:10=6 close:10=7 ended=7 store=4", "4/2 ok states:10", "5/2 state:10=5", "4/2",
      "6/4 state:10=6 close:10=5 ended=3 store=4", "4/2", "6/2 state:10=6 close:10=1"}},
    {CALL_READY,
     10,
     OFFLINE,
     {"5/2 200", "6/4 200 state:10=6 close:10=7 ended=7 store=4", "4/2 ok states:10 state:10=4", "5/2", "5/2",
      "6/4 state:10=6 close:10=5 ended=3 store=4", "5/2", "6/2 state:10=6 close:10=1"}},
    {CALL_READY,
     10,
     DEAD,
     {"6/2 200", "6/2 200", "4/2 ok states:10 state:10=4", "6/2", "6/2", "6/4 ended=3 store=4", "6/2", "6/2"}},
    {CALL_READY,
     20,
     INVITED,
     {"3/2 200 handled:20 state:20=3", "2/2 200 handled:20 state:20=2 close:20=2", "1/2 refused", "1/2", "1/2",
      "1/4 ended=6 store=4", "1/2", "1/2"}},
    {CALL_READY,
     20,
     REJECTED,
     {"2/2 200", "2/2 200", "2/2 refused", "2/2", "2/2", "2/4 ended=6 store=4", "2/2", "2/2"}},
    {CALL_READY,
     20,
     ACCEPTED,
     {"3/2 200", "3/2 200", "4/2 ok states:20 state:20=4", "3/2", "3/2", "3/4 ended=6 store=4", "3/2", "3/2"}},
    {CALL_READY,
     20,
     ONLINE,
     {"4/2 200", "6/2 200 state:20=6 close:20=1", "4/2 ok states:20", "5/2 state:20=5", "4/2",
      "6/4 state:20=6 close:20=5 ended=6 store=4", "4/2", "6/2 state:20=6 close:20=1"}},
    {CALL_READY,
     20,
     OFFLINE,
     {"5/2 200", "6/2 200 state:20=6 close:20=1", "4/2 ok states:20 state:20=4", "5/2", "5/2",
      "6/4 state:20=6 close:20=5 ended=6 store=4", "5/2", "6/2 state:20=6 close:20=1"}},
    {CALL_READY,
     20,
     DEAD,
     {"6/2 200", "6/2 200", "4/2 ok states:20 state:20=4", "6/2", "6/2", "6/4 ended=6 store=4", "6/2", "6/2"}},

    /* An active call is no longer its caller's to cancel. */
    {CALL_ACTIVE,
     10,
     INVITED,
     {"3/3 200 handled:10 state:10=3", "2/3 200 handled:10 state:10=2 close:10=2", "1/3 refused", "1/3", "1/3",
      "1/4 state:20=6 close:20=5 state:30=6 close:30=5 ended=5 store=4", "1/3", "1/3"}},
    {CALL_ACTIVE,
     10,
     REJECTED,
     {"2/3 200", "2/3 200", "2/3 refused", "2/3", "2/3", "2/4 state:20=6 close:20=5 ended=5 store=4", "2/3", "2/3"}},
    {CALL_ACTIVE,
     10,
     ACCEPTED,
     {"3/3 200", "3/3 200", "4/3 ok states:10 state:10=4", "3/3", "3/3",
      "3/4 state:20=6 close:20=5 state:30=6 close:30=5 ended=5 store=4", "3/3", "3/3"}},
    {CALL_ACTIVE,
     10,
     ONLINE,
     {"4/3 200", "6/3 200 state:10=6 close:10=1", "4/3 ok states:10", "5/3 state:10=5", "4/3",
      "6/4 state:10=6 close:10=5 state:20=6 close:20=5 ended=5 store=4", "4/3", "6/3 state:10=6 close:10=1"}},
    {CALL_ACTIVE,
     10,
     OFFLINE,
     {"5/3 200", "6/3 200 state:10=6 close:10=1", "4/3 ok states:10 state:10=4", "5/3", "5/3",
      "6/4 state:10=6 close:10=5 state:20=6 close:20=5 ended=5 store=4", "5/3", "6/3 state:10=6 close:10=1"}},
    {CALL_ACTIVE,
     10,
     DEAD,
     {"6/3 200", "6/3 200", "4/3 ok states:10 state:10=4", "6/3", "6/3", "6/4 state:20=6 close:20=5 ended=5 store=4",
      "6/3", "6/3"}},
    {CALL_ACTIVE,
     20,
     INVITED,
     {"3/3 200 handled:20 state:20=3", "2/3 200 handled:20 state:20=2 close:20=2", "1/3 refused", "1/3", "1/3",
      "1/4 state:10=6 close:10=5 state:30=6 close:30=5 ended=5 store=4", "1/3", "1/3"}},
    {CALL_ACTIVE,
     20,
     ONLINE,
     {"4/3 200", "6/3 200 state:20=6 close:20=1", "4/3 ok states:20", "5/3 state:20=5", "4/3",
      "6/4 state:10=6 close:10=5 state:20=6 close:20=5 ended=5 store=4", "4/3", "6/3 state:20=6 close:20=1"}},

    {CALL_END, 10, ONLINE, {"4/4 3001", "4/4 3001", "4/4 ended", "4/4", "4/4", "4/4", "4/4", "4/4"}},
    {CALL_END, 20, ONLINE, {"4/4 3001", "4/4 3001", "4/4 ended", "4/4", "4/4", "4/4", "4/4", "4/4"}},
    {CALL_END, 20, DEAD, {"6/4 3001", "6/4 3001", "6/4 ended", "6/4", "6/4", "6/4", "6/4", "6/4"}},
};

static void bring_to_state(struct world *world, uint64_t who, enum call_user_state state)
{
    if (state == REJECTED) {
        assert_int_equal(call_hangup(world->call, who, at(world)), CHAT_OK);
    } else if (state == ACCEPTED) {
        assert_int_equal(call_join(world->call, who, at(world)), CHAT_OK);
    } else if (state != INVITED) {
        bring_online(world, who, false);
        if (state == OFFLINE)
            call_session_down(world->call, who);
        else if (state == DEAD)
            call_leave(world->call, who, at(world)); /* hanging up would cancel a caller's call */
    }
}

static void bring_to_row(struct world *world, const struct row *row)
{
    static const uint64_t users[] = {10, 20, 30};
    open_world(world, users, 3);
    if (row->status != CALL_NEW)
        call_ready(world->call, at(world));
    uint64_t others[] = {row->who == 10 ? 20 : 10, 30};
    for (size_t i = 0; i < 2 && row->status >= CALL_ACTIVE; i++)
        bring_online(world, others[i], false);
    bring_to_state(world, row->who, row->from);
    for (size_t i = 0; i < 2 && row->status == CALL_END && call_status(world->call) != CALL_END; i++)
        assert_int_equal(call_hangup(world->call, others[i], at(world)), CHAT_OK);
    free(take_effects(world));
    assert_int_equal(call_status(world->call), row->status);
    assert_int_equal(call_find_user(world->call, row->who)->state, row->from);
}

/* The answer, or NULL where there is none. */
static const char *give(struct world *world, uint64_t who, enum input input, char code[8])
{
    static const char *const ups[] = {
        [CALL_UP_OK] = "ok", [CALL_UP_ENDED] = "ended", [CALL_UP_REFUSED] = "refused", [CALL_UP_BUSY] = "busy"};
    switch (input) {
    case JOIN:
        snprintf(code, 8, "%d", (int)call_join(world->call, who, at(world)));
        return code;
    case HANGUP:
        snprintf(code, 8, "%d", (int)call_hangup(world->call, who, at(world)));
        return code;
    case UP:
        return ups[call_session_up(world->call, who, false, at(world))];
    case DOWN:
        call_session_down(world->call, who);
        break;
    case BEAT:
        call_heartbeat(world->call, who, at(world));
        break;
    case MINUTE:
        world->now_us += 60 * S;
        call_timeout(world->call, at(world));
        break;
    case READY:
        call_ready(world->call, at(world));
        break;
    case LEAVE:
        call_leave(world->call, who, at(world));
        break;
    case INPUT_COUNT:
        break;
    }
    return NULL;
}

static void check(const struct row *row, enum input input)
{
    struct world world;
    char code[8];
    bring_to_row(&world, row);
    enum call_end_reason reason = call_end_reason(world.call);
    const char *answer = give(&world, row->who, input, code);
    char *effects = take_effects(&world);
    struct text text = {0};
    text_addf(&text, "%d/%d", (int)call_find_user(world.call, row->who)->state, (int)call_status(world.call));
    if (answer)
        text_addf(&text, " %s", answer);
    if (*effects)
        text_addf(&text, " %s", effects);
    if (strcmp(text.data, row->then[input]) != 0)
        fail_msg("status %d, user %d in state %d, %s: \"%s\" instead of \"%s\"", (int)row->status, (int)row->who,
                 (int)row->from, input_names[input], text.data, row->then[input]);
    if (row->status == CALL_END)
        assert_int_equal(call_end_reason(world.call), reason);
    free(effects);
    text_free(&text);
    close_world(&world);
}

static void test_every_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (enum input input = JOIN; input < INPUT_COUNT; input++)
            check(&rows[i], input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_status)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
