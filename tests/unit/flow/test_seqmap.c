/* The sequence map: arithmetic over the wrap, drops, losses, late packets, switches, the way back. */
#include "flow/seqmap.h"

#include "../proto/tool.h"

static void arithmetic(void **state)
{
    (void)state;
    assert_true(seq_newer(1, 0));
    assert_true(seq_newer(0, 65535));
    assert_true(seq_newer(32767, 0));
    assert_false(seq_newer(32768, 0));
    assert_false(seq_newer(5, 5));
    assert_int_equal(seq_diff(2, 65535), 3);
    assert_int_equal(seq_diff(65535, 2), -3);
    assert_true(timestamp_newer(1, 0xffffffff));
    assert_false(timestamp_newer(0xffffffff, 1));
}

static void unwraps_over_many_turns(void **state)
{
    (void)state;
    struct prng prng = {.state = 1};
    struct seq_unwrap unwrap = {0};
    uint64_t truth = 70000, first = 0, first_truth = 0, newest = 0;
    for (unsigned i = 0; i < 300000; i++) {
        uint64_t jitter = prng_below(&prng, 1000);
        uint64_t got = seq_unwrap(&unwrap, (uint16_t)(truth - jitter));
        if (i == 0) {
            first = got;
            first_truth = truth - jitter;
        }
        assert_true(got - first == truth - jitter - first_truth);
        newest = got > newest ? got : newest;
        assert_true(unwrap.newest == newest);
        truth += prng_below(&prng, 5);
    }
}

static struct seqmap_out map_ok(struct seqmap *map, uint16_t seq, uint32_t timestamp, uint64_t now_us)
{
    struct seqmap_out out;
    assert_int_equal(seqmap_map(map, seq, timestamp, now_us, &out), ERR_OK);
    return out;
}

static void check_back(const struct seqmap *map, uint16_t out_seq, uint32_t source, uint16_t in_seq)
{
    struct seqmap_in in;
    assert_int_equal(seqmap_back(map, out_seq, &in), ERR_OK);
    assert_int_equal(in.source, source);
    assert_int_equal(in.seq, in_seq);
}

static void drops_close_up_and_losses_stay_open(void **state)
{
    (void)state;
    struct seqmap map;
    struct seqmap_out out;
    struct seqmap_in in;
    seqmap_init(&map, 1000, 5000, 90000);
    assert_int_equal(seqmap_back(&map, 1000, &in), ERR_NOT_FOUND);
    assert_false(seqmap_is_synced(&map));
    seqmap_switch(&map, 7);
    out = map_ok(&map, 65534, 90000, 1);
    assert_int_equal(out.seq, 1000);
    assert_int_equal(out.timestamp, 5000);
    assert_true(seqmap_is_synced(&map));
    seqmap_drop(&map, 65535);
    assert_int_equal(map_ok(&map, 0, 93000, 1).seq, 1001);
    /* 1 is lost, 2 comes, then 1 late */
    assert_int_equal(map_ok(&map, 2, 93000, 1).seq, 1003);
    assert_int_equal(map_ok(&map, 1, 93000, 1).seq, 1002);
    /* 3 lost, 4 and 5 dropped, 6 comes; 3 late */
    seqmap_drop(&map, 4);
    seqmap_drop(&map, 5);
    out = map_ok(&map, 6, 96000, 1);
    assert_int_equal(out.seq, 1005);
    assert_int_equal(out.timestamp, 11000);
    assert_int_equal(map_ok(&map, 3, 96000, 1).seq, 1004);
    assert_int_equal(seqmap_map(&map, 4, 0, 1, &out), ERR_NOT_FOUND);
    assert_int_equal(seqmap_map(&map, 65535, 0, 1, &out), ERR_NOT_FOUND);
    assert_int_equal(seqmap_map(&map, 65533, 0, 1, &out), ERR_NOT_FOUND); /* from before the start */
    check_back(&map, 1000, 7, 65534);
    check_back(&map, 1001, 7, 0);
    check_back(&map, 1002, 7, 1);
    check_back(&map, 1004, 7, 3);
    check_back(&map, 1005, 7, 6);
    assert_int_equal(seqmap_back(&map, 1006, &in), ERR_NOT_FOUND);
    assert_int_equal(seqmap_back(&map, 999, &in), ERR_NOT_FOUND);
    /* a drop of what was promised changes nothing */
    seqmap_drop(&map, 2);
    assert_int_equal(map_ok(&map, 7, 96000, 1).seq, 1006);
}

static void a_switch_goes_on(void **state)
{
    (void)state;
    struct seqmap map;
    struct seqmap_out out;
    seqmap_init(&map, 65535, 0xfffffff0, 90000);
    seqmap_switch(&map, 1);
    assert_int_equal(map_ok(&map, 10, 1000, 1000000).seq, 65535);
    assert_int_equal(map_ok(&map, 11, 4000, 1033333).seq, 0);
    seqmap_switch(&map, 2);
    assert_false(seqmap_is_synced(&map));
    seqmap_drop(&map, 900);                  /* before the first packet of the new source: nothing to close */
    out = map_ok(&map, 40000, 777, 1133333); /* 100 ms later: 9000 ticks */
    assert_int_equal(out.seq, 1);
    assert_int_equal(out.timestamp, 0xfffffff0u + 3000 + 9000);
    assert_int_equal(seqmap_timestamp(&map, 777 + 90), out.timestamp + 90);
    assert_int_equal(seqmap_map(&map, 39999, 776, 1133334, &out), ERR_NOT_FOUND);
    check_back(&map, 65535, 1, 10);
    check_back(&map, 0, 1, 11);
    check_back(&map, 1, 2, 40000);
    /* at the same instant the time still moves */
    seqmap_switch(&map, 3);
    assert_int_equal(map_ok(&map, 5, 123456, 1133333).timestamp, 0xfffffff0u + 12001);
    /* a drop at the tail, then a switch: no gap */
    seqmap_drop(&map, 6);
    seqmap_switch(&map, 1);
    assert_int_equal(map_ok(&map, 500, 0, 1133333).seq, 3);
}

