/* A video call over a bad network, under a virtual clock: a publisher that answers NACK and PLI, media on one or two
 * workers, a subscriber that asks for what is missing and decodes what it can. Losses, delay and reordering by a seed.
 * What must hold: nearly all frames decode, no number ever means two packets, numbers have no holes that stay, key
 * frames are asked for seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "fake_call.h"
#include "flow/nack_gen.h"
#include "flow/seqmap.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"

#define FRAME_US 33333
#define KEY_PACKETS 20
#define DELTA_PACKETS 5
#define KEY_EVERY 600 /* frames, when nobody asks */
#define FLIGHT_MAX 4096
#define SENT_MAX 2048 /* what the publisher can repeat */
#define FRAMES_MAX 4096
#define SEEDS 8
#define WAIT_US 500000 /* a frame is given up when the next ones waited so long for it */

struct network {
    unsigned loss_percent;
    uint64_t delay_us;
    uint64_t jitter_us;
};

struct flight {
    uint64_t due_us; /* 0 = free */
    bool is_up;      /* from the publisher, else to the subscriber */
    bool is_back;    /* RTCP against the stream */
    bool is_rtcp;
    size_t len;
    uint8_t data[1400];
};

struct sent {
    uint16_t seq;
    size_t len;
    uint8_t data[1400];
};

/* In the payload, behind VP8's head. */
struct mark {
    uint32_t frame;
    uint8_t index;
    uint8_t count;
    uint8_t is_key;
};

struct frame {
    uint8_t count;
    uint8_t got;
    bool is_key;
    bool has[KEY_PACKETS];
    uint64_t first_us;
};

struct sim {
    struct fake *fake;
    struct fake_call call;
    struct network up, down;
    uint32_t random;
    struct flight flights[FLIGHT_MAX];
    /* publisher */
    struct sent sent[SENT_MAX];
    uint16_t seq;
    uint16_t rtx_seq;
    uint32_t frame_no;
    bool wants_key;
    unsigned key_requests;
    uint64_t next_frame_us;
    bool is_muted;
    /* subscriber */
    struct nack_gen nack;
    struct seq_unwrap unwrap;
    uint64_t first_number, last_number;
    uint32_t meaning[1 << 16]; /* out-number -> frame * 32 + index + 1 */
    bool has_number[1 << 17];
    struct frame frames[FRAMES_MAX];
    uint32_t newest_frame;
    uint32_t next_decode;
    bool needs_key;
    uint64_t pli_us;
    unsigned decoded;
    unsigned packets_rtx;
};

/* The product's chance (numbers, identifiers, moments of timers, orders in maps) comes from the seed too: the linker
 * puts this in getrandom's place, so that a run is the same each time and on each machine. */
static uint64_t chance;

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
    (void)flags;
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++) {
        chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
        at[i] = (uint8_t)(chance >> 56);
    }
    return (ssize_t)len;
}

static uint32_t next_random(struct sim *sim)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 17;
    sim->random ^= sim->random << 5;
    return sim->random;
}

static void carry(struct sim *sim, const struct network *net, const struct flight *like, const void *data, size_t len)
{
    if (next_random(sim) % 100 < net->loss_percent)
        return;
    for (unsigned i = 0; i < FLIGHT_MAX; i++) {
        struct flight *flight = &sim->flights[i];
        if (flight->due_us)
            continue;
        *flight = *like;
        flight->due_us = sim->fake->now_us + net->delay_us + (net->jitter_us ? next_random(sim) % net->jitter_us : 0);
        flight->len = len;
        memcpy(flight->data, data, len);
        return;
    }
    fail_msg("too much in flight");
}

/* --- the publisher --- */

static void send_packet(struct sim *sim, const struct mark *mark, uint32_t timestamp)
{
    uint8_t payload[1100];
    struct sent *sent = &sim->sent[sim->seq % SENT_MAX];
    fc_vp8_payload(payload, sizeof(payload), mark->is_key, mark->index == 0);
    memcpy(payload + 16, mark, sizeof(*mark));
    struct fc_rtp rtp = {.ssrc = FC_IN,
                         .pt = FC_PT,
                         .seq = sim->seq,
                         .timestamp = timestamp,
                         .marker = mark->index + 1 == mark->count,
                         .payload = payload,
                         .payload_len = sizeof(payload)};
    sent->seq = sim->seq++;
    sent->len = fc_build(&rtp, sent->data, sizeof(sent->data));
    struct flight up = {.is_up = true};
    carry(sim, &sim->up, &up, sent->data, sent->len);
}

