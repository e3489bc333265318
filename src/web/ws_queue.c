/* See ws_queue.h. */
#include "web/ws_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "web/ws_frame.h"

#define CAPACITY_MIN 8

void ws_queue_init(struct ws_queue *queue)
{
    *queue = (struct ws_queue){.ring = NULL};
}

/* The place of the message behind so many others. */
static struct ws_text **place(const struct ws_queue *queue, size_t behind)
{
    return &queue->ring[(queue->head + behind) & (queue->capacity - 1)];
}

static void grow(struct ws_queue *queue)
{
    size_t capacity = queue->capacity ? queue->capacity * 2 : CAPACITY_MIN;
    struct ws_text **ring = mem_calloc(capacity, sizeof(struct ws_text *));
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = *place(queue, i);
    free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->head = 0;
}

static void free_ring(struct ws_queue *queue)
{
    free(queue->ring);
    queue->ring = NULL;
    queue->capacity = 0;
}

void ws_queue_push(struct ws_queue *queue, struct ws_text *text_take)
{
    if (queue->count == queue->capacity)
        grow(queue);
    *place(queue, queue->count) = text_take;
    queue->count++;
    queue->bytes += text_take->len;
}

struct ws_text *ws_queue_first(const struct ws_queue *queue)
{
    return queue->count ? *place(queue, 0) : NULL;
}

void ws_queue_drop(struct ws_queue *queue, size_t count)
{
    assert(count <= queue->count);
    for (; count; count--) {
        struct ws_text *text = *place(queue, 0);
        queue->head++;
        queue->count--;
        queue->bytes -= text->len;
        ws_text_release(text);
    }
    if (queue->count == 0 && queue->capacity > WS_QUEUE_KEPT)
        free_ring(queue);
}

void ws_queue_clear(struct ws_queue *queue)
{
    ws_queue_drop(queue, queue->count);
    free_ring(queue);
}

size_t ws_queue_join(const struct ws_queue *queue, uint8_t *out, size_t room, size_t *count)
{
    size_t len = 0;
    for (*count = 0; *count < queue->count; ++*count) {
        const struct ws_text *text = *place(queue, *count);
        if (text->len + WS_FRAME_HEAD_MAX > room - len)
            break;
        len += ws_frame_write(out + len, WS_TEXT, ws_text_data(text), text->len);
    }
    return len;
}
