/* Batched UDP over loopback: every packet arrives byte-identical and in order, in both families, joined or not. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "net/udp.h"
#include "net/udp_batch.h"
#include "net/udp_local.h"

#define RECEIVERS 5
#define SLOTS 300
#define STREAM 7
#define WAIT_MS 5000

struct receiver {
    int fd;
    struct addr addr;
    struct udp_rx *rx;
    uint32_t sent, got;
};

static int open_socket(const char *ip, bool wants_gro, struct addr *addr, bool *has_gso, bool *has_gro)
{
    struct udp_opts opts = {.bind_ip = ip, .rcvbuf_bytes = 8 << 20, .sndbuf_bytes = 8 << 20, .wants_gro = wants_gro};
    int fd;
    uint16_t port;
    assert_int_equal(udp_open(&opts, &fd, &port, has_gso, has_gro), ERR_OK);
    assert_int_equal(addr_parse(addr, ip, port), ERR_OK);
    return fd;
}

/* A packet's bytes follow from its receiver and number. */
static void fill(uint8_t *data, size_t len, uint32_t receiver, uint32_t number)
{
    uint32_t x = receiver * 2654435761u + number * 40503u + 1;
    memcpy(data, &number, 4);
    for (size_t i = 4; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (uint8_t)(x >> 24);
    }
}

static size_t random_size(uint32_t *seed, size_t previous)
{
    uint32_t r = *seed = *seed * 1664525u + 1013904223u;
    r >>= 8;
    switch (r % 8) {
    case 0:
        return 4 + r / 8 % 1400;
    case 1:
        return 1200;
    case 2:
        return UDP_TX_SLOT_SIZE;
    case 3:
        return 4;
    default:
        return previous; /* runs */
    }
}

static void receive(struct receiver *receiver, uint32_t number, const struct addr *sender, size_t sizes[][SLOTS])
{
    while (receiver->got < receiver->sent) {
        struct pollfd wait = {.fd = receiver->fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        size_t n = udp_rx_read(receiver->rx, receiver->fd);
        for (size_t i = 0; i < n; i++) {
            struct udp_packet *packet = udp_rx_packet(receiver->rx, i);
            uint8_t want[UDP_TX_SLOT_SIZE];
            assert_true(addr_is_equal(&packet->from, sender));
            assert_int_equal(packet->len, sizes[number][receiver->got]);
            fill(want, packet->len, number, receiver->got);
            assert_memory_equal(packet->data, want, packet->len);
            memset(packet->data, 0xee, packet->len); /* writable, and no neighbour is hurt */
            receiver->got++;
        }
    }
    assert_int_equal(udp_rx_read(receiver->rx, receiver->fd), 0);
}

static void exchange(const char *ip, bool wants_gso, bool wants_gro, uint32_t seed)
{
    static size_t sizes[RECEIVERS][SLOTS];
    struct receiver receivers[RECEIVERS];
    struct addr sender;
    bool has_gso, has_gro;
    int fd = open_socket(ip, false, &sender, &has_gso, &has_gro);
    if (wants_gso && !has_gso)
        print_message("no GSO in this kernel\n");
    for (int i = 0; i < RECEIVERS; i++) {
        bool unused;
        receivers[i].fd = open_socket(ip, wants_gro, &receivers[i].addr, &unused, &has_gro);
        receivers[i].rx = udp_rx_create(has_gro, NULL);
    }
    struct udp_tx *tx = udp_tx_create(SLOTS, wants_gso && has_gso, NULL);
    uint64_t packets = 0, bytes = 0;
    for (int round = 0; round < 20; round++) {
        size_t size = 1200;
        for (int i = 0; i < RECEIVERS; i++)
            receivers[i].sent = receivers[i].got = 0;
        uint32_t count = round % 2 ? SLOTS : 1 + seed % SLOTS;
        for (uint32_t k = 0; k < count; k++) {
            uint32_t to = (seed >> 16) % (round % 3 ? RECEIVERS : 1);
            size = random_size(&seed, size);
            uint8_t *slot = udp_tx_slot(tx);
            assert_non_null(slot);
            sizes[to][receivers[to].sent] = size;
            fill(slot, size, to, receivers[to].sent++);
            udp_tx_commit(tx, size, &receivers[to].addr, UDP_LANE_LARGE, STREAM);
            packets++;
            bytes += size;
        }
        assert_true(count < SLOTS || udp_tx_slot(tx) == NULL);
        udp_tx_flush(tx, fd);
        for (uint32_t i = 0; i < RECEIVERS; i++)
            receive(&receivers[i], i, &sender, sizes);
    }
    assert_true(udp_tx_stats(tx)->packets == packets);
    assert_true(udp_tx_stats(tx)->bytes == bytes);
    assert_true(udp_tx_stats(tx)->dropped == 0);
    for (int i = 0; i < RECEIVERS; i++) {
        assert_true(udp_rx_oversized(receivers[i].rx) == 0);
        udp_rx_free(receivers[i].rx);
        close(receivers[i].fd);
    }
    udp_tx_free(tx);
    close(fd);
}

static void test_exchanges(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int gso = 0; gso < 2; gso++) {
        for (int gro = 0; gro < 2; gro++) {
            exchange("127.0.0.1", gso, gro, seed++);
            exchange("::1", gso, gro, seed++);
        }
    }
}

