/* One connection with the server. See peerconn.h. */
#include "client/peerconn.h"

#include <nice/agent.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/client_priv.h"
#include "net/addr.h"
#include "proto/demux.h"
#include "rtc/dtls.h"
#include "rtc/seal.h"
#include "rtc/transport.h"

#define COMPONENT 1 /* RTP with rtcp-mux */

struct peerconn {
    /* set once at creation */
    struct client *client;
    struct peerconn_ops ops;
    struct dtls_ctx *dtls_ctx;
    NiceAgent *agent;
    guint stream;
    /* owned by the client's thread */
    gchar *ufrag;
    gchar *pwd;
    struct peerconn_remote remote;
    bool has_remote;
    bool is_up; /* ICE has a working pair */
    unsigned ice_rounds;
    struct dtls *dtls;
    struct seal *seal;
    enum client_link link;
};

static void set_link(struct peerconn *pc, enum client_link link)
{
    if (pc->link == link)
        return;
    pc->link = link;
    pc->ops.on_link(pc->ops.ctx, link);
}

static void send_raw(void *arg, const uint8_t *data, size_t len)
{
    struct peerconn *pc = arg;
    (void)nice_agent_send(pc->agent, pc->stream, COMPONENT, (guint)len, (const gchar *)data);
}

/* Follows what DTLS became. */
static void follow_dtls(struct peerconn *pc)
{
    switch (dtls_state(pc->dtls)) {
    case DTLS_HANDSHAKE:
        break;
    case DTLS_READY: {
        uint8_t keys[SEAL_KEYS_MAX];
        size_t len;
        if (pc->seal)
            break;
        if (dtls_export_keys(pc->dtls, keys, &len) == ERR_OK &&
            seal_create(dtls_suite(pc->dtls), keys, len, true, &pc->seal) == ERR_OK)
            set_link(pc, CLIENT_LINK_CONNECTED);
        else
            set_link(pc, CLIENT_LINK_FAILED);
        break;
    }
    case DTLS_CLOSED:
        set_link(pc, CLIENT_LINK_CLOSED);
        break;
    case DTLS_FAILED:
        log_debug("A connection with the server failed. reason=%s", dtls_reason(pc->dtls));
        set_link(pc, CLIENT_LINK_FAILED);
        break;
    }
}

static void start_dtls(struct peerconn *pc)
{
    struct dtls_setup setup = {.is_client = true,
                               .fingerprint = pc->remote.fingerprint,
                               .fingerprint_len = pc->remote.fingerprint_len,
                               .fingerprint_hash = pc->remote.fingerprint_hash,
                               .send = send_raw,
                               .arg = pc};
    set_link(pc, CLIENT_LINK_SECURING);
    if (dtls_create(pc->dtls_ctx, &setup, clock_now_us(), &pc->dtls) != ERR_OK)
        set_link(pc, CLIENT_LINK_FAILED);
}

static void on_component_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer arg)
{
    (void)agent, (void)stream, (void)component;
    struct peerconn *pc = arg;
    bool is_up = state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY;
    if (is_up && !pc->is_up)
        pc->ice_rounds++;
    pc->is_up = is_up;
    if (state == NICE_COMPONENT_STATE_FAILED)
        set_link(pc, CLIENT_LINK_FAILED);
    if (is_up && !pc->dtls)
        start_dtls(pc);
}

static void on_sealed(struct peerconn *pc, bool is_rtcp, uint8_t *data, size_t len, uint64_t now_us)
{
    if (!pc->seal)
        return;
    enum err err = is_rtcp ? unseal_rtcp(pc->seal, data, &len) : unseal_rtp(pc->seal, data, &len);
    if (err == ERR_OK)
        pc->ops.on_packet(pc->ops.ctx, is_rtcp, data, len, now_us);
}

static void on_receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes, gpointer arg)
{
    (void)agent, (void)stream, (void)component;
    struct peerconn *pc = arg;
    uint64_t now_us = clock_now_us();
    uint8_t data[PEERCONN_PACKET_MAX];
    if (len > sizeof(data))
        return;
    memcpy(data, bytes, len);
    switch (packet_classify(data, len)) {
    case PACKET_DTLS:
        if (!pc->dtls)
            break;
        dtls_input(pc->dtls, data, len, now_us);
        follow_dtls(pc);
        break;
    case PACKET_RTP:
        on_sealed(pc, false, data, len, now_us);
        break;
    case PACKET_RTCP:
        on_sealed(pc, true, data, len, now_us);
        break;
    case PACKET_STUN:
    case PACKET_OTHER:
        break;
    }
}

static bool take_credentials(struct peerconn *pc)
{
    g_free(pc->ufrag);
    g_free(pc->pwd);
    pc->ufrag = pc->pwd = NULL;
    return nice_agent_get_local_credentials(pc->agent, pc->stream, &pc->ufrag, &pc->pwd);
}

enum err peerconn_create(struct client *client, const struct peerconn_ops *ops, const char *suites,
                         struct peerconn **out)
{
    struct dtls_ctx *ctx;
    enum err err = client_dtls_ctx(client, suites, &ctx);
    if (err != ERR_OK)
        return err;
    struct peerconn *pc = mem_calloc(1, sizeof(*pc));
    pc->client = client;
    pc->ops = *ops;
    pc->dtls_ctx = ctx;
    pc->agent = nice_agent_new_full(client->loop, NICE_COMPATIBILITY_RFC5245,
                                    NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_CONSENT_FRESHNESS);
    /* The server is lite, so we control (RFC 8445 section 6.1.1), whoever offers. */
    g_object_set(pc->agent, "controlling-mode", TRUE, "upnp", FALSE, "ice-tcp", FALSE, NULL);
    pc->stream = nice_agent_add_stream(pc->agent, 1);
    g_signal_connect(pc->agent, "component-state-changed", G_CALLBACK(on_component_state), pc);
    if (pc->stream == 0 || !take_credentials(pc)) {
        peerconn_free(pc, false);
        return client_refuse(client, ERR_IO, "libnice made no stream");
    }
    nice_agent_attach_recv(pc->agent, pc->stream, COMPONENT, client->loop, on_receive, pc);
    *out = pc;
    return ERR_OK;
}

