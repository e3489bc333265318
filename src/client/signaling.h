/* The WebSocket of one member: docs/protocol.md on the wire. The client's thread.
 *
 * Requests are answered in on_answer with their type; there is at most one of a type under way that matters, so no more
 * bookkeeping is needed. */
#ifndef ICHAT_CLIENT_SIGNALING_H
#define ICHAT_CLIENT_SIGNALING_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

struct client;
struct signaling;

struct signaling_ops {
    void (*on_open)(void *ctx);
    /* error NULL: data is the answer's. */
    void (*on_answer)(void *ctx, const char *type, const json_t *data, const json_t *error);
    void (*on_event)(void *ctx, const char *type, const json_t *data);
    /* Once; nothing comes afterwards. reason is a sentence. */
    void (*on_closed)(void *ctx, const char *reason);
    void *ctx;
};

struct signaling *signaling_open(struct client *client, const struct signaling_ops *ops);
/* Takes the data (NULL = none). Dropped silently when the socket is not open. */
void signaling_request(struct signaling *signaling, const char *type, json_t *data_take);
void signaling_tick(struct signaling *signaling, uint64_t now_us);
/* is_polite: with a close frame; else the TCP connection is just cut. No callback afterwards. */
void signaling_free(struct signaling *signaling, bool is_polite);

#endif
