/* Process-wide counters and their Prometheus page. Any thread. */
#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>

static const struct {
    const char *name;
    const char *help;
    bool is_gauge;
} table[METRIC_COUNT] = {
    [METRIC_HTTP_REQUESTS] = {"ichat_http_requests_total", "HTTP requests answered.", false},
    [METRIC_HTTP_ERRORS] = {"ichat_http_errors_total", "HTTP requests answered with an error.", false},
    [METRIC_WS_OPEN] = {"ichat_ws_open", "Open WebSocket sessions.", true},
    [METRIC_WS_CUT] = {"ichat_ws_cut_total", "WebSocket sessions cut off because they read too slowly.", false},
    [METRIC_DB_JOBS] = {"ichat_db_jobs_total", "Database jobs run.", false},
    [METRIC_DB_REFUSED] = {"ichat_db_refused_total", "Database jobs refused because the queue was full.", false},
    [METRIC_LOGINS] = {"ichat_logins_total", "Successful logins.", false},
    [METRIC_LOGIN_FAILURES] = {"ichat_login_failures_total", "Refused logins.", false},
    [METRIC_CALLS_LIVE] = {"ichat_calls_live", "Calls under way.", true},
    [METRIC_CALLS_TOTAL] = {"ichat_calls_total", "Calls started.", false},
    [METRIC_MEDIA_PEERS] = {"ichat_media_peers", "Peer connections on the media threads.", true},
    [METRIC_MEDIA_TRACKS] = {"ichat_media_tracks",
                             "Published tracks, counted on each media thread that has to do with them.", true},
    [METRIC_MEDIA_SUBS] = {"ichat_media_subscriptions", "Tracks that members receive.", true},
    [METRIC_MEDIA_PACKETS_IN] = {"ichat_media_packets_in_total", "Datagrams received by the media threads.", false},
    [METRIC_MEDIA_PACKETS_OUT] = {"ichat_media_packets_out_total", "Datagrams sent by the media threads.", false},
    [METRIC_MEDIA_DROPPED] = {"ichat_media_dropped_total", "Datagrams dropped: pools empty or refused by the kernel.",
                              false},
};

void metric_add(struct metrics *metrics, enum metric metric, int64_t n)
{
    atomic_fetch_add_explicit(&metrics->values[metric], n, memory_order_relaxed);
}

int64_t metric_get(const struct metrics *metrics, enum metric metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

void metrics_print(const struct metrics *metrics, struct text *text)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        text_addf(text, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", table[i].name, table[i].help, table[i].name,
                  table[i].is_gauge ? "gauge" : "counter", table[i].name,
                  (long long)metric_get(metrics, (enum metric)i));
    }
}
