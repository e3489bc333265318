/* The logger: form of lines, levels, the journal's prefixes, many threads, a full queue. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#define THREADS 4
#define LINES 3000 /* of each thread: more than the queue holds */

/* What stderr got while run() was under way. */
static char *capture(void (*run)(void))
{
    char path[] = "/tmp/ichat-log-XXXXXX";
    int file = mkstemp(path), saved = dup(STDERR_FILENO);
    assert_true(file >= 0 && saved >= 0);
    dup2(file, STDERR_FILENO);
    run();
    dup2(saved, STDERR_FILENO);
    close(saved);
    struct stat st;
    assert_int_equal(fstat(file, &st), 0);
    char *text = calloc(1, (size_t)st.st_size + 1);
    assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
    close(file);
    unlink(path);
    return text;
}

static void log_forms(void)
{
    assert_int_equal(log_start(LOG_INFO, NULL), ERR_OK);
    assert_int_equal(log_start(LOG_INFO, NULL), ERR_STATE);
    log_info("A peer is up: id=%d", 7);
    log_error("Two\nlines\x1b[31m\tin one");
    log_debug("not on: %d", 1);
    log_set_level(LOG_DEBUG);
    log_debug("on: %d", 2);
    log_set_level(LOG_ERROR);
    log_warn("off again");
    log_set_level(LOG_INFO);
    log_stop();
    log_warn("after the stop");
    log_stop();
}

static void test_plain(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    char *text = capture(log_forms);
    int year, month, day, hour, minute, second, ms, used = 0;
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ info  A peer is up: id=7%n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &used),
                     7);
    assert_true(used > 0 && text[used] == '\n');
    assert_non_null(strstr(text, "Z error Two lines [31m in one\n"));
    assert_null(strstr(text, "not on"));
    assert_non_null(strstr(text, "debug on: 2\n"));
    assert_null(strstr(text, "off again"));
    assert_non_null(strstr(text, "Z warn  after the stop\n"));
    size_t lines = 0;
    for (char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 4);
    free(text);
}

static void test_journal(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    char *text = capture(log_forms);
    unsetenv("JOURNAL_STREAM");
    assert_int_equal(strncmp(text, "<6>A peer is up: id=7\n<3>Two lines", 34), 0);
    assert_non_null(strstr(text, "\n<7>on: 2\n"));
    free(text);
}

static void log_long(void)
{
    char *line = calloc(1, 10001);
    memset(line, 'x', 10000);
    assert_int_equal(log_start(LOG_INFO, ""), ERR_OK);
    log_info("%s", line);
    log_stop();
    log_info("%s", line);
    free(line);
}

static void test_long_lines(void **state)
{
    (void)state;
    char *text = capture(log_long);
    char *end = strchr(text, '\n');
    assert_non_null(end);
    assert_int_equal(strncmp(end - 4, "x...", 4), 0);
    assert_true(end - text < 2100);
    assert_int_equal(strncmp(end + strlen(end) - 5, "x...\n", 5), 0);
    free(text);
}

static void run_logging(void *ctx)
{
    const int *number = ctx;
    for (int i = 0; i < LINES; i++)
        log_info("line thread=%d number=%d end", *number, i);
}

static void start_threads(struct thread **threads, int *numbers)
{
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(thread_start(&threads[i], "logging", run_logging, &numbers[i]), ERR_OK);
    }
}

/* Every line is whole, and written or counted as lost; how many were written. `last` holds each thread's last number.
 */
static unsigned check_lines(FILE *file, int last[THREADS])
{
    char line[300];
    unsigned long long written = 0, lost = 0, n;
    while (fgets(line, sizeof(line), file)) {
        int thread, number, used = 0;
        const char *text = strstr(line, "line thread=");
        if (text && sscanf(text, "line thread=%d number=%d end\n%n", &thread, &number, &used) == 2 && used > 0) {
            assert_true(thread >= 0 && thread < THREADS);
            assert_true(!last || number > last[thread]);
            if (last)
                last[thread] = number;
            written++;
        } else {
            text = strstr(line, "lines were lost: lines=");
            assert_non_null(text);
            assert_int_equal(sscanf(text, "lines were lost: lines=%llu", &n), 1);
            lost += n;
        }
    }
    assert_int_equal(written + lost, THREADS * LINES);
    return (unsigned)written;
}

static void test_many_threads(void **state)
{
    (void)state;
    char path[] = "/tmp/ichat-log-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(log_start(LOG_INFO, path), ERR_OK);
    struct thread *threads[THREADS];
    int numbers[THREADS], last[THREADS];
    start_threads(threads, numbers);
    for (int i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        last[i] = -1;
    }
    log_stop();
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    unlink(path);
    assert_true(check_lines(file, last) > 0);
    fclose(file);
}

static void stop_under_load(void)
{
    struct thread *threads[THREADS];
    int numbers[THREADS];
    assert_int_equal(log_start(LOG_INFO, NULL), ERR_OK);
    start_threads(threads, numbers);
    log_stop(); /* the threads go on, straight to stderr */
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
}

static void test_stop_under_load(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        char *text = capture(stop_under_load);
        FILE *file = fmemopen(text, strlen(text), "r");
        /* No order here: a thread's direct lines may overtake its queued ones. */
        assert_true(check_lines(file, NULL) > 0);
        fclose(file);
        free(text);
    }
}

static void test_levels(void **state)
{
    (void)state;
    enum log_level level = LOG_DEBUG;
    assert_int_equal(log_level_parse("error", &level), ERR_OK);
    assert_int_equal(level, LOG_ERROR);
    assert_int_equal(log_level_parse("debug", &level), ERR_OK);
    assert_int_equal(level, LOG_DEBUG);
    assert_int_equal(log_level_parse("DEBUG", &level), ERR_INVALID);
    assert_int_equal(log_level_parse("", &level), ERR_INVALID);
    assert_true(log_is_on(LOG_ERROR));
    assert_int_equal(log_start(LOG_INFO, "/nonexistent/dir/log"), ERR_IO);
}

static void test_limit(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    uint64_t skipped = 99;
    assert_true(log_limit_pass(&limit, &skipped));
    assert_int_equal(skipped, 0);
    for (int i = 0; i < 5; i++)
        assert_false(log_limit_pass(&limit, &skipped));
    limit.last_us -= US_PER_S; /* a second later */
    assert_true(log_limit_pass(&limit, &skipped));
    assert_int_equal(skipped, 5);
    for (int i = 0; i < 3; i++)
        log_limited(LOG_WARN, "A test line that comes once: value=%d", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),     cmocka_unit_test(test_plain),        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_long_lines), cmocka_unit_test(test_many_threads), cmocka_unit_test(test_stop_under_load),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