static void send_frame(struct sim *sim)
{
    bool is_key = sim->wants_key || sim->frame_no % KEY_EVERY == 0;
    struct mark mark = {.frame = sim->frame_no, .count = is_key ? KEY_PACKETS : DELTA_PACKETS, .is_key = is_key};
    for (mark.index = 0; mark.index < mark.count; mark.index++)
        send_packet(sim, &mark, 5000 + sim->frame_no * 3000);
    sim->frame_no++;
    sim->wants_key = false;
}

static void repeat(struct sim *sim, uint16_t seq)
{
    const struct sent *sent = &sim->sent[seq % SENT_MAX];
    struct rtp rtp;
    if (sent->seq != seq || rtp_parse(&rtp, sent->data, sent->len))
        return;
    uint8_t payload[1200], data[1400];
    payload[0] = (uint8_t)(seq >> 8);
    payload[1] = (uint8_t)seq;
    memcpy(payload + 2, rtp_payload(&rtp), rtp.payload_len);
    struct fc_rtp rtx = {.ssrc = FC_IN_RTX,
                         .pt = FC_RTX_PT,
                         .seq = sim->rtx_seq++,
                         .timestamp = rtp.timestamp,
                         .marker = rtp.marker,
                         .payload = payload,
                         .payload_len = rtp.payload_len + 2};
    struct flight up = {.is_up = true};
    carry(sim, &sim->up, &up, data, fc_build(&rtx, data, sizeof(data)));
}

static void publisher_reads(struct sim *sim, const uint8_t *data, size_t len)
{
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_fb fb;
    assert_int_equal(rtcp_iter_init(&it, data, len), ERR_OK);
    while (rtcp_next(&it, &packet)) {
        if (rtcp_fb_parse(&packet, &fb))
            continue;
        if (fb.kind == RTCP_FB_PLI) {
            sim->key_requests++;
            sim->wants_key = true;
        }
        struct rtcp_nack_iter nacks;
        uint16_t seq;
        rtcp_nack_iter_init(&nacks, &fb);
        while (fb.kind == RTCP_FB_NACK && rtcp_nack_next(&nacks, &seq))
            repeat(sim, seq);
    }
}

/* --- the subscriber --- */

static void note_packet(struct sim *sim, uint16_t seq, const uint8_t *payload)
{
    struct mark mark;
    memcpy(&mark, payload + 16, sizeof(mark));
    assert_in_range(mark.index, 0, KEY_PACKETS - 1);
    assert_in_range(mark.frame, 0, FRAMES_MAX - 1);
    uint32_t meaning = mark.frame * 32 + mark.index + 1u;
    uint64_t number = seq_unwrap(&sim->unwrap, seq);
    if (!sim->first_number)
        sim->first_number = number - 100; /* the very first may be overtaken */
    if (number > sim->last_number)
        sim->last_number = number;
    if (number < sim->first_number)
        fail_msg("a number from before the first");
    uint64_t at = number - sim->first_number;
    assert_in_range(at, 0, (1 << 16) - 1); /* the run is shorter than the numbers */
    if (sim->has_number[at])
        assert_int_equal(sim->meaning[at], meaning);
    sim->has_number[at] = true;
    sim->meaning[at] = meaning;

    struct frame *frame = &sim->frames[mark.frame];
    if (!frame->got)
        frame->first_us = sim->fake->now_us;
    frame->count = mark.count;
    frame->is_key = mark.is_key;
    frame->got = (uint8_t)(frame->got + !frame->has[mark.index]);
    frame->has[mark.index] = true;
    if (mark.frame > sim->newest_frame)
        sim->newest_frame = mark.frame;
}

static void subscriber_reads(struct sim *sim, const uint8_t *data, size_t len, bool is_rtcp)
{
    struct rtp rtp;
    if (is_rtcp)
        return;
    assert_int_equal(rtp_parse(&rtp, data, len), ERR_OK);
    const uint8_t *payload = rtp_payload(&rtp);
    uint16_t seq = rtp.seq;
    if (rtp.ssrc == FC_OUT + 1) {
        assert_int_equal(rtp.pt, FC_RTX_PT);
        seq = (uint16_t)((payload[0] << 8) | payload[1]);
        payload += 2;
        sim->packets_rtx++;
    } else {
        assert_int_equal(rtp.ssrc, FC_OUT);
    }
    (void)nack_gen_on_packet(&sim->nack, seq, sim->fake->now_us);
    note_packet(sim, seq, payload);
}

