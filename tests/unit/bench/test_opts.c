/* The command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <getopt.h>

#include "bench/opts.h"

#define PARSE(opts, ...) parse(opts, (char *[]){(char[]){"ichat-bench"}, __VA_ARGS__, NULL})
#define ARG(text) ((char[]){text})

static int parse(struct opts *opts, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    optind = 1;
    return opts_parse(opts, argc, argv);
}

static void test_rates(void **state)
{
    (void)state;
    double rates[OPTS_RATES_MAX];
    assert_int_equal(opts_parse_rates("300", rates), 1);
    assert_true(rates[0] == 300);
    assert_int_equal(opts_parse_rates("100,200.5,400", rates), 3);
    assert_true(rates[1] == 200.5);
    static const char *const bad[] = {"", ",", "100,", "a", "100;200", "0", "-5", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(opts_parse_rates(bad[i], rates), 0);
}

static void test_publishers_and_subscribers(void **state)
{
    (void)state;
    struct opts opts;
    assert_int_equal(PARSE(&opts, ARG("--publishers"), ARG("2"), ARG("--subscribers"), ARG("50")), 0);
    assert_int_equal(opts.members, 52);
    assert_int_equal(opts.videos, 2);
    assert_int_equal(opts.audios, 0);
}

static void test_a_meeting(void **state)
{
    (void)state;
    struct opts opts;
    assert_int_equal(PARSE(&opts, ARG("--members"), ARG("20"), ARG("--audio"), ARG("20"), ARG("--video"), ARG("6"),
                           ARG("--pacing"), ARG("burst"), ARG("--seconds"), ARG("2.5"), ARG("--no-floor")),
                     0);
    assert_int_equal(opts.audios, 20);
    assert_int_equal(opts.video.pacing, SOURCE_BURST);
    assert_true(opts.seconds == 2.5);
    assert_false(opts.wants_floor);
    assert_false(opts.is_simulcast);
    assert_int_equal(PARSE(&opts, ARG("--simulcast"), ARG("--rate"), ARG("90")), 0);
    assert_true(opts.is_simulcast);
    assert_int_equal(opts.videos, 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct opts opts;
    assert_int_equal(PARSE(&opts, ARG("--target"), ARG("other")), 3);
    assert_int_equal(PARSE(&opts, ARG("--target"), ARG("janus")), 3); /* on a loopback address */
    assert_int_equal(PARSE(&opts, ARG("--members"), ARG("3"), ARG("--video"), ARG("4")), 3);
    assert_int_equal(PARSE(&opts, ARG("--members"), ARG("many")), 3);
    assert_int_equal(PARSE(&opts, ARG("--rate"), ARG("fast")), 3);
    assert_int_equal(PARSE(&opts, ARG("--pacing"), ARG("odd")), 3);
    assert_int_equal(PARSE(&opts, ARG("--peer-net"), ARG("here")), 3);
    assert_int_equal(PARSE(&opts, ARG("--nonsense")), 3);
    assert_int_equal(PARSE(&opts, ARG("surplus")), 3);
}

static void test_event_loops(void **state)
{
    (void)state;
    struct opts opts;
    assert_int_equal(PARSE(&opts, ARG("--event-loops"), ARG("none")), 0);
    assert_int_equal(opts.event_loops, -1);
    assert_int_equal(PARSE(&opts, ARG("--event-loops"), ARG("4")), 0);
    assert_int_equal(opts.event_loops, 4);
    assert_int_equal(PARSE(&opts, ARG("--event-loops"), ARG("x")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),       cmocka_unit_test(test_publishers_and_subscribers),
        cmocka_unit_test(test_a_meeting),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_event_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
