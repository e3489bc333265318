/* The map of sequence numbers and timestamps of one subscription. The owning media thread. */
#include "flow/seqmap.h"

#define UNWRAP_START ((uint64_t)1 << 32)

uint64_t seq_peek(const struct seq_unwrap *unwrap, uint16_t seq)
{
    return unwrap->newest + (uint64_t)(int64_t)seq_diff(seq, (uint16_t)unwrap->newest);
}

uint64_t seq_unwrap(struct seq_unwrap *unwrap, uint16_t seq)
{
    if (!unwrap->is_started) {
        unwrap->is_started = true;
        unwrap->newest = UNWRAP_START + seq;
        return unwrap->newest;
    }
    uint64_t value = seq_peek(unwrap, seq);
    if (value > unwrap->newest)
        unwrap->newest = value;
    return value;
}

/* The i-th newest segment. */
static const struct seqmap_segment *segment_at(const struct seqmap *map, unsigned i)
{
    return &map->segments[(map->head + SEQMAP_SEGMENTS - i) % SEQMAP_SEGMENTS];
}

static void push_segment(struct seqmap *map, uint64_t in_first, uint64_t out_first)
{
    if (map->count)
        map->head = (map->head + 1) % SEQMAP_SEGMENTS;
    if (map->count < SEQMAP_SEGMENTS)
        map->count++;
    map->segments[map->head] = (struct seqmap_segment){
        .in_first = in_first, .out_first = out_first, .source = map->source, .epoch = map->epoch};
}

void seqmap_init(struct seqmap *map, uint16_t first_seq, uint32_t first_timestamp, uint32_t clock_rate)
{
    *map = (struct seqmap){
        .clock_rate = clock_rate,
        .out_newest = UNWRAP_START + first_seq - 1, /* the number before the first */
        .out_ts_newest = first_timestamp,
        .is_pending = true,
    };
}

void seqmap_switch(struct seqmap *map, uint32_t source)
{
    map->source = source;
    map->is_pending = true;
}

/* The first packet of a source: it gets the next number, and a time as much later than the newest packet's as it is. */
static void begin_source(struct seqmap *map, uint16_t in_seq, uint32_t in_timestamp, uint64_t now_us)
{
    uint32_t out_ts = map->out_ts_newest;
    if (map->is_used) {
        uint64_t elapsed_us = now_us > map->newest_us ? now_us - map->newest_us : 0;
        uint32_t ticks =
            (uint32_t)(elapsed_us / 1000000 * map->clock_rate + elapsed_us % 1000000 * map->clock_rate / 1000000);
        out_ts += ticks ? ticks : 1;
    }
    map->ts_offset = out_ts - in_timestamp;
    map->in = (struct seq_unwrap){0};
    map->epoch++;
    map->is_pending = false;
    map->is_used = true;
    push_segment(map, seq_unwrap(&map->in, in_seq), map->out_newest + 1);
}

/* Where a segment's out-numbers end: at the next one's first, or nowhere yet. */
static uint64_t segment_out_end(const struct seqmap *map, unsigned i)
{
    return i == 0 ? UINT64_MAX : segment_at(map, i - 1)->out_first;
}

static enum err find_out(const struct seqmap *map, uint64_t in, uint64_t *out)
{
    if (in + SEQMAP_WINDOW < map->in.newest)
        return ERR_NOT_FOUND;
    for (unsigned i = 0; i < map->count; i++) {
        const struct seqmap_segment *segment = segment_at(map, i);
        if (segment->epoch != map->epoch)
            break;
        if (in < segment->in_first)
            continue;
        *out = segment->out_first + (in - segment->in_first);
        return *out < segment_out_end(map, i) ? ERR_OK : ERR_NOT_FOUND; /* behind its end: dropped */
    }
    return ERR_NOT_FOUND;
}

enum err seqmap_map(struct seqmap *map, uint16_t in_seq, uint32_t in_timestamp, uint64_t now_us, struct seqmap_out *out)
{
    uint64_t out_seq;
    if (map->is_pending)
        begin_source(map, in_seq, in_timestamp, now_us);
    if (find_out(map, seq_unwrap(&map->in, in_seq), &out_seq))
        return ERR_NOT_FOUND;
    out->seq = (uint16_t)out_seq;
    out->timestamp = in_timestamp + map->ts_offset;
    if (out_seq > map->out_newest)
        map->out_newest = out_seq;
    if (!timestamp_newer(map->out_ts_newest, out->timestamp)) {
        map->out_ts_newest = out->timestamp;
        map->newest_us = now_us;
    }
    return ERR_OK;
}

void seqmap_drop(struct seqmap *map, uint16_t in_seq)
{
    if (map->is_pending)
        return;
    uint64_t newest = map->in.newest;
    uint64_t in = seq_unwrap(&map->in, in_seq);
    if (in <= newest)
        return;
    struct seqmap_segment *segment = &map->segments[map->head];
    /* The number that the dropped packet would have had goes to the next one. */
    uint64_t out_first = segment->out_first + (in - segment->in_first);
    if (in == segment->in_first) {
        segment->in_first++; /* dropped one after another: the run has not begun */
        return;
    }
    push_segment(map, in + 1, out_first);
}

enum err seqmap_back(const struct seqmap *map, uint16_t out_seq, struct seqmap_in *in)
{
    if (!map->is_used)
        return ERR_NOT_FOUND;
    struct seq_unwrap unwrap = {.newest = map->out_newest, .is_started = true};
    uint64_t out = seq_peek(&unwrap, out_seq);
    if (out > map->out_newest)
        return ERR_NOT_FOUND;
    for (unsigned i = 0; i < map->count; i++) {
        const struct seqmap_segment *segment = segment_at(map, i);
        if (out < segment->out_first)
            continue;
        in->source = segment->source;
        in->seq = (uint16_t)(segment->in_first + (out - segment->out_first));
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

uint32_t seqmap_timestamp(const struct seqmap *map, uint32_t in_timestamp)
{
    return in_timestamp + map->ts_offset;
}

bool seqmap_is_synced(const struct seqmap *map)
{
    return map->is_used && !map->is_pending;
}
