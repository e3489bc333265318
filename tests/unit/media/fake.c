/* See fake.h. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "media/egress.h"
#include "media/handshakes.h"
#include "media/levels.h"
#include "media/relay.h"
#include "media/router.h"
#include "media/worker_cmd.h"

/* --- rtc/transport.h: a connection that is whatever the test says --- */

struct rtc_context {
    struct fake *fake;
};

struct transport {
    struct fake *fake;
    struct transport_ops ops;
    enum transport_state state;
    uint64_t last_seen_us;
    uint64_t due_us;
    struct addr remote;
    unsigned first, count; /* of the ring */
    struct fake_packet *ring;
};

enum err transport_create(struct rtc_context *context, const struct rtc_params *params, const struct transport_ops *ops,
                          uint64_t now_us, struct transport **out)
{
    (void)params;
    struct transport *t = mem_calloc(1, sizeof(*t));
    t->fake = context->fake;
    t->due_us = UINT64_MAX;
    t->ops = *ops;
    t->last_seen_us = now_us;
    t->ring = mem_calloc(FAKE_QUEUE, sizeof(*t->ring));
    *out = t;
    return ERR_OK;
}

void transport_free(struct transport *t)
{
    free(t->ring);
    free(t);
}

enum transport_input transport_input(struct transport *t, uint8_t *data, size_t *len, const struct addr *from,
                                     uint64_t now_us)
{
    struct fake *fake = t->fake;
    (void)now_us;
    if (fake->input_count == FAKE_INPUTS)
        abort();
    fake->inputs[fake->input_count++] =
        (struct fake_input){.transport = t, .len = *len, .first = data[0], .last = data[*len - 1], .port = from->port};
    uint64_t until_us = clock_now_us() + fake->input_us;
    while (clock_now_us() < until_us)
        continue;
    return TRANSPORT_DROP;
}

void transport_prefetch(const struct transport *t, unsigned step)
{
    (void)t;
    (void)step;
}

const struct addr *transport_remote(const struct transport *t)
{
    return &t->remote;
}

enum transport_state transport_state(const struct transport *t)
{
    return t->state;
}

const char *transport_reason(const struct transport *t)
{
    (void)t;
    return "the test says so";
}

uint64_t transport_last_seen_us(const struct transport *t)
{
    return t->last_seen_us;
}

void transport_restart_ice(struct transport *t, const struct rtc_params *params)
{
    (void)t;
    (void)params;
}

uint64_t transport_next_timeout_us(const struct transport *t)
{
    return t->due_us;
}

void transport_timeout(struct transport *t, uint64_t now_us)
{
    if (now_us < t->due_us)
        return;
    t->due_us = UINT64_MAX;
    t->fake->timeouts++;
}

void fake_set_due(struct peer *peer, uint64_t at_us)
{
    peer->transport->due_us = at_us;
}

const char *transport_suite(const struct transport *t)
{
    (void)t;
    return "none";
}

/* --- media/egress.h and worker_emit() --- */

static uint8_t slot_bytes[EGRESS_SLOT_SIZE];

uint8_t *egress_slot(struct worker *worker)
{
    (void)worker;
    memset(slot_bytes, 0xee, sizeof(slot_bytes)); /* what is not written shows */
    return slot_bytes;
}

static void keep(struct worker *worker, struct transport *t, const uint8_t *data, size_t len, bool is_rtcp)
{
    if (t->state != TRANSPORT_READY || len > FAKE_BYTES_MAX)
        abort();
    if (t->count == FAKE_QUEUE) { /* the oldest goes */
        t->first = (t->first + 1) % FAKE_QUEUE;
        t->count--;
    }
    struct fake_packet *packet = &t->ring[(t->first + t->count++) % FAKE_QUEUE];
    packet->at_us = worker->now_us;
    packet->is_rtcp = is_rtcp;
    packet->len = len;
    memcpy(packet->data, data, len);
}

void egress_rtp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len, enum udp_lane lane)
{
    (void)lane;
    keep(worker, transport, slot, len, false);
    worker->counts.packets_out++;
}

void egress_rtcp(struct worker *worker, struct transport *transport, uint8_t *slot, size_t len)
{
    keep(worker, transport, slot, len, true);
}

void egress_raw(struct worker *worker, const uint8_t *data, size_t len, const struct addr *to)
{
    (void)worker;
    (void)data;
    (void)len;
    (void)to;
}

void egress_flush(struct worker *worker)
{
    (void)worker;
}

bool worker_emit(struct worker *worker, const struct media_evt *evt)
{
    return mailbox_post(worker->setup.events, evt) == ERR_OK;
}

/* --- workers --- */

static struct worker *make_worker(struct fake *fake, unsigned index, unsigned packets)
{
    struct worker *w = mem_calloc_lines(1, sizeof(*w));
    w->setup.index = (uint16_t)index;
    w->setup.count = (uint16_t)fake->worker_count;
    w->setup.conf = &fake->conf;
    w->setup.events = mailbox_create(sizeof(struct media_evt), 4096, NULL, NULL);
    w->all = fake->workers;
    w->now_us = fake->now_us;
    w->rtc = mem_calloc(1, sizeof(*w->rtc));
    w->rtc->fake = fake;
    w->liveness_us = 8000000;
    w->pli_interval_us = 500000;
    w->relay = mailbox_create(sizeof(struct relay_msg), 512, NULL, NULL);
    w->timers = timers_create(fake->now_us);
    w->handshakes = handshakes_create();
    list_init(&w->waiting);
    w->packets = pool_create(sizeof(struct packet), packets);
    w->by_addr = hmap_create(64, false);
    w->by_ufrag = hmap_create(64, false);
    w->peers = hmap_create(64, false);
    w->routers = hmap_create(64, false);
    w->subs = hmap_create(64, false);
    w->calls = hmap_create(64, false);
    return w;
}

