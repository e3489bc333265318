/* Media workers without threads, sockets or cryptography, under a virtual clock: this file stands in for egress.c,
 * worker.c and rtc/ at link time. What a peer would be sent is kept in plain bytes; what it sends is fed to
 * peer_on_rtp() and peer_on_rtcp() in plain bytes.
 *
 *     struct fake *fake = fake_create(2);
 *     struct peer *peer = fake_peer(fake, worker, call, user);      up at once
 *     fake_cmd(fake, worker, &cmd);
 *     fake_rtp(fake, peer, bytes, len);
 *     fake_run(fake, us);                                           timers and relays of all workers, by 1 ms
 *     while (fake_take(fake, peer, &packet)) ... */
#ifndef ICHAT_TESTS_MEDIA_FAKE_H
#define ICHAT_TESTS_MEDIA_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/peer.h"
#include "media/worker.h"

#define FAKE_WORKERS_MAX 4
#define FAKE_QUEUE 8192
#define FAKE_BYTES_MAX 1700

struct fake_packet {
    uint64_t at_us;
    bool is_rtcp;
    size_t len;
    uint8_t data[FAKE_BYTES_MAX];
};

/* What transport_input() was given. */
struct fake_input {
    const struct transport *transport;
    size_t len;
    uint8_t first, last;
    uint16_t port; /* of the sender */
};

#define FAKE_INPUTS 2048

struct fake {
    uint64_t now_us;
    unsigned worker_count;
    struct worker *workers[FAKE_WORKERS_MAX];
    struct conf conf;
    uint64_t next_id;
    unsigned input_count;
    struct fake_input inputs[FAKE_INPUTS];
    uint64_t input_us; /* that a transport_input() takes, of real time */
    unsigned timeouts; /* that transports carried out */
};

struct fake *fake_create(unsigned workers);
/* With so few packets in the pool. */
struct fake *fake_create_with(unsigned workers, unsigned packets);
void fake_free(struct fake *fake);
uint64_t fake_id(struct fake *fake);
struct peer *fake_peer(struct fake *fake, uint16_t worker, uint64_t call_id, uint64_t user_id);
void fake_cmd(struct fake *fake, uint16_t worker, const struct media_cmd *cmd);
/* A copy of exactly this size is handed in, so that a sanitizer sees every step beyond it. */
void fake_rtp(struct fake *fake, struct peer *peer, const void *data, size_t len);
/* The same, but the worker's turn goes on: router_fan_out_all() ends it. */
void fake_rtp_in_turn(struct fake *fake, struct peer *peer, const void *data, size_t len);
void fake_rtcp(struct fake *fake, struct peer *peer, const void *data, size_t len);
void fake_run(struct fake *fake, uint64_t us);
/* The oldest packet that the peer was sent; valid until the next take. */
const struct fake_packet *fake_take(struct fake *fake, struct peer *peer);
void fake_forget(struct fake *fake, struct peer *peer);
void fake_set_state(struct fake *fake, struct peer *peer, enum transport_state state);
/* The peer's transport has a timeout at that time; the peer looks at it after its next datagram or PEER_REMOTE. */
void fake_set_due(struct peer *peer, uint64_t at_us);

#endif
