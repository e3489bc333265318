/* The sending half of net/udp_batch.h: one sendmmsg for a loop turn, whose entries carry GSO runs. One media thread.
 *
 * Slots are chained by receiver as they are committed, so a flush walks each receiver's packets in order. A run is a
 * stretch of packets of equal size of which only the last may be shorter: what UDP_SEGMENT (udp(7)) can cut again. So
 * the chains go from large to small as far as the order within each stream allows: two packets of whatever sizes are
 * one run then, and equal ones stand side by side. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/rand.h"
#include "net/udp_batch.h"
#include "net/udp_local.h"

#define RUN_SEGMENTS 64  /* UDP_MAX_SEGMENTS of the kernel */
#define RUN_BYTES 64999  /* an IP packet holds 65,535 bytes with its headers */
#define CALL_MESSAGES 64 /* entries of one sendmmsg */
#define SORT_STEPS 32    /* slots that one commit looks at; behind more it goes to the end, as it came */
#define NONE UINT32_MAX
#define CONTROL_SIZE (UDP_LOCAL_CONTROL + CMSG_SPACE(sizeof(uint16_t)))

struct slot {
    uint32_t next; /* the receiver's next slot of that lane, or NONE */
    uint32_t stream;
    uint16_t len;
};

struct receiver {
    struct addr addr;
    uint32_t first[UDP_LANES], last[UDP_LANES]; /* slots */
};

/* One entry of a sendmmsg under construction. */
struct run {
    const struct receiver *to;
    uint32_t first; /* slot */
    uint32_t count;
    size_t bytes;
    uint16_t segment;
    size_t local_control; /* bytes of control data that name the own address; the segment size follows them */
};

struct udp_tx {
    /* set once at creation */
    size_t slots;
    uint64_t seed;
    size_t table_mask;
    uint8_t *data;
    struct slot *slot;
    struct receiver *receivers;
    uint32_t *table; /* receiver index + 1 by address; 0 = free */
    struct iovec *iov;
    const struct udp_locals *locals;
    /* owner's */
    size_t used;
    size_t receiver_count;
    uint32_t last_receiver;
    bool has_gso;
    size_t gso_max; /* the largest segment that the kernel cuts: the path's MTU, learnt from its refusals */
    int fd;         /* whose family is known */
    bool is_v4_fd;
    bool may_cut; /* the kernel may cut packets into IP fragments, see keep_whole() */
    struct udp_tx_stats stats;
    size_t run_count;
    size_t iov_count;
    struct run runs[CALL_MESSAGES];
    struct mmsghdr msgs[CALL_MESSAGES];
    struct sockaddr_storage names[CALL_MESSAGES];
    _Alignas(struct cmsghdr) uint8_t control[CALL_MESSAGES][CONTROL_SIZE];
};

struct udp_tx *udp_tx_create(size_t slots, bool has_gso, const struct udp_locals *locals)
{
    assert(slots > 0 && slots < NONE);
    struct udp_tx *tx = mem_calloc_lines(1, sizeof(*tx));
    size_t table = 16;
    while (table < 2 * slots)
        table *= 2;
    tx->slots = slots;
    tx->locals = locals;
    tx->seed = rand_u64();
    tx->table_mask = table - 1;
    tx->data = mem_calloc_lines(slots, UDP_TX_SLOT_SIZE);
    tx->slot = mem_calloc_lines(slots, sizeof(*tx->slot));
    tx->receivers = mem_calloc_lines(slots, sizeof(*tx->receivers));
    tx->table = mem_calloc_lines(table, sizeof(*tx->table));
    tx->iov = mem_calloc_lines(slots, sizeof(*tx->iov));
    tx->has_gso = has_gso;
    tx->gso_max = UDP_TX_SLOT_SIZE;
    tx->fd = -1;
    return tx;
}

void udp_tx_free(struct udp_tx *tx)
{
    if (!tx)
        return;
    free(tx->iov);
    free(tx->table);
    free(tx->receivers);
    free(tx->slot);
    free(tx->data);
    free(tx);
}

uint8_t *udp_tx_slot(struct udp_tx *tx)
{
    return tx->used < tx->slots ? tx->data + tx->used * UDP_TX_SLOT_SIZE : NULL;
}

