/* A TCP connection. See tcp.h. */
#include "bench/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/procstat.h"

#define READ_SIZE 65536

static void fail(struct tcp *tcp, const char *reason)
{
    if (tcp->fd < 0)
        return;
    tcp_close(tcp);
    tcp->ops.on_closed(tcp->ops.ctx, reason);
}

static void await(struct tcp *tcp, bool is_full)
{
    if (tcp->is_full == is_full)
        return;
    tcp->is_full = is_full;
    (void)!loop_mod(tcp->loop, &tcp->watch, EPOLLIN | (is_full ? EPOLLOUT : 0u));
}

static void flush(struct tcp *tcp)
{
    size_t sent = 0;
    while (tcp->fd >= 0 && tcp->is_open && sent < tcp->out.len) {
        ssize_t n = send(tcp->fd, tcp->out.data + sent, tcp->out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    if (tcp->fd < 0 || !tcp->is_open)
        return;
    if (sent)
        memmove(tcp->out.data, tcp->out.data + sent, tcp->out.len - sent);
    tcp->out.len -= sent;
    await(tcp, tcp->out.len > 0);
}

/* How many of the bytes were used up. */
static size_t use(struct tcp *tcp, const char *data, size_t len)
{
    size_t used = 0;
    while (tcp->fd >= 0 && used < len) {
        size_t n = tcp->ops.on_data(tcp->ops.ctx, data + used, len - used);
        if (n == 0)
            break;
        used += n;
    }
    return used;
}

static void take(struct tcp *tcp, const char *data, size_t len)
{
    tcp->read_ns = wall_ns();
    if (tcp->in.len == 0) { /* mostly: without a copy */
        size_t used = use(tcp, data, len);
        if (tcp->fd >= 0 && used < len)
            text_add_n(&tcp->in, data + used, len - used);
        return;
    }
    text_add_n(&tcp->in, data, len);
    size_t used = use(tcp, tcp->in.data, tcp->in.len);
    if (tcp->fd < 0)
        return;
    memmove(tcp->in.data, tcp->in.data + used, tcp->in.len - used);
    tcp->in.len -= used;
}

static void on_ready(void *ctx, uint32_t events)
{
    struct tcp *tcp = ctx;
    char data[READ_SIZE];
    if (!tcp->is_open) {
        int error = 0;
        socklen_t len = sizeof(error);
        (void)getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error) {
            fail(tcp, strerror(error));
            return;
        }
        tcp->is_open = tcp->is_full = true; /* as it is watched so far */
    }
    if (events & EPOLLOUT)
        flush(tcp);
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        return;
    ssize_t n = recv(tcp->fd, data, sizeof(data), MSG_DONTWAIT);
    if (n > 0) {
        take(tcp, data, (size_t)n);
    } else if (n == 0) {
        fail(tcp, "the server closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(tcp, strerror(errno));
    }
}

void tcp_open(struct tcp *tcp, struct loop *loop, const struct addr *to, const struct tcp_ops *ops)
{
    struct sockaddr_storage sa;
    socklen_t len = addr_to_sockaddr(to, &sa);
    int on = 1;
    *tcp = (struct tcp){.loop = loop, .ops = *ops, .fd = -1, .watch.fd = -1};
    tcp->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0) {
        ops->on_closed(ops->ctx, strerror(errno));
        return;
    }
    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if ((connect(tcp->fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS) ||
        loop_add(loop, &tcp->watch, tcp->fd, EPOLLIN | EPOLLOUT, on_ready, tcp) != ERR_OK)
        fail(tcp, "no connection");
}

void tcp_send(struct tcp *tcp, const void *data, size_t len)
{
    if (tcp->fd < 0)
        return;
    text_add_n(&tcp->out, data, len);
    flush(tcp);
}

void tcp_close(struct tcp *tcp)
{
    if (tcp->fd >= 0) {
        loop_del(tcp->loop, &tcp->watch);
        close(tcp->fd);
    }
    tcp->fd = -1;
    text_free(&tcp->in);
    text_free(&tcp->out);
}
