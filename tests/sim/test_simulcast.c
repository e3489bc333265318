/* A simulcast track over a bad network, under a virtual clock: the publisher's layers stop and come back in mid-call,
 * one after another and all but one at once; the subscriber changes the size that he shows. Losses by a seed, mended by
 * NACK and RTX on both ways. What must hold: the picture never stands still for long, and ends at the layer that fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/types.h>

#include "fake_call.h"
#include "flow/nack_gen.h"
#include "flow/seqmap.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"
#include "proto/vp8.h"

#define LAYERS 3
#define FRAME_US 33333
#define STILL_MAX_US 2500000 /* a second to notice that a layer stopped, a key frame and its repeats over a bad way */
#define GIVE_UP_US 400000    /* a packet that is missing for so long */
#define SEEDS 6

static const char *const rids[LAYERS] = {"q", "h", "f"};

struct sent {
    uint16_t seq;
    size_t len;
    uint8_t payload[64];
    uint32_t timestamp;
};

struct layer {
    uint16_t seq, rtx_seq, picture;
    bool is_off, wants_key;
    struct sent sent[256];
};

/* What came under a number; a one-packet frame each. */
struct got {
    uint64_t number;
    bool is_key;
    uint8_t layer;
};

struct sim {
    struct fake *fake;
    struct fake_call call;
    unsigned loss_percent;
    uint32_t random;
    struct layer layers[LAYERS];
    uint32_t timestamp;
    /* subscriber */
    struct nack_gen nack;
    struct seq_unwrap unwrap;
    struct got got[1024];
    uint64_t next, newest, missing_us, pli_us;
    bool needs_key;
    uint64_t decoded_us, longest_us;
    unsigned decoded;
    int layer;
};

/* The product's chance comes from the seed too: the linker puts this in getrandom's place. */
static uint64_t chance;

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
    (void)flags;
    for (uint8_t *at = out; at < (uint8_t *)out + len; at++) {
        chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
        *at = (uint8_t)(chance >> 56);
    }
    return (ssize_t)len;
}

static bool is_lost(struct sim *sim)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 17;
    sim->random ^= sim->random << 5;
    return sim->random % 100 < sim->loss_percent;
}

/* --- the publisher --- */

static void send_packet(struct sim *sim, const struct fc_rtp *rtp)
{
    uint8_t data[200];
    size_t len = fc_build(rtp, data, sizeof(data));
    if (!is_lost(sim))
        fake_rtp(sim->fake, sim->call.pub, data, len);
}

static void send_frame(struct sim *sim, unsigned index)
{
    struct layer *layer = &sim->layers[index];
    struct sent *sent = &layer->sent[layer->seq % 256];
    uint16_t width = (uint16_t)(320 << index), height = (uint16_t)(180 << index);
    const uint8_t head[] = {0x90,
                            0xc0,
                            (uint8_t)(0x80 | layer->picture >> 8),
                            (uint8_t)layer->picture,
                            (uint8_t)layer->picture,
                            layer->wants_key ? 0 : 1,
                            0,
                            0,
                            0x9d,
                            0x01,
                            0x2a,
                            (uint8_t)width,
                            (uint8_t)(width >> 8),
                            (uint8_t)height,
                            (uint8_t)(height >> 8),
                            (uint8_t)index};
    *sent = (struct sent){.seq = layer->seq++, .len = sizeof(sent->payload), .timestamp = sim->timestamp};
    memcpy(sent->payload, head, sizeof(head));
    layer->picture = (layer->picture + 1) & 0x7fff;
    layer->wants_key = false;
    struct fc_rtp rtp = {.ssrc = 0x100 + index,
                         .pt = FC_PT,
                         .seq = sent->seq,
                         .timestamp = sent->timestamp,
                         .marker = true,
                         .mid = "v",
                         .rid = rids[index],
                         .payload = sent->payload,
                         .payload_len = sent->len};
    send_packet(sim, &rtp);
}

