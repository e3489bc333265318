/* Which lost packets to ask a publisher for, and when. The owning media thread. */
#include "flow/nack_gen.h"

#include <string.h>

#include "flow/seqmap.h"

#define RTT_UNKNOWN_US 100000

static const struct nack_gen_conf defaults = {
    .wait_us = 10000, .min_resend_us = 20000, .max_age_us = 1000000, .max_tries = 10};

void nack_gen_init(struct nack_gen *gen, const struct nack_gen_conf *conf)
{
    memset(gen, 0, sizeof(*gen));
    gen->conf = conf ? *conf : defaults;
    if (!gen->conf.wait_us)
        gen->conf.wait_us = defaults.wait_us;
    if (!gen->conf.min_resend_us)
        gen->conf.min_resend_us = defaults.min_resend_us;
    if (!gen->conf.max_age_us)
        gen->conf.max_age_us = defaults.max_age_us;
    if (!gen->conf.max_tries)
        gen->conf.max_tries = defaults.max_tries;
}

/* Index of the first item whose number is not older than seq. */
static unsigned lower_bound(const struct nack_gen *gen, uint16_t seq)
{
    unsigned low = 0;
    unsigned high = gen->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (seq_newer(seq, gen->items[middle].seq))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_items(struct nack_gen *gen, unsigned first, unsigned n)
{
    gen->count -= n;
    memmove(&gen->items[first], &gen->items[first + n], (gen->count - first) * sizeof(gen->items[0]));
}

static void add_gap(struct nack_gen *gen, uint16_t seq, uint64_t now_us)
{
    unsigned gap = (uint16_t)(seq - gen->newest - 1);
    if (gap > NACK_GEN_MAX - gen->count) {
        /* Too much is gone to be mended number by number. */
        gen->given_up += gen->count + gap;
        gen->count = 0;
        gen->wants_keyframe = true;
        return;
    }
    for (uint16_t missing = (uint16_t)(gen->newest + 1); missing != seq; missing++)
        gen->items[gen->count++] = (struct nack_gen_item){.found_us = now_us, .seq = missing};
}

enum nack_gen_event nack_gen_on_packet(struct nack_gen *gen, uint16_t seq, uint64_t now_us)
{
    if (!gen->is_started) {
        gen->is_started = true;
        gen->newest = seq;
        return NACK_GEN_IN_ORDER;
    }
    if (seq_newer(seq, gen->newest)) {
        add_gap(gen, seq, now_us);
        gen->newest = seq;
        return NACK_GEN_IN_ORDER;
    }
    unsigned at = lower_bound(gen, seq);
    if (at == gen->count || gen->items[at].seq != seq)
        return NACK_GEN_STALE;
    remove_items(gen, at, 1);
    gen->recovered++;
    return NACK_GEN_RECOVERED;
}

void nack_gen_on_keyframe(struct nack_gen *gen, uint16_t seq)
{
    remove_items(gen, 0, lower_bound(gen, seq));
    gen->wants_keyframe = false;
}

static bool is_hopeless(const struct nack_gen *gen, const struct nack_gen_item *item, uint64_t now_us,
                        uint64_t resend_us)
{
    if (now_us - item->found_us >= gen->conf.max_age_us)
        return true;
    return item->tries >= gen->conf.max_tries && now_us - item->asked_us >= resend_us;
}

static void give_up(struct nack_gen *gen, uint64_t now_us, uint64_t resend_us)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < gen->count; i++) {
        if (is_hopeless(gen, &gen->items[i], now_us, resend_us)) {
            gen->given_up++;
            gen->wants_keyframe = true;
        } else {
            gen->items[kept++] = gen->items[i];
        }
    }
    gen->count = kept;
}

/* Asking again before an answer can be here only costs bandwidth; each try waits longer by a quarter. */
static uint64_t resend_after(const struct nack_gen *gen, const struct nack_gen_item *item, uint64_t resend_us)
{
    return item->tries ? resend_us + resend_us / 4 * (item->tries - 1u) : gen->conf.wait_us;
}

size_t nack_gen_poll(struct nack_gen *gen, uint64_t now_us, uint32_t rtt_us, uint16_t *out, size_t max)
{
    size_t n = 0;
    uint64_t resend_us = rtt_us ? rtt_us : RTT_UNKNOWN_US;
    if (resend_us < gen->conf.min_resend_us)
        resend_us = gen->conf.min_resend_us;
    give_up(gen, now_us, resend_us);
    for (unsigned i = 0; i < gen->count && n < max; i++) {
        struct nack_gen_item *item = &gen->items[i];
        if (item->tries >= gen->conf.max_tries)
            continue;
        if (now_us - (item->tries ? item->asked_us : item->found_us) < resend_after(gen, item, resend_us))
            continue;
        item->asked_us = now_us;
        item->tries++;
        out[n++] = item->seq;
    }
    return n;
}

bool nack_gen_take_keyframe_request(struct nack_gen *gen)
{
    bool is_wanted = gen->wants_keyframe;
    gen->wants_keyframe = false;
    return is_wanted;
}

bool nack_gen_is_idle(const struct nack_gen *gen)
{
    return gen->count == 0;
}