static void ask_key(struct sim *sim)
{
    if (sim->pli_us && sim->fake->now_us - sim->pli_us < 300000)
        return;
    sim->pli_us = sim->fake->now_us;
    uint8_t data[32];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, FC_OUT);
    struct flight back = {.is_back = true, .is_rtcp = true};
    carry(sim, &sim->down, &back, data, wr_len(&wr));
}

static uint32_t next_key(const struct sim *sim)
{
    for (uint32_t i = sim->next_decode; i <= sim->newest_frame; i++)
        if (sim->frames[i].is_key && sim->frames[i].got == sim->frames[i].count)
            return i;
    return 0;
}

/* Like a browser's jitter buffer: frames in order; what does not come in time is given up for a key frame. */
static void decode(struct sim *sim)
{
    for (;;) {
        if (sim->needs_key) {
            uint32_t key = next_key(sim);
            if (!key) {
                ask_key(sim);
                return;
            }
            sim->next_decode = key;
            sim->needs_key = false;
        }
        const struct frame *frame = &sim->frames[sim->next_decode];
        if (frame->got && frame->got == frame->count) {
            sim->decoded++;
            sim->next_decode++;
            continue;
        }
        if (sim->next_decode >= sim->newest_frame)
            return;
        const struct frame *next = &sim->frames[sim->next_decode + 1];
        uint64_t since_us = frame->got ? frame->first_us : next->first_us;
        if (!since_us || sim->fake->now_us - since_us < WAIT_US) {
            if (since_us || next_key(sim) == 0)
                return;
        }
        sim->needs_key = true;
    }
}

static void ask_for_missing(struct sim *sim)
{
    uint16_t seqs[NACK_GEN_BATCH];
    size_t count = nack_gen_poll(&sim->nack, sim->fake->now_us, 0, seqs, NACK_GEN_BATCH);
    if (!count)
        return;
    uint8_t data[1200];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_nack(&wr, 1, FC_OUT, seqs, count);
    assert_false(wr.is_bad);
    struct flight back = {.is_back = true, .is_rtcp = true};
    carry(sim, &sim->down, &back, data, wr_len(&wr));
}

/* --- the world --- */

static void land(struct sim *sim, struct flight *flight)
{
    if (flight->is_up && flight->is_back)
        publisher_reads(sim, flight->data, flight->len);
    else if (flight->is_up)
        fake_rtp(sim->fake, sim->call.pub, flight->data, flight->len);
    else if (flight->is_back)
        fake_rtcp(sim->fake, sim->call.subs[0], flight->data, flight->len);
    else
        subscriber_reads(sim, flight->data, flight->len, flight->is_rtcp);
    flight->due_us = 0;
}

static void step(struct sim *sim)
{
    fake_run(sim->fake, 1000);
    for (unsigned i = 0; i < FLIGHT_MAX; i++)
        if (sim->flights[i].due_us && sim->flights[i].due_us <= sim->fake->now_us)
            land(sim, &sim->flights[i]);
    const struct fake_packet *packet;
    while ((packet = fake_take(sim->fake, sim->call.pub))) {
        struct flight back = {.is_up = true, .is_back = true, .is_rtcp = true};
        carry(sim, &sim->up, &back, packet->data, packet->len);
    }
    while ((packet = fake_take(sim->fake, sim->call.subs[0]))) {
        struct flight down = {.is_rtcp = packet->is_rtcp};
        carry(sim, &sim->down, &down, packet->data, packet->len);
    }
    if (sim->fake->now_us >= sim->next_frame_us) {
        send_frame(sim);
        sim->next_frame_us += FRAME_US;
    }
    if (sim->fake->now_us / 1000 % 10 == 0) {
        ask_for_missing(sim);
        decode(sim);
    }
}

static struct sim *sim_make(unsigned workers, uint32_t seed, struct network up, struct network down)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    assert_non_null(sim);
    chance = seed;
    sim->fake = fake_create(workers);
    sim->call = fc_make(sim->fake, 1);
    sim->up = up;
    sim->down = down;
    sim->random = seed;
    sim->seq = 65000; /* wraps early */
    sim->needs_key = true;
    sim->frame_no = 1; /* 0 = none */
    sim->next_frame_us = sim->fake->now_us;
    nack_gen_init(&sim->nack, NULL);
    return sim;
}

