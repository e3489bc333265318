/* What the sessions use of calls.c. Web thread. */
#ifndef ICHAT_CALL_REGISTRY_H
#define ICHAT_CALL_REGISTRY_H

#include "call/calls.h"
#include "call/env.h"
#include "call/live.h"
#include "call/session.h"

/* NULL: unknown, or ended and stored. */
struct live *calls_find(const struct calls *calls, uint64_t call_id);
struct call_env *calls_env(struct calls *calls);
/* Keeps the session on the list that calls_free() walks. */
void calls_add_session(struct calls *calls, struct call_session *session);
/* For tests: another clock than the monotonic one. */
void calls_set_clock(struct calls *calls, uint64_t (*now_us)(void));

/* session_v1.c, session_v2.c */
void session_v1_open(struct calls *calls, struct conn *conn);
void session_v2_open(struct calls *calls, struct conn *conn);
/* session_v2.c: an event of many receivers, written once. The text is to be freed. */
char *session_v2_state_text(const struct live_member *member, enum call_user_state state);
void session_v2_send(struct call_session *base, const char *text, size_t len);
/* session_v1.c: a signaling message to a client of the older protocol, from another member or in his place. */
void session_v1_signal(struct call_session *session, uint64_t from_user_id, const char *message);

#endif
