/* The configuration: defaults, the shipped file, errors, environment and overrides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/conf_keys.h"
#include "base/text.h"

static const void *member(const struct conf *conf, const struct conf_key *key)
{
    return (const char *)conf + key->offset;
}

static bool is_same(const struct conf *a, const struct conf *b, const struct conf_key *key)
{
    const void *x = member(a, key), *y = member(b, key);
    if (key->type == CONF_UINT)
        return *(const uint32_t *)x == *(const uint32_t *)y;
    if (key->type == CONF_BOOL)
        return *(const bool *)x == *(const bool *)y;
    if (key->type == CONF_STRING)
        return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    return ((const struct conf_list *)x)->count == ((const struct conf_list *)y)->count;
}

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* Writes a file and loads it; what it is called goes to path. */
static enum err load_text(const char *yaml, char path[64], struct conf **conf, char *error)
{
    snprintf(path, 64, "/tmp/ichat-conf-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    enum err err = conf_load(path, conf, error);
    unlink(path);
    return err;
}

static void test_defaults(void **state)
{
    (void)state;
    char error[CONF_ERROR_MAX];
    struct conf *conf = NULL;
    assert_int_equal(conf_load(NULL, &conf, error), ERR_OK);
    assert_int_equal(conf->http.port, 8080);
    assert_int_equal(conf->http.tls_port, 0);
    assert_int_equal(conf->http.max_upload_kb, 10240);
    assert_int_equal(conf->media.port, 7882);
    assert_int_equal(conf->media.liveness_ms, 8000);
    assert_int_equal(conf->call.mesh_max_members, 2);
    assert_int_equal(conf->call.max_members, 101); /* all of the largest group: its creator and 100 contacts */
    assert_int_equal(conf->call.no_answer_s, 60);
    assert_int_equal(conf->call.alive_s, 30);
    assert_int_equal(conf->auth.login_hours, 24);
    assert_int_equal(conf->auth.call_hours, 3);
    assert_int_equal(conf->auth.bcrypt_cost, 10);
    assert_int_equal(conf->turn.ttl_s, 86400);
    assert_string_equal(conf->database.url, "sqlite:");
    assert_string_equal(conf->auth.issuer, "ichat");
    assert_string_equal(conf->media.placement, "call");
    assert_string_equal(conf->log.level, "info");
    assert_string_equal(conf->http.tls_cert, "");
    assert_int_equal(conf->media.announce.count, 0);
    conf_free(conf);
    conf_free(NULL);
}

/* The comment right above a key names its range and unit. */
static void check_comment(char **lines, int line, const struct conf_key *key)
{
    char range[64], comment[2048] = "";
    if (key->type != CONF_UINT)
        return;
    for (int i = line - 2; i >= 0 && strstr(lines[i], "# "); i--)
        strncat(comment, lines[i], sizeof(comment) - strlen(comment) - 1);
    snprintf(range, sizeof(range), "%u..%u", key->min, key->max);
    if (!strstr(comment, range) || (key->unit && !strcasestr(comment, key->unit)))
        fail_msg("the comment of %s names not its range %s or unit %s", key->path, range, key->unit);
}

static void test_shipped_file(void **state)
{
    (void)state;
    static const char path[] = ICHAT_SOURCE_ROOT "/conf/ichatd.yml";
    char error[CONF_ERROR_MAX];
    char *text = slurp(path);
    int at[CONF_KEYS_MAX];
    assert_int_equal(conf_scan(path, text, strlen(text), at, error), ERR_OK);
    struct conf *shipped = NULL, *defaults = NULL;
    if (conf_load(path, &shipped, error))
        fail_msg("%s", error);
    assert_int_equal(conf_load(NULL, &defaults, error), ERR_OK);
    char *lines[1000] = {0};
    size_t n = 0;
    for (char *c = text; c && *c && n < ARRAY_LEN(lines);) {
        lines[n++] = c;
        c = strchr(c, '\n');
        if (c)
            *c++ = '\0';
    }
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        if (at[i] == 0)
            fail_msg("%s is not in the shipped file", key->path);
        if (!is_same(shipped, defaults, key))
            fail_msg("%s in the shipped file is not the default", key->path);
        check_comment(lines, at[i], key);
    }
    conf_free(shipped);
    conf_free(defaults);
    free(text);
}