static void run(struct sim *sim, unsigned seconds)
{
    uint64_t until_us = sim->fake->now_us + seconds * 1000000ULL;
    while (sim->fake->now_us < until_us)
        step(sim);
}

/* Numbers never received, but for the newest second. */
static unsigned holes(const struct sim *sim)
{
    unsigned count = 0;
    uint64_t newest = sim->last_number - sim->first_number;
    uint64_t i = 0;
    while (i < newest && !sim->has_number[i])
        i++;
    for (; i + 200 < newest; i++)
        count += !sim->has_number[i];
    return count;
}

static void sim_free(struct sim *sim)
{
    fake_free(sim->fake);
    free(sim);
}

/* One run may lose a key frame's last repeat by bad luck; the mean of the seeds may not be worse than promised. */
static void check(unsigned workers, struct network up, struct network down, unsigned min_percent, unsigned max_keys)
{
    unsigned decoded = 0, frames = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct sim *sim = sim_make(workers, seed * 7919, up, down);
        run(sim, 30);
        unsigned percent = sim->decoded * 100 / sim->frame_no;
        print_message("workers=%u seed=%u frames=%u decoded=%u%% rtx=%u key_requests=%u holes=%u\n", workers, seed,
                      sim->frame_no, percent, sim->packets_rtx, sim->key_requests, holes(sim));
        decoded += sim->decoded;
        frames += sim->frame_no;
        assert_in_range(percent, min_percent - 5, 100);
        assert_in_range(sim->key_requests, 1, max_keys);
        assert_in_range(holes(sim), 0, 50); /* before a key frame: nobody asks for them any more */
        sim_free(sim);
    }
    assert_in_range(decoded * 100 / frames, min_percent, 100);
}

static void test_clean(void **state)
{
    (void)state;
    struct network net = {.delay_us = 20000};
    check(1, net, net, 99, 2);
    check(2, net, net, 99, 2);
}

static void test_loss_to_the_subscriber(void **state)
{
    (void)state;
    struct network up = {.delay_us = 20000}, down = {.loss_percent = 5, .delay_us = 25000, .jitter_us = 3000};
    check(1, up, down, 98, 4);
    check(2, up, down, 98, 4);
}

static void test_loss_from_the_publisher(void **state)
{
    (void)state;
    struct network up = {.loss_percent = 5, .delay_us = 25000, .jitter_us = 3000}, down = {.delay_us = 20000};
    check(1, up, down, 98, 4);
    check(2, up, down, 98, 4);
}

static void test_loss_both_ways(void **state)
{
    (void)state;
    struct network net = {.loss_percent = 10, .delay_us = 30000, .jitter_us = 10000};
    check(2, net, net, 85, 20); /* a fifth of all packets does not arrive at first */
}

static void mute(struct sim *sim, bool is_paused)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_PAUSE, .peer_id = sim->call.pub->id};
    cmd.u.track_pause.track_id = sim->call.track_id;
    cmd.u.track_pause.is_paused = is_paused;
    fake_cmd(sim->fake, 0, &cmd);
}

/* Muted and unmuted every other second: the subscriber's numbers go on without a hole for it. */
static void test_mutes(void **state)
{
    (void)state;
    struct network net = {.loss_percent = 3, .delay_us = 20000, .jitter_us = 5000};
    struct sim *sim = sim_make(2, 4711, net, net);
    for (unsigned i = 0; i < 10; i++) {
        run(sim, 1);
        mute(sim, true);
        run(sim, 1);
        mute(sim, false);
    }
    run(sim, 3);
    print_message("decoded=%u of %u, key_requests=%u holes=%u\n", sim->decoded, sim->frame_no, sim->key_requests,
                  holes(sim));
    assert_in_range(sim->decoded, 270, 450); /* 13 s of 30, less the way of each key frame */
    assert_in_range(holes(sim), 0, 200);     /* what was lost on the way when the switch came is not repeated */
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_loss_to_the_subscriber),
        cmocka_unit_test(test_loss_from_the_publisher),
        cmocka_unit_test(test_loss_both_ways),
        cmocka_unit_test(test_mutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
