/* What a received track counts: gaps, repairs, losses, repetitions, wrong content; and the sender that feeds it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "client/receiver.h"
#include "client/sender.h"

#define USER 7
#define QUEUE_MAX 400
#define T0 10000000ull

/* A sender whose packets are kept, and a receiver of the same track. */
struct pair {
    struct sender_shared shared;
    struct sender *sender;
    struct receiver *receiver;
    struct {
        uint8_t data[1600];
        size_t len;
    } out[QUEUE_MAX];
    unsigned count;
    struct rtcp_sr last_sr;
    uint64_t now_us;
};

static bool on_send(void *ctx, bool is_rtcp, uint8_t *data, size_t len, size_t size)
{
    struct pair *pair = ctx;
    (void)size;
    if (is_rtcp) {
        struct rtcp_iter it;
        struct rtcp rtcp;
        assert_int_equal(rtcp_iter_init(&it, data, len), ERR_OK);
        assert_true(rtcp_next(&it, &rtcp));
        assert_int_equal(rtcp_parse_sr(&rtcp, &pair->last_sr), ERR_OK);
        return true;
    }
    assert_in_range(pair->count, 0, QUEUE_MAX - 1);
    memcpy(pair->out[pair->count].data, data, len);
    pair->out[pair->count++].len = len;
    return true;
}

static struct pair *make_pair(enum client_kind kind)
{
    struct pair *pair = test_calloc(1, sizeof(*pair));
    struct describe_line line;
    describe_own_line(&line, kind, 0);
    line.exts = (struct describe_exts){.mid = 1, .audio_level = 2, .twcc = 3};
    strcpy(line.cname, "cname");
    pair->shared = (struct sender_shared){.user_id = USER, .ctx = pair, .send = on_send};
    pair->sender = sender_create(&pair->shared, &line, &(struct member_opts){.video_bps = 400000});
    pair->receiver = receiver_create(&line);
    pair->receiver->stats.user_id = USER;
    pair->receiver->stats.kind = kind;
    pair->now_us = T0;
    return pair;
}

static void free_pair(struct pair *pair)
{
    sender_free(pair->sender);
    receiver_free(pair->receiver);
    test_free(pair);
}

static void run(struct pair *pair, unsigned ms)
{
    for (unsigned i = 0; i < ms; i += 5) {
        pair->now_us += 5000;
        sender_tick(pair->sender, pair->now_us, 0);
    }
}

static void deliver(struct pair *pair, unsigned at)
{
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, pair->out[at].data, pair->out[at].len), ERR_OK);
    if (rtp.ssrc == pair->receiver->line.ssrc)
        receiver_on_rtp(pair->receiver, &rtp, pair->now_us);
    else
        receiver_on_rtx(pair->receiver, &rtp, pair->now_us);
}

static void test_clean(void **state)
{
    (void)state;
    for (enum client_kind kind = CLIENT_AUDIO; kind <= CLIENT_VIDEO; kind++) {
        struct pair *pair = make_pair(kind);
        run(pair, 3000);
        assert_int_equal(pair->sender->stats.frames, kind == CLIENT_AUDIO ? 150 : 75);
        receiver_on_sr(pair->receiver, &pair->last_sr, pair->now_us);
        for (unsigned i = 0; i < pair->count; i++)
            deliver(pair, i);
        const struct client_recv *stats = &pair->receiver->stats;
        assert_int_equal(stats->packets, pair->count);
        assert_int_equal(stats->stamps, pair->count);
        assert_int_equal(stats->lost + stats->missing + stats->duplicates + stats->wrong_stamps, 0);
        assert_int_equal(stats->content_gaps + stats->wrong_times, 0);
        assert_int_equal(stats->keyframes, kind == CLIENT_AUDIO ? 0 : 1);
        assert_int_equal(stats->frames, pair->sender->stats.frames);
        assert_in_range(stats->sync_error_us + 1000, 0, 2000);
        free_pair(pair);
    }
}

static void test_loss_and_repair(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_VIDEO);
    run(pair, 1000);
    unsigned sent = pair->count;
    for (unsigned i = 0; i < sent; i++) {
        if (i != 10 && i != 11 && i != 20)
            deliver(pair, i);
    }
    struct client_recv *stats = &pair->receiver->stats;
    assert_int_equal(stats->missing, 3);
    uint16_t seqs[16];
    assert_int_equal(receiver_poll_nack(pair->receiver, pair->now_us, seqs, 16), 0); /* may be reordering */
    pair->now_us += 15000;
    assert_int_equal(receiver_poll_nack(pair->receiver, pair->now_us, seqs, 16), 3);
    assert_int_equal(receiver_poll_nack(pair->receiver, pair->now_us, seqs, 16), 0); /* asked already */

    sender_on_nack(pair->sender, seqs[0]);
    sender_on_nack(pair->sender, seqs[1]);
    sender_on_nack(pair->sender, (uint16_t)(seqs[0] - 600)); /* too old */
    assert_int_equal(pair->sender->stats.nacked, 3);
    assert_int_equal(pair->sender->stats.resent, 2);
    deliver(pair, sent);
    deliver(pair, sent + 1);
    assert_int_equal(stats->rtx, 2);
    assert_int_equal(stats->recovered, 2);
    assert_int_equal(stats->missing, 1);
    assert_int_equal(stats->wrong_stamps, 0);
    deliver(pair, sent); /* the retransmission again */
    assert_int_equal(stats->duplicates, 1);

    pair->now_us += 1000001;
    assert_int_equal(receiver_poll_nack(pair->receiver, pair->now_us, seqs, 16), 0);
    assert_int_equal(stats->lost, 1);
    assert_int_equal(stats->missing, 0);
    assert_false(receiver_poll_pli(pair->receiver, pair->now_us)); /* the picture is broken from now on */
    assert_true(receiver_poll_pli(pair->receiver, pair->now_us + 500000));
    assert_false(receiver_poll_pli(pair->receiver, pair->now_us + 500001));
    struct rtcp_report_block block;
    assert_true(receiver_report(pair->receiver, pair->now_us, &block));
    assert_int_equal(block.cumulative_lost, 1);
    free_pair(pair);
}

