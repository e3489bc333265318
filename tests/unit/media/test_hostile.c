/* A hostile member behind a good handshake: whatever its plain packets say, the process lives, memory is bounded, other
 * members' streams go on. Plain bytes in, under a virtual clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "fake_call.h"
#include "media/sub.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"

/* The victim's stream still reaches its subscriber. */
static void check_alive(struct fake_call *call, uint16_t *seq)
{
    fake_forget(call->fake, call->subs[0]);
    fc_send(call, ++*seq, true);
    fake_run(call->fake, 2000);
    assert_int_equal(fc_drain_rtp(call, call->subs[0], FC_OUT), 1);
}

/* A second publisher in the same call, with a subscriber of its own. */
struct attack {
    struct fake_call victim;
    struct fake_call own;
    uint16_t seq;
};

static struct attack attack_make(unsigned workers)
{
    struct fake *fake = fake_create(workers);
    struct attack attack = {.victim = fc_make(fake, 1), .own = fc_make(fake, 1)};
    return attack;
}

struct bad {
    const char *name;
    size_t len;
    uint8_t bytes[64];
};

#define H(b0) b0, FC_PT, 0, 1, 0, 0, 0, 1, 0, 0, 0x10, 0x00 /* of FC_IN */

static const struct bad bad_rtp[] = {
    {"empty", 0, {0}},
    {"one byte", 1, {0x80}},
    {"eleven bytes", 11, {H(0x80)}},
    {"version 0", 20, {H(0x00)}},
    {"version 3", 20, {H(0xc0)}},
    {"15 CSRCs that are not there", 12, {H(0x8f)}},
    {"15 CSRCs, one short", 71, {H(0x8f)}},
    {"extension without header", 12, {H(0x90)}},
    {"extension past the end", 20, {H(0x90), 0xbe, 0xde, 0x00, 0x02}},
    {"extension of 65535 words", 20, {H(0x90), 0xbe, 0xde, 0xff, 0xff}},
    {"padding of zero", 14, {H(0xa0), 1, 0}},
    {"padding beyond the payload", 14, {H(0xa0), 1, 200}},
    {"padding over the header", 14, {H(0xa0), 1, 3}},
};

static void test_malformed_rtp(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    struct worker *worker = a.own.pub->worker;
    for (size_t i = 0; i < sizeof(bad_rtp) / sizeof(bad_rtp[0]); i++) {
        uint8_t data[128] = {0};
        memcpy(data, bad_rtp[i].bytes, sizeof(bad_rtp[i].bytes));
        uint64_t before = worker->counts.malformed;
        fake_rtp(a.own.fake, a.own.pub, data, bad_rtp[i].len);
        if (worker->counts.malformed != before + 1)
            fail_msg("taken: %s", bad_rtp[i].name);
    }
    static uint8_t large[1501] = {H(0x80)};
    uint64_t before = worker->counts.malformed;
    fake_rtp(a.own.fake, a.own.pub, large, sizeof(large));
    assert_int_equal(worker->counts.malformed, before + 1);
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

/* Elements of odd lengths inside a block that is whole: no wrong step, and the packet goes its way. */
static void test_odd_header_extensions(void **state)
{
    (void)state;
    static const struct bad blocks[] = {
        {"one-byte overrun", 8, {0xbe, 0xde, 0, 1, (FC_EXT_MID << 4) | 15, 'v', 0, 0}},
        {"one-byte id 15", 8, {0xbe, 0xde, 0, 1, 0xf0, 1, 2, 3}},
        {"only padding", 8, {0xbe, 0xde, 0, 1, 0, 0, 0, 0}},
        {"two-byte of length 0", 8, {0x10, 0x00, 0, 1, FC_EXT_MID, 0, FC_EXT_TWCC, 0}},
        {"two-byte MID of 255", 8, {0x10, 0x00, 0, 1, FC_EXT_MID, 255, 'v', 'v'}},
        {"two-byte cut in its header", 8, {0x10, 0x00, 0, 1, 0, 0, 0, FC_EXT_TWCC}},
        {"unknown profile", 8, {0x12, 0x34, 0, 1, 1, 2, 3, 4}},
        {"empty block", 4, {0xbe, 0xde, 0, 0}},
        {"twcc of one byte", 8, {0xbe, 0xde, 0, 1, FC_EXT_TWCC << 4, 9, 0, 0}},
    };
    struct attack a = attack_make(1);
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        uint8_t data[128] = {0x90, FC_PT, 0, (uint8_t)(i + 1), 0, 0, 0, 1, 0, 0, 0x10, 0x00};
        memcpy(data + 12, blocks[i].bytes, blocks[i].len);
        size_t len = 12 + blocks[i].len;
        len += fc_vp8_payload(data + len, 30, true, true);
        fake_forget(a.own.fake, a.own.subs[0]);
        fake_rtp(a.own.fake, a.own.pub, data, len);
        if (fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT) != 1)
            fail_msg("not forwarded: %s", blocks[i].name);
    }
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

