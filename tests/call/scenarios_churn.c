/* Coming and going without end, for what must not pile up in the server: call.test.mjs looks at its memory and counts.
 */
#include <stdio.h>

#include "stage.h"

#define USERS 8
#define STEADY 2 /* they stay, so that the call goes on */
#define CYCLES 40

static void has_audio_only(struct member_opts *opts)
{
    opts->has_video = false;
}

/* One of those who come is cut off while his connections are being made, another one each time; none at the end, since
 * the server would wait for his return. */
static bool is_hasty(size_t index, unsigned cycle)
{
    return cycle + 1 < CYCLES && index >= STEADY && (index - STEADY) % (USERS - STEADY) == cycle % (USERS - STEADY);
}

struct churn {
    struct stage stage;
    unsigned cycle;
    size_t first_leaver;
};

static bool are_in(void *ctx)
{
    const struct churn *churn = ctx;
    for (size_t i = 0; i < USERS; i++) {
        const struct member *member = churn->stage.members[i];
        if (is_hasty(i, churn->cycle))
            continue;
        if (member_publish_link(member) != CLIENT_LINK_CONNECTED ||
            member_subscribe_link(member) != CLIENT_LINK_CONNECTED)
            return false;
        const struct client_recv *recv = member_recv_from(member, churn->stage.users[i == 0 ? 1 : 0].id, CLIENT_AUDIO);
        if (!recv || !recv->packets)
            return false;
    }
    return true;
}

static bool have_left(void *ctx)
{
    const struct churn *churn = ctx;
    for (size_t i = churn->first_leaver; i < USERS; i++)
        if (!is_hasty(i, churn->cycle) && member_state(churn->stage.members[i]) != MEMBER_ENDED)
            return false;
    return true;
}

static void leave(struct churn *churn, size_t first)
{
    churn->first_leaver = first;
    for (size_t i = first; i < USERS; i++)
        if (!is_hasty(i, churn->cycle))
            member_leave(churn->stage.members[i]);
    stage_wait(&churn->stage, have_left, churn, "those who leave are told so");
    for (size_t i = first; i < USERS; i++) {
        member_free(churn->stage.members[i]);
        churn->stage.members[i] = NULL;
    }
}

static void run_churn(const char *url)
{
    struct churn churn = {0};
    stage_open(&churn.stage, url, USERS);
    for (size_t i = 0; i < STEADY; i++)
        stage_join(&churn.stage, i, has_audio_only);
    for (; churn.cycle < CYCLES; churn.cycle++) {
        for (size_t i = STEADY; i < USERS; i++)
            stage_join(&churn.stage, i, has_audio_only);
        stage_wait(&churn.stage, are_in, &churn, "everyone is connected and receives the first");
        leave(&churn, churn.cycle + 1 < CYCLES ? STEADY : 0);
    }
    printf("joins=%u\n", STEADY + CYCLES * (USERS - STEADY));
    stage_close(&churn.stage);
}

const struct scenario churn_scenarios[] = {{"churn", run_churn}, {NULL, NULL}};
