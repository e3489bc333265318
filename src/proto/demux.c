/* First-byte demultiplexing of one port. Any thread. */
#include "proto/demux.h"

#include "base/buf.h"

enum packet_kind packet_classify(const void *data, size_t len)
{
    struct rd rd = rd_make(data, len);
    uint8_t first = rd_u8(&rd);
    uint8_t second = rd_u8(&rd);
    if (rd.is_bad)
        return PACKET_OTHER;
    /* RFC 7983 section 7 */
    if (first <= 3)
        return PACKET_STUN;
    if (first >= 20 && first <= 63)
        return PACKET_DTLS;
    if (first < 128 || first > 191)
        return PACKET_OTHER;
    /* RFC 5761 section 4: RTCP types 192..223; RTP with a marker would need payload types 64..95, which nobody may use
     * on a multiplexed port. */
    return second >= 192 && second <= 223 ? PACKET_RTCP : PACKET_RTP;
}
