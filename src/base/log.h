/* Logging: any thread formats into a bounded queue; the log thread writes (stderr, a file, or the journal's stderr with
 * "<N>" priority prefixes when JOURNAL_STREAM is set). When the queue is full the line is dropped and counted, and the
 * count is printed as soon as there is room. Before log_start() and after log_stop() lines go straight to stderr.
 *
 * A line is a sentence that a tired operator can use, then key=value with ids. Never tokens, keys or message bodies.
 * Media threads log events (a peer up, a peer failed), never packets; what remote input can trigger uses LOG_LIMIT. */
#ifndef ICHAT_BASE_LOG_H
#define ICHAT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* path NULL or "" = stderr. */
MUST_CHECK enum err log_start(enum log_level level, const char *path);
void log_stop(void); /* writes what is queued */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);
/* "error", "warn", "info", "debug". */
MUST_CHECK enum err log_level_parse(const char *s, enum log_level *out);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                                                                 \
    do {                                                                                                               \
        if (log_is_on(LOG_DEBUG))                                                                                      \
            log_line(LOG_DEBUG, __VA_ARGS__);                                                                          \
    } while (0)

/* At most one line a second from this place in the code; says how many it left out. */
struct log_limit {
    uint64_t last_us; /* atomic */
    uint64_t skipped; /* atomic */
};
bool log_limit_pass(struct log_limit *limit, uint64_t *skipped);
#define log_limited(level, fmt, ...)                                                                                   \
    do {                                                                                                               \
        static struct log_limit log_limit_here;                                                                        \
        uint64_t log_skipped;                                                                                          \
        if (log_is_on(level) && log_limit_pass(&log_limit_here, &log_skipped))                                         \
            log_line(level, fmt " skipped=%llu", ##__VA_ARGS__, (unsigned long long)log_skipped);                      \
    } while (0)

#endif
