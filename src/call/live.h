/* A live call: its state machine, its members' sessions and media, and the record in the database. It carries out what
 * the state machine orders. Web thread.
 *
 * Life: made by calls.c when the record is stored; after the call ended and the end is stored it reports on_over, and
 * calls.c frees it. */
#ifndef ICHAT_CALL_LIVE_H
#define ICHAT_CALL_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timers.h"
#include "call/call.h"
#include "call/env.h"
#include "call/facade.h"
#include "call/publisher.h"
#include "call/session.h"
#include "call/speakers.h"
#include "call/subscriber.h"
#include "call/track_set.h"

#define LIVE_RESUME_SIZE 33 /* 32 characters: 190 random bits */

struct live;
struct live_store;

struct live_member {
    /* set once at creation */
    struct live *live;
    uint64_t user_id;
    char *nickname;
    char *avatar;
    /* owned by the web thread */
    struct call_session *session; /* NULL = no socket */
    struct track_set tracks;      /* what he publishes */
    bool is_rejoined;             /* he asked to join since his last socket came: it is another page of his */
    struct facade *facade;        /* v1: his legs; kept while his socket is lost */
    bool is_inside;               /* for live_events.c */
    bool is_untold;               /* his state changed, and the others' v2 sessions are not told yet */
    char *shown;                  /* v2: as the answer to join shows him; NULL = to be written anew */
    enum call_user_state shown_state;
    bool has_media; /* v2: the rest is valid */
    char resume[LIVE_RESUME_SIZE];
    struct publisher publisher;
    struct subscriber subscriber;
};

struct live {
    /* set once at creation */
    struct call_env *env;
    struct call *call;
    struct live_member *members; /* the caller first */
    size_t member_count;
    void (*on_over)(void *ctx, struct live *live); /* may free it */
    void *ctx;
    /* owned by the web thread */
    bool is_sfu; /* media go through the server, for the members of the older protocol too */
    bool is_draining;
    struct timer timer; /* the state machine's */
    struct timer states_timer;
    bool has_untold;
    uint64_t states_quiet_us; /* until then changes of states are gathered */
    struct speakers *speakers;
    struct timer speakers_timer;
    struct live_store *stores; /* updates under way */
    bool has_store_failed;
    unsigned store_tries;
    struct timer store_timer;
};

/* record: copied. The call is New until live_ready(). */
struct live *live_create(struct call_env *env, struct locks *locks, const struct call_record *record,
                         void (*on_over)(void *ctx, struct live *live), void *ctx);
/* Stops its media; attached sessions are detached silently. Updates under way go on without it. */
void live_free(struct live *live);

void live_ready(struct live *live);
enum chat_code live_join(struct live *live, uint64_t user_id);
enum chat_code live_hangup(struct live *live, uint64_t user_id);

/* A session authenticated itself. On CALL_UP_OK it is attached and has sent all states; an older session of the member
 * was replaced. resume: v2, "" = none. */
enum call_up live_attach(struct live *live, struct call_session *session, uint64_t user_id, const char *resume);
/* Its socket is gone. */
void live_detach(struct call_session *session);
void live_heartbeat(struct call_session *session);

struct live_member *live_find_member(struct live *live, uint64_t user_id);
enum call_user_state live_member_state(const struct live_member *member);
/* In a call of so many members their states are told at most so often: in a storm of joins each change would otherwise
 * wake every member of the call. */
#define LIVE_GATHER_MEMBERS 32
#define LIVE_GATHER_US 100000

/* To the sessions of all members but one (NULL = all) that speak v2; takes data over. */
void live_broadcast(struct live *live, const struct live_member *except, const char *type, json_t *data_take);
void live_on_levels(struct live *live, const struct media_evt *evt);

/* member_media.c: what a member publishes and receives, by one protocol or the other. start: v2; he gets what the
 * others publish. */
void member_media_init(struct live_member *member);
void member_media_start(struct live_member *member);
void member_media_start_v1(struct live_member *member);
void member_media_stop(struct live_member *member);
json_t *member_media_tracks(const struct live_member *member); /* a new list */

/* live_events.c: "member-joined" and "member-left" for plugins, once each for a stay. */
void live_event_joined(struct live_member *member);
void live_event_left(struct live_member *member, enum call_end_reason reason);

/* live_store.c: writes the record as the call stands; tries again while the database refuses. */
void live_store_init(struct live *live);
void live_store_start(struct live *live);
void live_store_orphan(struct live *live); /* the updates under way go on without it */
bool live_store_is_done(const struct live *live);

#endif
