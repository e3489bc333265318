/* A call on fake workers: a publisher of one video track and its subscribers, each possibly on another worker. */
#ifndef ICHAT_TESTS_MEDIA_FAKE_CALL_H
#define ICHAT_TESTS_MEDIA_FAKE_CALL_H

#include "fake.h"

#define FC_IN 0x1000
#define FC_IN_RTX 0x1001
#define FC_OUT 0x2000 /* of subscriber i: + 2 i, RTX one more */
#define FC_SUBS_MAX 8
#define FC_PT 96
#define FC_RTX_PT 97
#define FC_EXT_TWCC 3
#define FC_EXT_MID 4
#define FC_EXT_ORIENTATION 5
#define FC_EXT_RID 6
#define FC_EXT_REPAIRED_RID 7

struct fake_call {
    struct fake *fake;
    struct peer *pub;
    uint64_t track_id;
    struct track *track;
    uint64_t sub_ids[FC_SUBS_MAX];
    unsigned sub_count;
    struct peer *subs[FC_SUBS_MAX];
};

struct media_format fc_vp8(void);
/* Publisher on worker 0, subscriber i on worker (i + 1) % workers. */
struct fake_call fc_make(struct fake *fake, unsigned subs);
/* The same with a track of three layers "q", "h" and "f", whose SSRCs are to be learned. */
struct fake_call fc_make_simulcast(struct fake *fake, unsigned subs);
/* Builds a packet; its length. */
struct fc_rtp {
    uint32_t ssrc;
    uint8_t pt;
    uint16_t seq;
    uint32_t timestamp;
    bool marker;
    const char *mid;
    const char *rid;
    const char *repaired_rid;
    bool has_twcc;
    uint16_t twcc;
    bool has_orientation;
    uint8_t orientation;
    const uint8_t *payload;
    size_t payload_len;
};
size_t fc_build(const struct fc_rtp *rtp, uint8_t *out, size_t size);
/* A one-packet VP8 frame from the publisher. */
void fc_send(struct fake_call *call, uint16_t seq, bool is_key);
size_t fc_vp8_payload(uint8_t *out, size_t size, bool is_key, bool is_start);
/* RTP packets of this SSRC among all that the peer was sent until now, which are forgotten. */
unsigned fc_drain_rtp(struct fake_call *call, struct peer *peer, uint32_t ssrc);

#endif