static void repeat(struct sim *sim, unsigned index, uint16_t seq)
{
    struct layer *layer = &sim->layers[index];
    const struct sent *sent = &layer->sent[seq % 256];
    uint8_t payload[66] = {(uint8_t)(seq >> 8), (uint8_t)seq};
    if (sent->seq != seq || !sent->len)
        return;
    memcpy(payload + 2, sent->payload, sent->len);
    struct fc_rtp rtx = {.ssrc = 0x200 + index,
                         .pt = FC_RTX_PT,
                         .seq = layer->rtx_seq++,
                         .timestamp = sent->timestamp,
                         .marker = true,
                         .mid = "v",
                         .repaired_rid = rids[index],
                         .payload = payload,
                         .payload_len = sent->len + 2};
    send_packet(sim, &rtx);
}

static void publisher_reads(struct sim *sim, const struct fake_packet *packet)
{
    struct rtcp_iter it;
    struct rtcp rtcp;
    struct rtcp_fb fb;
    if (!packet->is_rtcp || is_lost(sim) || rtcp_iter_init(&it, packet->data, packet->len))
        return;
    while (rtcp_next(&it, &rtcp)) {
        if (rtcp_fb_parse(&rtcp, &fb) || fb.media_ssrc < 0x100 || fb.media_ssrc >= 0x100 + LAYERS)
            continue;
        unsigned index = fb.media_ssrc - 0x100;
        sim->layers[index].wants_key |= fb.kind == RTCP_FB_PLI;
        struct rtcp_nack_iter nacks;
        uint16_t seq;
        rtcp_nack_iter_init(&nacks, &fb);
        while (fb.kind == RTCP_FB_NACK && rtcp_nack_next(&nacks, &seq))
            repeat(sim, index, seq);
    }
}

/* --- the subscriber --- */

static void say(struct sim *sim, const struct wr *wr, const uint8_t *data)
{
    if (!is_lost(sim))
        fake_rtcp(sim->fake, sim->call.subs[0], data, wr_len(wr));
}

static void subscriber_reads(struct sim *sim, const struct fake_packet *packet)
{
    struct rtp rtp;
    struct vp8 vp8;
    if (packet->is_rtcp || is_lost(sim))
        return;
    assert_int_equal(rtp_parse(&rtp, packet->data, packet->len), ERR_OK);
    const uint8_t *payload = rtp_payload(&rtp);
    size_t len = rtp.payload_len;
    uint16_t seq = rtp.seq;
    if (rtp.ssrc == FC_OUT + 1) {
        seq = (uint16_t)(payload[0] << 8 | payload[1]);
        payload += 2;
        len -= 2;
    }
    assert_int_equal(vp8_parse(&vp8, payload, len), ERR_OK);
    uint64_t number = seq_unwrap(&sim->unwrap, seq);
    (void)nack_gen_on_packet(&sim->nack, seq, sim->fake->now_us);
    sim->got[number % 1024] = (struct got){.number = number, .is_key = vp8.is_keyframe, .layer = payload[15]};
    if (!sim->next)
        sim->next = number;
    if (number > sim->newest)
        sim->newest = number;
}

static void ask_key(struct sim *sim)
{
    uint8_t data[32];
    if (sim->pli_us && sim->fake->now_us - sim->pli_us < 300000)
        return;
    sim->pli_us = sim->fake->now_us;
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, FC_OUT);
    say(sim, &wr, data);
}

/* Frames in order; one that does not come in time is given up for the next key frame. */
static void decode(struct sim *sim)
{
    uint64_t now_us = sim->fake->now_us;
    while (sim->next && sim->next <= sim->newest) {
        const struct got *got = &sim->got[sim->next % 1024];
        bool is_there = got->number == sim->next;
        if (!is_there && !sim->needs_key) {
            sim->missing_us = sim->missing_us ? sim->missing_us : now_us;
            if (now_us - sim->missing_us < GIVE_UP_US)
                return;
            sim->needs_key = true;
        }
        sim->missing_us = 0;
        sim->next++;
        if (!is_there || (sim->needs_key && !got->is_key))
            continue;
        sim->needs_key = false;
        if (sim->layer != got->layer)
            assert_true(got->is_key);
        sim->layer = got->layer;
        sim->decoded++;
        if (sim->decoded_us && now_us - sim->decoded_us > sim->longest_us)
            sim->longest_us = now_us - sim->decoded_us;
        sim->decoded_us = now_us;
    }
    if (sim->needs_key)
        ask_key(sim);
}

