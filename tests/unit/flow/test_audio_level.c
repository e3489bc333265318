/* Loudness that must be earned by packets, and a ranking that does not flicker. */
#include "flow/audio_level.h"

#include "../proto/tool.h"

#define MS 1000ull

static void rises_and_falls(void **state)
{
    (void)state;
    struct audio_level level;
    uint64_t now = 1000 * MS;
    audio_level_init(&level);
    assert_int_equal(audio_level_get(&level, now), 0);
    for (unsigned i = 0; i < 25; i++, now += 20 * MS)
        audio_level_on_packet(&level, 27, 80, now);
    assert_in_range(audio_level_get(&level, now), 97, 100); /* 127 - 27 */
    audio_level_on_packet(&level, 127, 80, now);
    assert_in_range(audio_level_get(&level, now), 85, 99); /* one pause does not end it */
    for (unsigned i = 0; i < 60; i++, now += 20 * MS)
        audio_level_on_packet(&level, 127, 80, now);
    assert_in_range(audio_level_get(&level, now), 0, 3);
}

static void fades_without_packets(void **state)
{
    (void)state;
    struct audio_level level;
    uint64_t now = 1000 * MS;
    audio_level_init(&level);
    for (unsigned i = 0; i < 25; i++, now += 20 * MS)
        audio_level_on_packet(&level, 0, 80, now);
    uint8_t at_once = audio_level_get(&level, now);
    assert_true(at_once > 120);
    assert_int_equal(audio_level_get(&level, now + 60 * MS), at_once);
    assert_in_range(audio_level_get(&level, now + 300 * MS), 40, 80);
    assert_int_equal(audio_level_get(&level, now + 500 * MS), 0);
}

/* Claims of the loudest in packets that hold nothing, or with a value off the scale */
static void empty_claims_are_silence(void **state)
{
    (void)state;
    struct audio_level level;
    uint64_t now = 1000 * MS;
    audio_level_init(&level);
    for (unsigned i = 0; i < 100; i++, now += 20 * MS)
        audio_level_on_packet(&level, 0, 3, now);
    assert_int_equal(audio_level_get(&level, now), 0);
    for (unsigned i = 0; i < 100; i++, now += 20 * MS)
        audio_level_on_packet(&level, 200, 80, now);
    assert_int_equal(audio_level_get(&level, now), 0);
}

static void ranks_the_loudest(void **state)
{
    (void)state;
    struct speakers speakers;
    struct speaker_source sources[] = {{1, 90}, {2, 30}, {3, 110}, {4, 80}};
    speakers_init(&speakers, 2);
    assert_true(speakers_update(&speakers, sources, 4, 1000 * MS));
    assert_int_equal(speakers.count, 2);
    assert_int_equal(speakers.list[0].id, 3);
    assert_int_equal(speakers.list[1].id, 1);
    assert_false(speakers_update(&speakers, sources, 4, 1200 * MS));
    /* a little louder is not enough, clearly louder is */
    sources[3].loudness = 95;
    assert_false(speakers_update(&speakers, sources, 4, 1400 * MS));
    sources[3].loudness = 97;
    assert_true(speakers_update(&speakers, sources, 4, 1600 * MS));
    assert_int_equal(speakers.list[1].id, 4);
}

static void silence_holds_a_while(void **state)
{
    (void)state;
    struct speakers speakers;
    struct speaker_source sources[] = {{1, 90}};
    speakers_init(&speakers, 3);
    speakers_update(&speakers, sources, 1, 1000 * MS);
    sources[0].loudness = 0;
    assert_false(speakers_update(&speakers, sources, 1, 1900 * MS));
    assert_int_equal(speakers.count, 1);
    assert_true(speakers_update(&speakers, sources, 1, 2000 * MS));
    assert_int_equal(speakers.count, 0);
    /* one who left is gone at once */
    sources[0].loudness = 90;
    speakers_update(&speakers, sources, 1, 3000 * MS);
    assert_true(speakers_update(&speakers, NULL, 0, 3001 * MS));
    assert_int_equal(speakers.count, 0);
}

static void bounds(void **state)
{
    (void)state;
    struct speakers speakers;
    static struct speaker_source sources[1000];
    struct prng prng = {.state = 2};
    speakers_init(&speakers, 0);
    assert_int_equal(speakers.max, 1);
    speakers_init(&speakers, 99);
    assert_int_equal(speakers.max, SPEAKERS_MAX);
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < LEN(sources); i++)
            sources[i] = (struct speaker_source){i + 1, (uint8_t)prng_below(&prng, 128)};
        speakers_update(&speakers, sources, LEN(sources), 1000 * MS * (round + 1));
        assert_int_equal(speakers.count, SPEAKERS_MAX);
        for (unsigned i = 0; i < speakers.count; i++) {
            assert_true(speakers.list[i].id <= SPEAKERS_SOURCES_MAX);
            for (unsigned k = 0; k < i; k++)
                assert_true(speakers.list[k].id != speakers.list[i].id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rises_and_falls),          cmocka_unit_test(fades_without_packets),
        cmocka_unit_test(empty_claims_are_silence), cmocka_unit_test(ranks_the_loudest),
        cmocka_unit_test(silence_holds_a_while),    cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