/* A dual-stack sender reaches IPv4 and IPv6 receivers in one flush. */
static void test_both_families(void **state)
{
    (void)state;
    bool has_gso, has_gro;
    struct addr any, to[2];
    int fd = open_socket("::", false, &any, &has_gso, &has_gro), fds[2];
    fds[0] = open_socket("127.0.0.1", true, &to[0], &has_gso, &has_gro);
    fds[1] = open_socket("::1", true, &to[1], &has_gso, &has_gro);
    struct udp_tx *tx = udp_tx_create(8, has_gso, NULL);
    struct udp_rx *rx = udp_rx_create(has_gro, NULL);
    for (uint32_t i = 0; i < 8; i++) {
        fill(udp_tx_slot(tx), 500, i % 2, i / 2);
        udp_tx_commit(tx, 500, &to[i % 2], UDP_LANE_LARGE, STREAM);
    }
    udp_tx_flush(tx, fd);
    assert_true(udp_tx_stats(tx)->calls == 1);
    for (int k = 0; k < 2; k++) {
        for (uint32_t got = 0; got < 4;) {
            struct pollfd wait = {.fd = fds[k], .events = POLLIN};
            assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
            size_t n = udp_rx_read(rx, fds[k]);
            for (size_t i = 0; i < n; i++) {
                uint8_t want[500];
                fill(want, 500, (uint32_t)k, got++);
                assert_int_equal(udp_rx_packet(rx, i)->len, 500);
                assert_memory_equal(udp_rx_packet(rx, i)->data, want, 500);
                assert_int_equal(addr_is_v4(&udp_rx_packet(rx, i)->from), k == 0);
            }
        }
        close(fds[k]);
    }
    udp_rx_free(rx);
    udp_tx_free(tx);
    close(fd);
}

/* Audio between the packets of a frame: the frame still leaves as one run, the audio as another, before it. */
static void test_lanes(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        enum udp_lane lane;
    } packets[] = {{1200, UDP_LANE_LARGE}, {100, UDP_LANE_SMALL}, {1200, UDP_LANE_LARGE},
                   {100, UDP_LANE_SMALL},  {700, UDP_LANE_LARGE}, {100, UDP_LANE_SMALL}};
    static const uint8_t order[] = {1, 3, 5, 0, 2, 4};
    bool has_gso, has_gro;
    struct addr from, to;
    int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
    int receiver = open_socket("127.0.0.1", false, &to, &has_gso, &has_gro);
    struct udp_tx *tx = udp_tx_create(8, has_gso, NULL);
    for (uint32_t i = 0; i < 6; i++) {
        fill(udp_tx_slot(tx), packets[i].size, 0, i);
        udp_tx_commit(tx, packets[i].size, &to, packets[i].lane, STREAM);
    }
    udp_tx_flush(tx, fd);
    assert_true(udp_tx_stats(tx)->packets == 6);
    if (has_gso)
        assert_true(udp_tx_stats(tx)->calls == 1);
    for (uint32_t i = 0; i < 6; i++) {
        uint8_t got[UDP_TX_SLOT_SIZE], want[UDP_TX_SLOT_SIZE];
        struct pollfd wait = {.fd = receiver, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        ssize_t len = recv(receiver, got, sizeof(got), 0);
        assert_int_equal(len, packets[order[i]].size);
        fill(want, (size_t)len, 0, order[i]);
        assert_memory_equal(got, want, (size_t)len);
    }
    udp_tx_free(tx);
    close(receiver);
    close(fd);
}

