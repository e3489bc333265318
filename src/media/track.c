/* The receiving side of one track. On the media thread. */
#include "media/track.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/seqmap.h"
#include "media/levels.h"
#include "media/peer.h"
#include "proto/h264.h"
#include "proto/vp8.h"

/* What a sender may cause: Opus in its shortest frames is 400 packets/s; video is bounded by what a link can carry in
 * whole packets, and a frame may end in a small packet, but not a thousand times a second. */
#define AUDIO_PACKETS_PER_S 500
#define AUDIO_BURST 250
#define VIDEO_PACKETS_PER_S 50000
#define VIDEO_BURST 5000
#define SMALL_BYTES 200
#define SMALL_PER_S 1000
#define SMALL_BURST 500
#define NACK_TICK_US 10000
#define LATE_MIN 50      /* half of what recv_stats takes for reordering */
#define RTX_AHEAD_MAX 64 /* a probe may repeat a packet that is newer than all that arrived, but not by much */

static void on_key_wanted(void *ctx, uint8_t layer)
{
    track_ask_key(ctx, layer);
}

/* When the timer must run next; UINT64_MAX = nothing to do. */
static uint64_t next_due(const struct track *track)
{
    uint64_t due_us = UINT64_MAX;
    for (unsigned i = 0; i < track->layer_count; i++) {
        const struct track_layer *layer = &track->layers[i];
        uint64_t at_us = keyreq_next_us(&layer->keyreq);
        if (layer->nack && !nack_gen_is_idle(layer->nack))
            at_us = track->router.worker->now_us + NACK_TICK_US;
        if (at_us < due_us)
            due_us = at_us;
    }
    return due_us;
}

static void set_timer(struct track *track)
{
    if (timer_is_set(&track->timer))
        return;
    uint64_t due_us = next_due(track);
    if (due_us != UINT64_MAX)
        timer_set(track->router.worker->timers, &track->timer, due_us);
}

static void on_timer(void *ctx, uint64_t now_us)
{
    struct track *track = ctx;
    for (unsigned i = 0; i < track->layer_count; i++) {
        struct track_layer *layer = &track->layers[i];
        if (layer->nack && layer->ssrc && !track->is_paused) {
            uint16_t seqs[NACK_GEN_BATCH];
            size_t count = nack_gen_poll(layer->nack, now_us, 0, seqs, NACK_GEN_BATCH);
            if (count)
                peer_send_nack(track->peer, layer->ssrc, seqs, count);
            if (nack_gen_take_keyframe_request(layer->nack))
                track_ask_key(track, (uint8_t)i);
        }
        if (keyreq_poll(&layer->keyreq, now_us))
            peer_send_pli(track->peer, layer->ssrc);
    }
    set_timer(track);
}

void track_ask_key(struct track *track, uint8_t index)
{
    if (index >= track->layer_count)
        return;
    struct track_layer *layer = &track->layers[index];
    if (track->format.kind != MEDIA_VIDEO || track->is_paused || !layer->ssrc)
        return;
    if (keyreq_ask(&layer->keyreq, track->router.worker->now_us))
        peer_send_pli(track->peer, layer->ssrc);
    else if (keyreq_next_us(&layer->keyreq) < track->timer.due_us || !timer_is_set(&track->timer))
        timer_set(track->router.worker->timers, &track->timer, keyreq_next_us(&layer->keyreq));
}

static void init_layer(struct track *track, unsigned index, const struct media_layer *in)
{
    struct track_layer *layer = &track->layers[index];
    layer->ssrc = in->ssrc;
    layer->rtx_ssrc = in->rtx_ssrc;
    memcpy(layer->rid, in->rid, sizeof(layer->rid));
    layer->rid[sizeof(layer->rid) - 1] = '\0';
    layer->source = 4 | index; /* run 1: a subscription's 0 is none */
    recv_stats_init(&layer->stats, track->format.clock_rate);
    keyreq_init(&layer->keyreq, track->router.worker->pli_interval_us);
    if (track->format.has_nack) {
        layer->nack = mem_calloc(1, sizeof(*layer->nack));
        nack_gen_init(layer->nack, NULL);
    }
}