static void test_file_values(void **state)
{
    (void)state;
    char error[CONF_ERROR_MAX], path[64];
    struct conf *conf = NULL;
    static const char yaml[] = "http:\n  port: 9000\n  allowed_origins: [https://a.example, 'https://b.example']\n"
                               "  bind:\n"
                               "media:\n  announce:\n    - 192.0.2.1\n    - 2001:db8::1\n  announce_loopback: yes\n"
                               "  placement: spread\n"
                               "turn: {urls: , secret: \"s: #x\"}\n"
                               "plugins:\n  load: []\nlog:\n  file: ~\n";
    if (load_text(yaml, path, &conf, error))
        fail_msg("%s", error);
    assert_int_equal(conf->http.port, 9000);
    assert_int_equal(conf->http.allowed_origins.count, 2);
    assert_string_equal(conf->http.allowed_origins.items[1], "https://b.example");
    assert_string_equal(conf->http.bind, "");
    assert_int_equal(conf->http.idle_timeout_s, 60);
    assert_int_equal(conf->media.announce.count, 2);
    assert_string_equal(conf->media.announce.items[1], "2001:db8::1");
    assert_true(conf->media.announce_loopback);
    assert_string_equal(conf->media.placement, "spread");
    assert_int_equal(conf->turn.urls.count, 0);
    assert_string_equal(conf->turn.secret, "s: #x");
    assert_string_equal(conf->log.file, "");
    assert_string_equal(conf->log.level, "info");
    assert_int_equal(conf->plugins.load.count, 0);
    conf_free(conf);
}

