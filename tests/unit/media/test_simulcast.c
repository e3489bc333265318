/* Simulcast: which layer a subscriber gets, and that he sees one unbroken stream whichever it is. Plain bytes under a
 * virtual clock. The publisher's layers are learned by RID; they have numbers, clocks and pictures of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "fake_call.h"
#include "media/layers.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"
#include "proto/vp8.h"

#define LAYERS 3
#define FRAME_US 33000
#define MARK_AT 16 /* byte of the payload that names the layer */

static const char *const rids[LAYERS] = {"q", "h", "f"};

struct sender {
    struct fake_call call;
    uint32_t ssrc[LAYERS];
    uint16_t seq[LAYERS];
    uint32_t timestamp[LAYERS];
    uint16_t picture[LAYERS];
    bool is_off[LAYERS];
    bool is_cut[LAYERS]; /* sent, but lost on the way */
    bool is_deaf;        /* answers no PLI */
    bool wants_key[LAYERS];
    unsigned plis[LAYERS];
};

static struct sender sender_make(struct fake *fake, unsigned subs)
{
    struct sender sender = {.call = fc_make_simulcast(fake, subs)};
    for (unsigned i = 0; i < LAYERS; i++) {
        sender.ssrc[i] = 0x100 + i;
        sender.seq[i] = (uint16_t)(65500 + 1000 * i); /* the first one wraps soon */
        sender.timestamp[i] = 777777u * (i + 1);
        sender.picture[i] = (uint16_t)(0x7ff0 - 300 * i);
        sender.wants_key[i] = true;
    }
    return sender;
}

/* One frame of one packet: 320x180 << layer. */
static void send_layer(struct sender *sender, unsigned layer)
{
    uint8_t payload[200], data[300];
    bool is_key = sender->wants_key[layer];
    uint16_t width = (uint16_t)(320 << layer), height = (uint16_t)(180 << layer);
    const uint8_t head[] = {0x90,
                            0xc0,
                            (uint8_t)(0x80 | sender->picture[layer] >> 8),
                            (uint8_t)sender->picture[layer],
                            (uint8_t)sender->picture[layer],
                            is_key ? 0 : 1,
                            0,
                            0,
                            0x9d,
                            0x01,
                            0x2a,
                            (uint8_t)width,
                            (uint8_t)(width >> 8),
                            (uint8_t)height,
                            (uint8_t)(height >> 8)};
    memset(payload, 0x55, sizeof(payload));
    memcpy(payload, head, sizeof(head));
    payload[MARK_AT] = (uint8_t)layer;
    struct fc_rtp rtp = {.ssrc = sender->ssrc[layer],
                         .pt = FC_PT,
                         .seq = sender->seq[layer],
                         .timestamp = sender->timestamp[layer],
                         .marker = true,
                         .mid = "v",
                         .rid = rids[layer],
                         .payload = payload,
                         .payload_len = sizeof(payload)};
    sender->wants_key[layer] = false;
    sender->seq[layer]++;
    sender->picture[layer] = (sender->picture[layer] + 1) & 0x7fff;
    if (!sender->is_cut[layer])
        fake_rtp(sender->call.fake, sender->call.pub, data, fc_build(&rtp, data, sizeof(data)));
}

/* What the publisher is asked for. */
static void read_feedback(struct sender *sender)
{
    const struct fake_packet *packet;
    while ((packet = fake_take(sender->call.fake, sender->call.pub))) {
        struct rtcp_iter it;
        struct rtcp rtcp;
        struct rtcp_fb fb;
        if (!packet->is_rtcp || rtcp_iter_init(&it, packet->data, packet->len))
            continue;
        while (rtcp_next(&it, &rtcp)) {
            if (rtcp.type != RTCP_PSFB || rtcp_fb_parse(&rtcp, &fb) || fb.kind != RTCP_FB_PLI)
                continue;
            for (unsigned i = 0; i < LAYERS; i++) {
                if (fb.media_ssrc != sender->ssrc[i])
                    continue;
                sender->plis[i]++;
                sender->wants_key[i] = !sender->is_deaf;
            }
        }
    }
}

