/* Tracks across workers. A packet goes once to each other worker that has subscribers of its track; there a proxy
 * stands for the track and fans it out. The owning media thread on either side.
 *
 * Why each crossing copies the bytes into the other worker's mailbox slot, instead of handing over a counted pointer:
 * the copy is about 40 ns once a worker (not once a subscriber), while shared packets would need atomic counts that
 * bounce between cores, and blocks freed on another thread than they were taken from, which is a lock or a lock-free
 * list in each pool. This way every block lives and dies on one thread.
 *
 * All of it may be lost when the other side's mailbox is full, so nothing depends on a single message: a proxy says
 * again and again that it wants its track, and the track forgets a worker that stopped saying so. */
#ifndef ICHAT_MEDIA_RELAY_H
#define ICHAT_MEDIA_RELAY_H

#include <stdint.h>

#include "flow/srmap.h"
#include "media/packet.h"
#include "media/router.h"

enum relay_type {
    RELAY_PACKET, /* track's worker to proxy */
    RELAY_SR,     /* the same; also the answer to OPEN */
    RELAY_OPEN,   /* proxy to track's worker: send me its packets (again) */
    RELAY_CLOSE,
    RELAY_KEY, /* a key frame of `layer` is wanted */
};

/* One cell of a worker's relay mailbox; only the used part of it is ever written or read. */
struct relay_msg {
    enum relay_type type;
    uint16_t from; /* worker */
    uint8_t layer;
    uint64_t track_id;
    union {
        struct {
            uint32_t source;
            struct srmap_source sr; /* at_us 0 = none yet */
        } sr;
        struct packet packet;
    } u;
};

/* The track's side. */
void relay_send_packet(struct worker *worker, uint16_t to, uint64_t track_id, const struct packet_head *head,
                       const uint8_t *payload);
void relay_send_sr(struct worker *worker, uint16_t to, uint64_t track_id, uint32_t source,
                   const struct srmap_source *sr);

/* The subscriber's side: the router of a track of another worker, made when it is the first subscription. */
MUST_CHECK enum err relay_proxy(struct worker *worker, uint64_t track_id, uint16_t home,
                                const struct media_format *format, uint8_t layer_count, struct router **out);
/* After a subscription left: a proxy without any goes away. Harmless for a track's own router. */
void relay_on_sub_gone(struct router *router);

/* Takes what other workers sent, at most `max` messages; true when there may be more. */
bool relay_run(struct worker *worker, unsigned max);

#endif
