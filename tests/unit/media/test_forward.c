/* A packet's way from one member to another, over real sockets with DTLS-SRTP: numbers, extensions, key frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "party.h"
#include "proto/rtp_ext.h"

#define CALL 7
#define PUB_SSRC 1111
#define SUB_SSRC 2222

static struct media_format sub_vp8(void)
{
    struct media_format format = party_vp8();
    format.pt = 120;
    format.rtx_pt = 121;
    format.ext = (struct media_ext_ids){.mid = 9};
    return format;
}

/* Two members, one of whom sees the other. */
struct pair {
    struct stage *stage;
    struct party *pub, *sub;
    uint64_t track, sub_id;
};

static struct pair make_pair(unsigned workers)
{
    struct pair p = {.stage = stage_create(workers, "spread")};
    uint16_t other = workers > 1 ? 1 : 0;
    struct media_format in = party_vp8();
    p.pub = party_join(p.stage, CALL, 1, 0);
    p.sub = party_join(p.stage, CALL, 2, other);
    p.track = party_publish(p.pub, &in, "v", PUB_SSRC, PUB_SSRC + 1);
    struct party_sub sub = {.track_id = p.track,
                            .track_worker = 0,
                            .source = in,
                            .format = sub_vp8(),
                            .ssrc = SUB_SSRC,
                            .rtx_ssrc = SUB_SSRC + 1,
                            .mid = "m5"};
    p.sub_id = party_subscribe(p.sub, &sub);
    party_await_pli(p.pub, PUB_SSRC, 1);
    return p;
}

static void check_forward(unsigned workers)
{
    struct pair p = make_pair(workers);
    party_send_vp8(p.pub, PUB_SSRC, 65000, 1000, false); /* nobody can decode this yet */
    for (unsigned i = 0; i < 600; i++) {                 /* over the wrap */
        party_send_vp8(p.pub, PUB_SSRC, (uint16_t)(65001 + i), 4000 + i * 3000, i == 0);
        stage_turn(p.stage, 0);
    }
    party_await_rtp(p.sub, SUB_SSRC, 600);
    struct rtp first, rtp;
    assert_true(party_nth_rtp(p.sub, SUB_SSRC, 0, &first));
    for (unsigned i = 0; i < 600; i++) {
        assert_true(party_nth_rtp(p.sub, SUB_SSRC, i, &rtp));
        assert_int_equal(rtp.seq, (uint16_t)(first.seq + i));
        assert_int_equal(rtp.timestamp, first.timestamp + i * 3000);
        assert_int_equal(rtp.pt, 120);
        assert_true(rtp.marker);
        assert_int_equal(rtp.payload_len, 1100);
        assert_int_equal(rtp_payload(&rtp)[500], (uint8_t)(65001 + i));
        struct rtp_ext ext;
        assert_true(rtp_ext_find(&rtp, 9, &ext));
        assert_int_equal(ext.len, 2);
        assert_memory_equal(ext.data, "m5", 2);
        assert_false(rtp_ext_find(&rtp, 3, &ext));
    }
    assert_int_equal(party_count_rtp(p.sub, SUB_SSRC), 600);
    stage_free(p.stage);
}

static void test_forward_one_worker(void **state)
{
    (void)state;
    check_forward(1);
}

static void test_forward_two_workers(void **state)
{
    (void)state;
    check_forward(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_one_worker),
        cmocka_unit_test(test_forward_two_workers),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
