/* Counters that any thread may add to and the web thread prints (Prometheus text format, /metrics). Atomic, relaxed.
 *
 * A counter is a static const table entry registered once at start; adding is one relaxed atomic add. Media threads use
 * their own struct of plain counters and publish it once a second (see media/worker.h). */
#ifndef ICHAT_BASE_METRICS_H
#define ICHAT_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

enum metric {
    METRIC_HTTP_REQUESTS,
    METRIC_HTTP_ERRORS,
    METRIC_WS_OPEN, /* gauge */
    METRIC_WS_CUT,  /* slow consumers that were cut off */
    METRIC_DB_JOBS,
    METRIC_DB_REFUSED,
    METRIC_LOGINS,
    METRIC_LOGIN_FAILURES,
    METRIC_CALLS_LIVE, /* gauge */
    METRIC_CALLS_TOTAL,
    METRIC_MEDIA_PEERS,  /* gauge */
    METRIC_MEDIA_TRACKS, /* gauge */
    METRIC_MEDIA_SUBS,   /* gauge */
    METRIC_MEDIA_PACKETS_IN,
    METRIC_MEDIA_PACKETS_OUT,
    METRIC_MEDIA_DROPPED,
    METRIC_COUNT
};

struct metrics {
    _Atomic int64_t values[METRIC_COUNT];
};

void metric_add(struct metrics *metrics, enum metric metric, int64_t n);
int64_t metric_get(const struct metrics *metrics, enum metric metric);
/* Adds the whole page to text. */
void metrics_print(const struct metrics *metrics, struct text *text);

#endif