void peerconn_free(struct peerconn *pc, bool is_polite)
{
    if (!pc)
        return;
    if (pc->dtls && is_polite)
        dtls_close(pc->dtls);
    g_signal_handlers_disconnect_by_data(pc->agent, pc);
    if (pc->stream) {
        nice_agent_attach_recv(pc->agent, pc->stream, COMPONENT, pc->client->loop, NULL, NULL);
        nice_agent_remove_stream(pc->agent, pc->stream);
    }
    g_object_unref(pc->agent);
    seal_free(pc->seal);
    dtls_free(pc->dtls);
    g_free(pc->ufrag);
    g_free(pc->pwd);
    free(pc);
}

const char *peerconn_ufrag(const struct peerconn *pc)
{
    return pc->ufrag;
}

const char *peerconn_pwd(const struct peerconn *pc)
{
    return pc->pwd;
}

const char *peerconn_fingerprint(const struct peerconn *pc)
{
    return rtc_identity_fingerprint(pc->client->identity);
}

void peerconn_restart(struct peerconn *pc)
{
    nice_agent_restart_stream(pc->agent, pc->stream);
    (void)take_credentials(pc);
}

bool peerconn_is_remote(const struct peerconn *pc, const char *ufrag)
{
    return pc->has_remote && strcmp(pc->remote.ufrag, ufrag) == 0;
}

/* Where the server is on this host (tests), the agent must gather loopback, which it leaves out of its own accord. */
static void add_loopback(struct peerconn *pc)
{
    bool has_v4 = false, has_v6 = false;
    for (unsigned i = 0; i < pc->remote.candidate_count; i++) {
        struct addr addr;
        const struct peerconn_candidate *candidate = &pc->remote.candidates[i];
        if (addr_parse(&addr, candidate->address, candidate->port) != ERR_OK || !addr_is_loopback(&addr))
            return; /* reachable from outside: gather as usual */
        has_v4 = has_v4 || addr_is_v4(&addr);
        has_v6 = has_v6 || !addr_is_v4(&addr);
    }
    static const char *const ips[] = {"127.0.0.1", "::1"};
    const bool wanted[] = {has_v4, has_v6};
    for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
        NiceAddress address;
        nice_address_init(&address);
        if (wanted[i] && nice_address_set_from_string(&address, ips[i]))
            nice_agent_add_local_address(pc->agent, &address);
    }
}

static bool set_candidates(struct peerconn *pc)
{
    GSList *list = NULL;
    for (unsigned i = 0; i < pc->remote.candidate_count; i++) {
        const struct peerconn_candidate *from = &pc->remote.candidates[i];
        NiceCandidate *to = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
        to->component_id = COMPONENT;
        to->stream_id = pc->stream;
        to->transport = NICE_CANDIDATE_TRANSPORT_UDP;
        to->priority = from->priority;
        g_strlcpy(to->foundation, from->foundation, sizeof(to->foundation));
        if (nice_address_set_from_string(&to->addr, from->address)) {
            nice_address_set_port(&to->addr, from->port);
            list = g_slist_append(list, to);
        } else {
            nice_candidate_free(to);
        }
    }
    int count = nice_agent_set_remote_candidates(pc->agent, pc->stream, COMPONENT, list);
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    return count > 0;
}

enum err peerconn_set_remote(struct peerconn *pc, const struct peerconn_remote *remote)
{
    bool is_first = !pc->has_remote;
    pc->remote = *remote;
    pc->has_remote = true;
    if (is_first) {
        set_link(pc, CLIENT_LINK_CHECKING);
        add_loopback(pc);
        if (!nice_agent_gather_candidates(pc->agent, pc->stream))
            return client_refuse(pc->client, ERR_IO, "libnice found no local address");
    }
    if (!nice_agent_set_remote_credentials(pc->agent, pc->stream, remote->ufrag, remote->pwd) || !set_candidates(pc))
        return client_refuse(pc->client, ERR_IO, "libnice refused the server's candidates");
    return ERR_OK;
}

void peerconn_tick(struct peerconn *pc, uint64_t now_us)
{
    if (!pc->dtls || now_us < dtls_next_timeout_us(pc->dtls))
        return;
    dtls_timeout(pc->dtls, now_us);
    follow_dtls(pc);
}

bool peerconn_send(struct peerconn *pc, bool is_rtcp, uint8_t *data, size_t len, size_t size)
{
    if (pc->link != CLIENT_LINK_CONNECTED)
        return false;
    enum err err = is_rtcp ? seal_rtcp(pc->seal, data, &len, size) : seal_rtp(pc->seal, data, &len, size);
    return err == ERR_OK &&
           nice_agent_send(pc->agent, pc->stream, COMPONENT, (guint)len, (const gchar *)data) == (gint)len;
}

enum client_link peerconn_link(const struct peerconn *pc)
{
    return pc->link;
}

unsigned peerconn_ice_rounds(const struct peerconn *pc)
{
    return pc->ice_rounds;
}

const char *peerconn_suite(const struct peerconn *pc)
{
    return pc->seal ? seal_suite_name(dtls_suite(pc->dtls)) : "";
}
