/* One secured connection against a client in memory: libnice's checks, our DTLS as the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "proto/demux.h"
#include "rig.h"
#include "rtc/context.h"
#include "rtc/dtls_priv.h"
#include "rtc/identity.h"
#include "rtc/transport.h"

#define NOW 1000000ull
#define LOCAL_PWD "serverpasswordserverpass"

/* Owned by one test. */
struct bench {
    struct rtc_identity *server_id, *client_id;
    struct rtc_context *context;
    struct dtls_ctx *client_ctx;
    struct transport *t;
    struct rtc_params params;
    struct addr client_addr;
    struct dtls *client;
    struct seal *client_seal;
    struct rig_queue to_client, to_server;
    enum transport_state states[8];
    unsigned state_count;
    unsigned tuples, tuples_gone;
    bool refuses_tuples;
    uint64_t now_us;
    uint64_t began_us; /* by the real clock, which OpenSSL's timers go by */
};

static void on_send(void *ctx, const uint8_t *data, size_t len, const struct addr *to)
{
    struct bench *b = ctx;
    rig_push(&b->to_client, data, len, to);
}

static void on_state(void *ctx, enum transport_state state)
{
    struct bench *b = ctx;
    assert_in_range(b->state_count, 0, 7);
    b->states[b->state_count++] = state;
}

static bool on_tuple(void *ctx, const struct addr *addr)
{
    struct bench *b = ctx;
    (void)addr;
    if (b->refuses_tuples)
        return false;
    b->tuples++;
    return true;
}

static void on_tuple_gone(void *ctx, const struct addr *addr)
{
    struct bench *b = ctx;
    (void)addr;
    b->tuples_gone++;
}

static void on_client_send(void *arg, const uint8_t *data, size_t len)
{
    struct bench *b = arg;
    rig_push(&b->to_server, data, len, &b->client_addr);
}

static int setup(void **state)
{
    struct bench *b = test_calloc(1, sizeof(*b));
    assert_int_equal(rtc_identity_create(&b->server_id), ERR_OK);
    assert_int_equal(rtc_identity_create(&b->client_id), ERR_OK);
    assert_int_equal(rtc_context_create(b->server_id, &b->context), ERR_OK);
    assert_int_equal(dtls_ctx_create(b->client_id, DTLS_SUITES, &b->client_ctx), ERR_OK);
    b->params = (struct rtc_params){.local_ufrag = "srvU", .local_pwd = LOCAL_PWD, .remote_ufrag = "cliU"};
    strcpy(b->params.remote_pwd, "clientpasswordclientpass");
    rig_set_fingerprint(&b->params, rtc_identity_fingerprint(b->client_id));
    b->client_addr = rig_addr("192.0.2.1", 4000);
    b->now_us = NOW;
    b->began_us = clock_now_us();
    struct transport_ops ops = {on_send, on_state, on_tuple, on_tuple_gone, b};
    assert_int_equal(transport_create(b->context, &b->params, &ops, NOW, &b->t), ERR_OK);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    seal_free(b->client_seal);
    dtls_free(b->client);
    transport_free(b->t);
    assert_int_equal(b->tuples, b->tuples_gone);
    dtls_ctx_free(b->client_ctx);
    rtc_context_free(b->context);
    rtc_identity_free(b->client_id);
    rtc_identity_free(b->server_id);
    test_free(b);
    return 0;
}

static enum transport_input input(struct bench *b, const uint8_t *data, size_t len, const struct addr *from)
{
    uint8_t copy[RIG_DATAGRAM_MAX];
    memcpy(copy, data, len);
    return transport_input(b->t, copy, &len, from, b->now_us);
}

static enum transport_input check(struct bench *b, const struct addr *from, bool is_nominated)
{
    struct rig_check request = {.username = "srvU:cliU", .pwd = LOCAL_PWD, .is_nominated = is_nominated};
    uint8_t data[512];
    return input(b, data, rig_check_make(&request, data, sizeof(data)), from);
}

static void start_client(struct bench *b)
{
    struct rtc_params server = {0};
    rig_set_fingerprint(&server, rtc_identity_fingerprint(b->server_id));
    struct dtls_setup dtls = {.is_client = true,
                              .fingerprint = server.fingerprint,
                              .fingerprint_len = server.fingerprint_len,
                              .fingerprint_hash = "sha-256",
                              .send = on_client_send,
                              .arg = b};
    assert_int_equal(dtls_create(b->client_ctx, &dtls, b->now_us, &b->client), ERR_OK);
}

