/* Questions to a session description: inheritance from the session, lookups, format parameters. Control threads. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/sdp.h"
#include "proto/sdp_span.h"

const char *sdp_ice_ufrag(const struct sdp *sdp, const struct sdp_media *media)
{
    return media->transport.ice_ufrag ? media->transport.ice_ufrag : sdp->transport.ice_ufrag;
}

const char *sdp_ice_pwd(const struct sdp *sdp, const struct sdp_media *media)
{
    return media->transport.ice_pwd ? media->transport.ice_pwd : sdp->transport.ice_pwd;
}

const char *sdp_ice_options(const struct sdp *sdp, const struct sdp_media *media)
{
    return media->transport.ice_options ? media->transport.ice_options : sdp->transport.ice_options;
}

enum sdp_setup sdp_setup_of(const struct sdp *sdp, const struct sdp_media *media)
{
    return media->transport.setup != SDP_SETUP_UNSET ? media->transport.setup : sdp->transport.setup;
}

enum sdp_direction sdp_direction_of(const struct sdp *sdp, const struct sdp_media *media)
{
    if (media->direction != SDP_DIRECTION_UNSET)
        return media->direction;
    return sdp->direction != SDP_DIRECTION_UNSET ? sdp->direction : SDP_SENDRECV; /* RFC 8866 section 6.7 */
}

const struct sdp_fingerprint *sdp_fingerprints_of(const struct sdp *sdp, const struct sdp_media *media, unsigned *count)
{
    const struct sdp_transport *from = media->transport.fingerprint_count ? &media->transport : &sdp->transport;
    *count = from->fingerprint_count;
    return from->fingerprints;
}

enum err sdp_fingerprint_of(const struct sdp *sdp, const struct sdp_media *media, const struct sdp_fingerprint **out,
                            char error[SDP_ERROR_MAX])
{
    unsigned count;
    const struct sdp_fingerprint *list = sdp_fingerprints_of(sdp, media, &count);
    const struct sdp_fingerprint *best = NULL;
    const char *mid = media->mid ? media->mid : "";
    if (count == 0) {
        snprintf(error, SDP_ERROR_MAX, "media \"%s\" has no a=fingerprint", mid);
        return ERR_INVALID;
    }
    for (unsigned i = 0; i < count; i++) {
        if (list[i].hash != SDP_HASH_WEAK && (!best || list[i].hash > best->hash))
            best = &list[i];
    }
    if (!best) {
        snprintf(error, SDP_ERROR_MAX, "media \"%s\" has only weak fingerprints: sha-256 or better is wanted", mid);
        return ERR_INVALID;
    }
    for (unsigned i = 0; i < count; i++) {
        if (list[i].hash == best->hash && memcmp(list[i].value, best->value, best->len) != 0) {
            snprintf(error, SDP_ERROR_MAX, "media \"%s\" has several different %s fingerprints", mid, best->hash_name);
            return ERR_INVALID;
        }
    }
    error[0] = '\0';
    *out = best;
    return ERR_OK;
}

bool sdp_is_rejected(const struct sdp_media *media)
{
    return media->port == 0 && !media->is_bundle_only;
}

bool sdp_is_bundled(const struct sdp *sdp, const char *mid)
{
    for (unsigned i = 0; i < sdp->bundle_count; i++) {
        if (!strcmp(sdp->bundle[i], mid))
            return true;
    }
    return false;
}

struct sdp_media *sdp_find_mid(const struct sdp *sdp, const char *mid)
{
    for (unsigned i = 0; i < sdp->media_count; i++) {
        if (sdp->media[i]->mid && !strcmp(sdp->media[i]->mid, mid))
            return sdp->media[i];
    }
    return NULL;
}

const struct sdp_codec *sdp_find_codec(const struct sdp_media *media, const char *name, const struct sdp_codec *from)
{
    for (unsigned i = from ? (unsigned)(from - media->codecs) + 1 : 0; i < media->codec_count; i++) {
        if (media->codecs[i].name && !strcasecmp(media->codecs[i].name, name))
            return &media->codecs[i];
    }
    return NULL;
}

