/* One secured connection of a peer: ICE-lite, DTLS-SRTP, packet in, packets out. Sans-IO: owned by one media thread (or
 * a test, or the native client's tests), time passed in, opens no socket.
 *
 * The media path:
 *     switch (transport_input(t, packet, &len, &from, now_us)) {
 *     case TRANSPORT_RTP:      the packet was unsealed in place, len is the plain length
 *     case TRANSPORT_RTCP:     the same, a compound
 *     case TRANSPORT_HANDLED:  STUN or DTLS, all done (answers went out by ops->send)
 *     case TRANSPORT_DROP:     counted
 *     }
 * and
 *     if (transport_seal_rtp(t, slot, &len, size) == ERR_OK) udp_tx_commit(tx, len, transport_remote(t), lane, ssrc);
 *
 * Rules (DESIGN 1, 3; PEERS attacks A, B): STUN requests are answered only with the right ufrag and MESSAGE-INTEGRITY;
 * an address is used (for anything but answering STUN) only after it passed its own check, at most TRANSPORT_TUPLES_MAX
 * of them; DTLS, RTP and RTCP from other addresses are dropped before any parse; media goes to the nominated tuple
 * (USE-CANDIDATE), else the first checked. The certificate must match the SDP fingerprint, or the transport fails at
 * once and no key is used. The media path allocates nothing; the handshake may (OpenSSL). */
#ifndef ICHAT_RTC_TRANSPORT_H
#define ICHAT_RTC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"
#include "rtc/params.h"

#define TRANSPORT_TUPLES_MAX 8
#define TRANSPORT_SEAL_OVERHEAD 36 /* bytes that sealing may add: tag 16, SRTCP index 4, and room */

struct transport;
struct rtc_identity;

/* The process' DTLS certificate (EC P-256, self-made, in memory) and its SHA-256 fingerprint. Made once by main; const
 * afterwards, every thread reads it. */
MUST_CHECK enum err rtc_identity_create(struct rtc_identity **out);
void rtc_identity_free(struct rtc_identity *identity);
const char *rtc_identity_fingerprint(const struct rtc_identity *identity); /* "AB:CD:.." for a=fingerprint:sha-256 */

/* What one media thread shares among its transports: SSL_CTX, STUN scratch, libsrtp. Owned by that thread. */
struct rtc_context;
MUST_CHECK enum err rtc_context_create(const struct rtc_identity *identity, struct rtc_context **out);
/* Before the first transport: who seals and opens, by its name in `media.srtp`; others are ignored. */
void rtc_context_set_sealer(struct rtc_context *context, const char *name);
void rtc_context_free(struct rtc_context *context);
/* Once a process, before any thread: libsrtp and OpenSSL initialisation. */
MUST_CHECK enum err rtc_global_init(void);
void rtc_global_free(void);

enum transport_state {
    TRANSPORT_NEW,     /* nothing came yet */
    TRANSPORT_CHECKED, /* an address passed a check; DTLS under way */
    TRANSPORT_READY,   /* keys are in place */
    TRANSPORT_CLOSED,  /* the peer sent close_notify */
    TRANSPORT_FAILED,  /* handshake failed, wrong fingerprint, or timed out */
};

struct transport_ops {
    /* A STUN answer or DTLS flight (at most 1,500 bytes) to send now or at the turn's end; copied by the callee. */
    void (*send)(void *ctx, const uint8_t *data, size_t len, const struct addr *to);
    void (*on_state)(void *ctx, enum transport_state state);
    /* An address passed its check for the first time: the worker maps it to this peer. False = refuse it (taken). */
    bool (*on_tuple)(void *ctx, const struct addr *addr);
    /* A tuple is given up. */
    void (*on_tuple_gone)(void *ctx, const struct addr *addr);
    void *ctx;
};

enum transport_input {
    TRANSPORT_DROP,
    TRANSPORT_HANDLED,
    TRANSPORT_RTP,
    TRANSPORT_RTCP,
};

MUST_CHECK enum err transport_create(struct rtc_context *context, const struct rtc_params *params,
                                     const struct transport_ops *ops, uint64_t now_us, struct transport **out);
/* Sends close_notify when ready, then gives up every tuple (on_tuple_gone). Never from within a callback. */
void transport_free(struct transport *t);

/* The datagram is written to in place. */
enum transport_input transport_input(struct transport *t, uint8_t *data, size_t *len, const struct addr *from,
                                     uint64_t now_us);
/* Seals in place at data; *len grows; size is the room. ERR_STATE before READY. */
/* A sequence number goes out once for an SSRC (ERR_EXISTS for a repetition): retransmit as RTX, see seal.h. */
MUST_CHECK enum err transport_seal_rtp(struct transport *t, uint8_t *data, size_t *len, size_t size);
MUST_CHECK enum err transport_seal_rtcp(struct transport *t, uint8_t *data, size_t *len, size_t size);
/* Brings what sealing touches into the cache, a level of pointers a step: 0, 1, .. TRANSPORT_PREFETCH_STEPS - 1, with
 * other work between them. A loop over many transports asks for the ones ahead. */
#define TRANSPORT_PREFETCH_STEPS 4
void transport_prefetch(const struct transport *t, unsigned step);
/* Where media goes now; NULL before the first check passed. */
const struct addr *transport_remote(const struct transport *t);
enum transport_state transport_state(const struct transport *t);
/* Why it FAILED, a sentence for logs and events; "" else. */
const char *transport_reason(const struct transport *t);
/* The last authenticated packet (STUN with integrity, DTLS after the check, SRTP), for liveness; at first the
 * time of creation. */
uint64_t transport_last_seen_us(const struct transport *t);

/* The remote description came (credentials and fingerprint were empty so far: DTLS waits for it), or both sides have
 * new ICE credentials (ICE restart): tuples stay in use until a new one is nominated. The certificate and the DTLS role
 * cannot change once DTLS began: another fingerprint makes the transport fail. */
void transport_restart_ice(struct transport *t, const struct rtc_params *params);

/* DTLS retransmission and deadlines. next: absolute time, UINT64_MAX = none; it changes with every input that was
 * HANDLED and every timeout. */
uint64_t transport_next_timeout_us(const struct transport *t);
void transport_timeout(struct transport *t, uint64_t now_us);

struct transport_stats {
    uint64_t unseal_failures; /* bad tag */
    uint64_t replays;
    uint64_t unchecked_drops; /* from an address that passed no check */
    uint64_t stun_requests;
    uint64_t stun_refused;
};
const struct transport_stats *transport_stats(const struct transport *t);
/* "AEAD_AES_128_GCM", ... or "" before READY. */
const char *transport_suite(const struct transport *t);

/* Of any datagram: the local ufrag that a STUN binding request names (USERNAME up to ':'), so that the worker finds the
 * peer. ERR_INVALID for everything else. Bounds-checked; nothing is authenticated yet. */
#define RTC_UFRAG_MAX 32
MUST_CHECK enum err rtc_stun_ufrag(const uint8_t *data, size_t len, char out[RTC_UFRAG_MAX + 1]);

#endif
