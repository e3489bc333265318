/* A TCP connection on an epoll loop: what arrives is gathered, what is written is kept until it can go. The loop's
 * thread. */
#ifndef ICHAT_BENCH_TCP_H
#define ICHAT_BENCH_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/addr.h"
#include "net/loop.h"

struct tcp_ops {
    /* Bytes came; how many of them are used up. Not to free the connection from within. */
    size_t (*on_data)(void *ctx, const char *data, size_t len);
    void (*on_closed)(void *ctx, const char *reason); /* once; also when it never opened */
    void *ctx;
};

struct tcp {
    /* set once */
    struct loop *loop;
    struct tcp_ops ops;
    /* the loop's thread */
    struct loop_fd watch;
    int fd; /* -1: closed */
    bool is_open;
    bool is_full;     /* the kernel takes no more for now */
    uint64_t read_ns; /* wall clock, as the newest bytes were read */
    struct text in, out;
};

/* Connects; failures come by on_closed, at the earliest in the loop's next turn, unless there is no socket at all. */
void tcp_open(struct tcp *tcp, struct loop *loop, const struct addr *to, const struct tcp_ops *ops);
void tcp_send(struct tcp *tcp, const void *data, size_t len);
void tcp_close(struct tcp *tcp); /* no callback afterwards; harmless when closed */

#endif