/* The SSRC and MID of another member mean nothing on this connection. Both calls here use the same SSRC and MID on
 * purpose: only the connection tells them apart. */
static void test_sources_of_others(void **state)
{
    (void)state;
    struct attack a = attack_make(2);
    struct peer *stranger = fake_peer(a.own.fake, 0, 1, 666);
    fc_send(&a.victim, 1, true);
    fake_run(a.own.fake, 5000);
    fake_forget(a.victim.fake, a.victim.subs[0]);
    uint8_t payload[100], data[200];
    struct fc_rtp rtp = {.ssrc = FC_IN,
                         .pt = FC_PT,
                         .mid = "v",
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), true, true)};
    struct worker *worker = stranger->worker;
    uint64_t before = worker->counts.unknown_ssrc;
    for (uint16_t i = 2; i < 100; i++) {
        rtp.seq = i;
        fake_rtp(a.own.fake, stranger, data, fc_build(&rtp, data, sizeof(data)));
        fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    }
    fake_run(a.own.fake, 5000);
    assert_int_equal(worker->counts.unknown_ssrc, before + 98);
    assert_int_equal(fc_drain_rtp(&a.victim, a.victim.subs[0], FC_OUT), 0);
    /* Feedback about a subscription of somebody else's: no key frame is asked of the publisher. */
    fake_run(a.own.fake, 2000000);
    uint64_t asked = worker->counts.keyframe_requests;
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, FC_OUT);
    fake_rtcp(a.own.fake, stranger, data, wr_len(&wr));
    fake_run(a.own.fake, 2000000);
    assert_int_equal(worker->counts.keyframe_requests, asked);
    a.seq = 1;
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

static void test_new_ssrc_in_each_packet(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    uint8_t payload[100], data[200];
    struct fc_rtp rtp = {.pt = FC_PT,
                         .mid = "v",
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), true, true)};
    for (uint32_t i = 0; i < 20000; i++) {
        rtp.ssrc = 0x70000000 + i;
        rtp.seq = (uint16_t)i;
        rtp.pt = i & 1 ? FC_RTX_PT : FC_PT;
        fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
        if (i % 100 == 0)
            fake_run(a.own.fake, 1000);
    }
    assert_in_range(a.own.pub->source_count, 1, 2);
    assert_true(a.own.pub->worker->counts.unknown_ssrc > 19000);
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

static void test_rtx_cut_and_wrong(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    fc_send(&a.own, 100, true);
    fc_send(&a.own, 102, false);
    fake_run(a.own.fake, 1000);
    fake_forget(a.own.fake, a.own.subs[0]);
    uint8_t payload[600], data[700];
    payload[0] = 0;
    payload[1] = 101;
    fc_vp8_payload(payload + 2, 500, false, true);
    struct fc_rtp rtp = {.ssrc = FC_IN_RTX, .pt = FC_RTX_PT, .payload = payload};
    for (size_t len = 0; len < 2; len++) {
        rtp.payload_len = len;
        fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    }
    rtp.payload_len = 502;
    rtp.pt = FC_PT; /* not RTX's */
    fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    rtp.pt = FC_RTX_PT;
    payload[0] = 0x60; /* a number far ahead */
    fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    assert_int_equal(fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT), 0);
    payload[0] = 0; /* and the one that was missing; a second time it is a probe */
    fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    assert_int_equal(fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT), 1);
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

