/* One received track. See receiver.h. */
#include "client/receiver.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/synth.h"
#include "flow/srmap.h"
#include "proto/vp8.h"

#define SEQ_START 0x10000u /* so that extended numbers never go below 0 */
#define NACK_WAIT_US 10000 /* reordering is not loss */
#define NACK_AGAIN_US 60000
#define NACK_TRIES_MAX 10
#define LOST_US 1000000 /* then it is given up */
#define PLI_US 500000   /* from a gap to the first request, and between two */
#define RTX_HEADER 2    /* RFC 4588 section 4 */
/* The RTP clock may differ from the content's by roundings only. */
#define TIME_TOLERANCE_US 2000

struct receiver *receiver_create(const struct describe_line *line)
{
    struct receiver *receiver = mem_calloc(1, sizeof(*receiver));
    receiver->line = *line;
    return receiver;
}

void receiver_free(struct receiver *receiver)
{
    if (!receiver)
        return;
    free(receiver->missing);
    free(receiver);
}

static uint32_t clock_rate(const struct receiver *receiver)
{
    return receiver->line.kind == CLIENT_AUDIO ? 48000 : 90000;
}

/* The nearest to the newest one. */
static uint32_t extend(const struct receiver *receiver, uint16_t seq)
{
    return receiver->newest + (uint32_t)(int32_t)(int16_t)(uint16_t)(seq - (uint16_t)receiver->newest);
}

static void drop_missing(struct receiver *receiver, unsigned at)
{
    receiver->missing_count--;
    memmove(&receiver->missing[at], &receiver->missing[at + 1],
            (receiver->missing_count - at) * sizeof(*receiver->missing));
    receiver->stats.missing = receiver->missing_count;
}

static void add_missing(struct receiver *receiver, uint32_t seq, uint64_t now_us)
{
    if (receiver->missing_count == RECEIVER_MISSING_MAX) {
        drop_missing(receiver, 0);
        receiver->stats.lost++;
    }
    if (receiver->missing_count == receiver->missing_cap) {
        receiver->missing_cap = receiver->missing_cap ? receiver->missing_cap * 2 : 16;
        receiver->missing = mem_realloc(receiver->missing, receiver->missing_cap * sizeof(*receiver->missing));
    }
    receiver->missing[receiver->missing_count++] = (struct missing){.seq = seq, .found_us = now_us};
    receiver->stats.missing = receiver->missing_count;
}

static bool take_missing(struct receiver *receiver, uint32_t seq)
{
    for (unsigned i = 0; i < receiver->missing_count; i++) {
        if (receiver->missing[i].seq == seq) {
            drop_missing(receiver, i);
            return true;
        }
    }
    return false;
}

static void want_keyframe(struct receiver *receiver, uint64_t now_us)
{
    if (receiver->line.kind != CLIENT_VIDEO || receiver->needs_keyframe)
        return;
    receiver->needs_keyframe = true;
    receiver->pli_us = now_us + PLI_US;
}

/* Whether this number is new; keeps the list of gaps. */
static bool note_seq(struct receiver *receiver, uint16_t seq16, uint32_t *seq, uint64_t now_us)
{
    if (!receiver->is_started) {
        receiver->is_started = true;
        receiver->newest = receiver->first = *seq = SEQ_START + seq16;
        want_keyframe(receiver, now_us);
        return true;
    }
    *seq = extend(receiver, seq16);
    if ((int32_t)(*seq - receiver->newest) > 0) {
        uint32_t gap = *seq - receiver->newest - 1;
        uint32_t from = gap > RECEIVER_MISSING_MAX ? *seq - RECEIVER_MISSING_MAX : receiver->newest + 1;
        receiver->stats.lost += from - receiver->newest - 1;
        for (uint32_t missing = from; missing != *seq; missing++)
            add_missing(receiver, missing, now_us);
        receiver->newest = *seq;
        return true;
    }
    if (take_missing(receiver, *seq)) {
        receiver->stats.recovered++;
        return true;
    }
    receiver->stats.duplicates++;
    return false;
}

