/* Indices and replay windows against a model that remembers everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "rtc/seal_index.h"

static uint64_t guess(const struct seal_index *stream, uint16_t seq)
{
    uint64_t index;
    assert_int_equal(seal_index_guess(stream, seq, &index), ERR_OK);
    return index;
}

static void test_guess(void **state)
{
    (void)state;
    struct seal_index stream = {0};
    assert_int_equal(guess(&stream, 65535), 65535);
    seal_index_accept(&stream, 40000);
    assert_int_equal(guess(&stream, 40001), 40001);
    assert_int_equal(guess(&stream, 39000), 39000);
    assert_int_equal(guess(&stream, 7231), 65536 + 7231); /* 40000 - 32768 = 7232 */
    assert_int_equal(guess(&stream, 7232), 7232);
    seal_index_accept(&stream, 65536 + 100);
    assert_int_equal(guess(&stream, 65000), 65000);
    assert_int_equal(guess(&stream, 32868), 65536 + 32868);
    assert_int_equal(guess(&stream, 32869), 32869);

    struct seal_index early = {0};
    seal_index_accept(&early, 10);
    assert_int_equal(guess(&early, 65530), 65530); /* nothing is before roll-over count 0 */

    struct seal_index last = {0};
    uint64_t index;
    seal_index_accept(&last, SEAL_INDEX_MAX);
    assert_int_equal(guess(&last, 65534), SEAL_INDEX_MAX - 1);
    assert_int_equal(seal_index_guess(&last, 0, &index), ERR_LIMIT); /* RFC 3711 section 9.2 */
}

/* With leaps of all sizes, so that the ring is passed over in part, as a whole, and many times. */
static void test_window_against_a_model(void **state)
{
    (void)state;
    enum { SPACE = 1 << 20 };
    uint8_t *seen = calloc(1, SPACE);
    assert_non_null(seen);
    for (uint32_t round = 1; round <= 4; round++) {
        struct seal_index stream = {0};
        uint32_t seed = round;
        uint64_t newest = 0;
        memset(seen, 0, SPACE);
        for (unsigned i = 0; i < 60000; i++) {
            uint32_t kind = rig_rand(&seed) % 100;
            uint64_t index = newest;
            if (kind < 60)
                index += 1 + rig_rand(&seed) % 3;
            else if (kind < 62)
                index += rig_rand(&seed) % 3000;
            else
                index -= rig_rand(&seed) % 1200 < index ? rig_rand(&seed) % 1200 : 0;
            if (index >= SPACE || (int64_t)index < 0)
                continue;
            bool is_started = i > 0 && stream.is_started;
            bool is_old = is_started && index <= newest && (newest - index >= SEAL_WINDOW || seen[index]);
            assert_int_equal(seal_index_check(&stream, index), is_old ? ERR_EXISTS : ERR_OK);
            if (is_old)
                continue;
            seal_index_accept(&stream, index);
            seen[index] = 1;
            newest = !is_started || index > newest ? index : newest;
        }
        assert_true(newest > 30000);
    }
    free(seen);
}

/* The receiver's guess is the sender's index whatever is lost or comes late, as long as it is less than 2^15 off. */
static void test_guess_follows_the_sender(void **state)
{
    (void)state;
    for (uint32_t round = 1; round <= 20; round++) {
        struct seal_index stream = {0};
        uint32_t seed = round;
        uint64_t sent = rig_rand(&seed) % 32768; /* from the lower half on, RFC 3711 section 3.3.1 */
        if (round > 10) {                        /* far from there, over the end */
            sent += SEAL_INDEX_MAX - 3000000;
            seal_index_accept(&stream, sent);
        }
        uint64_t newest = sent;
        for (unsigned i = 0; i < 4000 && sent < SEAL_INDEX_MAX - 8000; i++) {
            sent += rig_rand(&seed) % 10 == 0 ? rig_rand(&seed) % 8000 : 1;
            uint32_t late = rig_rand(&seed) % 20000;
            uint64_t index = rig_rand(&seed) % 3 == 0 && late < sent ? sent - late : sent;
            if ((index > newest ? index - newest : newest - index) >= 32768)
                continue; /* nobody could tell */
            assert_int_equal(guess(&stream, (uint16_t)index), index);
            if (seal_index_check(&stream, index) != ERR_OK)
                continue;
            seal_index_accept(&stream, index);
            newest = index > newest ? index : newest;
        }
        assert_true(stream.newest == newest && newest > 500000);
    }
}

static void test_every_packet_once(void **state)
{
    (void)state;
    struct seal_index stream = {0};
    for (uint64_t i = 0; i < 200000; i++) { /* three roll-overs */
        uint64_t index = guess(&stream, (uint16_t)i);
        assert_int_equal(index, i);
        assert_int_equal(seal_index_check(&stream, index), ERR_OK);
        seal_index_accept(&stream, index);
        assert_int_equal(seal_index_check(&stream, index), ERR_EXISTS);
    }
}

static void test_rtcp_window(void **state)
{
    (void)state;
    struct seal_rtcp_index stream = {0};
    assert_int_equal(seal_rtcp_index_check(&stream, 0), ERR_OK);
    seal_rtcp_index_accept(&stream, 1000);
    assert_int_equal(seal_rtcp_index_check(&stream, 1000), ERR_EXISTS);
    assert_int_equal(seal_rtcp_index_check(&stream, 1000 - SEAL_RTCP_WINDOW + 1), ERR_OK);
    assert_int_equal(seal_rtcp_index_check(&stream, 1000 - SEAL_RTCP_WINDOW), ERR_EXISTS);
    seal_rtcp_index_accept(&stream, 1000 - SEAL_RTCP_WINDOW + 1);
    seal_rtcp_index_accept(&stream, 1001);
    assert_int_equal(seal_rtcp_index_check(&stream, 1000 - SEAL_RTCP_WINDOW + 1), ERR_EXISTS); /* left the window */
    assert_int_equal(seal_rtcp_index_check(&stream, 1000), ERR_EXISTS);
    assert_int_equal(seal_rtcp_index_check(&stream, 999), ERR_OK);
    seal_rtcp_index_accept(&stream, SEAL_RTCP_INDEX_MAX);
    assert_int_equal(seal_rtcp_index_check(&stream, 1001), ERR_EXISTS);
    assert_int_equal(seal_rtcp_index_check(&stream, SEAL_RTCP_INDEX_MAX - 1), ERR_OK);
}

static void test_rtcp_numbers_end(void **state)
{
    (void)state;
    uint32_t last = 0;
    assert_int_equal(seal_rtcp_index_next(&last), ERR_OK);
    assert_int_equal(last, 1);
    last = SEAL_RTCP_INDEX_MAX - 1;
    assert_int_equal(seal_rtcp_index_next(&last), ERR_OK);
    assert_int_equal(last, SEAL_RTCP_INDEX_MAX);
    assert_int_equal(seal_rtcp_index_next(&last), ERR_LIMIT);
    assert_int_equal(seal_rtcp_index_next(&last), ERR_LIMIT);
    assert_int_equal(last, SEAL_RTCP_INDEX_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_window_against_a_model),
        cmocka_unit_test(test_guess_follows_the_sender),
        cmocka_unit_test(test_every_packet_once),
        cmocka_unit_test(test_rtcp_numbers_end),
        cmocka_unit_test(test_rtcp_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
