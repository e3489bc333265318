/* One secured connection: tells STUN, DTLS and SRTP apart and moves the state on. See transport.h for the thread. */
#include "rtc/transport.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "proto/demux.h"
#include "rtc/context.h"
#include "rtc/dtls.h"
#include "rtc/ice.h"
#include "rtc/ossl.h"
#include "rtc/seal.h"

/* A peer that keeps checking but never finishes DTLS does not hold its place for longer. The DTLS deadline is shorter,
 * but runs from the first DTLS datagram only. */
#define HALF_OPEN_US 30000000

/* A client may begin DTLS before its description reached us: its hello is kept, since it says it again only after its
 * retransmission time. The largest hellos of today take two datagrams. */
#define EARLY_DATAGRAMS_MAX 3
#define EARLY_BYTES_MAX 4096

struct early {
    struct addr from; /* a checked address; the others' datagrams are dropped meanwhile */
    unsigned count;
    size_t lens[EARLY_DATAGRAMS_MAX];
    size_t len;
    uint8_t data[EARLY_BYTES_MAX];
};

struct transport {
    /* set once at creation */
    struct rtc_context *context;
    struct transport_ops ops;
    /* owned by the media thread: every packet */
    enum transport_state state;
    struct seal *seal; /* when READY */
    struct ice ice;
    /* owned by the media thread */
    struct rtc_params params;
    struct dtls *dtls;          /* made when DTLS begins */
    struct early *early;        /* until the remote fingerprint comes */
    const struct addr *dtls_to; /* where the datagram in work came from; NULL = the remote address */
    uint64_t last_seen_us;
    uint64_t half_open_until_us;
    struct transport_stats stats;
    char reason[DTLS_REASON_MAX];
};

static void set_state(struct transport *t, enum transport_state state)
{
    if (t->state == state)
        return;
    t->state = state;
    t->ops.on_state(t->ops.ctx, state);
}

static void fail(struct transport *t, const char *reason)
{
    text_copy(t->reason, sizeof(t->reason), reason);
    set_state(t, TRANSPORT_FAILED);
}

static bool is_over(const struct transport *t)
{
    return t->state == TRANSPORT_CLOSED || t->state == TRANSPORT_FAILED;
}

enum err transport_create(struct rtc_context *context, const struct rtc_params *params, const struct transport_ops *ops,
                          uint64_t now_us, struct transport **out)
{
    if (params->local_ufrag[0] == '\0' || params->local_pwd[0] == '\0')
        return ERR_INVALID;
    struct transport *t = mem_calloc(1, sizeof(*t));
    t->context = context;
    t->ops = *ops;
    t->params = *params;
    t->state = TRANSPORT_NEW;
    t->last_seen_us = now_us;
    ice_init(&t->ice);
    *out = t;
    return ERR_OK;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    if (t->dtls)
        dtls_close(t->dtls);
    for (unsigned i = 0; i < t->ice.count; i++)
        t->ops.on_tuple_gone(t->ops.ctx, &t->ice.tuples[i].addr);
    seal_free(t->seal);
    dtls_free(t->dtls);
    free(t->early);
    OPENSSL_cleanse(&t->params, sizeof(t->params));
    free(t);
}

/* --- DTLS --- */

static void on_dtls_send(void *arg, const uint8_t *data, size_t len)
{
    struct transport *t = arg;
    const struct addr *to = t->dtls_to ? t->dtls_to : ice_remote(&t->ice);
    if (to)
        t->ops.send(t->ops.ctx, data, len, to);
}

static enum err install_keys(struct transport *t)
{
    uint8_t keys[SEAL_KEYS_MAX];
    size_t len;
    enum err err = dtls_export_keys(t->dtls, keys, &len);
    if (err == ERR_OK)
        err = seal_create_by(t->context->maker, dtls_suite(t->dtls), keys, len, t->params.is_dtls_client, &t->seal);
    OPENSSL_cleanse(keys, sizeof(keys));
    return err;
}

/* Follows what DTLS became. `tuple` is where the datagram that changed it came from, NULL for a timeout. */
static void follow_dtls(struct transport *t, struct ice_tuple *tuple, uint64_t now_us)
{
    switch (dtls_state(t->dtls)) {
    case DTLS_HANDSHAKE:
        break;
    case DTLS_READY:
        if (t->seal)
            break;
        if (install_keys(t) != ERR_OK) {
            fail(t, "the SRTP keys could not be set up");
            break;
        }
        if (tuple) {
            t->last_seen_us = now_us;
            ice_set_strict(&t->ice, tuple, now_us);
        }
        set_state(t, TRANSPORT_READY);
        break;
    case DTLS_CLOSED:
        set_state(t, TRANSPORT_CLOSED);
        break;
    case DTLS_FAILED:
        fail(t, dtls_reason(t->dtls));
        break;
    }
}