static void send_equal(struct udp_tx *tx, int fd, const struct addr *to, size_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fill(udp_tx_slot(tx), size, 0, i);
        udp_tx_commit(tx, size, to, UDP_LANE_LARGE, STREAM);
    }
    udp_tx_flush(tx, fd);
}

/* That runs really leave as one: over loopback nothing cuts them for a receiver with GRO. */
static void test_runs_are_joined(void **state)
{
    (void)state;
    bool has_gso, has_gro;
    struct addr from, to;
    int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
    int receiver = open_socket("127.0.0.1", true, &to, &has_gso, &has_gro);
    if (!has_gso || !has_gro)
        skip();
    struct udp_tx *tx = udp_tx_create(100, true, NULL);
    static uint8_t bytes[65536];
    static const struct {
        size_t size;
        uint32_t count;
        size_t first; /* bytes of the first joined datagram */
    } table[] = {{1200, 10, 12000}, {100, 65, 6400}, {1600, 45, 64000}, {1200, 1, 1200}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        send_equal(tx, fd, &to, table[i].size, table[i].count);
        struct pollfd wait = {.fd = receiver, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        assert_int_equal(recv(receiver, bytes, sizeof(bytes), 0), table[i].first);
        while (recv(receiver, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
            continue;
    }
    udp_tx_free(tx);
    close(fd);
    close(receiver);
}

/* What stands in the socket, datagram by datagram, joined ones at once. */
static void receive_all(int fd, size_t *sizes, size_t room)
{
    static uint8_t bytes[65536];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    size_t n = 0;
    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    for (ssize_t len; n < room && (len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0;)
        sizes[n++] = (size_t)len;
}

/* Packets of different senders may pass each other to be joined, those of one may not. */
static void test_sizes_are_sorted(void **state)
{
    (void)state;
    static const struct {
        struct {
            size_t size;
            uint32_t stream;
        } in[6];
        size_t out[6];
    } table[] = {
        {{{90, 1}, {100, 2}}, {190}},
        {{{90, 1}, {100, 1}}, {90, 100}},
        {{{80, 1}, {100, 2}, {90, 3}, {70, 4}}, {190, 150}},
        {{{80, 1}, {100, 2}, {100, 1}}, {180, 100}},
        {{{100, 1}, {80, 1}, {100, 2}}, {280}},
        {{{100, 1}, {80, 2}, {100, 3}, {80, 4}, {100, 5}, {80, 6}}, {380, 160}},
        {{{50, UDP_NO_STREAM}, {60, UDP_NO_STREAM}, {70, 1}}, {120, 60}},
        {{{1200, 1}, {600, 1}, {1200, 2}, {700, 2}, {1200, 3}, {800, 3}}, {4400, 1300}},
    };
    bool has_gso, has_gro;
    struct addr from, to;
    int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
    int receiver = open_socket("127.0.0.1", true, &to, &has_gso, &has_gro);
    if (!has_gso || !has_gro)
        skip();
    struct udp_tx *tx = udp_tx_create(8, true, NULL);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t got[6] = {0};
        for (uint32_t k = 0; k < 6 && table[i].in[k].size; k++) {
            fill(udp_tx_slot(tx), table[i].in[k].size, 0, k);
            udp_tx_commit(tx, table[i].in[k].size, &to, UDP_LANE_SMALL, table[i].in[k].stream);
        }
        udp_tx_flush(tx, fd);
        receive_all(receiver, got, ARRAY_LEN(got));
        assert_memory_equal(got, table[i].out, sizeof(got));
    }
    udp_tx_free(tx);
    close(fd);
    close(receiver);
}

/* Any sizes of any streams in any number: all arrive, each stream in its order. */
static void test_streams_keep_their_order(void **state)
{
    (void)state;
    bool has_gso, has_gro;
    struct addr from, to;
    int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
    int receiver = open_socket("127.0.0.1", false, &to, &has_gso, &has_gro);
    struct udp_tx *tx = udp_tx_create(SLOTS, has_gso, NULL);
    struct udp_rx *rx = udp_rx_create(false, NULL);
    uint32_t seed = 5;
    for (unsigned round = 0; round < 40; round++) {
        uint32_t streams = 1 + round % 5, next[5] = {0}, sent[5] = {0};
        size_t count = round < 30 ? 2 + round : SLOTS;
        for (size_t i = 0; i < count; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t stream = (seed >> 8) % streams, head[2] = {stream, sent[stream]++};
            memcpy(udp_tx_slot(tx), head, sizeof(head));
            udp_tx_commit(tx, sizeof(head) + (seed >> 16) % 4 * 20, &to, UDP_LANE_SMALL, stream);
        }
        udp_tx_flush(tx, fd);
        for (size_t got = 0; got < count;) {
            struct pollfd wait = {.fd = receiver, .events = POLLIN};
            assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
            size_t n = udp_rx_read(rx, receiver);
            for (size_t i = 0; i < n; i++, got++) {
                uint32_t head[2];
                memcpy(head, udp_rx_packet(rx, i)->data, sizeof(head));
                assert_in_range(head[0], 0, streams - 1);
                assert_int_equal(head[1], next[head[0]]++);
            }
        }
    }
    udp_rx_free(rx);
    udp_tx_free(tx);
    close(fd);
    close(receiver);
}

static void test_oversized(void **state)
{
    (void)state;
    for (int gro = 0; gro < 2; gro++) {
        bool has_gso, has_gro;
        struct addr from, to;
        struct sockaddr_storage sa;
        int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
        int receiver = open_socket("127.0.0.1", gro, &to, &has_gso, &has_gro);
        struct udp_rx *rx = udp_rx_create(has_gro, NULL);
        socklen_t len = addr_to_sockaddr6(&to, &sa);
        static const uint8_t bytes[60000];
        static const size_t sizes[] = {2001, 2000, 60000, 0, 2047, 2048, 2049, 7};
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
            assert_int_equal(sendto(fd, bytes, sizes[i], 0, (struct sockaddr *)&sa, len), sizes[i]);
        size_t n = 0, lens[3] = {0};
        struct pollfd wait = {.fd = receiver, .events = POLLIN};
        while (n < 2) {
            assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
            size_t batch = udp_rx_read(rx, receiver);
            for (size_t i = 0; i < batch && n < 3; i++)
                lens[n++] = udp_rx_packet(rx, i)->len;
        }
        assert_int_equal(n, 2);
        assert_int_equal(lens[0], 2000);
        assert_int_equal(lens[1], 7);
        assert_true(udp_rx_oversized(rx) == 5);
        udp_rx_free(rx);
        close(fd);
        close(receiver);
    }
}

/* What the kernel refuses is counted and hurts no other receiver. */
static void test_refused(void **state)
{
    (void)state;
    bool has_gso, has_gro;
    struct addr from, to;
    int fd = open_socket("127.0.0.1", false, &from, &has_gso, &has_gro);
    int receiver = open_socket("127.0.0.1", false, &to, &has_gso, &has_gro);
    struct addr nobody = to;
    nobody.port = 0;
    struct udp_tx *tx = udp_tx_create(16, has_gso, NULL);
    struct udp_rx *rx = udp_rx_create(false, NULL);
    for (uint32_t i = 0; i < 16; i++) {
        fill(udp_tx_slot(tx), 300, 0, i / 2);
        udp_tx_commit(tx, 300, i % 2 ? &to : &nobody, UDP_LANE_LARGE, STREAM);
    }
    udp_tx_flush(tx, fd);
    assert_true(udp_tx_stats(tx)->packets == 8);
    assert_true(udp_tx_stats(tx)->dropped == 8);
    for (uint32_t got = 0; got < 8;) {
        struct pollfd wait = {.fd = receiver, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        size_t n = udp_rx_read(rx, receiver);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(udp_rx_packet(rx, i)->data[0], got++);
    }
    udp_tx_flush(tx, fd); /* empty: no call */
    uint64_t calls = udp_tx_stats(tx)->calls;
    udp_tx_flush(tx, fd);
    assert_true(udp_tx_stats(tx)->calls == calls);
    udp_rx_free(rx);
    udp_tx_free(tx);
    close(fd);
    close(receiver);
    udp_rx_free(NULL);
    udp_tx_free(NULL);
}

/* On a socket that is bound to all addresses, what answers a datagram leaves from the address that it came to; a
 * connected socket hears nothing else. Both families (IPv6 has one loopback address, so IPv4 shows the choice). */
static void test_replies_leave_from_where_asked(void **state)
{
    (void)state;
    bool has_gso, has_gro;
    struct addr any;
    int server = open_socket("::", false, &any, &has_gso, &has_gro);
    struct udp_locals *locals = udp_locals_create();
    struct udp_rx *rx = udp_rx_create(has_gro, locals);
    struct udp_tx *tx = udp_tx_create(8, has_gso, locals);
    static const char *const asked[] = {"127.0.0.3", "127.0.0.1", "127.0.0.9", "127.0.0.3", "::1"};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct addr mine, to;
        struct sockaddr_storage sa;
        int client = open_socket(strchr(asked[i], ':') ? "::1" : "127.0.0.2", false, &mine, &has_gso, &has_gro);
        assert_int_equal(addr_parse(&to, asked[i], any.port), ERR_OK);
        socklen_t len = addr_to_sockaddr6(&to, &sa);
        assert_int_equal(connect(client, (struct sockaddr *)&sa, len), 0);
        assert_int_equal(send(client, "?", 1, 0), 1);
        struct pollfd wait = {.fd = server, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        assert_int_equal(udp_rx_read(rx, server), 1);
        const struct addr *from = &udp_rx_packet(rx, 0)->from;
        assert_int_not_equal(from->local, 0);
        for (uint32_t n = 0; n < 5; n++) { /* a run, and a single one of another size */
            fill(udp_tx_slot(tx), n < 4 ? 500 : 700, 0, n);
            udp_tx_commit(tx, n < 4 ? 500 : 700, from, UDP_LANE_LARGE, STREAM);
        }
        udp_tx_flush(tx, server);
        for (uint32_t n = 0; n < 5; n++) {
            uint8_t reply[1000];
            wait.fd = client;
            assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
            assert_int_equal(recv(client, reply, sizeof(reply), 0), n < 4 ? 500 : 700);
        }
        close(client);
    }
    udp_tx_free(tx);
    udp_rx_free(rx);
    udp_locals_free(locals);
    close(server);
}

enum { CHILD_OK = 0, CHILD_SKIP = 77 };

static bool set_lo(int mtu)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = mtu};
    bool is_ok = ioctl(fd, SIOCSIFMTU, &request) == 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    is_ok = is_ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return is_ok;
}

static size_t drain(struct udp_rx *rx, int fd, size_t size, uint32_t count)
{
    uint32_t got = 0;
    while (got < count) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, WAIT_MS) != 1)
            break;
        size_t n = udp_rx_read(rx, fd);
        for (size_t i = 0; i < n; i++) {
            uint8_t want[UDP_TX_SLOT_SIZE];
            fill(want, size, 0, got);
            if (udp_rx_packet(rx, i)->len != size || memcmp(udp_rx_packet(rx, i)->data, want, size) != 0)
                return 0;
            got++;
        }
    }
    return got;
}