/* Carries datagrams both ways until nothing is under way. */
static void carry(struct bench *b)
{
    struct rig_datagram d;
    while (b->to_server.count + b->to_client.count > 0) {
        if (rig_pop(&b->to_server, NULL, &d))
            (void)input(b, d.data, d.len, &b->client_addr);
        if (rig_pop(&b->to_client, NULL, &d) && packet_classify(d.data, d.len) == PACKET_DTLS)
            dtls_input(b->client, d.data, d.len, b->now_us);
    }
}

static void install_client_keys(struct bench *b)
{
    uint8_t keys[SEAL_KEYS_MAX];
    size_t len;
    assert_int_equal(dtls_state(b->client), DTLS_READY);
    assert_int_equal(dtls_export_keys(b->client, keys, &len), ERR_OK);
    assert_int_equal(seal_create(dtls_suite(b->client), keys, len, true, &b->client_seal), ERR_OK);
}

static void connect_all(struct bench *b)
{
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    start_client(b);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    install_client_keys(b);
}

static size_t make_rtp(uint8_t *out, uint16_t seq)
{
    memset(out, 0, 100);
    out[0] = 0x80;
    out[1] = 111;
    out[2] = (uint8_t)(seq >> 8);
    out[3] = (uint8_t)seq;
    memcpy(out + 8, "SSRC", 4);
    memset(out + 12, 0x5a, 88);
    return 100;
}

/* The client seals a packet and sends it from this address. */
static enum transport_input send_rtp(struct bench *b, uint16_t seq, const struct addr *from)
{
    uint8_t packet[RIG_DATAGRAM_MAX];
    size_t len = make_rtp(packet, seq);
    assert_int_equal(seal_rtp(b->client_seal, packet, &len, sizeof(packet)), ERR_OK);
    return input(b, packet, len, from);
}

static void test_connects_and_carries_media(void **state)
{
    struct bench *b = *state;
    uint8_t packet[512];
    size_t len = make_rtp(packet, 1);
    assert_int_equal(transport_seal_rtp(b->t, packet, &len, sizeof(packet)), ERR_STATE);
    assert_null(transport_remote(b->t));
    assert_string_equal(transport_suite(b->t), "");

    connect_all(b);
    assert_int_equal(b->state_count, 2);
    assert_int_equal(b->states[0], TRANSPORT_CHECKED);
    assert_int_equal(b->states[1], TRANSPORT_READY);
    assert_string_equal(transport_suite(b->t), "AEAD_AES_128_GCM");
    assert_true(addr_is_equal(transport_remote(b->t), &b->client_addr));
    assert_int_equal(transport_next_timeout_us(b->t), UINT64_MAX);

    len = make_rtp(packet, 1);
    assert_int_equal(seal_rtp(b->client_seal, packet, &len, sizeof(packet)), ERR_OK);
    assert_int_equal(len, 116);
    b->now_us = NOW + 77;
    assert_int_equal(transport_input(b->t, packet, &len, &b->client_addr, b->now_us), TRANSPORT_RTP);
    uint8_t plain[512];
    assert_int_equal(len, make_rtp(plain, 1));
    assert_memory_equal(packet, plain, len);
    assert_int_equal(transport_last_seen_us(b->t), NOW + 77);

    len = make_rtp(packet, 9);
    assert_int_equal(transport_seal_rtp(b->t, packet, &len, sizeof(packet)), ERR_OK);
    assert_int_equal(unseal_rtp(b->client_seal, packet, &len), ERR_OK);
    assert_int_equal(len, 100);

    uint8_t rr[64] = {0x80, 201, 0, 1, 1, 2, 3, 4};
    len = 8;
    assert_int_equal(seal_rtcp(b->client_seal, rr, &len, sizeof(rr)), ERR_OK);
    assert_int_equal(transport_input(b->t, rr, &len, &b->client_addr, b->now_us), TRANSPORT_RTCP);
    assert_int_equal(len, 8);
}

