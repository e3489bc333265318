/* Two members of one call, one of whom sees the other's camera. */
#ifndef ICHAT_TESTS_MEDIA_PAIR_H
#define ICHAT_TESTS_MEDIA_PAIR_H

#include "party.h"

#define PAIR_CALL 7
#define PAIR_IN 1111      /* SSRC of the publisher; RTX is one more */
#define PAIR_OUT 2222     /* SSRC at the subscriber; RTX is one more */
#define PAIR_OUT_PT 120   /* RTX is one more */
#define PAIR_OUT_MID_ID 9 /* header extension */

struct pair {
    struct stage *stage;
    struct party *pub, *sub;
    uint64_t track, sub_id;
};

/* The subscriber's side of the connection: other numbers than the publisher's for everything. */
struct media_format pair_out_vp8(void);
/* With 2 workers they are on different ones. Returns when the publisher was asked for a key frame. */
struct pair pair_make(unsigned workers);
struct pair pair_make_with(unsigned workers, const struct media_format *out, void (*change)(struct conf *conf));
/* `count` frames from seq on, the first one a key frame when is_key; waits until the subscriber has them all. */
void pair_send(struct pair *pair, uint16_t seq, unsigned count, bool is_key);

#endif
