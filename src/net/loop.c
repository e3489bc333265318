/* An epoll loop. The thread that owns it. */
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define EVENTS_MAX 64 /* more wait for the next turn */

struct loop {
    /* set once at creation */
    int fd;
    /* owner's: the turn under way, so that loop_del can take back what is not delivered yet */
    struct epoll_event events[EVENTS_MAX];
    int count;
};

struct loop *loop_create(void)
{
    struct loop *loop = mem_calloc(1, sizeof(*loop));
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->fd < 0) {
        log_error("Cannot create an epoll instance, out of file descriptors? errno=%d", errno);
        abort();
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    close(loop->fd);
    free(loop);
}

enum err loop_add(struct loop *loop, struct loop_fd *watch, int fd, uint32_t events,
                  void (*on_ready)(void *ctx, uint32_t events), void *ctx)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    *watch = (struct loop_fd){.fd = fd, .on_ready = on_ready, .ctx = ctx};
    if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        watch->fd = -1;
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    }
    return ERR_OK;
}

enum err loop_mod(struct loop *loop, struct loop_fd *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (watch->fd < 0)
        return ERR_STATE;
    return epoll_ctl(loop->fd, EPOLL_CTL_MOD, watch->fd, &event) < 0 ? ERR_IO : ERR_OK;
}

void loop_del(struct loop *loop, struct loop_fd *watch)
{
    if (watch->fd < 0)
        return;
    epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->fd = -1;
    for (int i = 0; i < loop->count; i++) {
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
    }
}

int loop_turn(struct loop *loop, int timeout_ms)
{
    int delivered = 0;
    int n = epoll_wait(loop->fd, loop->events, EVENTS_MAX, timeout_ms);
    loop->count = n > 0 ? n : 0; /* EINTR is a turn without events */
    for (int i = 0; i < loop->count; i++) {
        const struct loop_fd *watch = loop->events[i].data.ptr;
        if (!watch)
            continue;
        delivered++;
        if (watch->on_ready)
            watch->on_ready(watch->ctx, loop->events[i].events);
    }
    loop->count = 0;
    return delivered;
}
