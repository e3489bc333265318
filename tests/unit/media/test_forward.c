/* A packet's way from one member to another, over real sockets with DTLS-SRTP: numbers, extensions, key frames, pauses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "pair.h"
#include "proto/rtp_ext.h"

static void check_forward(unsigned workers)
{
    struct pair p = pair_make(workers);
    party_send_vp8(p.pub, PAIR_IN, 65000, 65000 * 3000u, false); /* nobody can decode this yet */
    pair_send(&p, 65001, 535, true);
    pair_send(&p, 0, 65, false); /* over the wrap */
    struct rtp first, rtp;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 0, &first));
    for (unsigned i = 0; i < 600; i++) {
        uint16_t in = (uint16_t)(65001 + i);
        assert_true(party_nth_rtp(p.sub, PAIR_OUT, i, &rtp));
        assert_int_equal(rtp.seq, (uint16_t)(first.seq + i));
        assert_int_equal(rtp.timestamp, first.timestamp + (in - 65001u) * 3000u);
        assert_int_equal(rtp.pt, PAIR_OUT_PT);
        assert_true(rtp.marker);
        assert_int_equal(rtp.payload_len, 1100);
        assert_int_equal(rtp_payload(&rtp)[500], (uint8_t)in);
        struct rtp_ext ext;
        assert_true(rtp_ext_find(&rtp, PAIR_OUT_MID_ID, &ext));
        assert_int_equal(ext.len, 2);
        assert_memory_equal(ext.data, "m5", 2);
        struct rtp_ext_iter it;
        unsigned count = 0;
        rtp_ext_iter_init(&it, &rtp);
        while (rtp_ext_next(&it, &ext))
            count++;
        assert_int_equal(count, 1); /* nothing that was not negotiated */
    }
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 600);
    stage_free(p.stage);
}

static void test_forward_one_worker(void **state)
{
    (void)state;
    check_forward(1);
}

static void test_forward_two_workers(void **state)
{
    (void)state;
    check_forward(2);
}

/* Both ways at once: each publishes and subscribes, audio with its level. */
static void test_audio_both_ways(void **state)
{
    (void)state;
    struct stage *stage = stage_create(2, "spread");
    struct party *a = party_join(stage, 1, 1, 0), *b = party_join(stage, 1, 2, 1);
    struct media_format in = party_opus(), out = party_opus();
    out.pt = 63;
    out.ext = (struct media_ext_ids){.mid = 1, .audio_level = 14, .abs_send_time = 7};
    uint64_t of_a = party_publish(a, &in, "0", 10, 0), of_b = party_publish(b, &in, "0", 20, 0);
    party_subscribe(b, &(struct party_sub){of_a, 0, in, out, 11, 0, "7", false});
    party_subscribe(a, &(struct party_sub){of_b, 1, in, out, 21, 0, "8", false});
    uint64_t until_us = clock_now_us() + 20 * US_PER_S;
    for (unsigned i = 0; party_count_rtp(b, 11) < 50 || party_count_rtp(a, 21) < 50; i++) {
        party_send_opus(a, 10, (uint16_t)i, i * 960, 0x80 | 33);
        party_send_opus(b, 20, (uint16_t)i, i * 960, 44);
        stage_idle(stage, 5);
        assert_true(clock_now_us() < until_us);
    }
    struct rtp rtp;
    struct rtp_ext ext;
    assert_true(party_nth_rtp(b, 11, 49, &rtp));
    assert_int_equal(rtp.pt, 63);
    assert_int_equal(rtp.payload_len, 80);
    assert_true(rtp_ext_find(&rtp, 14, &ext));
    assert_int_equal(ext.data[0], 0x80 | 33);
    assert_true(rtp_ext_find(&rtp, 7, &ext));
    assert_int_equal(ext.len, 3);
    assert_true(ext.data[0] || ext.data[1] || ext.data[2]);
    assert_true(party_nth_rtp(a, 21, 49, &rtp));
    assert_true(rtp_ext_find(&rtp, 14, &ext));
    assert_int_equal(ext.data[0], 44);
    assert_true(rtp_ext_find(&rtp, 1, &ext));
    assert_memory_equal(ext.data, "8", 1);
    stage_free(stage);
}

/* A sender's probes carry nothing: the subscriber sees neither them nor a gap. */
static void test_padding_leaves_no_gap(void **state)
{
    (void)state;
    struct pair p = pair_make(2);
    pair_send(&p, 100, 3, true);
    for (uint16_t seq = 103; seq < 110; seq++) {
        struct party_rtp probe = {.ssrc = PAIR_IN, .pt = 96, .seq = seq, .timestamp = 102 * 3000u, .padding = 200};
        party_send(p.pub, &probe);
    }
    pair_send(&p, 110, 3, false);
    struct rtp first, rtp;
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 6);
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 0, &first));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 3, &rtp));
    assert_int_equal(rtp.seq, (uint16_t)(first.seq + 3));
    assert_int_equal(rtp.timestamp, first.timestamp + 10 * 3000);
    stage_free(p.stage);
}

