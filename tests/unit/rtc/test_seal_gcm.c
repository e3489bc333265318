/* SRTP with AES-GCM: the vectors of RFC 7714 and RFC 3711, agreement with libsrtp both ways, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/text.h"
#include "rig.h"
#include "rtc/seal.h"
#include "rtc/seal_gcm.h"
#include "rtc/seal_kdf.h"
#include "rtc/transport.h"

#define PACKET_SIZE 512

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned value = 0;
        for (size_t k = 0; k < 2; k++) {
            char c = text[2 * i + k];
            value = value * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)value;
    }
    return len;
}

static void assert_hex(const uint8_t *data, size_t len, const char *text)
{
    uint8_t expected[PACKET_SIZE];
    assert_int_equal(len, from_hex(text, expected));
    assert_memory_equal(data, expected, len);
}

/* --- RFC 3711 appendix B.3 --- */

static void test_key_derivation(void **state)
{
    (void)state;
    uint8_t key[16], salt[14], out[32];
    from_hex("e1f97a0d3e018be0d64fa32c06de4139", key);
    from_hex("0ec675ad498afeebb6960b3aabe6", salt);
    struct seal_kdf *kdf;
    assert_int_equal(seal_kdf_create(key, sizeof(key), salt, sizeof(salt), &kdf), ERR_OK);
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_KEY, out, 16), ERR_OK);
    assert_hex(out, 16, "c61e7a93744f39ee10734afe3ff7a087");
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_SALT, out, 14), ERR_OK);
    assert_hex(out, 14, "30cbbc08863d8c85d49db34a9ae1");
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_AUTH, out, 20), ERR_OK);
    assert_hex(out, 20, "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
    seal_kdf_free(kdf);
    assert_int_equal(seal_kdf_create(key, 15, salt, 14, &kdf), ERR_INVALID);
    assert_int_equal(seal_kdf_create(key, 16, salt, 15, &kdf), ERR_INVALID);
}

/* RFC 6188 section 7.2: AES-256 */
static void test_long_key_derivation(void **state)
{
    (void)state;
    uint8_t key[32], salt[14], out[32];
    from_hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6", key);
    from_hex("3b04803de51ee7c96423ab5b78d2", salt);
    struct seal_kdf *kdf;
    assert_int_equal(seal_kdf_create(key, sizeof(key), salt, sizeof(salt), &kdf), ERR_OK);
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_KEY, out, 32), ERR_OK);
    assert_hex(out, 32, "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4");
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_SALT, out, 14), ERR_OK);
    assert_hex(out, 14, "fa31791685ca444a9e07c6c64e93");
    assert_int_equal(seal_kdf_derive(kdf, SEAL_KDF_RTP_AUTH, out, 20), ERR_OK);
    assert_hex(out, 20, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
    seal_kdf_free(kdf);
}

/* Keys 00 01 02 .., salt "Quid pro quo" of 12 bytes, followed by two zeros (RFC 7714 section 11): computed with AES-CTR
 * of another library. */
static void test_session_keys(void **state)
{
    (void)state;
    static const struct {
        size_t key_len;
        const char *rtp_key, *rtp_salt, *rtcp_key, *rtcp_salt;
    } expected[] = {{16, "b1bb5ee1803c7cb022c25343feb23261", "52fa33dcddd7c677e513ce75",
                     "02657506d1e93c6639357fb793c2b082", "6f09033e2235e99cc6537c7a"},
                    {32, "55a897acc260e7906b03359810579a2d9fe41f1985acf2e07a9e4a6ac284d8e1", "2df806deb9b0f9c4bcbbc9dd",
                     "a272bf8833ee0a30f1d0b5c82d954d324691abc9a59595b747e9e3136900e344", "735dd67e86c2c58ead4dcc25"}};
    uint8_t key[32];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct seal_gcm_keys keys;
        assert_int_equal(seal_gcm_derive(key, expected[i].key_len, (const uint8_t *)"Quid pro quo", &keys), ERR_OK);
        assert_int_equal(keys.key_len, expected[i].key_len);
        assert_hex(keys.rtp_key, keys.key_len, expected[i].rtp_key);
        assert_hex(keys.rtp_salt, SEAL_GCM_SALT, expected[i].rtp_salt);
        assert_hex(keys.rtcp_key, keys.key_len, expected[i].rtcp_key);
        assert_hex(keys.rtcp_salt, SEAL_GCM_SALT, expected[i].rtcp_salt);
    }
}

/* --- RFC 7714 sections 16 and 17: keys 00 01 02 .., salt "Quid pro quo" --- */

#define RTP "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
#define RTCP                                                                                                           \
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"                                                 \
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
#define RTCP_INDEX 0x5d4

static enum gcm_engine engine; /* each test runs for both */

