/* One subscription: what goes out and how it looks. On the media thread. */
#include "media/sub.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "media/egress.h"
#include "media/peer.h"
#include "media/relay.h"
#include "proto/rtp.h"
#include "proto/rtp_ext.h"

#define RESEND_BYTES_PER_S 250000 /* 2 Mbit/s of retransmissions a subscription */
#define RESEND_BURST 150000       /* a large key frame */
#define MID_LEN_MAX (MEDIA_MID_SIZE - 1)

/* Where in a written template the element's data stands; 0 when it is not there. */
static uint8_t element_at(const struct sub_template *tmpl, uint8_t id)
{
    struct rtp rtp;
    struct rtp_ext ext;
    if (rtp_parse(&rtp, tmpl->bytes, tmpl->len) || !rtp_ext_find(&rtp, id, &ext))
        return 0;
    return (uint8_t)(ext.data - tmpl->bytes);
}

static void make_template(const struct sub *sub, struct sub_template *tmpl, const char *mid, uint8_t value_id)
{
    static const uint8_t zeros[3];
    const struct media_ext_ids *ids = &sub->format.ext;
    struct rtp_ext list[3];
    unsigned count = 0;
    if (ids->mid && mid[0])
        list[count++] = (struct rtp_ext){ids->mid, (uint8_t)strnlen(mid, MID_LEN_MAX), (const uint8_t *)mid};
    if (ids->abs_send_time)
        list[count++] = (struct rtp_ext){ids->abs_send_time, 3, zeros};
    if (value_id)
        list[count++] = (struct rtp_ext){value_id, 1, zeros};

    struct wr wr = wr_make(tmpl->bytes, sizeof(tmpl->bytes));
    struct rtp_header header = {.pt = sub->format.pt, .ssrc = sub->ssrc, .has_ext = count > 0};
    rtp_write_header(&wr, &header);
    rtp_ext_write(&wr, list, count);
    tmpl->len = (uint8_t)wr_len(&wr);
    tmpl->time_at = ids->abs_send_time ? element_at(tmpl, ids->abs_send_time) : 0;
    tmpl->value_at = value_id ? element_at(tmpl, value_id) : 0;
}

static void make_templates(struct sub *sub, const char *mid)
{
    bool is_audio = sub->format.kind == MEDIA_AUDIO;
    uint8_t value_id = is_audio ? sub->format.ext.audio_level : sub->format.ext.video_orientation;
    make_template(sub, &sub->plain, mid, 0);
    make_template(sub, &sub->full, mid, value_id);
    if (sub->full.value_at)
        sub->value_flag = is_audio ? PACKET_HAS_LEVEL : PACKET_HAS_ORIENTATION;
}

/* From now on the router's packets come. */
static void attach(struct sub *sub, struct router *router)
{
    const struct layers *layers = router->layers;
    sub->router = router;
    sub->layer = layers ? layers_choose(layers, sub->want_width, sub->want_height) : 0;
    sub->has_vp8map |= layers && sub->format.codec == MEDIA_VP8;
    router_add_sub(router, sub);
}

enum err sub_create(struct peer *peer, struct router *router, const struct media_cmd *cmd)
{
    struct worker *worker = peer->worker;
    uint64_t id = cmd->u.sub_add.sub_id;
    if (peer_find_sub(peer, cmd->u.sub_add.ssrc))
        return ERR_EXISTS;
    struct sub *sub = mem_calloc_lines(1, sizeof(*sub));
    enum err err = hmap_put_u64(worker->subs, id, sub);
    if (err) {
        free(sub);
        return err;
    }
    sub->id = id;
    sub->peer = peer;
    sub->worker = worker;
    sub->transport = peer->transport;
    sub->format = cmd->u.sub_add.format;
    sub->lane = sub->format.kind == MEDIA_AUDIO ? UDP_LANE_SMALL : UDP_LANE_LARGE;
    sub->ssrc = cmd->u.sub_add.ssrc;
    sub->rtx_ssrc = sub->format.rtx_pt ? cmd->u.sub_add.rtx_ssrc : 0;
    sub->rtx_seq = (uint16_t)(rand_u32() & 0x3fff); /* as below */
    memcpy(sub->cname, cmd->u.sub_add.cname, sizeof(sub->cname));
    sub->cname[sizeof(sub->cname) - 1] = '\0';
    char mid[MEDIA_MID_SIZE] = {0};
    memcpy(mid, cmd->u.sub_add.mid, MID_LEN_MAX);
    make_templates(sub, mid);
    /* The first number stays in the lower half: SRTP's roll-over count starts at 0 for both sides (RFC 3711 3.3.1). */
    seqmap_init(&sub->map, (uint16_t)(rand_u32() & 0x3fff), rand_u32(), sub->format.clock_rate);
    rate_init(&sub->resend, RESEND_BYTES_PER_S, RESEND_BURST, worker->now_us);
    sub->is_paused = cmd->u.sub_add.is_paused;
    attach(sub, router);
    peer_add_sub(peer, sub);
    if (peer->is_ready)
        sub_on_ready(sub);
    return ERR_OK;
}

void sub_detach(struct sub *sub)
{
    if (!sub->router)
        return;
    router_del_sub(sub->router, sub);
    sub->router = NULL;
    sub->state = SUB_OFF;
}

void sub_free(struct sub *sub)
{
    if (!sub)
        return;
    struct router *router = sub->router;
    sub_detach(sub);
    if (router)
        relay_on_sub_gone(router);
    peer_del_sub(sub->peer, sub);
    hmap_del_u64(sub->worker->subs, sub->id);
    free(sub);
}

