/* Where the packets of one track go on one worker: the subscriptions here, and each other worker that has some. A local
 * track has one inside, and so has a relay's proxy of a track of another worker; subscriptions see no difference. Also
 * keeps what they share: the history for retransmission and the source's newest sender report. The owning media
 * thread.
 *
 * The history is one a track and worker, never one a subscriber: a packet is kept once however many receive it.
 *
 * Packets that are kept wait until the turn's datagrams are read, and are then fanned out subscriber by subscriber, all
 * packets to one before the next: his state is fetched once, and what he gets lies in a row, as UDP_SEGMENT wants it,
 * however many subscribers there are. */
#ifndef ICHAT_MEDIA_ROUTER_H
#define ICHAT_MEDIA_ROUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "flow/history.h"
#include "flow/srmap.h"
#include "media/layers.h"
#include "media/media_cmd.h"
#include "media/packet.h"
#include "media/worker.h"

struct sub;

#define ROUTER_HISTORY_PACKETS 1024      /* a second of 10 Mbit/s */
#define ROUTER_WAITING_MAX 64            /* as many as one read of the socket brings; then they go out */
#define ROUTER_HISTORY_US 1000000ULL     /* what comes later than this is of no use in a call */
#define ROUTER_RELAY_LEASE_US 4000000ULL /* another worker's interest ends so long after it last said so */

struct router {
    /* set once at creation */
    struct worker *worker;
    uint64_t track_id;
    enum media_kind kind;
    uint32_t clock_rate;
    void (*on_key_wanted)(void *ctx, uint8_t layer);
    void *ctx;
    bool is_proxy;
    struct layers *layers; /* of simulcast, NULL = one layer */

    /* owned by the media thread */
    struct sub **subs; /* an array: the fan-out loop reads ahead in it */
    unsigned sub_count;
    unsigned sub_room;
    uint64_t relay_mask; /* bit w: worker w has subscribers; always 0 in a proxy, so a packet crosses once */
    uint64_t *relay_until_us;
    struct history *history[MEDIA_LAYERS_MAX]; /* NULL where the source's format has no NACK */
    uint32_t history_source[MEDIA_LAYERS_MAX]; /* the run that the history is of */
    struct list waiting_node;                  /* in worker->waiting while some wait */
    unsigned waiting_count;
    const struct packet *waiting[ROUTER_WAITING_MAX]; /* the history's */
    struct srmap_source sr[MEDIA_LAYERS_MAX];
    uint32_t sr_source[MEDIA_LAYERS_MAX];
};

/* Registers it under its track id: ERR_EXISTS when there is one. */
MUST_CHECK enum err router_init(struct router *router, struct worker *worker, uint64_t track_id,
                                const struct media_format *format, uint8_t layer_count);
/* Detaches the subscriptions (they stay their peer's) and gives the history's packets back. */
void router_close(struct router *router);

void router_add_sub(struct router *router, struct sub *sub);
void router_del_sub(struct router *router, struct sub *sub);
/* Another worker wants the packets (again), or no longer. */
void router_relay_open(struct router *router, uint16_t worker);
void router_relay_close(struct router *router, uint16_t worker);

/* The media path. head->payload_len may be 0: only padding, whose number closes up at the subscribers. */
void router_forward(struct router *router, const struct packet_head *head, const uint8_t *payload);
/* Sends what waits in all routers of the worker. To be called after packets came, before anything but packets is done.
 */
void router_fan_out_all(struct worker *worker);
/* The publisher's sender report. */
void router_on_sr(struct router *router, uint32_t source, const struct srmap_source *sr);
/* A packet of the current run, or NULL. */
const struct packet *router_find(const struct router *router, uint32_t source, uint16_t seq);
void router_want_key(struct router *router, uint8_t layer);
/* Once a second: gives old packets back and ends leases that ran out. */
void router_expire(struct router *router);

#endif
