/* The logger. Its state is the one thing with file scope in this program: a process has one stderr, and a line must be
 * possible from anywhere without passing a context. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "base/thread.h"

#define LINE_MAX_BYTES 2000 /* longer ones are cut: SQL errors and SDP remarks fit */
#define QUEUE_LINES 1024    /* 2 MB; at a burst the rest is dropped and counted */
#define CHUNK_BYTES 16384   /* one write(2) of the log thread */

struct line {
    enum log_level level;
    int64_t wall_us;
    char text[LINE_MAX_BYTES];
};

static struct {
    /* set once by log_start */
    struct thread *thread;
    int fd;
    bool has_priorities;
    /* log thread's */
    char chunk[CHUNK_BYTES];
    size_t chunk_len;
    uint64_t dropped_told;
    /* atomic, any thread */
    _Atomic int level;
    _Atomic(struct mailbox *) queue; /* NULL while not started */
    _Atomic int posters;             /* threads inside log_line, which may hold `queue` */
    _Atomic bool is_stopping;
} logger = {.fd = STDERR_FILENO, .level = LOG_INFO};

static const struct {
    const char *name;
    int priority; /* syslog(3): <3> error .. <7> debug; the header itself has clashing names */
} levels[] = {
    [LOG_ERROR] = {"error", 3},
    [LOG_WARN] = {"warn", 4},
    [LOG_INFO] = {"info", 6},
    [LOG_DEBUG] = {"debug", 7},
};

enum err log_level_parse(const char *s, enum log_level *out)
{
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (strcmp(s, levels[i].name) == 0) {
            *out = (enum log_level)i;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&logger.level, (int)level, memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&logger.level, memory_order_relaxed);
}

static void write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* there is nowhere to complain */
        data += n;
        len -= (size_t)n;
    }
}

/* A line in its final form. The journal stamps times itself. size must hold LINE_MAX_BYTES and a prefix. */
static size_t compose(char *out, size_t size, enum log_level level, int64_t wall_us, const char *text)
{
    int n;
    if (logger.has_priorities) {
        n = snprintf(out, size, "<%d>%s\n", levels[level].priority, text);
    } else {
        char when[CLOCK_RFC3339_MAX];
        clock_rfc3339(when, wall_us - wall_us % 1000);
        when[strlen(when) - 1] = '\0'; /* the Z goes behind the milliseconds */
        n = snprintf(out, size, "%s.%03dZ %-5s %s\n", when, (int)(wall_us / 1000 % 1000), levels[level].name, text);
    }
    return n < 0 ? 0 : (size_t)n;
}

#define COMPOSED_MAX (LINE_MAX_BYTES + 64)

/* Whatever a peer sent must not look like a second line or move the terminal's cursor. */
PRINTF_LIKE(2, 0) static void format_text(char out[LINE_MAX_BYTES], const char *fmt, va_list args)
{
    int n = vsnprintf(out, LINE_MAX_BYTES, fmt, args);
    if (n < 0)
        out[0] = '\0';
    else if (n >= LINE_MAX_BYTES)
        memcpy(out + LINE_MAX_BYTES - 4, "...", 4);
    for (char *c = out; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    }
}

PRINTF_LIKE(2, 0) static void write_direct(enum log_level level, const char *fmt, va_list args)
{
    char text[LINE_MAX_BYTES];
    char out[COMPOSED_MAX];
    format_text(text, fmt, args);
    write_all(STDERR_FILENO, out, compose(out, sizeof(out), level, clock_wall_us(), text));
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (!log_is_on(level))
        return;
    va_list args;
    va_start(args, fmt);
    atomic_fetch_add(&logger.posters, 1);
    struct mailbox *queue = atomic_load(&logger.queue);
    if (!queue) {
        write_direct(level, fmt, args);
    } else {
        uint64_t ticket;
        struct line *line = mailbox_reserve(queue, &ticket);
        if (line) {
            line->level = level;
            line->wall_us = clock_wall_us();
            format_text(line->text, fmt, args);
            mailbox_publish(queue, ticket);
        }
    }
    atomic_fetch_sub(&logger.posters, 1);
    va_end(args);
}

