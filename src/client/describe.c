/* The client's session descriptions. See describe.h. */
#include "client/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/rand.h"
#include "base/text.h"
#include "proto/rtp_ext.h"

#define OPUS_PT 111
#define VP8_PT 96
#define VP8_RTX_PT 97

/* The extensions that we know, by URI, with the id that we offer. */
static const struct ext {
    const char *uri;
    uint8_t id;
    enum { ON_ANY, ON_AUDIO, ON_SIMULCAST } lines;
    size_t offset; /* in struct describe_exts */
} exts[] = {
    {RTP_EXT_URI_MID, 1, ON_ANY, offsetof(struct describe_exts, mid)},
    {RTP_EXT_URI_AUDIO_LEVEL, 2, ON_AUDIO, offsetof(struct describe_exts, audio_level)},
    {RTP_EXT_URI_TWCC, 3, ON_ANY, offsetof(struct describe_exts, twcc)},
    {RTP_EXT_URI_ABS_SEND_TIME, 4, ON_ANY, offsetof(struct describe_exts, abs_send_time)},
    {RTP_EXT_URI_RID, 5, ON_SIMULCAST, offsetof(struct describe_exts, rid)},
};

const char *const describe_rids[DESCRIBE_LAYERS] = {"q", "h", "f"};

void describe_own_line(struct describe_line *line, enum client_kind kind, unsigned index)
{
    *line = (struct describe_line){.kind = kind, .is_sending = true, .has_pli = kind == CLIENT_VIDEO};
    snprintf(line->mid, sizeof(line->mid), "%u", index);
    line->pt = kind == CLIENT_AUDIO ? OPUS_PT : VP8_PT;
    line->rtx_pt = kind == CLIENT_AUDIO ? 0 : VP8_RTX_PT;
    line->has_nack = kind == CLIENT_VIDEO;
    line->ssrc = rand_u32() | 1;
    line->rtx_ssrc = kind == CLIENT_AUDIO ? 0 : line->ssrc ^ 0x5a5a5a5a;
}

static void write_session(struct sdp *sdp, const struct describe_local *local)
{
    sdp->session_id = local->session_id;
    sdp->session_version = local->session_version;
    sdp->has_bundle = true;
    sdp->extmap_allow_mixed = true;
    sdp->msid_semantic = "WMS *";
}

static void write_fingerprint(struct sdp *sdp, struct sdp_media *media, const struct describe_local *local)
{
    struct sdp_fingerprint *fingerprint = sdp_add_fingerprint(sdp, &media->transport);
    fingerprint->hash = SDP_SHA_256;
    fingerprint->hash_name = "sha-256";
    for (const char *at = local->fingerprint; *at && fingerprint->len < 32; at += at[2] == ':' ? 3 : 2)
        fingerprint->value[fingerprint->len++] = (uint8_t)strtoul((const char[]){at[0], at[1], '\0'}, NULL, 16);
    if (local->has_wrong_fingerprint)
        fingerprint->value[0] ^= 1;
}

static void write_transport(struct sdp *sdp, struct sdp_media *media, const struct describe_local *local,
                            enum sdp_setup setup)
{
    media->port = 9;
    media->has_rtcp_mux = true;
    media->has_rtcp_rsize = true;
    media->transport.ice_ufrag = sdp_keep(sdp, local->ufrag);
    media->transport.ice_pwd = sdp_keep(sdp, local->pwd);
    media->transport.ice_options = "trickle";
    media->transport.setup = setup;
    write_fingerprint(sdp, media, local);
}

static void add_feedback(struct sdp *sdp, struct sdp_codec *codec, const char *feedback)
{
    (void)!sdp_add_rtcp_fb(sdp, codec, feedback); /* far from the limit */
}

