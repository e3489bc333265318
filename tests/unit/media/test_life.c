/* The life of peers, tracks and calls as the control side sees it: events, leaving, speakers, metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "pair.h"

struct wait {
    struct stage *stage;
    enum media_evt_type type;
    uint64_t peer_id;
    unsigned count;
    unsigned from;
    bool (*is_it)(const struct media_evt *evt, const void *arg);
    const void *arg;
};

static bool has_event(void *ctx)
{
    const struct wait *wait = ctx;
    return stage_count_events(wait->stage, wait->type, wait->peer_id) >= wait->count;
}

static void await_event(struct stage *stage, enum media_evt_type type, uint64_t peer_id, unsigned timeout_ms)
{
    struct wait wait = {.stage = stage, .type = type, .peer_id = peer_id, .count = 1};
    assert_true(stage_try_until(stage, has_event, &wait, timeout_ms));
}

static void test_events_in_order(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *a = party_join(stage, 42, 1, 0);
    struct media_format opus = party_opus();
    uint64_t track = party_publish(a, &opus, "a", 77, 0);
    party_send_opus(a, 77, 1, 0, 127);
    await_event(stage, MEDIA_EVT_TRACK_LIVE, a->peer_id, 20000);
    assert_int_equal(stage->event_count, 3);
    assert_int_equal(stage->events[0].type, MEDIA_EVT_PEER_CONNECTING);
    assert_int_equal(stage->events[1].type, MEDIA_EVT_PEER_CONNECTED);
    assert_int_equal(stage->events[2].u.track_id, track);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(stage->events[i].call_id, 42);
        assert_int_equal(stage->events[i].peer_id, a->peer_id);
    }
    stage_free(stage);
}

static void shorten(struct conf *conf)
{
    conf->media.liveness_ms = 6000;
}

/* A dead machine: silent first, gone then; and back when it wakes up again. */
static void test_silence(void **state)
{
    (void)state;
    struct stage *stage = stage_create_with(1, "call", shorten);
    struct party *a = party_join(stage, 42, 1, 0);
    uint64_t start_us = clock_now_us();
    await_event(stage, MEDIA_EVT_PEER_DISCONNECTED, a->peer_id, 8000);
    assert_in_range(clock_now_us() - start_us, 4900000, 8000000);
    await_event(stage, MEDIA_EVT_PEER_GONE, a->peer_id, 6000);
    assert_in_range(clock_now_us() - start_us, 5900000, 9000000);
    struct wait back = {.stage = stage, .type = MEDIA_EVT_PEER_CONNECTED, .peer_id = a->peer_id, .count = 2};
    party_check(a);
    assert_true(stage_try_until(stage, has_event, &back, 20000));
    stage_free(stage);
}

static void test_close_notify_is_at_once(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *a = party_join(stage, 42, 1, 0);
    transport_free(a->transport); /* says goodbye */
    struct transport_ops none = {0};
    assert_int_equal(transport_create(a->context, &a->params, &none, clock_now_us(), &a->transport), ERR_OK);
    await_event(stage, MEDIA_EVT_PEER_GONE, a->peer_id, 20000);
    stage_free(stage);
}

static void test_wrong_certificate_fails_with_a_reason(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *a = party_make(stage, 42, 1, 0);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_REMOTE, .peer_id = a->peer_id};
    cmd.u.peer_remote.params = a->server_params;
    cmd.u.peer_remote.params.fingerprint[5] ^= 1;
    assert_int_equal(media_post(stage->media, 0, &cmd), ERR_OK);
    /* party_connect() would fail the test when it is not connected: the same steps by hand. */
    for (unsigned i = 0; i < 1000 && !a->is_answered; i++) {
        party_check(a);
        stage_turn(stage, 20);
    }
    assert_true(a->is_answered);
    party_meet_server(a);
    await_event(stage, MEDIA_EVT_PEER_FAILED, a->peer_id, 20000);
    assert_false(stage_has_event(stage, MEDIA_EVT_PEER_CONNECTED, a->peer_id));
    const struct media_evt *last = &stage->events[stage->event_count - 1];
    assert_int_equal(last->type, MEDIA_EVT_PEER_FAILED);
    assert_true(strlen(last->u.reason) > 0);
    stage_free(stage);
}

