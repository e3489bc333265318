/* Arrivals of transport-wide numbers, and when to report them. The owning media thread. */
#include "flow/twcc_recv.h"

#include <string.h>

#include "proto/rtcp_twcc.h"

#define SLOT(n) ((n) & (TWCC_RECV_WINDOW - 1))
/* Statuses looked at for one packet: 1100 bytes hold them when each has its own large delta. */
#define BATCH 480

void twcc_recv_init(struct twcc_recv *recv, uint32_t interval_us)
{
    memset(recv, 0, sizeof(*recv));
    if (interval_us == 0)
        interval_us = TWCC_RECV_INTERVAL_US;
    if (interval_us < TWCC_RECV_INTERVAL_MIN_US)
        interval_us = TWCC_RECV_INTERVAL_MIN_US;
    if (interval_us > TWCC_RECV_INTERVAL_MAX_US)
        interval_us = TWCC_RECV_INTERVAL_MAX_US;
    recv->interval_us = interval_us;
}

/* Forgets what was there; `seq` is the first. */
static void restart(struct twcc_recv *recv, uint64_t seq)
{
    memset(recv->arrivals_us, 0, sizeof(recv->arrivals_us));
    recv->start = recv->end = seq;
}

/* Opens the window up to seq: what lies between has not arrived. */
static void extend(struct twcc_recv *recv, uint64_t seq)
{
    for (; recv->end <= seq; recv->end++)
        recv->arrivals_us[SLOT(recv->end)] = 0;
    if (recv->end - recv->start > TWCC_RECV_WINDOW)
        recv->start = recv->end - TWCC_RECV_WINDOW;
}

void twcc_recv_on_packet(struct twcc_recv *recv, uint16_t seq, uint64_t now_us)
{
    bool is_first = !recv->unwrap.is_started;
    uint64_t number = seq_unwrap(&recv->unwrap, seq);
    if (is_first || number >= recv->end + TWCC_RECV_WINDOW)
        restart(recv, number);
    if (number >= recv->end)
        extend(recv, number);
    else if (number + TWCC_RECV_WINDOW < recv->end)
        return; /* its slot belongs to a newer one */
    uint64_t *arrival = &recv->arrivals_us[SLOT(number)];
    if (*arrival)
        return; /* a duplicate */
    *arrival = now_us;
    if (number < recv->start)
        recv->start = number; /* late: the next feedback goes back for it */
    if (!recv->is_dirty) {
        recv->is_dirty = true;
        recv->due_us = recv->due_us + recv->interval_us > now_us ? recv->due_us + recv->interval_us : now_us;
    }
}

/* Statuses from start on, without trailing gaps, and without what was reported long ago. */
static size_t collect(const struct twcc_recv *recv, uint64_t now_us, uint64_t *arrivals_us)
{
    size_t n = 0;
    for (uint64_t number = recv->start; number < recv->end && n < BATCH; number++) {
        uint64_t arrival = recv->arrivals_us[SLOT(number)];
        arrivals_us[n++] = arrival && arrival + TWCC_RECV_LATE_US >= now_us ? arrival : 0;
    }
    while (n && !arrivals_us[n - 1])
        n--;
    return n;
}

/* Nothing arrived in the whole batch that is still worth a report: the hole is passed over. */
static void skip_hole(struct twcc_recv *recv)
{
    recv->start = recv->end - recv->start > BATCH ? recv->start + BATCH : recv->end;
}

/* Writes one packet; false when nothing is left to report or there is no room. */
static bool write_feedback(struct twcc_recv *recv, uint64_t now_us, uint32_t sender_ssrc, uint32_t media_ssrc,
                           struct wr *wr)
{
    uint64_t arrivals_us[BATCH];
    size_t count = 0;
    while (recv->start < recv->end && (count = collect(recv, now_us, arrivals_us)) == 0)
        skip_hole(recv);
    struct rtcp_twcc_head head = {.sender_ssrc = sender_ssrc,
                                  .media_ssrc = media_ssrc,
                                  .base_seq = (uint16_t)recv->start,
                                  .fb_count = recv->fb_count};
    size_t covered = rtcp_twcc_write(wr, &head, arrivals_us, count);
    recv->start += covered;
    recv->fb_count = (uint8_t)(recv->fb_count + (covered > 0));
    return covered > 0;
}

bool twcc_recv_poll(struct twcc_recv *recv, uint64_t now_us, uint32_t sender_ssrc, uint32_t media_ssrc, struct wr *wr)
{
    if (!recv->is_dirty || now_us < recv->due_us)
        return false;
    bool is_written = write_feedback(recv, now_us, sender_ssrc, media_ssrc, wr);
    if (recv->start == recv->end) {
        recv->is_dirty = false;
        recv->due_us = now_us;
    }
    return is_written;
}

uint64_t twcc_recv_next_us(const struct twcc_recv *recv)
{
    return recv->is_dirty ? recv->due_us : UINT64_MAX;
}
