/* The process. Main thread. */
#include "app.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/conf_keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "call/calls.h"
#include "chat/chat.h"
#include "media/media.h"
#include "net/addr.h"
#include "plugin/host.h"
#include "rtc/transport.h"
#include "web/server.h"

#define ADDRESSES_MAX 16
#define FILES_BESIDE_CONNECTIONS 1024 /* database, media, files being served */

struct app {
    const struct app_options *options;
    struct conf *conf;
    struct metrics metrics;
    sigset_t signals;
    bool is_log_started;
    bool is_rtc_started;
    struct rtc_identity *identity;
    struct media *media;
    struct plugin_host *plugins;
    struct web *web;
    struct chat *chat;
};

static enum err set_option(struct conf *conf, const char *path, const char *value, char error[APP_ERROR_MAX])
{
    char reason[CONF_ERROR_MAX];
    if (!value || conf_set(conf, path, value, reason) == ERR_OK)
        return ERR_OK;
    snprintf(error, APP_ERROR_MAX, "command line: %s", reason);
    return ERR_INVALID;
}

enum err app_load_conf(const struct app_options *options, struct conf **out, char error[APP_ERROR_MAX])
{
    struct conf *conf;
    char reason[CONF_ERROR_MAX];
    if (conf_load(options->config, &conf, reason) != ERR_OK) {
        snprintf(error, APP_ERROR_MAX, "%s", reason);
        return ERR_INVALID;
    }
    if (set_option(conf, "http.port", options->port, error) != ERR_OK ||
        set_option(conf, "http.tls_port", options->tls_port, error) != ERR_OK ||
        set_option(conf, "data.dir", options->data, error) != ERR_OK) {
        conf_free(conf);
        return ERR_INVALID;
    }
    *out = conf;
    return ERR_OK;
}

