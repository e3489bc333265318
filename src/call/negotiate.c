/* What offers and answers of both connections have in common. Control threads. */
#include "call/negotiate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* RFC 8839 section 5.4: 4..256 and 22..256 characters; we take less at the upper end (rtc/params.h). */
#define UFRAG_MIN 4
#define PWD_MIN 22
#define H264_PROFILE "42e01f" /* constrained baseline, level 3.1: what every browser has (RFC 7742 section 6.2) */

/* One table for reading and writing: which member of media_ext_ids an extension's URI belongs to. */
static const struct ext {
    const char *uri;
    size_t offset;
} exts[] = {
    {"urn:ietf:params:rtp-hdrext:sdes:mid", offsetof(struct media_ext_ids, mid)},
    {"urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", offsetof(struct media_ext_ids, rid)},
    {"urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", offsetof(struct media_ext_ids, repaired_rid)},
    {"urn:ietf:params:rtp-hdrext:ssrc-audio-level", offsetof(struct media_ext_ids, audio_level)},
    {"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", offsetof(struct media_ext_ids, abs_send_time)},
    {"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", offsetof(struct media_ext_ids, twcc)},
    {"urn:3gpp:video-orientation", offsetof(struct media_ext_ids, video_orientation)},
};

enum err negotiate_refuse(char error[SDP_ERROR_MAX], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, SDP_ERROR_MAX, fmt, args);
    va_end(args);
    return ERR_INVALID;
}

static enum err read_ice(const struct sdp *sdp, const struct sdp_media *media, struct rtc_params *out,
                         char error[SDP_ERROR_MAX])
{
    const char *ufrag = sdp_ice_ufrag(sdp, media);
    const char *pwd = sdp_ice_pwd(sdp, media);
    if (!ufrag || !pwd)
        return negotiate_refuse(error, "mid %s has no a=ice-ufrag or no a=ice-pwd", media->mid);
    size_t ufrag_len = strlen(ufrag);
    size_t pwd_len = strlen(pwd);
    if (ufrag_len < UFRAG_MIN || ufrag_len >= RTC_UFRAG_SIZE)
        return negotiate_refuse(error, "mid %s: ice-ufrag has %zu characters, %d to %d expected", media->mid, ufrag_len,
                                UFRAG_MIN, RTC_UFRAG_SIZE - 1);
    if (pwd_len < PWD_MIN || pwd_len >= RTC_PWD_SIZE)
        return negotiate_refuse(error, "mid %s: ice-pwd has %zu characters, %d to %d expected", media->mid, pwd_len,
                                PWD_MIN, RTC_PWD_SIZE - 1);
    memcpy(out->remote_ufrag, ufrag, ufrag_len + 1);
    memcpy(out->remote_pwd, pwd, pwd_len + 1);
    return ERR_OK;
}

enum err negotiate_read_transport(const struct sdp *sdp, const struct sdp_media *media, bool is_answer,
                                  struct rtc_params *out, char error[SDP_ERROR_MAX])
{
    enum err err = read_ice(sdp, media, out, error);
    if (err)
        return err;
    const struct sdp_fingerprint *fingerprint;
    err = sdp_fingerprint_of(sdp, media, &fingerprint, error);
    if (err)
        return err;
    if (fingerprint->len > sizeof(out->fingerprint) || strlen(fingerprint->hash_name) >= sizeof(out->fingerprint_hash))
        return negotiate_refuse(error, "mid %s: fingerprint hash %s is not taken", media->mid, fingerprint->hash_name);
    memcpy(out->fingerprint, fingerprint->value, fingerprint->len);
    out->fingerprint_len = (uint8_t)fingerprint->len;
    (void)text_copy(out->fingerprint_hash, sizeof(out->fingerprint_hash), fingerprint->hash_name);

    enum sdp_setup setup = sdp_setup_of(sdp, media);
    bool is_allowed = setup == SDP_ACTIVE || setup == SDP_PASSIVE || (setup == SDP_ACTPASS && !is_answer);
    if (!is_allowed)
        return negotiate_refuse(error, "mid %s: a=setup:%s cannot be used in %s, %s expected", media->mid,
                                setup == SDP_SETUP_UNSET ? "(missing)" : sdp_setup_str(setup),
                                is_answer ? "an answer" : "an offer", is_answer ? "active or passive" : "actpass");
    out->is_dtls_client = setup == SDP_PASSIVE;
    return ERR_OK;
}

void negotiate_write_session(struct sdp *sdp, const struct negotiate_local *local)
{
    sdp->session_id = local->session_id;
    sdp->session_version = local->session_version;
    sdp->has_bundle = true; /* an empty description has an empty group */
    sdp->is_ice_lite = true;
    sdp->extmap_allow_mixed = true;
    sdp->msid_semantic = "WMS *";
}

static void write_candidates(struct sdp *sdp, struct sdp_media *media, const struct negotiate_local *local)
{
    for (size_t i = 0; i < local->candidate_count; i++) {
        const struct media_candidate *from = &local->candidates[i];
        struct sdp_candidate *to = sdp_add_candidate(sdp, media);
        if (!to)
            break;
        *to = (struct sdp_candidate){
            .component = 1,
            .priority = from->priority,
            .is_address = true,
            .port = from->port,
            .type = SDP_HOST,
        };
        (void)text_copy(to->foundation, sizeof(to->foundation), from->foundation);
        (void)text_copy(to->address, sizeof(to->address), from->ip);
    }
    media->has_end_of_candidates = true;
}