static void send_frames(struct sender *sender, unsigned frames)
{
    for (unsigned n = 0; n < frames; n++) {
        for (unsigned i = 0; i < LAYERS; i++) {
            sender->timestamp[i] += 2970;
            if (!sender->is_off[i])
                send_layer(sender, i);
        }
        fake_run(sender->call.fake, FRAME_US);
        read_feedback(sender);
    }
}

/* What a subscriber sees, checked packet by packet. */
struct viewer {
    bool is_started;
    int layer; /* of the newest packet, -1 = none */
    unsigned count;
    unsigned switches;
    uint16_t seq;
    uint16_t picture;
    uint8_t tl0;
    uint32_t timestamp;
    uint64_t at_us;
};

static void view_packet(struct viewer *viewer, const struct rtp *rtp, uint64_t at_us)
{
    const uint8_t *payload = rtp_payload(rtp);
    struct vp8 vp8;
    assert_int_equal(vp8_parse(&vp8, payload, rtp->payload_len), ERR_OK);
    int layer = payload[MARK_AT];
    if (!viewer->is_started || layer != viewer->layer)
        assert_true(vp8.is_keyframe); /* nothing else can be decoded there */
    if (viewer->is_started) {
        assert_int_equal(rtp->seq, (uint16_t)(viewer->seq + 1));
        assert_int_equal(vp8.picture_id, (viewer->picture + 1) & 0x7fff);
        assert_int_equal(vp8.tl0picidx, (uint8_t)(viewer->tl0 + 1));
        int32_t ticks = (int32_t)(rtp->timestamp - viewer->timestamp);
        int32_t passed = (int32_t)((at_us - viewer->at_us) * 9 / 100);
        assert_in_range(ticks, 1, 2147483647);
        if (ticks < passed - 3000 || ticks > passed + 3000)
            fail_msg("%d ticks in %d", ticks, passed);
        viewer->switches += layer != viewer->layer;
    }
    viewer->is_started = true;
    viewer->layer = layer;
    viewer->seq = rtp->seq;
    viewer->picture = vp8.picture_id;
    viewer->tl0 = vp8.tl0picidx;
    viewer->timestamp = rtp->timestamp;
    viewer->at_us = at_us;
    viewer->count++;
}

/* The packets since the last call. */
static unsigned view(struct sender *sender, unsigned sub, struct viewer *viewer)
{
    unsigned before = viewer->count;
    const struct fake_packet *packet;
    while ((packet = fake_take(sender->call.fake, sender->call.subs[sub]))) {
        struct rtp rtp;
        if (!packet->is_rtcp && !rtp_parse(&rtp, packet->data, packet->len) && rtp.ssrc == FC_OUT + 2 * sub)
            view_packet(viewer, &rtp, packet->at_us);
    }
    return viewer->count - before;
}

/* No frame is missing. Where the layer changed, one moment may be seen in both. */
static void assert_whole(unsigned came, unsigned frames)
{
    assert_in_range(came, frames, frames + 2);
}

static void want(struct sender *sender, unsigned sub, uint16_t width, uint16_t height)
{
    struct peer *peer = sender->call.subs[sub];
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_WANT, .peer_id = peer->id};
    cmd.u.sub_want.sub_id = sender->call.sub_ids[sub];
    cmd.u.sub_want.width = width;
    cmd.u.sub_want.height = height;
    fake_cmd(sender->call.fake, peer->worker->setup.index, &cmd);
}

