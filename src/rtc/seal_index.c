/* Packet indices and replay windows of SRTP. See seal_index.h. */
#include "rtc/seal_index.h"

#include <string.h>

#define HALF 32768u

/* A window as a ring of bits, `mask` + 1 of them. */
static bool is_seen(const uint64_t *bits, uint64_t index, uint64_t mask)
{
    uint64_t at = index & mask;
    return bits[at / 64] >> (at % 64) & 1;
}

static void set_seen(uint64_t *bits, uint64_t index, uint64_t mask)
{
    uint64_t at = index & mask;
    bits[at / 64] |= 1ULL << (at % 64);
}

/* What lies between the newest so far and this one was not seen: the ring still says so of a window ago. */
static void forget_between(uint64_t *bits, uint64_t newest, uint64_t index, uint64_t mask)
{
    if (index - newest > mask) {
        memset(bits, 0, (mask + 1) / 8);
        return;
    }
    for (uint64_t i = newest + 1; i <= index; i++) {
        uint64_t at = i & mask;
        bits[at / 64] &= ~(1ULL << (at % 64));
    }
}

static enum err check(const uint64_t *bits, uint64_t newest, uint64_t index, uint64_t mask)
{
    if (index > newest)
        return ERR_OK;
    if (newest - index > mask || is_seen(bits, index, mask))
        return ERR_EXISTS;
    return ERR_OK;
}

enum err seal_index_guess(const struct seal_index *stream, uint16_t seq, uint64_t *out)
{
    uint64_t newest = stream->is_started ? stream->newest : 0;
    uint64_t roc = newest >> 16;
    uint32_t last = newest & 0xffff;
    if (!stream->is_started)
        roc = 0;
    else if (last < HALF && seq > last && seq - last > HALF)
        roc = roc ? roc - 1 : 0; /* there is nothing before the first count: then it is a leap ahead */
    else if (last >= HALF && last - HALF > seq)
        roc++;
    uint64_t index = roc << 16 | seq;
    if (index > SEAL_INDEX_MAX)
        return ERR_LIMIT;
    *out = index;
    return ERR_OK;
}

enum err seal_index_check(const struct seal_index *stream, uint64_t index)
{
    return stream->is_started ? check(stream->seen, stream->newest, index, SEAL_WINDOW - 1) : ERR_OK;
}

void seal_index_accept(struct seal_index *stream, uint64_t index)
{
    if (!stream->is_started) {
        stream->is_started = true;
        stream->newest = index;
    } else if (index > stream->newest) {
        forget_between(stream->seen, stream->newest, index, SEAL_WINDOW - 1);
        stream->newest = index;
    }
    set_seen(stream->seen, index, SEAL_WINDOW - 1);
}

enum err seal_rtcp_index_next(uint32_t *last)
{
    if (*last >= SEAL_RTCP_INDEX_MAX)
        return ERR_LIMIT;
    (*last)++;
    return ERR_OK;
}

enum err seal_rtcp_index_check(const struct seal_rtcp_index *stream, uint32_t index)
{
    return stream->is_started ? check(stream->seen, stream->newest, index, SEAL_RTCP_WINDOW - 1) : ERR_OK;
}

void seal_rtcp_index_accept(struct seal_rtcp_index *stream, uint32_t index)
{
    if (!stream->is_started) {
        stream->is_started = true;
        stream->newest = index;
    } else if (index > stream->newest) {
        forget_between(stream->seen, stream->newest, index, SEAL_RTCP_WINDOW - 1);
        stream->newest = index;
    }
    set_seen(stream->seen, index, SEAL_RTCP_WINDOW - 1);
}
