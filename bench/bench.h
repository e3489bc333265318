/* What the files of one run share: the options, the generator's loop, the server under test, its members. Main thread.
 */
#ifndef ICHAT_BENCH_BENCH_H
#define ICHAT_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/hist.h"
#include "bench/opts.h"
#include "bench/peer.h"
#include "bench/procstat.h"
#include "bench/source.h"
#include "bench/ws.h"
#include "net/loop.h"

#define BENCH_ERROR_SIZE 512

struct bench;
struct guest;

/* A kind of server. */
struct target_ops {
    const char *name;
    /* Starts a server of our own (or finds the given one) and waits until it answers. */
    enum err (*start)(struct bench *bench);
    /* Accounts, rooms, calls for all guests. */
    enum err (*prepare)(struct bench *bench);
    /* Begins to join; guest_on_... tell how it went. */
    void (*join)(struct guest *guest);
    /* All publishers are there: a publisher who has not asked for the others' media does so now. May be NULL. */
    void (*subscribe)(struct guest *guest);
    /* Keeps the signaling alive. */
    void (*tick)(struct guest *guest, uint64_t now_us);
    void (*leave)(struct guest *guest);
    /* Frees what prepare() took. May be NULL. */
    void (*stop)(struct bench *bench);
};
extern const struct target_ops target_ichatd, target_janus;

/* A call or room. */
struct party {
    unsigned first, count;   /* guests */
    unsigned videos, audios; /* the first so many publish these */
    uint64_t id;             /* of the call or room */
};

struct bench {
    /* set once */
    struct opts opts;
    const struct target_ops *target;
    char dir[64];       /* of this run's files, removed at the end */
    struct addr server; /* HTTP or WebSocket */
    pid_t server_pid;   /* 0: not on this host, or not told */
    void *target_data;
    struct loop *loop;
    struct loop_fd wire_watch;
    struct peers *peers;
    struct party *parties;
    unsigned party_count;
    struct guest *guests;
    unsigned guest_count;
    struct source **sources; /* of all guests that publish */
    unsigned source_count;
    /* while it runs */
    uint64_t tick_us, signal_us;
    bool is_loaded;    /* sources run: the clock rules, not the socket */
    struct hist *late; /* where lateness of sending is kept; NULL = nowhere */
    unsigned failed;   /* guests */
    char error[BENCH_ERROR_SIZE];
};

/* "why" into bench->error; answers err. */
MUST_CHECK enum err bench_refuse(struct bench *bench, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Under load the clock rules: sources run, and the media socket is polled. */
void bench_set_loaded(struct bench *bench, bool is_loaded);
/* One turn: sends what is due, reads what came, serves the signaling; waits a little when there was nothing. */
void bench_turn(struct bench *bench);
/* Turns until is_done or the time is over (false), or Ctrl-C. */
bool bench_until(struct bench *bench, bool (*is_done)(struct bench *bench, void *ctx), void *ctx, double seconds);
void bench_run_for(struct bench *bench, double seconds);
bool bench_is_interrupted(void);
void bench_watch_signals(void);

void bench_remove_tree(const char *path);

/* Waits until something listens at bench->server, the server's process lives meanwhile. */
MUST_CHECK enum err bench_await_server(struct bench *bench, double seconds);
/* A port that is free now for TCP and UDP on the server's address, `count` in a row. */
uint16_t bench_free_port(const struct bench *bench, unsigned count);

#endif