static void test_unchecked_addresses_are_dropped(void **state)
{
    struct bench *b = *state;
    struct addr other = rig_addr("192.0.2.9", 4000), port = rig_addr("192.0.2.1", 4001);
    start_client(b);
    struct rig_datagram hello;
    assert_true(rig_pop(&b->to_server, NULL, &hello));

    /* before any check, and then from anywhere but the checked address */
    assert_int_equal(input(b, hello.data, hello.len, &b->client_addr), TRANSPORT_DROP);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    assert_int_equal(input(b, hello.data, hello.len, &other), TRANSPORT_DROP);
    assert_int_equal(input(b, hello.data, hello.len, &port), TRANSPORT_DROP);
    assert_int_equal(transport_stats(b->t)->unchecked_drops, 3);
    assert_int_equal(b->to_client.count, 1); /* the answer to the check, no DTLS */

    uint8_t rtp[100];
    assert_int_equal(input(b, rtp, make_rtp(rtp, 1), &b->client_addr), TRANSPORT_DROP); /* no keys yet */

    rig_push(&b->to_server, hello.data, hello.len, &b->client_addr);
    carry(b);
    install_client_keys(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    assert_int_equal(send_rtp(b, 1, &other), TRANSPORT_DROP);
    assert_int_equal(send_rtp(b, 2, &b->client_addr), TRANSPORT_RTP);
}

static void test_wrong_checks_bind_nothing(void **state)
{
    struct bench *b = *state;
    static const struct rig_check wrong[] = {
        {.username = "srvU:cliU", .pwd = "another password........"},
        {.username = "srvX:cliU", .pwd = LOCAL_PWD},
        {.username = "srvU:cliX", .pwd = LOCAL_PWD},
        {.username = "srvU", .pwd = LOCAL_PWD},
        {.username = "srvUcliU", .pwd = LOCAL_PWD},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t data[512];
        assert_int_equal(input(b, data, rig_check_make(&wrong[i], data, sizeof(data)), &b->client_addr),
                         TRANSPORT_DROP);
    }
    assert_int_equal(b->to_client.total, 0);
    assert_int_equal(transport_state(b->t), TRANSPORT_NEW);
    assert_int_equal(transport_stats(b->t)->stun_refused, 5);
    assert_int_equal(b->tuples, 0);

    /* The other side claims our role: it is told (487), and its address is not bound. */
    struct rig_check conflict = {.username = "srvU:cliU", .pwd = LOCAL_PWD, .is_controlled = true};
    uint8_t data[512];
    assert_int_equal(input(b, data, rig_check_make(&conflict, data, sizeof(data)), &b->client_addr), TRANSPORT_HANDLED);
    assert_int_equal(b->to_client.total, 1);
    assert_null(transport_remote(b->t));

    b->refuses_tuples = true;
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_DROP);
    assert_int_equal(b->to_client.total, 1);
    assert_null(transport_remote(b->t));
}

static void test_replayed_check_from_elsewhere(void **state)
{
    struct bench *b = *state;
    struct addr spoofed = rig_addr("203.0.113.5", 53);
    struct rig_check request = {.username = "srvU:cliU", .pwd = LOCAL_PWD, .is_nominated = true};
    uint8_t data[512];
    size_t len = rig_check_make(&request, data, sizeof(data));
    assert_int_equal(input(b, data, len, &b->client_addr), TRANSPORT_HANDLED);
    assert_int_equal(input(b, data, len, &spoofed), TRANSPORT_DROP);
    assert_int_equal(input(b, data, len, &b->client_addr), TRANSPORT_HANDLED); /* an honest retransmission */
    assert_int_equal(b->tuples, 1);
    assert_true(addr_is_equal(transport_remote(b->t), &b->client_addr));
}

static void test_tuples_are_capped(void **state)
{
    struct bench *b = *state;
    connect_all(b);
    for (uint16_t i = 0; i < 20; i++) {
        struct addr from = rig_addr("198.51.100.7", (uint16_t)(1000 + i));
        b->now_us++;
        assert_int_equal(check(b, &from, false), TRANSPORT_HANDLED);
        assert_in_range(b->tuples - b->tuples_gone, 1, TRANSPORT_TUPLES_MAX);
    }
    assert_int_equal(b->tuples - b->tuples_gone, TRANSPORT_TUPLES_MAX);
    /* The one in use stayed. */
    assert_true(addr_is_equal(transport_remote(b->t), &b->client_addr));
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);
}

