/* See pair.h. */
#include "pair.h"

#define WINDOW 32 /* what fits every socket's buffer while somebody else has the processor */

struct media_format pair_out_vp8(void)
{
    struct media_format format = party_vp8();
    format.pt = PAIR_OUT_PT;
    format.rtx_pt = PAIR_OUT_PT + 1;
    format.ext = (struct media_ext_ids){.mid = PAIR_OUT_MID_ID};
    return format;
}

struct pair pair_make_with(unsigned workers, const struct media_format *out, void (*change)(struct conf *conf))
{
    struct pair pair = {.stage = stage_create_with(workers, "spread", change)};
    struct media_format in = party_vp8();
    pair.pub = party_join(pair.stage, PAIR_CALL, 1, 0);
    pair.sub = party_join(pair.stage, PAIR_CALL, 2, workers > 1 ? 1 : 0);
    pair.track = party_publish(pair.pub, &in, "v", PAIR_IN, PAIR_IN + 1);
    struct party_sub sub = {.track_id = pair.track,
                            .track_worker = 0,
                            .source = in,
                            .format = *out,
                            .ssrc = PAIR_OUT,
                            .rtx_ssrc = out->rtx_pt ? PAIR_OUT + 1 : 0,
                            .mid = "m5"};
    pair.sub_id = party_subscribe(pair.sub, &sub);
    party_await_pli(pair.pub, PAIR_IN, 1);
    return pair;
}

struct pair pair_make(unsigned workers)
{
    struct media_format out = pair_out_vp8();
    return pair_make_with(workers, &out, NULL);
}

void pair_send(struct pair *pair, uint16_t seq, unsigned count, bool is_key)
{
    unsigned before = party_count_rtp(pair->sub, PAIR_OUT);
    for (unsigned i = 0; i < count; i++) {
        uint16_t n = (uint16_t)(seq + i);
        party_send_vp8(pair->pub, PAIR_IN, n, n * 3000u, is_key && i == 0);
        if (i % WINDOW == WINDOW - 1)
            party_await_rtp(pair->sub, PAIR_OUT, before + i + 1);
    }
    party_await_rtp(pair->sub, PAIR_OUT, before + count);
}
