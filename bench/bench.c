/* The generator's loop and what targets share. See bench.h. */
#include "bench/bench.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "bench/child.h"
#include "bench/guest.h"

#define TICK_US 10000u    /* of peers and signaling's keep-alives */
#define SIGNAL_US 1000u   /* how often sockets of the signaling are looked at under load */
#define SLEEP_MAX_US 500u /* under load the media socket is polled, not waited on */
#define READS_MAX 16u     /* batches in a row before what is due is sent */
#define PORT_FIRST 20000u
#define PORT_SPAN 12000u /* below the kernel's own choice of ports */
#define PORT_TRIES 100

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void bench_watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool bench_is_interrupted(void)
{
    return interrupted != 0;
}

enum err bench_refuse(struct bench *bench, enum err err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(bench->error, sizeof(bench->error), fmt, args);
    va_end(args);
    return err;
}

void bench_set_loaded(struct bench *bench, bool is_loaded)
{
    if (is_loaded == bench->is_loaded)
        return;
    bench->is_loaded = is_loaded;
    /* A socket that somebody waits on makes its sender, the server, pay for waking him. */
    if (is_loaded)
        loop_del(bench->loop, &bench->wire_watch);
    else
        (void)!loop_add(bench->loop, &bench->wire_watch, wire_fd(bench->peers->wire), EPOLLIN, NULL, NULL);
}

/* When the next packet of all sources is due. */
static uint64_t run_sources(struct bench *bench, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;
    for (unsigned i = 0; i < bench->source_count; i++) {
        struct source *source = bench->sources[i];
        if (!source->is_on)
            continue;
        source_run(source, now_us, bench->late);
        if (source->next_us < next_us)
            next_us = source->next_us;
    }
    wire_flush(bench->peers->wire);
    return next_us;
}

static void run_ticks(struct bench *bench, uint64_t now_us)
{
    if (now_us < bench->tick_us)
        return;
    bench->tick_us = now_us + TICK_US;
    peers_tick(bench->peers, now_us);
    for (unsigned i = 0; i < bench->guest_count; i++)
        bench->target->tick(&bench->guests[i], now_us);
}

static void sleep_until(uint64_t until_us)
{
    struct timespec ts = {.tv_sec = (time_t)(until_us / US_PER_S), .tv_nsec = (long)(until_us % US_PER_S) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

void bench_turn(struct bench *bench)
{
    uint64_t now_us = clock_now_us(), next_us = UINT64_MAX;
    if (!bench->peers) { /* no media: sockets alone */
        (void)loop_turn(bench->loop, 1);
        return;
    }
    if (bench->is_loaded)
        next_us = run_sources(bench, now_us);
    unsigned reads = 0;
    while (reads < READS_MAX && peers_read(bench->peers, now_us) == WIRE_BATCH)
        reads++;
    run_ticks(bench, now_us);
    wire_flush(bench->peers->wire);
    if (!bench->is_loaded) {
        (void)loop_turn(bench->loop, reads == READS_MAX ? 0 : 1);
        return;
    }
    if (now_us >= bench->signal_us) {
        (void)loop_turn(bench->loop, 0);
        bench->signal_us = now_us + SIGNAL_US;
    }
    if (reads == READS_MAX)
        return;
    uint64_t until_us = now_us + SLEEP_MAX_US;
    sleep_until(next_us < until_us ? next_us : until_us);
}

bool bench_until(struct bench *bench, bool (*is_done)(struct bench *bench, void *ctx), void *ctx, double seconds)
{
    uint64_t until_us = clock_now_us() + (uint64_t)(seconds * 1e6);
    while (!is_done(bench, ctx)) {
        if (clock_now_us() >= until_us || interrupted)
            return false;
        bench_turn(bench);
    }
    return true;
}

static bool never(struct bench *bench, void *ctx)
{
    (void)bench, (void)ctx;
    return false;
}

void bench_run_for(struct bench *bench, double seconds)
{
    (void)bench_until(bench, never, NULL, seconds);
}

/* --- servers --- */

static bool can_bind(const struct bench *bench, int type, uint16_t port)
{
    struct addr addr;
    struct sockaddr_storage sa;
    if (addr_parse(&addr, bench->opts.server_ip, port) != ERR_OK)
        return false;
    socklen_t len = addr_to_sockaddr(&addr, &sa);
    int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);
    bool is_free = fd >= 0 && bind(fd, (struct sockaddr *)&sa, len) == 0;
    if (fd >= 0)
        close(fd);
    return is_free;
}

uint16_t bench_free_port(const struct bench *bench, unsigned count)
{
    for (unsigned try = 0; try < PORT_TRIES; try++) {
        uint16_t port = (uint16_t)(PORT_FIRST + rand_u32() % PORT_SPAN);
        unsigned i = 0;
        while (i < count && can_bind(bench, SOCK_STREAM, (uint16_t)(port + i)) &&
               can_bind(bench, SOCK_DGRAM, (uint16_t)(port + i)))
            i++;
        if (i == count)
            return port;
    }
    return 0;
}

static bool can_connect(const struct bench *bench)
{
    struct sockaddr_storage sa;
    socklen_t len = addr_to_sockaddr(&bench->server, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&sa, len) == 0;
    if (fd >= 0)
        close(fd);
    return is_there;
}

enum err bench_await_server(struct bench *bench, double seconds)
{
    uint64_t until_us = clock_now_us() + (uint64_t)(seconds * 1e6);
    while (!can_connect(bench)) {
        if (bench->server_pid && !child_is_alive(bench->server_pid)) {
            bench->server_pid = 0;
            return bench_refuse(bench, ERR_CLOSED, "the server ended at once, see %s/server.log", bench->dir);
        }
        if (clock_now_us() > until_us || interrupted)
            return bench_refuse(bench, ERR_IO, "the server does not listen");
        poll(NULL, 0, 20);
    }
    return ERR_OK;
}

void bench_remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        unlink(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        char child[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        if (unlink(child) < 0)
            bench_remove_tree(child);
    }
    closedir(dir);
    rmdir(path);
}
