/* An epoll loop for a media thread: file descriptors with a callback each. One thread owns it; no allocation after
 * loop_add.
 *
 *     struct loop *loop = loop_create();
 *     loop_add(loop, &worker->udp, fd, EPOLLIN, on_udp, worker);
 *     for (;;) {
 *         int wait_ms = mailbox_arm(mb) ? timers_wait_ms(timers, clock_now_us(), 1000) : 0;
 *         loop_turn(loop, wait_ms);                             calls on_udp(worker, events)
 *         mailbox_disarm(mb);
 *         ...
 *     }
 */
#ifndef ICHAT_NET_LOOP_H
#define ICHAT_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

struct loop;

/* One watched descriptor, embedded in its owner, which keeps it in place until loop_del(). */
struct loop_fd {
    int fd; /* -1 when not watched */
    void (*on_ready)(void *ctx, uint32_t events);
    void *ctx;
};

/* Never NULL. */
struct loop *loop_create(void);
void loop_free(struct loop *loop);

/* events: EPOLLIN, EPOLLOUT (level-triggered; EPOLLERR and EPOLLHUP always come). on_ready may be NULL for a descriptor
 * that only has to wake the loop, such as a mailbox's. The caller keeps fd open meanwhile and closes it after
 * loop_del(). */
MUST_CHECK enum err loop_add(struct loop *loop, struct loop_fd *watch, int fd, uint32_t events,
                             void (*on_ready)(void *ctx, uint32_t events), void *ctx);
MUST_CHECK enum err loop_mod(struct loop *loop, struct loop_fd *watch, uint32_t events);
/* Also from within callbacks: events of this turn that were not delivered yet are dropped. Harmless when not watched.
 */
void loop_del(struct loop *loop, struct loop_fd *watch);

/* Waits at most timeout_ms (0 = not at all, -1 = for ever) and delivers what is there; the number of callbacks. */
int loop_turn(struct loop *loop, int timeout_ms);

#endif
