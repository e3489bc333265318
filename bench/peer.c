/* The generator's ends of connections. See peer.h. */
#include "bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "bench/stamp.h"
#include "proto/demux.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp.h"
#include "rtc/context.h"

#define CHECK_FIRST_US 100000u /* until the first answer */
#define CHECK_US 2500000u      /* afterwards, as browsers do */
#define RTCP_US 1000000u
#define PRIORITY 0x6e0001ffu /* of a peer-reflexive candidate */

/* --- connectivity checks --- */

static size_t make_check(uint8_t *out, size_t size, const char *to, const char *from, const char *pwd)
{
    StunAgent agent;
    StunMessage message;
    char name[RTC_UFRAG_SIZE * 2 + 2];
    int len = snprintf(name, sizeof(name), "%s:%s", to, from);
    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    return stun_usage_ice_conncheck_create(&agent, &message, out, size, (const uint8_t *)name, (size_t)len,
                                           (const uint8_t *)pwd, strlen(pwd), true, true, PRIORITY, 0x1122334455667788,
                                           NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
}

static void send_check(struct peer *peer)
{
    uint8_t *slot = wire_slot(peer->all->wire);
    size_t len =
        make_check(slot, WIRE_SLOT_SIZE, peer->params.remote_ufrag, peer->params.local_ufrag, peer->params.remote_pwd);
    wire_commit(peer->all->wire, len, peer->ip, &peer->server);
}

/* Our transport is an ICE-lite one as the server's is: it learns the other side's address from a check, so it is given
 * one. */
static void meet(struct peer *peer)
{
    uint8_t data[512];
    size_t len =
        make_check(data, sizeof(data), peer->params.local_ufrag, peer->params.remote_ufrag, peer->params.local_pwd);
    peer->is_met = true;
    (void)transport_input(peer->transport, data, &len, &peer->server, peer->all->now_us);
}

/* --- what the transport says --- */

static void on_send(void *ctx, const uint8_t *data, size_t len, const struct addr *to)
{
    struct peer *peer = ctx;
    /* The answer to the check that we gave ourselves is for nobody; an answer to the server's own check must go. */
    if (!peer->is_answered || len > WIRE_SLOT_SIZE)
        return;
    if (packet_classify(data, len) == PACKET_STUN && transport_state(peer->transport) == TRANSPORT_NEW)
        return;
    memcpy(wire_slot(peer->all->wire), data, len);
    wire_commit(peer->all->wire, len, peer->ip, to);
}

static void on_state(void *ctx, enum transport_state state)
{
    struct peer *peer = ctx;
    if (state == TRANSPORT_READY)
        peer->ops.on_ready(peer->ops.ctx);
    else if (state == TRANSPORT_CLOSED)
        peer->ops.on_failed(peer->ops.ctx, "the server closed the connection");
    else if (state == TRANSPORT_FAILED)
        peer->ops.on_failed(peer->ops.ctx, transport_reason(peer->transport));
}

static bool on_tuple(void *ctx, const struct addr *addr)
{
    (void)ctx, (void)addr;
    return true;
}

static void on_tuple_gone(void *ctx, const struct addr *addr)
{
    (void)ctx, (void)addr;
}

/* --- life --- */

enum err peers_create(const struct peers_setup *setup, struct peers **out)
{
    struct peers *peers = mem_calloc(1, sizeof(*peers));
    peers->setup = *setup;
    peers->by_index = mem_calloc(setup->max, sizeof(struct peer *));
    peers->now_us = clock_now_us();
    enum err err = wire_create(&peers->wire);
    if (err == ERR_OK)
        err = rtc_identity_create(&peers->identity);
    if (err == ERR_OK)
        err = rtc_context_create_with(peers->identity, setup->suites, &peers->context);
    if (err != ERR_OK) {
        peers_free(peers);
        return err;
    }
    *out = peers;
    return ERR_OK;
}

void peers_free(struct peers *peers)
{
    if (!peers)
        return;
    for (unsigned i = 0; i < peers->next_index; i++)
        peer_free(peers->by_index[i], false);
    rtc_context_free(peers->context);
    rtc_identity_free(peers->identity);
    wire_free(peers->wire);
    free(peers->by_index);
    free(peers);
}

/* Each address is used once in a run: a server need not sort out who had it before. */
struct peer *peer_create(struct peers *peers, const struct peer_ops *ops)
{
    if (peers->next_index == peers->setup.max)
        return NULL;
    struct peer *peer = mem_calloc(1, sizeof(*peer));
    peer->all = peers;
    peer->ops = *ops;
    peer->index = peers->next_index++;
    peer->ip = peers->setup.base_ip + 1 + peer->index;
    peer->rtcp_ssrc = rand_u32() | 1;
    rand_alnum(peer->params.local_ufrag, 8);
    rand_alnum(peer->params.local_pwd, 24);
    peers->by_index[peer->index] = peer;
    return peer;
}

void peer_free(struct peer *peer, bool is_polite)
{
    if (!peer)
        return;
    peer->is_answered = peer->is_answered && is_polite; /* else on_send() keeps it quiet */
    transport_free(peer->transport);
    peer->all->by_index[peer->index] = NULL;
    free(peer->streams);
    free(peer);
}

enum err peer_set_remote(struct peer *peer, const struct peerconn_remote *remote, bool is_dtls_client)
{
    struct rtc_params *params = &peer->params;
    bool is_found = false;
    for (unsigned i = 0; i < remote->candidate_count && !is_found; i++)
        is_found = addr_parse(&peer->server, remote->candidates[i].address, remote->candidates[i].port) == ERR_OK &&
                   addr_is_v4(&peer->server);
    if (!is_found)
        return ERR_NOT_FOUND;
    text_copy(params->remote_ufrag, sizeof(params->remote_ufrag), remote->ufrag);
    text_copy(params->remote_pwd, sizeof(params->remote_pwd), remote->pwd);
    memcpy(params->fingerprint, remote->fingerprint, remote->fingerprint_len);
    params->fingerprint_len = (uint8_t)remote->fingerprint_len;
    text_copy(params->fingerprint_hash, sizeof(params->fingerprint_hash), remote->fingerprint_hash);
    params->is_dtls_client = is_dtls_client;
    struct transport_ops ops = {on_send, on_state, on_tuple, on_tuple_gone, peer};
    enum err err = transport_create(peer->all->context, params, &ops, peer->all->now_us, &peer->transport);
    if (err != ERR_OK)
        return err;
    send_check(peer);
    peer->check_us = peer->all->now_us + CHECK_FIRST_US;
    peer->rtcp_us = peer->all->now_us + rand_u32() % RTCP_US;
    return ERR_OK;
}

void peer_set_streams(struct peer *peer, const uint32_t *ssrcs, unsigned count)
{
    struct peer_stream *streams = mem_calloc(count ? count : 1, sizeof(*streams));
    for (unsigned i = 0; i < count; i++) {
        streams[i].ssrc = ssrcs[i];
        for (unsigned k = 0; k < peer->stream_count; k++) {
            if (peer->streams[k].ssrc == ssrcs[i])
                streams[i] = peer->streams[k];
        }
    }
    free(peer->streams);
    peer->streams = streams;
    peer->stream_count = count;
    peer->last_stream = 0;
}

bool peer_is_ready(const struct peer *peer)
{
    return peer && peer->transport && transport_state(peer->transport) == TRANSPORT_READY;
}

/* --- packets in --- */

static struct peer_stream *find_stream(struct peer *peer, uint32_t ssrc)
{
    if (peer->last_stream < peer->stream_count && peer->streams[peer->last_stream].ssrc == ssrc)
        return &peer->streams[peer->last_stream];
    for (unsigned i = 0; i < peer->stream_count; i++) {
        if (peer->streams[i].ssrc == ssrc) {
            peer->last_stream = i;
            return &peer->streams[i];
        }
    }
    return NULL;
}

static void count_seq(struct peer_stream *stream, uint16_t seq)
{
    if (stream->received++ == 0) {
        stream->ext_high = stream->first_ext = 0x10000u + seq;
        return;
    }
    int16_t step = (int16_t)(seq - (uint16_t)stream->ext_high);
    if (step > 0)
        stream->ext_high += (uint32_t)step;
}

static void open_packet(struct peer *peer, struct wire_packet *packet)
{
    struct peers *peers = peer->all;
    struct rtp rtp;
    uint64_t sent_ns;
    size_t len = packet->len;
    if (transport_input(peer->transport, packet->data, &len, &packet->from, peers->now_us) != TRANSPORT_RTP ||
        rtp_parse(&rtp, packet->data, len) != ERR_OK || !stamp_read(rtp_payload(&rtp), rtp.payload_len, &sent_ns)) {
        peers->count.not_opened++;
        return;
    }
    peers->count.opened++;
    if (peers->is_measuring && packet->wall_ns >= sent_ns)
        hist_add(&peers->delay_ns, packet->wall_ns - sent_ns);
}

static void on_rtp(struct peer *peer, struct wire_packet *packet)
{
    struct peers *peers = peer->all;
    const uint8_t *data = packet->data;
    if (packet->len < RTP_HEADER_LEN || !peer->transport)
        return;
    uint32_t ssrc = (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 | data[11];
    struct peer_stream *stream = find_stream(peer, ssrc);
    if (!stream) {
        peers->count.strange_rtp++;
        return;
    }
    count_seq(stream, (uint16_t)(data[2] << 8 | data[3]));
    peers->count.rtp++;
    peers->count.rtp_bytes += packet->len;
    if (!peer->has_media) {
        peer->has_media = true;
        peer->ops.on_first_packet(peer->ops.ctx);
    }
    if (++peers->open_turn % peers->setup.open_every == 0)
        open_packet(peer, packet);
}

static void on_rtcp(struct peer *peer, struct wire_packet *packet)
{
    struct rtcp_iter it;
    struct rtcp rtcp;
    struct rtcp_fb fb;
    size_t len = packet->len;
    peer->all->count.rtcp++;
    if (!peer->transport || peer->stream_count > 0) /* a subscriber has no use for it */
        return;
    if (transport_input(peer->transport, packet->data, &len, &packet->from, peer->all->now_us) != TRANSPORT_RTCP ||
        rtcp_iter_init(&it, packet->data, len) != ERR_OK)
        return;
    while (rtcp_next(&it, &rtcp)) {
        if (rtcp.type == RTCP_PSFB && rtcp_fb_parse(&rtcp, &fb) == ERR_OK &&
            (fb.kind == RTCP_FB_PLI || fb.kind == RTCP_FB_FIR))
            peer->ops.on_key_wanted(peer->ops.ctx, fb.kind == RTCP_FB_PLI ? fb.media_ssrc : 0);
    }
}

static void on_stun(struct peer *peer, struct wire_packet *packet)
{
    size_t len = packet->len;
    if (!peer->transport)
        return;
    if (packet->data[0] == 0x01 && packet->data[1] == 0x01) { /* Binding success response, RFC 8489 section 5 */
        peer->is_answered = true;
        if (!peer->is_met)
            meet(peer);
    } else if (packet->data[0] == 0x00 && packet->data[1] == 0x01) {
        (void)transport_input(peer->transport, packet->data, &len, &packet->from, peer->all->now_us);
    }
}

static void on_packet(struct peers *peers, struct wire_packet *packet)
{
    uint32_t index = packet->local_ip - peers->setup.base_ip - 1;
    struct peer *peer = index < peers->next_index ? peers->by_index[index] : NULL;
    size_t len = packet->len;
    if (!peer) {
        peers->count.unknown++;
        return;
    }
    switch (packet_classify(packet->data, packet->len)) {
    case PACKET_RTP:
        on_rtp(peer, packet);
        break;
    case PACKET_RTCP:
        on_rtcp(peer, packet);
        break;
    case PACKET_STUN:
        on_stun(peer, packet);
        break;
    case PACKET_DTLS:
        if (peer->transport)
            (void)transport_input(peer->transport, packet->data, &len, &packet->from, peers->now_us);
        break;
    case PACKET_OTHER:
        break;
    }
}

size_t peers_read(struct peers *peers, uint64_t now_us)
{
    peers->now_us = now_us;
    size_t count = wire_read(peers->wire);
    for (size_t i = 0; i < count; i++)
        on_packet(peers, wire_packet(peers->wire, i));
    return count;
}

/* --- packets out --- */

void peer_send_rtp(struct peer *peer, uint8_t *slot, size_t len)
{
    if (transport_seal_rtp(peer->transport, slot, &len, WIRE_SLOT_SIZE) != ERR_OK)
        return;
    wire_commit(peer->all->wire, len, peer->ip, &peer->server);
    peer->all->count.out++;
}

void peer_send_rtcp(struct peer *peer, uint8_t *slot, size_t len)
{
    if (transport_seal_rtcp(peer->transport, slot, &len, WIRE_SLOT_SIZE) == ERR_OK)
        wire_commit(peer->all->wire, len, peer->ip, &peer->server);
}

/* A report about everything received, as a browser sends it each second. */
static void send_report(struct peer *peer)
{
    for (unsigned first = 0; first < peer->stream_count; first += RTCP_COUNT_MAX) {
        struct rtcp_report_block blocks[RTCP_COUNT_MAX];
        unsigned count = 0;
        for (unsigned i = first; i < peer->stream_count && count < RTCP_COUNT_MAX; i++) {
            if (peer->streams[i].received)
                blocks[count++] =
                    (struct rtcp_report_block){.ssrc = peer->streams[i].ssrc, .ext_seq = peer->streams[i].ext_high};
        }
        uint8_t *slot = wire_slot(peer->all->wire);
        struct wr wr = wr_make(slot, WIRE_SLOT_SIZE - TRANSPORT_SEAL_OVERHEAD);
        rtcp_write_rr(&wr, peer->rtcp_ssrc, blocks, count);
        rtcp_write_sdes_cname(&wr, peer->rtcp_ssrc, "bench");
        peer_send_rtcp(peer, slot, wr_len(&wr));
    }
}

static void tick(struct peer *peer, uint64_t now_us)
{
    if (!peer->transport)
        return;
    if (now_us >= peer->check_us) {
        send_check(peer);
        peer->check_us = now_us + (peer->is_answered ? CHECK_US - rand_u32() % (CHECK_US / 10) : CHECK_FIRST_US);
    }
    if (now_us >= transport_next_timeout_us(peer->transport))
        transport_timeout(peer->transport, now_us);
    if (now_us >= peer->rtcp_us && peer_is_ready(peer)) {
        send_report(peer);
        peer->rtcp_us = now_us + RTCP_US;
    }
}

void peers_tick(struct peers *peers, uint64_t now_us)
{
    peers->now_us = now_us;
    for (unsigned i = 0; i < peers->next_index; i++) {
        if (peers->by_index[i])
            tick(peers->by_index[i], now_us);
    }
    wire_flush(peers->wire);
}
