/* The floor. See floor.h. */
#include "bench/floor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/thread.h"
#include "bench/hist.h"
#include "bench/procstat.h"
#include "bench/wire.h"
#include "rtc/ossl.h"
#include "rtc/seal.h"
#include "rtc/transport.h"

#define ROUNDS 9
#define ROUND_NS 40000000ULL /* of CPU */
#define PAUSE_PACKETS 1000u  /* on their way at a time: a burst of a busy server; far from the receiver's limit */
#define NAP_NS 30000
#define PACED_ROUNDS 3
#define PACED_NS 400000000ULL /* of each round */
#define FOLLOW_MS 20
#define SLOT 1664u
#define HEADER 12u
#define GCM_TAG 16u
#define GCM_IV 12u
#define RUN_MAX 32u
#define BATCH 64u

struct rig {
    const struct floor_setup *setup;
    struct seal **seals;
    EVP_CIPHER_CTX **evps;
    uint8_t *data; /* a packet for each receiver */
    uint16_t seq;
    int fd;
    struct wire *wire; /* receives */
    struct thread *drain;
    atomic_bool is_stopping;
    atomic_bool is_drains_turn;
    atomic_bool is_followed; /* the drain reads while it is sent */
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH][RUN_MAX];
    struct sockaddr_storage names[BATCH];
    _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(uint16_t))];
};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* Empties the socket while the sender waits: a server's burst is over, too, before the generator polls. Or follows the
 * sender as the generator follows a server. */
static void drain(void *ctx)
{
    struct rig *rig = ctx;
    while (!atomic_load(&rig->is_stopping)) {
        if (atomic_load(&rig->is_followed)) {
            struct pollfd fd = {.fd = wire_fd(rig->wire), .events = POLLIN};
            if (poll(&fd, 1, FOLLOW_MS) > 0)
                (void)wire_read(rig->wire);
            continue;
        }
        if (!atomic_load(&rig->is_drains_turn)) {
            nap();
            continue;
        }
        while (wire_read(rig->wire) > 0)
            continue;
        atomic_store(&rig->is_drains_turn, false);
    }
}

static void let_drain(struct rig *rig)
{
    atomic_store(&rig->is_drains_turn, true);
    while (atomic_load(&rig->is_drains_turn))
        nap();
}

static uint8_t *packet_of(const struct rig *rig, unsigned receiver)
{
    return rig->data + (size_t)receiver * SLOT;
}

static void set_header(struct rig *rig, uint8_t *packet)
{
    packet[0] = 0x80;
    packet[1] = 96;
    packet[2] = (uint8_t)(rig->seq >> 8);
    packet[3] = (uint8_t)rig->seq;
}

static unsigned seal_all(struct rig *rig)
{
    rig->seq++;
    for (unsigned i = 0; i < rig->setup->receivers; i++) {
        size_t len = rig->setup->bytes;
        set_header(rig, packet_of(rig, i));
        if (seal_rtp(rig->seals[i], packet_of(rig, i), &len, SLOT) != ERR_OK)
            return 0;
    }
    return rig->setup->receivers;
}

static unsigned evp_all(struct rig *rig)
{
    rig->seq++;
    for (unsigned i = 0; i < rig->setup->receivers; i++) {
        uint8_t *packet = packet_of(rig, i), iv[GCM_IV] = {0};
        int n = 0, payload = (int)(rig->setup->bytes - HEADER);
        EVP_CIPHER_CTX *evp = rig->evps[i];
        set_header(rig, packet);
        memcpy(iv + 2, packet + 2, 2);
        if (EVP_EncryptInit_ex(evp, NULL, NULL, NULL, iv) != 1 ||
            EVP_EncryptUpdate(evp, NULL, &n, packet, HEADER) != 1 ||
            EVP_EncryptUpdate(evp, packet + HEADER, &n, packet + HEADER, payload) != 1 ||
            EVP_EncryptFinal_ex(evp, packet + HEADER + payload, &n) != 1 ||
            EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_GCM_GET_TAG, GCM_TAG, packet + HEADER + payload) != 1)
            return 0;
    }
    return rig->setup->receivers;
}

/* A message to one receiver of `run` packets. */
static void fill(struct rig *rig, unsigned i, unsigned receiver, unsigned run)
{
    uint16_t segment = (uint16_t)(rig->setup->bytes + GCM_TAG);
    struct sockaddr_in *to = (struct sockaddr_in *)(void *)&rig->names[i];
    *to = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_port = htons(wire_port(rig->wire)),
                               .sin_addr.s_addr = htonl(rig->setup->base_ip + 1 + receiver)};
    for (unsigned k = 0; k < run; k++)
        rig->iov[i][k] = (struct iovec){packet_of(rig, (receiver + k) % rig->setup->receivers), segment};
    rig->msgs[i].msg_hdr =
        (struct msghdr){.msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = rig->iov[i], .msg_iovlen = run};
    if (run < 2)
        return;
    struct cmsghdr *cmsg = (struct cmsghdr *)(void *)rig->control[i];
    *cmsg =
        (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(segment))};
    memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
    rig->msgs[i].msg_hdr.msg_control = cmsg;
    rig->msgs[i].msg_hdr.msg_controllen = CMSG_SPACE(sizeof(segment));
}

static unsigned send_all(struct rig *rig, unsigned run)
{
    unsigned sent = 0;
    for (unsigned first = 0; first < rig->setup->receivers; first += BATCH) {
        unsigned count = rig->setup->receivers - first < BATCH ? rig->setup->receivers - first : BATCH;
        for (unsigned i = 0; i < count; i++)
            fill(rig, i, first + i, run);
        for (unsigned at = 0; at < count;) {
            int n = sendmmsg(rig->fd, &rig->msgs[at], count - at, MSG_NOSIGNAL);
            if (n <= 0 && errno != EINTR)
                return 0;
            at += n > 0 ? (unsigned)n : 0;
        }
        sent += count * run;
    }
    return sent;
}

