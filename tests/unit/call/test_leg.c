/* Who offers when on a leg, and what stands in the descriptions (CONTRACT section 9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "leg_stage.h"
#include "sdp_tool.h"

/* ---- the first round ---- */

static void test_the_smaller_id_begins(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_expect_silence(stage); /* whatever we have to offer */
    leg_stage_client_round(stage);   /* without m-lines: he has no media yet */
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 0);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_the_larger_id_waits_for_us(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    fake_pass(stage->fake, 50 * MS);
    assert_non_null(stage->sent); /* soon, and although there is nothing to offer */
    assert_true(stage->is_offer);
    assert_null(strstr(stage->sent, "m="));
    assert_non_null(strstr(stage->sent, "a=group:BUNDLE\r\n"));
    leg_stage_our_round(stage);
    leg_stage_expect_silence(stage);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 2);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_an_empty_answer(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    char *offer = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    assert_non_null(stage->sent);
    assert_null(strstr(stage->sent, "m="));
    assert_non_null(strstr(stage->sent, "a=group:BUNDLE\r\n"));
    leg_stage_close(stage);
}

/* ---- up and down on the same m-lines ---- */

static void test_tracks_take_the_client_s_lines(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    leg_stage_publish(stage, 1, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(stage->peer.count, 2);
    assert_int_equal(v1_peer_up(&stage->peer), 2);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    assert_string_equal(stage->peer.stream, "m30");
    assert_string_equal(stage->peer.lines[0].track, "t1000");
    assert_string_equal(stage->peer.lines[1].track, "t1001");
    leg_stage_expect_silence(stage); /* one round did it all */

    const struct media_cmd *track = fake_cmd(stage->fake, MEDIA_CMD_TRACK_ADD, 1);
    assert_int_equal(track->u.track_add.layers[0].ssrc, stage->peer.lines[1].ssrc);
    assert_int_equal(track->u.track_add.layers[0].rtx_ssrc, stage->peer.lines[1].ssrc + 1);
    const struct media_cmd *sub = fake_cmd(stage->fake, MEDIA_CMD_SUB_ADD, 1);
    assert_int_equal(sub->peer_id, track->peer_id);
    assert_int_equal(sub->u.sub_add.track_id, 1001);
    assert_int_equal(sub->u.sub_add.format.pt, 96);
    assert_int_equal(sub->u.sub_add.format.rtx_pt, 97);
    assert_int_equal(sub->u.sub_add.format.ext.mid, 4);
    assert_int_equal(sub->u.sub_add.ssrc, stage->peer.lines[1].down_ssrc);
    assert_string_equal(sub->u.sub_add.mid, "1");
    assert_string_equal(sub->u.sub_add.cname, "m30");
    leg_stage_close(stage);
}

static void test_not_the_uplink(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    stage->is_uplink_allowed = false;
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 0);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    assert_int_equal(stage->added, 0);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_TRACK_ADD), 0);
    assert_true(leg_is_wanting(&stage->leg));

    leg_make_uplink(&stage->leg);
    leg_stage_await_offer(stage);
    assert_null(strstr(stage->sent, "a=sendonly"));
    assert_non_null(strstr(stage->sent, "a=recvonly"));
    assert_non_null(strstr(stage->sent, "a=sendrecv"));
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 2);
    assert_int_equal(stage->added, 2);
    assert_int_equal(fake_cmd(stage->fake, MEDIA_CMD_TRACK_ADD, 0)->u.track_add.layers[0].ssrc,
                     stage->peer.lines[0].ssrc);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_our_lines_are_taken_by_the_client(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    leg_stage_publish(stage, 1, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_ADD), 2);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(stage->peer.count, 2);
    assert_int_equal(v1_peer_up(&stage->peer), 2);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_DEL), 0);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 1);
    leg_stage_close(stage);
}

static void test_a_track_ends_and_its_line_is_used_again(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    const struct call_track *camera = leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    uint32_t ssrc = stage->peer.lines[0].down_ssrc;
    leg_remove_track(&stage->leg, camera);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_DEL), 1);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 0);
    assert_int_equal(v1_peer_up(&stage->peer), 1);
    leg_stage_publish(stage, 1, TRACK_SCREEN, MEDIA_VP8);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(stage->peer.count, 1);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    assert_string_equal(stage->peer.lines[0].track, "t1001");
    assert_int_not_equal(stage->peer.lines[0].down_ssrc, ssrc); /* another source has other numbers */
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_ADD), 2);
    leg_stage_close(stage);
}

