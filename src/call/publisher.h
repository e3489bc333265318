/* The publish connection of one v2 member: offers in, answers out, his tracks. Web thread.
 *
 * The first offer with an m-line that we take opens a peer on a media thread. Later ones are matched by mid: a line
 * that goes on as it was keeps its track, a line that stops, or changes its codec, sources or purpose, ends it. An
 * offer with another certificate, or after the handshake failed, comes from a new RTCPeerConnection: then everything
 * starts anew. */
#ifndef ICHAT_CALL_PUBLISHER_H
#define ICHAT_CALL_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "call/env.h"
#include "call/errors.h"
#include "call/pc.h"
#include "call/track_set.h"

/* What the client says about one line of its offer. */
struct publish_wish {
    char mid[MEDIA_MID_SIZE];
    enum track_source source;
    bool is_muted;
};

struct publisher_ops {
    void (*on_state)(void *ctx, enum pc_state state);
    void *ctx;
};

struct publisher {
    /* set once at creation */
    struct call_env *env;
    struct publisher_ops ops;
    uint64_t call_id;
    struct track_set *tracks; /* the member's; nobody else fills it meanwhile */
    /* owned by the web thread */
    struct pc pc;
};

void publisher_init(struct publisher *publisher, struct call_env *env, uint64_t call_id, struct track_set *tracks,
                    const struct publisher_ops *ops);
/* Ends the tracks and the connection. */
void publisher_clear(struct publisher *publisher);

/* CALL_ERR_NONE: the answer is in `answer` (added). Else nothing has changed and `error` holds a sentence; but for
 * CALL_ERR_BUSY, after which nothing is published any more. */
MUST_CHECK enum call_error publisher_offer(struct publisher *publisher, const char *sdp, size_t len,
                                           const struct publish_wish *wishes, size_t wish_count, struct text *answer,
                                           char error[CALL_ERROR_TEXT_MAX]);
MUST_CHECK enum call_error publisher_mute(struct publisher *publisher, const char *track_name, bool is_muted);

#endif