static unsigned send_single(struct rig *rig)
{
    return send_all(rig, 1);
}

static unsigned send_runs(struct rig *rig)
{
    return send_all(rig, rig->setup->run);
}

/* CPU ns of one packet: 0 when it does not work. The clock stands still while the socket is emptied. */
static double time_step(struct rig *rig, unsigned (*step)(struct rig *rig), bool is_sending)
{
    double values[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t spent = 0, packets = 0;
        while (spent < ROUND_NS) {
            uint64_t begin = thread_cpu_ns(), burst = 0;
            while (burst < PAUSE_PACKETS) {
                unsigned n = step(rig);
                if (n == 0)
                    return 0;
                burst += n;
            }
            spent += thread_cpu_ns() - begin;
            packets += burst;
            if (is_sending)
                let_drain(rig);
        }
        values[round] = (double)spent / (double)packets;
    }
    return median_of(values, ROUNDS);
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000ULL), .tv_nsec = (long)(due_ns % 1000000000ULL)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue;
}

/* CPU ns of one packet, waking and falling asleep included: 0 when it does not work. */
static double time_paced(struct rig *rig, double per_s)
{
    double values[PACED_ROUNDS];
    uint64_t period_ns = (uint64_t)(1e9 / per_s);
    atomic_store(&rig->is_followed, true);
    for (unsigned round = 0; round < PACED_ROUNDS; round++) {
        uint64_t packets = 0, begin_ns = monotonic_ns(), cpu_ns = thread_cpu_ns();
        for (uint64_t due_ns = begin_ns; due_ns < begin_ns + PACED_NS; due_ns += period_ns) {
            sleep_until(due_ns);
            unsigned n = seal_all(rig) ? send_single(rig) : 0;
            if (n == 0)
                return 0;
            packets += n;
        }
        values[round] = (double)(thread_cpu_ns() - cpu_ns) / (double)packets;
    }
    atomic_store(&rig->is_followed, false);
    return median_of(values, PACED_ROUNDS);
}

static enum seal_suite suite_of(const char *name)
{
    static const enum seal_suite all[] = {SEAL_AEAD_AES_128_GCM, SEAL_AEAD_AES_256_GCM, SEAL_AES128_CM_SHA1_80};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(seal_suite_name(all[i]), name) == 0)
            return all[i];
    }
    return SEAL_AEAD_AES_128_GCM;
}

static enum err open_rig(struct rig *rig)
{
    uint8_t keys[SEAL_KEYS_MAX];
    enum seal_suite suite = suite_of(rig->setup->suite);
    struct sockaddr_storage from;
    struct addr addr;
    int size = 4 * 1024 * 1024;
    rig->seals = mem_calloc(rig->setup->receivers, sizeof(struct seal *));
    rig->evps = mem_calloc(rig->setup->receivers, sizeof(EVP_CIPHER_CTX *));
    rig->data = mem_calloc_lines(rig->setup->receivers, SLOT);
    for (unsigned i = 0; i < rig->setup->receivers; i++) {
        rand_bytes(keys, sizeof(keys));
        rig->evps[i] = EVP_CIPHER_CTX_new();
        if (seal_create(suite, keys, seal_keys_len(suite), false, &rig->seals[i]) != ERR_OK || !rig->evps[i] ||
            EVP_EncryptInit_ex(rig->evps[i], EVP_aes_128_gcm(), NULL, keys, keys + 16) != 1)
            return ERR_IO;
    }
    rig->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (rig->fd < 0 || addr_parse(&addr, rig->setup->server_ip, 0) != ERR_OK)
        return ERR_IO;
    (void)setsockopt(rig->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (bind(rig->fd, (struct sockaddr *)&from, addr_to_sockaddr(&addr, &from)) < 0 ||
        wire_create(&rig->wire) != ERR_OK)
        return ERR_IO;
    return thread_start(&rig->drain, "drain", drain, rig);
}

static void close_rig(struct rig *rig)
{
    atomic_store(&rig->is_stopping, true);
    if (rig->drain)
        thread_join(rig->drain);
    wire_free(rig->wire);
    if (rig->fd >= 0)
        close(rig->fd);
    for (unsigned i = 0; i < rig->setup->receivers; i++) {
        seal_free(rig->seals[i]);
        EVP_CIPHER_CTX_free(rig->evps[i]);
    }
    free(rig->data);
    free(rig->evps);
    free(rig->seals);
    free(rig);
}

enum err floor_measure(const struct floor_setup *setup, struct floor_figures *out)
{
    struct floor_setup bounded = *setup;
    unsigned run_max = 64000u / (setup->bytes + GCM_TAG);
    if (bounded.run > run_max)
        bounded.run = run_max;
    if (bounded.run > RUN_MAX)
        bounded.run = RUN_MAX;
    struct rig *rig = mem_calloc(1, sizeof(*rig));
    rig->setup = &bounded;
    rig->fd = -1;
    enum err err = open_rig(rig);
    if (err == ERR_OK) {
        out->seal = time_step(rig, seal_all, false);
        out->seal_evp = time_step(rig, evp_all, false);
        out->send = time_step(rig, send_single, true);
        out->send_gso = bounded.run > 1 ? time_step(rig, send_runs, true) : 0;
        for (unsigned i = 0; i < bounded.rate_count; i++)
            out->paced[i] = time_paced(rig, bounded.rates[i]);
    }
    close_rig(rig);
    return err;
}
