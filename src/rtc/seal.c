/* SRTP and SRTCP of one connection over libsrtp2. See seal.h. */
#include "rtc/seal.h"

#include <limits.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rtc/ossl.h"
#include "rtc/transport.h"

#define RTP_MIN 12 /* RFC 3550 section 5.1 */
#define RTCP_MIN 8 /* RFC 3550 section 6.1 */
#define KEY_MAX 46 /* 32 + 14 */

struct seal {
    srtp_t in;
    srtp_t out;
};

const char *seal_suite_name(enum seal_suite suite)
{
    switch (suite) {
    case SEAL_AES128_CM_SHA1_80:
        return "AES_CM_128_HMAC_SHA1_80";
    case SEAL_AEAD_AES_128_GCM:
        return "AEAD_AES_128_GCM";
    case SEAL_AEAD_AES_256_GCM:
        return "AEAD_AES_256_GCM";
    case SEAL_NONE:
        break;
    }
    return "";
}

static bool to_profile(enum seal_suite suite, srtp_profile_t *out)
{
    switch (suite) {
    case SEAL_AES128_CM_SHA1_80:
        *out = srtp_profile_aes128_cm_sha1_80;
        return true;
    case SEAL_AEAD_AES_128_GCM:
        *out = srtp_profile_aead_aes_128_gcm;
        return true;
    case SEAL_AEAD_AES_256_GCM:
        *out = srtp_profile_aead_aes_256_gcm;
        return true;
    case SEAL_NONE:
        break;
    }
    return false;
}

size_t seal_keys_len(enum seal_suite suite)
{
    srtp_profile_t profile;
    if (!to_profile(suite, &profile))
        return 0;
    return 2 * ((size_t)srtp_profile_get_master_key_length(profile) + srtp_profile_get_master_salt_length(profile));
}

static enum err make_context(srtp_profile_t profile, uint8_t *key, srtp_ssrc_type_t direction, srtp_t *out)
{
    srtp_policy_t policy = {.key = key, .window_size = SEAL_REPLAY_WINDOW, .allow_repeat_tx = 0};
    policy.ssrc.type = direction;
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) != srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile) != srtp_err_status_ok ||
        srtp_create(out, &policy) != srtp_err_status_ok)
        return ERR_UNSUPPORTED;
    return ERR_OK;
}

enum err seal_create(enum seal_suite suite, const uint8_t *keys, size_t len, bool is_client, struct seal **out)
{
    srtp_profile_t profile;
    if (!to_profile(suite, &profile) || len != seal_keys_len(suite))
        return ERR_UNSUPPORTED;
    size_t key_len = srtp_profile_get_master_key_length(profile);
    size_t salt_len = srtp_profile_get_master_salt_length(profile);
    uint8_t client[KEY_MAX], server[KEY_MAX];
    memcpy(client, keys, key_len);
    memcpy(server, keys + key_len, key_len);
    memcpy(client + key_len, keys + 2 * key_len, salt_len);
    memcpy(server + key_len, keys + 2 * key_len + salt_len, salt_len);

    struct seal *seal = mem_calloc(1, sizeof(*seal));
    enum err err = make_context(profile, is_client ? server : client, ssrc_any_inbound, &seal->in);
    if (err == ERR_OK)
        err = make_context(profile, is_client ? client : server, ssrc_any_outbound, &seal->out);
    OPENSSL_cleanse(client, sizeof(client));
    OPENSSL_cleanse(server, sizeof(server));
    if (err != ERR_OK) {
        seal_free(seal);
        return err;
    }
    *out = seal;
    return ERR_OK;
}

void seal_free(struct seal *seal)
{
    if (!seal)
        return;
    if (seal->in)
        (void)srtp_dealloc(seal->in);
    if (seal->out)
        (void)srtp_dealloc(seal->out);
    free(seal);
}

static enum err to_err(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return ERR_OK;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return ERR_EXISTS;
    case srtp_err_status_auth_fail:
        return ERR_DENIED;
    default:
        return ERR_INVALID;
    }
}

typedef srtp_err_status_t (*transform_fn)(srtp_t ctx, void *packet, int *len);

static enum err transform(transform_fn run, srtp_t ctx, uint8_t *data, size_t *len)
{
    int n = (int)*len;
    srtp_err_status_t status = run(ctx, data, &n);
    if (status == srtp_err_status_ok)
        *len = (size_t)n;
    return to_err(status);
}

enum err seal_rtp(struct seal *seal, uint8_t *data, size_t *len, size_t size)
{
    if (*len < RTP_MIN || *len > INT_MAX - TRANSPORT_SEAL_OVERHEAD)
        return ERR_INVALID;
    if (size < *len + TRANSPORT_SEAL_OVERHEAD)
        return ERR_FULL;
    return transform(srtp_protect, seal->out, data, len);
}

enum err seal_rtcp(struct seal *seal, uint8_t *data, size_t *len, size_t size)
{
    if (*len < RTCP_MIN || *len > INT_MAX - TRANSPORT_SEAL_OVERHEAD)
        return ERR_INVALID;
    if (size < *len + TRANSPORT_SEAL_OVERHEAD)
        return ERR_FULL;
    return transform(srtp_protect_rtcp, seal->out, data, len);
}

enum err unseal_rtp(struct seal *seal, uint8_t *data, size_t *len)
{
    if (*len < RTP_MIN || *len > INT_MAX)
        return ERR_INVALID;
    return transform(srtp_unprotect, seal->in, data, len);
}

enum err unseal_rtcp(struct seal *seal, uint8_t *data, size_t *len)
{
    if (*len < RTCP_MIN || *len > INT_MAX)
        return ERR_INVALID;
    return transform(srtp_unprotect_rtcp, seal->in, data, len);
}
