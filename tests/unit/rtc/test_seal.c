/* SRTP and SRTCP both ways for each suite; replays, bad tags, repeated sequence numbers, roll-over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rtc/seal.h"
#include "rtc/transport.h"

static const enum seal_suite suites[] = {SEAL_AEAD_AES_128_GCM, SEAL_AEAD_AES_256_GCM, SEAL_AES128_CM_SHA1_80};
static const size_t rtp_tags[] = {16, 16, 10};
static const size_t rtcp_overheads[] = {20, 20, 14};

struct pair {
    struct seal *client;
    struct seal *server;
};

static enum seal_maker maker; /* each test runs for all */

static struct pair make_pair(enum seal_suite suite)
{
    uint8_t keys[SEAL_KEYS_MAX];
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i * 7 + 3);
    struct pair pair;
    assert_in_range(seal_keys_len(suite), 1, SEAL_KEYS_MAX);
    assert_int_equal(seal_create_by(maker, suite, keys, seal_keys_len(suite), true, &pair.client), ERR_OK);
    assert_int_equal(seal_create_by(maker, suite, keys, seal_keys_len(suite), false, &pair.server), ERR_OK);
    return pair;
}

static void free_pair(struct pair *pair)
{
    seal_free(pair->client);
    seal_free(pair->server);
}

static size_t make_rtp(uint8_t *out, uint32_t ssrc, uint16_t seq, uint8_t fill)
{
    const uint8_t header[12] = {0x80,
                                96,
                                (uint8_t)(seq >> 8),
                                (uint8_t)seq,
                                0,
                                0,
                                1,
                                0,
                                (uint8_t)(ssrc >> 24),
                                (uint8_t)(ssrc >> 16),
                                (uint8_t)(ssrc >> 8),
                                (uint8_t)ssrc};
    memcpy(out, header, 12);
    memset(out + 12, fill, 200);
    return 212;
}

static void test_roundtrip(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pair pair = make_pair(suites[i]);
        uint8_t packet[512], plain[512];
        size_t len = make_rtp(packet, 0x11223344, 65535, 0xaa);
        assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_OK);
        assert_int_equal(len, 212 + rtp_tags[i]);
        size_t plain_len = make_rtp(plain, 0x11223344, 65535, 0xaa);
        assert_memory_not_equal(packet + 12, plain + 12, 200);
        assert_int_equal(unseal_rtp(pair.server, packet, &len), ERR_OK);
        assert_int_equal(len, plain_len);
        assert_memory_equal(packet, plain, len);

        /* the other direction has other keys, and another SSRC in the same session works */
        len = make_rtp(packet, 0x55667788, 1, 0xbb);
        assert_int_equal(seal_rtp(pair.server, packet, &len, sizeof(packet)), ERR_OK);
        memcpy(plain, packet, len);
        assert_int_equal(unseal_rtp(pair.server, plain, &len), ERR_DENIED);
        assert_int_equal(unseal_rtp(pair.client, packet, &len), ERR_OK);

        uint8_t rr[64] = {0x80, 201, 0, 1, 1, 2, 3, 4};
        len = 8;
        assert_int_equal(seal_rtcp(pair.client, rr, &len, sizeof(rr)), ERR_OK);
        assert_int_equal(len, 8 + rtcp_overheads[i]);
        uint8_t again[64];
        memcpy(again, rr, len);
        size_t again_len = len;
        assert_int_equal(unseal_rtcp(pair.server, rr, &len), ERR_OK);
        assert_int_equal(len, 8);
        assert_int_equal(unseal_rtcp(pair.server, again, &again_len), ERR_EXISTS);
        free_pair(&pair);
    }
}

static void test_replay_and_forgery(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pair pair = make_pair(suites[i]);
        uint8_t packet[512], copy[512];
        size_t len = make_rtp(packet, 7, 100, 1), copy_len;
        assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_OK);
        memcpy(copy, packet, len);
        copy_len = len;
        copy[len - 1] ^= 1;
        assert_int_equal(unseal_rtp(pair.server, copy, &copy_len), ERR_DENIED);
        memcpy(copy, packet, len);
        copy[20] ^= 1;
        assert_int_equal(unseal_rtp(pair.server, copy, &copy_len), ERR_DENIED);
        memcpy(copy, packet, len);
        assert_int_equal(unseal_rtp(pair.server, copy, &copy_len), ERR_OK); /* the forgeries did not use it up */
        memcpy(copy, packet, len);
        copy_len = len;
        assert_int_equal(unseal_rtp(pair.server, copy, &copy_len), ERR_EXISTS);
        assert_int_equal(copy_len, len);
        free_pair(&pair);
    }
}