static void test_nomination_moves_media(void **state)
{
    struct bench *b = *state;
    struct addr second = rig_addr("192.0.2.1", 4002), third = rig_addr("2001:db8::1", 4003);
    /* Before the keys the latest nomination wins. */
    assert_int_equal(check(b, &second, false), TRANSPORT_HANDLED);
    assert_true(addr_is_equal(transport_remote(b->t), &second));
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    assert_true(addr_is_equal(transport_remote(b->t), &b->client_addr));
    connect_all(b);

    /* Then it takes a packet that only the peer can have made. */
    assert_int_equal(check(b, &second, true), TRANSPORT_HANDLED);
    assert_true(addr_is_equal(transport_remote(b->t), &b->client_addr));
    assert_int_equal(send_rtp(b, 1, &second), TRANSPORT_RTP);
    assert_true(addr_is_equal(transport_remote(b->t), &second));

    /* Or silence of the address in use. */
    b->now_us += 3000000;
    assert_int_equal(check(b, &third, true), TRANSPORT_HANDLED);
    assert_true(addr_is_equal(transport_remote(b->t), &third));

    /* A packet alone, without nomination, moves nothing. */
    assert_int_equal(send_rtp(b, 2, &second), TRANSPORT_RTP);
    assert_true(addr_is_equal(transport_remote(b->t), &third));
}

static void test_ice_restart(void **state)
{
    struct bench *b = *state;
    connect_all(b);
    struct rtc_params next = b->params;
    strcpy(next.local_ufrag, "newU");
    strcpy(next.local_pwd, "newpasswordnewpasswordne");
    strcpy(next.remote_ufrag, "newC");
    transport_restart_ice(b->t, &next);

    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_DROP); /* old credentials */
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);  /* the old path carries on */
    struct addr moved = rig_addr("192.0.2.77", 5000);
    struct rig_check request = {.username = "newU:newC", .pwd = next.local_pwd, .is_nominated = true};
    uint8_t data[512];
    assert_int_equal(input(b, data, rig_check_make(&request, data, sizeof(data)), &moved), TRANSPORT_HANDLED);
    assert_int_equal(send_rtp(b, 2, &moved), TRANSPORT_RTP);
    assert_true(addr_is_equal(transport_remote(b->t), &moved));
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);

    /* Another certificate in mid-call is not an ICE restart. */
    next.fingerprint[0] ^= 1;
    transport_restart_ice(b->t, &next);
    assert_int_equal(transport_state(b->t), TRANSPORT_FAILED);
    assert_int_equal(send_rtp(b, 3, &moved), TRANSPORT_DROP);
}

static void forget_remote(struct bench *b)
{
    struct rtc_params early = b->params;
    early.remote_ufrag[0] = '\0';
    early.remote_pwd[0] = '\0';
    early.fingerprint_len = 0;
    early.fingerprint_hash[0] = '\0';
    transport_restart_ice(b->t, &early);
}

/* The hello is not said again here: it must have been kept. */
static void test_remote_description_may_come_late(void **state)
{
    struct bench *b = *state;
    forget_remote(b);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    start_client(b);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_CHECKED);
    assert_true(transport_next_timeout_us(b->t) > b->now_us);
    transport_restart_ice(b->t, &b->params);
    assert_true(transport_next_timeout_us(b->t) <= b->now_us);
    transport_timeout(b->t, b->now_us);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
}

static void test_early_hello_is_kept_from_a_checked_address_only(void **state)
{
    struct bench *b = *state;
    uint8_t hello[64] = {22, 254, 253};
    forget_remote(b);
    assert_int_equal(input(b, hello, sizeof(hello), &b->client_addr), TRANSPORT_DROP);
    assert_int_equal(transport_stats(b->t)->unchecked_drops, 1);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    transport_restart_ice(b->t, &b->params);
    assert_true(transport_next_timeout_us(b->t) > b->now_us); /* nothing was kept */
}

static void test_early_datagrams_are_bounded(void **state)
{
    struct bench *b = *state;
    uint8_t junk[1200] = {22, 254, 253};
    struct addr other = rig_addr("192.0.2.9", 4009);
    forget_remote(b);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    assert_int_equal(check(b, &other, false), TRANSPORT_HANDLED);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(input(b, junk, sizeof(junk), &b->client_addr), TRANSPORT_HANDLED);
    assert_int_equal(input(b, junk, 100, &b->client_addr), TRANSPORT_DROP);
    assert_int_equal(input(b, junk, 100, &other), TRANSPORT_DROP);

    /* What was kept was no hello; the real one is still heard. */
    transport_restart_ice(b->t, &b->params);
    transport_timeout(b->t, b->now_us);
    start_client(b);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
}

