/* What a peer sends: one track with its layers: one, or the encodings of a simulcast, each with an SSRC of its own.
 * Takes parsed packets, keeps the statistics, asks for what is missing and for key frames, and hands the rest to its
 * router. The owning media thread; owned by its peer. */
#ifndef ICHAT_MEDIA_TRACK_H
#define ICHAT_MEDIA_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timers.h"
#include "flow/audio_level.h"
#include "flow/keyreq.h"
#include "flow/nack_gen.h"
#include "flow/recv_stats.h"
#include "media/media_cmd.h"
#include "media/rate.h"
#include "media/router.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

struct peer;
struct call;

#define TRACK_BYES_MAX 16 /* BYEs that are believed in a layer's life */

struct track_layer {
    uint32_t ssrc; /* 0 = not known yet */
    uint32_t rtx_ssrc;
    char rid[MEDIA_RID_SIZE];
    uint32_t source;   /* the current run, see packet.h */
    uint64_t bound_us; /* when its SSRC was last learned */
    uint64_t rtx_bound_us;
    uint8_t bye_count;
    bool is_live;
    struct recv_stats stats;
    struct nack_gen *nack; /* NULL: the format has none */
    struct keyreq keyreq;
};

struct track {
    struct router router;
    /* set once at creation */
    struct peer *peer;
    uint64_t id;
    char mid[MEDIA_MID_SIZE];
    struct media_format format;
    uint8_t layer_count;

    /* owned by the media thread */
    bool is_paused;
    struct rate packets; /* what it may send */
    struct rate small;   /* and of that, packets too small for video */
    struct timer timer;  /* NACK and key-frame requests; set only while there is something to ask for */
    struct audio_level level;
    struct call *call; /* audio: the ranking that it takes part in */
    struct list call_node;
    struct track_layer layers[]; /* layer_count, lowest first */
};

/* The bytes of header extensions that matter, found in one walk over the packet. */
struct track_ext {
    bool has_level, has_orientation;
    uint8_t level, orientation;
};

/* From TRACK_ADD. ERR_EXISTS, ERR_INVALID. */
MUST_CHECK enum err track_create(struct peer *peer, const struct media_cmd *cmd, struct track **out);
void track_free(struct track *track);
void track_set_paused(struct track *track, bool is_paused);

/* The media path: an unsealed packet of the layer's SSRC, or of its RTX SSRC. */
void track_on_rtp(struct track *track, uint8_t index, const struct rtp *rtp, const struct track_ext *ext);
void track_on_rtx(struct track *track, uint8_t index, const struct rtp *rtp, const struct track_ext *ext);
void track_on_sr(struct track *track, uint8_t index, const struct rtcp_sr *sr);

/* The layer's SSRC became another: numbers, statistics and history start afresh. */
void track_restart_layer(struct track *track, uint8_t index, uint32_t ssrc);
/* A key frame is asked for now. */
void track_ask_key(struct track *track, uint8_t index);

#endif
