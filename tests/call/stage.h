/* What the scenarios of tests/call share: a call of native members on a running server, and waiting for what must
 * become true. A scenario that sees something wrong says so and ends the process. */
#ifndef ICHAT_TESTS_CALL_STAGE_H
#define ICHAT_TESTS_CALL_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/ichat_client.h"

#define STAGE_MEMBERS_MAX 8
#define STAGE_WAIT_MS 15000

struct stage {
    struct client *client;
    size_t count;
    uint64_t call_id;
    struct client_user users[STAGE_MEMBERS_MAX];
    struct member *members[STAGE_MEMBERS_MAX];
};

/* The call, nobody in it yet. */
void stage_open(struct stage *stage, const char *url, size_t count);
/* A member with audio and video; `change` may alter the options before. */
void stage_join(struct stage *stage, size_t index, void (*change)(struct member_opts *opts));
/* All join, all receive all. */
void stage_start(struct stage *stage, const char *url, size_t count);
void stage_close(struct stage *stage);

/* Ends the test when it does not become true in time. Also when a member failed meanwhile, unless that is expected. */
void stage_wait(struct stage *stage, bool (*is_done)(void *ctx), void *ctx, const char *what);
void stage_run(struct stage *stage, unsigned ms);

/* Whether `to` gets packets of `from`, audio and video. */
bool stage_receives(const struct stage *stage, size_t to, size_t from);
bool stage_all_receive(void *stage);
/* A received track that must be there. */
const struct client_recv *stage_recv(const struct stage *stage, size_t to, size_t from, enum client_kind kind);
/* Members that are in the call must not have failed. */
void stage_check_members(const struct stage *stage);

/* printf-like sentence. */
void stage_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            stage_fail(__VA_ARGS__);                                                                                   \
    } while (0)

/* The scenarios, by name. */
struct scenario {
    const char *name;
    void (*run)(const char *url);
};
extern const struct scenario media_scenarios[];
extern const struct scenario life_scenarios[];
extern const struct scenario churn_scenarios[];

#endif
