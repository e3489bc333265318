/* DTLS that waits until the packets of the turn are on their way: a handshake's step takes some hundred microseconds of
 * public key cryptography, and a storm of joins would hold up the calls in progress in each batch. On the media thread
 * that owns the worker.
 *
 *     handshakes_put(worker, peer, packet);      instead of peer_on_datagram(), for all that is DTLS
 *     egress_flush(worker);
 *     if (handshakes_run(worker))                as much as the budget allows, in the order in which it came
 *         egress_flush(worker);
 *     if (!handshakes_is_empty(worker->handshakes)) do not sleep
 *
 * Bounded: HANDSHAKES_MAX datagrams a worker, HANDSHAKES_PEER_MAX of one connection, so that one member cannot keep the
 * others out. What has no room is dropped and counted; DTLS sends it again (RFC 6347 section 4.2.4). */
#ifndef ICHAT_MEDIA_HANDSHAKES_H
#define ICHAT_MEDIA_HANDSHAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "media/worker.h"

#define HANDSHAKES_MAX 1024    /* a storm of 500 on one thread: two datagrams each; 2 MB when it was ever full */
#define HANDSHAKES_PEER_MAX 16 /* a flight with a chain of large certificates, and once more */
/* A turn's share, checked after each datagram: the packets that come meanwhile wait for so long and one datagram more.
 */
#define HANDSHAKES_BUDGET_US 1000

struct peer;
struct handshakes;

struct handshakes *handshakes_create(void);
void handshakes_free(struct handshakes *handshakes);

/* A copy is kept. False: no room. */
bool handshakes_put(struct worker *worker, struct peer *peer, const struct udp_packet *packet);
/* A timeout of the peer's transport is due. It is looked after with whatever of the peer waits already, or with an
 * entry of its own. False: no room, ask again. */
bool handshakes_put_due(struct worker *worker, struct peer *peer);
bool handshakes_is_empty(const struct handshakes *handshakes);
/* At least one, then more until the budget is spent. False: nothing waited. Peers that went away are skipped. */
bool handshakes_run(struct worker *worker);

#endif
