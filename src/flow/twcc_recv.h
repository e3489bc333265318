/* Collects when packets with transport-wide numbers arrived and makes the feedback that drives the publisher's
 * bandwidth estimate (draft-holmer-rmcat-transport-wide-cc-extensions-01), whatever kinds of media the transport
 * carries. One a publishing transport; the owning media thread; no allocation.
 *
 *     each packet with the extension:  twcc_recv_on_packet(&recv, seq, now_us);
 *     at twcc_recv_next_us():          while (wr = room, twcc_recv_poll(&recv, now_us, ours, theirs, &wr)) send it
 */
#ifndef ICHAT_FLOW_TWCC_RECV_H
#define ICHAT_FLOW_TWCC_RECV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/seqmap.h"

#define TWCC_RECV_WINDOW 2048 /* numbers remembered, a power of two; a jump beyond it starts afresh */
#define TWCC_RECV_INTERVAL_US 100000
#define TWCC_RECV_INTERVAL_MIN_US 50000
#define TWCC_RECV_INTERVAL_MAX_US 250000
#define TWCC_RECV_LATE_US 500000 /* a feedback that goes back for a late packet reports nothing older than this */

struct twcc_recv {
    /* set once */
    uint32_t interval_us;
    /* owned by the media thread */
    struct seq_unwrap unwrap;
    uint64_t start; /* first number not yet reported (unwrapped) */
    uint64_t end;   /* behind the newest arrival */
    bool is_dirty;  /* arrivals wait in start..end */
    uint64_t due_us;
    uint8_t fb_count;
    uint64_t arrivals_us[TWCC_RECV_WINDOW]; /* by number modulo the window; 0 = none */
};

/* interval_us is clamped to the range above; 0 = the default. */
void twcc_recv_init(struct twcc_recv *recv, uint32_t interval_us);
void twcc_recv_on_packet(struct twcc_recv *recv, uint16_t seq, uint64_t now_us);
/* Appends at most one feedback packet to wr, when due: true if it did. Call again until false: a burst may need more.
 * wr needs some 40 bytes of room at the least, 1100 to hold a typical interval. */
bool twcc_recv_poll(struct twcc_recv *recv, uint64_t now_us, uint32_t sender_ssrc, uint32_t media_ssrc, struct wr *wr);
/* When to poll; UINT64_MAX = nothing waits. */
uint64_t twcc_recv_next_us(const struct twcc_recv *recv);

#endif
