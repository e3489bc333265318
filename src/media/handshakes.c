/* The queue of DTLS datagrams. See handshakes.h. */
#include "media/handshakes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/peer.h"

struct waiting {
    uint64_t peer_id; /* never used twice */
    struct addr from;
    size_t len; /* 0 = only a timeout is due */
    uint8_t data[UDP_RX_PACKET_MAX];
};

struct handshakes {
    /* owned by the media thread */
    size_t first;
    size_t count;
    struct waiting ring[HANDSHAKES_MAX];
};

struct handshakes *handshakes_create(void)
{
    return mem_calloc(1, sizeof(struct handshakes)); /* the pages come when they are used */
}

void handshakes_free(struct handshakes *handshakes)
{
    free(handshakes);
}

bool handshakes_is_empty(const struct handshakes *handshakes)
{
    return handshakes->count == 0;
}

static struct waiting *take_room(struct worker *worker, struct peer *peer)
{
    struct handshakes *h = worker->handshakes;
    if (h->count == HANDSHAKES_MAX || peer->waiting_count == HANDSHAKES_PEER_MAX) {
        worker->counts.handshakes_full++;
        return NULL;
    }
    if (h->count == 0)
        h->first = 0; /* touches no more memory than was ever needed at once */
    peer->waiting_count++;
    struct waiting *waiting = &h->ring[(h->first + h->count++) % HANDSHAKES_MAX];
    waiting->peer_id = peer->id;
    waiting->len = 0;
    return waiting;
}

bool handshakes_put(struct worker *worker, struct peer *peer, const struct udp_packet *packet)
{
    struct waiting *waiting = take_room(worker, peer);
    if (!waiting) {
        log_limited(LOG_WARN, "A DTLS datagram was dropped: too many handshakes wait. worker=%u peer=%llu",
                    worker->setup.index, (unsigned long long)peer->id);
        return false;
    }
    assert(packet->len <= sizeof(waiting->data));
    waiting->from = packet->from;
    waiting->len = packet->len;
    memcpy(waiting->data, packet->data, packet->len);
    return true;
}

bool handshakes_put_due(struct worker *worker, struct peer *peer)
{
    return peer->waiting_count > 0 || take_room(worker, peer) != NULL;
}

static void run_one(struct worker *worker)
{
    struct handshakes *h = worker->handshakes;
    struct waiting *waiting = &h->ring[h->first];
    struct peer *peer = hmap_get_u64(worker->peers, waiting->peer_id);
    if (peer) {
        peer->waiting_count--;
        peer_on_handshake(peer, waiting->data, waiting->len, &waiting->from);
    }
    h->first = (h->first + 1) % HANDSHAKES_MAX;
    h->count--;
}

bool handshakes_run(struct worker *worker)
{
    if (handshakes_is_empty(worker->handshakes))
        return false;
    worker->now_us = clock_now_us();
    uint64_t until_us = worker->now_us + HANDSHAKES_BUDGET_US;
    do {
        run_one(worker);
        worker->now_us = clock_now_us();
    } while (worker->now_us < until_us && !handshakes_is_empty(worker->handshakes));
    return true;
}
