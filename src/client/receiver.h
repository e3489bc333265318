/* One received track: what came, what is missing, what the content says. The client's thread. Written without flow/, so
 * that what the server's own code believes is judged by another. */
#ifndef ICHAT_CLIENT_RECEIVER_H
#define ICHAT_CLIENT_RECEIVER_H

#include "client/describe.h"
#include "client/ichat_client.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

#define RECEIVER_MISSING_MAX 512 /* beyond it the oldest count as lost */

struct missing {
    uint32_t seq; /* extended */
    uint8_t tries;
    uint64_t found_us;
    uint64_t asked_us;
};

struct receiver {
    /* set once, by the description */
    struct describe_line line;
    /* owned by the client's thread */
    struct client_recv stats;
    bool is_started;
    uint32_t newest;   /* extended sequence number */
    uint32_t first;    /* the same, of the first packet */
    uint64_t expected; /* at the last report */
    uint64_t got;
    struct missing *missing; /* grows on demand */
    unsigned missing_count;
    unsigned missing_cap;
    bool needs_keyframe; /* none yet, or a packet is lost for good: the picture is broken */
    uint64_t pli_us;     /* when to ask (again) */
    /* content */
    bool has_content;
    uint32_t last_counter;
    uint32_t last_seq;
    uint32_t last_timestamp;
    uint64_t last_media_us;
    /* reports */
    uint64_t sr_us;
    uint64_t sr_ntp;
    uint32_t sr_timestamp;
    uint32_t jitter_16;
    uint32_t transit;
};

struct receiver *receiver_create(const struct describe_line *line);
void receiver_free(struct receiver *receiver);

/* A packet of the stream itself, or of its RTX stream. */
void receiver_on_rtp(struct receiver *receiver, const struct rtp *rtp, uint64_t now_us);
void receiver_on_rtx(struct receiver *receiver, const struct rtp *rtp, uint64_t now_us);
void receiver_on_sr(struct receiver *receiver, const struct rtcp_sr *sr, uint64_t now_us);
/* Gives up what is too old; the numbers to ask for now. */
size_t receiver_poll_nack(struct receiver *receiver, uint64_t now_us, uint16_t *out, size_t max);
/* Whether a PLI is to be sent now. */
bool receiver_poll_pli(struct receiver *receiver, uint64_t now_us);
/* False before the first packet. */
bool receiver_report(struct receiver *receiver, uint64_t now_us, struct rtcp_report_block *out);

#endif
