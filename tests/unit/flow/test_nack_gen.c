/* NACK generation: when a number is asked for, how often, and when it is given up. */
#include "flow/nack_gen.h"

#include "../proto/tool.h"

#define MS 1000ull
#define RTT (50 * 1000)

static struct nack_gen gen;

static void start(uint16_t seq)
{
    nack_gen_init(&gen, NULL);
    assert_int_equal(nack_gen_on_packet(&gen, seq, 1), NACK_GEN_IN_ORDER);
}

static size_t poll_at(uint64_t now_us, uint16_t *out)
{
    return nack_gen_poll(&gen, now_us, RTT, out, NACK_GEN_BATCH);
}

static void asks_after_a_moment_then_every_rtt(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_BATCH];
    start(65534);
    assert_true(nack_gen_is_idle(&gen));
    nack_gen_on_packet(&gen, 2, 100 * MS); /* 65535, 0, 1 are missing */
    assert_int_equal(poll_at(109 * MS, out), 0);
    assert_int_equal(poll_at(110 * MS, out), 3);
    assert_int_equal(out[0], 65535);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], 1);
    assert_int_equal(poll_at(159 * MS, out), 0);
    assert_int_equal(nack_gen_on_packet(&gen, 0, 159 * MS), NACK_GEN_RECOVERED);
    assert_int_equal(nack_gen_on_packet(&gen, 0, 159 * MS), NACK_GEN_STALE);
    assert_int_equal(poll_at(160 * MS, out), 2);
    assert_int_equal(out[1], 1);
    assert_int_equal(poll_at(222 * MS, out), 0); /* the third time after 1.25 RTT, then 1.5 */
    assert_int_equal(poll_at(223 * MS, out), 2);
    assert_int_equal(poll_at(297 * MS, out), 0);
    nack_gen_on_packet(&gen, 65535, 161 * MS);
    nack_gen_on_packet(&gen, 1, 161 * MS);
    assert_true(nack_gen_is_idle(&gen));
    assert_false(nack_gen_take_keyframe_request(&gen));
    assert_int_equal(gen.recovered, 3);
}

static void reordering_is_not_asked_for(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_BATCH];
    start(1);
    nack_gen_on_packet(&gen, 3, 5 * MS);
    nack_gen_on_packet(&gen, 2, 9 * MS);
    assert_int_equal(poll_at(100 * MS, out), 0);
}

static void gives_up_for_a_key_frame(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_BATCH];
    unsigned tries = 0;
    start(1);
    nack_gen_on_packet(&gen, 3, 1 * MS);
    for (uint64_t now = 1; now < 3000; now += 5)
        tries += (unsigned)nack_gen_poll(&gen, now * MS, 1 * MS, out, NACK_GEN_BATCH);
    assert_int_equal(tries, 10);
    assert_true(nack_gen_is_idle(&gen));
    assert_true(nack_gen_take_keyframe_request(&gen));
    assert_false(nack_gen_take_keyframe_request(&gen));
    assert_int_equal(gen.given_up, 1);
    assert_int_equal(nack_gen_on_packet(&gen, 2, 3000 * MS), NACK_GEN_STALE);
}

static void age_ends_it_too(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_BATCH];
    start(1);
    nack_gen_on_packet(&gen, 3, 1 * MS);
    assert_int_equal(nack_gen_poll(&gen, 900 * MS, 400 * MS, out, 10), 1);
    assert_int_equal(nack_gen_poll(&gen, 1001 * MS, 400 * MS, out, 10), 0);
    assert_true(nack_gen_is_idle(&gen));
    assert_true(nack_gen_take_keyframe_request(&gen));
}

static void a_key_frame_forgets_what_is_older(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_BATCH];
    start(65530);
    nack_gen_on_packet(&gen, 4, 1 * MS);
    nack_gen_on_keyframe(&gen, 1);
    assert_int_equal(poll_at(50 * MS, out), 3);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[2], 3);
}

static void overrun_clears_the_list(void **state)
{
    (void)state;
    uint16_t out[NACK_GEN_MAX];
    start(0);
    nack_gen_on_packet(&gen, NACK_GEN_MAX + 1, 1 * MS); /* exactly full */
    assert_int_equal(gen.count, NACK_GEN_MAX);
    assert_int_equal(nack_gen_poll(&gen, 50 * MS, RTT, out, NACK_GEN_BATCH), NACK_GEN_BATCH); /* no more than asked */
    nack_gen_on_packet(&gen, NACK_GEN_MAX + 3, 2 * MS);
    assert_true(nack_gen_is_idle(&gen));
    assert_true(nack_gen_take_keyframe_request(&gen));
    start(0);
    nack_gen_on_packet(&gen, 30000, 1 * MS);
    assert_true(nack_gen_is_idle(&gen));
    assert_true(nack_gen_take_keyframe_request(&gen));
}

/* With loss and a faithful sender everything comes in the end, each number asked for while it is missing only. */
static void lossy_stream_recovers(void **state)
{
    (void)state;
    struct prng prng = {.state = 21};
    static uint8_t has[70000];
    uint16_t out[NACK_GEN_BATCH];
    memset(has, 0, sizeof(has));
    start(0);
    has[0] = 1;
    for (unsigned i = 1; i < 69000; i++) {
        uint64_t now = i * MS;
        bool is_lost = prng_below(&prng, 100) < 5 && i < 68000;
        if (!is_lost) {
            has[i] = 1;
            assert_int_equal(nack_gen_on_packet(&gen, (uint16_t)i, now), NACK_GEN_IN_ORDER);
        }
        size_t n = nack_gen_poll(&gen, now, 20 * 1000, out, NACK_GEN_BATCH);
        for (size_t k = 0; k < n; k++) {
            unsigned missing = i - (uint16_t)(i - out[k]);
            assert_false(has[missing]);
            if (prng_below(&prng, 100) < 70) {
                has[missing] = 1;
                assert_int_equal(nack_gen_on_packet(&gen, out[k], now), NACK_GEN_RECOVERED);
            }
        }
    }
    for (unsigned i = 0; i < 69000; i++)
        assert_true(has[i]);
    assert_int_equal(gen.given_up, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_after_a_moment_then_every_rtt),
        cmocka_unit_test(reordering_is_not_asked_for),
        cmocka_unit_test(gives_up_for_a_key_frame),
        cmocka_unit_test(age_ends_it_too),
        cmocka_unit_test(a_key_frame_forgets_what_is_older),
        cmocka_unit_test(overrun_clears_the_list),
        cmocka_unit_test(lossy_stream_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
