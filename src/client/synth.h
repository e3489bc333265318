/* Synthetic media: Opus and VP8 that a decoder takes, with a stamp in each packet that says whose it is, its number and
 * when it was made. No state.
 *
 * Opus: 20 ms of silence in a code 3 packet whose padding (RFC 6716 section 3.2.5) holds the stamp. VP8: recorded
 * frames of 320x180 in one colour; bytes behind the last partition, which no decoder looks at, fill up to the wanted
 * size and end in the stamp. */
#ifndef ICHAT_CLIENT_SYNTH_H
#define ICHAT_CLIENT_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SYNTH_STAMP_LEN 28
#define SYNTH_VIDEO_PAYLOAD_MAX 1100 /* of a packet, descriptor and stamp included */
#define SYNTH_AUDIO_MS 20
#define SYNTH_WIDTH 320
#define SYNTH_HEIGHT 180

struct synth_stamp {
    uint64_t user_id;
    uint64_t made_us; /* clock_now_us() of the sender when it sent */
    uint32_t late_us; /* so much after the media's own time; below 2^24 */
    uint32_t counter; /* packets of this track */
    uint8_t kind;     /* enum client_kind */
};

void synth_stamp_write(struct wr *wr, const struct synth_stamp *stamp);
/* From the last bytes of a payload; false when there is none. */
bool synth_stamp_read(const uint8_t *payload, size_t len, struct synth_stamp *out);

/* One Opus packet. */
void synth_audio_write(struct wr *wr, const struct synth_stamp *stamp);

struct synth_video {
    bool is_keyframe;
    uint16_t picture_id;
    unsigned index; /* of the packet in its frame */
    unsigned count; /* packets of the frame */
    size_t len;     /* payload bytes of this packet */
};
/* How many packets a frame of so many bytes takes, and how long each is. */
unsigned synth_video_packets(size_t frame_bytes, bool is_keyframe);
size_t synth_video_packet_len(size_t frame_bytes, bool is_keyframe, unsigned index);
/* One payload: the descriptor of RFC 7741 section 4.2, its part of the frame, the stamp. */
void synth_video_write(struct wr *wr, const struct synth_video *video, const struct synth_stamp *stamp);

#endif
