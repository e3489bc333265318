/* One connection: its life, its addresses, its lists. On the media thread. */
#include "media/peer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "media/egress.h"
#include "media/handshakes.h"

#define TICK_US 500000ULL
#define DTLS_AGAIN_US 10000ULL /* there was no room among the handshakes */
#define TICK_GRID_US 50000ULL  /* ticks of many idle peers share a wake of the thread */

/* --- what the control side hears --- */

static enum media_evt_type event_of(enum peer_life life)
{
    switch (life) {
    case PEER_NEW:
    case PEER_CONNECTING:
        break;
    case PEER_CONNECTED:
        return MEDIA_EVT_PEER_CONNECTED;
    case PEER_DISCONNECTED:
        return MEDIA_EVT_PEER_DISCONNECTED;
    case PEER_GONE:
        return MEDIA_EVT_PEER_GONE;
    case PEER_FAILED:
        return MEDIA_EVT_PEER_FAILED;
    }
    return MEDIA_EVT_PEER_CONNECTING;
}

/* A full queue is tried again at the next tick: the newest state is what matters. */
static void tell(struct peer *peer)
{
    if (peer->told == peer->life)
        return;
    struct media_evt evt = {.type = event_of(peer->life),
                            .worker = peer->worker->setup.index,
                            .peer_id = peer->id,
                            .call_id = peer->call_id};
    if (peer->life == PEER_FAILED || peer->life == PEER_GONE)
        snprintf(evt.u.reason, sizeof(evt.u.reason), "%s", peer->reason ? peer->reason : "");
    if (worker_emit(peer->worker, &evt))
        peer->told = peer->life;
}

static void set_life(struct peer *peer, enum peer_life life, const char *reason)
{
    if (peer->life == life || peer->life == PEER_FAILED)
        return;
    peer->life = life;
    peer->reason = reason;
    tell(peer);
}

static void on_ready(struct peer *peer)
{
    peer->is_ready = true;
    set_life(peer, PEER_CONNECTED, NULL);
    log_info("A connection is up. peer=%llu user=%llu call=%llu worker=%u suite=%s", (unsigned long long)peer->id,
             (unsigned long long)peer->user_id, (unsigned long long)peer->call_id, peer->worker->setup.index,
             transport_suite(peer->transport));
    for (unsigned i = 0; i < peer->sub_count; i++)
        sub_on_ready(peer->subs[i]);
}

static void stop_subs(struct peer *peer)
{
    peer->is_ready = false;
    for (unsigned i = 0; i < peer->sub_count; i++)
        sub_on_closed(peer->subs[i]);
}

static void on_failed(struct peer *peer)
{
    stop_subs(peer);
    const char *reason = transport_reason(peer->transport);
    log_info("A connection failed: %s. peer=%llu user=%llu call=%llu", reason, (unsigned long long)peer->id,
             (unsigned long long)peer->user_id, (unsigned long long)peer->call_id);
    set_life(peer, PEER_FAILED, reason);
}

/* --- what the transport says --- */

static void on_transport_send(void *ctx, const uint8_t *data, size_t len, const struct addr *to)
{
    struct peer *peer = ctx;
    egress_raw(peer->worker, data, len, to);
}

static void on_transport_state(void *ctx, enum transport_state state)
{
    struct peer *peer = ctx;
    switch (state) {
    case TRANSPORT_NEW:
        break;
    case TRANSPORT_CHECKED:
        set_life(peer, PEER_CONNECTING, NULL);
        break;
    case TRANSPORT_READY:
        on_ready(peer);
        break;
    case TRANSPORT_CLOSED:
        stop_subs(peer);
        set_life(peer, PEER_GONE, "the other side closed the connection");
        break;
    case TRANSPORT_FAILED:
        on_failed(peer);
        break;
    }
}

/* An address belongs to one peer. It changes hands only when its owner was silent: a member who sends checks with
 * another's source address must not cut that other off. */
static bool on_transport_tuple(void *ctx, const struct addr *addr)
{
    struct peer *peer = ctx;
    struct worker *worker = peer->worker;
    struct peer *owner = hmap_get(worker->by_addr, addr, sizeof(*addr));
    if (owner == peer)
        return true;
    if (owner) {
        if (worker->now_us - transport_last_seen_us(owner->transport) < PEER_DISCONNECTED_US && owner->life < PEER_GONE)
            return false;
        hmap_del(worker->by_addr, addr, sizeof(*addr));
    }
    return hmap_put(worker->by_addr, addr, sizeof(*addr), peer) == ERR_OK;
}

static void on_transport_tuple_gone(void *ctx, const struct addr *addr)
{
    struct peer *peer = ctx;
    if (hmap_get(peer->worker->by_addr, addr, sizeof(*addr)) == peer)
        hmap_del(peer->worker->by_addr, addr, sizeof(*addr));
}

/* --- timers --- */

static void set_dtls_timer(struct peer *peer)
{
    uint64_t due_us = transport_next_timeout_us(peer->transport);
    if (due_us == UINT64_MAX)
        timer_stop(peer->worker->timers, &peer->dtls_timer);
    else
        timer_set(peer->worker->timers, &peer->dtls_timer, due_us);
}

