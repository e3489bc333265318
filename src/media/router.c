/* The fan-out of one track. On the media thread. */
#include "media/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "media/relay.h"
#include "media/sub.h"

enum err router_init(struct router *router, struct worker *worker, uint64_t track_id, const struct media_format *format,
                     uint8_t layer_count)
{
    if (layer_count < 1 || layer_count > MEDIA_LAYERS_MAX)
        return ERR_INVALID;
    router->worker = worker;
    router->track_id = track_id;
    router->kind = format->kind;
    router->clock_rate = format->clock_rate;
    list_init(&router->waiting_node);
    enum err err = hmap_put_u64(worker->routers, track_id, router);
    if (err)
        return err;
    router->relay_until_us = mem_calloc(worker->setup.count, sizeof(*router->relay_until_us));
    for (unsigned i = 0; format->has_nack && i < layer_count; i++)
        router->history[i] = history_create(ROUTER_HISTORY_PACKETS, ROUTER_HISTORY_US);
    if (layer_count > 1) {
        router->layers = mem_calloc(1, sizeof(*router->layers));
        layers_init(router->layers, layer_count, format->codec);
    }
    return ERR_OK;
}

static void drain(struct router *router, unsigned layer)
{
    void *slot;
    while ((slot = history_drain(router->history[layer])))
        pool_give(router->worker->packets, slot);
}

void router_close(struct router *router)
{
    list_remove(&router->waiting_node);
    router->waiting_count = 0;
    while (router->sub_count)
        sub_detach(router->subs[router->sub_count - 1]);
    if (hmap_get_u64(router->worker->routers, router->track_id) == router)
        hmap_del_u64(router->worker->routers, router->track_id);
    for (unsigned i = 0; i < MEDIA_LAYERS_MAX; i++)
        if (router->history[i]) {
            drain(router, i);
            history_free(router->history[i]);
        }
    free(router->layers);
    free(router->relay_until_us);
    free(router->subs);
}

void router_add_sub(struct router *router, struct sub *sub)
{
    if (router->sub_count == router->sub_room) {
        router->sub_room = router->sub_room ? 2 * router->sub_room : 8;
        router->subs = mem_realloc(router->subs, router->sub_room * sizeof(*router->subs));
    }
    sub->router_index = router->sub_count;
    router->subs[router->sub_count++] = sub;
}

void router_del_sub(struct router *router, struct sub *sub)
{
    assert(sub->router_index < router->sub_count && router->subs[sub->router_index] == sub);
    struct sub *last = router->subs[--router->sub_count];
    router->subs[sub->router_index] = last;
    last->router_index = sub->router_index;
}

void router_relay_open(struct router *router, uint16_t worker)
{
    if (router->is_proxy || worker >= router->worker->setup.count || worker == router->worker->setup.index)
        return;
    router->relay_mask |= 1ULL << worker;
    router->relay_until_us[worker] = router->worker->now_us + ROUTER_RELAY_LEASE_US;
}

void router_relay_close(struct router *router, uint16_t worker)
{
    if (worker < router->worker->setup.count)
        router->relay_mask &= ~(1ULL << worker);
}

/* Between two packets of a quiet call all of this leaves the cache, and each subscriber's state is a chain of pointers:
 * the ones ahead are fetched a link at a time, while the ones before them are worked on. */
static inline void fetch_ahead(struct sub *const *subs, unsigned i, unsigned n)
{
    if (i + TRANSPORT_PREFETCH_STEPS + 1 < n)
        sub_prefetch(subs[i + TRANSPORT_PREFETCH_STEPS + 1]);
    for (unsigned step = 0; step < TRANSPORT_PREFETCH_STEPS; step++) {
        unsigned at = i + TRANSPORT_PREFETCH_STEPS - step;
        if (at < n)
            transport_prefetch(subs[at]->transport, step);
    }
}

static void fan_out(struct router *router)
{
    struct sub **subs = router->subs;
    unsigned count = router->waiting_count;
    for (unsigned i = 0, n = router->sub_count; count && i < n; i++) {
        fetch_ahead(subs, i, n);
        for (unsigned k = 0; k < count; k++)
            sub_forward(subs[i], &router->waiting[k]->head, router->waiting[k]->payload);
    }
    router->waiting_count = 0;
    list_remove(&router->waiting_node);
}

