/* The loop of one media thread, and which peer a datagram belongs to. */
#include "media/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/egress.h"
#include "media/handshakes.h"
#include "media/levels.h"
#include "media/packet.h"
#include "media/peer.h"
#include "media/relay.h"
#include "media/router.h"
#include "media/worker_cmd.h"
#include "net/udp.h"
#include "net/udp_local.h"
#include "proto/demux.h"

#define SOCKET_BUFFER_BYTES (4 * 1024 * 1024) /* 20 ms of 1.6 Gbit/s: the loop may be away for so long */
#define RELAY_BATCH 256
#define SLEEP_MAX_MS 1000
#define SECOND_US 1000000ULL

/* --- datagrams --- */

static struct peer *find_peer(struct worker *worker, const struct udp_packet *packet, enum packet_kind kind)
{
    /* STUN by the ufrag that it names, so that one address can come to another peer; the rest by address alone. */
    if (kind != PACKET_STUN)
        return hmap_get(worker->by_addr, &packet->from, sizeof(packet->from));
    char ufrag[RTC_UFRAG_MAX + 1];
    if (rtc_stun_ufrag(packet->data, packet->len, ufrag))
        return NULL;
    return hmap_get(worker->by_ufrag, ufrag, strlen(ufrag));
}

static void read_datagrams(struct worker *worker)
{
    if (!worker->has_datagrams)
        return;
    size_t count = udp_rx_read(worker->rx, worker->udp_fd);
    worker->now_us = clock_now_us();
    worker->counts.packets_in += count;
    if (count > 0)
        quiet_look(&worker->quiet, worker->now_us);
    for (size_t i = 0; i < count; i++) {
        struct udp_packet *packet = udp_rx_packet(worker->rx, i);
        enum packet_kind kind = packet_classify(packet->data, packet->len);
        if (kind == PACKET_RTP || kind == PACKET_DTLS)
            quiet_stir(&worker->quiet, worker->now_us);
        struct peer *peer = find_peer(worker, packet, kind);
        if (!peer)
            worker->counts.unknown_source++;
        else if (kind == PACKET_DTLS)
            (void)handshakes_put(worker, peer, packet);
        else
            peer_on_datagram(peer, packet->data, packet->len, &packet->from);
    }
    router_fan_out_all(worker);
    /* A full batch: there is more, do not go and ask epoll. */
    worker->has_datagrams = count >= UDP_RX_BATCH;
}

/* --- queues --- */

static bool run_commands(struct worker *worker)
{
    for (unsigned i = 0; i < WORKER_CMD_BATCH; i++) {
        const struct media_cmd *cmd = mailbox_peek(worker->cmds);
        if (!cmd) {
            if (atomic_exchange(&worker->wants_wake, false))
                worker->setup.on_wake(worker->setup.ctx);
            return false;
        }
        quiet_stir(&worker->quiet, worker->now_us);
        worker_cmd(worker, cmd);
        mailbox_release(worker->cmds);
    }
    return true;
}

bool worker_emit(struct worker *worker, const struct media_evt *evt)
{
    return mailbox_post(worker->setup.events, evt) == ERR_OK;
}

static void on_udp(void *ctx, uint32_t events)
{
    (void)events;
    struct worker *worker = ctx;
    worker->has_datagrams = true;
}

static void on_cmds(void *ctx, uint32_t events)
{
    (void)events;
    struct worker *worker = ctx;
    mailbox_disarm(worker->cmds);
}

static void on_relay(void *ctx, uint32_t events)
{
    (void)events;
    struct worker *worker = ctx;
    mailbox_disarm(worker->relay);
}

/* --- timers --- */

static void publish(struct worker *worker)
{
    struct metrics *metrics = worker->setup.metrics;
    const struct worker_counts *now = &worker->counts, *then = &worker->published;
    if (!metrics)
        return;
    uint64_t dropped = now->unknown_source + now->malformed + now->unknown_ssrc + now->wrong_pt + now->over_rate +
                       now->jumps + now->relay_full + now->handshakes_full;
    uint64_t dropped_then = then->unknown_source + then->malformed + then->unknown_ssrc + then->wrong_pt +
                            then->over_rate + then->jumps + then->relay_full + then->handshakes_full;
    metric_add(metrics, METRIC_MEDIA_PACKETS_IN, (int64_t)(now->packets_in - then->packets_in));
    metric_add(metrics, METRIC_MEDIA_PACKETS_OUT, (int64_t)(now->packets_out - then->packets_out));
    metric_add(metrics, METRIC_MEDIA_DROPPED, (int64_t)(dropped - dropped_then));
    worker->published = *now;
    size_t tracks = hmap_count(worker->routers), subs = hmap_count(worker->subs);
    metric_add(metrics, METRIC_MEDIA_TRACKS, (int64_t)tracks - (int64_t)worker->published_tracks);
    metric_add(metrics, METRIC_MEDIA_SUBS, (int64_t)subs - (int64_t)worker->published_subs);
    worker->published_tracks = tracks;
    worker->published_subs = subs;
}

