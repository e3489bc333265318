/* Published media of one member: what a sender's packets look like and when they are due. One thread.
 *
 * Video comes in frames of VP8 (descriptor and frame header are real, the rest is filler with a stamp): evenly over
 * time, or each frame in one burst as cameras' encoders do. Audio comes every 20 ms. Each layer of a simulcast is a
 * source of its own. */
#ifndef ICHAT_BENCH_SOURCE_H
#define ICHAT_BENCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/hist.h"
#include "bench/peer.h"
#include "client/describe.h"

enum source_pacing {
    SOURCE_EVEN,  /* packets of one size, equally far apart */
    SOURCE_BURST, /* a frame's packets at once, frames and last packets of changing size, large key frames */
};

struct source_opts {
    enum source_pacing pacing;
    double packets_per_s; /* video; the mean */
    unsigned fps;
    unsigned bytes;      /* of a full RTP packet before it is sealed */
    unsigned key_factor; /* size of a key frame in usual frames, in bursts */
    double key_every_s;  /* 0 = only on request */
};

struct source {
    /* set once */
    struct peer *peer;
    bool is_video;
    bool is_received;          /* a lower layer of simulcast is not, once the top one flows */
    const char *rid;           /* NULL: no simulcast */
    double share;              /* of the rate */
    uint16_t width, height;    /* as key frames say */
    struct describe_line line; /* pt, SSRC, extension ids that the server agreed to */
    struct source_opts opts;
    /* the generator's thread */
    bool is_on;
    bool wants_key;
    uint16_t seq;
    uint16_t picture;
    uint32_t timestamp;
    uint64_t frame_us; /* when the current frame began to be due */
    uint64_t next_us;  /* when the next packet is due */
    uint64_t key_us;   /* when a key frame is due by itself */
    uint64_t report_us;
    unsigned frame_packets, frame_at;
    bool is_key;
    double carry; /* packets owed by rounding */
    uint64_t rand;
    uint64_t sent;
    uint64_t sent_bytes;
};

#define SOURCE_AUDIO_US 20000u
#define SOURCE_AUDIO_BYTES 100u

void source_init(struct source *source, struct peer *peer, const struct describe_line *line,
                 const struct source_opts *opts);
/* Makes it a layer, 0 the lowest: a quarter of the size, a half, the whole; one eighth of the packets that the top one
 * has, three eighths, all. With an SSRC of its own. */
void source_set_layer(struct source *source, unsigned layer);
void source_set_rate(struct source *source, double packets_per_s);
/* Starts, or goes on after a pause: what was due meanwhile is not made up for. phase_us spreads sources out. */
void source_start(struct source *source, uint64_t now_us, uint64_t phase_us);
void source_stop(struct source *source);
/* Sends what is due; `late` (may be NULL) gets how late each packet is, in us. */
void source_run(struct source *source, uint64_t now_us, struct hist *late);

#endif
