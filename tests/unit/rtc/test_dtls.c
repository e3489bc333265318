/* Two DTLS ends over a network in memory: each SRTP suite, loss, doubling, reordering, wrong certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "rig.h"
#include "rtc/dtls.h"
#include "rtc/identity.h"
#include "rtc/transport.h"

struct end {
    struct rtc_identity *identity;
    struct dtls_ctx *ctx;
    struct dtls *dtls;
    struct rtc_params remote;
    struct rig_queue out;
};

struct net {
    struct end client, server;
    uint32_t seed;
    unsigned loss_percent;
    unsigned double_percent;
    bool reorders;
};

static const struct addr nowhere;

static void on_send(void *arg, const uint8_t *data, size_t len)
{
    struct end *end = arg;
    rig_push(&end->out, data, len, &nowhere);
}

static void make_end(struct end *end, const char *suites)
{
    assert_int_equal(rtc_identity_create(&end->identity), ERR_OK);
    assert_int_equal(dtls_ctx_create(end->identity, suites, &end->ctx), ERR_OK);
}

static struct net *make_net(const char *client_suites, const char *server_suites)
{
    struct net *net = test_calloc(1, sizeof(*net));
    make_end(&net->client, client_suites);
    make_end(&net->server, server_suites);
    rig_set_fingerprint(&net->client.remote, rtc_identity_fingerprint(net->server.identity));
    rig_set_fingerprint(&net->server.remote, rtc_identity_fingerprint(net->client.identity));
    return net;
}

static void start_end(struct end *end, bool is_client, uint64_t now_us)
{
    struct dtls_setup setup = {.is_client = is_client,
                               .fingerprint = end->remote.fingerprint,
                               .fingerprint_len = end->remote.fingerprint_len,
                               .fingerprint_hash = end->remote.fingerprint_hash,
                               .send = on_send,
                               .arg = end};
    assert_int_equal(dtls_create(end->ctx, &setup, now_us, &end->dtls), ERR_OK);
}

static void start(struct net *net, uint64_t now_us)
{
    start_end(&net->server, false, now_us);
    start_end(&net->client, true, now_us);
}

static void free_net(struct net *net)
{
    struct end *ends[] = {&net->client, &net->server};
    for (size_t i = 0; i < 2; i++) {
        dtls_free(ends[i]->dtls);
        dtls_ctx_free(ends[i]->ctx);
        rtc_identity_free(ends[i]->identity);
    }
    test_free(net);
}

static bool happens(struct net *net, unsigned percent)
{
    return percent > 0 && rig_rand(&net->seed) % 100 < percent;
}

static void carry_one(struct net *net, struct end *from, struct end *to)
{
    struct rig_datagram d;
    if (!rig_pop(&from->out, net->reorders ? &net->seed : NULL, &d) || happens(net, net->loss_percent))
        return;
    uint64_t now_us = clock_now_us();
    dtls_input(to->dtls, d.data, d.len, now_us);
    if (happens(net, net->double_percent))
        dtls_input(to->dtls, d.data, d.len, now_us);
}

static void carry(struct net *net)
{
    while (net->client.out.count + net->server.out.count > 0) {
        carry_one(net, &net->client, &net->server);
        carry_one(net, &net->server, &net->client);
    }
}

static bool is_done(const struct net *net)
{
    return dtls_state(net->client.dtls) != DTLS_HANDSHAKE && dtls_state(net->server.dtls) != DTLS_HANDSHAKE;
}

/* Carries and retransmits until both ends are through or a limit of real time is over (OpenSSL's timer is real). */
static void run(struct net *net, uint64_t limit_us)
{
    uint64_t end_us = clock_now_us() + limit_us;
    for (;;) {
        carry(net);
        if (is_done(net) || clock_now_us() > end_us)
            return;
        uint64_t a = dtls_next_timeout_us(net->client.dtls), b = dtls_next_timeout_us(net->server.dtls);
        uint64_t due_us = a < b ? a : b, now_us = clock_now_us();
        if (due_us > now_us)
            usleep((useconds_t)(due_us - now_us < 50000 ? due_us - now_us : 50000));
        now_us = clock_now_us();
        dtls_timeout(net->client.dtls, now_us);
        dtls_timeout(net->server.dtls, now_us);
    }
}

static void assert_same_keys(struct net *net)
{
    uint8_t a[SEAL_KEYS_MAX], b[SEAL_KEYS_MAX];
    size_t a_len, b_len;
    assert_int_equal(dtls_state(net->client.dtls), DTLS_READY);
    assert_int_equal(dtls_state(net->server.dtls), DTLS_READY);
    assert_int_equal(dtls_export_keys(net->client.dtls, a, &a_len), ERR_OK);
    assert_int_equal(dtls_export_keys(net->server.dtls, b, &b_len), ERR_OK);
    assert_int_equal(a_len, b_len);
    assert_int_equal(a_len, seal_keys_len(dtls_suite(net->client.dtls)));
    assert_memory_equal(a, b, a_len);
}

