/* The messages that wait for a WebSocket. Web thread.
 *
 * A message to a room of hundreds waits for each of hundreds of sockets: the text is shared (ws_text.h), and what a
 * socket adds to it is one place of a ring: entries of their own, wherever malloc had put them, each were fetched from
 * memory twice. The bound is the caller's (web/ws.h). */
#ifndef ICHAT_WEB_WS_QUEUE_H
#define ICHAT_WEB_WS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "web/ws_text.h"

#define WS_QUEUE_KEPT 64 /* places that an empty queue may keep; idle sockets should not pay for a busy hour */

struct ws_queue {
    struct ws_text **ring; /* references */
    size_t capacity;       /* a power of two, or 0 without a ring */
    size_t head;           /* where the oldest lies, modulo capacity */
    size_t count;
    size_t bytes;
};

void ws_queue_init(struct ws_queue *queue);
/* Takes the reference over. */
void ws_queue_push(struct ws_queue *queue, struct ws_text *text_take);
/* The oldest, NULL when there is none; good until it is dropped. */
struct ws_text *ws_queue_first(const struct ws_queue *queue);
/* The oldest so many, of which there must be as many. */
void ws_queue_drop(struct ws_queue *queue, size_t count);
/* Drops all, and the ring. */
void ws_queue_clear(struct ws_queue *queue);
/* Writes the oldest messages as frames, as many as fit into `room` bytes; how many bytes, and in *count how many
 * messages. */
size_t ws_queue_join(const struct ws_queue *queue, uint8_t *out, size_t room, size_t *count);

#endif
