/* See ws_queue.h. */
#include "web/ws_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "web/ws_frame.h"

struct entry {
    struct list node;
    struct ws_text *text;
};

void ws_entries_init(struct ws_entries *entries)
{
    *entries = (struct ws_entries){.spare_count = 0};
    list_init(&entries->spare);
}

void ws_entries_clear(struct ws_entries *entries)
{
    struct list *node;
    ws_text_release(entries->last_text);
    entries->last_text = NULL;
    while ((node = list_pop(&entries->spare)))
        free(list_item(node, struct entry, node));
    entries->spare_count = 0;
}

static struct entry *entry_new(struct ws_entries *entries)
{
    struct list *node = list_pop(&entries->spare);
    if (!node)
        return mem_calloc(1, sizeof(struct entry));
    entries->spare_count--;
    return list_item(node, struct entry, node);
}

static void entry_free(struct ws_entries *entries, struct entry *entry)
{
    ws_text_release(entry->text);
    if (entries->spare_count == WS_SPARE_MAX) {
        free(entry);
        return;
    }
    entries->spare_count++;
    list_push(&entries->spare, &entry->node);
}

void ws_queue_init(struct ws_queue *queue, struct ws_entries *entries)
{
    *queue = (struct ws_queue){.entries = entries};
    list_init(&queue->list);
}

void ws_queue_push(struct ws_queue *queue, const char *text, size_t len)
{
    struct entry *entry = entry_new(queue->entries);
    entry->text = ws_text_share(&queue->entries->last_text, text, len);
    list_push(&queue->list, &entry->node);
    queue->count++;
    queue->bytes += len;
}

struct ws_text *ws_queue_first(const struct ws_queue *queue)
{
    return queue->count ? list_item(queue->list.next, struct entry, node)->text : NULL;
}

void ws_queue_drop(struct ws_queue *queue, size_t count)
{
    assert(count <= queue->count);
    for (; count; count--) {
        struct entry *entry = list_item(list_pop(&queue->list), struct entry, node);
        queue->count--;
        queue->bytes -= entry->text->len;
        entry_free(queue->entries, entry);
    }
}

void ws_queue_clear(struct ws_queue *queue)
{
    ws_queue_drop(queue, queue->count);
}

size_t ws_queue_join(const struct ws_queue *queue, uint8_t *out, size_t room, size_t *count)
{
    size_t len = 0;
    *count = 0;
    list_each (node, &queue->list) {
        const struct ws_text *text = list_item(node, struct entry, node)->text;
        if (text->len + WS_FRAME_HEAD_MAX > room - len)
            break;
        len += ws_frame_write(out + len, WS_TEXT, ws_text_data(text), text->len);
        ++*count;
    }
    return len;
}