static void test_wrap_and_reordering(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_AUDIO);
    pair->sender->seq = 65500;
    run(pair, 2000);
    for (unsigned i = 0; i + 1 < pair->count; i += 2) { /* neighbours swapped */
        deliver(pair, i + 1);
        deliver(pair, i);
    }
    const struct client_recv *stats = &pair->receiver->stats;
    /* The very first packet was older than the one that began the stream. */
    assert_int_equal(stats->packets, pair->count - 1);
    assert_int_equal(stats->duplicates, 1);
    assert_int_equal(stats->recovered, pair->count / 2 - 1);
    assert_int_equal(stats->lost + stats->missing, 0);
    free_pair(pair);
}

static void test_huge_gap_is_bounded(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_AUDIO);
    run(pair, 200);
    deliver(pair, 0);
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, pair->out[1].data, pair->out[1].len), ERR_OK);
    rtp.seq = (uint16_t)(rtp.seq + 20000);
    receiver_on_rtp(pair->receiver, &rtp, pair->now_us);
    assert_int_equal(pair->receiver->stats.missing, RECEIVER_MISSING_MAX);
    assert_int_equal(pair->receiver->stats.lost + pair->receiver->stats.missing, 20000);
    free_pair(pair);
}

static void test_wrong_content_is_seen(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_AUDIO);
    run(pair, 500);
    deliver(pair, 0);
    deliver(pair, 1);
    pair->receiver->stats.user_id = USER + 1; /* as if the server had mixed members up */
    deliver(pair, 2);
    assert_int_equal(pair->receiver->stats.wrong_stamps, 1);
    pair->receiver->stats.user_id = USER;
    deliver(pair, 3);

    /* Content left out behind closed-up numbers, and a timestamp that does not follow. */
    struct rtp rtp;
    assert_int_equal(rtp_parse(&rtp, pair->out[6].data, pair->out[6].len), ERR_OK);
    rtp.seq = (uint16_t)(rtp.seq - 2);
    receiver_on_rtp(pair->receiver, &rtp, pair->now_us);
    assert_int_equal(pair->receiver->stats.content_gaps, 1);
    assert_int_equal(rtp_parse(&rtp, pair->out[7].data, pair->out[7].len), ERR_OK);
    rtp.seq = (uint16_t)(rtp.seq - 2);
    rtp.timestamp += 4800;
    receiver_on_rtp(pair->receiver, &rtp, pair->now_us);
    assert_int_equal(pair->receiver->stats.wrong_times, 1);
    free_pair(pair);
}

static void test_keyframe_on_request(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_VIDEO);
    run(pair, 500);
    assert_int_equal(pair->sender->stats.keyframes, 1);
    sender_on_keyframe_request(pair->sender);
    run(pair, 100);
    assert_int_equal(pair->sender->stats.keyframes, 2);
    assert_int_equal(pair->sender->stats.plis, 1);
    free_pair(pair);
}

static void test_asks_until_a_keyframe_comes(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_VIDEO);
    run(pair, 1000);
    unsigned at = 0;
    while (pair->out[at].len > 1000)
        at++; /* the key frame, in several packets, never came */
    for (unsigned i = at + 1; i < pair->count; i++)
        deliver(pair, i);
    assert_int_equal(pair->receiver->stats.keyframes, 0);
    assert_false(receiver_poll_pli(pair->receiver, pair->now_us));
    pair->now_us += 500000;
    assert_true(receiver_poll_pli(pair->receiver, pair->now_us));
    sender_on_keyframe_request(pair->sender);
    unsigned from = pair->count;
    run(pair, 100);
    for (unsigned i = from; i < pair->count; i++)
        deliver(pair, i);
    assert_int_equal(pair->receiver->stats.keyframes, 1);
    assert_false(receiver_poll_pli(pair->receiver, pair->now_us + 10000000));
    free_pair(pair);
}

static void test_a_stall_makes_no_burst(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_AUDIO);
    run(pair, 200);
    pair->now_us += 5000000;
    unsigned before = pair->count;
    sender_tick(pair->sender, pair->now_us, 0);
    assert_in_range(pair->count - before, 1, 12);
    for (unsigned i = 0; i < pair->count; i++)
        deliver(pair, i);
    assert_int_equal(pair->receiver->stats.wrong_times, 0); /* the RTP clock went on meanwhile */
    free_pair(pair);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct pair *pair = make_pair(CLIENT_AUDIO);
    run(pair, 500);
    struct rtcp_report_block block = {
        .lsr = (uint32_t)(pair->last_sr.ntp >> 16), .dlsr = 65536 / 10, .cumulative_lost = 3};
    uint64_t sent_us = pair->now_us; /* at most 400 ms after the report */
    sender_on_report(pair->sender, &block, sent_us + 200000);
    assert_int_equal(pair->sender->stats.remote_lost, 3);
    assert_in_range(pair->sender->stats.rtt_us, 100000, 500001);
    free_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_loss_and_repair),
        cmocka_unit_test(test_wrap_and_reordering),
        cmocka_unit_test(test_huge_gap_is_bounded),
        cmocka_unit_test(test_wrong_content_is_seen),
        cmocka_unit_test(test_keyframe_on_request),
        cmocka_unit_test(test_asks_until_a_keyframe_comes),
        cmocka_unit_test(test_a_stall_makes_no_burst),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
