#include "leg_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "call/registry.h"
#include "sdp_tool.h"

static void on_send(void *ctx, struct leg *leg, bool is_offer, const char *sdp)
{
    struct leg_stage *stage = ctx;
    (void)leg;
    free(stage->sent);
    stage->sent = mem_strdup(sdp);
    stage->is_offer = is_offer;
    stage->sent_count++;
}

static void on_wanting(void *ctx, struct leg *leg)
{
    struct leg_stage *stage = ctx;
    if (stage->is_uplink_allowed)
        leg_make_uplink(leg);
}

static void on_broken(void *ctx, struct leg *leg)
{
    struct leg_stage *stage = ctx;
    (void)leg;
    assert_false(stage->is_broken);
    stage->is_broken = true;
}

static void on_added(void *ctx, struct call_track *track)
{
    struct leg_stage *stage = ctx;
    (void)track;
    stage->added++;
}

static void on_removed(void *ctx, struct call_track *track)
{
    struct leg_stage *stage = ctx;
    (void)track;
    stage->removed++;
}

static void on_moved(void *ctx, struct call_track *track)
{
    struct leg_stage *stage = ctx;
    assert_false(track->is_orphan);
    stage->moved++;
}

struct leg_stage *leg_stage_open(bool is_client_first)
{
    struct leg_stage *stage = mem_calloc(1, sizeof(*stage));
    stage->fake = fake_open(3);
    stage->is_uplink_allowed = true;
    v1_peer_init(&stage->peer, "Alfa", SDP_FINGERPRINT_A);
    const struct track_set_ops track_ops = {
        .on_added = on_added, .on_removed = on_removed, .on_moved = on_moved, .ctx = stage};
    struct call_env *env = calls_env(stage->fake->calls);
    track_set_init(&stage->tracks, env, 20, &track_ops);
    const struct leg_ops ops = {.on_send = on_send, .on_wanting = on_wanting, .on_broken = on_broken, .ctx = stage};
    const struct leg_place place = {
        .call_id = FAKE_CALL_ID,
        .user_id = 20,
        .other_id = is_client_first ? 30 : 10,
        .tracks = &stage->tracks,
        .pace = &stage->pace,
    };
    leg_open(&stage->leg, env, &place, &ops);
    leg_attach(&stage->leg);
    return stage;
}

void leg_stage_close(struct leg_stage *stage)
{
    leg_close(&stage->leg);
    track_set_end_all(&stage->tracks, &stage->leg.pc);
    fake_close(stage->fake);
    free(stage->sent);
    free(stage);
}

void leg_stage_forget(struct leg_stage *stage)
{
    free(stage->sent);
    stage->sent = NULL;
}

void leg_stage_come_up(struct leg_stage *stage)
{
    if (!pc_is_open(&stage->leg.pc) || stage->leg.pc.state == PC_CONNECTED)
        return;
    const struct media_evt evt = {.type = MEDIA_EVT_PEER_CONNECTED, .peer_id = stage->leg.pc.id};
    fake_event(stage->fake, &evt);
}

void leg_stage_client_round(struct leg_stage *stage)
{
    leg_stage_forget(stage);
    char *offer = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    assert_non_null(stage->sent);
    assert_false(stage->is_offer);
    v1_peer_accept(&stage->peer, stage->sent);
    leg_stage_forget(stage);
    leg_stage_come_up(stage);
}

void leg_stage_our_round(struct leg_stage *stage)
{
    assert_non_null(stage->sent);
    assert_true(stage->is_offer);
    char *answer = v1_peer_answer(&stage->peer, stage->sent);
    leg_stage_forget(stage);
    leg_answer(&stage->leg, answer, strlen(answer));
    free(answer);
    leg_stage_come_up(stage);
}

void leg_stage_await_offer(struct leg_stage *stage)
{
    for (unsigned i = 0; i < 400 && !stage->sent; i++)
        fake_pass(stage->fake, 10 * MS);
    assert_non_null(stage->sent);
    assert_true(stage->is_offer);
}

void leg_stage_expect_silence(struct leg_stage *stage)
{
    assert_null(stage->sent);
    fake_pass(stage->fake, 10 * S);
    if (stage->sent)
        fail_msg("sent: %s", stage->sent);
}

const struct call_track *leg_stage_publish(struct leg_stage *stage, unsigned n, enum track_source source,
                                           enum media_codec codec)
{
    struct call_track *track = &stage->down[n];
    *track = (struct call_track){.id = 1000 + n, .user_id = stage->leg.place.other_id, .source = source, .worker = 1};
    snprintf(track->name, sizeof(track->name), "t%u", 1000 + n);
    track->format = *negotiate_our_format(codec);
    leg_add_track(&stage->leg, track);
    return track;
}