const struct sdp_codec *sdp_find_pt(const struct sdp_media *media, uint8_t pt)
{
    for (unsigned i = 0; i < media->codec_count; i++) {
        if (media->codecs[i].pt == pt)
            return &media->codecs[i];
    }
    return NULL;
}

const struct sdp_codec *sdp_find_rtx(const struct sdp_media *media, uint8_t pt)
{
    const struct sdp_codec *codec = NULL;
    while ((codec = sdp_find_codec(media, "rtx", codec))) {
        uint32_t apt;
        if (sdp_fmtp_u32(codec, "apt", &apt) && apt == pt)
            return codec;
    }
    return NULL;
}

bool sdp_has_rtcp_fb(const struct sdp_codec *codec, const char *feedback)
{
    for (unsigned i = 0; i < codec->rtcp_fb_count; i++) {
        if (!strcmp(codec->rtcp_fbs[i], feedback))
            return true;
    }
    return false;
}

static bool find_param(const struct sdp_codec *codec, const char *key, struct span *value)
{
    if (!codec->fmtp)
        return false;
    struct span rest = span_make(codec->fmtp, strlen(codec->fmtp));
    while (span_len(rest)) {
        struct span param = span_until(&rest, ';');
        struct span name = span_trim(span_until(&param, '='));
        if (span_is_nocase(name, key)) {
            *value = span_trim(param);
            return true;
        }
    }
    return false;
}

bool sdp_fmtp_get(const struct sdp_codec *codec, const char *key, char *out, size_t size)
{
    struct span value;
    return find_param(codec, key, &value) && span_copy(value, out, size);
}

bool sdp_fmtp_u32(const struct sdp_codec *codec, const char *key, uint32_t *out)
{
    struct span value;
    uint64_t number;
    if (!find_param(codec, key, &value) || !span_u64(value, UINT32_MAX, &number))
        return false;
    *out = (uint32_t)number;
    return true;
}

static uint8_t find_ext(const struct sdp_extmap *list, unsigned count, const char *uri)
{
    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(list[i].uri, uri))
            return list[i].id;
    }
    return 0;
}

uint8_t sdp_ext_id(const struct sdp *sdp, const struct sdp_media *media, const char *uri)
{
    uint8_t id = find_ext(media->extmaps, media->extmap_count, uri);
    return id ? id : find_ext(sdp->extmaps, sdp->extmap_count, uri);
}

bool sdp_paired_ssrc(const struct sdp_media *media, const char *semantics, uint32_t ssrc, uint32_t *out)
{
    for (unsigned i = 0; i < media->ssrc_group_count; i++) {
        const struct sdp_ssrc_group *group = &media->ssrc_groups[i];
        if (group->ssrc_count == 2 && group->ssrcs[0] == ssrc && !strcmp(group->semantics, semantics)) {
            *out = group->ssrcs[1];
            return true;
        }
    }
    return false;
}

const char *sdp_direction_str(enum sdp_direction direction)
{
    switch (direction) {
    case SDP_SENDONLY:
        return "sendonly";
    case SDP_RECVONLY:
        return "recvonly";
    case SDP_INACTIVE:
        return "inactive";
    case SDP_SENDRECV:
    case SDP_DIRECTION_UNSET:
        break;
    }
    return "sendrecv";
}

const char *sdp_setup_str(enum sdp_setup setup)
{
    switch (setup) {
    case SDP_ACTIVE:
        return "active";
    case SDP_PASSIVE:
        return "passive";
    case SDP_ACTPASS:
        return "actpass";
    case SDP_HOLDCONN:
        return "holdconn";
    case SDP_SETUP_UNSET:
        break;
    }
    return "";
}

enum sdp_direction sdp_direction_reverse(enum sdp_direction direction)
{
    if (direction == SDP_SENDONLY)
        return SDP_RECVONLY;
    return direction == SDP_RECVONLY ? SDP_SENDONLY : direction;
}