static void on_second(void *ctx, uint64_t now_us)
{
    struct worker *worker = ctx;
    size_t it = 0;
    struct router *router;
    while ((router = hmap_next(worker->routers, &it)))
        router_expire(router);
    publish(worker);
    timer_set(worker->timers, &worker->second_timer, now_us + SECOND_US);
}

static void on_levels(void *ctx, uint64_t now_us)
{
    struct worker *worker = ctx;
    levels_run(worker);
    timer_set(worker->timers, &worker->levels_timer, now_us + LEVELS_INTERVAL_US);
}

/* --- the loop --- */

static void note_sleep(struct worker *worker, uint64_t from_us, uint64_t to_us)
{
    if (gather_note_sleep(&worker->gather, from_us, to_us))
        atomic_store_explicit(&worker->busy_permille, worker->gather.busy_permille, memory_order_relaxed);
}

static void pause_until(struct worker *worker, uint64_t now_us, uint64_t until_us)
{
    worker->has_datagrams = true; /* read without asking whether there are any */
    if (until_us > now_us) {
        clock_sleep_until_us(until_us);
        note_sleep(worker, now_us, clock_now_us());
    } else {
        note_sleep(worker, now_us, now_us);
    }
}

/* Sleeps only when every queue is empty; a queue that is armed wakes the loop, one that is not costs its posters
 * nothing. */
static void wait_for_work(struct worker *worker)
{
    uint64_t now_us = clock_now_us();
    if (!handshakes_is_empty(worker->handshakes))
        worker->has_datagrams = true; /* looks whether any came, without asking epoll */
    if (worker->has_datagrams || worker->has_more) {
        note_sleep(worker, now_us, now_us);
        return;
    }
    uint64_t next_us = gather_next_us(&worker->gather, worker->turn_us, worker->has_received);
    if (next_us) {
        pause_until(worker, now_us, next_us);
        return;
    }
    uint64_t quiet_us = quiet_wait_us(&worker->quiet, now_us);
    int most_ms = quiet_us ? (int)(quiet_us / US_PER_MS) + 1 : SLEEP_MAX_MS;
    int wait_ms = timers_wait_ms(worker->timers, now_us, most_ms);
    if (!mailbox_arm(worker->cmds) || !mailbox_arm(worker->relay))
        wait_ms = 0;
    (void)loop_turn(quiet_us ? worker->queues : worker->loop, wait_ms);
    uint64_t woken_us = clock_now_us();
    note_sleep(worker, now_us, woken_us);
    if (worker->has_datagrams && worker->gather.pause_us)
        pause_until(worker, woken_us, gather_begin_us(&worker->gather, woken_us));
}

static void run(void *ctx)
{
    struct worker *worker = ctx;
    worker->now_us = clock_now_us();
    uint64_t gather_us = worker->setup.conf->media.gather_us;
    gather_init(&worker->gather, gather_us, worker->now_us);
    quiet_init(&worker->quiet, gather_us != 0, worker->now_us);
    on_second(worker, worker->now_us);
    on_levels(worker, worker->now_us);
    while (!worker->is_stopping) {
        wait_for_work(worker);
        worker->now_us = worker->turn_us = clock_now_us();
        worker->has_more = run_commands(worker);
        uint64_t packets = worker->counts.packets_in, relayed = worker->counts.relayed_in;
        worker->has_more |= relay_run(worker, RELAY_BATCH);
        if (worker->counts.relayed_in != relayed)
            quiet_stir(&worker->quiet, worker->now_us);
        read_datagrams(worker);
        worker->has_received = worker->counts.packets_in != packets || worker->counts.relayed_in != relayed;
        timers_run(worker->timers, worker->now_us);
        egress_flush(worker);
        if (handshakes_run(worker))
            egress_flush(worker);
    }
    size_t it = 0;
    struct peer *peer;
    while ((peer = hmap_next(worker->peers, &it)))
        peer_free(peer); /* says goodbye */
    egress_flush(worker);
    publish(worker);
}

/* --- life --- */

