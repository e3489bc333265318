/* send-bench: CPU ns of handing one datagram to the kernel, by the ways there are, on loopback. See bench/README.md.
 * One thread: it empties the receivers' socket itself between two bursts, while the clock stands still. */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef HAS_URING
#include <liburing.h>
#endif

#include "base/mem.h"
#include "base/text.h"
#include "bench/hist.h"

#define ROUNDS 15u
#define ROUND_NS 30000000ULL /* of CPU */
#define BURST 512u           /* packets between two looks at the clock */
#define BATCH 64u            /* of one sendmmsg, or one submission */
#define RUN_MAX 16u
#define RECEIVERS_MAX 1000u
#define FIRST_IP 0x7f010001u /* 127.1.0.1: all of 127/8 is this host */

struct rig {
    unsigned receivers, bytes;
    int fd;       /* sends */
    int sink;     /* receives all of it */
    int *sockets; /* a connected one for each receiver */
    unsigned at;  /* whose turn it is */
    uint8_t *data;
    struct sockaddr_in to[BATCH];
    struct iovec iov[BATCH][RUN_MAX];
    struct mmsghdr msgs[BATCH];
    _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(uint16_t))];
    uint16_t port;
#ifdef HAS_URING
    struct io_uring ring;
#endif
};

struct way {
    const char *name;
    unsigned run;                                         /* packets of a message */
    unsigned (*send)(struct rig *rig, unsigned messages); /* at most BATCH; how many were sent, 0 on failure */
};

static uint64_t cpu_ns(void)
{
    struct timespec now; /* the process': workers that the kernel adds count as well */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in address_of(const struct rig *rig, unsigned receiver)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(rig->port), .sin_addr.s_addr = htonl(FIRST_IP + receiver)};
}

static void fill(struct rig *rig, unsigned messages, unsigned run)
{
    uint16_t segment = (uint16_t)rig->bytes;
    for (unsigned i = 0; i < messages; i++) {
        struct msghdr *msg = &rig->msgs[i].msg_hdr;
        rig->to[i] = address_of(rig, rig->at);
        rig->at = (rig->at + 1) % rig->receivers;
        for (unsigned k = 0; k < run; k++)
            rig->iov[i][k] = (struct iovec){rig->data + (size_t)(i + k) * rig->bytes, rig->bytes};
        *msg = (struct msghdr){
            .msg_name = &rig->to[i], .msg_namelen = sizeof(rig->to[i]), .msg_iov = rig->iov[i], .msg_iovlen = run};
        if (run < 2)
            continue;
        struct cmsghdr *cmsg = (struct cmsghdr *)(void *)rig->control[i];
        *cmsg = (struct cmsghdr){
            .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(segment))};
        memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
        msg->msg_control = cmsg;
        msg->msg_controllen = CMSG_SPACE(sizeof(segment));
    }
}

/* --- the ways --- */

static unsigned by_sendmmsg(struct rig *rig, unsigned messages)
{
    int n = sendmmsg(rig->fd, rig->msgs, messages, 0);
    return n > 0 ? (unsigned)n : 0;
}

static unsigned by_sendmsg(struct rig *rig, unsigned messages)
{
    for (unsigned i = 0; i < messages; i++)
        if (sendmsg(rig->fd, &rig->msgs[i].msg_hdr, 0) < 0)
            return 0;
    return messages;
}

static unsigned by_connected(struct rig *rig, unsigned messages)
{
    for (unsigned i = 0; i < messages; i++) {
        unsigned receiver = ntohl(rig->to[i].sin_addr.s_addr) - FIRST_IP;
        if (send(rig->sockets[receiver], rig->iov[i][0].iov_base, rig->iov[i][0].iov_len, 0) < 0)
            return 0;
    }
    return messages;
}

#ifdef HAS_URING
static unsigned submit(struct rig *rig, unsigned messages)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0, good = 0;
    if (io_uring_submit_and_wait(&rig->ring, messages) < 0)
        return 0;
    io_uring_for_each_cqe(&rig->ring, head, cqe)
    {
        seen++;
        good += cqe->res > 0;
    }
    io_uring_cq_advance(&rig->ring, seen);
    return good == messages ? messages : 0;
}

static unsigned by_uring(struct rig *rig, unsigned messages)
{
    for (unsigned i = 0; i < messages; i++)
        io_uring_prep_sendmsg(io_uring_get_sqe(&rig->ring), rig->fd, &rig->msgs[i].msg_hdr, 0);
    return submit(rig, messages);
}

static unsigned by_uring_connected(struct rig *rig, unsigned messages)
{
    for (unsigned i = 0; i < messages; i++) {
        unsigned receiver = ntohl(rig->to[i].sin_addr.s_addr) - FIRST_IP;
        struct io_uring_sqe *sqe = io_uring_get_sqe(&rig->ring);
        io_uring_prep_send(sqe, (int)receiver, rig->iov[i][0].iov_base, rig->iov[i][0].iov_len, 0);
        sqe->flags |= IOSQE_FIXED_FILE;
    }
    return submit(rig, messages);
}
#endif

