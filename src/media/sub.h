/* A subscription: one track on its way to one peer. Chooses what is forwarded, gives it the numbers, the payload type
 * and the header extensions of the subscriber's connection, and writes it straight into an egress slot. The owning
 * media thread; owned by its peer, listed by its router.
 *
 * What the fan-out loop touches stands first in the struct, in the order in which it is touched. */
#ifndef ICHAT_MEDIA_SUB_H
#define ICHAT_MEDIA_SUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/seqmap.h"
#include "flow/srmap.h"
#include "flow/vp8map.h"
#include "media/media_cmd.h"
#include "media/packet.h"
#include "media/rate.h"
#include "media/router.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"

struct peer;

enum sub_state {
    SUB_OFF,     /* paused, or the connection is not up */
    SUB_WAITING, /* for a key frame */
    SUB_ON,
};

/* The start of each outgoing packet, made once: RTP header and header extensions; the varying bytes are patched. */
#define SUB_TEMPLATE_MAX 56 /* 12 + 4 + mid 2+16 + abs-send-time 2+3 + level or orientation 2+1, padded */
struct sub_template {
    uint8_t len;
    uint8_t time_at;  /* abs-send-time's 3 bytes; 0 = none */
    uint8_t value_at; /* the byte of audio level or orientation; 0 = none */
    uint8_t bytes[SUB_TEMPLATE_MAX];
};

#define SUB_RESENT_MAX 64        /* numbers remembered, so that impatient receivers cost us nothing */
#define SUB_KEY_ASK_US 500000ULL /* while it waits, the wish for a key frame is repeated so often */

struct sub {
    /* owned by the media thread: every packet */
    enum sub_state state;
    uint32_t source; /* the run that is being forwarded */
    struct transport *transport;
    struct worker *worker;
    uint64_t packets; /* for sender reports */
    uint64_t octets;  /* payload only (RFC 3550 section 6.4.1) */
    bool wants_report;
    uint8_t layer;   /* the one that is wanted; another one may flow until its key frame */
    bool has_vp8map; /* a layer of VP8 has picture numbers of its own */
    enum udp_lane lane;
    uint8_t value_flag; /* enum packet_flags: when set in a packet, `full` is its template */
    struct sub_template plain;
    struct sub_template full; /* with the audio level or the orientation */
    struct seqmap map;
    struct vp8map vp8map;

    /* set once at creation */
    uint64_t id;
    struct peer *peer;
    struct media_format format;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    char cname[MEDIA_CNAME_SIZE];

    /* owned by the media thread */
    struct router *router; /* NULL once the track is gone */
    unsigned router_index;
    unsigned peer_index;
    bool is_paused;
    uint16_t rtx_seq;
    uint16_t want_width, want_height;
    uint64_t key_asked_us;
    struct srmap_sent reports;
    uint32_t rtt_us;                  /* 0 = unknown */
    struct rtcp_report_block quality; /* the newest from the subscriber */
    struct rate resend;
    struct {
        uint64_t at_us;
        uint16_t seq;
    } resent[SUB_RESENT_MAX];
};

/* From SUB_ADD. The router is the track's on this worker. ERR_EXISTS: the id or SSRC is used. */
MUST_CHECK enum err sub_create(struct peer *peer, struct router *router, const struct media_cmd *cmd);
void sub_free(struct sub *sub);
/* The track is gone: the subscription stays, silent, until SUB_DEL. */
void sub_detach(struct sub *sub);

/* From SUB_MOVE: goes on with another track from its next key frame on, whose numbers follow those of the old one. */
void sub_move(struct sub *sub, struct router *router);
void sub_set_paused(struct sub *sub, bool is_paused);
/* From SUB_WANT: the size that it is shown at, which chooses the layer of a simulcast track. */
void sub_want_size(struct sub *sub, uint16_t width, uint16_t height);
/* The layers of its track changed: goes to the one that fits now, from that one's next key frame on. */
void sub_choose_layer(struct sub *sub);
/* The connection came up: forwarding may begin. */
void sub_on_ready(struct sub *sub);
/* It is over. */
void sub_on_closed(struct sub *sub);

/* The media path. */
void sub_forward(struct sub *sub, const struct packet_head *head, const uint8_t *payload);
/* Writes one packet of a source with the subscriber's numbers into slot: the length. osn: for RTX (RFC 4588), the
 * number that it replaces, else NULL. */
size_t sub_write(struct sub *sub, const struct packet_head *head, const uint8_t *payload, const struct seqmap_out *out,
                 const uint16_t *osn, uint8_t *slot);
/* All lines that sub_forward() touches, up to the map's first segment, which nearly all streams stay with. */
static inline void sub_prefetch(const struct sub *sub)
{
    const size_t end = offsetof(struct sub, map.segments[1]);
    for (size_t at = 0; at < end; at += 64)
        __builtin_prefetch((const uint8_t *)sub + at);
}

/* The subscriber's feedback (sub_feedback.c). */
void sub_on_nack(struct sub *sub, const struct rtcp_fb *fb);
void sub_on_key_request(struct sub *sub);
void sub_on_report(struct sub *sub, const struct rtcp_report_block *block);

/* A report shall go out as soon as it makes sense, not at the next second. */
void sub_want_report(struct sub *sub);
/* Appends SR and SDES when the source's clock is known; false when there is nothing to say. */
bool sub_write_report(struct sub *sub, struct wr *wr);

#endif
