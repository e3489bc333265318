/* Loads plugins and hands them events: main thread (create, free), web thread (emit), plugin thread (deliver). */
#include "plugin/host.h"

#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/thread.h"
#include "ichat/plugin.h"

#define PLUGIN_MAX CONF_LIST_MAX
#define PLUGIN_NAME_MAX 32

struct loaded {
    struct ichat_host api; /* first: the plugin's view of its own entry */
    void *library;
    const struct ichat_plugin *plugin;
    void *state;
    char name[PLUGIN_NAME_MAX];
};

/* Queued for the plugin thread; both owned. A NULL name ends the thread. */
struct event {
    char *name;
    char *data;
};

struct plugin_host {
    /* set once at creation */
    struct loaded plugins[PLUGIN_MAX];
    unsigned count;
    struct mailbox *events;
    struct thread *thread;
};

static void host_log(const struct ichat_host *api, enum ichat_log_level level, const char *line)
{
    static const enum log_level levels[] = {LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG};
    const struct loaded *loaded = (const struct loaded *)(const void *)api;
    log_line(levels[level <= ICHAT_LOG_DEBUG ? level : ICHAT_LOG_INFO], "plugin %s: %s", loaded->name, line);
}

static const char *host_option(const struct ichat_host *api, const char *key)
{
    const struct loaded *loaded = (const struct loaded *)(const void *)api;
    char name[128];
    snprintf(name, sizeof(name), "ICHAT_PLUGIN_%s_%s", loaded->name, key);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return getenv(name);
}

static bool is_name_good(const char *name)
{
    if (!name || !*name || strlen(name) >= PLUGIN_NAME_MAX)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

/* The exported struct if this server can run it. */
static const struct ichat_plugin *check_plugin(const char *path, void *library)
{
    const struct ichat_plugin *plugin = dlsym(library, "ichat_plugin");
    if (!plugin) {
        log_error("A plugin does not export \"ichat_plugin\" path=%s", path);
        return NULL;
    }
    if (plugin->abi >> 16 != ICHAT_PLUGIN_ABI >> 16 || (plugin->abi & 0xffff) > (ICHAT_PLUGIN_ABI & 0xffff)) {
        log_error("A plugin was built for another interface path=%s has=%u.%u expected=%u.%u", path, plugin->abi >> 16,
                  plugin->abi & 0xffff, ICHAT_PLUGIN_ABI >> 16, ICHAT_PLUGIN_ABI & 0xffff);
        return NULL;
    }
    if (plugin->size < sizeof(struct ichat_plugin) || !is_name_good(plugin->name) || !plugin->create) {
        log_error("A plugin's description is not complete: size, name (a-z, 0-9, '-') or create path=%s", path);
        return NULL;
    }
    return plugin;
}

/* Where a name is looked up when plugins.dir is empty: the build tree of this binary, then the installed place. */
static void find_plugin(struct text *path, const struct conf *conf, const char *name)
{
    if (strchr(name, '/')) {
        text_add(path, name);
        return;
    }
    if (*conf->plugins.dir) {
        text_addf(path, "%s/%s.so", conf->plugins.dir, name);
        return;
    }
    char exe[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (len > 0) {
        exe[len] = 0;
        char *slash = strrchr(exe, '/');
        text_addf(path, "%.*s/../plugins/%s/%s.so", slash ? (int)(slash - exe) : 0, exe, name, name);
        if (access(path->data, R_OK) == 0)
            return;
        text_free(path);
    }
    text_addf(path, "/usr/lib/ichat/plugins/%s.so", name);
}

static enum err load_plugin(struct plugin_host *host, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        log_error("A plugin cannot be loaded: %s", dlerror());
        return ERR_INVALID;
    }
    const struct ichat_plugin *plugin = check_plugin(path, library);
    if (!plugin)
        goto refuse;
    struct loaded *loaded = &host->plugins[host->count];
    loaded->api = (struct ichat_host){
        .abi = ICHAT_PLUGIN_ABI, .size = sizeof(struct ichat_host), .log = host_log, .option = host_option};
    loaded->library = library;
    loaded->plugin = plugin;
    (void)text_copy(loaded->name, sizeof(loaded->name), plugin->name);
    if (plugin->create(&loaded->api, &loaded->state) != 0) {
        log_error("A plugin refused to start name=%s path=%s", plugin->name, path);
        goto refuse;
    }
    host->count++;
    log_info("Plugin loaded name=%s version=%s", plugin->name, plugin->version ? plugin->version : "");
    return ERR_OK;
refuse:
    dlclose(library);
    return ERR_INVALID;
}

static void deliver(struct plugin_host *host, const struct event *event)
{
    for (unsigned i = 0; i < host->count; i++) {
        const struct loaded *loaded = &host->plugins[i];
        if (loaded->plugin->event_sink.on_event)
            loaded->plugin->event_sink.on_event(loaded->state, event->name, event->data);
    }
}

static void run(void *ctx)
{
    struct plugin_host *host = ctx;
    for (;;) {
        struct event event;
        while (mailbox_take(host->events, &event)) {
            if (!event.name)
                return;
            deliver(host, &event);
            free(event.name);
            free(event.data);
        }
        if (!mailbox_arm(host->events))
            continue;
        struct pollfd fd = {.fd = mailbox_fd(host->events), .events = POLLIN};
        (void)poll(&fd, 1, -1);
        mailbox_disarm(host->events);
    }
}

enum err plugin_host_create(const struct conf *conf, struct plugin_host **out)
{
    struct plugin_host *host = mem_calloc(1, sizeof(*host));
    enum err err = ERR_OK;
    for (unsigned i = 0; i < conf->plugins.load.count && err == ERR_OK; i++) {
        struct text path = {0};
        find_plugin(&path, conf, conf->plugins.load.items[i]);
        err = load_plugin(host, path.data);
        text_free(&path);
    }
    if (err == ERR_OK && host->count > 0) {
        host->events = mailbox_create(sizeof(struct event), PLUGIN_QUEUE, NULL, NULL);
        err = thread_start(&host->thread, "plugins", run, host);
    }
    if (err != ERR_OK) {
        plugin_host_free(host);
        return err;
    }
    *out = host;
    return ERR_OK;
}

static void stop_thread(struct plugin_host *host)
{
    const struct event end = {.name = NULL};
    while (mailbox_post(host->events, &end) != ERR_OK)
        (void)poll(NULL, 0, 1); /* full: the thread is working on it */
    thread_join(host->thread);
}

void plugin_host_free(struct plugin_host *host)
{
    if (!host)
        return;
    if (host->thread)
        stop_thread(host);
    mailbox_free(host->events);
    while (host->count > 0) {
        struct loaded *loaded = &host->plugins[--host->count];
        if (loaded->plugin->destroy)
            loaded->plugin->destroy(loaded->state);
        dlclose(loaded->library);
    }
    free(host);
}

void plugin_host_emit(void *ctx, const char *name, const json_t *data)
{
    struct plugin_host *host = ctx;
    if (!host->thread)
        return;
    char *dumped = data ? json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    struct event event = {.name = mem_strdup(name), .data = dumped ? dumped : mem_strdup("{}")};
    if (mailbox_post(host->events, &event) == ERR_OK)
        return;
    free(event.name);
    free(event.data);
    log_limited(LOG_WARN, "An event was dropped: the plugins are too slow name=%s", name);
}

unsigned plugin_host_count(const struct plugin_host *host)
{
    return host->count;
}

uint64_t plugin_host_dropped(const struct plugin_host *host)
{
    return host->events ? mailbox_dropped(host->events) : 0;
}
