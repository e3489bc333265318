/* One member of a call, whatever the server: its connections, what it publishes, how its join went. Main thread. */
#ifndef ICHAT_BENCH_GUEST_H
#define ICHAT_BENCH_GUEST_H

#include <jansson.h>

#include "base/buf.h"
#include "bench/bench.h"

#define GUEST_SOURCES_MAX (1 + DESCRIBE_LAYERS)
#define GUEST_TOKEN_SIZE 512

enum guest_state {
    GUEST_AWAY,
    GUEST_JOINING,
    GUEST_UP, /* everything that it wants is connected */
    GUEST_FAILED,
};

struct guest {
    /* set once */
    struct bench *bench;
    struct party *party;
    unsigned index; /* in the party */
    uint64_t user_id;
    char token[GUEST_TOKEN_SIZE]; /* of the login */
    /* one stay */
    enum guest_state state;
    struct ws *ws;
    struct http *http;
    char join_token[GUEST_TOKEN_SIZE];
    struct peer *pub, *sub;
    struct describe *offer; /* ours, until it is answered */
    struct source sources[GUEST_SOURCES_MAX];
    unsigned source_count;
    unsigned streams; /* that it receives, by the last description */
    uint64_t began_us, up_us, media_us;
    uint64_t ping_us;
    uint64_t request; /* number of the last one */
    bool is_leaving;
    bool is_steady;   /* stays for all of the measurement: its losses count */
    uint64_t back_us; /* when it joins again, 0 = it does not */
    struct {
        uint64_t session, pub_handle, sub_handle;
    } janus;
    char error[160];
};

bool guest_publishes(const struct guest *guest);
/* How many streams of others it will receive when all are there. */
unsigned guest_streams_wanted(const struct guest *guest);

/* Takes the guest's connections and socket away. The next join starts afresh. */
void guest_reset(struct guest *guest, bool is_polite);
void guest_fail(struct guest *guest, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The offer of what it publishes; makes the connection. NULL: it failed. */
char *guest_offer(struct guest *guest);
void guest_on_answer(struct guest *guest, const char *sdp);
/* Answers the server's offer; makes the connection at the first one. NULL: it failed. */
char *guest_answer(struct guest *guest, const char *sdp);
/* Looks whether all is there now. */
void guest_update(struct guest *guest);

#endif
