/* One call for tests. */
#include "call_world.h"

#include <stdlib.h>

#include "base/buf.h"

static const struct call_limits limits = {.no_answer_us = 60 * S, .v1_silence_us = 30 * S, .v2_silence_us = 8 * S};

struct call_time at(const struct world *world)
{
    return (struct call_time){.now_us = world->now_us, .wall_us = WALL + (int64_t)(world->now_us - START)};
}

static void add_effect(struct text *text, const struct call *call, const struct call_effect *effect)
{
    if (text->len)
        text_add(text, " ");
    switch (effect->type) {
    case CALL_EFFECT_STORE:
        text_addf(text, "store=%d", (int)call_status(call));
        break;
    case CALL_EFFECT_HANDLED:
        text_addf(text, "handled:%llu", (unsigned long long)effect->user_id);
        break;
    case CALL_EFFECT_STARTED:
        text_add(text, "started");
        break;
    case CALL_EFFECT_STATES:
        text_addf(text, "states:%llu", (unsigned long long)effect->user_id);
        break;
    case CALL_EFFECT_STATE:
        text_addf(text, "state:%llu=%d", (unsigned long long)effect->user_id, (int)effect->state);
        break;
    case CALL_EFFECT_CLOSE:
        text_addf(text, "close:%llu=%d", (unsigned long long)effect->user_id, (int)effect->reason);
        break;
    case CALL_EFFECT_ELSEWHERE:
        text_addf(text, "elsewhere:%llu=%llu", (unsigned long long)effect->user_id,
                  (unsigned long long)effect->call_id);
        break;
    case CALL_EFFECT_ENDED:
        text_addf(text, "ended=%d", (int)effect->reason);
        break;
    }
}

char *take_effects(struct world *world)
{
    struct text text = {0};
    struct call_effect effect;
    while (call_next_effect(world->call, &effect))
        add_effect(&text, world->call, &effect);
    return text_take(&text);
}

void open_world(struct world *world, const uint64_t *users, size_t count)
{
    world->locks = locks_create();
    world->now_us = START;
    world->call = call_create(world->locks, &limits, 5, users, count);
}

void close_world(struct world *world)
{
    call_free(world->call);
    assert_int_equal(locks_count(world->locks), 0); /* whatever happened, nobody stays busy */
    locks_free(world->locks);
}

/* 10 is the caller. */
void open_ready(struct world *world, size_t count)
{
    static const uint64_t users[] = {10, 20, 30, 40};
    open_world(world, users, count);
    call_ready(world->call, at(world));
    expect_effects(world, "store=2");
}

void bring_online(struct world *world, uint64_t user, bool is_v2)
{
    assert_int_equal(call_join(world->call, user, at(world)), CHAT_OK);
    assert_int_equal(call_session_up(world->call, user, is_v2, at(world)), CALL_UP_OK);
    free(take_effects(world));
}