static enum err open_socket(struct worker *worker)
{
    const struct conf *conf = worker->setup.conf;
    struct udp_opts opts = {.bind_ip = conf->media.bind ? conf->media.bind : "",
                            .rcvbuf_bytes = SOCKET_BUFFER_BYTES,
                            .sndbuf_bytes = SOCKET_BUFFER_BYTES,
                            .wants_gro = true};
    if (conf->media.port)
        opts.port = (uint16_t)(conf->media.port + worker->setup.index);
    bool has_gso, has_gro;
    enum err err = udp_open(&opts, &worker->udp_fd, &worker->port, &has_gso, &has_gro);
    if (err) {
        log_error("The media port cannot be opened: %s. port=%u", err_str(err), opts.port);
        return err;
    }
    struct sockaddr_storage local;
    socklen_t len = sizeof(local);
    worker->is_v4_only =
        getsockname(worker->udp_fd, (struct sockaddr *)&local, &len) == 0 && local.ss_family == AF_INET;
    worker->locals = udp_locals_create();
    worker->rx = udp_rx_create(has_gro, worker->locals);
    worker->tx = udp_tx_create(WORKER_TX_SLOTS, has_gso, worker->locals);
    return ERR_OK;
}

static void make_memory(struct worker *worker)
{
    const struct conf *conf = worker->setup.conf;
    worker->now_us = clock_now_us();
    worker->liveness_us = conf->media.liveness_ms * US_PER_MS;
    worker->pli_interval_us = conf->media.pli_interval_ms * US_PER_MS;
    worker->cmds = mailbox_create(sizeof(struct media_cmd), WORKER_CMDS, NULL, NULL);
    worker->relay = mailbox_create(sizeof(struct relay_msg), WORKER_RELAY_CELLS, NULL, NULL);
    worker->timers = timers_create(worker->now_us);
    worker->handshakes = handshakes_create();
    list_init(&worker->waiting);
    worker->packets = pool_create(sizeof(struct packet), conf->media.packets);
    worker->by_addr = hmap_create(conf->media.max_peers, false);
    worker->by_ufrag = hmap_create(conf->media.max_peers, true);
    worker->peers = hmap_create(conf->media.max_peers, true);
    worker->routers = hmap_create(conf->media.max_peers, false);
    worker->subs = hmap_create(conf->media.max_peers, false);
    worker->calls = hmap_create(64, false);
    timer_init(&worker->second_timer, on_second, worker);
    timer_init(&worker->levels_timer, on_levels, worker);
}

static enum err watch_queues(struct worker *worker, struct loop *loop, struct loop_fd *cmds, struct loop_fd *relay)
{
    enum err err = loop_add(loop, cmds, mailbox_fd(worker->cmds), EPOLLIN, on_cmds, worker);
    return err ? err : loop_add(loop, relay, mailbox_fd(worker->relay), EPOLLIN, on_relay, worker);
}

enum err worker_create(const struct worker_setup *setup, struct worker **out)
{
    struct worker *worker = mem_calloc_lines(1, sizeof(*worker));
    worker->setup = *setup;
    worker->udp_fd = worker->udp_watch.fd = worker->cmd_watch.fd = worker->relay_watch.fd = -1;
    worker->quiet_cmd_watch.fd = worker->quiet_relay_watch.fd = -1;
    make_memory(worker);
    worker->loop = loop_create();
    worker->queues = loop_create();
    enum err err = rtc_context_create(setup->identity, &worker->rtc);
    if (!err && setup->conf->media.srtp)
        rtc_context_set_sealer(worker->rtc, setup->conf->media.srtp);
    if (!err)
        err = open_socket(worker);
    if (!err)
        err = loop_add(worker->loop, &worker->udp_watch, worker->udp_fd, EPOLLIN, on_udp, worker);
    if (!err)
        err = watch_queues(worker, worker->loop, &worker->cmd_watch, &worker->relay_watch);
    if (!err)
        err = watch_queues(worker, worker->queues, &worker->quiet_cmd_watch, &worker->quiet_relay_watch);
    if (err) {
        worker_free(worker);
        return err;
    }
    *out = worker;
    return ERR_OK;
}

enum err worker_start(struct worker *worker, struct worker **all)
{
    char name[16];
    snprintf(name, sizeof(name), "media-%u", worker->setup.index);
    worker->all = all;
    return thread_start(&worker->thread, name, run, worker);
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    udp_tx_free(worker->tx);
    udp_rx_free(worker->rx);
    udp_locals_free(worker->locals);
    loop_del(worker->queues, &worker->quiet_relay_watch);
    loop_del(worker->queues, &worker->quiet_cmd_watch);
    loop_free(worker->queues);
    loop_del(worker->loop, &worker->relay_watch);
    loop_del(worker->loop, &worker->cmd_watch);
    loop_del(worker->loop, &worker->udp_watch);
    loop_free(worker->loop);
    if (worker->udp_fd >= 0)
        close(worker->udp_fd);
    rtc_context_free(worker->rtc);
    hmap_free(worker->calls);
    hmap_free(worker->subs);
    hmap_free(worker->routers);
    hmap_free(worker->peers);
    hmap_free(worker->by_ufrag);
    hmap_free(worker->by_addr);
    pool_free(worker->packets);
    handshakes_free(worker->handshakes);
    timers_free(worker->timers);
    mailbox_free(worker->relay);
    mailbox_free(worker->cmds);
    free(worker);
}
