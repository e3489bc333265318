/* The generator's ends of connections with the server, lean: an address of its own on the shared socket, connectivity
 * checks by libnice's codec, DTLS and SRTP by rtc/transport. A subscriber's packets are counted by their headers; one
 * of N is opened, for the send stamp and as proof that the keys fit. One thread.
 *
 *     peers_create(&setup, &peers);
 *     peer = peer_create(peers, &ops);          its ufrag, password and fingerprint go into the SDP
 *     peer_set_remote(peer, &remote, true);     checks, then DTLS; ops.on_ready
 *     peers_read(peers) until it answers 0; peers_tick(peers, now_us) every few milliseconds */
#ifndef ICHAT_BENCH_PEER_H
#define ICHAT_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bench/hist.h"
#include "bench/wire.h"
#include "client/peerconn.h"
#include "rtc/transport.h"

#define PEER_STREAMS_MAX 256

struct peer_stream {
    uint32_t ssrc;
    uint32_t ext_high; /* highest sequence number with its wraps */
    uint32_t first_ext;
    uint64_t received;
};

struct peer_ops {
    void (*on_ready)(void *ctx);
    void (*on_failed)(void *ctx, const char *reason);
    void (*on_first_packet)(void *ctx);              /* of a stream that is known */
    void (*on_key_wanted)(void *ctx, uint32_t ssrc); /* PLI; 0 = of all, FIR: publishers */
    void *ctx;
};

struct peers;

struct peer {
    /* set once at creation */
    struct peers *all;
    struct peer_ops ops;
    uint32_t ip; /* its own, host order */
    unsigned index;
    uint32_t rtcp_ssrc;
    struct rtc_params params;
    /* owned by the generator's thread */
    struct addr server;
    struct transport *transport; /* NULL before the remote description */
    bool is_answered;            /* our check was */
    bool is_met;                 /* the transport knows the server's address */
    bool has_media;
    uint64_t check_us, rtcp_us; /* when due */
    uint16_t twcc_seq;
    unsigned stream_count;
    unsigned last_stream;
    struct peer_stream *streams;
};

struct peers_setup {
    uint32_t base_ip;   /* host order; the range that follows is local to this host */
    const char *suites; /* OpenSSL's names */
    unsigned max;
    unsigned open_every; /* 1 = open each packet */
};

/* Of all peers together, since creation. */
struct peers_count {
    uint64_t rtp;         /* of known streams */
    uint64_t rtp_bytes;   /* UDP payload */
    uint64_t strange_rtp; /* of other SSRCs: retransmissions, probes */
    uint64_t rtcp;
    uint64_t opened;
    uint64_t not_opened; /* wrong tag, or no stamp in it */
    uint64_t out;
    uint64_t unknown; /* for no peer of ours */
};

struct peers {
    /* set once at creation */
    struct peers_setup setup;
    struct wire *wire;
    struct rtc_identity *identity;
    struct rtc_context *context;
    /* owner's */
    struct peer **by_index;
    unsigned next_index;
    uint64_t now_us;
    uint64_t open_turn;
    bool is_measuring; /* delays are kept */
    struct hist delay_ns;
    struct peers_count count;
};

MUST_CHECK enum err peers_create(const struct peers_setup *setup, struct peers **out);
void peers_free(struct peers *peers); /* and all that are left */
/* One batch; how many datagrams. */
size_t peers_read(struct peers *peers, uint64_t now_us);
void peers_tick(struct peers *peers, uint64_t now_us);

struct peer *peer_create(struct peers *peers, const struct peer_ops *ops);
void peer_free(struct peer *peer, bool is_polite); /* polite: says close_notify */
/* ERR_NOT_FOUND: no candidate that we can reach. */
MUST_CHECK enum err peer_set_remote(struct peer *peer, const struct peerconn_remote *remote, bool is_dtls_client);
/* The sources to count; those that are known already go on. */
void peer_set_streams(struct peer *peer, const uint32_t *ssrcs, unsigned count);
bool peer_is_ready(const struct peer *peer);
/* Seals what stands in the wire's slot and hands it over. */
void peer_send_rtp(struct peer *peer, uint8_t *slot, size_t len);
void peer_send_rtcp(struct peer *peer, uint8_t *slot, size_t len);

#endif
