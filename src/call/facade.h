/* The server in the place of the others: all legs of one member who speaks the older protocol, in a call whose media go
 * through the server (CONTRACT sections 8, 9, 12). Web thread.
 *
 * There is a leg for each other member whom the client believes Online, since that is when it has a connection for him:
 * so legs come and go with what the client is told, not with what is so. Its socket may be lost meanwhile; then nothing
 * is told, and its legs and media go on. In a call whose media flow between the clients (live->is_sfu is false) the
 * beliefs alone are kept.
 *
 * One leg is the uplink: the first one on which the client would send. When it closes, another one takes over. */
#ifndef ICHAT_CALL_FACADE_H
#define ICHAT_CALL_FACADE_H

#include "call/call.h"
#include "call/track.h"

struct facade;
struct live;
struct live_member;

/* After a rebuild the same leg gets no other one for this long. */
#define FACADE_REBUILD_US 10000000
/* A page that goes away closes its connections before its socket: it needs no rebuild. */
#define FACADE_BROKEN_US 1000000

/* member: the client; his session is attached by facade_attach(). */
struct facade *facade_create(struct live_member *member);
/* Ends the legs and the client's tracks. */
void facade_free(struct facade *facade);

/* The client was told all states on this socket. */
void facade_attach(struct facade *facade);
void facade_detach(struct facade *facade);
/* It is told the state of another member. */
void facade_told(struct facade *facade, const struct live_member *other, enum call_user_state state);
/* The message of a signal that it sent to another member. */
void facade_signal(struct facade *facade, const struct live_member *other, const char *message);

/* A track of another member. */
void facade_add_track(struct facade *facade, const struct live_member *owner, const struct call_track *track);
void facade_remove_track(struct facade *facade, const struct live_member *owner, const struct call_track *track);
/* One of them is in another place. */
void facade_move_track(struct facade *facade, const struct live_member *owner);
void facade_mute_track(struct facade *facade, const struct live_member *owner, const struct call_track *track);

/* A member attaches by one protocol or the other: decides whether the call's media go through the server. Those who
 * have connections among themselves already are told that the others went and came. */
void facade_choose_mode(struct live *live, const struct live_member *newcomer, bool is_v2);

#endif
