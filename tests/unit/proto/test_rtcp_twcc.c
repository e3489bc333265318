/* transport-wide-cc feedback: hand-derived packets, random arrivals round trip, hostile ones. */
#include "proto/rtcp_twcc.h"
#include "tool.h"

#define PACKET_MAX 70000

static enum err parse_bytes(const uint8_t *data, size_t len, struct rtcp_twcc *out)
{
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_fb fb;
    if (rtcp_iter_init(&it, data, len) || !rtcp_next(&it, &packet) || rtcp_fb_parse(&packet, &fb))
        return ERR_INVALID;
    return rtcp_twcc_parse(&fb, out);
}

/* Base 10; received at 64 ms, +1 ms, lost, lost, -1 ms (large), lost. Symbols 1 1 0 0 2 0: one two-bit chunk. */
static void vector(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x8f, 205, 0, 6, 0, 0, 0,    1,    0,    0,    0,    2,    0, 10,
                                     0,    6,   0, 0, 1, 9, 0xd4, 0x20, 0x00, 0x04, 0xff, 0xfc, 0, 0};
    const uint64_t arrivals[] = {64000, 65000, 0, 0, 64000, 0};
    const struct rtcp_twcc_head head = {.sender_ssrc = 1, .media_ssrc = 2, .base_seq = 10, .fb_count = 9};
    uint8_t out[28];
    struct wr wr = wr_make(out, sizeof(out));
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, 6), 6);
    assert_int_equal(wr_len(&wr), sizeof(wanted));
    assert_memory_equal(out, wanted, sizeof(wanted));
    struct rtcp_twcc twcc;
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    assert_int_equal(parse_bytes(out, sizeof(out), &twcc), ERR_OK);
    assert_int_equal(twcc.status_count, 6);
    assert_int_equal(twcc.reference_us, 64000);
    assert_int_equal(twcc.head.fb_count, 9);
    rtcp_twcc_iter_init(&it, &twcc);
    for (unsigned i = 0; i < 6; i++) {
        assert_true(rtcp_twcc_next(&it, &status));
        assert_int_equal(status.seq, 10 + i);
        assert_int_equal(status.is_received, arrivals[i] != 0);
        assert_int_equal(status.time_us, arrivals[i]);
    }
    assert_false(rtcp_twcc_next(&it, &status));
}

/* 20 received packets 1 ms apart: one run-length chunk, 0x2000 | 20 */
static void run_length_vector(void **state)
{
    (void)state;
    uint64_t arrivals[20];
    uint8_t out[64];
    struct wr wr = wr_make(out, sizeof(out));
    for (unsigned i = 0; i < 20; i++)
        arrivals[i] = 128000 + i * 1000;
    assert_int_equal(rtcp_twcc_write(&wr, &(struct rtcp_twcc_head){0}, arrivals, 20), 20);
    assert_int_equal(out[20], 0x20);
    assert_int_equal(out[21], 20);
    assert_int_equal(out[22], 0); /* the first is at the reference itself */
    assert_int_equal(out[23], 4);
    assert_int_equal(wr_len(&wr), 20 + 2 + 20 + 2);
}

/* Reads a packet back and compares the statuses with what was written. */
static void check_packet(const uint8_t *data, size_t len, uint16_t base, const uint64_t *arrivals, size_t covered)
{
    struct rtcp_twcc twcc;
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    assert_int_equal(parse_bytes(data, len, &twcc), ERR_OK);
    assert_int_equal(twcc.status_count, covered);
    assert_int_equal(twcc.head.base_seq, base);
    rtcp_twcc_iter_init(&it, &twcc);
    int64_t wrap = (int64_t)RTCP_TWCC_REFERENCE_US << 24;
    for (size_t i = 0; i < covered; i++) {
        assert_true(rtcp_twcc_next(&it, &status));
        assert_int_equal(status.seq, (uint16_t)(base + i));
        assert_int_equal(status.is_received, arrivals[i] != 0);
        if (!status.is_received)
            continue;
        int64_t error = ((int64_t)arrivals[i] - status.time_us) % wrap;
        if (error < 0)
            error += wrap;
        assert_true(error < RTCP_TWCC_TICK_US);
    }
    assert_false(rtcp_twcc_next(&it, &status));
}

static void random_arrivals_round_trip(void **state)
{
    (void)state;
    struct prng prng = {.state = 11};
    static uint64_t arrivals[3000];
    static uint8_t out[PACKET_MAX];
    for (unsigned round = 0; round < 1500; round++) {
        uint64_t now = 1 + prng_next(&prng) % (1ull << 45);
        unsigned loss = prng_below(&prng, 101);
        unsigned gap = prng_below(&prng, 4);
        size_t count = prng_below(&prng, LEN(arrivals)) + 1;
        for (size_t i = 0; i < count; i++) {
            static const uint32_t gaps[] = {300, 5000, 100000, 12000000};
            now += prng_below(&prng, gaps[gap]);
            arrivals[i] = prng_below(&prng, 100) < loss ? 0 : now + prng_below(&prng, 20000);
        }
        uint16_t base = (uint16_t)prng_next(&prng);
        for (size_t at = 0; at < count;) {
            size_t room = 24 + prng_below(&prng, 1400);
            struct wr wr = wr_make(out, room);
            size_t n = rtcp_twcc_write(&wr, &(struct rtcp_twcc_head){.base_seq = (uint16_t)(base + at)}, arrivals + at,
                                       count - at);
            assert_false(wr.is_bad);
            if (n == 0) { /* only when nothing is left that arrived */
                assert_int_equal(wr_len(&wr), 0);
                for (; at < count; at++)
                    assert_true(arrivals[at] == 0);
                break;
            }
            assert_int_equal(wr_len(&wr) % 4, 0);
            check_packet(out, wr_len(&wr), (uint16_t)(base + at), arrivals + at, n);
            at += n;
        }
    }
}

