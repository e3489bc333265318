/* A bounded queue into one thread: the only way in which threads meet. Many threads post, one thread takes; lock-free,
 * no allocation after creation. A full mailbox refuses the post (ERR_FULL) and counts it; the poster decides.
 *
 * Items are copied in by value (`item_size` bytes), or written in place by reserve/publish where they are large.
 *
 *     poster                                          consumer (the owner)
 *     mailbox_post(mb, &cmd);                         while ((cmd = mailbox_peek(mb))) {
 *                                                         handle(cmd);
 *     void *slot = mailbox_reserve(mb, &ticket);          mailbox_release(mb);
 *     if (slot) { fill(slot);                         }
 *         mailbox_publish(mb, ticket); }              if (mailbox_arm(mb)) sleep in epoll on mailbox_fd(mb)
 *
 * Waking: a post wakes the consumer only if it armed the mailbox before going to sleep, so a busy thread pays no
 * system call. mailbox_arm() answers false when something arrived meanwhile: do not sleep then. After waking call
 * mailbox_disarm(), which also drains the eventfd. */
#ifndef ICHAT_BASE_MAILBOX_H
#define ICHAT_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mailbox;

/* capacity is rounded up to a power of two. on_wake may be NULL: then the eventfd of mailbox_fd() is written; else it
 * is called on the posting thread instead (for loops that bring their own wake-up, such as lws). Never NULL. */
struct mailbox *mailbox_create(size_t item_size, size_t capacity, void (*on_wake)(void *ctx), void *ctx);
void mailbox_free(struct mailbox *mb);

/* Any thread. */
MUST_CHECK enum err mailbox_post(struct mailbox *mb, const void *item);
/* Room for one item or NULL (full). Whatever was reserved must be published, soon: the consumer waits at it. */
void *mailbox_reserve(struct mailbox *mb, uint64_t *ticket);
void mailbox_publish(struct mailbox *mb, uint64_t ticket);
uint64_t mailbox_dropped(const struct mailbox *mb);

/* The consumer's thread. */
void *mailbox_peek(struct mailbox *mb); /* the oldest item, in place, or NULL */
void mailbox_release(struct mailbox *mb);
bool mailbox_take(struct mailbox *mb, void *item); /* peek + copy + release */
bool mailbox_arm(struct mailbox *mb);
void mailbox_disarm(struct mailbox *mb);
int mailbox_fd(const struct mailbox *mb);

#endif