static void test_choice(void **state)
{
    (void)state;
    struct layers layers;
    layers_init(&layers, 3, MEDIA_H264);
    assert_int_equal(layers_choose(&layers, 0, 0), 0); /* nothing flows yet */
    struct packet_head head = {.arrival_us = 5000000, .payload_len = 10};
    for (uint32_t i = 0; i < 3; i++) {
        head.source = 4 | i;
        assert_true(layers_on_packet(&layers, &head, (const uint8_t *)"0123456789"));
        assert_false(layers_on_packet(&layers, &head, (const uint8_t *)"0123456789"));
    }
    static const struct {
        uint16_t width, height;
        uint8_t layer;
    } guessed[] = {{0, 0, 2},   {1, 1, 0},     {320, 180, 0},  {320, 240, 0}, {321, 181, 1},    {640, 0, 1},
                   {0, 360, 1}, {641, 361, 2}, {1280, 720, 2}, {200, 180, 0}, {65535, 65535, 2}};
    for (size_t i = 0; i < sizeof(guessed) / sizeof(guessed[0]); i++)
        assert_int_equal(layers_choose(&layers, guessed[i].width, guessed[i].height), guessed[i].layer);
    /* What key frames said counts, in whatever order the layers were named. */
    layers.layer[0].width = 640, layers.layer[0].height = 480;
    layers.layer[1].width = 320, layers.layer[1].height = 240;
    layers.layer[2].width = 160, layers.layer[2].height = 120;
    assert_int_equal(layers_choose(&layers, 0, 0), 0);
    assert_int_equal(layers_choose(&layers, 320, 180), 1);
    assert_int_equal(layers_choose(&layers, 100, 100), 2);
    /* One that is only padding flows not; one that is silent does not any more. */
    head.arrival_us += LAYERS_SILENT_US;
    head.payload_len = 0;
    assert_false(layers_on_packet(&layers, &head, NULL));
    head.payload_len = 10;
    assert_true(layers_on_packet(&layers, &head, (const uint8_t *)"0123456789"));
    assert_int_equal(layers_choose(&layers, 0, 0), 2);
    head.source = 4 | 3; /* no such layer */
    assert_false(layers_on_packet(&layers, &head, (const uint8_t *)"0123456789"));
}

/* The highest one by default, here and on another worker. */
static void test_highest_by_default(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct sender sender = sender_make(fake, 2);
    send_frames(&sender, 40);
    for (unsigned sub = 0; sub < 2; sub++) {
        struct viewer viewer = {.layer = -1};
        assert_true(view(&sender, sub, &viewer) > 0);
        assert_int_equal(viewer.layer, 2);
        send_frames(&sender, 30);
        assert_int_equal(view(&sender, sub, &viewer), 30);
    }
    for (unsigned i = 0; i < LAYERS; i++) {
        assert_int_equal(sender.call.track->layers[i].ssrc, sender.ssrc[i]);
        assert_int_equal(sender.call.track->layers[i].stats.received, 100);
    }
    fake_free(fake);
}

static void test_wanted_size(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct sender sender = sender_make(fake, 2);
    struct viewer viewers[2] = {{.layer = -1}, {.layer = -1}};
    static const struct {
        uint16_t width, height;
        int layer;
    } steps[] = {{320, 180, 0}, {1280, 720, 2}, {500, 300, 1}, {100, 100, 0}, {0, 0, 2}, {640, 360, 1}};
    send_frames(&sender, 60);
    for (unsigned n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
        for (unsigned sub = 0; sub < 2; sub++) {
            view(&sender, sub, &viewers[sub]);
            want(&sender, sub, steps[n].width, steps[n].height);
        }
        send_frames(&sender, 60);
        for (unsigned sub = 0; sub < 2; sub++) {
            assert_whole(view(&sender, sub, &viewers[sub]), 60); /* not a frame is missing meanwhile */
            assert_int_equal(viewers[sub].layer, steps[n].layer);
        }
    }
    /* One look at a new size costs one key frame of one layer. */
    unsigned plis = sender.plis[0] + sender.plis[1] + sender.plis[2];
    want(&sender, 0, 1280, 720);
    send_frames(&sender, 60);
    assert_int_equal(sender.plis[0] + sender.plis[1] + sender.plis[2], plis + 1);
    fake_free(fake);
}

/* Until the key frame comes, the old layer goes on; requests are throttled. */
static void test_waits_for_the_key_frame(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct sender sender = sender_make(fake, 1);
    struct viewer viewer = {.layer = -1};
    send_frames(&sender, 60);
    view(&sender, 0, &viewer);
    assert_int_equal(viewer.layer, 2);
    sender.is_deaf = true;
    unsigned before = sender.plis[0];
    want(&sender, 0, 320, 180);
    send_frames(&sender, 91); /* three seconds */
    assert_int_equal(view(&sender, 0, &viewer), 91);
    assert_int_equal(viewer.layer, 2);
    assert_in_range(sender.plis[0] - before, 2, 7); /* one in each pli_interval, half a second here */
    sender.wants_key[0] = true;
    send_frames(&sender, 1);
    assert_int_equal(view(&sender, 0, &viewer), 1);
    assert_int_equal(viewer.layer, 0);
    fake_free(fake);
}