/* Muted: nothing comes. Unmuted: a key frame is asked for, nothing before it is forwarded, numbers go on. */
static void check_mute(unsigned workers)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 1, 5, true);
    party_pause_track(p.pub, p.track, true);
    stage_sync(p.stage, 0);
    unsigned asked = party_count_pli(p.pub, PAIR_IN);
    for (uint16_t seq = 6; seq < 40; seq++)
        party_send_vp8(p.pub, PAIR_IN, seq, seq * 3000u, seq == 20);
    party_sync(p.pub);
    stage_idle(p.stage, 50);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 5);
    party_pause_track(p.pub, p.track, false);
    party_await_pli(p.pub, PAIR_IN, asked + 1);
    for (uint16_t seq = 40; seq < 45; seq++)
        party_send_vp8(p.pub, PAIR_IN, seq, seq * 3000u, false);
    pair_send(&p, 45, 5, true);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 10);
    struct rtp before, after;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 4, &before));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 5, &after));
    assert_int_equal(after.seq, (uint16_t)(before.seq + 1));
    assert_true((int32_t)(after.timestamp - before.timestamp) > 0);
    assert_int_equal(rtp_payload(&after)[500], 45);
    stage_free(p.stage);
}

static void test_mute_one_worker(void **state)
{
    (void)state;
    check_mute(1);
}

static void test_mute_two_workers(void **state)
{
    (void)state;
    check_mute(2);
}

static void test_pause_of_a_subscription(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 5, true);
    party_pause_sub(p.sub, p.sub_id, true);
    stage_sync(p.stage, 0);
    for (uint16_t seq = 6; seq < 20; seq++)
        party_send_vp8(p.pub, PAIR_IN, seq, seq * 3000u, false);
    party_sync(p.pub);
    stage_idle(p.stage, 50);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 5);
    unsigned asked = party_count_pli(p.pub, PAIR_IN);
    party_pause_sub(p.sub, p.sub_id, false);
    party_await_pli(p.pub, PAIR_IN, asked + 1);
    pair_send(&p, 20, 2, true);
    struct rtp before, after;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 4, &before));
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 5, &after));
    assert_int_equal(after.seq, (uint16_t)(before.seq + 1));
    stage_free(p.stage);
}

/* No SSRC was signalled: the MID says whose packets they are, and later ones need it no more. */
static void test_ssrc_learned_by_mid(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *pub = party_join(stage, 1, 1, 0), *sub = party_join(stage, 1, 2, 0);
    struct media_format in = party_opus(), out = party_opus();
    uint64_t track = party_publish(pub, &in, "aud", 0, 0);
    party_subscribe(sub, &(struct party_sub){track, 0, in, out, 11, 0, "7", false});
    stage_sync(stage, 0);
    party_send_opus(pub, 5000, 1, 0, 50); /* nobody knows it */
    const uint8_t payload[50] = {1};
    struct party_rtp named = {
        .ssrc = 5000, .pt = 111, .seq = 2, .mid = "aud", .payload = payload, .payload_len = sizeof(payload)};
    party_send(pub, &named);
    party_send_opus(pub, 5000, 3, 960, 50);
    party_await_rtp(sub, 11, 2);
    stage_idle(stage, 20);
    assert_int_equal(party_count_rtp(sub, 11), 2);
    stage_free(stage);
}

/* The publisher's connection goes, and he comes by another one with the same numbers: one stream at the subscriber. */
static void check_move(unsigned workers, unsigned new_worker)
{
    struct pair p = pair_make(workers);
    pair_send(&p, 1, 5, true);
    party_leave(p.pub);
    struct party *again = party_join(p.stage, PAIR_CALL, 1, (uint16_t)new_worker);
    struct media_format in = party_vp8();
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_MOVE, .peer_id = p.sub->peer_id};
    cmd.u.sub_move.sub_id = p.sub_id;
    cmd.u.sub_move.track_id = party_publish(again, &in, "v", PAIR_IN, PAIR_IN + 1);
    cmd.u.sub_move.track_worker = (uint16_t)new_worker;
    cmd.u.sub_move.source = in;
    for (unsigned i = 0; i < 2; i++) /* the second one changes nothing */
        assert_int_equal(media_post(p.stage->media, p.sub->worker, &cmd), ERR_OK);
    party_await_pli(again, PAIR_IN, 1);
    struct rtp before, after;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 4, &before));
    party_send_nack(p.sub, PAIR_OUT, before.seq); /* of the old one: is not mistaken for the new one's */
    p.pub = again;
    party_send_vp8(again, PAIR_IN, 3, 3 * 3000u, false);
    pair_send(&p, 4, 5, true);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT), 10);
    assert_int_equal(party_count_rtp(p.sub, PAIR_OUT + 1), 0);
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 5, &after));
    assert_int_equal(after.seq, (uint16_t)(before.seq + 1));
    assert_true((int32_t)(after.timestamp - before.timestamp) > 0);
    assert_int_equal(rtp_payload(&after)[500], 4);
    cmd.u.sub_move.track_id = 999999; /* a track that is gone */
    cmd.u.sub_move.track_worker = p.sub->worker;
    assert_int_equal(media_post(p.stage->media, p.sub->worker, &cmd), ERR_OK);
    pair_send(&p, 9, 1, false);
    stage_free(p.stage);
}

static void test_move_on_one_worker(void **state)
{
    (void)state;
    check_move(1, 0);
}

static void test_move_across_workers(void **state)
{
    (void)state;
    check_move(2, 0);
    check_move(2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_one_worker),      cmocka_unit_test(test_forward_two_workers),
        cmocka_unit_test(test_audio_both_ways),         cmocka_unit_test(test_padding_leaves_no_gap),
        cmocka_unit_test(test_mute_one_worker),         cmocka_unit_test(test_mute_two_workers),
        cmocka_unit_test(test_pause_of_a_subscription), cmocka_unit_test(test_ssrc_learned_by_mid),
        cmocka_unit_test(test_move_on_one_worker),      cmocka_unit_test(test_move_across_workers),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
