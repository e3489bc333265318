/* The plugin host with real shared objects: loads, refuses, delivers every event in order before it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/host.h"

static void conf_with(struct conf *conf, const char **paths, unsigned count)
{
    memset(conf, 0, sizeof(*conf));
    conf->plugins.load.items = (char **)(void *)paths;
    conf->plugins.load.count = count;
    static char dir[] = "/nonexistent";
    conf->plugins.dir = dir;
}

static void test_none_is_fine(void **state)
{
    (void)state;
    struct conf conf;
    struct plugin_host *host = NULL;
    conf_with(&conf, NULL, 0);
    assert_int_equal(plugin_host_create(&conf, &host), ERR_OK);
    assert_int_equal(plugin_host_count(host), 0);
    plugin_host_emit(host, "nobody-hears", NULL);
    plugin_host_free(host);
}

static void test_refusals(void **state)
{
    (void)state;
    const char *bad[] = {"missing", "/nonexistent/x.so", PLUGIN_BAD_ABI, PLUGIN_BAD_START};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct conf conf;
        struct plugin_host *host = NULL;
        conf_with(&conf, &bad[i], 1);
        assert_int_equal(plugin_host_create(&conf, &host), ERR_INVALID);
        assert_null(host);
    }
    /* Without its option the sample refuses as well. */
    const char *sample[] = {PLUGIN_EVENTLOG};
    struct conf conf;
    struct plugin_host *host = NULL;
    conf_with(&conf, sample, 1);
    unsetenv("ICHAT_PLUGIN_EVENTLOG_FILE");
    assert_int_equal(plugin_host_create(&conf, &host), ERR_INVALID);
}

static void test_events_arrive_in_order(void **state)
{
    (void)state;
    char path[] = "/tmp/ichat-eventlog-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    setenv("ICHAT_PLUGIN_EVENTLOG_FILE", path, 1);
    const char *sample[] = {PLUGIN_EVENTLOG};
    struct conf conf;
    struct plugin_host *host = NULL;
    conf_with(&conf, sample, 1);
    assert_int_equal(plugin_host_create(&conf, &host), ERR_OK);
    assert_int_equal(plugin_host_count(host), 1);
    for (int i = 0; i < 1000; i++) {
        json_t *data = json_pack("{s:i}", "n", i);
        plugin_host_emit(host, "counted", data);
        json_decref(data);
    }
    assert_int_equal(plugin_host_dropped(host), 0);
    plugin_host_free(host);

    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char line[256];
    int n = 0;
    while (fgets(line, sizeof(line), file)) {
        char want[64];
        snprintf(want, sizeof(want), "\"event\":\"counted\",\"data\":{\"n\":%d}}\n", n++);
        assert_non_null(strstr(line, want));
    }
    fclose(file);
    unlink(path);
    assert_int_equal(n, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_is_fine),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_events_arrive_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