static void write_own_codecs(struct sdp *sdp, struct sdp_media *media, enum client_kind kind)
{
    struct sdp_codec *codec = sdp_add_codec(sdp, media);
    if (kind == CLIENT_AUDIO) {
        *codec = (struct sdp_codec){.pt = OPUS_PT, .name = "opus", .clock_rate = 48000, .channels = 2};
        codec->fmtp = "minptime=10;useinbandfec=1";
        add_feedback(sdp, codec, "transport-cc");
        return;
    }
    *codec = (struct sdp_codec){.pt = VP8_PT, .name = "VP8", .clock_rate = 90000};
    static const char *const feedbacks[] = {"transport-cc", "ccm fir", "nack", "nack pli"};
    for (size_t i = 0; i < ARRAY_LEN(feedbacks); i++)
        add_feedback(sdp, codec, feedbacks[i]);
    codec = sdp_add_codec(sdp, media);
    *codec = (struct sdp_codec){.pt = VP8_RTX_PT, .name = "rtx", .clock_rate = 90000};
    codec->fmtp = sdp_keepf(sdp, "apt=%d", VP8_PT);
}

static void write_source(struct sdp *sdp, struct sdp_media *media, const struct describe_line *line, uint32_t value)
{
    struct sdp_ssrc *ssrc = sdp_add_ssrc(sdp, media);
    ssrc->ssrc = value;
    ssrc->cname = sdp_keep(sdp, line->cname);
    ssrc->stream = sdp_keep(sdp, line->stream);
    ssrc->track = sdp_keep(sdp, line->track);
}

static void write_layers(struct sdp *sdp, struct sdp_media *media)
{
    for (unsigned i = 0; i < DESCRIBE_LAYERS; i++) {
        struct sdp_rid *rid = sdp_add_rid(sdp, media);
        *rid = (struct sdp_rid){.id = describe_rids[i], .is_send = true};
    }
    media->simulcast_send = sdp_keepf(sdp, "%s;%s;%s", describe_rids[0], describe_rids[1], describe_rids[2]);
}

static void write_sources(struct sdp *sdp, struct sdp_media *media, const struct describe_line *line)
{
    media->stream = sdp_keep(sdp, line->stream);
    media->track = sdp_keep(sdp, line->track);
    if (line->is_simulcast) {
        write_layers(sdp, media);
        return;
    }
    write_source(sdp, media, line, line->ssrc);
    if (!line->rtx_ssrc)
        return;
    write_source(sdp, media, line, line->rtx_ssrc);
    struct sdp_ssrc_group *group = sdp_add_ssrc_group(sdp, media);
    *group = (struct sdp_ssrc_group){.semantics = "FID", .ssrcs = {line->ssrc, line->rtx_ssrc}, .ssrc_count = 2};
}

void describe_offer_write(const struct describe *offer, const struct describe_local *local, struct text *out)
{
    struct sdp *sdp = sdp_create();
    write_session(sdp, local);
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct describe_line *line = &offer->lines[i];
        struct sdp_media *media = sdp_add_media(sdp);
        media->kind = line->kind == CLIENT_AUDIO ? SDP_AUDIO : SDP_VIDEO;
        media->protocol = SDP_RTP_SAVPF;
        media->mid = sdp_keep(sdp, line->mid);
        media->direction = line->is_sending ? SDP_SENDONLY : SDP_INACTIVE;
        write_transport(sdp, media, local, SDP_ACTPASS);
        write_own_codecs(sdp, media, line->kind);
        for (size_t k = 0; k < ARRAY_LEN(exts); k++) {
            if ((exts[k].lines == ON_AUDIO && line->kind != CLIENT_AUDIO) ||
                (exts[k].lines == ON_SIMULCAST && !line->is_simulcast))
                continue;
            struct sdp_extmap *extmap = sdp_add_extmap(sdp, media);
            extmap->id = exts[k].id;
            extmap->uri = exts[k].uri;
        }
        write_sources(sdp, media, line);
        (void)!sdp_add_bundle(sdp, line->mid);
    }
    sdp_write(sdp, out);
    sdp_free(sdp);
}

static void read_exts(const struct sdp *sdp, const struct sdp_media *media, struct describe_exts *out)
{
    for (size_t i = 0; i < ARRAY_LEN(exts); i++)
        ((uint8_t *)out)[exts[i].offset] = sdp_ext_id(sdp, media, exts[i].uri);
}

