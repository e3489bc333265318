/* SRTP over libsrtp2. See seal_srtp2.h. */
#include "rtc/seal_srtp2.h"

#include <srtp2/srtp.h>

/* The library's handle itself: there is nothing to keep beside it. */
static srtp_t handle(struct seal_srtp2 *ctx)
{
    return (srtp_t)(void *)ctx;
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

enum err seal_srtp2_create(enum seal_suite suite, uint8_t *key, bool is_sender, struct seal_srtp2 **out)
{
    srtp_profile_t profile;
    srtp_t ctx;
    if (!to_profile(suite, &profile))
        return ERR_UNSUPPORTED;
    srtp_policy_t policy = {.key = key, .window_size = SEAL_REPLAY_WINDOW, .allow_repeat_tx = 0};
    policy.ssrc.type = is_sender ? ssrc_any_outbound : ssrc_any_inbound;
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) != srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile) != srtp_err_status_ok ||
        srtp_create(&ctx, &policy) != srtp_err_status_ok)
        return ERR_UNSUPPORTED;
    *out = (struct seal_srtp2 *)(void *)ctx;
    return ERR_OK;
}

void seal_srtp2_free(struct seal_srtp2 *ctx)
{
    if (ctx)
        (void)srtp_dealloc(handle(ctx));
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

static enum err transform(transform_fn run, struct seal_srtp2 *ctx, uint8_t *data, size_t *len)
{
    int n = (int)*len;
    srtp_err_status_t status = run(handle(ctx), data, &n);
    if (status == srtp_err_status_ok)
        *len = (size_t)n;
    return to_err(status);
}

enum err seal_srtp2_rtp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len)
{
    return transform(srtp_protect, ctx, data, len);
}

enum err seal_srtp2_rtcp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len)
{
    return transform(srtp_protect_rtcp, ctx, data, len);
}

enum err unseal_srtp2_rtp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len)
{
    return transform(srtp_unprotect, ctx, data, len);
}

enum err unseal_srtp2_rtcp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len)
{
    return transform(srtp_unprotect_rtcp, ctx, data, len);
}