static void test_what_comes_and_goes_at_once_is_not_offered(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    leg_remove_track(&stage->leg, leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8));
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_changes_are_gathered(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    fake_pass(stage->fake, 50 * MS);
    leg_stage_publish(stage, 1, TRACK_CAMERA, MEDIA_VP8);
    unsigned before = stage->sent_count;
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    leg_stage_expect_silence(stage);
    assert_int_equal(stage->sent_count, before + 1);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    leg_stage_close(stage);
}

/* Camera, screen, camera: such a client leaves m-lines behind. */
static void test_the_client_changes_its_picture(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    const struct call_track *mine = track_set_find_mid(&stage->tracks, "1");
    assert_int_equal(mine->source, TRACK_CAMERA);
    uint64_t id = mine->id;
    for (unsigned i = 2; i < 4; i++) {
        fake_clear_cmds(stage->fake);
        v1_peer_remove(&stage->peer, false);
        v1_peer_add(&stage->peer, false);
        leg_stage_client_round(stage);
        assert_int_equal(stage->peer.count, i + 1);
        assert_int_equal(v1_peer_up(&stage->peer), 2);
        assert_int_equal(v1_peer_down(&stage->peer), 1);
        assert_int_equal(mine->layers[0].ssrc, stage->peer.lines[i].ssrc);
        assert_int_not_equal(mine->id, id);
        assert_int_equal(fake_cmd(stage->fake, MEDIA_CMD_TRACK_DEL, 0)->u.track_del.track_id, id);
        id = mine->id;
        assert_int_equal(fake_cmd(stage->fake, MEDIA_CMD_TRACK_ADD, 0)->u.track_add.track_id, id);
        assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_ADD), 0); /* what he receives goes on */
        assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_DEL), 0);
    }
    assert_int_equal(stage->moved, 2); /* for the others it is the same track */
    assert_int_equal(stage->added, 2);
    assert_int_equal(stage->removed, 0);
    v1_peer_remove(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(stage->removed, 1);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_a_second_picture_is_the_screen(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    for (unsigned i = 0; i < 2; i++) {
        v1_peer_add(&stage->peer, true);
        v1_peer_add(&stage->peer, false);
    }
    leg_stage_client_round(stage);
    static const enum track_source expected[] = {TRACK_MIC, TRACK_CAMERA, TRACK_SCREEN_AUDIO, TRACK_SCREEN};
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++)
        assert_int_equal(track_set_find_mid(&stage->tracks, stage->peer.lines[i].mid)->source, expected[i]);
    v1_peer_add(&stage->peer, false); /* more than anybody has */
    leg_stage_client_round(stage);
    assert_int_equal(track_set_count(&stage->tracks), 4);
    assert_int_equal(v1_peer_up(&stage->peer), 4);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

/* ---- timing ---- */

static void test_we_wait_until_the_client_is_quiet(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    for (unsigned i = 0; i < 5; i++) { /* it negotiates on and on, on some other leg */
        fake_pass(stage->fake, 390 * MS);
        stage->pace.heard_us = stage->leg.env->now_us();
        assert_null(stage->sent);
    }
    fake_pass(stage->fake, 490 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 50 * MS);
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

static void test_we_wait_until_the_connection_is_up(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    char *offer = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    leg_stage_forget(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 2 * S);
    assert_null(stage->sent);
    const struct media_evt evt = {.type = MEDIA_EVT_PEER_CONNECTED, .peer_id = stage->leg.pc.id};
    fake_event(stage->fake, &evt);
    fake_pass(stage->fake, 400 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 150 * MS);
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

/* It opens its camera: its offer is to be the next one. */
static void test_a_young_client_that_yields(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 2900 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 200 * MS);
    assert_non_null(stage->sent);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 1, TRACK_MIC, MEDIA_OPUS); /* not for ever */
    fake_pass(stage->fake, 600 * MS);
    assert_non_null(stage->sent);
    leg_stage_our_round(stage);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage); /* now it has it, and offers twice */
    leg_stage_publish(stage, 2, TRACK_SCREEN, MEDIA_VP8);
    fake_pass(stage->fake, 2900 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 200 * MS);
    assert_non_null(stage->sent);
    leg_stage_our_round(stage);
    leg_stage_close(stage);
}

