/* One connection of a member: its transport, the tracks that it sends and the subscriptions that it receives. Finds the
 * track of each incoming packet and the subscription of each feedback. The owning media thread; owned by the worker's
 * map of peers.
 *
 * Every lookup here is within one peer: an SSRC or MID of another member's means nothing on this connection. */
#ifndef ICHAT_MEDIA_PEER_H
#define ICHAT_MEDIA_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timers.h"
#include "flow/twcc_recv.h"
#include "media/media_cmd.h"
#include "media/sub.h"
#include "media/track.h"
#include "media/worker.h"
#include "rtc/transport.h"

#define PEER_TRACKS_MAX 16
#define PEER_SOURCES_MAX 48 /* SSRCs that a peer may send from: 8 tracks of 3 layers with RTX */
#define PEER_DISCONNECTED_US 5000000ULL
#define PEER_NEVER_CAME_US 30000000ULL /* no check passed since it was made: the address does not reach us */
#define PEER_REBIND_US 1000000ULL      /* a track may change its SSRC so often */

/* What an SSRC stands for. */
struct peer_source {
    struct track *track;
    uint8_t layer;
    bool is_rtx;
};

enum peer_life {
    PEER_NEW,
    PEER_CONNECTING,
    PEER_CONNECTED,
    PEER_DISCONNECTED,
    PEER_GONE,
    PEER_FAILED,
};

struct peer {
    /* set once at creation */
    struct worker *worker;
    uint64_t id;
    uint64_t call_id;
    uint64_t user_id;
    uint64_t made_us;
    struct transport *transport;
    uint32_t local_ssrc; /* ours in feedback and receiver reports */

    /* owned by the media thread */
    bool is_ready; /* keys are in place */
    char ufrag[RTC_UFRAG_SIZE];
    unsigned source_count;
    uint32_t ssrcs[PEER_SOURCES_MAX]; /* beside `sources`, so that a search reads one or two cache lines */
    struct peer_source sources[PEER_SOURCES_MAX];
    struct media_ext_ids ext; /* of what it sends: one mapping for all bundled media (RFC 8843 section 9.1) */
    struct twcc_recv *twcc;   /* NULL until a track has it */
    unsigned track_count;
    struct track *tracks[PEER_TRACKS_MAX];
    unsigned sub_count;
    unsigned sub_room;
    uint32_t *sub_ssrcs; /* beside `subs`, as above */
    struct sub **subs;
    struct timer dtls_timer;
    struct timer twcc_timer;
    struct timer tick_timer;
    struct timer soon_timer;
    unsigned waiting_count; /* handshakes.h */
    unsigned ticks;
    enum peer_life life;
    enum peer_life told; /* what the control side knows */
    const char *reason;
};

/* From PEER_ADD. ERR_EXISTS, ERR_FULL, or what the transport says. */
MUST_CHECK enum err peer_create(struct worker *worker, const struct media_cmd *cmd);
void peer_free(struct peer *peer);
void peer_set_remote(struct peer *peer, const struct rtc_params *params);
MUST_CHECK enum err peer_add_track(struct peer *peer, const struct media_cmd *cmd);
struct track *peer_find_track(const struct peer *peer, uint64_t track_id);
void peer_del_track(struct peer *peer, struct track *track);
/* For sub.c. */
void peer_add_sub(struct peer *peer, struct sub *sub);
void peer_del_sub(struct peer *peer, struct sub *sub);
struct sub *peer_find_sub(const struct peer *peer, uint32_t ssrc);

/* DTLS, from the queue of handshakes: a datagram, or none (len 0) when a timeout is due. */
void peer_on_handshake(struct peer *peer, uint8_t *data, size_t len, const struct addr *from);

/* The media path: a datagram from one of this peer's addresses, or a STUN request that names its ufrag. No DTLS. */
void peer_on_datagram(struct peer *peer, uint8_t *data, size_t len, const struct addr *from);

/* peer_rtp.c: an unsealed packet. */
void peer_on_rtp(struct peer *peer, const uint8_t *data, size_t len);
/* Forgets which SSRCs the track has. */
void peer_unbind(struct peer *peer, const struct track *track);
/* Names an SSRC of the track; 0 = not known yet, nothing happens. False: the table is full, or another track has it. */
bool peer_bind(struct peer *peer, uint32_t ssrc, struct track *track, uint8_t layer, bool is_rtx);

/* peer_rtcp.c: an unsealed compound; what we send back. */
void peer_on_rtcp(struct peer *peer, const uint8_t *data, size_t len);
void peer_send_nack(struct peer *peer, uint32_t ssrc, const uint16_t *seqs, size_t count);
void peer_send_pli(struct peer *peer, uint32_t ssrc);
void peer_send_twcc(struct peer *peer);
void peer_send_reports(struct peer *peer);
/* Only those of subscriptions that began just now. */
void peer_send_first_reports(struct peer *peer);
/* Within 20 ms. */
void peer_report_soon(struct peer *peer);

#endif