static void on_dtls_timer(void *ctx, uint64_t now_us)
{
    struct peer *peer = ctx;
    /* Set again after the handshake's turn: what is due may be the answer to a kept ClientHello, and an answer to what
     * would be sent again may wait already. */
    if (!handshakes_put_due(peer->worker, peer))
        timer_set(peer->worker->timers, &peer->dtls_timer, now_us + DTLS_AGAIN_US);
}

void peer_on_handshake(struct peer *peer, uint8_t *data, size_t len, const struct addr *from)
{
    uint64_t now_us = peer->worker->now_us;
    if (len)
        (void)transport_input(peer->transport, data, &len, from, now_us);
    if (transport_next_timeout_us(peer->transport) <= now_us)
        transport_timeout(peer->transport, now_us);
    set_dtls_timer(peer);
}

static void on_twcc_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    peer_send_twcc(ctx);
}

static void on_soon_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    peer_send_first_reports(ctx);
}

static void check_life(struct peer *peer, uint64_t now_us)
{
    uint64_t seen_us = transport_last_seen_us(peer->transport);
    uint64_t silent_us = now_us > seen_us ? now_us - seen_us : 0;
    if (peer->life == PEER_NEW) {
        if (now_us - peer->made_us >= PEER_NEVER_CAME_US)
            set_life(peer, PEER_FAILED, "no connectivity check came: UDP is blocked or a wrong address is announced");
        return;
    }
    if (!peer->is_ready)
        return; /* handshakes have their own deadline */
    if (silent_us >= peer->worker->liveness_us)
        set_life(peer, PEER_GONE, "no packet came any more");
    else if (silent_us >= PEER_DISCONNECTED_US)
        set_life(peer, PEER_DISCONNECTED, NULL);
    else
        set_life(peer, PEER_CONNECTED, NULL);
}

static void set_tick(struct peer *peer, uint64_t at_us)
{
    uint64_t grid_us = (at_us + TICK_GRID_US - 1) / TICK_GRID_US * TICK_GRID_US;
    timer_set(peer->worker->timers, &peer->tick_timer, grid_us);
}

static void on_tick(void *ctx, uint64_t now_us)
{
    struct peer *peer = ctx;
    set_tick(peer, now_us + TICK_US);
    check_life(peer, now_us);
    tell(peer);
    if (++peer->ticks % 2 == 0 && peer->is_ready)
        peer_send_reports(peer);
}

/* --- life --- */

static bool map_ufrag(struct peer *peer, const char *ufrag)
{
    size_t len = strnlen(ufrag, RTC_UFRAG_SIZE - 1);
    if (!len || hmap_put(peer->worker->by_ufrag, ufrag, len, peer))
        return false;
    memcpy(peer->ufrag, ufrag, len);
    peer->ufrag[len] = '\0';
    return true;
}

static void unmap_ufrag(struct peer *peer)
{
    if (peer->ufrag[0])
        hmap_del(peer->worker->by_ufrag, peer->ufrag, strlen(peer->ufrag));
    peer->ufrag[0] = '\0';
}

enum err peer_create(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = mem_calloc_lines(1, sizeof(*peer));
    peer->worker = worker;
    peer->id = cmd->peer_id;
    peer->call_id = cmd->u.peer_add.call_id;
    peer->user_id = cmd->u.peer_add.user_id;
    peer->made_us = worker->now_us;
    peer->local_ssrc = rand_u32() | 1;
    timer_init(&peer->dtls_timer, on_dtls_timer, peer);
    timer_init(&peer->twcc_timer, on_twcc_timer, peer);
    timer_init(&peer->tick_timer, on_tick, peer);
    timer_init(&peer->soon_timer, on_soon_timer, peer);
    struct transport_ops ops = {.send = on_transport_send,
                                .on_state = on_transport_state,
                                .on_tuple = on_transport_tuple,
                                .on_tuple_gone = on_transport_tuple_gone,
                                .ctx = peer};
    enum err err = hmap_put_u64(worker->peers, peer->id, peer);
    if (err) {
        free(peer);
        return err;
    }
    if (!map_ufrag(peer, cmd->u.peer_add.params.local_ufrag))
        err = ERR_EXISTS;
    else
        err = transport_create(worker->rtc, &cmd->u.peer_add.params, &ops, worker->now_us, &peer->transport);
    if (err) {
        unmap_ufrag(peer);
        hmap_del_u64(worker->peers, peer->id);
        free(peer);
        return err;
    }
    /* Ticks of peers that joined together are spread out. */
    set_tick(peer, worker->now_us + rand_u32() % TICK_US);
    return ERR_OK;
}