static void test_a_client_that_has_offered_twice(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 600 * MS);
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

static void test_a_connection_that_does_not_come_up(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    char *offer = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    leg_stage_forget(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 3100 * MS);
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

static void test_a_slow_client_gets_more_time(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    leg_stage_await_offer(stage);
    fake_pass(stage->fake, 400 * MS);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 1, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 750 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 100 * MS);
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

static void test_a_client_that_is_never_quiet(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    for (unsigned i = 0; i < 40 && !stage->sent; i++) {
        fake_pass(stage->fake, 100 * MS);
        stage->pace.heard_us = stage->leg.env->now_us();
    }
    assert_non_null(stage->sent);
    leg_stage_close(stage);
}

static void test_an_offer_without_an_answer(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS);
    leg_stage_await_offer(stage);
    char *first = stage->sent;
    stage->sent = NULL;
    fake_pass(stage->fake, 4900 * MS);
    assert_null(stage->sent);
    fake_pass(stage->fake, 1000 * MS);
    assert_non_null(stage->sent);
    assert_int_equal(stage->leg.line_count, 1); /* the same m-lines */
    /* The client had got the first one after all: its answer is applied, and another round makes sure. */
    char *answer = v1_peer_answer(&stage->peer, first);
    leg_answer(&stage->leg, answer, strlen(answer));
    free(answer);
    free(first);
    leg_stage_come_up(stage);
    leg_stage_forget(stage);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_a_client_that_answers_nothing(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    fake_pass(stage->fake, 60 * S);
    assert_int_equal(stage->sent_count, LEG_TRIES_MAX);
    assert_true(stage->is_broken);
    char *offer = v1_peer_offer(&stage->peer);
    leg_stage_forget(stage);
    leg_offer(&stage->leg, offer, strlen(offer));
    leg_answer(&stage->leg, offer, strlen(offer));
    free(offer);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

/* ---- offers that cross ---- */

/* The smaller id has dropped ours. */
static void test_crossing_a_client_that_drops(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    v1_peer_add(&stage->peer, true);
    leg_stage_client_round(stage); /* its own m-line takes the place of ours */
    assert_int_equal(v1_peer_up(&stage->peer), 1);
    assert_int_equal(v1_peer_down(&stage->peer), 0);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

/* The larger id takes ours and forgets its own; its picture may stand still, so it is taken away and given again. */
static void test_crossing_a_client_that_yields(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 1, TRACK_MIC, MEDIA_OPUS);
    leg_stage_await_offer(stage);
    unsigned sent = stage->sent_count;
    char *own = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, own, strlen(own));
    free(own);
    assert_int_equal(stage->sent_count, sent); /* not answered: the answer would reach it in another role */
    fake_clear_cmds(stage->fake);
    uint32_t ssrc = stage->peer.lines[0].down_ssrc;
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    assert_int_not_equal(stage->peer.lines[0].down_ssrc, ssrc);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

/* It says so twice: it did not take ours. */
static void test_crossing_a_client_that_insists(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    v1_peer_add(&stage->peer, true);
    char *own = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, own, strlen(own));
    free(own);
    fake_pass(stage->fake, 3 * S);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 1);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_close(stage);
}

static void test_repeated_offers_and_stale_answers(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    char *offer = v1_peer_offer(&stage->peer);
    for (unsigned i = 0; i < 3; i++) {
        leg_offer(&stage->leg, offer, strlen(offer));
        assert_int_equal(stage->sent_count, i + 1);
        assert_int_equal(stage->added, 1);
    }
    v1_peer_accept(&stage->peer, stage->sent);
    leg_stage_forget(stage);
    leg_answer(&stage->leg, offer, strlen(offer)); /* nothing was offered */
    free(offer);
    leg_stage_expect_silence(stage);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 1);
    leg_stage_close(stage);
}