static void flush_chunk(void)
{
    write_all(logger.fd, logger.chunk, logger.chunk_len);
    logger.chunk_len = 0;
}

static void chunk_add(enum log_level level, int64_t wall_us, const char *text)
{
    if (logger.chunk_len + COMPOSED_MAX > sizeof(logger.chunk))
        flush_chunk();
    logger.chunk_len += compose(logger.chunk + logger.chunk_len, COMPOSED_MAX, level, wall_us, text);
}

static void write_queued(struct mailbox *queue)
{
    const struct line *line;
    while ((line = mailbox_peek(queue))) {
        chunk_add(line->level, line->wall_us, line->text);
        mailbox_release(queue);
    }
    uint64_t dropped = mailbox_dropped(queue);
    if (dropped != logger.dropped_told) {
        char text[100];
        snprintf(text, sizeof(text), "The log queue was full, lines were lost: lines=%llu",
                 (unsigned long long)(dropped - logger.dropped_told));
        logger.dropped_told = dropped;
        chunk_add(LOG_WARN, clock_wall_us(), text);
    }
    flush_chunk();
}

static void run(void *ctx)
{
    struct mailbox *queue = ctx;
    while (!atomic_load(&logger.is_stopping)) {
        write_queued(queue);
        if (!mailbox_arm(queue))
            continue;
        struct pollfd wait = {.fd = mailbox_fd(queue), .events = POLLIN};
        poll(&wait, 1, -1);
        mailbox_disarm(queue);
    }
    write_queued(queue);
}

enum err log_start(enum log_level level, const char *path)
{
    if (atomic_load(&logger.queue))
        return ERR_STATE;
    int fd = STDERR_FILENO;
    if (path && *path) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (fd < 0) {
            log_error("Cannot open the log file: path=%s errno=%d", path, errno);
            return ERR_IO;
        }
    }
    log_set_level(level);
    logger.fd = fd;
    /* Set by systemd when stderr goes to the journal (systemd.exec(5)). */
    logger.has_priorities = fd == STDERR_FILENO && getenv("JOURNAL_STREAM") != NULL;
    logger.dropped_told = 0;
    atomic_store(&logger.is_stopping, false);
    struct mailbox *queue = mailbox_create(sizeof(struct line), QUEUE_LINES, NULL, NULL);
    if (thread_start(&logger.thread, "log", run, queue)) {
        mailbox_free(queue);
        if (fd != STDERR_FILENO)
            close(fd);
        logger.fd = STDERR_FILENO;
        return ERR_IO;
    }
    atomic_store(&logger.queue, queue);
    return ERR_OK;
}

void log_stop(void)
{
    struct mailbox *queue = atomic_exchange(&logger.queue, NULL);
    if (!queue)
        return;
    /* Who saw the queue before the exchange is counted in `posters`, and out again after one line. */
    while (atomic_load(&logger.posters) > 0)
        sched_yield();
    atomic_store(&logger.is_stopping, true);
    uint64_t one = 1;
    write_all(mailbox_fd(queue), (const char *)&one, sizeof(one)); /* wakes the thread without a line */
    thread_join(logger.thread);
    mailbox_free(queue);
    if (logger.fd != STDERR_FILENO)
        close(logger.fd);
    logger.fd = STDERR_FILENO;
    logger.thread = NULL;
}

bool log_limit_pass(struct log_limit *limit, uint64_t *skipped)
{
    uint64_t now_us = clock_now_us();
    uint64_t last_us = __atomic_load_n(&limit->last_us, __ATOMIC_RELAXED);
    bool is_early = last_us != 0 && now_us - last_us < US_PER_S;
    if (is_early ||
        !__atomic_compare_exchange_n(&limit->last_us, &last_us, now_us, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        __atomic_add_fetch(&limit->skipped, 1, __ATOMIC_RELAXED);
        return false;
    }
    *skipped = __atomic_exchange_n(&limit->skipped, 0, __ATOMIC_RELAXED);
    return true;
}
