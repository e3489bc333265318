/* Scenarios about what flows: clean calls, loss, key frames, mute, suites. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stage.h"

#define FLOW_MS 4000

/* --- clean calls --- */

/* Of a track that ran for FLOW_MS without loss. */
static void check_clean(const struct stage *stage, size_t to, size_t from, enum client_kind kind)
{
    const struct client_recv *recv = stage_recv(stage, to, from, kind);
    const struct client_send *send = member_send(stage->members[from], kind);
    CHECK(recv->packets > 100, "%zu <- %zu: only %llu packets", to, from, (unsigned long long)recv->packets);
    CHECK(recv->lost == 0 && recv->missing == 0, "%zu <- %zu kind %d: lost %llu, missing %llu", to, from, (int)kind,
          (unsigned long long)recv->lost, (unsigned long long)recv->missing);
    CHECK(recv->wrong_stamps == 0, "%zu <- %zu: %llu packets of another track", to, from,
          (unsigned long long)recv->wrong_stamps);
    CHECK(recv->content_gaps == 0 && recv->wrong_times == 0 && recv->duplicates == 0,
          "%zu <- %zu kind %d: %llu gaps, %llu wrong times, %llu duplicates", to, from, (int)kind,
          (unsigned long long)recv->content_gaps, (unsigned long long)recv->wrong_times,
          (unsigned long long)recv->duplicates);
    CHECK(recv->packets <= send->packets, "%zu <- %zu: more packets than were sent", to, from);
    CHECK(recv->senders_reports > 0, "%zu <- %zu: no sender report", to, from);
    CHECK(llabs(recv->sync_error_us) < 20000, "%zu <- %zu kind %d: the reports are wrong by %lld us", to, from,
          (int)kind, (long long)recv->sync_error_us);
}

static void check_feedback(const struct stage *stage, size_t index)
{
    const struct client_send *audio = member_send(stage->members[index], CLIENT_AUDIO);
    const struct client_send *video = member_send(stage->members[index], CLIENT_VIDEO);
    const struct client_twcc *twcc = member_twcc(stage->members[index]);
    uint64_t sent = audio->packets + video->packets;
    CHECK(audio->reports > 0 && video->reports > 0, "member %zu: no receiver reports about its tracks", index);
    CHECK(video->rtt_us < 2000000, "member %zu: a round trip of %u us", index, video->rtt_us);
    CHECK(twcc->bad == 0, "member %zu: %llu wrong transport-wide statuses", index, (unsigned long long)twcc->bad);
    CHECK(twcc->received >= sent / 2, "member %zu: feedback about %llu of %llu packets", index,
          (unsigned long long)twcc->received, (unsigned long long)sent);
    CHECK(video->nacked == 0 && audio->nacked == 0, "member %zu: asked for packets that were not lost", index);
}

static void run_clean(const char *url, size_t count)
{
    struct stage stage;
    stage_start(&stage, url, count);
    stage_run(&stage, FLOW_MS);
    stage_check_members(&stage);
    for (size_t to = 0; to < count; to++) {
        check_feedback(&stage, to);
        for (size_t from = 0; from < count; from++) {
            if (to == from)
                continue;
            check_clean(&stage, to, from, CLIENT_AUDIO);
            check_clean(&stage, to, from, CLIENT_VIDEO);
        }
    }
    stage_close(&stage);
}

static void run_two(const char *url)
{
    run_clean(url, 2);
}

static void run_four(const char *url)
{
    run_clean(url, 4);
}

/* --- loss --- */

static void lose_five_percent(struct member_opts *opts)
{
    opts->drop_percent = 5;
}

static bool is_settled(void *ctx)
{
    const struct stage *stage = ctx;
    return stage_recv(stage, 1, 0, CLIENT_VIDEO)->missing == 0;
}

