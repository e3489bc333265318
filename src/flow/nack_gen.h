/* Asks a publisher for what was lost on the way to us: finds gaps, decides when each number is asked for (again), gives
 * up in favour of a key frame. One a stream that does NACK; the owning media thread; no allocation.
 *
 *     each packet:   nack_gen_on_packet(&gen, seq, now_us);
 *     now and then:  n = nack_gen_poll(&gen, now_us, rtt_us, seqs, NACK_GEN_BATCH); if (n) rtcp_write_nack(...)
 *                    if (nack_gen_take_keyframe_request(&gen)) keyreq_ask(...)
 *     a key frame:   nack_gen_on_keyframe(&gen, seq);
 */
#ifndef ICHAT_FLOW_NACK_GEN_H
#define ICHAT_FLOW_NACK_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NACK_GEN_MAX 1000  /* missing numbers held; beyond it the list is cleared for a key frame */
#define NACK_GEN_BATCH 250 /* what fits a feedback packet, even when no two numbers share a bitmask */

struct nack_gen_conf {
    uint32_t wait_us;       /* reordering tolerance before a number is first asked for; default 10 ms */
    uint32_t min_resend_us; /* shortest time between two requests for the same; default 20 ms */
    uint32_t max_age_us;    /* then it is given up; default 1 s */
    uint8_t max_tries;      /* default 10 */
};

/* A number that is missing. */
struct nack_gen_item {
    uint64_t found_us;
    uint64_t asked_us; /* 0 = not yet */
    uint16_t seq;
    uint8_t tries;
};

struct nack_gen {
    /* set once */
    struct nack_gen_conf conf;
    /* owned by the media thread */
    bool is_started;
    bool wants_keyframe;
    uint16_t newest;
    unsigned count;
    uint64_t given_up; /* statistics: numbers that never came */
    uint64_t recovered;
    struct nack_gen_item items[NACK_GEN_MAX]; /* oldest number first */
};

/* conf NULL, or a field of 0: the default. */
void nack_gen_init(struct nack_gen *gen, const struct nack_gen_conf *conf);

enum nack_gen_event {
    NACK_GEN_IN_ORDER,  /* newer than all before */
    NACK_GEN_RECOVERED, /* it was missing */
    NACK_GEN_STALE,     /* a duplicate, or one that was given up */
};
/* A retransmission (RTX) counts as a packet with its original number. */
enum nack_gen_event nack_gen_on_packet(struct nack_gen *gen, uint16_t seq, uint64_t now_us);
/* The frame that starts at seq needs nothing from before: older gaps are forgotten. */
void nack_gen_on_keyframe(struct nack_gen *gen, uint16_t seq);
/* The numbers to ask for now, in order, at most `max`. rtt_us: 0 = unknown (100 ms is assumed). */
size_t nack_gen_poll(struct nack_gen *gen, uint64_t now_us, uint32_t rtt_us, uint16_t *out, size_t max);
/* True once after the list overran or numbers were given up: the picture is broken until the next key frame. */
bool nack_gen_take_keyframe_request(struct nack_gen *gen);
bool nack_gen_is_idle(const struct nack_gen *gen); /* nothing missing: no timer needed */

#endif