/* Each connection is a file; systems start a process with room for 1,024. */
static void raise_file_limit(const struct conf *conf)
{
    struct rlimit limit;
    rlim_t wanted = conf->http.max_connections + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < wanted)
        log_warn("Fewer connections than http.max_connections are possible: limit of open files=%llu wanted=%llu",
                 (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static enum err make_dir(const char *path, char error[APP_ERROR_MAX])
{
    char *copy = mem_strdup(path);
    enum err err = ERR_OK;
    for (char *at = copy + 1; err == ERR_OK; at++) {
        if (*at && *at != '/')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST) {
            snprintf(error, APP_ERROR_MAX, "The data directory %s cannot be made: %s", path, strerror(errno));
            err = ERR_IO;
        }
        *at = end;
        if (!end)
            break;
    }
    free(copy);
    return err;
}

/* From the bottom up; whatever was built is freed by app_free() when a later step fails. */
static enum err build(struct app *app, char error[APP_ERROR_MAX])
{
    const struct conf *conf = app->conf;
    struct calls *calls;
    snprintf(error, APP_ERROR_MAX, "The media threads cannot be started (the log says why)");
    if (rtc_global_init() != ERR_OK)
        return ERR_IO;
    app->is_rtc_started = true;
    if (rtc_identity_create(&app->identity) != ERR_OK)
        return ERR_IO;
    snprintf(error, APP_ERROR_MAX, "The plugins cannot be loaded (the log says why)");
    if (plugin_host_create(conf, &app->plugins) != ERR_OK)
        return ERR_IO;
    snprintf(error, APP_ERROR_MAX, "The web server cannot be set up (the log says why)");
    if (web_create(conf, &app->metrics, &app->web) != ERR_OK)
        return ERR_IO;
    snprintf(error, APP_ERROR_MAX, "The media ports cannot be opened (the log says why)");
    if (media_create(conf, app->identity, &app->metrics, web_wake, app->web, &app->media) != ERR_OK)
        return ERR_IO;
    snprintf(error, APP_ERROR_MAX, "The database cannot be opened: %s (the log says why)",
             conf->database.url[0] ? conf->database.url : "database.url is empty");
    if (chat_create(conf, &app->metrics, web_timers(app->web), web_wake, app->web, &app->chat) != ERR_OK)
        return ERR_IO;
    app->chat->on_event = plugin_host_emit;
    app->chat->event_ctx = app->plugins;
    snprintf(error, APP_ERROR_MAX, "The calls cannot be set up (the log says why)");
    if (calls_create(app->chat, app->media, web_timers(app->web), &calls) != ERR_OK)
        return ERR_IO;
    if (web_listen(app->web, app->chat, calls, error) != ERR_OK)
        return ERR_IO;
    snprintf(error, APP_ERROR_MAX, "The web thread cannot be started (the log says why)");
    return web_start(app->web);
}

static void print_urls(const struct conf *conf)
{
    const char *bind = conf->http.bind;
    struct addr addrs[ADDRESSES_MAX];
    size_t count = addr_interfaces(addrs, ADDRESSES_MAX);
    bool is_v6 = strchr(bind, ':') != NULL;
    printf("ichatd " ICHAT_VERSION " is ready\n");
    printf("  http://%s%s%s:%u/\n", is_v6 ? "[" : "", bind[0] ? bind : "localhost", is_v6 ? "]" : "", conf->http.port);
    unsigned shown = 0;
    for (size_t i = 0; conf->http.tls_port && i < count; i++) {
        char ip[ADDR_TEXT_MAX];
        addr_ip_text(&addrs[i], ip);
        if (!addr_is_v4(&addrs[i]) || addr_is_loopback(&addrs[i]) || (bind[0] && strcmp(bind, ip) != 0))
            continue;
        printf("  https://%s:%u/\n", ip, conf->http.tls_port);
        shown++;
    }
    if (conf->http.tls_port && !shown)
        printf("  https://localhost:%u/\n", conf->http.tls_port);
    fflush(stdout);
}

enum err app_create(struct conf *conf_take, const struct app_options *options, struct app **out,
                    char error[APP_ERROR_MAX])
{
    struct app *app = mem_calloc(1, sizeof(*app));
    app->conf = conf_take;
    app->options = options;
    sigemptyset(&app->signals);
    sigaddset(&app->signals, SIGTERM);
    sigaddset(&app->signals, SIGINT);
    sigaddset(&app->signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &app->signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    enum log_level level = LOG_INFO;
    enum err err = log_level_parse(conf_take->log.level, &level);
    if (err == ERR_OK)
        err = log_start(level, conf_take->log.file);
    app->is_log_started = err == ERR_OK;
    if (err != ERR_OK)
        snprintf(error, APP_ERROR_MAX, "The log cannot be opened: %s", conf_take->log.file);
    else
        err = make_dir(conf_take->data.dir, error);
    if (err == ERR_OK) {
        raise_file_limit(conf_take);
        err = build(app, error);
    }
    if (err != ERR_OK) {
        app_free(app);
        return err;
    }
    print_urls(conf_take);
    sd_notify(0, "READY=1");
    *out = app;
    return ERR_OK;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    web_stop(app->web);
    chat_free(app->chat);
    media_free(app->media);
    web_free(app->web);
    plugin_host_free(app->plugins);
    rtc_identity_free(app->identity);
    if (app->is_rtc_started)
        rtc_global_free();
    if (app->is_log_started)
        log_stop();
    conf_free(app->conf);
    free(app);
}

static bool is_same_value(const struct conf_key *key, const struct conf *a, const struct conf *b)
{
    const char *at_a = (const char *)a + key->offset;
    const char *at_b = (const char *)b + key->offset;
    switch (key->type) {
    case CONF_STRING:
        return !strcmp(*(char *const *)(const void *)at_a, *(char *const *)(const void *)at_b);
    case CONF_UINT:
        return *(const uint32_t *)(const void *)at_a == *(const uint32_t *)(const void *)at_b;
    case CONF_BOOL:
        return *(const bool *)at_a == *(const bool *)at_b;
    case CONF_LIST:
    default:
        break;
    }
    const struct conf_list *list_a = (const void *)at_a;
    const struct conf_list *list_b = (const void *)at_b;
    if (list_a->count != list_b->count)
        return false;
    for (unsigned i = 0; i < list_a->count; i++)
        if (strcmp(list_a->items[i], list_b->items[i]) != 0)
            return false;
    return true;
}

/* SIGHUP. What the threads read, they read from the snapshot of the start; only the log's level follows at once. */
static void reload(struct app *app)
{
    struct conf *fresh;
    char error[APP_ERROR_MAX];
    if (app_load_conf(app->options, &fresh, error) != ERR_OK) {
        log_error("The configuration was not read again, it has a mistake: %s", error);
        return;
    }
    enum log_level level;
    if (log_level_parse(fresh->log.level, &level) == ERR_OK)
        log_set_level(level);
    unsigned changed = 0;
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        if (is_same_value(key, app->conf, fresh) || !strcmp(key->path, "log.level"))
            continue;
        log_warn("The configuration was changed, but this key needs a restart: key=%s", key->path);
        changed++;
    }
    log_info("The configuration was read again: log.level=%s keys for a restart=%u", fresh->log.level, changed);
    conf_free(fresh);
}

/* Tells systemd's watchdog that the web thread turns. */
static void feed_watchdog(struct app *app, uint64_t *last_turns)
{
    uint64_t turns = web_turns(app->web);
    if (turns != *last_turns)
        sd_notify(0, "WATCHDOG=1");
    *last_turns = turns;
}

void app_run(struct app *app)
{
    uint64_t watchdog_us = 0;
    uint64_t turns = 0;
    bool has_watchdog = sd_watchdog_enabled(0, &watchdog_us) > 0;
    uint64_t wait_us = has_watchdog ? watchdog_us / 3 : 3600000000u;
    struct timespec wait = {.tv_sec = (time_t)(wait_us / 1000000), .tv_nsec = (long)(wait_us % 1000000) * 1000};
    for (;;) {
        int sig = sigtimedwait(&app->signals, NULL, &wait);
        if (has_watchdog)
            feed_watchdog(app, &turns);
        if (sig == SIGHUP)
            reload(app);
        if (sig == SIGTERM || sig == SIGINT) {
            log_info("A signal says to stop: signal=%s", sigabbrev_np(sig));
            sd_notify(0, "STOPPING=1");
            return;
        }
    }
}