static void test_wrong_certificate_fails(void **state)
{
    struct bench *b = *state;
    struct rtc_params wrong = b->params;
    wrong.fingerprint[31] ^= 0x80;
    transport_restart_ice(b->t, &wrong);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    start_client(b);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_FAILED);
    assert_string_equal(transport_reason(b->t), "the peer's certificate does not match the fingerprint in its SDP");
    assert_string_equal(transport_suite(b->t), "");
    assert_int_equal(dtls_state(b->client), DTLS_HANDSHAKE);
    uint8_t rtp[512];
    size_t len = make_rtp(rtp, 1);
    assert_int_equal(transport_seal_rtp(b->t, rtp, &len, sizeof(rtp)), ERR_STATE);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_DROP);
}

static void test_deadlines(void **state)
{
    struct bench *b = *state;
    assert_int_equal(transport_next_timeout_us(b->t), UINT64_MAX);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    assert_int_equal(transport_next_timeout_us(b->t), NOW + 30000000);
    start_client(b);
    struct rig_datagram hello;
    assert_true(rig_pop(&b->to_server, NULL, &hello));
    assert_int_equal(input(b, hello.data, hello.len, &b->client_addr), TRANSPORT_HANDLED);
    uint64_t next_us = transport_next_timeout_us(b->t);
    assert_in_range(next_us, NOW + 1000, NOW + 200000); /* the first retransmission */
    transport_timeout(b->t, next_us);
    assert_int_equal(transport_state(b->t), TRANSPORT_CHECKED);
    transport_timeout(b->t, NOW + DTLS_HANDSHAKE_US);
    assert_int_equal(transport_state(b->t), TRANSPORT_FAILED);
    assert_string_equal(transport_reason(b->t), "the DTLS handshake timed out");
    assert_int_equal(transport_next_timeout_us(b->t), UINT64_MAX);
}

static void test_checks_alone_do_not_hold_the_place(void **state)
{
    struct bench *b = *state;
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    b->now_us += 29000000;
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    transport_timeout(b->t, b->now_us);
    assert_int_equal(transport_state(b->t), TRANSPORT_CHECKED);
    transport_timeout(b->t, b->now_us + 1000000);
    assert_int_equal(transport_state(b->t), TRANSPORT_FAILED);
}

static void test_active_role(void **state)
{
    struct bench *b = *state;
    struct rtc_params params = b->params;
    params.is_dtls_client = true;
    transport_restart_ice(b->t, &params);
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    assert_int_equal(b->to_client.count, 2); /* the answer to the check and a ClientHello */

    struct rtc_params server = {0};
    rig_set_fingerprint(&server, rtc_identity_fingerprint(b->server_id));
    struct dtls_setup dtls = {.fingerprint = server.fingerprint,
                              .fingerprint_len = server.fingerprint_len,
                              .fingerprint_hash = "sha-256",
                              .send = on_client_send,
                              .arg = b};
    assert_int_equal(dtls_create(b->client_ctx, &dtls, NOW, &b->client), ERR_OK);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    uint8_t keys[SEAL_KEYS_MAX];
    size_t len;
    assert_int_equal(dtls_export_keys(b->client, keys, &len), ERR_OK);
    assert_int_equal(seal_create(dtls_suite(b->client), keys, len, false, &b->client_seal), ERR_OK);
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);
}

static void test_replay_and_bad_tag(void **state)
{
    struct bench *b = *state;
    connect_all(b);
    uint8_t packet[512];
    size_t len = make_rtp(packet, 1);
    assert_int_equal(seal_rtp(b->client_seal, packet, &len, sizeof(packet)), ERR_OK);
    assert_int_equal(input(b, packet, len, &b->client_addr), TRANSPORT_RTP);
    assert_int_equal(input(b, packet, len, &b->client_addr), TRANSPORT_DROP);
    assert_int_equal(transport_stats(b->t)->replays, 1);
    len = make_rtp(packet, 2);
    assert_int_equal(seal_rtp(b->client_seal, packet, &len, sizeof(packet)), ERR_OK);
    packet[50] ^= 1;
    b->now_us += 5;
    assert_int_equal(input(b, packet, len, &b->client_addr), TRANSPORT_DROP);
    assert_int_equal(transport_stats(b->t)->unseal_failures, 1);
    assert_int_equal(transport_last_seen_us(b->t), NOW); /* a forged packet is no sign of life */
}