static void test_empty_files(void **state)
{
    (void)state;
    static const char *const yaml[] = {"", "# nothing\n", "---\n", "{}\n", "http: {}\n"};
    for (size_t i = 0; i < ARRAY_LEN(yaml); i++) {
        char error[CONF_ERROR_MAX], path[64];
        struct conf *conf = NULL;
        if (load_text(yaml[i], path, &conf, error))
            fail_msg("%s: %s", yaml[i], error);
        assert_int_equal(conf->http.port, 8080);
        conf_free(conf);
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *want;
    } table[] = {
        {"http:\n  prot: 1\n", ":2: unknown key \"http.prot\"; did you mean \"http.port\"?"},
        {"\nhtpp:\n  port: 1\n", ":2: unknown key \"htpp\"; did you mean \"http\"?"},
        {"media:\n  # x\n\n  livness_ms: 9000\n",
         ":4: unknown key \"media.livness_ms\"; did you mean \"media.liveness_ms\"?"},
        {"http:\n  port: 70000\n", ":2: http.port is \"70000\", but must be a whole number 1..65535"},
        {"http:\n  port: 0\n", ":2: http.port is \"0\", but must be a whole number 1..65535"},
        {"http:\n  port: 010\n", "must be a whole number"},
        {"http:\n  port: 0x10\n", "must be a whole number"},
        {"http:\n  port: -1\n", "must be a whole number"},
        {"http:\n  port: many\n", "must be a whole number"},
        {"http:\n  port:\n", "must be a whole number"},
        {"http:\n  idle_timeout_s: 99999\n", "1..3600 s"},
        {"http:\n  port: [1]\n", ":2: http.port must be a single value"},
        {"http:\n  port: {a: 1}\n", ":2: http.port must be a single value"},
        {"turn:\n  urls: stun:x\n", ":2: turn.urls must be a list"},
        {"turn:\n  urls:\n  - [a]\n", ":3: turn.urls must be a plain list"},
        {"turn:\n  urls: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]\n", ":2: turn.urls has more than 16 items"},
        {"http:\n  trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.1/8\n",
         ":4: http.trusted_proxies has \"10.0.0.1/8\", but must hold addresses and prefixes such as 192.0.2.1, "},
        {"http:\n  trusted_proxies: [\"\"]\n", ":2: http.trusted_proxies has \"\", but must hold"},
        {"http:\n  trusted_proxies: [~]\n", ":2: http.trusted_proxies has \"~\", but must hold"},
        {"http:\n  trusted_proxies: 127.0.0.1\n", ":2: http.trusted_proxies must be a list"},
        {"media:\n  announce_loopback: on\n", "must be true or false"},
        {"media:\n  placement: pile\n", "must be one of call spread"},
        {"log:\n  level: loud\n", "must be one of error warn info debug"},
        {"http:\n  port: 1\n  port: 2\n", ":3: http.port is given twice, first in line 2"},
        {"http:\n  port: 1\nhttp:\n  bind: x\n", ":3: section http is given twice, first in line 1"},
        {"http:\n", ":1: section http must hold keys"},
        {"http: 5\n", ":1: section http must hold keys"},
        {"[1]\n", ":1: the file must hold sections"},
        {"5\n", ":1: the file must hold sections"},
        {"? [a]\n: 1\n", "must be plain text"},
        {"http:\n  ? [a]\n  : 1\n", "must be plain text"},
        {"http:\n  port: 1\n---\nhttp:\n  port: 2\n", "one YAML document"},
        {"http:\n  bind: &a x\n  web_root: *a\n", ":3: aliases"},
        {"http:\n  bind: \"x\\0y\"\n", "NUL"},
        {"http:\n port: 1\n\tbind: x\n", ":3: "},
        {"http: [\n", ":"},
        {"http:\n  tls_cert: a.pem\n", "must be given together"},
        {"http:\n  max_body_kb: 1025\n  max_bodies_mb: 1\n", "max_bodies_mb 1 has no room"},
        {"media:\n  port: 65535\n  workers: 2\n", "leaves no room"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char error[CONF_ERROR_MAX] = "", path[64];
        struct conf *conf = NULL;
        if (!load_text(table[i].yaml, path, &conf, error))
            fail_msg("loaded although wrong: %s", table[i].yaml);
        if (!strstr(error, table[i].want))
            fail_msg("for %s\nwanted %s\ngot %s", table[i].yaml, table[i].want, error);
        if (table[i].want[0] == ':' && !text_has_prefix(error, path))
            fail_msg("the error names not the file: %s", error);
    }
    char error[CONF_ERROR_MAX];
    struct conf *conf = NULL;
    assert_int_not_equal(conf_load("/nonexistent.yml", &conf, error), ERR_OK);
    assert_non_null(strstr(error, "/nonexistent.yml"));
    assert_int_not_equal(conf_load("/tmp", &conf, error), ERR_OK);
}

/* Its items are checked however they are given, and it may be longer than others. */
static void test_networks(void **state)
{
    (void)state;
    char error[CONF_ERROR_MAX], path[64], many[1024] = "1.1.1.1", yaml[1100];
    struct conf *conf = NULL;
    for (int i = 1; i < CONF_PROXIES_MAX; i++)
        strcat(many, ",1.1.1.1");
    snprintf(yaml, sizeof(yaml), "http: {trusted_proxies: [%s]}\n", many);
    if (load_text(yaml, path, &conf, error))
        fail_msg("%s", error);
    assert_int_equal(conf->http.trusted_proxies.count, CONF_PROXIES_MAX);
    assert_int_equal(conf_set(conf, "http.trusted_proxies", "10.0.0.0/8, ::1,2001:db8::/32", error), ERR_OK);
    assert_int_equal(conf->http.trusted_proxies.count, 3);
    assert_string_equal(conf->http.trusted_proxies.items[1], "::1");
    assert_int_equal(conf_set(conf, "http.trusted_proxies", "10.0.0.0/8,::1/", error), ERR_INVALID);
    assert_non_null(strstr(error, "http.trusted_proxies has \"::1/\""));
    assert_int_equal(conf->http.trusted_proxies.count, 3);
    assert_int_equal(conf_set(conf, "http.trusted_proxies", many, error), ERR_OK);
    strcat(many, ",1.1.1.1");
    assert_int_equal(conf_set(conf, "http.trusted_proxies", many, error), ERR_INVALID);
    assert_string_equal(error, "http.trusted_proxies has more than 64 items");
    conf_free(conf);
    setenv("ICHAT_HTTP_TRUSTED_PROXIES", "::1, localhost", 1);
    assert_int_not_equal(conf_load(NULL, &conf, error), ERR_OK);
    assert_true(text_has_prefix(error, "ICHAT_HTTP_TRUSTED_PROXIES: http.trusted_proxies has \"localhost\", but must"));
    unsetenv("ICHAT_HTTP_TRUSTED_PROXIES");
}

static void test_environment(void **state)
{
    (void)state;
    char error[CONF_ERROR_MAX], path[64];
    struct conf *conf = NULL;
    setenv("ICHAT_HTTP_PORT", "1234", 1);
    setenv("ICHAT_TURN_URLS", " stun:a , ,turn:b ", 1);
    setenv("ICHAT_MEDIA_ANNOUNCE_LOOPBACK", "1", 1);
    setenv("ICHAT_AUTH_ISSUER", "", 1);
    setenv("ICHAT_CALL_NO_SUCH", "x", 1); /* warned of, not refused */
    assert_int_equal(load_text("http:\n  port: 99\n", path, &conf, error), ERR_OK);
    assert_int_equal(conf->http.port, 1234);
    assert_int_equal(conf->turn.urls.count, 2);
    assert_string_equal(conf->turn.urls.items[0], "stun:a");
    assert_string_equal(conf->turn.urls.items[1], "turn:b");
    assert_true(conf->media.announce_loopback);
    assert_string_equal(conf->auth.issuer, "ichat");
    conf_free(conf);
    setenv("ICHAT_HTTP_PORT", "0", 1);
    assert_int_not_equal(conf_load(NULL, &conf, error), ERR_OK);
    assert_string_equal(error, "ICHAT_HTTP_PORT: http.port is \"0\", but must be a whole number 1..65535");
    unsetenv("ICHAT_HTTP_PORT");
    unsetenv("ICHAT_TURN_URLS");
    unsetenv("ICHAT_MEDIA_ANNOUNCE_LOOPBACK");
    unsetenv("ICHAT_AUTH_ISSUER");
    unsetenv("ICHAT_CALL_NO_SUCH");
}

static void test_set(void **state)
{
    (void)state;
    char error[CONF_ERROR_MAX];
    struct conf *conf = NULL;
    assert_int_equal(conf_load(NULL, &conf, error), ERR_OK);
    assert_int_equal(conf_set(conf, "http.bind", "127.0.0.1", error), ERR_OK);
    assert_string_equal(conf->http.bind, "127.0.0.1");
    assert_int_equal(conf_set(conf, "media.announce", "192.0.2.1,192.0.2.2", error), ERR_OK);
    assert_int_equal(conf_set(conf, "media.announce", "192.0.2.3", error), ERR_OK);
    assert_int_equal(conf->media.announce.count, 1);
    assert_int_equal(conf_set(conf, "media.announce", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", error), ERR_INVALID);
    assert_int_equal(conf->media.announce.count, 1);
    assert_int_equal(conf_set(conf, "call.max_member", "5", error), ERR_INVALID);
    assert_non_null(strstr(error, "call.max_members"));
    assert_int_equal(conf_set(conf, "call.max_members", "1", error), ERR_INVALID);
    assert_int_equal(conf->call.max_members, 101);
    assert_int_equal(conf_set(conf, "media.announce_loopback", "true", error), ERR_OK);
    assert_true(conf->media.announce_loopback);
    assert_int_equal(conf_set(conf, "media.announce_loopback", "no", error), ERR_OK);
    assert_false(conf->media.announce_loopback);
    conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_shipped_file), cmocka_unit_test(test_file_values),
        cmocka_unit_test(test_empty_files), cmocka_unit_test(test_errors),       cmocka_unit_test(test_environment),
        cmocka_unit_test(test_set),         cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