enum err track_create(struct peer *peer, const struct media_cmd *cmd, struct track **out)
{
    struct worker *worker = peer->worker;
    if (cmd->u.track_add.layer_count < 1 || cmd->u.track_add.layer_count > MEDIA_LAYERS_MAX)
        return ERR_INVALID;
    size_t layers_size = cmd->u.track_add.layer_count * sizeof(struct track_layer);
    struct track *track = mem_calloc_lines(1, sizeof(*track) + layers_size);
    track->peer = peer;
    track->id = cmd->u.track_add.track_id;
    track->format = cmd->u.track_add.format;
    track->layer_count = cmd->u.track_add.layer_count;
    memcpy(track->mid, cmd->u.track_add.mid, sizeof(track->mid));
    track->mid[sizeof(track->mid) - 1] = '\0';
    enum err err = router_init(&track->router, worker, track->id, &track->format, track->layer_count);
    if (err) {
        free(track);
        return err;
    }
    track->router.on_key_wanted = on_key_wanted;
    track->router.ctx = track;
    timer_init(&track->timer, on_timer, track);
    list_init(&track->call_node);
    audio_level_init(&track->level);
    bool is_audio = track->format.kind == MEDIA_AUDIO;
    rate_init(&track->packets, is_audio ? AUDIO_PACKETS_PER_S : VIDEO_PACKETS_PER_S,
              is_audio ? AUDIO_BURST : VIDEO_BURST, worker->now_us);
    rate_init(&track->small, SMALL_PER_S, SMALL_BURST, worker->now_us);
    for (unsigned i = 0; i < track->layer_count; i++)
        init_layer(track, i, &cmd->u.track_add.layers[i]);
    if (is_audio)
        levels_add(track);
    *out = track;
    return ERR_OK;
}

void track_free(struct track *track)
{
    if (!track)
        return;
    levels_del(track);
    timer_stop(track->router.worker->timers, &track->timer);
    router_close(&track->router);
    for (unsigned i = 0; i < track->layer_count; i++)
        free(track->layers[i].nack);
    free(track);
}

/* What follows stands in no relation to what went before: subscriptions begin anew at the next key frame. */
static void new_run(struct track_layer *layer)
{
    layer->source += 4;
    if (layer->nack)
        nack_gen_init(layer->nack, NULL);
}

void track_restart_layer(struct track *track, uint8_t index, uint32_t ssrc)
{
    struct track_layer *layer = &track->layers[index];
    layer->ssrc = ssrc;
    layer->bound_us = track->router.worker->now_us;
    recv_stats_init(&layer->stats, track->format.clock_rate);
    new_run(layer);
}

void track_set_paused(struct track *track, bool is_paused)
{
    if (track->is_paused == is_paused)
        return;
    track->is_paused = is_paused;
    for (unsigned i = 0; !is_paused && i < track->layer_count; i++) {
        new_run(&track->layers[i]);
        if (track->router.sr[i].at_us) /* the same clock goes on */
            router_on_sr(&track->router, track->layers[i].source, &track->router.sr[i]);
        track_ask_key(track, (uint8_t)i);
    }
}

/* Whether a decoder can start at this packet; false and *is_bad for a payload that no decoder would take. */
static bool is_key(const struct track *track, const uint8_t *payload, size_t len, bool *is_bad)
{
    struct vp8 vp8;
    struct h264 h264;
    enum err err;
    switch (track->format.codec) {
    case MEDIA_VP8:
        *is_bad = vp8_parse(&vp8, payload, len) != ERR_OK;
        return !*is_bad && vp8.is_start && vp8.is_keyframe;
    case MEDIA_H264:
        err = h264_parse(&h264, payload, len);
        *is_bad = err != ERR_OK;
        return !*is_bad && h264.is_start && h264.is_keyframe;
    case MEDIA_OPUS:
        break;
    }
    *is_bad = false;
    return true;
}

static void go_live(struct track *track, struct track_layer *layer)
{
    struct worker *worker = track->router.worker;
    struct media_evt evt = {.type = MEDIA_EVT_TRACK_LIVE,
                            .worker = worker->setup.index,
                            .peer_id = track->peer->id,
                            .call_id = track->peer->call_id};
    evt.u.track_id = track->id;
    layer->is_live = worker_emit(worker, &evt); /* else the next packet tries again */
}

/* Fills what the packet's bytes say. False: the payload is broken. */
static bool fill(struct track *track, const struct track_layer *layer, const struct rtp *rtp,
                 const struct track_ext *ext, struct packet_head *head, const uint8_t *payload, size_t len)
{
    bool is_bad = false;
    *head = (struct packet_head){.arrival_us = track->router.worker->now_us,
                                 .source = layer->source,
                                 .timestamp = rtp->timestamp,
                                 .seq = rtp->seq,
                                 .payload_len = (uint16_t)len,
                                 .audio_level = ext->level,
                                 .orientation = ext->orientation};
    if (rtp->marker)
        head->flags |= PACKET_MARKER;
    if (ext->has_level)
        head->flags |= PACKET_HAS_LEVEL;
    if (ext->has_orientation)
        head->flags |= PACKET_HAS_ORIENTATION;
    if (len && is_key(track, payload, len, &is_bad))
        head->flags |= PACKET_KEY;
    return !is_bad;
}

