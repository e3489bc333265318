/* One media thread: its sockets, its loop and everything that lives on it. The struct is open to the other files of
 * media/, which all run on this thread; worker_create, worker_start and worker_free are main's.
 *
 * A turn of the loop: wait (only when nothing is left to do), commands, packets from other workers, datagrams, timers,
 * then one flush of all that has to go out; after it handshakes, as many as a turn may cost (handshakes.h). Under load
 * turns are some way apart, so that packets gather (gather.h), and so they are when peers only show that they are there
 * (quiet.h). */
#ifndef ICHAT_MEDIA_WORKER_H
#define ICHAT_MEDIA_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/thread.h"
#include "base/timers.h"
#include "media/gather.h"
#include "media/media_cmd.h"
#include "media/media_evt.h"
#include "media/quiet.h"
#include "net/loop.h"
#include "net/udp_batch.h"
#include "rtc/transport.h"

#define WORKERS_MAX 64      /* a track keeps the workers that it relays to as bits of one word */
#define WORKER_CMD_BATCH 64 /* commands a turn: a burst of joins must not starve the packets of running calls */
#define WORKER_CMDS 4096    /* = MEDIA_CMDS_MAX of media.h */
#define WORKER_RELAY_CELLS 2048
#define WORKER_TX_SLOTS 256

/* What happened to packets, counted by this thread alone, published once a second. */
struct worker_counts {
    uint64_t packets_in;
    uint64_t packets_out;
    uint64_t relayed_in;     /* from other workers */
    uint64_t unknown_source; /* no peer has this address, or no peer this ufrag */
    uint64_t malformed;      /* RTP, RTCP, payload descriptors */
    uint64_t unknown_ssrc;   /* and no MID that names a track of that peer */
    uint64_t wrong_pt;
    uint64_t over_rate;       /* more packets than a sender may cause */
    uint64_t duplicates;      /* retransmissions that nobody missed */
    uint64_t jumps;           /* sequence numbers too far off */
    uint64_t pool_empty;      /* packets that could not be kept for retransmission */
    uint64_t relay_full;      /* packets that another worker had no room for */
    uint64_t handshakes_full; /* DTLS datagrams that had no room */
    uint64_t seal_failures;
    uint64_t nack_over_budget;
    uint64_t nack_not_found;
    uint64_t retransmitted;
    uint64_t keyframe_requests; /* PLI sent to publishers */
    uint64_t unknown_ids;       /* commands for objects that went away */
};

struct worker_setup {
    uint16_t index;
    uint16_t count;
    const struct conf *conf;
    const struct rtc_identity *identity;
    struct metrics *metrics; /* NULL = none */
    struct mailbox *events;
    void (*on_wake)(void *ctx); /* the control side shall look at its queues */
    void *ctx;
};

struct worker {
    /* set once at creation */
    struct worker_setup setup;
    struct worker **all; /* every worker of the process, this one included: for their relay mailboxes */
    struct thread *thread;
    struct rtc_context *rtc;
    struct loop *loop;
    struct loop *queues; /* the same without the socket */
    struct mailbox *cmds;
    struct mailbox *relay;
    int udp_fd;
    uint16_t port;
    bool is_v4_only;
    uint64_t liveness_us;
    uint64_t pli_interval_us;

    /* owned by the media thread */
    struct loop_fd udp_watch, cmd_watch, relay_watch;
    struct loop_fd quiet_cmd_watch, quiet_relay_watch;
    bool has_datagrams; /* the socket may hold some */
    bool has_received;  /* packets came to this turn */
    bool has_more;      /* a queue was left unfinished: do not sleep */
    bool is_stopping;
    uint64_t now_us; /* of this turn */
    struct udp_locals *locals;
    struct udp_rx *rx;
    struct udp_tx *tx;
    struct timers *timers;
    struct handshakes *handshakes;
    struct pool *packets;  /* struct packet, for the histories */
    struct hmap *by_addr;  /* struct addr -> peer */
    struct hmap *by_ufrag; /* text -> peer */
    struct hmap *peers;    /* id -> peer */
    struct hmap *routers;  /* track id -> router: tracks of this worker, and proxies of others' */
    struct hmap *subs;     /* id -> sub */
    struct list waiting;   /* routers with packets to fan out; empty but while packets are read */
    struct hmap *calls;    /* id -> call (levels.h) */
    struct timer levels_timer;
    struct timer second_timer;
    struct worker_counts counts;
    struct worker_counts published;
    size_t published_tracks, published_subs;
    struct gather gather;
    struct quiet quiet;
    uint64_t turn_us; /* when this turn began */

    /* atomic, any thread */
    atomic_uint busy_permille; /* of the last tenth of a second or more; place.h */
    atomic_bool wants_wake;    /* the control side could not post: wake it when there is room */
};

/* main. The socket is open and the memory taken after this; nothing runs yet. */
MUST_CHECK enum err worker_create(const struct worker_setup *setup, struct worker **out);
MUST_CHECK enum err worker_start(struct worker *worker, struct worker **all);
/* The thread has ended or was never started. */
void worker_free(struct worker *worker);

/* The media thread: an event for the control side; false when its queue is full (ask again later). */
bool worker_emit(struct worker *worker, const struct media_evt *evt);

#endif
