/* transport-wide-cc feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): build and parse. Any
 * thread, no allocation. Collecting arrivals is flow/twcc_recv.h.
 *
 * Times on the wire are multiples of 250 us from a reference in multiples of 64 ms, so a time survives a round trip
 * within 250 us, without drift. */
#ifndef ICHAT_PROTO_RTCP_TWCC_H
#define ICHAT_PROTO_RTCP_TWCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"

#define RTCP_TWCC_TICK_US 250        /* one unit of receive delta */
#define RTCP_TWCC_REFERENCE_US 64000 /* one unit of reference time */
#define RTCP_TWCC_STATUS_MAX 8192    /* statuses in one packet that we read or write: seconds of a fast stream */

struct rtcp_twcc_head {
    uint32_t sender_ssrc;
    uint32_t media_ssrc; /* any source of the transport, or 0 */
    uint16_t base_seq;   /* transport-wide number of the first status */
    uint8_t fb_count;    /* number of this feedback packet, wraps */
};

/* Appends one feedback packet for numbers head->base_seq ... in order: arrivals_us[i] is when base_seq + i arrived,
 * 0 = not (yet). Answers how many leading entries the packet covers: fewer than count when room, the status limit or
 * the delta range (8.19 s) ends it; continue with another packet. 0: nothing was written (wr->is_bad stays off),
 * because none of the first RTCP_TWCC_STATUS_MAX arrived or there is not even room for one. Ends on a 32-bit boundary
 * by zero bytes without the padding bit, so it may stand anywhere in a compound. */
size_t rtcp_twcc_write(struct wr *wr, const struct rtcp_twcc_head *head, const uint64_t *arrivals_us, size_t count);

struct rtcp_twcc {
    struct rtcp_twcc_head head;
    unsigned status_count; /* 1..RTCP_TWCC_STATUS_MAX */
    int64_t reference_us;  /* on the receiver's clock, wraps every 2^24 * 64 ms */
    struct bytes chunks;
    struct bytes deltas;
};

struct rtcp_twcc_status {
    uint16_t seq;
    bool is_received;
    int64_t time_us; /* receiver's clock; 0 when not received */
};

/* Checks everything up front: chunks cover status_count, the deltas of all received packets are there. */
MUST_CHECK enum err rtcp_twcc_parse(const struct rtcp_fb *fb, struct rtcp_twcc *out);

struct rtcp_twcc_iter {
    struct rd chunks;
    struct rd deltas;
    unsigned left;    /* statuses still to come */
    uint16_t seq;     /* of the next */
    int64_t time_us;  /* of the last received */
    uint16_t run;     /* statuses left in the current chunk */
    uint16_t symbols; /* a vector chunk's remaining symbols, left-aligned */
    uint8_t symbol_bits;
    uint8_t run_symbol;
};
void rtcp_twcc_iter_init(struct rtcp_twcc_iter *it, const struct rtcp_twcc *twcc);
bool rtcp_twcc_next(struct rtcp_twcc_iter *it, struct rtcp_twcc_status *out);

#endif
