/* transport-wide-cc feedback, built and parsed (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1). Any
 * thread. */
#include "proto/rtcp_twcc.h"

#define HEAD_LEN 20          /* RTCP head, two SSRCs, base, count, reference, feedback count */
#define FMT_TWCC 15          /* section 3.1 */
#define RUN_MAX 0x1fff       /* section 3.1.3: 13 bits */
#define VECTOR_ONE 14        /* section 3.1.4: one-bit symbols in a chunk */
#define VECTOR_TWO 7         /* two-bit symbols */
#define CHUNK_VECTOR 0x8000u /* the chunk is a status vector */
#define CHUNK_TWO 0xc000u    /* ... with two-bit symbols */

/* Section 3.1.1 */
enum symbol { NOT_RECEIVED, SMALL_DELTA, LARGE_DELTA, RESERVED };

/* ---- building ---- */

struct plan {
    uint8_t symbols[RTCP_TWCC_STATUS_MAX];
    size_t count;
};

static size_t delta_len(uint8_t symbol)
{
    return symbol; /* small: 1 byte, large: 2 */
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Ticks from *time_us to the arrival, moving *time_us by whole ticks so that rounding never adds up. False: out of
 * the 16-bit range. */
static bool next_delta(int64_t *time_us, uint64_t arrival_us, int64_t *ticks)
{
    int64_t diff = (int64_t)arrival_us - *time_us;
    *ticks = diff >= 0 ? diff / RTCP_TWCC_TICK_US : -((RTCP_TWCC_TICK_US - 1 - diff) / RTCP_TWCC_TICK_US);
    *time_us += *ticks * RTCP_TWCC_TICK_US;
    return *ticks >= INT16_MIN && *ticks <= INT16_MAX;
}

/* The symbols of as many leading arrivals as one packet can express. False: none of them arrived. */
static bool plan_symbols(struct plan *plan, const uint64_t *arrivals_us, size_t count, uint64_t *reference)
{
    size_t first = 0;
    count = min_size(count, RTCP_TWCC_STATUS_MAX);
    while (first < count && !arrivals_us[first])
        first++;
    if (first == count)
        return false;
    *reference = arrivals_us[first] / RTCP_TWCC_REFERENCE_US;
    int64_t time_us = (int64_t)(*reference * RTCP_TWCC_REFERENCE_US);
    for (plan->count = 0; plan->count < count; plan->count++) {
        int64_t ticks;
        uint8_t symbol = NOT_RECEIVED;
        if (arrivals_us[plan->count]) {
            if (!next_delta(&time_us, arrivals_us[plan->count], &ticks))
                break;
            symbol = ticks >= 0 && ticks <= UINT8_MAX ? SMALL_DELTA : LARGE_DELTA;
        }
        plan->symbols[plan->count] = symbol;
    }
    return plan->count > 0;
}

static uint16_t vector_chunk(const uint8_t *symbols, size_t n, unsigned bits)
{
    unsigned chunk = bits == 1 ? CHUNK_VECTOR : CHUNK_TWO;
    for (size_t i = 0; i < n; i++)
        chunk |= (unsigned)symbols[i] << (14 - bits * (i + 1));
    return (uint16_t)chunk;
}

/* The chunk that covers most of the symbols from `symbols` on; answers how many. */
static size_t pick_chunk(const uint8_t *symbols, size_t count, uint16_t *chunk)
{
    size_t run = 1;
    size_t small = 0; /* leading symbols that fit one bit */
    while (run < min_size(count, RUN_MAX) && symbols[run] == symbols[0])
        run++;
    while (small < min_size(count, VECTOR_ONE) && symbols[small] <= SMALL_DELTA)
        small++;
    if (run >= VECTOR_ONE || run == count) {
        *chunk = (uint16_t)(symbols[0] << 13 | run);
        return run;
    }
    if (small == min_size(count, VECTOR_ONE)) {
        *chunk = vector_chunk(symbols, small, 1);
        return small;
    }
    if (run > VECTOR_TWO) {
        *chunk = (uint16_t)(symbols[0] << 13 | run);
        return run;
    }
    size_t n = min_size(count, VECTOR_TWO);
    *chunk = vector_chunk(symbols, n, 2);
    return n;
}

/* Bytes of the plan's chunks and deltas. */
static size_t plan_size(const struct plan *plan)
{
    size_t size = 0;
    for (size_t at = 0; at < plan->count;) {
        uint16_t chunk;
        at += pick_chunk(plan->symbols + at, plan->count - at, &chunk);
        size += 2;
    }
    for (size_t i = 0; i < plan->count; i++)
        size += delta_len(plan->symbols[i]);
    return size;
}

/* Cuts the plan to what fits `room` bytes of chunks and deltas. Answers the bytes it needs then: never more than was
 * counted on the way, but the cut can let the last symbols share one chunk. */
static size_t fit_plan(struct plan *plan, size_t room)
{
    size_t used = 0;
    size_t at = 0;
    while (at < plan->count) {
        uint16_t chunk;
        size_t end = at + pick_chunk(plan->symbols + at, plan->count - at, &chunk);
        used += 2;
        for (; at < end && used + delta_len(plan->symbols[at]) <= room; at++)
            used += delta_len(plan->symbols[at]);
        if (at < end)
            break;
    }
    plan->count = at;
    return plan_size(plan);
}

static void write_deltas(struct wr *wr, const struct plan *plan, const uint64_t *arrivals_us, uint64_t reference)
{
    int64_t time_us = (int64_t)(reference * RTCP_TWCC_REFERENCE_US);
    for (size_t i = 0; i < plan->count; i++) {
        int64_t ticks;
        if (plan->symbols[i] == NOT_RECEIVED || !next_delta(&time_us, arrivals_us[i], &ticks))
            continue;
        if (plan->symbols[i] == SMALL_DELTA)
            wr_u8(wr, (uint8_t)ticks);
        else
            wr_u16(wr, (uint16_t)ticks);
    }
}

size_t rtcp_twcc_write(struct wr *wr, const struct rtcp_twcc_head *head, const uint64_t *arrivals_us, size_t count)
{
    struct plan plan; /* 8 KB, filled only as far as it is read */
    uint64_t reference = 0;
    if (wr->is_bad || wr_left(wr) < HEAD_LEN || !plan_symbols(&plan, arrivals_us, count, &reference))
        return 0;
    size_t room = min_size((wr_left(wr) - HEAD_LEN) & ~(size_t)3, (size_t)UINT16_MAX);
    size_t used = fit_plan(&plan, room);
    if (plan.count == 0)
        return 0;
    size_t padding = (4 - used % 4) % 4;
    wr_u8(wr, 0x80 | FMT_TWCC);
    wr_u8(wr, RTCP_RTPFB);
    wr_u16(wr, (uint16_t)((HEAD_LEN + used + padding) / 4 - 1));
    wr_u32(wr, head->sender_ssrc);
    wr_u32(wr, head->media_ssrc);
    wr_u16(wr, head->base_seq);
    wr_u16(wr, (uint16_t)plan.count);
    wr_u24(wr, (uint32_t)reference & 0xffffff);
    wr_u8(wr, head->fb_count);
    for (size_t at = 0; at < plan.count;) {
        uint16_t chunk;
        at += pick_chunk(plan.symbols + at, plan.count - at, &chunk);
        wr_u16(wr, chunk);
    }
    write_deltas(wr, &plan, arrivals_us, reference);
    while (padding--)
        wr_u8(wr, 0);
    return plan.count;
}

/* ---- parsing ---- */

/* Opens the next chunk; false = none, or one of length 0. */
static bool load_chunk(struct rtcp_twcc_iter *it)
{
    uint16_t chunk = rd_u16(&it->chunks);
    if (it->chunks.is_bad)
        return false;
    if (!(chunk & CHUNK_VECTOR)) {
        it->symbol_bits = 0;
        it->run_symbol = (uint8_t)(chunk >> 13 & 3);
        it->run = chunk & RUN_MAX;
        return it->run > 0;
    }
    bool is_two = (chunk & CHUNK_TWO) == CHUNK_TWO;
    it->symbol_bits = is_two ? 2 : 1;
    it->run = is_two ? VECTOR_TWO : VECTOR_ONE;
    it->symbols = (uint16_t)(chunk << 2);
    return true;
}

static bool next_symbol(struct rtcp_twcc_iter *it, uint8_t *symbol)
{
    if (it->run == 0 && !load_chunk(it))
        return false;
    it->run--;
    if (it->symbol_bits == 0) {
        *symbol = it->run_symbol;
        return true;
    }
    *symbol = (uint8_t)(it->symbols >> (16 - it->symbol_bits));
    it->symbols = (uint16_t)(it->symbols << it->symbol_bits);
    return true;
}

/* Walks the chunks once: where they end and how many bytes of deltas belong to them. */
static enum err measure(const struct rd *body, unsigned count, size_t *chunks_len, size_t *deltas_len)
{
    struct rtcp_twcc_iter it = {.chunks = *body};
    *deltas_len = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t symbol;
        if (!next_symbol(&it, &symbol) || symbol == RESERVED)
            return ERR_INVALID;
        *deltas_len += delta_len(symbol);
    }
    *chunks_len = (size_t)(it.chunks.at - body->at);
    return ERR_OK;
}

