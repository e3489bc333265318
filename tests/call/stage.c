/* What the scenarios share. See stage.h. */
#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

void stage_fail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void stage_open(struct stage *stage, const char *url, size_t count)
{
    *stage = (struct stage){.count = count};
    char prefix[16] = "t-";
    rand_alnum(prefix + 2, 8);
    CHECK(client_create(&(struct client_opts){.url = url}, &stage->client) == ERR_OK, "no client");
    CHECK(client_make_users(stage->client, prefix, stage->users, count) == ERR_OK &&
              client_make_call(stage->client, stage->users, count, &stage->call_id) == ERR_OK,
          "%s", client_error(stage->client));
}

void stage_join(struct stage *stage, size_t index, void (*change)(struct member_opts *opts))
{
    struct member_opts opts = {
        .user = &stage->users[index], .call_id = stage->call_id, .has_audio = true, .has_video = true};
    if (change)
        change(&opts);
    CHECK(member_join(stage->client, &opts, &stage->members[index]) == ERR_OK, "%s", client_error(stage->client));
}

void stage_start(struct stage *stage, const char *url, size_t count)
{
    stage_open(stage, url, count);
    for (size_t i = 0; i < count; i++)
        stage_join(stage, i, NULL);
    stage_wait(stage, stage_all_receive, stage, "everyone receives everyone");
}

void stage_close(struct stage *stage)
{
    client_free(stage->client);
}

void stage_check_members(const struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++) {
        const struct member *member = stage->members[i];
        if (member && member_state(member) == MEMBER_FAILED)
            stage_fail("member %zu failed: %s", i, member_error(member));
    }
}

static void print_state(const struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++) {
        if (!stage->members[i])
            continue;
        fprintf(stderr, "  member %zu: state %d, links %d %d, error '%s'\n", i, (int)member_state(stage->members[i]),
                (int)member_publish_link(stage->members[i]), (int)member_subscribe_link(stage->members[i]),
                member_error(stage->members[i]));
        for (size_t k = 0; k < member_recv_count(stage->members[i]); k++) {
            const struct client_recv *recv = member_recv(stage->members[i], k);
            fprintf(stderr,
                    "    from user %llu, kind %d, live %d: packets %llu, lost %llu, missing %llu, key frames %llu\n",
                    (unsigned long long)recv->user_id, (int)recv->kind, recv->is_live,
                    (unsigned long long)recv->packets, (unsigned long long)recv->lost,
                    (unsigned long long)recv->missing, (unsigned long long)recv->keyframes);
        }
    }
}

void stage_wait(struct stage *stage, bool (*is_done)(void *ctx), void *ctx, const char *what)
{
    if (client_wait(stage->client, is_done, ctx, STAGE_WAIT_MS))
        return;
    print_state(stage);
    stage_fail("not within %d ms: %s", STAGE_WAIT_MS, what);
}

void stage_run(struct stage *stage, unsigned ms)
{
    client_run(stage->client, ms);
}

static bool receives(const struct stage *stage, size_t to, size_t from, enum client_kind kind)
{
    const struct client_recv *recv = member_recv_from(stage->members[to], stage->users[from].id, kind);
    return recv && recv->is_live && recv->packets > 0 && (kind == CLIENT_AUDIO || recv->keyframes > 0);
}

bool stage_receives(const struct stage *stage, size_t to, size_t from)
{
    return receives(stage, to, from, CLIENT_AUDIO) && receives(stage, to, from, CLIENT_VIDEO);
}

bool stage_all_receive(void *ctx)
{
    const struct stage *stage = ctx;
    for (size_t to = 0; to < stage->count; to++) {
        for (size_t from = 0; from < stage->count; from++) {
            if (to != from && stage->members[to] && stage->members[from] && !stage_receives(stage, to, from))
                return false;
        }
    }
    return true;
}

const struct client_recv *stage_recv(const struct stage *stage, size_t to, size_t from, enum client_kind kind)
{
    const struct client_recv *recv = member_recv_from(stage->members[to], stage->users[from].id, kind);
    CHECK(recv, "member %zu knows no such track of member %zu", to, from);
    return recv;
}