void peer_free(struct peer *peer)
{
    if (!peer)
        return;
    struct worker *worker = peer->worker;
    while (peer->sub_count)
        sub_free(peer->subs[peer->sub_count - 1]);
    while (peer->track_count)
        peer_del_track(peer, peer->tracks[peer->track_count - 1]);
    unmap_ufrag(peer);
    transport_free(peer->transport);
    hmap_del_u64(worker->peers, peer->id);
    timer_stop(worker->timers, &peer->dtls_timer);
    timer_stop(worker->timers, &peer->twcc_timer);
    timer_stop(worker->timers, &peer->tick_timer);
    timer_stop(worker->timers, &peer->soon_timer);
    free(peer->twcc);
    free(peer->subs);
    free(peer->sub_ssrcs);
    free(peer);
}

void peer_set_remote(struct peer *peer, const struct rtc_params *params)
{
    if (strncmp(peer->ufrag, params->local_ufrag, RTC_UFRAG_SIZE) != 0) {
        unmap_ufrag(peer);
        if (!map_ufrag(peer, params->local_ufrag))
            set_life(peer, PEER_FAILED, "its ICE user fragment is taken");
    }
    transport_restart_ice(peer->transport, params);
    set_dtls_timer(peer);
}

/* --- tracks and subscriptions --- */

static void merge_ext(struct media_ext_ids *to, const struct media_ext_ids *from)
{
    to->mid = from->mid ? from->mid : to->mid;
    to->rid = from->rid ? from->rid : to->rid;
    to->repaired_rid = from->repaired_rid ? from->repaired_rid : to->repaired_rid;
    to->audio_level = from->audio_level ? from->audio_level : to->audio_level;
    to->video_orientation = from->video_orientation ? from->video_orientation : to->video_orientation;
    to->twcc = from->twcc ? from->twcc : to->twcc;
}

enum err peer_add_track(struct peer *peer, const struct media_cmd *cmd)
{
    if (peer->track_count == PEER_TRACKS_MAX)
        return ERR_LIMIT;
    struct track *track;
    enum err err = track_create(peer, cmd, &track);
    if (err)
        return err;
    peer->tracks[peer->track_count++] = track;
    merge_ext(&peer->ext, &track->format.ext);
    if (track->format.has_twcc && track->format.ext.twcc && !peer->twcc) {
        peer->twcc = mem_calloc(1, sizeof(*peer->twcc));
        twcc_recv_init(peer->twcc, 0);
    }
    for (unsigned i = 0; i < track->layer_count; i++) {
        bool is_bound = peer_bind(peer, track->layers[i].ssrc, track, (uint8_t)i, false);
        if (!peer_bind(peer, track->layers[i].rtx_ssrc, track, (uint8_t)i, true) || !is_bound)
            log_warn("A track names an SSRC that its connection cannot take. peer=%llu track=%llu",
                     (unsigned long long)peer->id, (unsigned long long)track->id);
    }
    return ERR_OK;
}

struct track *peer_find_track(const struct peer *peer, uint64_t track_id)
{
    for (unsigned i = 0; i < peer->track_count; i++)
        if (peer->tracks[i]->id == track_id)
            return peer->tracks[i];
    return NULL;
}

void peer_del_track(struct peer *peer, struct track *track)
{
    for (unsigned i = 0; i < peer->track_count; i++)
        if (peer->tracks[i] == track)
            peer->tracks[i] = peer->tracks[--peer->track_count];
    peer_unbind(peer, track);
    track_free(track);
}

void peer_add_sub(struct peer *peer, struct sub *sub)
{
    if (peer->sub_count == peer->sub_room) {
        peer->sub_room = peer->sub_room ? 2 * peer->sub_room : 8;
        peer->subs = mem_realloc(peer->subs, peer->sub_room * sizeof(*peer->subs));
        peer->sub_ssrcs = mem_realloc(peer->sub_ssrcs, peer->sub_room * sizeof(*peer->sub_ssrcs));
    }
    sub->peer_index = peer->sub_count++;
    peer->subs[sub->peer_index] = sub;
    peer->sub_ssrcs[sub->peer_index] = sub->ssrc;
}

void peer_del_sub(struct peer *peer, struct sub *sub)
{
    assert(sub->peer_index < peer->sub_count && peer->subs[sub->peer_index] == sub);
    struct sub *last = peer->subs[--peer->sub_count];
    peer->subs[sub->peer_index] = last;
    peer->sub_ssrcs[sub->peer_index] = last->ssrc;
    last->peer_index = sub->peer_index;
}

struct sub *peer_find_sub(const struct peer *peer, uint32_t ssrc)
{
    for (unsigned i = 0; i < peer->sub_count; i++)
        if (peer->sub_ssrcs[i] == ssrc)
            return peer->subs[i];
    return NULL;
}

/* --- the media path --- */

void peer_on_datagram(struct peer *peer, uint8_t *data, size_t len, const struct addr *from)
{
    switch (transport_input(peer->transport, data, &len, from, peer->worker->now_us)) {
    case TRANSPORT_RTP:
        peer_on_rtp(peer, data, len);
        break;
    case TRANSPORT_RTCP:
        peer_on_rtcp(peer, data, len);
        break;
    case TRANSPORT_HANDLED:
        set_dtls_timer(peer);
        break;
    case TRANSPORT_DROP:
        break;
    }
}