/* Cut at every byte: either forwarded or its number closes; the numbers at the subscriber have no gap. */
static void test_vp8_cut_at_every_byte(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    fc_send(&a.own, 1, true);
    static const uint8_t full[] = {0x90, 0xf0, 0x81, 0x23, 0x01, 0x20, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 1, 2, 3, 4};
    uint8_t data[100];
    uint16_t seq = 1;
    for (size_t len = 0; len <= sizeof(full); len++) {
        struct fc_rtp rtp = {
            .ssrc = FC_IN, .pt = FC_PT, .seq = ++seq, .payload = full, .payload_len = len, .timestamp = 1};
        fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
    }
    fc_send(&a.own, ++seq, false);
    struct rtp rtp, last = {0};
    const struct fake_packet *packet;
    unsigned count = 0;
    while ((packet = fake_take(a.own.fake, a.own.subs[0]))) {
        if (packet->is_rtcp)
            continue;
        assert_int_equal(rtp_parse(&rtp, packet->data, packet->len), ERR_OK);
        if (count++)
            assert_int_equal(rtp.seq, (uint16_t)(last.seq + 1));
        last = rtp;
    }
    assert_in_range(count, 3, sizeof(full) + 2);
    assert_true(a.own.pub->worker->counts.malformed > 0);
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

/* NACK of thousands of numbers, each of which was sent, in one packet after another: the budget ends it. */
static void test_nack_of_everything(void **state)
{
    (void)state;
    struct attack a = attack_make(2);
    fc_send(&a.own, 1, true);
    fake_run(a.own.fake, 1000);
    uint16_t first = 0;
    const struct fake_packet *packet;
    while ((packet = fake_take(a.own.fake, a.own.subs[0]))) {
        struct rtp rtp;
        if (!packet->is_rtcp && !rtp_parse(&rtp, packet->data, packet->len))
            first = rtp.seq;
    }
    for (uint16_t seq = 2; seq < 800; seq++) {
        fc_send(&a.own, seq, false);
        fake_run(a.own.fake, 1000);
    }
    fake_forget(a.own.fake, a.own.subs[0]);
    static uint8_t data[12 + 4 * 4096];
    data[0] = 0x81;
    data[1] = RTCP_RTPFB;
    data[2] = (sizeof(data) / 4 - 1) >> 8;
    data[3] = (sizeof(data) / 4 - 1) & 0xff;
    data[10] = FC_OUT >> 8;
    for (unsigned i = 0; i < 4096; i++) {
        data[12 + 4 * i] = (uint8_t)((first + i * 17) >> 8);
        data[13 + 4 * i] = (uint8_t)(first + i * 17);
        data[14 + 4 * i] = data[15 + 4 * i] = 0xff;
    }
    for (unsigned round = 0; round < 50; round++)
        fake_rtcp(a.own.fake, a.own.subs[0], data, sizeof(data));
    assert_in_range(fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT + 1), 200, 300); /* 150,000 bytes of 512 */
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

static void test_key_request_storm(void **state)
{
    (void)state;
    struct attack a = attack_make(2);
    fc_send(&a.own, 1, true);
    fake_run(a.own.fake, 600000);
    uint64_t before = a.own.pub->worker->counts.keyframe_requests;
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, FC_OUT);
    for (unsigned i = 0; i < 10000; i++) {
        fake_rtcp(a.own.fake, a.own.subs[0], data, wr_len(&wr));
        if (i % 10 == 0)
            fake_run(a.own.fake, 1000);
    }
    /* One second and a bit, at most one in 500 ms. */
    assert_in_range(a.own.pub->worker->counts.keyframe_requests - before, 1, 4);
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

static void test_flood_of_tiny_packets(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    uint8_t data[64], payload[12];
    fc_vp8_payload(payload, sizeof(payload), true, true);
    struct fc_rtp rtp = {.ssrc = FC_IN, .pt = FC_PT, .payload = payload, .payload_len = sizeof(payload)};
    unsigned forwarded = 0;
    for (unsigned i = 0; i < 5 * 5000; i++) { /* five seconds of 5,000 a second */
        rtp.seq = (uint16_t)i;
        rtp.timestamp = i * 18;
        fake_rtp(a.own.fake, a.own.pub, data, fc_build(&rtp, data, sizeof(data)));
        if (i % 5 == 4)
            fake_run(a.own.fake, 1000);
        if (i % 1000 == 0)
            forwarded += fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT);
    }
    forwarded += fc_drain_rtp(&a.own, a.own.subs[0], FC_OUT);
    assert_in_range(forwarded, 4000, 5600); /* 1,000 a second and a burst of 500 */
    check_alive(&a.victim, &a.seq);
    fake_free(a.own.fake);
}

