/* The control side of one peer on a media thread: its place, credentials and state. Embedded in a publisher or a
 * subscriber, which own it. Web thread.
 *
 *     pc_init(&pc, env, on_state, ctx);
 *     pc_open(&pc, call_id, user_id)      a worker and fresh ICE credentials; now SDP can be written
 *     pc_add(&pc, remote or NULL)         the media thread knows it
 *     pc_set_remote(&pc, remote)          the answer came, or ICE restarts
 *     pc_close(&pc)                       may be opened again: that is a new peer
 */
#ifndef ICHAT_CALL_PC_H
#define ICHAT_CALL_PC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "call/env.h"
#include "call/negotiate.h"
#include "media/media_cmd.h"
#include "media/media_evt.h"
#include "rtc/params.h"

enum pc_state {
    PC_NEW,
    PC_CONNECTING,
    PC_CONNECTED,
    PC_DISCONNECTED,
    PC_GONE,   /* silent for long or closed by the client: an ICE restart may bring it back */
    PC_FAILED, /* the handshake failed: only a new peer helps */
};

struct pc {
    /* set once at creation */
    struct call_env *env;
    void (*on_state)(void *ctx, enum pc_state state);
    void *ctx;
    /* owned by the web thread */
    uint64_t id; /* 0 = not open */
    uint64_t call_id;
    uint64_t user_id;
    uint16_t worker;
    bool has_remote;
    enum pc_state state;
    struct rtc_params params;
    uint64_t session_id; /* of the descriptions */
    uint64_t session_version;
};

void pc_init(struct pc *pc, struct call_env *env, void (*on_state)(void *ctx, enum pc_state state), void *ctx);
bool pc_is_open(const struct pc *pc);
/* ERR_LIMIT: the workers are full. */
MUST_CHECK enum err pc_open(struct pc *pc, uint64_t call_id, uint64_t user_id);
/* ERR_FULL: the worker's queue is full. remote: its remote half and is_dtls_client count. */
MUST_CHECK enum err pc_add(struct pc *pc, const struct rtc_params *remote);
MUST_CHECK enum err pc_set_remote(struct pc *pc, const struct rtc_params *remote);
void pc_new_credentials(struct pc *pc);
void pc_close(struct pc *pc);
/* Posts a command of this peer: peer_id is filled in. */
MUST_CHECK enum err pc_post(struct pc *pc, struct media_cmd *cmd);
/* For commands that are never refused (..._DEL). */
void pc_post_sure(struct pc *pc, struct media_cmd *cmd);
/* Our end for the next description; counts its version up. */
void pc_local(struct pc *pc, struct negotiate_local *out);
bool pc_is_same_certificate(const struct pc *pc, const struct rtc_params *remote);
bool pc_is_same_ice(const struct pc *pc, const struct rtc_params *remote);
/* Tells the owner; called with the events of media_next_event(). */
void pc_on_event(struct pc *pc, const struct media_evt *evt);
/* "connected"; what the client is told. */
const char *pc_state_str(enum pc_state state);

#endif
