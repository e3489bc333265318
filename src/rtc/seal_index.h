/* Which packet of a stream a 16-bit sequence number means (RFC 3711 section 3.3.1 and appendix A), and which were seen
 * (section 3.3.2). Plain state, no clock, no allocation; belongs to whoever holds the stream.
 *
 *     uint64_t index;
 *     err = seal_index_guess(&stream, seq, &index);     and seal_index_check(): changes nothing
 *     ... seal, or open and verify with index ...
 *     seal_index_accept(&stream, index);                only now */
#ifndef ICHAT_RTC_SEAL_INDEX_H
#define ICHAT_RTC_SEAL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SEAL_WINDOW 1024 /* packets; = SEAL_REPLAY_WINDOW of seal.h */
#define SEAL_INDEX_MAX ((1ULL << 48) - 1)

struct seal_index {
    bool is_started;
    uint64_t newest;
    uint64_t seen[SEAL_WINDOW / 64]; /* a ring of bits: index modulo the window */
};

/* The index that lies nearest to the newest one; the first packet of a stream has roll-over count 0. ERR_LIMIT: the
 * 2^48 packets of a key are used up. */
MUST_CHECK enum err seal_index_guess(const struct seal_index *stream, uint16_t seq, uint64_t *out);
/* ERR_EXISTS: seen, or too old to tell. */
MUST_CHECK enum err seal_index_check(const struct seal_index *stream, uint64_t index);
void seal_index_accept(struct seal_index *stream, uint64_t index);

/* The same for SRTCP, whose packets carry their whole index of 31 bits (section 3.4). */
#define SEAL_RTCP_WINDOW 128
#define SEAL_RTCP_INDEX_MAX 0x7fffffffu

struct seal_rtcp_index {
    bool is_started;
    uint32_t newest;
    uint64_t seen[SEAL_RTCP_WINDOW / 64];
};

/* The sending side: counts one on. ERR_LIMIT, and stays, when the 2^31 packets of a key are used up (section 9.2). */
MUST_CHECK enum err seal_rtcp_index_next(uint32_t *last);
MUST_CHECK enum err seal_rtcp_index_check(const struct seal_rtcp_index *stream, uint32_t index);
void seal_rtcp_index_accept(struct seal_rtcp_index *stream, uint32_t index);

#endif
