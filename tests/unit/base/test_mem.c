/* Allocation that aborts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_memory(void **state)
{
    (void)state;
    uint8_t *bytes = mem_calloc_lines(3, 50);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    for (int i = 0; i < 150; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
    free(mem_calloc(0, 8));
    bytes = mem_realloc(NULL, 4);
    memcpy(bytes, "abc", 4);
    bytes = mem_realloc(bytes, 4000);
    assert_string_equal((char *)bytes, "abc");
    free(bytes);
    char *copy = mem_strdup("text");
    assert_string_equal(copy, "text");
    free(copy);
}

static void test_overflow_aborts(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        volatile size_t count = SIZE_MAX / 2;
        free(mem_calloc(count, 4));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_overflow_aborts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