/* A forged packet far ahead must not move the roll-over counter (RFC 3711 section 3.3.1). */
static void test_forgery_does_not_move_the_window(void **state)
{
    (void)state;
    struct pair pair = make_pair(SEAL_AEAD_AES_128_GCM);
    uint8_t packet[512];
    size_t len;
    for (uint16_t seq = 65000; seq != 500; seq++) { /* across the wrap */
        len = make_rtp(packet, 7, (uint16_t)(seq + 30000), 9);
        len += 16;
        assert_int_equal(unseal_rtp(pair.server, packet, &len), ERR_DENIED);
        len = make_rtp(packet, 7, seq, 9);
        assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_OK);
        if (seq % 3 == 0)
            continue; /* lost */
        assert_int_equal(unseal_rtp(pair.server, packet, &len), ERR_OK);
    }
    free_pair(&pair);
}

static void test_late_packets_within_the_window(void **state)
{
    (void)state;
    struct pair pair = make_pair(SEAL_AEAD_AES_128_GCM);
    uint8_t first[512], packet[512];
    size_t first_len = make_rtp(first, 7, 1, 2), len;
    assert_int_equal(seal_rtp(pair.client, first, &first_len, sizeof(first)), ERR_OK);
    for (uint16_t seq = 2; seq < 1000; seq++) {
        len = make_rtp(packet, 7, seq, 2);
        assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_OK);
        assert_int_equal(unseal_rtp(pair.server, packet, &len), ERR_OK);
    }
    assert_int_equal(unseal_rtp(pair.server, first, &first_len), ERR_OK);
    free_pair(&pair);
}

static void test_a_sequence_number_is_sealed_once(void **state)
{
    (void)state;
    struct pair pair = make_pair(SEAL_AEAD_AES_128_GCM);
    uint8_t packet[512];
    size_t len = make_rtp(packet, 7, 1, 2);
    assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_OK);
    len = make_rtp(packet, 7, 1, 3);
    assert_int_equal(seal_rtp(pair.client, packet, &len, sizeof(packet)), ERR_EXISTS);
    assert_int_equal(len, 212);
    free_pair(&pair);
}

static void test_limits(void **state)
{
    (void)state;
    struct pair pair = make_pair(SEAL_AEAD_AES_128_GCM);
    uint8_t packet[512];
    size_t len = make_rtp(packet, 7, 1, 2);
    assert_int_equal(seal_rtp(pair.client, packet, &len, len + TRANSPORT_SEAL_OVERHEAD - 1), ERR_FULL);
    assert_int_equal(seal_rtcp(pair.client, packet, &len, len), ERR_FULL);
    assert_int_equal(seal_rtp(pair.client, packet, &len, len + TRANSPORT_SEAL_OVERHEAD), ERR_OK);
    for (size_t cut = 0; cut < len; cut++) {
        size_t short_len = cut;
        uint8_t copy[512];
        memcpy(copy, packet, cut);
        assert_int_not_equal(unseal_rtp(pair.server, copy, &short_len), ERR_OK);
        short_len = cut;
        assert_int_not_equal(unseal_rtcp(pair.server, copy, &short_len), ERR_OK);
    }
    /* what the header promises and the packet does not have: 15 CSRCs, an extension past the end */
    uint8_t csrc[12 + 16] = {0x8f, 96}, extension[16 + 16] = {0x90, 96, [12] = 0xbe, 0xde, 0xff, 0xff};
    len = sizeof(csrc);
    assert_int_not_equal(unseal_rtp(pair.server, csrc, &len), ERR_OK);
    len = 12;
    assert_int_not_equal(seal_rtp(pair.client, csrc, &len, sizeof(csrc) + 36), ERR_OK);
    len = sizeof(extension);
    assert_int_not_equal(unseal_rtp(pair.server, extension, &len), ERR_OK);

    uint8_t keys[SEAL_KEYS_MAX] = {0};
    struct seal *seal = NULL;
    assert_int_equal(seal_create(SEAL_NONE, keys, 56, true, &seal), ERR_UNSUPPORTED);
    assert_int_equal(seal_create(SEAL_AEAD_AES_128_GCM, keys, 55, true, &seal), ERR_UNSUPPORTED);
    assert_int_equal(seal_create((enum seal_suite)5, keys, 0, true, &seal), ERR_UNSUPPORTED);
    free_pair(&pair);
}

int main(void)
{
    if (rtc_global_init() != ERR_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roundtrip),
        cmocka_unit_test(test_replay_and_forgery),
        cmocka_unit_test(test_forgery_does_not_move_the_window),
        cmocka_unit_test(test_late_packets_within_the_window),
        cmocka_unit_test(test_a_sequence_number_is_sealed_once),
        cmocka_unit_test(test_limits),
    };
    int failed = cmocka_run_group_tests_name("own", tests, NULL, NULL);
    maker = SEAL_BY_OPENSSL;
    failed += cmocka_run_group_tests_name("OpenSSL", tests, NULL, NULL);
    maker = SEAL_BY_SRTP2;
    failed += cmocka_run_group_tests_name("libsrtp", tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