static struct seal_gcm *make(size_t key_len, bool is_sender)
{
    struct seal_gcm_keys keys = {.engine = engine, .key_len = key_len};
    struct seal_gcm *gcm;
    for (size_t i = 0; i < key_len; i++)
        keys.rtp_key[i] = keys.rtcp_key[i] = (uint8_t)i;
    memcpy(keys.rtp_salt, "Quid pro quo", 12);
    memcpy(keys.rtcp_salt, "Quid pro quo", 12);
    assert_int_equal(seal_gcm_create(&keys, is_sender, &gcm), ERR_OK);
    return gcm;
}

static void check_rtp_vector(size_t key_len, const char *sealed)
{
    struct seal_gcm *out = make(key_len, true), *in = make(key_len, false);
    uint8_t packet[PACKET_SIZE];
    size_t len = from_hex(RTP, packet);
    assert_int_equal(seal_gcm_rtp(out, packet, &len), ERR_OK);
    assert_hex(packet, len, sealed);
    assert_int_equal(unseal_gcm_rtp(in, packet, &len), ERR_OK);
    assert_hex(packet, len, RTP);
    seal_gcm_free(out);
    seal_gcm_free(in);
}

static void test_rtp_vectors(void **state)
{
    (void)state;
    check_rtp_vector(16, "8040f17b8041f8d35501a0b2"
                         "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                         "899d7f27beb16a9152cf765ee4390cce");
    check_rtp_vector(32, "8040f17b8041f8d35501a0b2"
                         "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
                         "7aa3db36dfffd6b0f9bb7878d7a76c13");
}

static void check_rtcp_vector(size_t key_len, const char *sealed)
{
    struct seal_gcm *out = make(key_len, true), *in = make(key_len, false);
    uint8_t packet[PACKET_SIZE];
    size_t len;
    for (unsigned i = 1; i <= RTCP_INDEX; i++) {
        len = from_hex(RTCP, packet);
        assert_int_equal(seal_gcm_rtcp(out, packet, &len), ERR_OK);
    }
    assert_hex(packet, len, sealed);
    assert_int_equal(unseal_gcm_rtcp(in, packet, &len), ERR_OK);
    assert_hex(packet, len, RTCP);
    seal_gcm_free(out);
    seal_gcm_free(in);
}

static void test_rtcp_vectors(void **state)
{
    (void)state;
    check_rtcp_vector(16, "81c8000d4d617273"
                          "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
                          "c84aa45896cf4d2fc5abf87245d9eade800005d4");
    check_rtcp_vector(32, "81c8000d4d617273"
                          "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
                          "1d1eb30c4446839f57ff6f6cb26ac3be800005d4");
}

/* Sections 17.3 and 17.4: in the clear, authenticated all the same. */
static void test_rtcp_in_the_clear(void **state)
{
    (void)state;
    static const char *const sealed[] = {RTCP "841dd9683dd78ec92ae58790125f62b3000005d4",
                                         RTCP "91db4afbfeee5a978fab4393ed2615fe000005d4"};
    for (size_t i = 0; i < 2; i++) {
        struct seal_gcm *in = make(i ? 32 : 16, false);
        uint8_t packet[PACKET_SIZE];
        for (size_t at = 0; at < strlen(sealed[i]) / 2; at++) {
            size_t len = from_hex(sealed[i], packet);
            packet[at] ^= 0x10;
            assert_int_not_equal(unseal_gcm_rtcp(in, packet, &len), ERR_OK);
        }
        size_t len = from_hex(sealed[i], packet);
        assert_int_equal(unseal_gcm_rtcp(in, packet, &len), ERR_OK);
        assert_hex(packet, len, RTCP);
        seal_gcm_free(in);
    }
}

/* --- the same bytes as libsrtp --- */

struct both {
    struct seal *own_out, *own_in, *lib_out, *lib_in;
};

static struct both make_both(enum seal_suite suite)
{
    uint8_t keys[SEAL_KEYS_MAX];
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i * 37 + 11);
    size_t len = seal_keys_len(suite);
    struct both b;
    enum seal_maker own = engine == GCM_EVP ? SEAL_BY_OPENSSL : SEAL_BY_OWN;
    assert_int_equal(seal_create_by(own, suite, keys, len, true, &b.own_out), ERR_OK);
    assert_int_equal(seal_create_by(own, suite, keys, len, false, &b.own_in), ERR_OK);
    assert_int_equal(seal_create_by(SEAL_BY_SRTP2, suite, keys, len, true, &b.lib_out), ERR_OK);
    assert_int_equal(seal_create_by(SEAL_BY_SRTP2, suite, keys, len, false, &b.lib_in), ERR_OK);
    return b;
}

