/* Which track a packet belongs to: by SSRC, and for a new SSRC by the MID and RID that the packet names (RFC 8843
 * section 9.2, RFC 8852). On the media thread. */
#include <string.h>

#include "media/peer.h"
#include "proto/rtp_ext.h"

/* The header extensions of one packet that mean something to us. */
struct view {
    struct track_ext track;
    bool has_twcc;
    uint16_t twcc;
    struct bytes mid;
    struct bytes rid;
    struct bytes repaired_rid;
};

static void look(const struct peer *peer, const struct rtp *rtp, struct view *out)
{
    const struct media_ext_ids *ids = &peer->ext;
    struct rtp_ext_iter it;
    struct rtp_ext ext;
    *out = (struct view){0};
    rtp_ext_iter_init(&it, rtp);
    while (rtp_ext_next(&it, &ext)) {
        if (ext.id == ids->twcc) {
            out->has_twcc = rtp_ext_parse_twcc(&ext, &out->twcc) == ERR_OK;
        } else if (ext.id == ids->audio_level && ext.len >= 1) {
            out->track.has_level = true;
            out->track.level = ext.data[0];
        } else if (ext.id == ids->video_orientation && ext.len >= 1) {
            out->track.has_orientation = true;
            out->track.orientation = ext.data[0];
        } else if (ext.id == ids->mid) {
            out->mid = (struct bytes){ext.data, ext.len};
        } else if (ext.id == ids->rid) {
            out->rid = (struct bytes){ext.data, ext.len};
        } else if (ext.id == ids->repaired_rid) {
            out->repaired_rid = (struct bytes){ext.data, ext.len};
        }
    }
}

static struct peer_source *find_source(struct peer *peer, uint32_t ssrc)
{
    for (unsigned i = 0; i < peer->source_count; i++)
        if (peer->ssrcs[i] == ssrc)
            return &peer->sources[i];
    return NULL;
}

static void remove_source(struct peer *peer, unsigned i)
{
    peer->source_count--;
    peer->ssrcs[i] = peer->ssrcs[peer->source_count];
    peer->sources[i] = peer->sources[peer->source_count];
}

bool peer_bind(struct peer *peer, uint32_t ssrc, struct track *track, uint8_t layer, bool is_rtx)
{
    if (!ssrc)
        return true;
    const struct peer_source *known = find_source(peer, ssrc);
    if (known)
        return known->track == track && known->layer == layer && known->is_rtx == is_rtx;
    for (unsigned i = 0; i < peer->source_count; i++)
        if (peer->sources[i].track == track && peer->sources[i].layer == layer && peer->sources[i].is_rtx == is_rtx)
            remove_source(peer, i--); /* the one that it had before */
    if (peer->source_count == PEER_SOURCES_MAX)
        return false;
    peer->ssrcs[peer->source_count] = ssrc;
    peer->sources[peer->source_count] = (struct peer_source){track, layer, is_rtx};
    peer->source_count++;
    return true;
}

void peer_unbind(struct peer *peer, const struct track *track)
{
    for (unsigned i = 0; i < peer->source_count;)
        if (peer->sources[i].track == track)
            remove_source(peer, i);
        else
            i++;
}

static bool is_text(const struct bytes *bytes, const char *text)
{
    return bytes->len > 0 && strlen(text) == bytes->len && memcmp(bytes->data, text, bytes->len) == 0;
}

static struct track *track_of_mid(const struct peer *peer, const struct bytes *mid)
{
    for (unsigned i = 0; i < peer->track_count; i++)
        if (is_text(mid, peer->tracks[i]->mid))
            return peer->tracks[i];
    return NULL;
}

/* One layer needs no RID; of several, the RID must name one. */
static int layer_of_rid(const struct track *track, const struct bytes *rid)
{
    if (track->layer_count == 1)
        return 0;
    for (unsigned i = 0; i < track->layer_count; i++)
        if (is_text(rid, track->layers[i].rid))
            return (int)i;
    return -1;
}

/* A new SSRC: whose it is, or NULL. It may take the place of the one that the track had, but not with every packet. */
static struct peer_source *learn(struct peer *peer, const struct rtp *rtp, const struct view *view)
{
    struct track *track = track_of_mid(peer, &view->mid);
    if (!track || !rtp->ssrc)
        return NULL;
    bool is_rtx = track->format.rtx_pt && rtp->pt == track->format.rtx_pt;
    if (!is_rtx && rtp->pt != track->format.pt)
        return NULL;
    int index = layer_of_rid(track, is_rtx && view->repaired_rid.len ? &view->repaired_rid : &view->rid);
    if (index < 0)
        return NULL;
    struct track_layer *layer = &track->layers[index];
    uint64_t now_us = peer->worker->now_us;
    if (is_rtx) {
        if (layer->rtx_bound_us && now_us - layer->rtx_bound_us < PEER_REBIND_US)
            return NULL;
        if (!peer_bind(peer, rtp->ssrc, track, (uint8_t)index, true))
            return NULL;
        layer->rtx_ssrc = rtp->ssrc;
        layer->rtx_bound_us = now_us;
    } else {
        if (layer->bound_us && now_us - layer->bound_us < PEER_REBIND_US)
            return NULL;
        if (!peer_bind(peer, rtp->ssrc, track, (uint8_t)index, false))
            return NULL;
        track_restart_layer(track, (uint8_t)index, rtp->ssrc);
    }
    return find_source(peer, rtp->ssrc);
}

static void note_twcc(struct peer *peer, uint16_t seq)
{
    twcc_recv_on_packet(peer->twcc, seq, peer->worker->now_us);
    if (!timer_is_set(&peer->twcc_timer))
        timer_set(peer->worker->timers, &peer->twcc_timer, twcc_recv_next_us(peer->twcc));
}

void peer_on_rtp(struct peer *peer, const uint8_t *data, size_t len)
{
    struct worker_counts *counts = &peer->worker->counts;
    struct rtp rtp;
    if (len > PACKET_MAX || rtp_parse(&rtp, data, len)) {
        counts->malformed++;
        return;
    }
    struct view view;
    look(peer, &rtp, &view);
    if (view.has_twcc && peer->twcc)
        note_twcc(peer, view.twcc);
    const struct peer_source *source = find_source(peer, rtp.ssrc);
    if (!source)
        source = learn(peer, &rtp, &view);
    if (!source) {
        counts->unknown_ssrc++;
        return;
    }
    if (source->is_rtx)
        track_on_rtx(source->track, source->layer, &rtp, &view.track);
    else
        track_on_rtp(source->track, source->layer, &rtp, &view.track);
}