static bool start_dtls(struct transport *t, uint64_t now_us)
{
    struct dtls_setup setup = {
        .is_client = t->params.is_dtls_client,
        .fingerprint = t->params.fingerprint,
        .fingerprint_len = t->params.fingerprint_len,
        .fingerprint_hash = t->params.fingerprint_hash,
        .send = on_dtls_send,
        .arg = t,
    };
    if (dtls_create(t->context->dtls, &setup, now_us, &t->dtls) == ERR_OK)
        return true;
    fail(t, "DTLS could not be set up for this fingerprint");
    return false;
}

/* The active side begins as soon as there is a checked address and a fingerprint. */
static bool is_client_due(const struct transport *t)
{
    return t->params.is_dtls_client && !t->dtls && !is_over(t) && t->params.fingerprint_len > 0 &&
           ice_remote(&t->ice) != NULL;
}

/* What has no room is as if it were lost on the way. */
static enum transport_input keep_early(struct transport *t, const uint8_t *data, size_t len, const struct addr *from)
{
    struct early *early = t->early;
    if (!early) {
        early = t->early = mem_calloc(1, sizeof(*early));
        early->from = *from;
    }
    if (early->count == EARLY_DATAGRAMS_MAX || len > sizeof(early->data) - early->len ||
        !addr_is_equal(&early->from, from))
        return TRANSPORT_DROP;
    memcpy(early->data + early->len, data, len);
    early->len += len;
    early->lens[early->count++] = len;
    return TRANSPORT_HANDLED;
}

static bool is_early_due(const struct transport *t)
{
    return t->early && t->params.fingerprint_len > 0;
}

static void play_early(struct transport *t, uint64_t now_us);

static enum transport_input on_dtls(struct transport *t, const uint8_t *data, size_t len, const struct addr *from,
                                    uint64_t now_us)
{
    struct ice_tuple *tuple = ice_find(&t->ice, from);
    if (!tuple) {
        t->stats.unchecked_drops++;
        return TRANSPORT_DROP;
    }
    if (!t->dtls && t->params.fingerprint_len == 0)
        return keep_early(t, data, len, from);
    if (is_early_due(t))
        play_early(t, now_us);
    if (!t->dtls && !start_dtls(t, now_us))
        return TRANSPORT_DROP;
    t->dtls_to = from;
    dtls_input(t->dtls, data, len, now_us);
    t->dtls_to = NULL;
    follow_dtls(t, tuple, now_us);
    return TRANSPORT_HANDLED;
}

static void play_early(struct transport *t, uint64_t now_us)
{
    struct early *early = t->early;
    const uint8_t *data = early->data;
    t->early = NULL;
    for (unsigned i = 0; i < early->count && !is_over(t); i++) {
        (void)on_dtls(t, data, early->lens[i], &early->from, now_us);
        data += early->lens[i];
    }
    free(early);
}

/* --- STUN --- */

static struct ice_tuple *add_tuple(struct transport *t, const struct addr *from, uint64_t now_us)
{
    if (!t->ops.on_tuple(t->ops.ctx, from))
        return NULL;
    const struct ice_tuple *victim = ice_victim(&t->ice);
    if (victim) {
        struct addr gone = victim->addr;
        ice_remove(&t->ice, &gone);
        t->ops.on_tuple_gone(t->ops.ctx, &gone);
    }
    return ice_add(&t->ice, from, now_us);
}

static enum transport_input refuse_stun(struct transport *t)
{
    t->stats.stun_refused++;
    return TRANSPORT_DROP;
}

static enum transport_input on_stun(struct transport *t, const uint8_t *data, size_t len, const struct addr *from,
                                    uint64_t now_us)
{
    t->stats.stun_requests++;
    struct ice_creds creds = {
        .local_ufrag = t->params.local_ufrag, .local_pwd = t->params.local_pwd, .remote_ufrag = t->params.remote_ufrag};
    struct ice_check check;
    if (ice_stun_answer(t->context->stun, &creds, data, len, from, &check) != ERR_OK ||
        !ice_note_id(&t->ice, check.id, from))
        return refuse_stun(t);
    if (check.is_valid) {
        struct ice_tuple *tuple = ice_find(&t->ice, from);
        if (!tuple)
            tuple = add_tuple(t, from, now_us);
        if (!tuple)
            return refuse_stun(t);
        tuple->last_seen_us = now_us;
        t->last_seen_us = now_us;
    }
    t->ops.send(t->ops.ctx, check.reply, check.reply_len, from);
    if (!check.is_valid)
        return TRANSPORT_HANDLED;
    if (check.is_nominated)
        ice_nominate(&t->ice, from, now_us);
    if (t->state == TRANSPORT_NEW) {
        t->half_open_until_us = now_us + HALF_OPEN_US;
        set_state(t, TRANSPORT_CHECKED);
    }
    if (is_client_due(t))
        (void)start_dtls(t, now_us);
    return TRANSPORT_HANDLED;
}

/* --- SRTP --- */

