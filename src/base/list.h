/* Intrusive doubly linked list. The thread that owns the list; no allocation.
 *
 *     struct list peers;                       struct peer { struct list node; ... };
 *     list_init(&peers);                       list_push(&peers, &peer->node);
 *     list_each(node, &peers) {                safe against removal of `node` itself
 *         struct peer *peer = list_item(node, struct peer, node);
 *     }
 */
#ifndef ICHAT_BASE_LIST_H
#define ICHAT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

#define list_item(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define list_each(var, head)                                                                                           \
    for (struct list *var = (head)->next, *var##_next = var->next; var != (head);                                      \
         var = var##_next, var##_next = var->next)

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* At the tail. */
static inline void list_push(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Safe to call twice: a removed node points at itself. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = node;
}

/* The first node, taken out, or NULL. */
static inline struct list *list_pop(struct list *head)
{
    if (list_is_empty(head))
        return NULL;
    struct list *node = head->next;
    list_remove(node);
    return node;
}

#endif