static const struct way ways[] = {
    {"sendmmsg of 64", 1, by_sendmmsg},
    {"sendmsg for each", 1, by_sendmsg},
    {"send, a connected socket each", 1, by_connected},
#ifdef HAS_URING
    {"io_uring, sendmsg, 64 a submission", 1, by_uring},
    {"io_uring, connected registered sockets", 1, by_uring_connected},
#endif
    {"sendmmsg, runs of 2 (UDP_SEGMENT)", 2, by_sendmmsg},
    {"sendmmsg, runs of 4", 4, by_sendmmsg},
    {"sendmmsg, runs of 16", 16, by_sendmmsg},
};
#define WAYS ARRAY_LEN(ways)

/* --- measuring --- */

static void empty_sink(const struct rig *rig)
{
    static uint8_t bytes[2048];
    while (recv(rig->sink, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        continue;
}

/* CPU ns of one packet, 0 when it does not work. Making the messages is left out. */
static double time_round(struct rig *rig, const struct way *way)
{
    uint64_t spent = 0, packets = 0;
    while (spent < ROUND_NS) {
        for (unsigned burst = 0; burst < BURST; burst += BATCH * way->run) {
            fill(rig, BATCH, way->run);
            uint64_t begin = cpu_ns();
            unsigned n = way->send(rig, BATCH);
            spent += cpu_ns() - begin;
            if (n != BATCH)
                return 0;
            packets += (uint64_t)n * way->run;
        }
        empty_sink(rig);
    }
    return (double)spent / (double)packets;
}

static bool bind_any(int fd, uint32_t ip, uint16_t *port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};
    socklen_t len = sizeof(own);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
        getsockname(fd, (struct sockaddr *)&own, &len) < 0)
        return false;
    *port = ntohs(own.sin_port);
    return true;
}

static bool open_rig(struct rig *rig)
{
    int size = 16 * 1024 * 1024;
    uint16_t own_port;
    rig->data = mem_calloc(BATCH + RUN_MAX, rig->bytes);
    rig->sockets = mem_calloc(rig->receivers, sizeof(int));
    rig->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    rig->sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!bind_any(rig->sink, INADDR_ANY, &rig->port) || !bind_any(rig->fd, INADDR_LOOPBACK, &own_port))
        return false;
    if (setsockopt(rig->sink, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(rig->sink, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(rig->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    for (unsigned i = 0; i < rig->receivers; i++) {
        struct sockaddr_in to = address_of(rig, i);
        rig->sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (!bind_any(rig->sockets[i], INADDR_LOOPBACK, &own_port) ||
            connect(rig->sockets[i], (struct sockaddr *)&to, sizeof(to)) < 0)
            return false;
    }
#ifdef HAS_URING
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    if (io_uring_queue_init_params(2 * BATCH, &rig->ring, &params) < 0 ||
        io_uring_register_files(&rig->ring, rig->sockets, rig->receivers) < 0)
        return false;
#endif
    return true;
}

static void close_rig(struct rig *rig)
{
#ifdef HAS_URING
    io_uring_queue_exit(&rig->ring);
#endif
    for (unsigned i = 0; i < rig->receivers; i++)
        close(rig->sockets[i]);
    close(rig->sink);
    close(rig->fd);
    free(rig->sockets);
    free(rig->data);
}

static void print_table(double table[WAYS][ROUNDS])
{
    printf("%-40s %8s %14s %14s\n", "", "ns", "range", "/ sendmmsg");
    for (unsigned i = 0; i < WAYS; i++) {
        double ratios[ROUNDS];
        for (unsigned r = 0; r < ROUNDS; r++)
            ratios[r] = table[0][r] > 0 ? table[i][r] / table[0][r] : 0;
        double middle = median_of(table[i], ROUNDS); /* sorts */
        if (middle > 0)
            printf("%-40s %8.0f %6.0f..%-6.0f %14.2f\n", ways[i].name, middle, table[i][0], table[i][ROUNDS - 1],
                   median_of(ratios, ROUNDS));
        else
            printf("%-40s does not work here\n", ways[i].name);
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"bytes", 1, NULL, 'b'}, {"receivers", 1, NULL, 'r'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct rig *rig = mem_calloc(1, sizeof(*rig));
    rig->bytes = 1228;
    rig->receivers = 50;
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (c == 'b')
            rig->bytes = (unsigned)atoi(optarg);
        else if (c == 'r')
            rig->receivers = (unsigned)atoi(optarg);
        else
            rig->bytes = 0;
    }
    if (rig->bytes < 1 || rig->bytes > 1472 || rig->receivers < 1 || rig->receivers > RECEIVERS_MAX) {
        fputs("usage: send-bench [--bytes 1..1472] [--receivers 1..1000]\n", stderr);
        return 2;
    }
    static double table[WAYS][ROUNDS];
    if (!open_rig(rig)) {
        fprintf(stderr, "send-bench: no sockets: %s\n", strerror(errno));
        return 1;
    }
    for (unsigned r = 0; r < ROUNDS; r++) /* in turn: the machine's speed changes */
        for (unsigned i = 0; i < WAYS; i++)
            table[i][r] = time_round(rig, &ways[i]);
    print_table(table);
    close_rig(rig);
    free(rig);
    return 0;
}