/* A publisher leaves in mid-stream while others look on, a subscriber leaves, ids of the gone are named again. */
static void check_leaving(unsigned workers)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 1, 20, true);
    party_leave(p.pub);
    stage_sync(p.stage, 0);
    party_pause_sub(p.sub, p.sub_id, true);
    party_pause_sub(p.sub, p.sub_id, false);
    party_pause_track(p.pub, p.track, true);
    party_send_pli(p.sub, PAIR_OUT);
    party_send_nack(p.sub, PAIR_OUT, 5);
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_DEL, .peer_id = p.sub->peer_id};
    cmd.u.sub_del.sub_id = p.sub_id;
    assert_int_equal(media_post(p.stage->media, p.sub->worker, &cmd), ERR_OK);
    assert_int_equal(media_post(p.stage->media, p.sub->worker, &cmd), ERR_OK);
    party_leave(p.sub);
    party_leave(p.sub);
    /* The workers live: another pair meets on them. */
    struct party *c = party_join(p.stage, 9, 3, 0);
    struct party *d = party_join(p.stage, 9, 4, workers > 1 ? 1 : 0);
    struct media_format opus = party_opus();
    uint64_t track = party_publish(c, &opus, "a", 77, 0);
    party_subscribe(d, &(struct party_sub){track, 0, opus, opus, 78, 0, "a", false});
    for (unsigned i = 0; i < 1000 && !party_count_rtp(d, 78); i++) {
        party_send_opus(c, 77, (uint16_t)i, i * 960, 50);
        stage_idle(p.stage, 10);
    }
    assert_true(party_count_rtp(d, 78) > 0);
    stage_free(p.stage);
}

static void test_leaving_one_worker(void **state)
{
    (void)state;
    check_leaving(1);
}

static void test_leaving_two_workers(void **state)
{
    (void)state;
    check_leaving(2);
}

/* The subscription is first: the track's own worker hears of the track later. */
static void test_subscription_before_track(void **state)
{
    (void)state;
    struct stage *stage = stage_create(2, "spread");
    struct party *a = party_join(stage, 1, 1, 0), *b = party_join(stage, 1, 2, 1);
    struct media_format in = party_vp8(), out = pair_out_vp8();
    /* party_publish() takes the next id. */
    uint64_t track = media_new_id(stage->media) + 2;
    party_subscribe(b, &(struct party_sub){track, 0, in, out, PAIR_OUT, PAIR_OUT + 1, "v", false});
    stage_idle(stage, 50);
    assert_int_equal(party_publish(a, &in, "v", PAIR_IN, 0), track);
    party_await_pli(a, PAIR_IN, 1);
    party_send_vp8(a, PAIR_IN, 1, 0, true);
    party_await_rtp(b, PAIR_OUT, 1);
    stage_free(stage);
}

static bool is_loudest(void *ctx)
{
    const struct wait *wait = ctx;
    for (unsigned i = wait->from; i < wait->stage->event_count; i++) {
        const struct media_evt *evt = &wait->stage->events[i];
        if (evt->type == MEDIA_EVT_LEVELS && evt->call_id == 5 && evt->u.levels.count &&
            evt->u.levels.speakers[0].user_id == wait->peer_id)
            return true;
    }
    return false;
}

static void speak(struct stage *stage, struct party *loud, uint32_t loud_ssrc, struct party *quiet, uint32_t quiet_ssrc,
                  uint16_t *seq)
{
    struct wait wait = {.stage = stage, .peer_id = loud->user_id, .from = stage->event_count};
    for (unsigned i = 0; i < 1500 && !is_loudest(&wait); i++, ++*seq) {
        party_send_opus(loud, loud_ssrc, *seq, *seq * 960u, 20);
        party_send_opus(quiet, quiet_ssrc, *seq, *seq * 960u, 110);
        stage_idle(stage, 10);
    }
    assert_true(is_loudest(&wait));
}

static void test_speakers(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *a = party_join(stage, 5, 100, 0), *b = party_join(stage, 5, 200, 0);
    struct media_format opus = party_opus();
    party_publish(a, &opus, "a", 10, 0);
    party_publish(b, &opus, "a", 20, 0);
    uint16_t seq = 0;
    speak(stage, a, 10, b, 20, &seq);
    speak(stage, b, 20, a, 10, &seq);
    stage_free(stage);
}

static bool has_metrics(void *ctx)
{
    const struct stage *stage = ctx;
    return metric_get(&stage->metrics, METRIC_MEDIA_PACKETS_IN) > 100 &&
           metric_get(&stage->metrics, METRIC_MEDIA_PACKETS_OUT) >= 100;
}

static void test_metrics(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 100, true);
    stage_until(p.stage, has_metrics, p.stage);
    assert_int_equal(metric_get(&p.stage->metrics, METRIC_MEDIA_PEERS), 2);
    assert_int_equal(metric_get(&p.stage->metrics, METRIC_MEDIA_TRACKS), 1);
    assert_int_equal(metric_get(&p.stage->metrics, METRIC_MEDIA_SUBS), 1);
    stage_free(p.stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_in_order),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_close_notify_is_at_once),
        cmocka_unit_test(test_wrong_certificate_fails_with_a_reason),
        cmocka_unit_test(test_leaving_one_worker),
        cmocka_unit_test(test_leaving_two_workers),
        cmocka_unit_test(test_subscription_before_track),
        cmocka_unit_test(test_speakers),
        cmocka_unit_test(test_metrics),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
