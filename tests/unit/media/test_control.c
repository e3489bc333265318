/* The control side: placement, candidates, ids, and that what ends something is never refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "media/candidates.h"
#include "media/place.h"
#include "media/rate.h"
#include "party.h"

/* --- placement --- */

static void test_call_stays_together(void **state)
{
    (void)state;
    struct place *place = place_create(4, 1000, false);
    uint16_t first, worker;
    assert_int_equal(place_choose(place, 1, &first), ERR_OK);
    place_bind(place, 1, 1, first);
    for (uint64_t peer = 2; peer <= 80; peer++) {
        assert_int_equal(place_choose(place, 1, &worker), ERR_OK);
        assert_int_equal(worker, first);
        place_bind(place, peer, 1, worker);
    }
    assert_int_equal(place_choose(place, 2, &worker), ERR_OK); /* another call: where nobody is */
    assert_int_not_equal(worker, first);
    for (uint64_t peer = 1; peer <= 80; peer++) {
        place_release(place, peer);
        place_release(place, peer); /* twice is once */
    }
    assert_int_equal(place_load(place, first), 0);
    place_free(place);
}

static void test_large_call_spreads(void **state)
{
    (void)state;
    struct place *place = place_create(2, 1000, false);
    uint16_t worker;
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(place_choose(place, 1, &worker), ERR_OK);
    unsigned a = place_load(place, 0), b = place_load(place, 1);
    assert_int_equal(a + b, 500);
    assert_true((a > b ? a - b : b - a) < 150);
    place_free(place);
}

static void test_busy_worker_is_spared(void **state)
{
    (void)state;
    struct place *place = place_create(3, 1000, false);
    uint16_t first, worker;
    assert_int_equal(place_choose(place, 1, &first), ERR_OK);
    place_set_busy(place, first, 499);
    assert_int_equal(place_choose(place, 1, &worker), ERR_OK); /* works, but nobody waits */
    assert_int_equal(worker, first);
    for (unsigned i = 0; i < 3; i++)
        place_set_busy(place, i, i == first ? 600 : 450);
    assert_int_equal(place_choose(place, 1, &worker), ERR_OK); /* the others are hardly better off */
    assert_int_equal(worker, first);
    for (unsigned i = 0; i < 3; i++)
        place_set_busy(place, i, i == first ? 600 : 390 + 5 * i);
    assert_int_equal(place_choose(place, 1, &worker), ERR_OK);
    assert_int_not_equal(worker, first);
    assert_int_equal(place_choose(place, 2, &worker), ERR_OK); /* a new call */
    assert_int_not_equal(worker, first);
    place_set_busy(place, 3, 1); /* there is none */
    place_free(place);
}

static void test_spread_is_round_robin(void **state)
{
    (void)state;
    struct place *place = place_create(3, 2, true);
    uint16_t worker;
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(place_choose(place, 1, &worker), ERR_OK);
        assert_int_equal(worker, i % 3);
    }
    assert_int_equal(place_choose(place, 1, &worker), ERR_LIMIT);
    place_uncount(place, 1, 1);
    assert_int_equal(place_choose(place, 9, &worker), ERR_OK);
    assert_int_equal(worker, 1);
    place_free(place);
}

/* --- candidates --- */

static void test_announced_addresses(void **state)
{
    (void)state;
    static char texts[4][16] = {"203.0.113.9", "no address", "2001:db8::7", "203.0.113.9"};
    char *items[] = {texts[0], texts[1], texts[2], texts[3]};
    struct conf conf = {.media.announce = {.items = items, .count = 4}};
    struct media_candidate out[4];
    assert_int_equal(candidates_make(&conf, 7882, false, out, 4), 2);
    assert_string_equal(out[0].ip, "203.0.113.9");
    assert_string_equal(out[1].ip, "2001:db8::7");
    assert_int_equal(out[0].port, 7882);
    assert_true(out[0].priority > out[1].priority);
    assert_int_equal(out[0].priority >> 24, 126);
    assert_int_equal(out[0].priority & 0xff, 255);
    assert_string_not_equal(out[0].foundation, out[1].foundation);
    assert_int_equal(candidates_make(&conf, 7882, true, out, 4), 1); /* the socket takes no IPv6 */
    assert_int_equal(candidates_make(&conf, 7882, false, out, 1), 1);
}