/* A layer that stops, by the browser's choice or on the way: never black, and up again when it is back. */
static void test_layer_stops(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct sender sender = sender_make(fake, 2);
    struct viewer viewers[2] = {{.layer = -1}, {.layer = -1}};
    send_frames(&sender, 60);
    for (unsigned sub = 0; sub < 2; sub++)
        view(&sender, sub, &viewers[sub]);
    sender.is_off[2] = true;
    send_frames(&sender, 60);
    for (unsigned sub = 0; sub < 2; sub++) {
        unsigned came = view(&sender, sub, &viewers[sub]);
        assert_in_range(came, 60 - 40, 60); /* a second to notice it, a key frame */
        assert_int_equal(viewers[sub].layer, 1);
    }
    sender.is_off[1] = true;
    send_frames(&sender, 60);
    for (unsigned sub = 0; sub < 2; sub++) {
        assert_in_range(view(&sender, sub, &viewers[sub]), 60 - 40, 60);
        assert_int_equal(viewers[sub].layer, 0);
    }
    sender.is_off[1] = sender.is_off[2] = false;
    send_frames(&sender, 60);
    for (unsigned sub = 0; sub < 2; sub++) {
        assert_whole(view(&sender, sub, &viewers[sub]), 60);
        assert_int_equal(viewers[sub].layer, 2);
        assert_in_range(viewers[sub].switches, 3, 5);
    }
    fake_free(fake);
}

/* The top layer begins late, as with browsers: what flows is shown until then. */
static void test_top_layer_comes_late(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct sender sender = sender_make(fake, 1);
    struct viewer viewer = {.layer = -1};
    sender.is_off[1] = sender.is_off[2] = true;
    send_frames(&sender, 10);
    assert_int_equal(view(&sender, 0, &viewer), 10);
    assert_int_equal(viewer.layer, 0);
    sender.is_off[1] = sender.is_off[2] = false;
    sender.wants_key[1] = sender.wants_key[2] = false;
    send_frames(&sender, 60);
    assert_whole(view(&sender, 0, &viewer), 60);
    assert_int_equal(viewer.layer, 2);
    fake_free(fake);
}

static unsigned count_rtx(struct sender *sender, unsigned sub)
{
    return fc_drain_rtp(&sender->call, sender->call.subs[sub], FC_OUT + 2 * sub + 1);
}

/* A packet that a subscriber misses comes from the history of the layer that it was of. */
static void test_retransmission_is_of_the_layer(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct sender sender = sender_make(fake, 2);
    send_frames(&sender, 60);
    struct viewer viewer = {.layer = -1};
    view(&sender, 0, &viewer);
    for (unsigned n = 0; n < 2; n++) {
        uint8_t data[64];
        struct wr wr = wr_make(data, sizeof(data));
        rtcp_write_nack(&wr, 1, FC_OUT, &(uint16_t){viewer.seq}, 1);
        fake_rtcp(fake, sender.call.subs[0], data, wr_len(&wr));
        const struct fake_packet *packet = fake_take(fake, sender.call.subs[0]);
        struct rtp rtp;
        assert_non_null(packet);
        assert_int_equal(rtp_parse(&rtp, packet->data, packet->len), ERR_OK);
        assert_int_equal(rtp.ssrc, FC_OUT + 1);
        struct vp8 vp8;
        assert_int_equal(vp8_parse(&vp8, rtp_payload(&rtp) + 2, rtp.payload_len - 2), ERR_OK);
        assert_int_equal(vp8.picture_id, viewer.picture); /* the number that it was sent with */
        assert_int_equal(rtp_payload(&rtp)[2 + MARK_AT], viewer.layer);
        want(&sender, 0, 320, 180);
        send_frames(&sender, 60);
        view(&sender, 0, &viewer);
        assert_int_equal(viewer.layer, 0);
    }
    assert_int_equal(count_rtx(&sender, 1), 0);
    fake_free(fake);
}