static void test_after_ready_hellos_and_alerts_do_no_harm(void **state)
{
    struct bench *b = *state;
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    start_client(b);
    struct rig_datagram hello = b->to_server.items[0];
    carry(b);
    install_client_keys(b);
    unsigned sent = b->to_client.total;
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    static const uint8_t sealed_alert[] = {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    for (unsigned i = 0; i < 200; i++) {
        (void)input(b, hello.data, hello.len, &b->client_addr);
        (void)input(b, alert, sizeof(alert), &b->client_addr);
        (void)input(b, sealed_alert, sizeof(sealed_alert), &b->client_addr);
    }
    assert_int_equal(b->to_client.total, sent);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);

    dtls_close(b->client); /* the real one */
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_CLOSED);
}

/* Off the path one knows addresses, not keys: protected records of every type and length, before and after the keys. */
static void forge_records(struct bench *b)
{
    unsigned answered = 0;
    uint8_t record[13 + 80] = {0, 0xfe, 0xfd, 0, 1};
    for (uint8_t type = 20; type <= 24; type++)
        for (uint8_t len = 0; len <= 80; len++) {
            unsigned sent = b->to_client.total;
            record[0] = type;
            record[10] = len; /* the sequence number, so that none is a replay */
            record[12] = len;
            (void)input(b, record, 13u + len, &b->client_addr);
            answered += b->to_client.total != sent;
        }
    /* OpenSSL sends a flight again after a second of real time, which a busy machine may well take. */
    assert_true(answered <= (clock_now_us() - b->began_us) / US_PER_S);
}

static void survive_forged_records(struct bench *b, const char *cipher)
{
    if (cipher)
        assert_true(SSL_CTX_set_cipher_list(b->client_ctx->ssl_ctx, cipher));
    assert_int_equal(check(b, &b->client_addr, true), TRANSPORT_HANDLED);
    forge_records(b);
    start_client(b);
    struct rig_datagram d;
    assert_true(rig_pop(&b->to_server, NULL, &d));
    assert_int_equal(input(b, d.data, d.len, &b->client_addr), TRANSPORT_HANDLED);
    forge_records(b);
    carry(b);
    install_client_keys(b);
    forge_records(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);
    dtls_close(b->client);
    carry(b);
    assert_int_equal(transport_state(b->t), TRANSPORT_CLOSED);
}

static void test_forged_records(void **state)
{
    survive_forged_records(*state, NULL);
}

static void test_forged_records_chacha(void **state)
{
    survive_forged_records(*state, "ECDHE-ECDSA-CHACHA20-POLY1305");
}

static void test_any_first_byte_is_survived(void **state)
{
    struct bench *b = *state;
    connect_all(b);
    uint32_t seed = 20261123;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t data[256];
        size_t len = rig_rand(&seed) % sizeof(data);
        for (size_t at = 0; at < len; at++)
            data[at] = (uint8_t)rig_rand(&seed);
        if (len > 0)
            data[0] = (uint8_t)i;
        (void)input(b, data, len, &b->client_addr);
    }
    assert_int_equal(transport_state(b->t), TRANSPORT_READY);
    assert_int_equal(send_rtp(b, 1, &b->client_addr), TRANSPORT_RTP);
}

int main(void)
{
    if (rtc_global_init() != ERR_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_connects_and_carries_media, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unchecked_addresses_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_checks_bind_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replayed_check_from_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tuples_are_capped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nomination_moves_media, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ice_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remote_description_may_come_late, setup, teardown),
        cmocka_unit_test_setup_teardown(test_early_hello_is_kept_from_a_checked_address_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_early_datagrams_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_certificate_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadlines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checks_alone_do_not_hold_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_active_role, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replay_and_bad_tag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_ready_hellos_and_alerts_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forged_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forged_records_chacha, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_first_byte_is_survived, setup, teardown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