enum err rtcp_twcc_parse(const struct rtcp_fb *fb, struct rtcp_twcc *out)
{
    size_t chunks_len;
    size_t deltas_len;
    if (fb->kind != RTCP_FB_TWCC)
        return ERR_INVALID;
    struct rd rd = rd_make(fb->fci, fb->fci_len);
    struct rtcp_twcc twcc = {.head = {.sender_ssrc = fb->sender_ssrc, .media_ssrc = fb->media_ssrc}};
    twcc.head.base_seq = rd_u16(&rd);
    twcc.status_count = rd_u16(&rd);
    uint32_t reference = rd_u24(&rd);
    twcc.head.fb_count = rd_u8(&rd);
    if (rd.is_bad || twcc.status_count == 0 || twcc.status_count > RTCP_TWCC_STATUS_MAX)
        return ERR_INVALID;
    if (measure(&rd, twcc.status_count, &chunks_len, &deltas_len))
        return ERR_INVALID;
    twcc.chunks = (struct bytes){.data = rd_take(&rd, chunks_len), .len = chunks_len};
    twcc.deltas = (struct bytes){.data = rd_take(&rd, deltas_len), .len = deltas_len};
    if (rd.is_bad)
        return ERR_INVALID;
    /* the reference is a signed 24-bit number */
    int64_t signed_reference = reference & 0x800000 ? (int64_t)reference - 0x1000000 : (int64_t)reference;
    twcc.reference_us = signed_reference * RTCP_TWCC_REFERENCE_US;
    *out = twcc;
    return ERR_OK;
}

void rtcp_twcc_iter_init(struct rtcp_twcc_iter *it, const struct rtcp_twcc *twcc)
{
    *it = (struct rtcp_twcc_iter){
        .chunks = rd_make(twcc->chunks.data, twcc->chunks.len),
        .deltas = rd_make(twcc->deltas.data, twcc->deltas.len),
        .left = twcc->status_count,
        .seq = twcc->head.base_seq,
        .time_us = twcc->reference_us,
    };
}

bool rtcp_twcc_next(struct rtcp_twcc_iter *it, struct rtcp_twcc_status *out)
{
    uint8_t symbol;
    if (it->left == 0 || !next_symbol(it, &symbol))
        return false;
    it->left--;
    if (symbol == SMALL_DELTA)
        it->time_us += rd_u8(&it->deltas) * RTCP_TWCC_TICK_US;
    else if (symbol == LARGE_DELTA)
        it->time_us += (int16_t)rd_u16(&it->deltas) * RTCP_TWCC_TICK_US;
    out->seq = it->seq++;
    out->is_received = symbol != NOT_RECEIVED;
    out->time_us = out->is_received ? it->time_us : 0;
    return true;
}