/* What the publisher is asked for names the layer's SSRC, and its RTX is known by the repaired RID. */
static void test_loss_on_the_way_in(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct sender sender = sender_make(fake, 1);
    send_frames(&sender, 60);
    sender.is_cut[1] = true;
    uint16_t lost = sender.seq[1];
    send_frames(&sender, 1);
    sender.is_cut[1] = false;
    for (unsigned i = 0; i < LAYERS; i++)
        send_layer(&sender, i);
    fake_run(fake, 30000);
    unsigned asked = 0;
    const struct fake_packet *packet;
    while ((packet = fake_take(fake, sender.call.pub))) {
        struct rtcp_iter it;
        struct rtcp rtcp;
        struct rtcp_fb fb;
        if (!packet->is_rtcp || rtcp_iter_init(&it, packet->data, packet->len))
            continue;
        while (rtcp_next(&it, &rtcp))
            if (rtcp.type == RTCP_RTPFB && !rtcp_fb_parse(&rtcp, &fb) && fb.kind == RTCP_FB_NACK) {
                assert_int_equal(fb.media_ssrc, sender.ssrc[1]);
                asked++;
            }
    }
    assert_int_equal(asked, 1);
    uint8_t payload[30] = {(uint8_t)(lost >> 8), (uint8_t)lost, 0x90, 0xc0, 0x80, 1, 1, 1}, data[100];
    struct fc_rtp rtx = {.ssrc = 0x200,
                         .pt = FC_RTX_PT,
                         .seq = 9,
                         .mid = "v",
                         .repaired_rid = "h",
                         .payload = payload,
                         .payload_len = sizeof(payload)};
    fake_rtp(fake, sender.call.pub, data, fc_build(&rtx, data, sizeof(data)));
    assert_int_equal(sender.call.track->layers[1].rtx_ssrc, 0x200);
    assert_int_equal(sender.call.track->layers[1].nack->recovered, 1);
    fake_free(fake);
}

static void send_named(struct sender *sender, uint32_t ssrc, uint8_t pt, const char *rid, const char *repaired_rid)
{
    uint8_t payload[50], data[200];
    struct fc_rtp rtp = {.ssrc = ssrc,
                         .pt = pt,
                         .seq = 1,
                         .mid = "v",
                         .rid = rid,
                         .repaired_rid = repaired_rid,
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), true, true)};
    fake_rtp(sender->call.fake, sender->call.pub, data, fc_build(&rtp, data, sizeof(data)));
}

/* Unknown, missing and foreign RIDs; an SSRC for each packet; one SSRC for two layers. */
static void test_hostile_rids(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct sender sender = sender_make(fake, 1);
    struct worker *worker = sender.call.pub->worker;
    send_frames(&sender, 60);
    unsigned sources = sender.call.pub->source_count;
    assert_int_equal(sources, LAYERS);
    static const char *const bad[] = {NULL, "", "x", "qq", "Q", "0123456789abcdef0123"};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t before = worker->counts.unknown_ssrc;
        send_named(&sender, 0x900 + i, FC_PT, bad[i] && bad[i][0] ? bad[i] : NULL, NULL);
        send_named(&sender, 0x910 + i, FC_RTX_PT, NULL, bad[i] && bad[i][0] ? bad[i] : NULL);
        assert_int_equal(worker->counts.unknown_ssrc, before + 2);
    }
    send_named(&sender, 0x920, FC_PT, NULL, "q"); /* a repaired RID names no first transmission */
    assert_int_equal(sender.call.pub->source_count, sources);

    /* An SSRC for each packet: a layer changes its own once a second, no more. */
    for (uint32_t i = 0; i < 500; i++)
        send_named(&sender, 0x10000 + i, FC_PT, "f", NULL);
    assert_int_equal(sender.call.pub->source_count, sources);
    fake_run(fake, 1000000);
    uint32_t source = sender.call.track->layers[2].source;
    for (uint32_t i = 0; i < 500; i++)
        send_named(&sender, 0x20000 + i, FC_PT, "f", NULL);
    assert_int_equal(sender.call.pub->source_count, sources);
    assert_int_equal(sender.call.track->layers[2].source, source + 4);

    /* The SSRC of one layer under another one's RID stays the first one's. */
    uint64_t received = sender.call.track->layers[0].stats.received;
    uint64_t others = sender.call.track->layers[1].stats.received;
    uint16_t seq = sender.seq[0];
    uint8_t payload[50], data[200];
    struct fc_rtp rtp = {.ssrc = sender.ssrc[0],
                         .pt = FC_PT,
                         .seq = seq,
                         .mid = "v",
                         .rid = "h",
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), false, true)};
    fake_rtp(fake, sender.call.pub, data, fc_build(&rtp, data, sizeof(data)));
    assert_int_equal(sender.call.track->layers[0].stats.received, received + 1);
    assert_int_equal(sender.call.track->layers[1].stats.received, others);
    assert_int_equal(sender.call.track->layers[1].ssrc, sender.ssrc[1]);
    sender.seq[0]++;

    sender.ssrc[2] = sender.call.track->layers[2].ssrc; /* and the honest rest goes on */
    sender.seq[2] = 2;
    fake_forget(fake, sender.call.subs[0]);
    send_frames(&sender, 90);
    assert_true(fc_drain_rtp(&sender.call, sender.call.subs[0], FC_OUT) > 45);
    fake_free(fake);
}