static void free_both(struct both *b)
{
    seal_free(b->own_out);
    seal_free(b->own_in);
    seal_free(b->lib_out);
    seal_free(b->lib_in);
}

/* CSRCs, an extension and a payload of any length, also none. */
static size_t make_rtp(uint32_t *seed, uint32_t ssrc, uint16_t seq, uint8_t *out)
{
    unsigned csrcs = rig_rand(seed) % 3, words = rig_rand(seed) % 4;
    bool has_ext = rig_rand(seed) % 2;
    size_t len = 12 + 4 * csrcs + (has_ext ? 4 + 4 * words : 0) + rig_rand(seed) % 200;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rig_rand(seed);
    out[0] = (uint8_t)(0x80 | csrcs | (has_ext ? 0x10 : 0));
    out[2] = (uint8_t)(seq >> 8);
    out[3] = (uint8_t)seq;
    for (int i = 0; i < 4; i++)
        out[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    if (has_ext) {
        out[12 + 4 * csrcs + 2] = 0;
        out[12 + 4 * csrcs + 3] = (uint8_t)words;
    }
    return len;
}

/* Order, losses, repeats and leaps by chance over several roll-overs: both say the same of every packet. */
static void agree_on_rtp(enum seal_suite suite, uint32_t seed)
{
    struct both b = make_both(suite);
    uint32_t seqs[3] = {100, 65000, 40000}; /* so high that libsrtp may take a step back for one before the first */
    unsigned sealed = 0, opened = 0, refused = 0;
    for (unsigned i = 0; i < 30000; i++) {
        uint8_t own[PACKET_SIZE], lib[PACKET_SIZE];
        unsigned stream = rig_rand(&seed) % 3;
        uint32_t kind = rig_rand(&seed) % 100;
        seqs[stream] += kind < 90 ? 1 : kind < 98 ? rig_rand(&seed) % 50 : rig_rand(&seed) % 20000;
        uint32_t seq = seqs[stream] - (kind % 5 == 0 ? rig_rand(&seed) % 1500 : 0);
        size_t own_len = make_rtp(&seed, 1000 + stream, (uint16_t)seq, own), lib_len = own_len;
        memcpy(lib, own, own_len);
        enum err err = seal_rtp(b.own_out, own, &own_len, sizeof(own));
        assert_int_equal(err, seal_rtp(b.lib_out, lib, &lib_len, sizeof(lib)));
        assert_int_equal(own_len, lib_len);
        assert_memory_equal(own, lib, own_len);
        if (err != ERR_OK) {
            refused++;
            continue;
        }
        sealed++;
        if (rig_rand(&seed) % 10 == 0)
            continue; /* lost */
        if (rig_rand(&seed) % 50 == 0)
            own[rig_rand(&seed) % own_len] ^= 1; /* forged, header or not */
        memcpy(lib, own, own_len);
        err = unseal_rtp(b.own_in, own, &own_len);
        enum err lib_err = unseal_rtp(b.lib_in, lib, &lib_len);
        assert_int_equal(err == ERR_OK, lib_err == ERR_OK);
        if (err != ERR_OK)
            continue;
        opened++;
        assert_int_equal(own_len, lib_len);
        assert_memory_equal(own, lib, own_len);
    }
    assert_true(sealed > 20000 && opened > 15000 && refused > 100);
    free_both(&b);
}

static void test_rtp_as_libsrtp(void **state)
{
    (void)state;
    agree_on_rtp(SEAL_AEAD_AES_128_GCM, 1);
    agree_on_rtp(SEAL_AEAD_AES_128_GCM, 77);
    agree_on_rtp(SEAL_AEAD_AES_256_GCM, 2);
}

/* What one seals the other opens. Indices may differ: ours count over all SSRCs. */
static void test_rtcp_with_libsrtp(void **state)
{
    (void)state;
    static const enum seal_suite suites[] = {SEAL_AEAD_AES_128_GCM, SEAL_AEAD_AES_256_GCM};
    for (size_t s = 0; s < 2; s++) {
        struct both b = make_both(suites[s]);
        uint32_t seed = 5;
        for (unsigned i = 0; i < 3000; i++) {
            uint8_t plain[PACKET_SIZE], own[PACKET_SIZE], lib[PACKET_SIZE];
            size_t len = 8 + 4 * (rig_rand(&seed) % 60), own_len = len, lib_len = len;
            for (size_t at = 0; at < len; at++)
                plain[at] = (uint8_t)rig_rand(&seed);
            plain[0] = 0x80;
            plain[1] = 200;
            memset(plain + 4, (int)(rig_rand(&seed) % 4), 4);
            memcpy(own, plain, len);
            memcpy(lib, plain, len);
            assert_int_equal(seal_rtcp(b.own_out, own, &own_len, sizeof(own)), ERR_OK);
            assert_int_equal(seal_rtcp(b.lib_out, lib, &lib_len, sizeof(lib)), ERR_OK);
            assert_int_equal(own_len, lib_len);
            assert_int_equal(unseal_rtcp(b.lib_in, own, &own_len), ERR_OK);
            assert_int_equal(unseal_rtcp(b.own_in, lib, &lib_len), ERR_OK);
            assert_memory_equal(own, plain, len);
            assert_memory_equal(lib, plain, len);
        }
        free_both(&b);
    }
}

/* --- limits --- */

static void test_streams_are_capped(void **state)
{
    (void)state;
    struct seal_gcm *out = make(16, true), *in = make(16, false);
    for (uint32_t ssrc = 1; ssrc <= 2 * SEAL_GCM_STREAMS_IN; ssrc++) {
        uint8_t packet[PACKET_SIZE] = {0x80, 96, 0, 1};
        packet[10] = (uint8_t)(ssrc >> 8);
        packet[11] = (uint8_t)ssrc;
        size_t len = 50;
        assert_int_equal(seal_gcm_rtp(out, packet, &len), ERR_OK);
        uint8_t forged[PACKET_SIZE];
        size_t forged_len = len;
        memcpy(forged, packet, len);
        forged[20] ^= 1;
        assert_int_equal(unseal_gcm_rtp(in, forged, &forged_len), ERR_DENIED); /* takes no place */
        assert_int_equal(unseal_gcm_rtp(in, packet, &len), ssrc <= SEAL_GCM_STREAMS_IN ? ERR_OK : ERR_LIMIT);
    }
    /* those that have a place keep it */
    uint8_t packet[PACKET_SIZE] = {0x80, 96, 0, 2, [11] = 5};
    size_t len = 50;
    assert_int_equal(seal_gcm_rtp(out, packet, &len), ERR_OK);
    assert_int_equal(unseal_gcm_rtp(in, packet, &len), ERR_OK);
    seal_gcm_free(out);
    seal_gcm_free(in);
}

/* However many streams there are and however the table grew: each has its own numbers. */
static void test_streams_keep_apart(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    struct seal_gcm *out = make(32, true), *in = make(32, false);
    for (unsigned round = 1; round <= 3; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            /* round 2 takes the numbers that round 1 left out of the even ones */
            uint16_t seq = (uint16_t)(100 + (round == 1 ? i % 2 : round == 2 ? 1 - i % 2 : 2));
            uint8_t packet[PACKET_SIZE] = {0x80, 96, 0, (uint8_t)seq}, again[PACKET_SIZE];
            uint32_t ssrc = i * 0x01000193u; /* also such as differ above alone */
            for (int k = 0; k < 4; k++)
                packet[8 + k] = (uint8_t)(ssrc >> (24 - 8 * k));
            size_t len = 50, again_len = 50;
            memcpy(again, packet, len);
            assert_int_equal(seal_gcm_rtp(out, packet, &len), ERR_OK);
            assert_int_equal(seal_gcm_rtp(out, again, &again_len), ERR_EXISTS);
            again_len = len;
            memcpy(again, packet, len);
            assert_int_equal(unseal_gcm_rtp(in, packet, &len), ERR_OK);
            assert_int_equal(unseal_gcm_rtp(in, again, &again_len), ERR_EXISTS);
        }
    }
    seal_gcm_free(out);
    seal_gcm_free(in);
}

