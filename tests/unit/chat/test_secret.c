/* The signing secret: made once, private, the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "chat/secret.h"

static void test_made_and_kept(void **state)
{
    (void)state;
    char dir[] = "/tmp/ichat-test.XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(dir));
    struct conf conf = {.data.dir = dir};
    char *one, *two;
    assert_int_equal(secret_load(&conf, &one), ERR_OK);
    assert_int_equal(secret_load(&conf, &two), ERR_OK);
    assert_string_equal(one, two);
    assert_true(strlen(one) >= 43);
    snprintf(path, sizeof(path), "%s/secret", dir);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(remove(path), 0);
    free(two);
    assert_int_equal(secret_load(&conf, &two), ERR_OK);
    assert_string_not_equal(one, two);
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(dir), 0); /* nothing else was left in it */
    free(one);
    free(two);
}

static void test_configured(void **state)
{
    (void)state;
    char secret[] = "a secret from the file", short_one[] = "short", dir[] = "/nonexistent";
    char *got;
    struct conf conf = {.data.dir = dir, .auth.secret = secret};
    assert_int_equal(secret_load(&conf, &got), ERR_OK);
    assert_string_equal(got, secret);
    free(got);
    conf.auth.secret = short_one;
    assert_int_equal(secret_load(&conf, &got), ERR_INVALID);
    conf.auth.secret = NULL;
    assert_int_not_equal(secret_load(&conf, &got), ERR_OK);
}

static void test_damaged_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/ichat-test.XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/secret", dir);
    FILE *file = fopen(path, "w");
    fputs("tiny\n", file);
    fclose(file);
    struct conf conf = {.data.dir = dir};
    char *got;
    assert_int_equal(secret_load(&conf, &got), ERR_INVALID); /* not silently replaced: all logins would end */
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(dir), 0);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_and_kept),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_damaged_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
