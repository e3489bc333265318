/* Speakers: combined over the media threads, on change, at most five times a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "call/speakers.h"

#define MS 1000ULL

static struct speaker list[MEDIA_SPEAKERS_MAX];
static size_t count;

static void test_loudest_of_all_threads_first(void **state)
{
    (void)state;
    struct speakers *speakers = speakers_create(2);
    const struct speaker first[] = {{1, 50}, {2, 20}};
    const struct speaker second[] = {{3, 90}, {4, 30}};
    speakers_set(speakers, 0, first, ARRAY_LEN(first));
    speakers_set(speakers, 1, second, ARRAY_LEN(second));
    speakers_set(speakers, 2, second, ARRAY_LEN(second)); /* no such worker */
    assert_true(speakers_take(speakers, 10 * MS, list, &count));
    assert_int_equal(count, 3);
    assert_int_equal(list[0].user_id, 3);
    assert_int_equal(list[0].level, 90);
    assert_int_equal(list[1].user_id, 1);
    assert_int_equal(list[2].user_id, 4);
    speakers_free(speakers);
}

static void test_only_changes_are_told(void **state)
{
    (void)state;
    struct speakers *speakers = speakers_create(1);
    assert_false(speakers_take(speakers, MS, list, &count)); /* nobody spoke yet */
    struct speaker one = {1, 50};
    speakers_set(speakers, 0, &one, 1);
    assert_true(speakers_take(speakers, 1000 * MS, list, &count));
    one.level = 50 + SPEAKERS_LEVEL_STEP - 1;
    speakers_set(speakers, 0, &one, 1);
    assert_int_equal(speakers_next_us(speakers), UINT64_MAX);
    assert_false(speakers_take(speakers, 9000 * MS, list, &count));
    one.level = 50 + SPEAKERS_LEVEL_STEP;
    speakers_set(speakers, 0, &one, 1);
    assert_true(speakers_take(speakers, 9000 * MS, list, &count));
    speakers_set(speakers, 0, NULL, 0);
    assert_true(speakers_take(speakers, 9500 * MS, list, &count));
    assert_int_equal(count, 0);
    speakers_free(speakers);
}

static void test_at_most_five_a_second(void **state)
{
    (void)state;
    struct speakers *speakers = speakers_create(1);
    unsigned told = 0;
    for (uint64_t ms = 1; ms <= 1000; ms++) {
        struct speaker one = {1 + ms % 2, 60}; /* another one every millisecond */
        speakers_set(speakers, 0, &one, 1);
        told += speakers_take(speakers, ms * MS, list, &count);
    }
    assert_int_equal(told, 5);
    speakers_free(speakers);
}

static void test_who_left_is_silent(void **state)
{
    (void)state;
    struct speakers *speakers = speakers_create(2);
    const struct speaker both[] = {{1, 50}, {2, 20}};
    speakers_set(speakers, 0, both, 2);
    speakers_set(speakers, 1, both, 1);
    speakers_remove(speakers, 1);
    assert_true(speakers_take(speakers, MS, list, &count));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].user_id, 2);
    speakers_free(speakers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loudest_of_all_threads_first),
        cmocka_unit_test(test_only_changes_are_told),
        cmocka_unit_test(test_at_most_five_a_second),
        cmocka_unit_test(test_who_left_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
