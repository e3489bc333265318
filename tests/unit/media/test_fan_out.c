/* The fan-out of a turn: packets wait until all of the turn came, then each subscriber gets all of them in a row. Plain
 * bytes under a virtual clock; here the test says where a turn ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_call.h"
#include "media/router.h"
#include "proto/rtp.h"

#define MARK_AT 20 /* two bytes of the payload that name the packet */

/* Within a turn. */
static void come(struct fake_call *call, uint16_t seq, bool is_key, uint16_t mark)
{
    uint8_t payload[100], data[300];
    struct fc_rtp rtp = {.ssrc = FC_IN,
                         .pt = FC_PT,
                         .seq = seq,
                         .timestamp = seq * 3000u,
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), is_key, true)};
    payload[MARK_AT] = (uint8_t)(mark >> 8);
    payload[MARK_AT + 1] = (uint8_t)mark;
    size_t len = fc_build(&rtp, data, sizeof(data));
    fake_rtp_in_turn(call->fake, call->pub, data, len);
}

static void end_turn(struct fake_call *call)
{
    router_fan_out_all(call->fake->workers[0]);
}

/* The mark of the next packet that this subscriber was sent, with its number; -1 when there is none. */
static int take(struct fake_call *call, unsigned sub, uint16_t *seq)
{
    const struct fake_packet *packet;
    struct rtp rtp;
    while ((packet = fake_take(call->fake, call->subs[sub]))) {
        if (packet->is_rtcp || rtp_parse(&rtp, packet->data, packet->len))
            continue;
        *seq = rtp.seq;
        return rtp_payload(&rtp)[MARK_AT] << 8 | rtp_payload(&rtp)[MARK_AT + 1];
    }
    return -1;
}

static void check_row(struct fake_call *call, unsigned sub, uint16_t first, unsigned count)
{
    uint16_t begin = 0, seq = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(take(call, sub, i ? &seq : &begin), first + i);
        assert_true(i == 0 || seq == (uint16_t)(begin + i));
    }
    assert_int_equal(take(call, sub, &seq), -1);
}

static void test_all_get_all_in_order(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct fake_call call = fc_make(fake, 3);
    uint16_t seq;
    for (uint16_t i = 0; i < 10; i++)
        come(&call, (uint16_t)(65530 + i), i == 0, i);
    for (unsigned s = 0; s < 3; s++)
        assert_int_equal(take(&call, s, &seq), -1); /* the turn is not over */
    end_turn(&call);
    for (unsigned s = 0; s < 3; s++)
        check_row(&call, s, 0, 10);
    end_turn(&call);
    assert_int_equal(take(&call, 0, &seq), -1);
    fake_free(fake);
}

/* More than may wait. */
static void test_a_long_turn(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct fake_call call = fc_make(fake, 2);
    for (uint16_t i = 0; i < 3 * ROUTER_WAITING_MAX + 1; i++)
        come(&call, i, i == 0, i);
    end_turn(&call);
    check_row(&call, 0, 0, 3 * ROUTER_WAITING_MAX + 1);
    check_row(&call, 1, 0, 3 * ROUTER_WAITING_MAX + 1);
    fake_free(fake);
}

/* What waits is the history's: a packet that takes the place of one that waits must not take its bytes. */
static void test_a_jump_by_the_history(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct fake_call call = fc_make(fake, 1);
    uint16_t seq;
    come(&call, 100, true, 1);
    come(&call, 100 + ROUTER_HISTORY_PACKETS, false, 2);
    come(&call, 101 + ROUTER_HISTORY_PACKETS, false, 3);
    end_turn(&call);
    assert_int_equal(take(&call, 0, &seq), 1);
    assert_int_equal(take(&call, 0, &seq), 2);
    assert_int_equal(take(&call, 0, &seq), 3);
    fake_free(fake);
}

/* Without a block to keep a packet in, it goes out at once, behind those that wait. */
static void test_nothing_to_keep_it_in(void **state)
{
    (void)state;
    struct fake *fake = fake_create_with(1, 2);
    struct fake_call call = fc_make(fake, 2);
    for (uint16_t i = 0; i < 5; i++)
        come(&call, i, i == 0, i);
    end_turn(&call);
    check_row(&call, 0, 0, 5);
    check_row(&call, 1, 0, 5);
    fake_free(fake);
}

static void test_those_who_go_meanwhile(void **state)
{
    (void)state;
    struct fake *fake = fake_create(1);
    struct fake_call call = fc_make(fake, 2);
    come(&call, 1, true, 1);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_DEL, .peer_id = call.subs[0]->id};
    fake_cmd(fake, 0, &cmd);
    end_turn(&call);
    check_row(&call, 1, 1, 1);
    come(&call, 2, false, 2);
    cmd.peer_id = call.pub->id;
    fake_cmd(fake, 0, &cmd);
    end_turn(&call);
    uint16_t seq;
    assert_int_equal(take(&call, 1, &seq), -1);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_get_all_in_order),   cmocka_unit_test(test_a_long_turn),
        cmocka_unit_test(test_a_jump_by_the_history),  cmocka_unit_test(test_nothing_to_keep_it_in),
        cmocka_unit_test(test_those_who_go_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
