/* Which datagram belongs to whom: ICE restart, the remote description that comes late, addresses that are somebody
 * else's, and what comes from nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "pair.h"

/* The browser's checks come before its answer does: they are answered, DTLS waits for the fingerprint. */
static void test_remote_description_comes_late(void **state)
{
    (void)state;
    struct stage *stage = stage_create(1, "call");
    struct party *party = party_make_early(stage, 1, 1, 0);
    for (unsigned i = 0; i < 1000 && !party->is_answered; i++) {
        party_check(party);
        stage_turn(stage, 20);
    }
    assert_true(party->is_answered);
    party_meet_server(party);
    stage_idle(stage, 50);
    assert_int_equal(transport_state(party->transport), TRANSPORT_CHECKED);
    party_post_remote(party);
    party_connect(party);
    stage_free(stage);
}

static bool has_answers(void *ctx)
{
    const struct party *party = ctx;
    return party->answers > 0;
}

/* New credentials: the old ones are dead, the new ones live, media went on all the while. */
static void test_ice_restart(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 5, true);
    uint8_t old[512], data[512];
    size_t old_len = party_make_check(p.sub, old, sizeof(old));
    rand_alnum(p.sub->server_params.local_ufrag, 8);
    rand_alnum(p.sub->server_params.local_pwd, 24);
    rand_alnum(p.sub->params.local_ufrag, 8);
    rand_alnum(p.sub->params.local_pwd, 24);
    memcpy(p.sub->params.remote_ufrag, p.sub->server_params.local_ufrag, RTC_UFRAG_SIZE);
    memcpy(p.sub->params.remote_pwd, p.sub->server_params.local_pwd, RTC_PWD_SIZE);
    memcpy(p.sub->server_params.remote_ufrag, p.sub->params.local_ufrag, RTC_UFRAG_SIZE);
    memcpy(p.sub->server_params.remote_pwd, p.sub->params.local_pwd, RTC_PWD_SIZE);
    party_post_remote(p.sub);
    stage_sync(p.stage, 0);
    pair_send(&p, 6, 5, false);
    p.sub->answers = 0;
    for (unsigned i = 0; i < 20; i++)
        party_send_raw(p.sub, old, old_len);
    stage_idle(p.stage, 50);
    assert_int_equal(p.sub->answers, 0);
    party_send_raw(p.sub, data, party_make_check(p.sub, data, sizeof(data)));
    stage_until(p.stage, has_answers, p.sub);
    pair_send(&p, 11, 5, false);
    stage_free(p.stage);
}

/* Another network, the same credentials: media follows to the address that was nominated last. */
static void test_new_address(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 5, true);
    int old = p.sub->fd;
    p.sub->fd = party_socket(p.sub);
    p.sub->answers = 0;
    party_check(p.sub);
    stage_until(p.stage, has_answers, p.sub);
    party_send_nack(p.sub, PAIR_OUT, 0); /* proves the address with a sealed packet */
    pair_send(&p, 6, 5, false);
    close(old);
    stage_free(p.stage);
}

/* A member sends a good check of its own from the victim's address. The victim's packets still are the victim's. */
static void test_address_of_another(void **state)
{
    (void)state;
    struct pair p = pair_make(1);
    pair_send(&p, 1, 5, true);
    struct party *thief = party_make(p.stage, PAIR_CALL, 3, 0);
    stage_sync(p.stage, 0);
    uint8_t data[512];
    size_t len = party_make_check(thief, data, sizeof(data));
    p.pub->answers = p.sub->answers = 0;
    for (unsigned i = 0; i < 10; i++) {
        party_send_raw(p.pub, data, len);
        party_send_raw(p.sub, data, len);
        stage_idle(p.stage, 5);
    }
    assert_int_equal(p.pub->answers + p.sub->answers, 0);
    pair_send(&p, 6, 5, false);
    party_connect(thief); /* from its own address it comes in */
    pair_send(&p, 11, 5, false);
    stage_free(p.stage);
}

/* Garbage of every first byte, checks that nobody knows, packets recorded on another address: no answer to any, and the
 * call goes on. */
static void test_garbage(void **state)
{
    (void)state;
    struct pair p = pair_make(2);
    pair_send(&p, 1, 5, true);
    int stranger = party_socket(p.sub);
    static uint8_t data[9000];
    for (unsigned first = 0; first < 256; first++) {
        rand_bytes(data, sizeof(data));
        data[0] = (uint8_t)first;
        static const size_t lens[] = {0, 1, 2, 11, 12, 20, 100, 1500, 2100, 9000};
        for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
            (void)!send(stranger, data, lens[i], 0);
            (void)!send(p.pub->fd, data, lens[i], 0); /* and from an address that passed its check */
        }
        stage_turn(p.stage, 0);
    }
    struct party unknown = *p.sub;
    memcpy(unknown.params.remote_ufrag, "nobody", 7);
    (void)!send(stranger, data, party_make_check(&unknown, data, sizeof(data)), 0);
    memcpy(unknown.params.remote_ufrag, p.sub->params.remote_ufrag, RTC_UFRAG_SIZE);
    memcpy(unknown.params.remote_pwd, "wrongwrongwrongwrongwron", 25);
    (void)!send(stranger, data, party_make_check(&unknown, data, sizeof(data)), 0);
    struct rtp rtp;
    assert_true(party_nth_rtp(p.sub, PAIR_OUT, 0, &rtp));
    (void)!send(stranger, rtp.data, rtp.len, 0);
    stage_idle(p.stage, 50);
    assert_true(recv(stranger, data, sizeof(data), MSG_DONTWAIT) < 0);
    pair_send(&p, 6, 5, false);
    close(stranger);
    stage_free(p.stage);
}

static void use_ipv6(struct conf *conf)
{
    free(conf->media.bind);
    conf->media.bind = mem_strdup("::1");
}

static void test_ipv6(void **state)
{
    (void)state;
    struct addr found[32];
    bool has_ipv6 = false;
    for (size_t i = addr_interfaces(found, 32); i > 0; i--)
        has_ipv6 |= !addr_is_v4(&found[i - 1]);
    if (!has_ipv6)
        skip();
    struct media_format out = pair_out_vp8();
    struct pair p = pair_make_with(2, &out, use_ipv6);
    assert_false(addr_is_v4(&p.pub->server));
    pair_send(&p, 1, 20, true);
    stage_free(p.stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remote_description_comes_late),
        cmocka_unit_test(test_ice_restart),
        cmocka_unit_test(test_new_address),
        cmocka_unit_test(test_address_of_another),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_ipv6),
    };
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