static void test_a_flood_of_offers(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    char *offer = v1_peer_offer(&stage->peer);
    for (unsigned i = 0; i < 200; i++)
        leg_offer(&stage->leg, offer, strlen(offer));
    assert_in_range(stage->sent_count, 10, 20);
    fake_pass(stage->fake, 3 * S);
    unsigned before = stage->sent_count;
    leg_offer(&stage->leg, offer, strlen(offer));
    assert_int_equal(stage->sent_count, before + 1);
    free(offer);
    leg_stage_close(stage);
}

/* ---- the connection ---- */

static void test_an_ice_restart(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    leg_stage_client_round(stage);
    char ufrag[32];
    memcpy(ufrag, stage->peer.server_ufrag, sizeof(ufrag));
    memcpy(stage->peer.ufrag, "Brav", 4);
    leg_stage_client_round(stage);
    assert_string_not_equal(stage->peer.server_ufrag, ufrag);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_REMOTE), 1);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_DEL), 0);
    assert_int_equal(stage->removed, 0);
    leg_stage_close(stage);
}

/* A page loaded anew: another certificate, and its m-lines begin anew too. */
static void test_a_new_connection_on_an_old_leg(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, true);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    fake_clear_cmds(stage->fake);
    v1_peer_init(&stage->peer, "Coda", SDP_FINGERPRINT_B);
    v1_peer_add(&stage->peer, false);
    v1_peer_add(&stage->peer, true);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 2);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_DEL), 1);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 1);
    assert_int_equal(stage->moved, 2);
    assert_int_equal(stage->removed, 0);
    fake_clear_cmds(stage->fake);
    v1_peer_init(&stage->peer, "Delt", SDP_FINGERPRINT_A);
    leg_stage_client_round(stage); /* has no media yet: its m-lines became fewer */
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_DEL), 1);
    assert_int_equal(stage->removed, 2);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_close(stage);
}

static void test_an_answer_from_another_connection(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    leg_stage_publish(stage, 1, TRACK_MIC, MEDIA_OPUS);
    leg_stage_await_offer(stage);
    v1_peer_init(&stage->peer, "Coda", SDP_FINGERPRINT_B);
    leg_stage_our_round(stage);
    assert_true(stage->is_broken);
    leg_stage_close(stage);
}

static void test_a_connection_that_fails(void **state)
{
    (void)state;
    static const enum media_evt_type types[] = {MEDIA_EVT_PEER_GONE, MEDIA_EVT_PEER_FAILED};
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        struct leg_stage *stage = leg_stage_open(true);
        v1_peer_add(&stage->peer, true);
        leg_stage_client_round(stage);
        struct media_evt evt = {.type = MEDIA_EVT_PEER_DISCONNECTED, .peer_id = stage->leg.pc.id};
        fake_event(stage->fake, &evt);
        assert_false(stage->is_broken);
        evt.type = types[i];
        fake_event(stage->fake, &evt);
        assert_true(stage->is_broken);
        leg_stage_close(stage);
    }
}

/* The socket is gone and comes back: what was under way is not known. */
static void test_the_socket_is_lost(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_await_offer(stage);
    char *answer = v1_peer_answer(&stage->peer, stage->sent); /* and is lost */
    free(answer);
    leg_stage_forget(stage);
    leg_detach(&stage->leg);
    leg_stage_publish(stage, 1, TRACK_MIC, MEDIA_OPUS);
    leg_stage_expect_silence(stage);
    leg_attach(&stage->leg);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 1);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_DEL), 0);
    leg_stage_close(stage);
}

/* ---- what a track of the other member goes through ---- */

static void test_a_track_that_moves_needs_no_round(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    struct call_track *camera = (struct call_track *)leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    uint64_t sub_id = fake_cmd(stage->fake, MEDIA_CMD_SUB_ADD, 0)->u.sub_add.sub_id;
    camera->is_orphan = true;
    leg_move_track(&stage->leg);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_MOVE), 0);
    camera->is_orphan = false;
    camera->id = 77;
    camera->worker = 0;
    stage->fake->refuse_cmds = 1;
    leg_move_track(&stage->leg);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_MOVE), 0);
    fake_pass(stage->fake, 600 * MS);
    const struct media_cmd *move = fake_cmd(stage->fake, MEDIA_CMD_SUB_MOVE, 0);
    assert_int_equal(move->u.sub_move.sub_id, sub_id);
    assert_int_equal(move->u.sub_move.track_id, 77);
    assert_int_equal(move->u.sub_move.track_worker, 0);
    leg_stage_expect_silence(stage);
    leg_stage_close(stage);
}

