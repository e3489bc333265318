/* Scenarios about coming and going: leaving, dying, coming back, refused certificates, ICE restart. */
#include <string.h>

#include "base/clock.h"
#include "stage.h"

#define STATE_ONLINE 4
#define STATE_GONE 6
#define REASON_NORMAL 1

struct other_wait {
    struct stage *stage;
    size_t watcher;
    size_t other;
    unsigned state;
};

static bool is_in_state(void *ctx)
{
    const struct other_wait *wait = ctx;
    return member_state_of(wait->stage->members[wait->watcher], wait->stage->users[wait->other].id) == wait->state;
}

static bool has_no_live_track(void *ctx)
{
    const struct other_wait *wait = ctx;
    const struct member *member = wait->stage->members[wait->watcher];
    for (size_t i = 0; i < member_recv_count(member); i++) {
        const struct client_recv *recv = member_recv(member, i);
        if (recv->user_id == wait->stage->users[wait->other].id && recv->is_live)
            return false;
    }
    return true;
}

static void wait_gone(struct stage *stage, size_t watcher, size_t other)
{
    struct other_wait wait = {.stage = stage, .watcher = watcher, .other = other, .state = STATE_GONE};
    stage_wait(stage, is_in_state, &wait, "the other is told that the member is gone");
    stage_wait(stage, has_no_live_track, &wait, "its tracks are taken away");
}

static void forget(struct stage *stage, size_t index)
{
    member_free(stage->members[index]);
    stage->members[index] = NULL;
}

/* The others' media must not have noticed. */
static void check_untouched(struct stage *stage, size_t a, size_t b)
{
    const struct client_recv *recv = stage_recv(stage, a, b, CLIENT_VIDEO);
    uint64_t packets = recv->packets;
    stage_run(stage, 1000);
    CHECK(recv->packets > packets + 20, "media between the others stopped");
    CHECK(recv->lost == 0 && recv->wrong_stamps == 0, "media between the others broke: lost %llu",
          (unsigned long long)recv->lost);
    stage_check_members(stage);
}

static void run_leave_rejoin(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 3);
    member_leave(stage.members[2]);
    wait_gone(&stage, 0, 2);
    wait_gone(&stage, 1, 2);
    CHECK(member_state(stage.members[2]) == MEMBER_ENDED, "the leaver is not told: state %d",
          (int)member_state(stage.members[2]));
    forget(&stage, 2);
    check_untouched(&stage, 0, 1);

    stage_join(&stage, 2, NULL);
    stage_wait(&stage, stage_all_receive, &stage, "everyone receives everyone after the return");
    struct other_wait wait = {.stage = &stage, .watcher = 0, .other = 2, .state = STATE_ONLINE};
    stage_wait(&stage, is_in_state, &wait, "the member is online again");
    check_untouched(&stage, 0, 2);
    stage_close(&stage);
}

static void run_killed(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 3);
    uint64_t began_us = clock_now_us();
    member_kill(stage.members[2]);
    wait_gone(&stage, 0, 2);
    uint64_t took_ms = (clock_now_us() - began_us) / US_PER_MS;
    CHECK(took_ms < 10000, "gone only after %llu ms", (unsigned long long)took_ms);
    wait_gone(&stage, 1, 2);
    check_untouched(&stage, 0, 1);
    stage_close(&stage);
}

static bool is_ended(void *ctx)
{
    return member_state(ctx) == MEMBER_ENDED;
}

static void run_hangup(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 2);
    member_leave(stage.members[0]);
    stage_wait(&stage, is_ended, stage.members[1], "the call ends when one of two leaves");
    CHECK(member_end_reason(stage.members[1]) == REASON_NORMAL, "ended with reason %u",
          member_end_reason(stage.members[1]));
    char token[CLIENT_TOKEN_SIZE];
    CHECK(client_call_join(stage.client, &stage.users[0], stage.call_id, token) != ERR_OK,
          "an ended call can be joined");
    stage_close(&stage);
}

/* --- identity --- */

static void has_wrong_certificate(struct member_opts *opts)
{
    opts->has_wrong_fingerprint = true;
}

static bool is_refused(void *ctx)
{
    return strcmp(member_server_view(ctx, true), "failed") == 0;
}

static void run_wrong_certificate(const char *url)
{
    struct stage stage;
    stage_open(&stage, url, 3);
    stage_join(&stage, 0, NULL);
    stage_join(&stage, 1, NULL);
    stage_wait(&stage, stage_all_receive, &stage, "the honest ones receive each other");
    stage_join(&stage, 2, has_wrong_certificate);
    stage_wait(&stage, is_refused, stage.members[2], "the server says that the connection failed");
    CHECK(member_publish_link(stage.members[2]) != CLIENT_LINK_CONNECTED, "the handshake went through");
    CHECK(strcmp(member_publish_suite(stage.members[2]), "") == 0, "keys were made for a wrong certificate");
    stage_run(&stage, 500);
    for (size_t to = 0; to < 2; to++) {
        for (enum client_kind kind = CLIENT_AUDIO; kind <= CLIENT_VIDEO; kind++) {
            const struct client_recv *recv = member_recv_from(stage.members[to], stage.users[2].id, kind);
            CHECK(!recv || recv->packets == 0, "media of a member with a wrong certificate was forwarded");
        }
    }
    check_untouched(&stage, 0, 1);
    stage_close(&stage);
}

/* --- network change --- */

struct restart_wait {
    struct stage *stage;
    uint64_t packets[2];
};

static bool flows_both_ways(void *ctx)
{
    const struct restart_wait *wait = ctx;
    const struct member *member = wait->stage->members[0];
    if (member_ice_rounds(member, true) < 2 || member_ice_rounds(member, false) < 2)
        return false; /* the new credentials have not been used yet */
    for (size_t to = 0; to < 2; to++) {
        if (stage_recv(wait->stage, to, 1 - to, CLIENT_VIDEO)->packets < wait->packets[to] + 100)
            return false;
    }
    return true;
}

static void run_ice_restart(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 2);
    struct restart_wait wait = {.stage = &stage};
    CHECK(member_ice_rounds(stage.members[0], true) == 1, "checks went wrong before");
    CHECK(member_restart_ice(stage.members[0]) == ERR_OK, "cannot restart");
    for (size_t to = 0; to < 2; to++)
        wait.packets[to] = stage_recv(&stage, to, 1 - to, CLIENT_VIDEO)->packets;
    stage_wait(&stage, flows_both_ways, &wait, "checks with new credentials, and media flows on");
    for (size_t to = 0; to < 2; to++) {
        const struct client_recv *recv = stage_recv(&stage, to, 1 - to, CLIENT_VIDEO);
        CHECK(recv->lost == 0 && recv->wrong_stamps == 0, "the restart cost %llu packets",
              (unsigned long long)recv->lost);
    }
    CHECK(member_publish_link(stage.members[0]) == CLIENT_LINK_CONNECTED, "the connection was lost");
    stage_check_members(&stage);
    stage_close(&stage);
}

const struct scenario life_scenarios[] = {
    {"leave-rejoin", run_leave_rejoin},           {"killed", run_killed},           {"hangup", run_hangup},
    {"wrong-certificate", run_wrong_certificate}, {"ice-restart", run_ice_restart}, {NULL, NULL},
};