static int mtu_discovery(int fd)
{
    int how = -1;
    socklen_t len = sizeof(how);
    (void)getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, &len);
    return how;
}

/* Single packets, between others that fit: each once. */
static int single_too_large(int fd, int receiver, const struct addr *to)
{
    struct udp_tx *tx = udp_tx_create(20, true, NULL);
    struct udp_rx *rx = udp_rx_create(false, NULL);
    static const size_t sizes[] = {900, 1500, 901, 1499, 902};
    for (uint32_t i = 0; i < ARRAY_LEN(sizes); i++) {
        fill(udp_tx_slot(tx), sizes[i], 0, i);
        udp_tx_commit(tx, sizes[i], to, UDP_LANE_LARGE, STREAM);
        udp_tx_flush(tx, fd);
    }
    size_t got = 0;
    for (struct pollfd wait = {.fd = receiver, .events = POLLIN}; got < 5 && poll(&wait, 1, WAIT_MS) == 1;) {
        size_t n = udp_rx_read(rx, receiver);
        for (size_t i = 0; i < n; i++, got++)
            if (got == 5 || udp_rx_packet(rx, i)->len != sizes[got])
                return 10;
    }
    bool is_ok = got == 5 && udp_tx_stats(tx)->packets == 5 && udp_tx_stats(tx)->calls == 6 &&
                 udp_tx_stats(tx)->dropped == 0 && mtu_discovery(fd) == IP_PMTUDISC_WANT;
    udp_rx_free(rx);
    udp_tx_free(tx);
    return is_ok ? CHILD_OK : 11;
}