static const struct bad bad_rtcp[] = {
    {"empty", 0, {0}},
    {"three bytes", 3, {0x80, 201, 0}},
    {"longer than it is", 8, {0x80, 201, 0, 9, 0, 0, 0, 1}},
    {"SR that is too short", 8, {0x80, 200, 0, 1, 0, 0, 0x10, 0}},
    {"RR with 31 blocks that are not there", 8, {0x9f, 201, 0, 1, 0, 0, 0, 1}},
    {"NACK without FCI", 12, {0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0x20, 0}},
    {"feedback without SSRCs", 4, {0x81, 205, 0, 0}},
    {"FIR of half an entry", 16, {0x84, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x20, 0}},
    {"BYE of 31 sources that are not there", 4, {0x9f, 203, 0, 0}},
    {"BYE of our source", 8, {0x81, 203, 0, 1, 0, 0, 0x10, 0}},
    {"SDES that runs on", 12, {0x9f, 202, 0, 2, 0, 0, 0x10, 0, 1, 200, 'a', 'b'}},
    {"REMB without end", 20, {0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 255, 255, 255, 255}},
    {"TWCC of 65,535 statuses", 20, {0x8f, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}},
    {"padding of 255", 8, {0xa0, 201, 0, 1, 0, 0, 0, 255}},
    {"an unknown type", 8, {0x80, 250, 0, 1, 0, 0, 0, 1}},
};