/* RFC 3550 appendix A.8 */
static void note_jitter(struct receiver *receiver, uint32_t timestamp, uint64_t now_us)
{
    uint32_t transit = (uint32_t)(now_us * clock_rate(receiver) / US_PER_S) - timestamp;
    if (receiver->stats.packets > 1) {
        int32_t diff = (int32_t)(transit - receiver->transit);
        receiver->jitter_16 += (uint32_t)(diff < 0 ? -diff : diff) - ((receiver->jitter_16 + 8) >> 4);
    }
    receiver->transit = transit;
}

static int64_t ts_to_us(const struct receiver *receiver, int32_t ticks)
{
    return (int64_t)ticks * (int64_t)US_PER_S / (int64_t)clock_rate(receiver);
}

/* Against the packet before: content numbers in sequence, and the RTP clock as fast as the content's. */
static void check_sequence(struct receiver *receiver, uint32_t seq, uint32_t timestamp, const struct synth_stamp *stamp)
{
    if (receiver->has_content && (int32_t)(seq - receiver->last_seq) <= 0)
        return; /* late: nothing to compare with */
    if (receiver->has_content && seq == receiver->last_seq + 1) {
        if (stamp->counter != receiver->last_counter + 1)
            receiver->stats.content_gaps++;
        int64_t rtp_us = ts_to_us(receiver, (int32_t)(timestamp - receiver->last_timestamp));
        int64_t media_us = (int64_t)(stamp->made_us - stamp->late_us - receiver->last_media_us);
        if (llabs(rtp_us - media_us) > TIME_TOLERANCE_US && stamp->counter == receiver->last_counter + 1)
            receiver->stats.wrong_times++;
    }
    receiver->has_content = true;
    receiver->last_seq = seq;
    receiver->last_counter = stamp->counter;
    receiver->last_timestamp = timestamp;
    receiver->last_media_us = stamp->made_us - stamp->late_us;
}

static void check_content(struct receiver *receiver, const uint8_t *payload, size_t len, uint32_t seq,
                          uint32_t timestamp, uint64_t now_us)
{
    struct synth_stamp stamp;
    struct client_recv *stats = &receiver->stats;
    if (!synth_stamp_read(payload, len, &stamp) || stamp.user_id != stats->user_id || stamp.kind != stats->kind) {
        stats->wrong_stamps++;
        return;
    }
    stats->stamps++;
    uint64_t delay_us = now_us > stamp.made_us ? now_us - stamp.made_us : 0;
    stats->delay_sum_us += delay_us;
    if (delay_us > stats->delay_max_us)
        stats->delay_max_us = delay_us;
    if (receiver->sr_us) {
        int64_t sr_us = (int64_t)ntp_to_us(receiver->sr_ntp - ntp_from_wall_us(0));
        int64_t rtp_us = sr_us + ts_to_us(receiver, (int32_t)(timestamp - receiver->sr_timestamp));
        stats->sync_error_us = rtp_us - (int64_t)(stamp.made_us - stamp.late_us);
    }
    check_sequence(receiver, seq, timestamp, &stamp);
}

static void take_payload(struct receiver *receiver, uint16_t seq16, uint32_t timestamp, const uint8_t *payload,
                         size_t len, uint64_t now_us)
{
    uint32_t seq;
    if (!note_seq(receiver, seq16, &seq, now_us))
        return;
    receiver->stats.packets++;
    receiver->stats.bytes += len;
    receiver->stats.last_us = now_us;
    if (len == 0)
        return; /* padding only */
    if (receiver->line.kind == CLIENT_VIDEO) {
        struct vp8 vp8;
        if (vp8_parse(&vp8, payload, len) == ERR_OK && vp8.is_start) {
            receiver->stats.frames++;
            receiver->stats.keyframes += vp8.is_keyframe;
            receiver->needs_keyframe = receiver->needs_keyframe && !vp8.is_keyframe;
        }
    } else {
        receiver->stats.frames++;
    }
    check_content(receiver, payload, len, seq, timestamp, now_us);
}

