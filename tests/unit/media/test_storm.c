/* Many join while others talk: the packets of a turn leave before the handshakes that came with them are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "pair.h"

#define JOINERS 12
#define DEADLINE_MS 20000

static void want_stamps(const struct party *party)
{
    int on = 1;
    assert_int_equal(setsockopt(party->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), 0);
}

/* When the oldest datagram of the socket, which stays there, was received. */
static uint64_t stamp_ns(const struct party *party)
{
    struct pollfd fd = {.fd = party->fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
    uint8_t data[1];
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    assert_true(recvmsg(party->fd, &msg, MSG_PEEK) >= 0);
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    assert_non_null(cmsg);
    assert_int_equal(cmsg->cmsg_type, SCM_TIMESTAMPNS);
    struct timespec at;
    memcpy(&at, CMSG_DATA(cmsg), sizeof(at));
    return (uint64_t)at.tv_sec * 1000000000ULL + (uint64_t)at.tv_nsec;
}

static bool is_answered(void *ctx)
{
    return ((struct party *)ctx)->is_answered;
}

/* A checked address; DTLS has not begun. */
static struct party *come_near(struct stage *stage, uint64_t user_id)
{
    struct party *party = party_make(stage, PAIR_CALL, user_id, 0);
    stage_sync(stage, 0);
    party_check(party);
    stage_until(stage, is_answered, party);
    want_stamps(party);
    return party;
}

static bool are_up(void *ctx)
{
    const struct stage *stage = ctx;
    for (unsigned i = 0; i < stage->party_count; i++)
        if (!stage->parties[i]->is_server_ready || transport_state(stage->parties[i]->transport) != TRANSPORT_READY)
            return false;
    return true;
}

static void test_packets_go_first(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 20, true);
    struct party *joiners[JOINERS];
    for (unsigned i = 0; i < JOINERS; i++)
        joiners[i] = come_near(p.stage, 10 + i);
    want_stamps(p.sub);
    stage_idle(p.stage, 50); /* nothing of before is on its way to the subscriber */

    stage_hold(p.stage, 0);
    for (unsigned i = 0; i < JOINERS; i++)
        party_meet_server(joiners[i]); /* its ClientHello */
    party_send_vp8(p.pub, PAIR_IN, 21, 21 * 3000, false);
    stage_release(p.stage);

    uint64_t packet_ns = stamp_ns(p.sub);
    for (unsigned i = 0; i < JOINERS; i++)
        assert_true(packet_ns <= stamp_ns(joiners[i]));
    party_await_rtp(p.sub, PAIR_OUT, 21);
    stage_until(p.stage, are_up, p.stage);
    stage_free(p.stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packets_go_first)};
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