/* In a network of its own whose MTU is below the packets' size: the kernel refuses to cut such runs, so they go out one
 * by one (as fragments, once we allow it), and later ones are not even tried. */
static int small_mtu_child(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0)
        return CHILD_SKIP;
    if (!set_lo(1400))
        return CHILD_SKIP;
    struct udp_opts opts = {.bind_ip = "127.0.0.1"};
    int fd, receiver;
    uint16_t port;
    bool has_gso, has_gro;
    struct addr to;
    if (udp_open(&opts, &fd, &port, &has_gso, &has_gro) || udp_open(&opts, &receiver, &port, &has_gso, &has_gro))
        return 1;
    if (!has_gso)
        return CHILD_SKIP;
    if (addr_parse(&to, "127.0.0.1", port))
        return 2;
    struct udp_tx *tx = udp_tx_create(20, true, NULL);
    struct udp_rx *rx = udp_rx_create(false, NULL);
    int result = CHILD_OK;
    send_equal(tx, fd, &to, 1200, 1);
    if (drain(rx, receiver, 1200, 1) != 1 || mtu_discovery(fd) != IP_PMTUDISC_DO)
        result = 3;
    send_equal(tx, fd, &to, 1500, 10); /* the run, the first packet, all again */
    if (drain(rx, receiver, 1500, 10) != 10 || udp_tx_stats(tx)->packets != 11 || udp_tx_stats(tx)->calls != 13)
        result = 4;
    send_equal(tx, fd, &to, 1500, 10); /* learnt: one call with ten entries */
    if (drain(rx, receiver, 1500, 10) != 10 || udp_tx_stats(tx)->packets != 21 || udp_tx_stats(tx)->calls != 14)
        result = 5;
    send_equal(tx, fd, &to, 1200, 10); /* smaller runs are still joined */
    if (drain(rx, receiver, 1200, 10) != 10 || udp_tx_stats(tx)->packets != 31 || udp_tx_stats(tx)->calls != 15)
        result = 6;
    if (udp_tx_stats(tx)->dropped != 0)
        result = 7;
    udp_rx_free(rx);
    udp_tx_free(tx);
    return result ? result : single_too_large(fd, receiver, &to);
}

static void test_small_mtu(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(small_mtu_child());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_SKIP)
        skip(); /* no right to make a network */
    assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_both_families),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_runs_are_joined),
        cmocka_unit_test(test_sizes_are_sorted),
        cmocka_unit_test(test_streams_keep_their_order),
        cmocka_unit_test(test_oversized),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_replies_leave_from_where_asked),
        cmocka_unit_test(test_small_mtu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