/* A subscriber's own request goes to the layer that he has. */
static void test_key_request_of_a_subscriber(void **state)
{
    (void)state;
    struct fake *fake = fake_create(2);
    struct sender sender = sender_make(fake, 2);
    want(&sender, 0, 640, 360);
    send_frames(&sender, 90);
    unsigned plis[LAYERS];
    memcpy(plis, sender.plis, sizeof(plis));
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, FC_OUT);
    fake_rtcp(fake, sender.call.subs[0], data, wr_len(&wr));
    send_frames(&sender, 40);
    assert_int_equal(sender.plis[0], plis[0]);
    assert_int_equal(sender.plis[1], plis[1] + 1);
    assert_int_equal(sender.plis[2], plis[2]);
    fake_free(fake);
}

/* Paused and resumed, muted and unmuted: the numbers go on. */
static void test_pauses(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct sender sender = sender_make(fake, 1);
    struct viewer viewer = {.layer = -1};
    send_frames(&sender, 60);
    view(&sender, 0, &viewer);
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_PAUSE, .peer_id = sender.call.subs[0]->id};
    cmd.u.sub_pause.sub_id = sender.call.sub_ids[0];
    cmd.u.sub_pause.is_paused = true;
    fake_cmd(fake, 0, &cmd);
    send_frames(&sender, 60);
    assert_int_equal(view(&sender, 0, &viewer), 0);
    cmd.u.sub_pause.is_paused = false;
    fake_cmd(fake, 0, &cmd);
    send_frames(&sender, 40);
    assert_in_range(view(&sender, 0, &viewer), 5, 40);
    assert_int_equal(viewer.layer, 2);

    cmd = (struct media_cmd){.type = MEDIA_CMD_TRACK_PAUSE, .peer_id = sender.call.pub->id};
    cmd.u.track_pause.track_id = sender.call.track_id;
    cmd.u.track_pause.is_paused = true;
    fake_cmd(fake, 0, &cmd);
    send_frames(&sender, 60);
    assert_int_equal(view(&sender, 0, &viewer), 0);
    cmd.u.track_pause.is_paused = false;
    fake_cmd(fake, 0, &cmd);
    send_frames(&sender, 90);
    assert_in_range(view(&sender, 0, &viewer), 45, 90);
    assert_int_equal(viewer.layer, 2);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_highest_by_default),
        cmocka_unit_test(test_wanted_size),
        cmocka_unit_test(test_waits_for_the_key_frame),
        cmocka_unit_test(test_layer_stops),
        cmocka_unit_test(test_top_layer_comes_late),
        cmocka_unit_test(test_retransmission_is_of_the_layer),
        cmocka_unit_test(test_loss_on_the_way_in),
        cmocka_unit_test(test_hostile_rids),
        cmocka_unit_test(test_key_request_of_a_subscriber),
        cmocka_unit_test(test_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
