/* One published track: makes packets in time, keeps what it needs to send them again, answers NACK and PLI, reports.
 * The client's thread.
 *
 * The content can be made again from a few facts, so the history holds facts, not bytes. */
#ifndef ICHAT_CLIENT_SENDER_H
#define ICHAT_CLIENT_SENDER_H

#include "base/buf.h"
#include "client/describe.h"
#include "client/ichat_client.h"
#include "client/synth.h"
#include "proto/rtcp.h"

#define SENDER_HISTORY 512 /* packets: several seconds of what we send */
#define SENDER_REPORTS 8   /* own reports remembered for the round trip */

/* What both tracks of a connection share. */
struct sender_shared {
    uint64_t user_id;
    uint16_t twcc_seq; /* next transport-wide number */
    uint64_t twcc_sent;
    void *ctx;
    bool (*send)(void *ctx, bool is_rtcp, uint8_t *data, size_t len, size_t size);
};

struct sent {
    uint16_t seq;
    bool is_set;
    bool marker;
    uint32_t timestamp;
    struct synth_stamp stamp;
    struct synth_video video;
};

struct sender {
    /* set once at creation */
    struct sender_shared *shared;
    struct describe_line line;
    uint32_t frame_bytes;
    uint32_t interval_us; /* between frames */
    uint32_t interval_ts; /* the same on the RTP clock */
    /* owned by the client's thread */
    struct client_send stats;
    uint64_t next_us;  /* when the next frame is due, 0 = not started */
    uint64_t frame_us; /* when the newest one was made */
    uint64_t report_us;
    uint32_t timestamp;
    uint16_t seq;
    uint16_t rtx_seq;
    uint16_t picture_id;
    bool wants_keyframe;
    struct {
        uint32_t lsr;
        uint64_t at_us;
    } reports[SENDER_REPORTS];
    unsigned report_next;
    struct sent history[SENDER_HISTORY];
};

struct sender *sender_create(struct sender_shared *shared, const struct describe_line *line,
                             const struct member_opts *opts);
void sender_free(struct sender *sender);
/* The answer came: extensions, and whether there is RTX. */
void sender_agree(struct sender *sender, const struct describe_line *line);
/* Sends what is due. phase_us spreads the starts of many members. */
void sender_tick(struct sender *sender, uint64_t now_us, uint32_t phase_us);
void sender_on_nack(struct sender *sender, uint16_t seq);
void sender_on_keyframe_request(struct sender *sender);
void sender_on_report(struct sender *sender, const struct rtcp_report_block *block, uint64_t now_us);
bool sender_is_mine(const struct sender *sender, uint32_t ssrc);

#endif