/* The common end of both ways in: what is known to be new and wanted. */
static void accept_packet(struct track *track, uint8_t index, const struct rtp *rtp, const struct track_ext *ext,
                          const uint8_t *payload, size_t len)
{
    struct track_layer *layer = &track->layers[index];
    struct packet_head head;
    if (!fill(track, layer, rtp, ext, &head, payload, len)) {
        track->router.worker->counts.malformed++;
        head.payload_len = 0; /* its number is used up: let the subscribers' numbers close */
    }
    if (head.flags & PACKET_KEY && track->format.kind == MEDIA_VIDEO) {
        keyreq_on_keyframe(&layer->keyreq);
        if (layer->nack)
            nack_gen_on_keyframe(layer->nack, head.seq);
    }
    if (ext->has_level && track->call)
        audio_level_on_packet(&track->level, ext->level & 0x7f, head.payload_len, head.arrival_us);
    router_forward(&track->router, &head, payload);
}

/* Statistics; false when the packet's number cannot be used. */
static bool count_in(struct track *track, struct track_layer *layer, const struct rtp *rtp)
{
    struct worker *worker = track->router.worker;
    uint64_t before = layer->stats.received;
    if (!recv_stats_on_packet(&layer->stats, rtp->seq, rtp->timestamp, (uint32_t)rtp->payload_len, worker->now_us)) {
        worker->counts.jumps++;
        return false;
    }
    if (layer->stats.received <= before)
        new_run(layer); /* it restarted: a sender that began again with the same SSRC */
    return true;
}

/* A plain retransmission may come so late that by the book (RFC 3550 appendix A.1) it looks like a restart. */
static bool is_late(const struct track_layer *layer, uint16_t seq)
{
    if (!layer->nack || !layer->nack->is_started)
        return false;
    int behind = seq_diff(layer->nack->newest, seq);
    return behind > LATE_MIN && behind <= NACK_GEN_MAX;
}

void track_on_rtp(struct track *track, uint8_t index, const struct rtp *rtp, const struct track_ext *ext)
{
    struct worker *worker = track->router.worker;
    struct track_layer *layer = &track->layers[index];
    if (rtp->pt != track->format.pt) {
        worker->counts.wrong_pt++;
        return;
    }
    bool is_small = track->format.kind == MEDIA_VIDEO && rtp->payload_len < SMALL_BYTES;
    if (!rate_take(&track->packets, 1, worker->now_us) ||
        (is_small && rtp->payload_len && !rate_take(&track->small, 1, worker->now_us))) {
        worker->counts.over_rate++;
        return;
    }
    bool is_very_late = is_late(layer, rtp->seq);
    if (!is_very_late && !count_in(track, layer, rtp))
        return;
    if (!layer->is_live)
        go_live(track, layer);
    if (track->is_paused)
        return;
    if (layer->nack) {
        enum nack_gen_event event = nack_gen_on_packet(layer->nack, rtp->seq, worker->now_us);
        bool is_known = is_very_late || router_find(&track->router, layer->source, rtp->seq);
        if (event == NACK_GEN_STALE && is_known) {
            worker->counts.duplicates++;
            return;
        }
        set_timer(track);
    }
    accept_packet(track, index, rtp, ext, rtp_payload(rtp), rtp->payload_len);
}

/* RFC 4588 section 4: the payload begins with the number of the packet that it repeats. */
void track_on_rtx(struct track *track, uint8_t index, const struct rtp *rtp, const struct track_ext *ext)
{
    struct worker *worker = track->router.worker;
    struct track_layer *layer = &track->layers[index];
    if (rtp->pt != track->format.rtx_pt) {
        worker->counts.wrong_pt++;
        return;
    }
    if (rtp->payload_len < 2 || !layer->nack || !layer->stats.is_started || track->is_paused)
        return; /* padding: a probe of the sender's */
    if (!rate_take(&track->packets, 1, worker->now_us)) {
        worker->counts.over_rate++;
        return;
    }
    const uint8_t *payload = rtp_payload(rtp);
    struct rtp original = *rtp;
    original.seq = (uint16_t)((payload[0] << 8) | payload[1]);
    if (layer->nack->is_started && seq_diff(original.seq, layer->nack->newest) > RTX_AHEAD_MAX) {
        worker->counts.jumps++;
        return;
    }
    if (nack_gen_on_packet(layer->nack, original.seq, worker->now_us) == NACK_GEN_STALE) {
        worker->counts.duplicates++; /* browsers probe with packets that nobody missed */
        return;
    }
    set_timer(track);
    accept_packet(track, index, &original, ext, payload + 2, rtp->payload_len - 2);
}

void track_on_sr(struct track *track, uint8_t index, const struct rtcp_sr *sr)
{
    uint64_t now_us = track->router.worker->now_us;
    struct track_layer *layer = &track->layers[index];
    recv_stats_on_sr(&layer->stats, sr->ntp, now_us);
    struct srmap_source source = {0};
    srmap_source_on_sr(&source, sr->ntp, sr->rtp_ts, now_us);
    if (!track->is_paused)
        router_on_sr(&track->router, layer->source, &source);
}
