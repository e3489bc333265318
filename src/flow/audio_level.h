/* How loud each source is, and who speaks: smoothed levels and a ranking that does not flicker. The owning media
 * thread; no allocation.
 *
 * The level is what the sender claims (RFC 6464), so it counts only with packets to show for it: it fades without them,
 * and packets too small to hold speech count as silence. */
#ifndef ICHAT_FLOW_AUDIO_LEVEL_H
#define ICHAT_FLOW_AUDIO_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#define AUDIO_LEVEL_SPEECH 70      /* loudness (0..127) from which on a source speaks: -57 dBov */
#define AUDIO_LEVEL_FADE_US 500000 /* without packets the loudness falls to zero in this time */
#define AUDIO_LEVEL_MIN_PAYLOAD 8  /* bytes; Opus DTX and comfort noise are smaller, speech is larger */

struct audio_level {
    uint32_t smooth_256; /* loudness * 256 */
    uint64_t updated_us; /* 0 = never */
};

void audio_level_init(struct audio_level *level);
/* level_dbov: 0 = loudest, 127 = silence, as on the wire. payload_len: the RTP payload's bytes. */
void audio_level_on_packet(struct audio_level *level, uint8_t level_dbov, uint32_t payload_len, uint64_t now_us);
/* Loudness now: 0 = silence, 127 = loudest. */
uint8_t audio_level_get(const struct audio_level *level, uint64_t now_us);

#define SPEAKERS_MAX 8
#define SPEAKERS_SOURCES_MAX 256
#define SPEAKERS_MARGIN 6        /* loudness by which a newcomer must be louder to pass one who is ranked */
#define SPEAKERS_HOLD_US 1000000 /* one who fell silent keeps the place that long, if nobody louder wants it */

struct speaker_source {
    uint64_t id;
    uint8_t loudness; /* audio_level_get() */
};

struct speaker {
    uint64_t id;
    uint8_t loudness;
    uint64_t spoke_us; /* last time at or above AUDIO_LEVEL_SPEECH */
};

/* The active speakers, loudest first. */
struct speakers {
    unsigned max; /* 1..SPEAKERS_MAX */
    unsigned count;
    struct speaker list[SPEAKERS_MAX];
};

void speakers_init(struct speakers *speakers, unsigned max);
/* All sources of a call at once (those beyond SPEAKERS_SOURCES_MAX are not looked at); a source not named is gone. True
 * when the set or the order changed. Call it every 200..500 ms. */
bool speakers_update(struct speakers *speakers, const struct speaker_source *sources, unsigned count, uint64_t now_us);

#endif
