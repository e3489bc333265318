/* One call with its locks, and a clock that stands still. Effects are compared as text: "state:20=3 store=2". */
#ifndef ICHAT_TESTS_CALL_WORLD_H
#define ICHAT_TESTS_CALL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/call.h"

#define S 1000000ULL
#define START (1000 * S)
#define WALL 1700000000000000LL

struct world {
    struct locks *locks;
    struct call *call;
    uint64_t now_us;
};

struct call_time at(const struct world *world);
/* What the call emitted since the last time; malloc'd. */
char *take_effects(struct world *world);

#define expect_effects(world, text)                                                                                    \
    do {                                                                                                               \
        char *effects_ = take_effects(world);                                                                          \
        assert_string_equal(effects_, text);                                                                           \
        free(effects_);                                                                                                \
    } while (0)

/* Call 5. No answer after 60 s, silence of 30 s (v1) and 8 s (v2). */
void open_world(struct world *world, const uint64_t *users, size_t count);
void close_world(struct world *world);
/* Rings: 10, the caller, then 20, 30, 40, `count` of them. */
void open_ready(struct world *world, size_t count);
void bring_online(struct world *world, uint64_t user, bool is_v2);

#endif