static void ends_where_it_must(void **state)
{
    (void)state;
    static uint64_t arrivals[10000];
    static uint8_t out[PACKET_MAX];
    struct rtcp_twcc_head head = {0};
    /* the status limit */
    for (size_t i = 0; i < LEN(arrivals); i++)
        arrivals[i] = 64000;
    struct wr wr = wr_make(out, sizeof(out));
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, LEN(arrivals)), RTCP_TWCC_STATUS_MAX);
    check_packet(out, wr_len(&wr), 0, arrivals, RTCP_TWCC_STATUS_MAX);
    /* the range of a delta: 32767 ticks */
    arrivals[1] = 64000 + 32767 * 250;
    arrivals[2] = arrivals[1] + 32768 * 250;
    wr = wr_make(out, sizeof(out));
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, 3), 2);
    check_packet(out, wr_len(&wr), 0, arrivals, 2);
    /* no room, nothing arrived */
    wr = wr_make(out, 23);
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, 3), 0);
    assert_false(wr.is_bad);
    assert_int_equal(wr_len(&wr), 0);
    memset(arrivals, 0, sizeof(arrivals));
    wr = wr_make(out, sizeof(out));
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, LEN(arrivals)), 0);
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, 0), 0);
    /* leading losses are told too */
    arrivals[5] = 64000;
    assert_int_equal(rtcp_twcc_write(&wr, &head, arrivals, 6), 6);
    check_packet(out, wr_len(&wr), 0, arrivals, 6);
}

static void refuses_hostile_packets(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t body[16]; /* base, count, reference, fb count, chunks and deltas */
    } table[] = {
        {"no status", {0, 1, 0, 0, 0, 0, 1, 0, 0x20, 1, 4, 0}},
        {"65535 statuses in a run of losses",
         {0, 1, 0xff, 0xff, 0, 0, 1, 0, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff}},
        {"chunks end early", {0, 1, 0x1f, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1}},
        {"deltas missing", {0, 1, 0, 100, 0, 0, 1, 0, 0x20, 100, 1, 1, 1, 1, 1, 1}},
        {"one large delta missing", {0, 1, 0, 4, 0, 0, 1, 0, 0x40, 4, 1, 1, 1, 1, 1, 1}},
        {"reserved symbol in a run", {0, 1, 0, 2, 0, 0, 1, 0, 0x60, 2, 1, 1, 1, 1, 1, 1}},
        {"reserved symbol in a vector", {0, 1, 0, 2, 0, 0, 1, 0, 0xdc, 0, 1, 1, 1, 1, 1, 1}},
        {"a run of none", {0, 1, 0, 2, 0, 0, 1, 0, 0x20, 0, 0x20, 2, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        uint8_t packet[28] = {0x8f, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2};
        struct rtcp_twcc twcc;
        memcpy(packet + 12, table[i].body, sizeof(table[i].body));
        if (parse_bytes(packet, sizeof(packet), &twcc) != ERR_INVALID)
            fail_msg("taken: %s", table[i].what);
    }
}

static void negative_reference(void **state)
{
    (void)state;
    const uint8_t packet[] = {0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0, 0x20, 1, 4, 0};
    struct rtcp_twcc twcc;
    assert_int_equal(parse_bytes(packet, sizeof(packet), &twcc), ERR_OK);
    assert_int_equal(twcc.reference_us, -64000);
}

static void eat(const uint8_t *data, size_t len)
{
    struct rtcp_twcc twcc;
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    unsigned n = 0;
    if (parse_bytes(data, len, &twcc))
        return;
    rtcp_twcc_iter_init(&it, &twcc);
    while (rtcp_twcc_next(&it, &status))
        n++;
    assert_int_equal(n, twcc.status_count);
    assert_false(it.chunks.is_bad || it.deltas.is_bad);
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    uint64_t arrivals[60];
    uint8_t out[256];
    struct prng prng = {.state = 5};
    for (size_t i = 0; i < LEN(arrivals); i++)
        arrivals[i] = prng_below(&prng, 3) ? 1000000 + i * 900 + prng_below(&prng, 200000) : 0;
    arrivals[59] = 2000000;
    struct wr wr = wr_make(out, sizeof(out));
    assert_int_equal(rtcp_twcc_write(&wr, &(struct rtcp_twcc_head){0}, arrivals, LEN(arrivals)), LEN(arrivals));
    torture(out, wr_len(&wr), 50000, eat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector),
        cmocka_unit_test(run_length_vector),
        cmocka_unit_test(random_arrivals_round_trip),
        cmocka_unit_test(ends_where_it_must),
        cmocka_unit_test(refuses_hostile_packets),
        cmocka_unit_test(negative_reference),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
