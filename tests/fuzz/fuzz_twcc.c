/* transport-wide-cc: the parser on raw bytes, and the builder on arrivals made from the same bytes. */
#include "fuzz.h"
#include "proto/rtcp_twcc.h"

#define ARRIVALS_MAX 2048

static bool parse(const uint8_t *data, size_t len, struct rtcp_twcc *out)
{
    struct rtcp_iter it;
    struct rtcp packet;
    struct rtcp_fb fb;
    return !rtcp_iter_init(&it, data, len) && rtcp_next(&it, &packet) && !rtcp_fb_parse(&packet, &fb) &&
           !rtcp_twcc_parse(&fb, out);
}

static void check_statuses(const struct rtcp_twcc *twcc, const uint64_t *arrivals_us)
{
    struct rtcp_twcc_iter it;
    struct rtcp_twcc_status status;
    unsigned n = 0;
    rtcp_twcc_iter_init(&it, twcc);
    for (; rtcp_twcc_next(&it, &status); n++) {
        CHECK(status.seq == (uint16_t)(twcc->head.base_seq + n));
        if (!arrivals_us)
            continue;
        CHECK(status.is_received == (arrivals_us[n] != 0));
        if (status.is_received) { /* all times here are below the reference's wrap */
            int64_t error = (int64_t)arrivals_us[n] - status.time_us;
            CHECK(error >= 0 && error < RTCP_TWCC_TICK_US);
        }
    }
    CHECK(n == twcc->status_count);
    CHECK(!it.chunks.is_bad && !it.deltas.is_bad);
}

static void build(const uint8_t *data, size_t len)
{
    uint64_t arrivals_us[ARRIVALS_MAX];
    uint8_t out[1500];
    struct rtcp_twcc twcc;
    uint64_t now_us = 1000000000;
    size_t count = 0;
    for (size_t i = 2; i < len && count < ARRIVALS_MAX; i++) {
        bool is_late = data[i] & 1;
        now_us += (uint64_t)data[i] << (data[0] % 16);
        arrivals_us[count++] = data[i] % 5 == 0 ? 0 : now_us - (is_late ? 30000 : 0);
    }
    size_t room = len > 1 ? 20u + data[1] * 5u : 20;
    for (size_t at = 0; at < count;) {
        struct wr wr = wr_make(out, room);
        size_t n =
            rtcp_twcc_write(&wr, &(struct rtcp_twcc_head){.base_seq = (uint16_t)at}, arrivals_us + at, count - at);
        CHECK(!wr.is_bad);
        if (n == 0)
            break;
        CHECK(parse(out, wr_len(&wr), &twcc));
        CHECK(twcc.status_count == n);
        check_statuses(&twcc, arrivals_us + at);
        at += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rtcp_twcc twcc;
    if (parse(data, len, &twcc)) {
        CHECK(twcc.status_count <= RTCP_TWCC_STATUS_MAX);
        check_statuses(&twcc, NULL);
    }
    build(data, len);
    return 0;
}
