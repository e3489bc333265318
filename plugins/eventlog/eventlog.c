/* The sample plugin: appends every event to a file, one line of JSON each.
 *
 *     plugins: {load: [eventlog]}          and ICHAT_PLUGIN_EVENTLOG_FILE=/var/log/ichat/events.jsonl
 *
 * Runs on the plugins' thread; each line is flushed, so that it can be followed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ichat/plugin.h"

struct eventlog {
    const struct ichat_host *host;
    FILE *file;
};

static int create(const struct ichat_host *host, void **state)
{
    const char *path = host->option(host, "FILE");
    if (!path || !*path) {
        host->log(host, ICHAT_LOG_ERROR, "ICHAT_PLUGIN_EVENTLOG_FILE must name the file to append to");
        return 1;
    }
    struct eventlog *log = calloc(1, sizeof(*log));
    if (!log)
        return 1;
    log->host = host;
    log->file = fopen(path, "ae");
    if (!log->file) {
        host->log(host, ICHAT_LOG_ERROR, "the file of ICHAT_PLUGIN_EVENTLOG_FILE cannot be opened");
        free(log);
        return 1;
    }
    *state = log;
    return 0;
}

static void destroy(void *state)
{
    struct eventlog *log = state;
    (void)fclose(log->file);
    free(log);
}

static void on_event(void *state, const char *name, const char *data_json)
{
    struct eventlog *log = state;
    char when[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        (void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (fprintf(log->file, "{\"time\":\"%s\",\"event\":\"%s\",\"data\":%s}\n", when, name, data_json) < 0 ||
        fflush(log->file) != 0)
        log->host->log(log->host, ICHAT_LOG_WARN, "an event could not be written");
}

const struct ichat_plugin ichat_plugin = {
    .abi = ICHAT_PLUGIN_ABI,
    .size = sizeof(struct ichat_plugin),
    .name = "eventlog",
    .version = "1.0",
    .create = create,
    .destroy = destroy,
    .event_sink = {.on_event = on_event},
};