static void test_addresses_of_interfaces(void **state)
{
    (void)state;
    struct conf conf = {.media.announce_loopback = true};
    struct media_candidate out[MEDIA_CANDIDATES_MAX];
    size_t count = candidates_make(&conf, 7882, false, out, MEDIA_CANDIDATES_MAX);
    bool has_loopback = false;
    for (size_t i = 0; i < count; i++)
        has_loopback |= strcmp(out[i].ip, "127.0.0.1") == 0;
    assert_true(has_loopback);
    char one[] = "127.0.0.1";
    conf.media.bind = one;
    assert_int_equal(candidates_make(&conf, 7882, false, out, MEDIA_CANDIDATES_MAX), 1);
    assert_string_equal(out[0].ip, "127.0.0.1");
}

/* --- rate --- */

static void test_rate(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 10, 5, 1000);
    for (unsigned i = 0; i < 5; i++)
        assert_true(rate_take(&rate, 1, 1000));
    assert_false(rate_take(&rate, 1, 1000));
    assert_false(rate_take(&rate, 1, 1000 + 99999));
    assert_true(rate_take(&rate, 1, 1000 + 100000));
    assert_false(rate_take(&rate, 1, 1000 + 100000));
    assert_true(rate_take(&rate, 5, 1000 + 3600000000ULL)); /* never more than the burst */
    assert_false(rate_take(&rate, 1, 1000 + 3600000000ULL));
}

/* --- media.h --- */

static void test_two_workers_two_ports(void **state)
{
    (void)state;
    struct stage *stage = stage_create(2, "spread");
    struct media_candidate a, b;
    assert_int_equal(media_worker_count(stage->media), 2);
    assert_int_equal(media_candidates(stage->media, 0, &a, 1), 1);
    assert_int_equal(media_candidates(stage->media, 1, &b, 1), 1);
    assert_int_equal(media_candidates(stage->media, 2, &b, 1), 0);
    assert_int_not_equal(a.port, b.port);
    assert_int_equal(strlen(media_fingerprint(stage->media)), 95);
    assert_true(media_new_id(stage->media) != media_new_id(stage->media));
    uint16_t first, second;
    assert_int_equal(media_place(stage->media, 1, &first), ERR_OK);
    assert_int_equal(media_place(stage->media, 1, &second), ERR_OK);
    assert_int_not_equal(first, second);
    stage_free(stage);
}

static bool has_no_peer(void *ctx)
{
    const struct stage *stage = ctx;
    return metric_get(&stage->metrics, METRIC_MEDIA_PEERS) == 0;
}

/* Far more endings at once than the queue holds; the last of them is a real one, behind all the others. */
static void test_endings_are_never_refused(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *party = party_join(stage, 1, 1, 0);
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_DEL, .peer_id = party->peer_id};
    for (uint64_t i = 0; i < 20 * MEDIA_CMDS_MAX; i++) {
        cmd.u.sub_del.sub_id = 1000 + i;
        assert_int_equal(media_post(stage->media, 0, &cmd), ERR_OK);
    }
    party_leave(party);
    stage_until(stage, has_no_peer, stage);
    assert_int_equal(media_post(stage->media, 1, &cmd), ERR_INVALID); /* no such worker */
    /* And the queue takes new things again. */
    struct party *next = party_make(stage, 1, 2, 0);
    party_connect(next);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_stays_together),
        cmocka_unit_test(test_large_call_spreads),
        cmocka_unit_test(test_busy_worker_is_spared),
        cmocka_unit_test(test_spread_is_round_robin),
        cmocka_unit_test(test_announced_addresses),
        cmocka_unit_test(test_addresses_of_interfaces),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_two_workers_two_ports),
        cmocka_unit_test(test_endings_are_never_refused),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