static void write_fingerprint(struct sdp *sdp, struct sdp_media *media, const char *text)
{
    struct sdp_fingerprint *fingerprint = sdp_add_fingerprint(sdp, &media->transport);
    fingerprint->hash = SDP_SHA_256;
    fingerprint->hash_name = "sha-256";
    char hex[65] = {0};
    size_t len = 0;
    for (const char *at = text; *at && len < 64; at++) {
        if (*at != ':')
            hex[len++] = *at;
    }
    if (hex_decode(fingerprint->value, 32, hex, len) == ERR_OK)
        fingerprint->len = 32;
}

void negotiate_write_transport(struct sdp *sdp, struct sdp_media *media, const struct negotiate_local *local,
                               enum sdp_setup setup, bool has_candidates)
{
    media->port = 9;
    media->has_rtcp_mux = true;
    media->has_rtcp_rsize = true;
    media->transport.ice_ufrag = sdp_keep(sdp, local->ufrag);
    media->transport.ice_pwd = sdp_keep(sdp, local->pwd);
    media->transport.setup = setup;
    write_fingerprint(sdp, media, local->fingerprint);
    if (has_candidates)
        write_candidates(sdp, media, local);
}

static uint8_t *ext_id(struct media_ext_ids *ids, const struct ext *ext)
{
    return (uint8_t *)ids + ext->offset;
}

void negotiate_read_extensions(const struct sdp *sdp, const struct sdp_media *media, struct media_ext_ids *out)
{
    *out = (struct media_ext_ids){0};
    for (size_t i = 0; i < ARRAY_LEN(exts); i++) {
        uint8_t id = sdp_ext_id(sdp, media, exts[i].uri);
        if (id <= NEGOTIATE_EXT_ID_MAX)
            *ext_id(out, &exts[i]) = id;
    }
}

void negotiate_write_extensions(struct sdp *sdp, struct sdp_media *media, const struct media_ext_ids *ids)
{
    struct media_ext_ids copy = *ids;
    for (size_t i = 0; i < ARRAY_LEN(exts); i++) {
        uint8_t id = *ext_id(&copy, &exts[i]);
        struct sdp_extmap *extmap = id ? sdp_add_extmap(sdp, media) : NULL;
        if (extmap)
            *extmap = (struct sdp_extmap){.id = id, .uri = exts[i].uri};
    }
}

static void write_rtx(struct sdp *sdp, struct sdp_media *media, const struct media_format *format)
{
    struct sdp_codec *rtx = sdp_add_codec(sdp, media);
    if (!rtx)
        return;
    rtx->pt = format->rtx_pt;
    rtx->name = "rtx";
    rtx->clock_rate = format->clock_rate;
    rtx->fmtp = sdp_keepf(sdp, "apt=%u", format->pt);
}

void negotiate_write_format(struct sdp *sdp, struct sdp_media *media, const struct media_format *format,
                            const char *h264_profile, uint32_t start_bitrate_kbps)
{
    struct sdp_codec *codec = sdp_add_codec(sdp, media);
    codec->pt = format->pt;
    codec->clock_rate = format->clock_rate;
    switch (format->codec) {
    case MEDIA_OPUS:
        codec->name = "opus";
        codec->channels = 2;
        codec->fmtp = "minptime=10;useinbandfec=1";
        break;
    case MEDIA_VP8:
        codec->name = "VP8";
        if (start_bitrate_kbps)
            codec->fmtp = sdp_keepf(sdp, "x-google-start-bitrate=%u", start_bitrate_kbps);
        break;
    case MEDIA_H264:
        codec->name = "H264";
        codec->fmtp = sdp_keepf(sdp, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s",
                                h264_profile ? h264_profile : H264_PROFILE);
        break;
    }
    bool is_kept = true;
    if (format->has_twcc)
        is_kept &= sdp_add_rtcp_fb(sdp, codec, "transport-cc") == ERR_OK;
    if (format->has_fir)
        is_kept &= sdp_add_rtcp_fb(sdp, codec, "ccm fir") == ERR_OK;
    if (format->has_nack)
        is_kept &= sdp_add_rtcp_fb(sdp, codec, "nack") == ERR_OK;
    if (format->has_pli)
        is_kept &= sdp_add_rtcp_fb(sdp, codec, "nack pli") == ERR_OK;
    (void)is_kept; /* four lines never reach SDP_RTCP_FB_MAX */
    if (format->rtx_pt)
        write_rtx(sdp, media, format);
}

void negotiate_read_codec(const struct sdp_media *media, const struct sdp_codec *codec, struct media_format *out)
{
    out->pt = codec->pt;
    out->clock_rate = codec->clock_rate;
    out->has_nack = sdp_has_rtcp_fb(codec, "nack");
    out->has_pli = sdp_has_rtcp_fb(codec, "nack pli");
    out->has_fir = sdp_has_rtcp_fb(codec, "ccm fir");
    out->has_twcc = sdp_has_rtcp_fb(codec, "transport-cc") && out->ext.twcc != 0;
    const struct sdp_codec *rtx = sdp_find_rtx(media, codec->pt);
    out->rtx_pt = rtx && out->has_nack ? rtx->pt : 0; /* RFC 4588: retransmission only on request */
}

void negotiate_write_mid(char mid[MEDIA_MID_SIZE], const char *prefix, unsigned number)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"; /* all of a token */
    const unsigned base = sizeof(digits) - 1;
    char name[8]; /* six digits name 2^32 numbers */
    size_t at = sizeof(name) - 1;
    name[at] = '\0';
    for (uint64_t left = number + 1ULL; left; left = (left - 1) / base) /* bijective: no name is another's with zeros */
        name[--at] = digits[(left - 1) % base];
    snprintf(mid, MEDIA_MID_SIZE, "%s%s", prefix, name + at);
}