static void test_suites(void **state)
{
    (void)state;
    static const struct {
        const char *client, *server;
        enum seal_suite suite; /* SEAL_NONE: fails */
    } cases[] = {
        {DTLS_SUITES, DTLS_SUITES, SEAL_AEAD_AES_128_GCM},
        {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM", DTLS_SUITES, SEAL_AEAD_AES_128_GCM},
        {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM", DTLS_SUITES, SEAL_AEAD_AES_256_GCM},
        {"SRTP_AES128_CM_SHA1_80", DTLS_SUITES, SEAL_AES128_CM_SHA1_80},
        {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", DTLS_SUITES, SEAL_AES128_CM_SHA1_80},
        {"SRTP_AES128_CM_SHA1_32", DTLS_SUITES, SEAL_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net *net = make_net(cases[i].client, cases[i].server);
        start(net, clock_now_us());
        carry(net);
        assert_in_range(net->server.out.largest, 1, DTLS_MTU);
        assert_in_range(net->client.out.largest, 1, DTLS_MTU);
        if (cases[i].suite == SEAL_NONE) {
            assert_int_equal(dtls_state(net->server.dtls), DTLS_FAILED);
            assert_string_equal(dtls_reason(net->server.dtls), "no SRTP suite in common");
        } else {
            assert_same_keys(net);
            assert_int_equal(dtls_suite(net->server.dtls), cases[i].suite);
            assert_int_equal(dtls_next_timeout_us(net->server.dtls), UINT64_MAX);
        }
        free_net(net);
    }
}

static void test_bad_networks(void **state)
{
    (void)state;
    static const struct {
        uint32_t seed;
        unsigned loss, doubles;
        bool reorders;
    } cases[] = {
        {11, 0, 100, false}, {12, 0, 0, true},  {13, 0, 50, true},   {14, 20, 0, false},
        {15, 25, 30, true},  {16, 25, 0, true}, {17, 25, 50, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
        net->seed = cases[i].seed;
        net->loss_percent = cases[i].loss;
        net->double_percent = cases[i].doubles;
        net->reorders = cases[i].reorders;
        start(net, clock_now_us());
        run(net, 8000000);
        if (!is_done(net))
            fail_msg("not done: seed=%u", cases[i].seed);
        assert_same_keys(net);
        free_net(net);
    }
}

/* Whichever single datagram of the handshake is lost, it is recovered: the last flights are the hard ones. */
static void test_each_datagram_lost_once(void **state)
{
    (void)state;
    bool was_lost = true;
    for (unsigned lost = 0; was_lost; lost++) {
        struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
        start(net, clock_now_us());
        unsigned at = 0;
        was_lost = false;
        while (net->client.out.count + net->server.out.count > 0) {
            struct end *from = net->client.out.count > 0 ? &net->client : &net->server;
            struct end *to = from == &net->client ? &net->server : &net->client;
            struct rig_datagram d;
            assert_true(rig_pop(&from->out, NULL, &d));
            if (at++ == lost)
                was_lost = true;
            else
                dtls_input(to->dtls, d.data, d.len, clock_now_us());
        }
        run(net, 5000000);
        assert_same_keys(net);
        free_net(net);
    }
}

static void test_wrong_fingerprints(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
        struct end *victim = side == 0 ? &net->server : &net->client;
        victim->remote.fingerprint[0] ^= 1;
        start(net, clock_now_us());
        carry(net);
        assert_int_equal(dtls_state(victim->dtls), DTLS_FAILED);
        assert_string_equal(dtls_reason(victim->dtls),
                            "the peer's certificate does not match the fingerprint in its SDP");
        uint8_t keys[SEAL_KEYS_MAX];
        size_t len;
        assert_int_equal(dtls_export_keys(net->client.dtls, keys, &len), ERR_STATE);
        assert_int_equal(dtls_export_keys(net->server.dtls, keys, &len), ERR_STATE);
        free_net(net);
    }
}

static void test_fingerprint_forms(void **state)
{
    (void)state;
    struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
    static const struct {
        const char *hash;
        size_t len;
    } wrong[] = {{"sha-1", 20}, {"sha-256", 31}, {"sha-256", 48}, {"sha-512", 32}, {"", 0}, {"md5", 16}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t bytes[64] = {0};
        struct dtls_setup setup = {.fingerprint = bytes,
                                   .fingerprint_len = wrong[i].len,
                                   .fingerprint_hash = wrong[i].hash,
                                   .send = on_send,
                                   .arg = &net->server};
        assert_int_equal(dtls_create(net->server.ctx, &setup, 1, &net->server.dtls), ERR_INVALID);
        assert_null(net->server.dtls);
    }
    /* The longer hashes work as sha-256 does. */
    unsigned len = 0;
    assert_int_equal(X509_digest(net->client.identity->cert, EVP_sha512(), net->server.remote.fingerprint, &len), 1);
    net->server.remote.fingerprint_len = (uint8_t)len;
    strcpy(net->server.remote.fingerprint_hash, "sha-512");
    start(net, clock_now_us());
    carry(net);
    assert_same_keys(net);
    free_net(net);
}

static void test_forged_alerts_before_the_keys(void **state)
{
    (void)state;
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40};
    struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
    start(net, clock_now_us());
    for (unsigned i = 0; i < 4; i++) { /* one before each flight */
        dtls_input(net->server.dtls, alert, sizeof(alert), clock_now_us());
        dtls_input(net->client.dtls, alert, sizeof(alert), clock_now_us());
        carry_one(net, &net->client, &net->server);
        carry_one(net, &net->server, &net->client);
    }
    carry(net);
    assert_same_keys(net);
    free_net(net);
}

static void test_a_refusal_is_named(void **state)
{
    (void)state;
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 42};
    struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
    start(net, 1000);
    dtls_input(net->server.dtls, alert, sizeof(alert), 2000);
    dtls_timeout(net->server.dtls, 1000 + DTLS_HANDSHAKE_US);
    assert_string_equal(dtls_reason(net->server.dtls), "the peer refused the DTLS handshake: bad certificate");
    free_net(net);
}

static void test_bytes_are_capped(void **state)
{
    (void)state;
    struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
    start(net, clock_now_us());
    /* Fragments of a ClientHello of 100,000 bytes that never finishes. */
    for (uint32_t i = 0; i < 200; i++) {
        uint8_t record[13 + 12 + 1000] = {22,   0xfe, 0xfd, [9] = (uint8_t)(i >> 8), [10] = (uint8_t)i, 0x03, 0xf4, 1,
                                          0x01, 0x86, 0xa0};
        uint32_t offset = i * 1000 % 100000;
        record[19] = (uint8_t)(offset >> 16);
        record[20] = (uint8_t)(offset >> 8);
        record[21] = (uint8_t)offset;
        record[23] = 0x03;
        record[24] = 0xe8;
        dtls_input(net->server.dtls, record, sizeof(record), clock_now_us());
    }
    assert_int_equal(net->server.out.total, 0);
    assert_int_not_equal(dtls_state(net->server.dtls), DTLS_READY);
    free_net(net);
}

static void test_random_bytes(void **state)
{
    (void)state;
    uint32_t seed = 77;
    for (unsigned round = 0; round < 20; round++) {
        struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
        start(net, clock_now_us());
        for (unsigned i = 0; i < 200; i++) {
            uint8_t data[300];
            size_t len = 1 + rig_rand(&seed) % (sizeof(data) - 1);
            for (size_t at = 0; at < len; at++)
                data[at] = (uint8_t)rig_rand(&seed);
            data[0] = (uint8_t)(20 + i % 44);
            dtls_input(net->server.dtls, data, len, clock_now_us());
        }
        carry(net);
        assert_same_keys(net); /* noise that is no record changes nothing */
        free_net(net);
    }
}

/* A flipped byte anywhere in a flight may end the handshake, never the process, and never gives different keys. */
static void test_flipped_bytes(void **state)
{
    (void)state;
    uint32_t seed = 4711;
    for (unsigned round = 0; round < 150; round++) {
        struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
        start(net, clock_now_us());
        unsigned at = 0;
        while (net->client.out.count + net->server.out.count > 0) {
            struct end *from = net->client.out.count > 0 ? &net->client : &net->server;
            struct end *to = from == &net->client ? &net->server : &net->client;
            struct rig_datagram d;
            assert_true(rig_pop(&from->out, NULL, &d));
            if (at++ == round % 4)
                d.data[rig_rand(&seed) % d.len] ^= (uint8_t)(1u << (round % 8));
            dtls_input(to->dtls, d.data, d.len, clock_now_us());
        }
        if (dtls_state(net->client.dtls) == DTLS_READY && dtls_state(net->server.dtls) == DTLS_READY)
            assert_same_keys(net);
        free_net(net);
    }
}

static void test_close(void **state)
{
    (void)state;
    struct net *net = make_net(DTLS_SUITES, DTLS_SUITES);
    start(net, clock_now_us());
    carry(net);
    assert_same_keys(net);
    dtls_close(net->client.dtls);
    carry(net);
    assert_int_equal(dtls_state(net->server.dtls), DTLS_CLOSED);
    free_net(net);
}

int main(void)
{
    if (rtc_global_init() != ERR_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites),
        cmocka_unit_test(test_bad_networks),
        cmocka_unit_test(test_each_datagram_lost_once),
        cmocka_unit_test(test_wrong_fingerprints),
        cmocka_unit_test(test_fingerprint_forms),
        cmocka_unit_test(test_forged_alerts_before_the_keys),
        cmocka_unit_test(test_a_refusal_is_named),
        cmocka_unit_test(test_bytes_are_capped),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_close),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
