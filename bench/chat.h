/* `ichat-bench chat`: messages through REST and the notification socket, next to the store's own floor. Main thread.
 *
 *     prepare (server, accounts, rooms) -> idle sockets -> for each room: saturate, then half of that, then the floor
 */
#ifndef ICHAT_BENCH_CHAT_H
#define ICHAT_BENCH_CHAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bench/bench.h"
#include "bench/seed.h"

#define CHAT_ROOMS_MAX 8
#define CHAT_POSTERS 32 /* requests under way at a time */

/* A connected user of a room, or an idle one. */
struct chat_user {
    struct chat *chat;
    struct seed_user account;
    char *token;
    struct ws *ws;
    bool is_greeted; /* the server told the session */
};

struct chat_room {
    unsigned members;
    double per_s; /* of the second load; 0: half of what the first one took */
    struct chat_user *users;
    struct seed_group group;
};

/* What one load gave. */
struct chat_load {
    double asked_per_s; /* 0: as fast as it goes */
    double seconds;
    uint64_t acked;
    uint64_t refused;
    uint64_t expected; /* deliveries */
    double server_cpu_s;
    double generator_busy; /* share of its core */
};

struct chat {
    struct bench *bench;
    char url[192]; /* of the database */
    char secret[33];
    double seconds;
    unsigned idle_count;
    struct chat_user *idle;
    struct chat_room rooms[CHAT_ROOMS_MAX];
    unsigned room_count;
    /* while a load runs */
    unsigned opening, greeted, broken;
    struct chat_poster *posters;
    struct chat_load *load;
    const struct chat_room *room; /* that is loaded */
    uint64_t begin_ns, next_ns, end_ns, period_ns;
    unsigned busy;          /* posters */
    uint64_t free_since_ns; /* from when one was free: what was due before that waited for the server */
    uint64_t sent, received;
    size_t text_at;               /* where the last message had its text: the next one's is there too */
    struct hist delay, ack, late; /* ns */
};

/* chat_room.c: sockets. ERR_IO: some did not come up. */
MUST_CHECK enum err chat_connect(struct chat *chat, struct chat_user *users, unsigned count);
void chat_user_free(struct chat_user *user);
/* chat_load.c: sends for chat->seconds, then waits for what is on its way. */
void chat_run_load(struct chat *chat, const struct chat_room *room, double per_s, struct chat_load *out);
/* Sends what is due, as far as there are free connections. */
void chat_feed(struct chat *chat, uint64_t now_ns);
void chat_free_posters(struct chat *chat);

/* chat_floor.c */
enum chat_rows {
    CHAT_ROW_A_ROOM,   /* of deliveries, as the server writes them */
    CHAT_ROW_A_MEMBER, /* as the app that it replaces does, and this server did before */
};
/* The rows of a message, `group` messages a commit, in a bare loop: messages/s, 0 when it fails. */
double chat_floor(const char *url, const struct chat_room *room, enum chat_rows rows, unsigned group, double seconds);

int chat_main(int argc, char **argv);

#endif