struct fake *fake_create_with(unsigned workers, unsigned packets)
{
    struct fake *fake = mem_calloc(1, sizeof(*fake));
    fake->now_us = 1000000000;
    fake->worker_count = workers;
    for (unsigned i = 0; i < workers; i++)
        fake->workers[i] = make_worker(fake, i, packets);
    return fake;
}

struct fake *fake_create(unsigned workers)
{
    return fake_create_with(workers, 4096);
}

void fake_free(struct fake *fake)
{
    for (unsigned i = 0; i < fake->worker_count; i++) {
        size_t it = 0;
        struct peer *peer;
        while ((peer = hmap_next(fake->workers[i]->peers, &it)))
            peer_free(peer);
    }
    for (unsigned i = 0; i < fake->worker_count; i++) {
        struct worker *w = fake->workers[i];
        hmap_free(w->calls);
        hmap_free(w->subs);
        hmap_free(w->routers);
        hmap_free(w->peers);
        hmap_free(w->by_ufrag);
        hmap_free(w->by_addr);
        pool_free(w->packets);
        handshakes_free(w->handshakes);
        timers_free(w->timers);
        mailbox_free(w->relay);
        mailbox_free(w->setup.events);
        free(w->rtc);
        free(w);
    }
    free(fake);
}

uint64_t fake_id(struct fake *fake)
{
    return ++fake->next_id;
}

void fake_cmd(struct fake *fake, uint16_t worker, const struct media_cmd *cmd)
{
    fake->workers[worker]->now_us = fake->now_us;
    worker_cmd(fake->workers[worker], cmd);
}

void fake_set_state(struct fake *fake, struct peer *peer, enum transport_state state)
{
    peer->worker->now_us = fake->now_us;
    peer->transport->state = state;
    peer->transport->ops.on_state(peer->transport->ops.ctx, state);
}

struct peer *fake_peer(struct fake *fake, uint16_t worker, uint64_t call_id, uint64_t user_id)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_ADD, .peer_id = fake_id(fake)};
    cmd.u.peer_add.call_id = call_id;
    cmd.u.peer_add.user_id = user_id;
    snprintf(cmd.u.peer_add.params.local_ufrag, RTC_UFRAG_SIZE, "u%llu", (unsigned long long)cmd.peer_id);
    snprintf(cmd.u.peer_add.params.local_pwd, RTC_PWD_SIZE, "passwordpasswordpassword");
    fake_cmd(fake, worker, &cmd);
    struct peer *peer = hmap_get_u64(fake->workers[worker]->peers, cmd.peer_id);
    fake_set_state(fake, peer, TRANSPORT_CHECKED);
    fake_set_state(fake, peer, TRANSPORT_READY);
    return peer;
}

static uint8_t *exact_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    if (len)
        memcpy(copy, data, len);
    return copy;
}

void fake_rtp_in_turn(struct fake *fake, struct peer *peer, const void *data, size_t len)
{
    uint8_t *copy = exact_copy(data, len);
    peer->worker->now_us = fake->now_us;
    peer->transport->last_seen_us = fake->now_us;
    peer_on_rtp(peer, copy, len);
    free(copy);
}

void fake_rtp(struct fake *fake, struct peer *peer, const void *data, size_t len)
{
    fake_rtp_in_turn(fake, peer, data, len);
    router_fan_out_all(peer->worker);
}

void fake_rtcp(struct fake *fake, struct peer *peer, const void *data, size_t len)
{
    uint8_t *copy = exact_copy(data, len);
    peer->worker->now_us = fake->now_us;
    peer->transport->last_seen_us = fake->now_us;
    peer_on_rtcp(peer, copy, len);
    free(copy);
}

void fake_run(struct fake *fake, uint64_t us)
{
    uint64_t until_us = fake->now_us + us;
    do {
        for (unsigned i = 0; i < fake->worker_count; i++) {
            struct worker *w = fake->workers[i];
            w->now_us = fake->now_us;
            while (relay_run(w, 64))
                continue;
            timers_run(w->timers, w->now_us);
        }
        if (fake->now_us < until_us)
            fake->now_us += until_us - fake->now_us < 1000 ? until_us - fake->now_us : 1000;
        else
            return;
    } while (true);
}

const struct fake_packet *fake_take(struct fake *fake, struct peer *peer)
{
    (void)fake;
    struct transport *t = peer->transport;
    if (!t->count)
        return NULL;
    const struct fake_packet *packet = &t->ring[t->first];
    t->first = (t->first + 1) % FAKE_QUEUE;
    t->count--;
    return packet;
}

void fake_forget(struct fake *fake, struct peer *peer)
{
    (void)fake;
    peer->transport->count = 0;
}