static void run_loss(const char *url)
{
    struct stage stage;
    stage_open(&stage, url, 2);
    stage_join(&stage, 0, NULL);
    stage_join(&stage, 1, lose_five_percent);
    stage_wait(&stage, stage_all_receive, &stage, "both receive");
    stage_run(&stage, 2 * FLOW_MS);
    stage_wait(&stage, is_settled, &stage, "nothing is missing any more");
    const struct client_recv *video = stage_recv(&stage, 1, 0, CLIENT_VIDEO);
    CHECK(video->injected_drops > 5, "too few losses to say anything: %llu", (unsigned long long)video->injected_drops);
    CHECK(video->nacks > 0 && video->rtx > 0, "%llu NACKs sent, %llu retransmissions came",
          (unsigned long long)video->nacks, (unsigned long long)video->rtx);
    CHECK(video->recovered > 5, "only %llu recovered", (unsigned long long)video->recovered);
    CHECK(video->lost == 0, "%llu packets stayed lost", (unsigned long long)video->lost);
    CHECK(video->wrong_stamps == 0 && video->content_gaps == 0, "what came again was not what was lost");
    /* The server answers from its own history; a publisher is not asked for what only a subscriber lost. */
    CHECK(member_send(stage.members[0], CLIENT_VIDEO)->nacked == 0, "the publisher was asked");
    CHECK(stage_recv(&stage, 0, 1, CLIENT_VIDEO)->lost == 0, "the other direction lost packets");
    stage_check_members(&stage);
    stage_close(&stage);
}

/* --- key frames --- */

struct keyframe_wait {
    const struct client_recv *recv;
    uint64_t before;
};

static bool has_new_keyframe(void *ctx)
{
    const struct keyframe_wait *wait = ctx;
    return wait->recv->keyframes > wait->before;
}

static void run_pli(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 3);
    stage_run(&stage, 1500); /* those of the start are over */
    const struct client_send *send = member_send(stage.members[0], CLIENT_VIDEO);
    uint64_t plis = send->plis;
    struct keyframe_wait wait = {.recv = stage_recv(&stage, 1, 0, CLIENT_VIDEO)};
    wait.before = wait.recv->keyframes;
    CHECK(member_ask_keyframe(stage.members[1], stage.users[0].id) == ERR_OK, "cannot ask");
    stage_wait(&stage, has_new_keyframe, &wait, "a key frame after a PLI");
    CHECK(send->plis == plis + 1, "one PLI became %llu", (unsigned long long)(send->plis - plis));

    /* A storm reaches the publisher as a trickle. */
    plis = send->plis;
    uint64_t began_us = clock_now_us();
    for (unsigned i = 0; i < 100; i++) {
        CHECK(member_ask_keyframe(stage.members[1 + i % 2], stage.users[0].id) == ERR_OK, "cannot ask");
        stage_run(&stage, 20);
    }
    uint64_t seconds = (clock_now_us() - began_us) / US_PER_S + 1;
    CHECK(send->plis > plis, "no PLI of the storm came");
    CHECK(send->plis - plis <= 2 * seconds + 1, "%llu PLIs in %llu s", (unsigned long long)(send->plis - plis),
          (unsigned long long)seconds);
    stage_check_members(&stage);
    stage_close(&stage);
}

/* --- mute and pause --- */

struct mute_wait {
    const struct client_recv *recv;
    bool is_muted;
};

static bool is_told_muted(void *ctx)
{
    const struct mute_wait *wait = ctx;
    return wait->recv->is_muted == wait->is_muted;
}

struct flow_wait {
    const struct client_recv *recv;
    uint64_t packets;
    uint64_t keyframes;
};

static bool flows_again(void *ctx)
{
    const struct flow_wait *wait = ctx;
    return wait->recv->packets > wait->packets + 10 && wait->recv->keyframes > wait->keyframes;
}