static void read_candidates(const struct sdp_media *media, struct peerconn_remote *out)
{
    for (unsigned i = 0; i < media->candidate_count && out->candidate_count < PEERCONN_CANDIDATES_MAX; i++) {
        const struct sdp_candidate *from = &media->candidates[i];
        if (from->is_tcp || !from->is_address || from->component != 1)
            continue;
        struct peerconn_candidate *to = &out->candidates[out->candidate_count++];
        (void)text_copy(to->address, sizeof(to->address), from->address);
        (void)text_copy(to->foundation, sizeof(to->foundation), from->foundation);
        to->port = from->port;
        to->priority = from->priority;
    }
}

/* The transport of the first line that is not rejected: all share it by BUNDLE. */
static enum err read_remote(const struct sdp *sdp, struct describe *out, char error[SDP_ERROR_MAX])
{
    out->has_remote = false;
    for (unsigned i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = sdp->media[i];
        const char *ufrag = sdp_ice_ufrag(sdp, media), *pwd = sdp_ice_pwd(sdp, media);
        if (sdp_is_rejected(media) || !ufrag || !pwd)
            continue;
        const struct sdp_fingerprint *fingerprint;
        enum err err = sdp_fingerprint_of(sdp, media, &fingerprint, error);
        if (err != ERR_OK)
            return err;
        struct peerconn_remote *remote = &out->remote;
        *remote = (struct peerconn_remote){.fingerprint_len = fingerprint->len};
        memcpy(remote->fingerprint, fingerprint->value, fingerprint->len);
        (void)text_copy(remote->fingerprint_hash, sizeof(remote->fingerprint_hash), fingerprint->hash_name);
        if (!text_copy(remote->ufrag, sizeof(remote->ufrag), ufrag) ||
            !text_copy(remote->pwd, sizeof(remote->pwd), pwd)) {
            snprintf(error, SDP_ERROR_MAX, "the server's ICE credentials are too long");
            return ERR_LIMIT;
        }
        read_candidates(media, remote);
        out->has_remote = true;
        return ERR_OK;
    }
    return ERR_OK;
}

enum err describe_answer_read(const char *text, struct describe *offer, char error[SDP_ERROR_MAX])
{
    struct sdp *sdp;
    enum err err = sdp_parse(text, strlen(text), &sdp, error);
    if (err != ERR_OK)
        return err;
    if (sdp->media_count != offer->line_count) {
        snprintf(error, SDP_ERROR_MAX, "the answer has %u m-lines, the offer %u", sdp->media_count, offer->line_count);
        err = ERR_INVALID;
    }
    for (unsigned i = 0; i < offer->line_count && err == ERR_OK; i++) {
        const struct sdp_media *media = sdp->media[i];
        struct describe_line *line = &offer->lines[i];
        enum sdp_direction direction = sdp_direction_of(sdp, media);
        line->is_rejected = sdp_is_rejected(media);
        line->is_sending = !line->is_rejected && (direction == SDP_RECVONLY || direction == SDP_SENDRECV);
        if (!sdp_find_rtx(media, line->pt))
            line->rtx_pt = 0;
        read_exts(sdp, media, &line->exts);
        line->is_simulcast = line->is_simulcast && media->simulcast_recv && media->rid_count == DESCRIBE_LAYERS;
    }
    if (err == ERR_OK)
        err = read_remote(sdp, offer, error);
    sdp_free(sdp);
    return err;
}

static const struct sdp_codec *find_codec(const struct sdp_media *media)
{
    static const char *const names[] = {"opus", "VP8", "H264"};
    for (unsigned i = 0; i < media->codec_count; i++) {
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            if (media->codecs[i].name && strcasecmp(media->codecs[i].name, names[k]) == 0)
                return &media->codecs[i];
        }
    }
    return NULL;
}

static void read_offered_line(const struct sdp *sdp, const struct sdp_media *media, struct describe_line *line)
{
    *line = (struct describe_line){.kind = media->kind == SDP_AUDIO ? CLIENT_AUDIO : CLIENT_VIDEO};
    (void)text_copy(line->mid, sizeof(line->mid), media->mid ? media->mid : "");
    const struct sdp_codec *codec = find_codec(media);
    enum sdp_direction direction = sdp_direction_of(sdp, media);
    line->is_rejected = sdp_is_rejected(media) || !codec;
    line->is_sending = !line->is_rejected && (direction == SDP_SENDONLY || direction == SDP_SENDRECV);
    if (!line->is_sending)
        return;
    const struct sdp_codec *rtx = sdp_find_rtx(media, codec->pt);
    line->pt = codec->pt;
    line->rtx_pt = rtx ? rtx->pt : 0;
    line->has_nack = sdp_has_rtcp_fb(codec, "nack");
    line->has_pli = sdp_has_rtcp_fb(codec, "nack pli");
    read_exts(sdp, media, &line->exts);
    if (media->ssrc_count > 0)
        line->ssrc = media->ssrcs[0].ssrc;
    if (!sdp_paired_ssrc(media, "FID", line->ssrc, &line->rtx_ssrc))
        line->rtx_ssrc = 0;
    (void)text_copy(line->stream, sizeof(line->stream), media->stream ? media->stream : "");
}

