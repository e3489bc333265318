/* SRTP and SRTCP of one connection: which code does which suite. See seal.h. */
#include "rtc/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "rtc/ossl.h"
#include "rtc/seal_gcm.h"
#include "rtc/seal_srtp2.h"
#include "rtc/transport.h"

#define RTP_MIN 12 /* RFC 3550 section 5.1 */
#define RTCP_MIN 8 /* RFC 3550 section 6.1 */
#define KEY_MAX 46 /* 32 + 14 */

/* Of both directions one pair is there. */
struct seal {
    struct seal_gcm *gcm_in, *gcm_out;
    struct seal_srtp2 *in, *out;
};

struct suite {
    enum seal_suite id;
    const char *name;
    size_t key_len;
    size_t salt_len;
    bool is_gcm;
};

/* RFC 5764 section 4.1.2, RFC 7714 section 12 */
static const struct suite suites[] = {
    {SEAL_AES128_CM_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14, false},
    {SEAL_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12, true},
    {SEAL_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12, true},
};

static const struct suite *find_suite(enum seal_suite id)
{
    for (size_t i = 0; i < ARRAY_LEN(suites); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

const char *seal_suite_name(enum seal_suite suite)
{
    const struct suite *found = find_suite(suite);
    return found ? found->name : "";
}

size_t seal_keys_len(enum seal_suite suite)
{
    const struct suite *found = find_suite(suite);
    return found ? 2 * (found->key_len + found->salt_len) : 0;
}

static enum err make_direction(struct seal *seal, const struct suite *suite, uint8_t *key, bool is_sender,
                               enum seal_maker maker)
{
    if (suite->is_gcm && maker != SEAL_BY_SRTP2) {
        struct seal_gcm_keys keys;
        enum err err = seal_gcm_derive(key, suite->key_len, key + suite->key_len, &keys);
        keys.engine = maker == SEAL_BY_OPENSSL ? GCM_EVP : GCM_BEST;
        if (err == ERR_OK)
            err = seal_gcm_create(&keys, is_sender, is_sender ? &seal->gcm_out : &seal->gcm_in);
        OPENSSL_cleanse(&keys, sizeof(keys));
        return err;
    }
    return seal_srtp2_create(suite->id, key, is_sender, is_sender ? &seal->out : &seal->in);
}

enum err seal_create_by(enum seal_maker maker, enum seal_suite id, const uint8_t *keys, size_t len, bool is_client,
                        struct seal **out)
{
    const struct suite *suite = find_suite(id);
    if (!suite || len != seal_keys_len(id))
        return ERR_UNSUPPORTED;
    size_t key_len = suite->key_len, salt_len = suite->salt_len;
    uint8_t client[KEY_MAX], server[KEY_MAX];
    memcpy(client, keys, key_len);
    memcpy(server, keys + key_len, key_len);
    memcpy(client + key_len, keys + 2 * key_len, salt_len);
    memcpy(server + key_len, keys + 2 * key_len + salt_len, salt_len);

    struct seal *seal = mem_calloc(1, sizeof(*seal));
    enum err err = make_direction(seal, suite, is_client ? server : client, false, maker);
    if (err == ERR_OK)
        err = make_direction(seal, suite, is_client ? client : server, true, maker);
    OPENSSL_cleanse(client, sizeof(client));
    OPENSSL_cleanse(server, sizeof(server));
    if (err != ERR_OK) {
        seal_free(seal);
        return err;
    }
    *out = seal;
    return ERR_OK;
}

enum err seal_create(enum seal_suite suite, const uint8_t *keys, size_t len, bool is_client, struct seal **out)
{
    return seal_create_by(SEAL_BY_OWN, suite, keys, len, is_client, out);
}

void seal_free(struct seal *seal)
{
    if (!seal)
        return;
    seal_srtp2_free(seal->out);
    seal_srtp2_free(seal->in);
    seal_gcm_free(seal->gcm_out);
    seal_gcm_free(seal->gcm_in);
    free(seal);
}

static enum err check_room(size_t len, size_t min, size_t size)
{
    if (len < min || len > INT_MAX - TRANSPORT_SEAL_OVERHEAD)
        return ERR_INVALID;
    return size < len + TRANSPORT_SEAL_OVERHEAD ? ERR_FULL : ERR_OK;
}

enum err seal_rtp(struct seal *seal, uint8_t *data, size_t *len, size_t size)
{
    enum err err = check_room(*len, RTP_MIN, size);
    if (err != ERR_OK)
        return err;
    return seal->gcm_out ? seal_gcm_rtp(seal->gcm_out, data, len) : seal_srtp2_rtp(seal->out, data, len);
}

enum err seal_rtcp(struct seal *seal, uint8_t *data, size_t *len, size_t size)
{
    enum err err = check_room(*len, RTCP_MIN, size);
    if (err != ERR_OK)
        return err;
    return seal->gcm_out ? seal_gcm_rtcp(seal->gcm_out, data, len) : seal_srtp2_rtcp(seal->out, data, len);
}

void seal_prefetch(const struct seal *seal, unsigned step)
{
    if (seal->gcm_out)
        seal_gcm_prefetch(seal->gcm_out, step);
}

enum err unseal_rtp(struct seal *seal, uint8_t *data, size_t *len)
{
    if (*len < RTP_MIN || *len > INT_MAX)
        return ERR_INVALID;
    return seal->gcm_in ? unseal_gcm_rtp(seal->gcm_in, data, len) : unseal_srtp2_rtp(seal->in, data, len);
}

enum err unseal_rtcp(struct seal *seal, uint8_t *data, size_t *len)
{
    if (*len < RTCP_MIN || *len > INT_MAX)
        return ERR_INVALID;
    return seal->gcm_in ? unseal_gcm_rtcp(seal->gcm_in, data, len) : unseal_srtp2_rtcp(seal->in, data, len);
}