static void test_wrong_sizes(void **state)
{
    (void)state;
    struct seal_gcm_keys keys = {.key_len = 24};
    struct seal_gcm *gcm;
    assert_int_equal(seal_gcm_create(&keys, true, &gcm), ERR_INVALID);
    uint8_t key[32] = {0}, salt[12] = {0};
    assert_int_equal(seal_gcm_derive(key, 24, salt, &keys), ERR_INVALID);
    seal_gcm_free(NULL);
    seal_kdf_free(NULL);
}

int main(void)
{
    if (rtc_global_init() != ERR_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_derivation),      cmocka_unit_test(test_rtp_vectors),
        cmocka_unit_test(test_rtcp_vectors),        cmocka_unit_test(test_rtcp_in_the_clear),
        cmocka_unit_test(test_rtp_as_libsrtp),      cmocka_unit_test(test_rtcp_with_libsrtp),
        cmocka_unit_test(test_long_key_derivation), cmocka_unit_test(test_session_keys),
        cmocka_unit_test(test_streams_keep_apart),  cmocka_unit_test(test_streams_are_capped),
        cmocka_unit_test(test_wrong_sizes),
    };
    int failed = cmocka_run_group_tests_name("the best of this machine", tests, NULL, NULL);
    engine = GCM_EVP;
    failed += cmocka_run_group_tests_name("OpenSSL", tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