static void test_malformed_rtcp(void **state)
{
    (void)state;
    struct attack a = attack_make(1);
    for (unsigned round = 0; round < 100; round++)
        for (size_t i = 0; i < sizeof(bad_rtcp) / sizeof(bad_rtcp[0]); i++) {
            fake_rtcp(a.own.fake, a.own.subs[0], bad_rtcp[i].bytes, bad_rtcp[i].len);
            fake_rtcp(a.own.fake, a.own.pub, bad_rtcp[i].bytes, bad_rtcp[i].len);
        }
    check_alive(&a.victim, &a.seq);
    check_alive(&a.own, &a.seq);
    fake_free(a.own.fake);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Packets that were right but for a few bytes. Every block of the pool is accounted for at the end. */
static void test_mutations(void **state)
{
    (void)state;
    struct attack a = attack_make(2);
    uint32_t seed = 20261123;
    uint8_t payload[300], good[400], data[400];
    struct fc_rtp rtp = {.mid = "v", .has_twcc = true, .has_orientation = true, .payload = payload};
    for (unsigned i = 0; i < 60000; i++) {
        bool is_rtx = i % 7 == 0;
        rtp.ssrc = is_rtx ? FC_IN_RTX : FC_IN;
        rtp.pt = is_rtx ? FC_RTX_PT : FC_PT;
        rtp.seq = (uint16_t)i;
        rtp.timestamp = i * 3000;
        rtp.twcc = (uint16_t)i;
        rtp.payload_len = fc_vp8_payload(payload, 20 + next_random(&seed) % 280, i % 30 == 0, true);
        size_t len = fc_build(&rtp, good, sizeof(good));
        memcpy(data, good, len);
        for (unsigned n = next_random(&seed) % 4; n > 0; n--)
            data[next_random(&seed) % (n & 1 ? 40 : len)] = (uint8_t)next_random(&seed);
        fake_rtp(a.own.fake, a.own.pub, data, next_random(&seed) % 10 ? len : next_random(&seed) % (len + 1));
        const struct bad *bad = &bad_rtcp[next_random(&seed) % (sizeof(bad_rtcp) / sizeof(bad_rtcp[0]))];
        memcpy(data, bad->bytes, sizeof(bad->bytes));
        data[next_random(&seed) % 20] = (uint8_t)next_random(&seed);
        fake_rtcp(a.own.fake, i & 1 ? a.own.subs[0] : a.own.pub, data, bad->len);
        if (i % 4 == 0)
            fake_run(a.own.fake, 1000);
        if (i % 4096 == 0)
            check_alive(&a.victim, &a.seq);
    }
    for (unsigned i = 0; i < a.own.fake->worker_count; i++) {
        struct worker *worker = a.own.fake->workers[i];
        size_t it = 0;
        struct peer *peer;
        while ((peer = hmap_next(worker->peers, &it)))
            peer_free(peer);
        assert_int_equal(pool_free_count(worker->packets), 4096);
        assert_int_equal(hmap_count(worker->subs), 0);
        assert_int_equal(hmap_count(worker->calls), 0);
    }
    for (unsigned i = 0; i < a.own.fake->worker_count; i++)
        assert_int_equal(hmap_count(a.own.fake->workers[i]->routers), 0);
    fake_free(a.own.fake);
}

/* No memory left for the history: packets go on, only what was lost cannot be repeated. */
static void test_empty_pool(void **state)
{
    (void)state;
    struct fake *fake = fake_create_with(1, 16);
    struct fake_call call = fc_make(fake, 2);
    for (uint16_t seq = 1; seq <= 100; seq++)
        fc_send(&call, seq, seq == 1);
    assert_int_equal(fc_drain_rtp(&call, call.subs[0], FC_OUT), 100);
    assert_int_equal(fc_drain_rtp(&call, call.subs[1], FC_OUT + 2), 100);
    assert_int_equal(call.pub->worker->counts.pool_empty, 84);
    fake_free(fake);
}

/* The other worker is stuck: its mailbox fills, ours does not wait. */
static void test_stuck_worker(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct fake_call call = fc_make(fake, 2); /* the first on worker 1, the second beside the publisher */
    for (uint16_t seq = 1; seq <= 1000; seq++)
        fc_send(&call, seq, seq == 1);
    assert_int_equal(fc_drain_rtp(&call, call.subs[1], FC_OUT + 2), 1000);
    assert_true(call.pub->worker->counts.relay_full >= 400);
    fake_run(fake, 2000);
    assert_in_range(fc_drain_rtp(&call, call.subs[0], FC_OUT), 400, 512);
    fake_free(fake);
}

/* Both streams begin in the lower half of their numbers: SRTP's roll-over count starts at 0 on both sides, and if the
 * packets about a wrap are lost right away, the receiver never finds the count again (RFC 3711 section 3.3.1). */
static void test_first_numbers(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 10; round++) {
        struct fake *fake = fake_create(1);
        struct fake_call call = fc_make(fake, FC_SUBS_MAX);
        for (unsigned i = 0; i < call.sub_count; i++)
            assert_in_range(call.subs[i]->subs[0]->rtx_seq, 0, 0x7fff);
        fake_free(fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_numbers),
        cmocka_unit_test(test_malformed_rtp),
        cmocka_unit_test(test_odd_header_extensions),
        cmocka_unit_test(test_sources_of_others),
        cmocka_unit_test(test_new_ssrc_in_each_packet),
        cmocka_unit_test(test_rtx_cut_and_wrong),
        cmocka_unit_test(test_vp8_cut_at_every_byte),
        cmocka_unit_test(test_nack_of_everything),
        cmocka_unit_test(test_key_request_storm),
        cmocka_unit_test(test_flood_of_tiny_packets),
        cmocka_unit_test(test_malformed_rtcp),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_empty_pool),
        cmocka_unit_test(test_stuck_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