static void test_a_codec_that_the_client_lacks(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    stage->peer.has_h264 = false;
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_H264);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 0);
    leg_stage_await_offer(stage);
    char *answer = v1_peer_answer(&stage->peer, stage->sent);
    answer = sdp_replace_after_take(answer, "m=video", "m=video 9", "m=video 0");
    leg_stage_forget(stage);
    leg_answer(&stage->leg, answer, strlen(answer));
    free(answer);
    leg_stage_expect_silence(stage); /* is not tried for ever */
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_ADD), 0);
    leg_stage_close(stage);
}

static void test_another_codec_goes_down_than_up(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_H264);
    v1_peer_add(&stage->peer, false);
    leg_stage_client_round(stage);
    assert_int_equal(v1_peer_up(&stage->peer), 1);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    assert_int_equal(fake_cmd(stage->fake, MEDIA_CMD_TRACK_ADD, 0)->u.track_add.format.codec, MEDIA_VP8);
    assert_int_equal(fake_cmd(stage->fake, MEDIA_CMD_SUB_ADD, 0)->u.sub_add.format.pt, 106);
    leg_stage_close(stage);
}

/* Names that only one side has used must fit those of the other side: v1_peer checks each description. */
static void test_numbers_do_not_collide(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true); /* names ids 2, 3, 4 and 1 */
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    leg_stage_publish(stage, 1, TRACK_SCREEN, MEDIA_H264);
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 2);
    const struct media_cmd *sub = fake_cmd(stage->fake, MEDIA_CMD_SUB_ADD, 0);
    assert_int_equal(sub->u.sub_add.format.ext.mid, 4);
    assert_int_equal(sub->u.sub_add.format.ext.twcc, 3);
    leg_stage_close(stage);
}

/* ---- hostile and unlucky ---- */

static void test_what_cannot_be_read_changes_nothing(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    v1_peer_add(&stage->peer, true);
    char *good = v1_peer_offer(&stage->peer);
    static const char *const from[] = {"v=0", "a=fingerprint:sha-256", "a=rtcp-mux", "m=audio", "a=ice-pwd:4dQ"};
    static const char *const to[] = {"v=1", "a=fingerprint:sha-1", "a=rtcp-mix", "m=text", "a=ice-pwx:4dQ"};
    for (unsigned i = 0; i < ARRAY_LEN(from); i++) {
        char *bad = sdp_replace_take(strdup(good), from[i], to[i]);
        leg_offer(&stage->leg, bad, strlen(bad));
        free(bad);
        assert_null(stage->sent);
    }
    leg_offer(&stage->leg, "", 0);
    assert_null(stage->sent);
    assert_int_equal(stage->leg.line_count, 0);
    assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_PEER_ADD), 0);
    free(good);
    leg_stage_client_round(stage);
    leg_stage_close(stage);
}

static void test_too_many_lines(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    for (unsigned i = 0; i < LEG_LINES_MAX; i++) {
        v1_peer_remove(&stage->peer, false);
        v1_peer_add(&stage->peer, false);
    }
    leg_stage_client_round(stage);
    leg_stage_publish(stage, 0, TRACK_MIC, MEDIA_OPUS); /* finds no place */
    leg_stage_expect_silence(stage);
    v1_peer_remove(&stage->peer, false);
    v1_peer_add(&stage->peer, false);
    char *offer = v1_peer_offer(&stage->peer);
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    assert_null(stage->sent);
    assert_true(stage->is_broken);
    leg_stage_close(stage);
}