static void ask_for_missing(struct sim *sim)
{
    uint16_t seqs[NACK_GEN_BATCH];
    uint8_t data[1200];
    size_t count = nack_gen_poll(&sim->nack, sim->fake->now_us, 0, seqs, NACK_GEN_BATCH);
    struct wr wr = wr_make(data, sizeof(data));
    if (!count)
        return;
    rtcp_write_nack(&wr, 1, FC_OUT, seqs, count);
    say(sim, &wr, data);
}

static void want(struct sim *sim, uint16_t width, uint16_t height)
{
    struct peer *peer = sim->call.subs[0];
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_WANT, .peer_id = peer->id};
    cmd.u.sub_want.sub_id = sim->call.sub_ids[0];
    cmd.u.sub_want.width = width;
    cmd.u.sub_want.height = height;
    fake_cmd(sim->fake, peer->worker->setup.index, &cmd);
}

/* --- the world --- */

static void run(struct sim *sim, unsigned frames)
{
    for (unsigned n = 0; n < frames; n++) {
        sim->timestamp += 3000;
        for (unsigned i = 0; i < LAYERS; i++)
            if (!sim->layers[i].is_off)
                send_frame(sim, i);
        for (uint64_t until_us = sim->fake->now_us + FRAME_US; sim->fake->now_us < until_us;) {
            fake_run(sim->fake, 5000);
            const struct fake_packet *packet;
            while ((packet = fake_take(sim->fake, sim->call.pub)))
                publisher_reads(sim, packet);
            while ((packet = fake_take(sim->fake, sim->call.subs[0])))
                subscriber_reads(sim, packet);
            ask_for_missing(sim);
            decode(sim);
        }
    }
}

static void run_call(unsigned workers, uint32_t seed)
{
    static struct sim sim; /* large */
    static const struct {
        bool is_off[LAYERS];
        uint16_t width, height;
        int layer;
    } scenes[] = {
        {{false, false, false}, 0, 0, 2},     {{false, false, true}, 0, 0, 1},     {{false, true, true}, 0, 0, 0},
        {{false, false, false}, 0, 0, 2},     {{true, true, false}, 320, 180, 2},  {{false, true, false}, 320, 180, 0},
        {{false, false, false}, 640, 360, 1}, {{false, true, false}, 640, 360, 2}, {{false, false, false}, 640, 360, 1},
    };
    memset(&sim, 0, sizeof(sim));
    chance = seed;
    sim.fake = fake_create(workers);
    sim.call = fc_make_simulcast(sim.fake, 1);
    sim.loss_percent = 3;
    sim.random = seed;
    sim.needs_key = true;
    nack_gen_init(&sim.nack, NULL);
    for (unsigned i = 0; i < LAYERS; i++)
        sim.layers[i] = (struct layer){.seq = (uint16_t)(65000 + 7 * i), .picture = (uint16_t)(0x7f00 - i)};
    for (size_t n = 0; n < sizeof(scenes) / sizeof(scenes[0]); n++) {
        for (unsigned i = 0; i < LAYERS; i++)
            sim.layers[i].is_off = scenes[n].is_off[i];
        want(&sim, scenes[n].width, scenes[n].height);
        run(&sim, 150);
        if (sim.layer != scenes[n].layer)
            fail_msg("workers=%u seed=%u scene %zu ends at layer %d", workers, seed, n, sim.layer);
    }
    print_message("workers=%u seed=%u decoded=%u longest still=%u ms\n", workers, seed, sim.decoded,
                  (unsigned)(sim.longest_us / 1000));
    assert_in_range(sim.longest_us, 0, STILL_MAX_US);
    assert_in_range(sim.decoded, 9 * 150 * 75 / 100, 9 * 150 + 50);
    fake_free(sim.fake);
}

static void test_layers_stop_and_come_back(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned workers = 1; workers <= 2; workers++)
            run_call(workers, seed * 7919);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers_stop_and_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