/* What an old source still owed at the switch is not waited for. */
static void a_switch_ends_old_debts(void **state)
{
    (void)state;
    struct seqmap map;
    struct seqmap_out out;
    seqmap_init(&map, 0, 0, 90000);
    seqmap_switch(&map, 1);
    for (uint16_t i = 10; i < 1000; i++)
        assert_int_equal(map_ok(&map, i, 0, 1).seq, i - 10);
    seqmap_drop(&map, 1001); /* 1000 is lost */
    seqmap_switch(&map, 2);
    assert_int_equal(map_ok(&map, 500, 0, 1).seq, 990);
    check_back(&map, 989, 1, 999);
    check_back(&map, 990, 2, 500);
    /* a late packet of the new source has no number, though the old one had such a number */
    assert_int_equal(seqmap_map(&map, 400, 0, 1, &out), ERR_NOT_FOUND);
    assert_int_equal(map_ok(&map, 501, 0, 1).seq, 991);
}

static void too_late_is_too_late(void **state)
{
    (void)state;
    struct seqmap map;
    struct seqmap_out out;
    seqmap_init(&map, 0, 0, 90000);
    for (unsigned i = 0; i <= SEQMAP_WINDOW + 10; i++) {
        if (i != 5 && i != 100)
            assert_int_equal(map_ok(&map, (uint16_t)i, 0, 1).seq, i);
    }
    assert_int_equal(seqmap_map(&map, 5, 0, 1, &out), ERR_NOT_FOUND);
    assert_int_equal(map_ok(&map, 100, 0, 1).seq, 100);
}

/* A model: packets with loss, reordering and drops. What is sent in source order has consecutive numbers but for
 * losses; the map is one to one; each number leads back. */
static void random_streams(void **state)
{
    (void)state;
    struct prng prng = {.state = 12345};
    for (unsigned round = 0; round < 60; round++) {
        enum { N = 3000 };
        static uint16_t out_of[N];
        static uint8_t fate[N]; /* 0 sent, 1 dropped, 2 lost */
        static uint32_t order[N];
        struct seqmap map;
        uint16_t in_base = (uint16_t)prng_next(&prng);
        uint16_t out_base = (uint16_t)prng_next(&prng);
        unsigned drop = prng_below(&prng, 60), loss = prng_below(&prng, 20), swap = prng_below(&prng, 10);
        for (uint32_t i = 0; i < N; i++) {
            order[i] = i;
            fate[i] = i == 0 ? 0 : prng_below(&prng, 100) < loss ? 2 : prng_below(&prng, 100) < drop ? 1 : 0;
        }
        for (uint32_t i = 1; i + 1 < N; i++) { /* only what is sent comes late: a late drop keeps its number */
            if (prng_below(&prng, 100) < swap && fate[i] == 0 && fate[i + 1] == 0) {
                order[i] = i + 1;
                order[i + 1] = i;
                i++;
            }
        }
        seqmap_init(&map, out_base, 0, 90000);
        seqmap_switch(&map, round);
        uint32_t sent = 0;
        for (uint32_t i = 0; i < N; i++) {
            uint32_t k = order[i];
            uint16_t in_seq = (uint16_t)(in_base + k);
            if (fate[k] == 1)
                seqmap_drop(&map, in_seq);
            if (fate[k] != 0)
                continue;
            out_of[k] = map_ok(&map, in_seq, k * 3000, 1 + i).seq;
            check_back(&map, out_of[k], round, in_seq);
            sent++;
        }
        assert_true(sent > 0);
        uint16_t wanted = out_base;
        for (uint32_t k = 0; k < N; k++) {
            if (fate[k] == 0)
                assert_int_equal(out_of[k], wanted);
            if (fate[k] != 1)
                wanted++;
        }
    }
}

static void old_numbers_lead_back_over_the_wrap(void **state)
{
    (void)state;
    struct seqmap map;
    seqmap_init(&map, 60000, 0, 90000);
    seqmap_switch(&map, 1);
    for (unsigned i = 0; i < 200000; i++) {
        uint16_t out = map_ok(&map, (uint16_t)i, i, 1).seq;
        assert_int_equal(out, (uint16_t)(60000 + i));
        if (i > 2000)
            check_back(&map, (uint16_t)(out - 2000), 1, (uint16_t)(i - 2000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(unwraps_over_many_turns),
        cmocka_unit_test(drops_close_up_and_losses_stay_open),
        cmocka_unit_test(a_switch_goes_on),
        cmocka_unit_test(a_switch_ends_old_debts),
        cmocka_unit_test(too_late_is_too_late),
        cmocka_unit_test(random_streams),
        cmocka_unit_test(old_numbers_lead_back_over_the_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