static void test_a_data_channel_is_turned_down(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(true);
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    char *offer = sdp_file("chrome_offer.sdp");
    leg_offer(&stage->leg, offer, strlen(offer));
    free(offer);
    assert_non_null(strstr(stage->sent, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"));
    assert_int_equal(stage->added, 2);
    leg_stage_close(stage);
}

/* Each command in turn finds the queue full: the client's repetition brings all to where it belongs. */
static void test_a_full_queue(void **state)
{
    (void)state;
    for (unsigned nth = 0; nth < 6; nth++) {
        struct leg_stage *stage = leg_stage_open(true);
        leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
        v1_peer_add(&stage->peer, true);
        v1_peer_add(&stage->peer, false);
        char *offer = v1_peer_offer(&stage->peer);
        for (unsigned i = 0; i <= nth && !stage->sent; i++) {
            stage->fake->refuse_cmds = 1;
            leg_offer(&stage->leg, offer, strlen(offer));
            fake_pass(stage->fake, 3 * S);
        }
        stage->fake->refuse_cmds = 0;
        free(offer);
        leg_stage_client_round(stage);
        fake_pass(stage->fake, 1 * S);
        assert_int_equal(v1_peer_up(&stage->peer), 2);
        assert_int_equal(v1_peer_down(&stage->peer), 1);
        assert_int_equal(track_set_count(&stage->tracks), 2);
        assert_int_equal(fake_cmd_count(stage->fake, MEDIA_CMD_SUB_ADD), 1);
        leg_stage_close(stage);
    }
}

static void test_no_room_for_a_connection(void **state)
{
    (void)state;
    struct leg_stage *stage = leg_stage_open(false);
    stage->fake->is_media_full = true;
    leg_stage_publish(stage, 0, TRACK_CAMERA, MEDIA_VP8);
    fake_pass(stage->fake, 2 * S);
    assert_null(stage->sent);
    stage->fake->is_media_full = false;
    leg_stage_await_offer(stage);
    leg_stage_our_round(stage);
    assert_int_equal(v1_peer_down(&stage->peer), 1);
    leg_stage_close(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_smaller_id_begins),
        cmocka_unit_test(test_the_larger_id_waits_for_us),
        cmocka_unit_test(test_an_empty_answer),
        cmocka_unit_test(test_tracks_take_the_client_s_lines),
        cmocka_unit_test(test_not_the_uplink),
        cmocka_unit_test(test_our_lines_are_taken_by_the_client),
        cmocka_unit_test(test_a_track_ends_and_its_line_is_used_again),
        cmocka_unit_test(test_what_comes_and_goes_at_once_is_not_offered),
        cmocka_unit_test(test_changes_are_gathered),
        cmocka_unit_test(test_the_client_changes_its_picture),
        cmocka_unit_test(test_a_second_picture_is_the_screen),
        cmocka_unit_test(test_we_wait_until_the_client_is_quiet),
        cmocka_unit_test(test_we_wait_until_the_connection_is_up),
        cmocka_unit_test(test_a_young_client_that_yields),
        cmocka_unit_test(test_a_client_that_has_offered_twice),
        cmocka_unit_test(test_a_connection_that_does_not_come_up),
        cmocka_unit_test(test_a_slow_client_gets_more_time),
        cmocka_unit_test(test_a_client_that_is_never_quiet),
        cmocka_unit_test(test_an_offer_without_an_answer),
        cmocka_unit_test(test_a_client_that_answers_nothing),
        cmocka_unit_test(test_crossing_a_client_that_drops),
        cmocka_unit_test(test_crossing_a_client_that_yields),
        cmocka_unit_test(test_crossing_a_client_that_insists),
        cmocka_unit_test(test_repeated_offers_and_stale_answers),
        cmocka_unit_test(test_a_flood_of_offers),
        cmocka_unit_test(test_an_ice_restart),
        cmocka_unit_test(test_a_new_connection_on_an_old_leg),
        cmocka_unit_test(test_an_answer_from_another_connection),
        cmocka_unit_test(test_a_connection_that_fails),
        cmocka_unit_test(test_the_socket_is_lost),
        cmocka_unit_test(test_a_track_that_moves_needs_no_round),
        cmocka_unit_test(test_a_codec_that_the_client_lacks),
        cmocka_unit_test(test_another_codec_goes_down_than_up),
        cmocka_unit_test(test_numbers_do_not_collide),
        cmocka_unit_test(test_what_cannot_be_read_changes_nothing),
        cmocka_unit_test(test_too_many_lines),
        cmocka_unit_test(test_a_data_channel_is_turned_down),
        cmocka_unit_test(test_a_full_queue),
        cmocka_unit_test(test_no_room_for_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
