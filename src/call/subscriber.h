/* The subscribe connection of one member: what he receives of the others, offered to him line by line. Web thread.
 *
 * Every wanted track has an m-line; a line whose track ended is inactive until another track of its kind takes it.
 * At most one offer is open: changes that come meanwhile, or within SUBSCRIBER_GATHER_US, go into the next one. An
 * offer that stays unanswered for SUBSCRIBER_ANSWER_US closes the connection; the next one says "reset". While no
 * session is attached nothing is offered; after attaching, whatever was open is offered again. */
#ifndef ICHAT_CALL_SUBSCRIBER_H
#define ICHAT_CALL_SUBSCRIBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timers.h"
#include "call/env.h"
#include "call/errors.h"
#include "call/negotiate.h"
#include "call/pc.h"
#include "call/track.h"

#define SUBSCRIBER_GATHER_US 20000    /* a member's microphone and camera come as two changes in one moment */
#define SUBSCRIBER_ANSWER_US 10000000 /* docs/protocol.md, subscribe-offer */
#define SUBSCRIBER_RETRY_US 500000    /* a media thread's queue was full */

struct subscriber_ops {
    /* The offer's event; data is taken over. */
    void (*on_offer)(void *ctx, json_t *data_take);
    void (*on_state)(void *ctx, enum pc_state state);
    void *ctx;
};

/* One track that this member is to receive. */
struct subscription {
    struct list node;
    const struct call_track *track; /* its publisher's */
    int line;                       /* -1 = waits for the next offer */
    uint64_t sub_id;                /* 0 = not sent yet */
    uint64_t sub_track_id;          /* the media threads' id of what is sent */
    bool is_accepted;
    struct media_format format; /* as it is sent */
    bool is_paused;             /* the member's wishes */
    uint16_t width;
    uint16_t height;
};

struct subscriber {
    /* set once at creation */
    struct call_env *env;
    struct subscriber_ops ops;
    uint64_t call_id;
    uint64_t user_id;
    /* owned by the web thread */
    struct pc pc;
    struct list subs; /* struct subscription */
    struct subscribe_offer offer;
    unsigned line_room;              /* of offer.lines and line_subs, which grow: most members receive a few tracks */
    struct subscription **line_subs; /* who uses a line */
    unsigned next_mid;
    uint64_t seq;
    bool is_attached; /* a session can take offers */
    bool is_waiting;  /* for the answer to seq */
    bool is_dirty;    /* something is to be offered */
    bool is_restart;  /* with new ICE credentials */
    bool is_ice_new;  /* the media thread does not know our credentials of the last offer yet */
    bool is_reset;    /* the client is to make a new connection */
    struct timer timer;
};

void subscriber_init(struct subscriber *subscriber, struct call_env *env, uint64_t call_id, uint64_t user_id,
                     const struct subscriber_ops *ops);
void subscriber_clear(struct subscriber *subscriber);

void subscriber_attach(struct subscriber *subscriber);
void subscriber_detach(struct subscriber *subscriber);

void subscriber_add(struct subscriber *subscriber, const struct call_track *track);
void subscriber_remove(struct subscriber *subscriber, const struct call_track *track);
/* A track of his is in another place: its m-line goes on. */
void subscriber_move(struct subscriber *subscriber);
/* BAD_STATE: no offer of that seq is open; BAD_SDP: it stays open. `error` holds a sentence. */
MUST_CHECK enum call_error subscriber_answer(struct subscriber *subscriber, uint64_t seq, const char *sdp, size_t len,
                                             char error[CALL_ERROR_TEXT_MAX]);
MUST_CHECK enum call_error subscriber_want(struct subscriber *subscriber, const char *track_name, bool is_paused,
                                           uint16_t width, uint16_t height);
/* New ICE credentials, or (is_reset, or after a failed handshake) a new connection. */
void subscriber_restart(struct subscriber *subscriber, bool is_reset);

#endif