/* Seeded, since peers choose their ports; folded multiplications are enough for a table that lives for one turn. */
static size_t hash_addr(const struct udp_tx *tx, const struct addr *addr)
{
    uint64_t word[3];
    memcpy(word, addr, sizeof(word));
    uint64_t h = tx->seed;
    for (int i = 0; i < 3; i++) {
        __uint128_t product = (__uint128_t)(h ^ word[i]) * 0x9e3779b97f4a7c15ULL;
        h = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return (size_t)h & tx->table_mask;
}

static struct receiver *find_receiver(struct udp_tx *tx, const struct addr *to)
{
    if (tx->receiver_count > 0 && addr_is_equal(&tx->receivers[tx->last_receiver].addr, to))
        return &tx->receivers[tx->last_receiver];
    size_t i = hash_addr(tx, to);
    for (; tx->table[i]; i = (i + 1) & tx->table_mask) {
        uint32_t at = tx->table[i] - 1;
        if (addr_is_equal(&tx->receivers[at].addr, to)) {
            tx->last_receiver = at;
            return &tx->receivers[at];
        }
    }
    tx->last_receiver = (uint32_t)tx->receiver_count++;
    tx->table[i] = tx->last_receiver + 1;
    struct receiver *receiver = &tx->receivers[tx->last_receiver];
    *receiver = (struct receiver){.addr = *to, .first = {NONE, NONE}, .last = {NONE, NONE}};
    return receiver;
}

/* The slot of the chain behind which a new one goes: the last that is no smaller or of its stream; NONE = to the front.
 * Nearly always that is the chain's last. */
static uint32_t place_in_chain(const struct udp_tx *tx, uint32_t first, uint32_t last, const struct slot *slot)
{
    if (last == NONE || tx->slot[last].len >= slot->len || tx->slot[last].stream == slot->stream)
        return last;
    uint32_t behind = NONE;
    unsigned steps = 0;
    for (uint32_t at = first; at != NONE; at = tx->slot[at].next) {
        if (++steps > SORT_STEPS)
            return last;
        if (tx->slot[at].len >= slot->len || tx->slot[at].stream == slot->stream)
            behind = at;
    }
    return behind;
}

void udp_tx_commit(struct udp_tx *tx, size_t len, const struct addr *to, enum udp_lane lane, uint32_t stream)
{
    assert(tx->used < tx->slots && len > 0 && len <= UDP_TX_SLOT_SIZE);
    uint32_t at = (uint32_t)tx->used++;
    struct receiver *receiver = find_receiver(tx, to);
    struct slot *slot = &tx->slot[at];
    *slot = (struct slot){.len = (uint16_t)len, .stream = stream};
    uint32_t behind = place_in_chain(tx, receiver->first[lane], receiver->last[lane], slot);
    uint32_t *link = behind == NONE ? &receiver->first[lane] : &tx->slot[behind].next;
    slot->next = *link;
    *link = at;
    if (slot->next == NONE)
        receiver->last[lane] = at;
}

/* The longest run from this slot on; returns the slot behind it. */
static uint32_t take_run(struct udp_tx *tx, const struct receiver *to, uint32_t first, struct run *run)
{
    uint16_t segment = tx->slot[first].len;
    *run = (struct run){.to = to, .first = first, .count = 1, .bytes = segment, .segment = segment};
    uint32_t at = tx->slot[first].next;
    if (!tx->has_gso || segment > tx->gso_max)
        return at;
    uint16_t previous = segment;
    while (at != NONE && run->count < RUN_SEGMENTS && previous == segment) {
        uint16_t len = tx->slot[at].len;
        if (len > segment || run->bytes + len > RUN_BYTES)
            break;
        run->count++;
        run->bytes += len;
        previous = len;
        at = tx->slot[at].next;
    }
    return at;
}

static void fill_message(struct udp_tx *tx, struct run *run, size_t i)
{
    struct msghdr *msg = &tx->msgs[i].msg_hdr;
    memset(msg, 0, sizeof(*msg));
    msg->msg_name = &tx->names[i];
    msg->msg_namelen = tx->is_v4_fd ? addr_to_sockaddr(&run->to->addr, &tx->names[i])
                                    : addr_to_sockaddr6(&run->to->addr, &tx->names[i]);
    msg->msg_iov = &tx->iov[tx->iov_count];
    msg->msg_iovlen = run->count;
    uint32_t at = run->first;
    for (uint32_t n = 0; n < run->count; n++, at = tx->slot[at].next) {
        tx->iov[tx->iov_count++] =
            (struct iovec){.iov_base = tx->data + (size_t)at * UDP_TX_SLOT_SIZE, .iov_len = tx->slot[at].len};
    }
    run->local_control =
        tx->locals ? udp_locals_write(tx->locals, run->to->addr.local, tx->is_v4_fd, tx->control[i]) : 0;
    msg->msg_control = tx->control[i];
    msg->msg_controllen = run->local_control;
    if (run->count < 2)
        return;
    msg->msg_controllen += CMSG_SPACE(sizeof(run->segment));
    struct cmsghdr *cmsg = (struct cmsghdr *)(void *)(tx->control[i] + run->local_control);
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(run->segment));
    memcpy(CMSG_DATA(cmsg), &run->segment, sizeof(run->segment));
}

static void count_sent(struct udp_tx *tx, const struct run *run)
{
    tx->stats.packets += run->count;
    tx->stats.bytes += run->bytes;
}

/* IPv4 packets leave with DF in any case (ip(7), IP_MTU_DISCOVER: the default sets it as well). What the default adds
 * is that it cuts those that it knows to be too large for their path, and for that it gives each packet an identifier
 * out of a table that is cold in calls of hundreds. So that waits until there is such a packet. */
static void keep_whole(struct udp_tx *tx, int fd, bool is_whole)
{
    int how = is_whole ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;
    tx->may_cut = setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how)) < 0 || !is_whole;
}

