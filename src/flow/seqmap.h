/* Sequence numbers of one subscription: arithmetic modulo 2^16, and the map from a source's numbers and timestamps to
 * those that the subscriber sees. The owning media thread; no allocation.
 *
 * The subscriber must see one unbroken stream while we drop packets (layers, pauses) and change the source:
 *
 *     seqmap_init(&map, first_seq, first_timestamp, 90000);
 *     seqmap_switch(&map, source);                           a new source, layer, or a resumed pause
 *     forward:  if (seqmap_map(&map, in.seq, in.timestamp, now_us, &out) == ERR_OK) send with out.seq, out.timestamp
 *     leave out on purpose:  seqmap_drop(&map, in.seq);      the numbers close up behind it
 *     NACK:     if (seqmap_back(&map, nacked, &in) == ERR_OK) look in.seq up in in.source's history
 *
 * A packet lost before it reached us is not dropped: its number stays reserved, the subscriber asks for it by NACK. */
#ifndef ICHAT_FLOW_SEQMAP_H
#define ICHAT_FLOW_SEQMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* a comes after b (RFC 1982: less than half the range ahead). */
static inline bool seq_newer(uint16_t a, uint16_t b)
{
    return a != b && (uint16_t)(a - b) < 0x8000;
}

/* From b to a, -32768..32767. */
static inline int seq_diff(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static inline bool timestamp_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < 0x80000000u;
}

/* Extends 16-bit numbers to 64 bits by nearness to the newest seen. Starts at 2^32 + seq, so that late packets never go
 * below zero. Zero-initialise. */
struct seq_unwrap {
    uint64_t newest;
    bool is_started;
};
uint64_t seq_unwrap(struct seq_unwrap *unwrap, uint16_t seq);     /* moves `newest` forward */
uint64_t seq_peek(const struct seq_unwrap *unwrap, uint16_t seq); /* changes nothing; must be started */

#define SEQMAP_SEGMENTS 64 /* two seconds of dropping in every frame at 30 Hz */
#define SEQMAP_WINDOW 4096 /* source packets behind the newest that still map; beyond it they are too late */

/* A run of source numbers [in_first, in_first + length) mapped to out_first...; what lies between a run's end and the
 * next run's in_first was dropped. A run ends where the next one's out_first begins. */
struct seqmap_segment {
    uint64_t in_first;
    uint64_t out_first;
    uint32_t source;
    uint32_t epoch; /* counts switches */
};

struct seqmap {
    /* set once */
    uint32_t clock_rate;
    /* owned by the media thread */
    struct seq_unwrap in;
    uint64_t out_newest;
    uint32_t ts_offset; /* out = in + ts_offset, modulo 2^32 */
    uint32_t out_ts_newest;
    uint64_t newest_us; /* when out_ts_newest was mapped */
    uint32_t source;
    uint32_t epoch;
    bool is_pending; /* the next mapped packet begins a source */
    bool is_used;    /* something was mapped, ever */
    unsigned head;   /* ring: newest segment */
    unsigned count;
    struct seqmap_segment segments[SEQMAP_SEGMENTS];
};

struct seqmap_out {
    uint16_t seq;
    uint32_t timestamp;
};

struct seqmap_in {
    uint32_t source;
    uint16_t seq;
};

/* The first packet goes out with exactly these numbers. clock_rate in Hz (90000 for video). */
void seqmap_init(struct seqmap *map, uint16_t first_seq, uint32_t first_timestamp, uint32_t clock_rate);

/* From the next mapped packet on the numbers come from another source (any name that the caller likes). Out-numbers
 * go on without a gap; timestamps go on by the time that passed since the newest packet, at least one tick. Calling it
 * again before that packet just renames the source. */
void seqmap_switch(struct seqmap *map, uint32_t source);

/* ERR_NOT_FOUND: too late, from before the switch, or dropped earlier. The same packet maps to the same numbers again.
 */
MUST_CHECK enum err seqmap_map(struct seqmap *map, uint16_t in_seq, uint32_t in_timestamp, uint64_t now_us,
                               struct seqmap_out *out);

/* Leaves a packet out. Only one that is newer than all before can close the gap; an older one changes nothing (its
 * number was promised already). Nothing to do while a switch is pending. */
void seqmap_drop(struct seqmap *map, uint16_t in_seq);

/* The source packet behind an out-number. ERR_NOT_FOUND: never sent, or too old. */
MUST_CHECK enum err seqmap_back(const struct seqmap *map, uint16_t out_seq, struct seqmap_in *in);

/* A timestamp of the current source as the subscriber sees it (for sender reports). Valid once a packet was mapped
 * after the last switch: seqmap_is_synced(). */
uint32_t seqmap_timestamp(const struct seqmap *map, uint32_t in_timestamp);
bool seqmap_is_synced(const struct seqmap *map);

#endif