void receiver_on_rtp(struct receiver *receiver, const struct rtp *rtp, uint64_t now_us)
{
    if (rtp->pt != receiver->line.pt)
        return;
    take_payload(receiver, rtp->seq, rtp->timestamp, rtp_payload(rtp), rtp->payload_len, now_us);
    note_jitter(receiver, rtp->timestamp, now_us);
}

void receiver_on_rtx(struct receiver *receiver, const struct rtp *rtp, uint64_t now_us)
{
    if (rtp->pt != receiver->line.rtx_pt || rtp->payload_len <= RTX_HEADER || !receiver->is_started)
        return; /* padding probes have no payload */
    receiver->stats.rtx++;
    const uint8_t *payload = rtp_payload(rtp);
    uint16_t seq = (uint16_t)(payload[0] << 8 | payload[1]);
    take_payload(receiver, seq, rtp->timestamp, payload + RTX_HEADER, rtp->payload_len - RTX_HEADER, now_us);
}

void receiver_on_sr(struct receiver *receiver, const struct rtcp_sr *sr, uint64_t now_us)
{
    receiver->stats.senders_reports++;
    receiver->sr_us = now_us;
    receiver->sr_ntp = sr->ntp;
    receiver->sr_timestamp = sr->rtp_ts;
}

size_t receiver_poll_nack(struct receiver *receiver, uint64_t now_us, uint16_t *out, size_t max)
{
    size_t count = 0;
    for (unsigned i = 0; i < receiver->missing_count;) {
        struct missing *missing = &receiver->missing[i];
        if (now_us - missing->found_us > LOST_US) {
            drop_missing(receiver, i);
            receiver->stats.lost++;
            want_keyframe(receiver, now_us);
            continue;
        }
        bool is_due = missing->tries == 0 ? now_us - missing->found_us >= NACK_WAIT_US
                                          : now_us - missing->asked_us >= NACK_AGAIN_US;
        if (receiver->line.has_nack && is_due && missing->tries < NACK_TRIES_MAX && count < max) {
            missing->tries++;
            missing->asked_us = now_us;
            out[count++] = (uint16_t)missing->seq;
        }
        i++;
    }
    return count;
}

bool receiver_poll_pli(struct receiver *receiver, uint64_t now_us)
{
    if (!receiver->needs_keyframe || !receiver->line.has_pli || now_us < receiver->pli_us)
        return false;
    receiver->pli_us = now_us + PLI_US;
    receiver->stats.plis++;
    return true;
}

bool receiver_report(struct receiver *receiver, uint64_t now_us, struct rtcp_report_block *out)
{
    if (!receiver->is_started)
        return false;
    /* RFC 3550 appendix A.3 */
    uint64_t expected = (uint64_t)(receiver->newest - receiver->first) + 1;
    uint64_t got = receiver->stats.packets;
    uint64_t expected_now = expected - receiver->expected, got_now = got - receiver->got;
    receiver->expected = expected;
    receiver->got = got;
    *out = (struct rtcp_report_block){.ssrc = receiver->line.ssrc,
                                      .cumulative_lost = (int32_t)((int64_t)expected - (int64_t)got),
                                      .ext_seq = receiver->newest - SEQ_START,
                                      .jitter = receiver->jitter_16 >> 4};
    if (expected_now > got_now)
        out->fraction_lost = (uint8_t)((expected_now - got_now) * 255 / expected_now);
    if (receiver->sr_us) {
        out->lsr = ntp_mid32(receiver->sr_ntp);
        out->dlsr = (uint32_t)((now_us - receiver->sr_us) * 65536 / US_PER_S);
    }
    return true;
}
