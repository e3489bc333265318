/* Proxies, and the messages between workers. On the media thread. */
#include "media/relay.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timers.h"

#define OPEN_FIRST_US 20000 /* until the track answers: its TRACK_ADD may be on the way still */
#define OPEN_AGAIN_US 1000000ULL
#define KEY_AGAIN_US 100000ULL /* the track's own throttle decides; this only spares the mailbox */

/* Stands for a track of another worker. */
struct proxy {
    struct router router;
    uint16_t home;
    bool is_answered;
    uint64_t retry_us;
    uint64_t key_asked_us[MEDIA_LAYERS_MAX];
    struct timer timer;
};

static struct relay_msg *reserve(struct worker *worker, uint16_t to, enum relay_type type, uint64_t track_id,
                                 uint64_t *ticket)
{
    struct relay_msg *msg = mailbox_reserve(worker->all[to]->relay, ticket);
    if (!msg) {
        worker->counts.relay_full++;
        return NULL;
    }
    msg->type = type;
    msg->from = worker->setup.index;
    msg->layer = 0;
    msg->track_id = track_id;
    return msg;
}

void relay_send_packet(struct worker *worker, uint16_t to, uint64_t track_id, const struct packet_head *head,
                       const uint8_t *payload)
{
    uint64_t ticket;
    struct relay_msg *msg = reserve(worker, to, RELAY_PACKET, track_id, &ticket);
    if (!msg)
        return;
    msg->u.packet.head = *head;
    memcpy(msg->u.packet.payload, payload, head->payload_len);
    mailbox_publish(worker->all[to]->relay, ticket);
}

void relay_send_sr(struct worker *worker, uint16_t to, uint64_t track_id, uint32_t source,
                   const struct srmap_source *sr)
{
    uint64_t ticket;
    struct relay_msg *msg = reserve(worker, to, RELAY_SR, track_id, &ticket);
    if (!msg)
        return;
    msg->u.sr.source = source;
    msg->u.sr.sr = *sr;
    mailbox_publish(worker->all[to]->relay, ticket);
}

static void send_control(struct proxy *proxy, enum relay_type type, uint8_t layer)
{
    struct worker *worker = proxy->router.worker;
    uint64_t ticket;
    struct relay_msg *msg = reserve(worker, proxy->home, type, proxy->router.track_id, &ticket);
    if (!msg)
        return;
    msg->layer = layer;
    mailbox_publish(worker->all[proxy->home]->relay, ticket);
}

static void on_open_timer(void *ctx, uint64_t now_us)
{
    struct proxy *proxy = ctx;
    send_control(proxy, RELAY_OPEN, 0);
    if (!proxy->is_answered && proxy->retry_us < OPEN_AGAIN_US)
        proxy->retry_us *= 2;
    else
        proxy->retry_us = OPEN_AGAIN_US;
    timer_set(proxy->router.worker->timers, &proxy->timer, now_us + proxy->retry_us);
}

static void on_key_wanted(void *ctx, uint8_t layer)
{
    struct proxy *proxy = ctx;
    uint64_t now_us = proxy->router.worker->now_us;
    if (proxy->key_asked_us[layer] && now_us - proxy->key_asked_us[layer] < KEY_AGAIN_US)
        return;
    proxy->key_asked_us[layer] = now_us;
    send_control(proxy, RELAY_KEY, layer);
}

enum err relay_proxy(struct worker *worker, uint64_t track_id, uint16_t home, const struct media_format *format,
                     uint8_t layer_count, struct router **out)
{
    if (home >= worker->setup.count || home == worker->setup.index)
        return ERR_INVALID;
    struct proxy *proxy = mem_calloc_lines(1, sizeof(*proxy));
    proxy->home = home;
    enum err err = router_init(&proxy->router, worker, track_id, format, layer_count);
    if (err) {
        free(proxy);
        return err;
    }
    proxy->router.is_proxy = true;
    proxy->router.on_key_wanted = on_key_wanted;
    proxy->router.ctx = proxy;
    proxy->retry_us = OPEN_FIRST_US;
    timer_init(&proxy->timer, on_open_timer, proxy);
    on_open_timer(proxy, worker->now_us);
    *out = &proxy->router;
    return ERR_OK;
}

void relay_on_sub_gone(struct router *router)
{
    if (!router->is_proxy || router->sub_count)
        return;
    struct proxy *proxy = router->ctx;
    send_control(proxy, RELAY_CLOSE, 0);
    timer_stop(router->worker->timers, &proxy->timer);
    router_close(router);
    free(proxy);
}

/* Another worker's subscribers want this track: the answer says that it is there, and what time it is. */
static void on_open(struct router *router, uint16_t from)
{
    router_relay_open(router, from);
    relay_send_sr(router->worker, from, router->track_id, router->sr_source[0], &router->sr[0]);
    for (unsigned i = 1; router->layers && i < router->layers->count; i++)
        if (router->sr[i].at_us)
            relay_send_sr(router->worker, from, router->track_id, router->sr_source[i], &router->sr[i]);
}

static void on_sr(struct router *router, const struct relay_msg *msg)
{
    struct proxy *proxy = router->ctx;
    if (!proxy->is_answered) {
        proxy->is_answered = true; /* what was asked for before went nowhere */
        for (unsigned i = 0; i < MEDIA_LAYERS_MAX; i++)
            if (proxy->key_asked_us[i])
                send_control(proxy, RELAY_KEY, (uint8_t)i);
    }
    if (msg->u.sr.sr.at_us)
        router_on_sr(router, msg->u.sr.source, &msg->u.sr.sr);
}

static void on_message(struct worker *worker, const struct relay_msg *msg)
{
    struct router *router = hmap_get_u64(worker->routers, msg->track_id);
    bool is_for_proxy = msg->type == RELAY_PACKET || msg->type == RELAY_SR;
    if (!router || router->is_proxy != is_for_proxy)
        return; /* it went away meanwhile, or is not here yet: whoever asked will ask again */
    switch (msg->type) {
    case RELAY_PACKET:
        worker->counts.relayed_in++;
        router_forward(router, &msg->u.packet.head, msg->u.packet.payload);
        break;
    case RELAY_SR:
        on_sr(router, msg);
        break;
    case RELAY_OPEN:
        on_open(router, msg->from);
        break;
    case RELAY_CLOSE:
        router_relay_close(router, msg->from);
        break;
    case RELAY_KEY:
        router_want_key(router, msg->layer);
        break;
    }
}

bool relay_run(struct worker *worker, unsigned max)
{
    const struct relay_msg *msg = NULL;
    for (unsigned i = 0; i < max && (msg = mailbox_peek(worker->relay)); i++) {
        on_message(worker, msg);
        mailbox_release(worker->relay);
    }
    router_fan_out_all(worker);
    return msg != NULL;
}