static bool is_waiting(const struct router *router, const struct packet *packet)
{
    for (unsigned i = 0; i < router->waiting_count; i++)
        if (router->waiting[i] == packet)
            return true;
    return false;
}

/* A copy for retransmission, when there is a block left; NULL when it was not kept. */
static const struct packet *keep(struct router *router, const struct packet_head *head, const uint8_t *payload)
{
    uint8_t layer = packet_layer(head);
    struct history *history = router->history[layer];
    if (!history)
        return NULL;
    struct worker *worker = router->worker;
    if (router->history_source[layer] != head->source) {
        fan_out(router);
        drain(router, layer); /* the numbers start afresh: the old packets would answer for new ones */
        router->history_source[layer] = head->source;
    }
    struct packet *packet = pool_take(worker->packets);
    if (!packet) {
        worker->counts.pool_empty++;
        return NULL;
    }
    packet->head = *head;
    memcpy(packet->payload, payload, head->payload_len);
    void *old = history_put(history, head->seq, packet, worker->now_us);
    if (old && is_waiting(router, old)) /* a sender that jumps through his numbers */
        fan_out(router);
    if (old)
        pool_give(worker->packets, old);
    return old == packet ? NULL : packet;
}

static void choose_layers(struct router *router)
{
    for (unsigned i = 0; i < router->sub_count; i++)
        sub_choose_layer(router->subs[i]);
}

static void wait_for_turn(struct router *router, const struct packet *packet)
{
    if (router->waiting_count == 0)
        list_push(&router->worker->waiting, &router->waiting_node);
    router->waiting[router->waiting_count++] = packet;
    if (router->waiting_count == ROUTER_WAITING_MAX)
        fan_out(router);
}

void router_forward(struct router *router, const struct packet_head *head, const uint8_t *payload)
{
    const struct packet *kept = keep(router, head, payload);
    if (router->layers && layers_on_packet(router->layers, head, payload))
        choose_layers(router);
    for (uint64_t mask = router->relay_mask; mask; mask &= mask - 1)
        relay_send_packet(router->worker, (uint16_t)__builtin_ctzll(mask), router->track_id, head, payload);
    if (kept) {
        wait_for_turn(router, kept);
        return;
    }
    fan_out(router); /* those before it go first */
    struct sub **subs = router->subs;
    for (unsigned i = 0, n = router->sub_count; i < n; i++) {
        fetch_ahead(subs, i, n);
        sub_forward(subs[i], head, payload);
    }
}

void router_fan_out_all(struct worker *worker)
{
    while (!list_is_empty(&worker->waiting))
        fan_out(list_item(worker->waiting.next, struct router, waiting_node));
}

void router_on_sr(struct router *router, uint32_t source, const struct srmap_source *sr)
{
    unsigned layer = source & 3;
    if (layer >= MEDIA_LAYERS_MAX)
        return;
    bool is_first = router->sr_source[layer] != source;
    router->sr[layer] = *sr;
    router->sr_source[layer] = source;
    for (unsigned i = 0; is_first && i < router->sub_count; i++)
        sub_want_report(router->subs[i]);
    for (uint64_t mask = router->relay_mask; mask; mask &= mask - 1)
        relay_send_sr(router->worker, (uint16_t)__builtin_ctzll(mask), router->track_id, source, sr);
}

const struct packet *router_find(const struct router *router, uint32_t source, uint16_t seq)
{
    unsigned layer = source & 3;
    if (layer >= MEDIA_LAYERS_MAX || !router->history[layer] || router->history_source[layer] != source)
        return NULL;
    return history_find(router->history[layer], seq, router->worker->now_us);
}

void router_want_key(struct router *router, uint8_t layer)
{
    if (router->kind == MEDIA_VIDEO && layer < MEDIA_LAYERS_MAX)
        router->on_key_wanted(router->ctx, layer);
}

void router_expire(struct router *router)
{
    uint64_t now_us = router->worker->now_us;
    for (unsigned i = 0; i < MEDIA_LAYERS_MAX; i++) {
        void *slot;
        while (router->history[i] && (slot = history_expire(router->history[i], now_us)))
            pool_give(router->worker->packets, slot);
    }
    for (uint64_t mask = router->relay_mask; mask; mask &= mask - 1) {
        uint16_t worker = (uint16_t)__builtin_ctzll(mask);
        if (router->relay_until_us[worker] <= now_us)
            router_relay_close(router, worker);
    }
}
