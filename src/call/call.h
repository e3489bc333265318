/* The state machine of one call (CONTRACT section 6). Sans-IO: inputs and time come in, effects go out; it knows no
 * socket, database or media. Owned by the web thread (or a test).
 *
 *     call_join(call, user_id, at);                     any input
 *     while (call_next_effect(call, &effect))           in this order
 *         carry_out(&effect);                           may give further inputs; their effects come behind
 *     set a timer to call_next_timeout_us(call);        then call_timeout()
 *
 * Promises, whatever the order of inputs: a user's state takes only the transitions of the contract; an ended call has
 * a reason; nothing is emitted behind CALL_EFFECT_STORE of the end; fewer than two alive members end a call. Over all
 * calls that share the locks: a user is online or offline in at most one. */
#ifndef ICHAT_CALL_CALL_H
#define ICHAT_CALL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/locks.h"
#include "chat/call_record.h"
#include "chat/op.h"

struct call;

enum call_user_state {
    CALL_USER_INVITED = 1,
    CALL_USER_REJECTED = 2,
    CALL_USER_ACCEPTED = 3,
    CALL_USER_ONLINE = 4,
    CALL_USER_OFFLINE = 5, /* the socket is down, may come back */
    CALL_USER_DEAD = 6,
};

struct call_user {
    uint64_t id;
    enum call_user_state state;
    uint64_t silence_us;  /* what he may be silent for, by the protocol that he speaks */
    uint64_t deadline_us; /* of his next sign of life while online or offline */
    bool is_handled;      /* he joined or hung up */
    bool was_online;
};

struct call_limits {
    uint64_t no_answer_us;
    uint64_t v1_silence_us;
    uint64_t v2_silence_us;
};

/* Both clocks of the moment of an input. */
struct call_time {
    uint64_t now_us; /* monotonic */
    int64_t wall_us; /* for startTime, endTime */
};

enum call_effect_type {
    CALL_EFFECT_STORE,     /* status, time or reason is new: write the record, which re-delivers the call's message */
    CALL_EFFECT_HANDLED,   /* notification type 4 to the user */
    CALL_EFFECT_STARTED,   /* to every session */
    CALL_EFFECT_STATES,    /* everybody's state to the user's session */
    CALL_EFFECT_STATE,     /* the user's new state to the sessions of all others */
    CALL_EFFECT_CLOSE,     /* the reason to the user's session, which is closed; his media go */
    CALL_EFFECT_ELSEWHERE, /* the user was in call_id as well: call_leave() it for him there */
    CALL_EFFECT_ENDED,     /* the reason to every session, which are closed; only STORE follows */
};

struct call_effect {
    enum call_effect_type type;
    uint64_t user_id;
    enum call_user_state state;
    enum call_end_reason reason;
    uint64_t call_id; /* ELSEWHERE */
};

/* user_ids: the caller first, no id twice, at least one. locks outlives the call. */
struct call *call_create(struct locks *locks, const struct call_limits *limits, uint64_t call_id,
                         const uint64_t *user_ids, size_t count);
void call_free(struct call *call); /* releases its locks */

/* The record is stored: takes the locks; Ready, or ended as Busy. */
void call_ready(struct call *call, struct call_time at);
/* CHAT_OK or what the REST answer says: 3009, 3001, 403. */
enum chat_code call_join(struct call *call, uint64_t user_id, struct call_time at);
enum chat_code call_hangup(struct call *call, uint64_t user_id, struct call_time at);

enum call_up {
    CALL_UP_OK,
    CALL_UP_ENDED,
    CALL_UP_REFUSED, /* his state does not allow it: he did not join, or he rejected */
    CALL_UP_BUSY,    /* he was dead and is in another call meanwhile */
};
/* His session authenticated itself; also a newer one that takes over. */
enum call_up call_session_up(struct call *call, uint64_t user_id, bool is_v2, struct call_time at);
/* He came up in another call: if he is in this one, he leaves it, as by hanging up. */
void call_leave(struct call *call, uint64_t user_id, struct call_time at);
/* His last session is gone. */
void call_session_down(struct call *call, uint64_t user_id);
void call_heartbeat(struct call *call, uint64_t user_id, struct call_time at);
void call_timeout(struct call *call, struct call_time at);
/* Absolute, UINT64_MAX = none. */
uint64_t call_next_timeout_us(const struct call *call);
bool call_next_effect(struct call *call, struct call_effect *out);

uint64_t call_id(const struct call *call);
enum call_status call_status(const struct call *call);
enum call_end_reason call_end_reason(const struct call *call); /* NONE while it lives */
int64_t call_start_us(const struct call *call);                /* wall clock, 0 = never active */
int64_t call_end_us(const struct call *call);
const struct call_user *call_users(const struct call *call, size_t *count);
const struct call_user *call_find_user(const struct call *call, uint64_t user_id);

#endif
