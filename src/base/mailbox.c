/* A bounded queue of many posters and one consumer, after Vyukov's array queue: each cell carries a sequence number
 * that says whose turn it is, so that posters meet only at the tail counter.
 *
 * Sleeping is Dekker's pattern: the poster publishes and then looks at `is_armed`; the consumer arms and then looks at
 * the cell. All four are sequentially consistent, so at least one of the two sees the other. */
#include "base/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define CACHE_LINE 64
#define ITEM_ALIGN 16

/* Before each item. turn == position: free for the poster of that position; position + 1: published. */
struct cell {
    _Alignas(ITEM_ALIGN) _Atomic uint64_t turn;
};

struct mailbox {
    /* set once at creation */
    uint8_t *cells;
    size_t stride;
    size_t item_size;
    uint64_t mask;
    void (*on_wake)(void *ctx);
    void *ctx;
    int fd;
    /* consumer's */
    _Alignas(CACHE_LINE) uint64_t head;
    /* atomic, any thread */
    _Alignas(CACHE_LINE) _Atomic uint64_t tail;
    _Atomic uint64_t dropped;
    _Alignas(CACHE_LINE) _Atomic bool is_armed;
};

static struct cell *cell_at(const struct mailbox *mb, uint64_t position)
{
    return (struct cell *)(void *)(mb->cells + (position & mb->mask) * mb->stride);
}

static void *item_of(struct cell *cell)
{
    return cell + 1;
}

struct mailbox *mailbox_create(size_t item_size, size_t capacity, void (*on_wake)(void *ctx), void *ctx)
{
    struct mailbox *mb = mem_calloc_lines(1, sizeof(*mb));
    size_t cells = 2;
    while (cells < capacity)
        cells *= 2;
    mb->mask = cells - 1;
    mb->item_size = item_size;
    mb->stride = sizeof(struct cell) + (item_size + ITEM_ALIGN - 1) / ITEM_ALIGN * ITEM_ALIGN;
    mb->cells = mem_calloc_lines(cells, mb->stride);
    for (uint64_t i = 0; i < cells; i++)
        atomic_init(&cell_at(mb, i)->turn, i);
    mb->on_wake = on_wake;
    mb->ctx = ctx;
    mb->fd = -1;
    if (!on_wake) {
        mb->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (mb->fd < 0) {
            log_error("Cannot create an eventfd, out of file descriptors? errno=%d", errno);
            abort();
        }
    }
    return mb;
}

void mailbox_free(struct mailbox *mb)
{
    if (!mb)
        return;
    if (mb->fd >= 0)
        close(mb->fd);
    free(mb->cells);
    free(mb);
}

void *mailbox_reserve(struct mailbox *mb, uint64_t *ticket)
{
    uint64_t position = atomic_load_explicit(&mb->tail, memory_order_relaxed);
    for (;;) {
        struct cell *cell = cell_at(mb, position);
        uint64_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        int64_t ahead = (int64_t)(turn - position);
        if (ahead < 0) {
            /* The cell still holds the item of one round ago. */
            atomic_fetch_add_explicit(&mb->dropped, 1, memory_order_relaxed);
            return NULL;
        }
        if (ahead > 0) {
            position = atomic_load_explicit(&mb->tail, memory_order_relaxed); /* another poster took it */
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&mb->tail, &position, position + 1, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *ticket = position;
            return item_of(cell);
        }
    }
}

static void wake(struct mailbox *mb)
{
    if (mb->on_wake) {
        mb->on_wake(mb->ctx);
        return;
    }
    uint64_t one = 1;
    /* EAGAIN would mean 2^64 - 2 wakes unread: the fd is readable then anyway. */
    while (write(mb->fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

void mailbox_publish(struct mailbox *mb, uint64_t ticket)
{
    atomic_store(&cell_at(mb, ticket)->turn, ticket + 1);
    if (atomic_load(&mb->is_armed) && atomic_exchange(&mb->is_armed, false))
        wake(mb);
}

enum err mailbox_post(struct mailbox *mb, const void *item)
{
    uint64_t ticket;
    void *slot = mailbox_reserve(mb, &ticket);
    if (!slot)
        return ERR_FULL;
    memcpy(slot, item, mb->item_size);
    mailbox_publish(mb, ticket);
    return ERR_OK;
}

uint64_t mailbox_dropped(const struct mailbox *mb)
{
    return atomic_load_explicit(&mb->dropped, memory_order_relaxed);
}

void *mailbox_peek(struct mailbox *mb)
{
    struct cell *cell = cell_at(mb, mb->head);
    uint64_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
    return turn == mb->head + 1 ? item_of(cell) : NULL;
}

void mailbox_release(struct mailbox *mb)
{
    assert(mailbox_peek(mb));
    atomic_store_explicit(&cell_at(mb, mb->head)->turn, mb->head + mb->mask + 1, memory_order_release);
    mb->head++;
}

bool mailbox_take(struct mailbox *mb, void *item)
{
    const void *slot = mailbox_peek(mb);
    if (!slot)
        return false;
    memcpy(item, slot, mb->item_size);
    mailbox_release(mb);
    return true;
}

bool mailbox_arm(struct mailbox *mb)
{
    atomic_store(&mb->is_armed, true);
    if (atomic_load(&cell_at(mb, mb->head)->turn) != mb->head + 1)
        return true;
    atomic_store(&mb->is_armed, false);
    return false;
}

void mailbox_disarm(struct mailbox *mb)
{
    atomic_store(&mb->is_armed, false);
    if (mb->fd < 0)
        return;
    uint64_t count;
    while (read(mb->fd, &count, sizeof(count)) < 0 && errno == EINTR)
        continue;
}

int mailbox_fd(const struct mailbox *mb)
{
    return mb->fd;
}