static void ask_key(struct sub *sub)
{
    uint64_t now_us = sub->worker->now_us;
    if (!sub->router || (sub->key_asked_us && now_us - sub->key_asked_us < SUB_KEY_ASK_US))
        return;
    sub->key_asked_us = now_us;
    router_want_key(sub->router, sub->layer);
}

void sub_on_ready(struct sub *sub)
{
    if (sub->is_paused || !sub->router || sub->state != SUB_OFF)
        return;
    sub->state = SUB_WAITING;
    sub->source = 0;
    if (sub->format.kind == MEDIA_VIDEO) {
        sub->key_asked_us = 0;
        ask_key(sub);
    }
}

void sub_move(struct sub *sub, struct router *router)
{
    struct router *old = sub->router;
    if (old == router)
        return;
    sub_detach(sub);
    if (old)
        relay_on_sub_gone(old);
    sub->state = SUB_OFF;
    attach(sub, router);
    if (sub->peer->is_ready)
        sub_on_ready(sub);
}

void sub_on_closed(struct sub *sub)
{
    sub->state = SUB_OFF;
}

void sub_set_paused(struct sub *sub, bool is_paused)
{
    sub->is_paused = is_paused;
    if (is_paused)
        sub->state = SUB_OFF;
    else if (sub->peer->is_ready)
        sub_on_ready(sub);
}

void sub_choose_layer(struct sub *sub)
{
    if (!sub->router || !sub->router->layers)
        return;
    uint8_t layer = layers_choose(sub->router->layers, sub->want_width, sub->want_height);
    if (layer == sub->layer)
        return;
    sub->layer = layer;
    sub->key_asked_us = 0;
    if (sub->state == SUB_WAITING || (sub->state == SUB_ON && (sub->source & 3) != layer))
        ask_key(sub);
}

void sub_want_size(struct sub *sub, uint16_t width, uint16_t height)
{
    sub->want_width = width;
    sub->want_height = height;
    sub_choose_layer(sub);
}

/* A packet of simulcast that is not of the run being forwarded: whether it is of no use here. While nothing flows, a
 * lower layer than the wanted one is a picture at least. */
static bool is_other_layer(const struct sub *sub, const struct packet_head *head)
{
    uint8_t layer = packet_layer(head);
    bool is_start = sub->state == SUB_WAITING && layer < sub->layer && head->flags & PACKET_KEY;
    return layer != sub->layer && !is_start;
}

/* A new run, or the first packet after a pause: whether the subscriber can go on from this packet. */
static bool start(struct sub *sub, const struct packet_head *head)
{
    if (sub->router->layers && is_other_layer(sub, head))
        return false;
    if (!(head->flags & PACKET_KEY)) {
        if (packet_layer(head) == (sub->source & 3))
            sub->state = SUB_WAITING; /* else the layer that flows goes on until then */
        ask_key(sub);
        return false;
    }
    seqmap_switch(&sub->map, head->source);
    vp8map_switch(&sub->vp8map);
    sub->source = head->source;
    sub->state = SUB_ON;
    sub_want_report(sub); /* lip sync from the start, not after a second */
    return true;
}

/* 24 bits of 6.18 fixed-point seconds. */
static void patch_time(uint8_t *at, uint64_t now_us)
{
    uint32_t stamp = (uint32_t)(((now_us % 64000000ULL) << 18) / 1000000ULL);
    at[0] = (uint8_t)(stamp >> 16);
    at[1] = (uint8_t)(stamp >> 8);
    at[2] = (uint8_t)stamp;
}

size_t sub_write(struct sub *sub, const struct packet_head *head, const uint8_t *payload, const struct seqmap_out *out,
                 const uint16_t *osn, uint8_t *slot)
{
    bool is_full = (head->flags & sub->value_flag) != 0;
    const struct sub_template *tmpl = is_full ? &sub->full : &sub->plain;
    memcpy(slot, tmpl->bytes, SUB_TEMPLATE_MAX); /* a fixed size is cheaper than the exact one */
    rtp_set_seq(slot, out->seq);
    rtp_set_timestamp(slot, out->timestamp);
    if (head->flags & PACKET_MARKER)
        rtp_set_marker(slot, true);
    if (tmpl->time_at)
        patch_time(slot + tmpl->time_at, sub->worker->now_us);
    if (is_full)
        slot[tmpl->value_at] = sub->format.kind == MEDIA_AUDIO ? head->audio_level : head->orientation;
    size_t len = tmpl->len;
    if (osn) {
        slot[len++] = (uint8_t)(*osn >> 8);
        slot[len++] = (uint8_t)*osn;
    }
    memcpy(slot + len, payload, head->payload_len);
    if (sub->has_vp8map)
        vp8map_rewrite(&sub->vp8map, slot + len, head->payload_len);
    return len + head->payload_len;
}

/* The subscriber need not know of a number that carries nothing, unless it was passed over and promised already. */
static bool leave_out(struct sub *sub, const struct packet_head *head)
{
    if (sub->map.in.is_started && !seq_newer(head->seq, (uint16_t)sub->map.in.newest))
        return false;
    seqmap_drop(&sub->map, head->seq);
    return true;
}

void sub_forward(struct sub *sub, const struct packet_head *head, const uint8_t *payload)
{
    if (sub->state == SUB_OFF)
        return;
    if ((sub->source != head->source || sub->state != SUB_ON) && !start(sub, head))
        return;
    if (!head->payload_len && leave_out(sub, head))
        return;
    struct seqmap_out out;
    if (seqmap_map(&sub->map, head->seq, head->timestamp, head->arrival_us, &out))
        return;
    uint8_t *slot = egress_slot(sub->worker);
    size_t len = sub_write(sub, head, payload, &out, NULL, slot);
    egress_rtp(sub->worker, sub->transport, slot, len, sub->lane);
    sub->packets++;
    sub->octets += head->payload_len;
}