/* Whether it is worth another try. */
static bool allow_cutting(struct udp_tx *tx, int fd, int error)
{
    if (error != EMSGSIZE || tx->may_cut)
        return false;
    keep_whole(tx, fd, false);
    return true;
}

static ssize_t send_one(struct udp_tx *tx, int fd, const struct msghdr *msg)
{
    tx->stats.calls++;
    return sendmsg(fd, msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A run that the kernel would not cut goes out packet by packet; true when one of them did. */
static bool send_singly(struct udp_tx *tx, int fd, size_t i)
{
    const struct run *run = &tx->runs[i];
    bool is_sent = false;
    struct msghdr msg = {.msg_name = &tx->names[i],
                         .msg_namelen = tx->msgs[i].msg_hdr.msg_namelen,
                         .msg_iovlen = 1,
                         .msg_control = tx->control[i],
                         .msg_controllen = run->local_control};
    for (uint32_t n = 0; n < run->count; n++) {
        msg.msg_iov = &tx->msgs[i].msg_hdr.msg_iov[n];
        ssize_t sent = send_one(tx, fd, &msg);
        if (sent < 0 && allow_cutting(tx, fd, errno))
            sent = send_one(tx, fd, &msg);
        if (sent < 0) {
            tx->stats.dropped++;
            continue;
        }
        is_sent = true;
        tx->stats.packets++;
        tx->stats.bytes += (uint64_t)sent;
    }
    return is_sent;
}

/* What to do about entry i, which the kernel refused. Returns how many entries are dealt with. */
static size_t on_refused(struct udp_tx *tx, int fd, size_t i, int error)
{
    const struct run *run = &tx->runs[i];
    if (error == EINTR)
        return 0;
    /* EIO: no checksum offload on the way. EINVAL, EMSGSIZE in later kernels: segments beyond the path's MTU, unless
     * the address was at fault. */
    if (run->count > 1 && (error == EINVAL || error == EMSGSIZE || error == EIO)) {
        bool is_sent = send_singly(tx, fd, i);
        if (error == EIO)
            tx->has_gso = false;
        else if (is_sent)
            tx->gso_max = (size_t)run->segment - 1;
        return 1;
    }
    if (allow_cutting(tx, fd, error))
        return 0;
    /* A full socket buffer refuses all the rest alike. */
    size_t gone = error == EAGAIN ? tx->run_count - i : 1;
    for (size_t n = 0; n < gone; n++)
        tx->stats.dropped += tx->runs[i + n].count;
    return gone;
}

static void send_runs(struct udp_tx *tx, int fd)
{
    for (size_t i = 0; i < tx->run_count;) {
        tx->stats.calls++;
        int n = sendmmsg(fd, &tx->msgs[i], (unsigned)(tx->run_count - i), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            i += on_refused(tx, fd, i, errno);
            continue;
        }
        for (int k = 0; k < n; k++)
            count_sent(tx, &tx->runs[i + (size_t)k]);
        i += (size_t)n;
    }
    tx->run_count = 0;
    tx->iov_count = 0;
}

static void learn_socket(struct udp_tx *tx, int fd)
{
    int domain = AF_INET6;
    socklen_t len = sizeof(domain);
    if (fd == tx->fd)
        return;
    (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    tx->fd = fd;
    tx->is_v4_fd = domain == AF_INET;
    keep_whole(tx, fd, true);
}

/* Empties the receivers' table by its entries: the table itself is larger than a usual turn. */
static void clear(struct udp_tx *tx)
{
    if (tx->receiver_count > tx->table_mask / 16) {
        memset(tx->table, 0, (tx->table_mask + 1) * sizeof(*tx->table));
    } else {
        for (size_t r = 0; r < tx->receiver_count; r++) {
            size_t i = hash_addr(tx, &tx->receivers[r].addr);
            while (tx->table[i]) {
                tx->table[i] = 0;
                i = (i + 1) & tx->table_mask;
            }
        }
    }
    tx->receiver_count = 0;
    tx->used = 0;
}

static void send_lane(struct udp_tx *tx, int fd, const struct receiver *receiver, uint32_t at)
{
    while (at != NONE) {
        struct run *run = &tx->runs[tx->run_count];
        at = take_run(tx, receiver, at, run);
        fill_message(tx, run, tx->run_count++);
        if (tx->run_count == CALL_MESSAGES)
            send_runs(tx, fd);
    }
}

void udp_tx_flush(struct udp_tx *tx, int fd)
{
    if (tx->used == 0)
        return;
    learn_socket(tx, fd);
    for (size_t r = 0; r < tx->receiver_count; r++)
        for (unsigned lane = 0; lane < UDP_LANES; lane++)
            send_lane(tx, fd, &tx->receivers[r], tx->receivers[r].first[lane]);
    send_runs(tx, fd);
    clear(tx);
}

const struct udp_tx_stats *udp_tx_stats(const struct udp_tx *tx)
{
    return &tx->stats;
}