enum err describe_offer_read(const char *text, struct describe *offer, char error[SDP_ERROR_MAX])
{
    struct sdp *sdp;
    enum err err = sdp_parse(text, strlen(text), &sdp, error);
    if (err != ERR_OK)
        return err;
    offer->line_count = sdp->media_count;
    for (unsigned i = 0; i < sdp->media_count; i++)
        read_offered_line(sdp, sdp->media[i], &offer->lines[i]);
    err = read_remote(sdp, offer, error);
    sdp_free(sdp);
    return err;
}

static void copy_codec(struct sdp *sdp, struct sdp_media *to, const struct sdp_codec *from)
{
    struct sdp_codec *codec = sdp_add_codec(sdp, to);
    *codec = (struct sdp_codec){.pt = from->pt, .clock_rate = from->clock_rate, .channels = from->channels};
    codec->name = sdp_keep(sdp, from->name);
    codec->fmtp = sdp_keep(sdp, from->fmtp);
    for (unsigned i = 0; i < from->rtcp_fb_count; i++)
        add_feedback(sdp, codec, from->rtcp_fbs[i]);
}

static void answer_line(struct sdp *sdp, const struct sdp *offer, const struct sdp_media *from,
                        const struct describe_local *local)
{
    struct sdp_media *to = sdp_add_media(sdp);
    const struct sdp_codec *codec = find_codec(from);
    enum sdp_direction direction = sdp_direction_of(offer, from);
    bool is_rejected = sdp_is_rejected(from) || !codec;
    to->kind = from->kind;
    to->kind_name = sdp_keep(sdp, from->kind_name);
    to->protocol = from->protocol;
    to->protocol_name = sdp_keep(sdp, from->protocol_name);
    to->formats = sdp_keep(sdp, from->formats);
    to->mid = sdp_keep(sdp, from->mid);
    to->direction = direction == SDP_SENDONLY || direction == SDP_SENDRECV ? SDP_RECVONLY : SDP_INACTIVE;
    if (is_rejected) {
        to->direction = SDP_INACTIVE;
        for (unsigned i = 0; i < from->codec_count; i++)
            copy_codec(sdp, to, &from->codecs[i]);
        return;
    }
    write_transport(sdp, to, local, SDP_ACTIVE);
    copy_codec(sdp, to, codec);
    const struct sdp_codec *rtx = sdp_find_rtx(from, codec->pt);
    if (rtx)
        copy_codec(sdp, to, rtx);
    for (size_t i = 0; i < ARRAY_LEN(exts); i++) {
        uint8_t id = exts[i].lines == ON_SIMULCAST ? 0 : sdp_ext_id(offer, from, exts[i].uri);
        struct sdp_extmap *extmap = id ? sdp_add_extmap(sdp, to) : NULL;
        if (extmap) {
            extmap->id = id;
            extmap->uri = exts[i].uri;
        }
    }
    (void)!sdp_add_bundle(sdp, from->mid);
}

enum err describe_answer_write(const char *offer_text, const struct describe_local *local, struct text *out,
                               char error[SDP_ERROR_MAX])
{
    struct sdp *offer;
    enum err err = sdp_parse(offer_text, strlen(offer_text), &offer, error);
    if (err != ERR_OK)
        return err;
    struct sdp *sdp = sdp_create();
    write_session(sdp, local);
    for (unsigned i = 0; i < offer->media_count; i++)
        answer_line(sdp, offer, offer->media[i], local);
    sdp_write(sdp, out);
    sdp_free(sdp);
    sdp_free(offer);
    return ERR_OK;
}