static enum transport_input on_sealed(struct transport *t, uint8_t *data, size_t *len, const struct addr *from,
                                      bool is_rtcp, uint64_t now_us)
{
    struct ice_tuple *tuple = ice_find(&t->ice, from);
    if (!tuple || !t->seal) {
        t->stats.unchecked_drops++;
        return TRANSPORT_DROP;
    }
    enum err err = is_rtcp ? unseal_rtcp(t->seal, data, len) : unseal_rtp(t->seal, data, len);
    if (err == ERR_EXISTS)
        t->stats.replays++;
    else if (err != ERR_OK)
        t->stats.unseal_failures++;
    if (err != ERR_OK)
        return TRANSPORT_DROP;
    t->last_seen_us = now_us;
    ice_prove(&t->ice, tuple, now_us);
    return is_rtcp ? TRANSPORT_RTCP : TRANSPORT_RTP;
}

enum transport_input transport_input(struct transport *t, uint8_t *data, size_t *len, const struct addr *from,
                                     uint64_t now_us)
{
    if (is_over(t))
        return TRANSPORT_DROP;
    switch (packet_classify(data, *len)) {
    case PACKET_RTP:
        return on_sealed(t, data, len, from, false, now_us);
    case PACKET_RTCP:
        return on_sealed(t, data, len, from, true, now_us);
    case PACKET_STUN:
        return on_stun(t, data, *len, from, now_us);
    case PACKET_DTLS:
        return on_dtls(t, data, *len, from, now_us);
    case PACKET_OTHER:
        break;
    }
    return TRANSPORT_DROP;
}

enum err transport_seal_rtp(struct transport *t, uint8_t *data, size_t *len, size_t size)
{
    return t->state == TRANSPORT_READY ? seal_rtp(t->seal, data, len, size) : ERR_STATE;
}

enum err transport_seal_rtcp(struct transport *t, uint8_t *data, size_t *len, size_t size)
{
    return t->state == TRANSPORT_READY ? seal_rtcp(t->seal, data, len, size) : ERR_STATE;
}

void transport_prefetch(const struct transport *t, unsigned step)
{
    switch (step) {
    case 0:
        __builtin_prefetch(t);
        __builtin_prefetch(&t->seal);
        __builtin_prefetch(&t->ice.selected);
        break;
    case 1:
        __builtin_prefetch(t->seal);
        __builtin_prefetch(ice_remote(&t->ice));
        break;
    default:
        if (t->seal)
            seal_prefetch(t->seal, step - 2);
        break;
    }
}

/* --- control and time --- */

static bool is_same_fingerprint(const struct rtc_params *a, const struct rtc_params *b)
{
    return a->fingerprint_len == b->fingerprint_len && strcmp(a->fingerprint_hash, b->fingerprint_hash) == 0 &&
           memcmp(a->fingerprint, b->fingerprint, a->fingerprint_len) == 0;
}

void transport_restart_ice(struct transport *t, const struct rtc_params *params)
{
    if (t->dtls && !is_same_fingerprint(&t->params, params)) {
        fail(t, "the remote description changed the certificate after DTLS began");
        return;
    }
    bool is_dtls_client = t->dtls ? t->params.is_dtls_client : params->is_dtls_client;
    if (strcmp(t->params.local_ufrag, params->local_ufrag) != 0)
        ice_restart(&t->ice);
    t->params = *params;
    t->params.is_dtls_client = is_dtls_client;
}

uint64_t transport_next_timeout_us(const struct transport *t)
{
    if (t->state != TRANSPORT_CHECKED)
        return UINT64_MAX;
    if (is_client_due(t) || is_early_due(t))
        return t->last_seen_us;
    uint64_t dtls_us = t->dtls ? dtls_next_timeout_us(t->dtls) : UINT64_MAX;
    return dtls_us < t->half_open_until_us ? dtls_us : t->half_open_until_us;
}

void transport_timeout(struct transport *t, uint64_t now_us)
{
    if (t->state != TRANSPORT_CHECKED)
        return;
    if (now_us >= t->half_open_until_us) {
        fail(t, "the address was checked, but the DTLS handshake did not finish");
        return;
    }
    if (is_client_due(t)) {
        (void)start_dtls(t, now_us);
        return;
    }
    if (is_early_due(t)) {
        play_early(t, now_us);
        return;
    }
    if (t->dtls && now_us >= dtls_next_timeout_us(t->dtls)) {
        dtls_timeout(t->dtls, now_us);
        follow_dtls(t, NULL, now_us);
    }
}

const struct addr *transport_remote(const struct transport *t)
{
    return ice_remote(&t->ice);
}

enum transport_state transport_state(const struct transport *t)
{
    return t->state;
}

const char *transport_reason(const struct transport *t)
{
    return t->reason;
}

uint64_t transport_last_seen_us(const struct transport *t)
{
    return t->last_seen_us;
}

const struct transport_stats *transport_stats(const struct transport *t)
{
    return &t->stats;
}

const char *transport_suite(const struct transport *t)
{
    return t->seal ? seal_suite_name(dtls_suite(t->dtls)) : "";
}
