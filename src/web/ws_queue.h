/* The messages that wait for a WebSocket. Web thread.
 *
 * A message to a room of hundreds is an entry for each of hundreds of sockets: the text is shared (ws_text.h), and
 * entries are used again, since as many small freed blocks make malloc tidy up at each larger one. */
#ifndef ICHAT_WEB_WS_QUEUE_H
#define ICHAT_WEB_WS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "web/ws_text.h"

#define WS_SPARE_MAX 16384 /* entries of 24 bytes */

/* One for all queues. */
struct ws_entries {
    struct list spare; /* to be used again, at most WS_SPARE_MAX */
    size_t spare_count;
    struct ws_text *last_text; /* the last one queued */
};

struct ws_queue {
    struct ws_entries *entries;
    struct list list;
    size_t count;
    size_t bytes;
};

void ws_entries_init(struct ws_entries *entries);
/* After all queues. */
void ws_entries_clear(struct ws_entries *entries);

void ws_queue_init(struct ws_queue *queue, struct ws_entries *entries);
void ws_queue_push(struct ws_queue *queue, const char *text, size_t len);
/* The oldest, NULL when there is none; good until it is dropped. */
struct ws_text *ws_queue_first(const struct ws_queue *queue);
/* The oldest so many, of which there must be as many. */
void ws_queue_drop(struct ws_queue *queue, size_t count);
void ws_queue_clear(struct ws_queue *queue);
/* Writes the oldest messages as frames, as many as fit into `room` bytes; how many bytes, and in *count how many
 * messages. */
size_t ws_queue_join(const struct ws_queue *queue, uint8_t *out, size_t room, size_t *count);

#endif