static void run_mute(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 2);
    const struct client_recv *video = stage_recv(&stage, 1, 0, CLIENT_VIDEO);
    const struct client_recv *audio = stage_recv(&stage, 1, 0, CLIENT_AUDIO);
    CHECK(member_mute(stage.members[0], CLIENT_VIDEO, true) == ERR_OK, "cannot mute");
    struct mute_wait muted = {.recv = video, .is_muted = true};
    stage_wait(&stage, is_told_muted, &muted, "the other is told of the mute");
    stage_run(&stage, 300); /* what was under way */
    uint64_t packets = video->packets, audio_packets = audio->packets;
    uint64_t sent = member_send(stage.members[0], CLIENT_VIDEO)->packets;
    stage_run(&stage, 1500);
    CHECK(member_send(stage.members[0], CLIENT_VIDEO)->packets > sent + 20, "the muted client went on sending");
    CHECK(video->packets == packets, "%llu packets of a muted track", (unsigned long long)(video->packets - packets));
    CHECK(audio->packets > audio_packets + 20, "audio stopped too");

    struct flow_wait again = {.recv = video, .packets = video->packets, .keyframes = video->keyframes};
    CHECK(member_mute(stage.members[0], CLIENT_VIDEO, false) == ERR_OK, "cannot unmute");
    stage_wait(&stage, flows_again, &again, "video with a key frame after the mute");
    CHECK(video->lost == 0 && video->wrong_stamps == 0, "numbers were left out: lost %llu",
          (unsigned long long)video->lost);
    stage_check_members(&stage);
    stage_close(&stage);
}

static void run_pause(const char *url)
{
    struct stage stage;
    stage_start(&stage, url, 3);
    const struct client_recv *paused = stage_recv(&stage, 1, 0, CLIENT_VIDEO);
    const struct client_recv *other = stage_recv(&stage, 2, 0, CLIENT_VIDEO);
    CHECK(member_subscribe(stage.members[1], stage.users[0].id, CLIENT_VIDEO, true) == ERR_OK, "cannot pause");
    stage_run(&stage, 700);
    uint64_t packets = paused->packets, others = other->packets;
    stage_run(&stage, 1500);
    CHECK(paused->packets == packets, "%llu packets of a paused track",
          (unsigned long long)(paused->packets - packets));
    CHECK(other->packets > others + 20, "another subscriber's picture stopped too");
    struct flow_wait again = {.recv = paused, .packets = paused->packets, .keyframes = paused->keyframes};
    CHECK(member_subscribe(stage.members[1], stage.users[0].id, CLIENT_VIDEO, false) == ERR_OK, "cannot resume");
    stage_wait(&stage, flows_again, &again, "video with a key frame after the pause");
    CHECK(paused->lost == 0, "numbers were left out: lost %llu", (unsigned long long)paused->lost);
    stage_check_members(&stage);
    stage_close(&stage);
}

/* --- suites --- */

static void only_cm(struct member_opts *opts)
{
    opts->suites = "SRTP_AES128_CM_SHA1_80";
}

static void only_gcm_256(struct member_opts *opts)
{
    opts->suites = "SRTP_AEAD_AES_256_GCM";
}

static void run_suites(const char *url)
{
    static const char *const names[] = {"AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"};
    struct stage stage;
    stage_open(&stage, url, 3);
    stage_join(&stage, 0, NULL);
    stage_join(&stage, 1, only_cm);
    stage_join(&stage, 2, only_gcm_256);
    stage_wait(&stage, stage_all_receive, &stage, "members with different SRTP suites receive each other");
    stage_run(&stage, 1000);
    for (size_t to = 0; to < 3; to++) {
        CHECK(strcmp(member_publish_suite(stage.members[to]), names[to]) == 0, "member %zu has suite %s", to,
              member_publish_suite(stage.members[to]));
        for (size_t from = 0; from < 3; from++) {
            if (to == from)
                continue;
            const struct client_recv *recv = stage_recv(&stage, to, from, CLIENT_VIDEO);
            CHECK(recv->wrong_stamps == 0 && recv->lost == 0, "%zu <- %zu is not intact", to, from);
        }
    }
    stage_check_members(&stage);
    stage_close(&stage);
}

const struct scenario media_scenarios[] = {
    {"two", run_two},   {"four", run_four},   {"loss", run_loss},     {"pli", run_pli},
    {"mute", run_mute}, {"pause", run_pause}, {"suites", run_suites}, {NULL, NULL},
};
