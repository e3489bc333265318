/* The publish connection: the client's offer, our answer. Control threads. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "call/negotiate.h"

#define VIDEO_CLOCK 90000
#define OPUS_CLOCK 48000

/* Baseline and constrained baseline (RFC 6184 section 8.1): 42xxxx; none said means baseline. */
static bool is_our_h264(const struct sdp_codec *codec)
{
    uint32_t mode;
    char profile[16];
    if (!sdp_fmtp_u32(codec, "packetization-mode", &mode) || mode != 1)
        return false;
    return !sdp_fmtp_get(codec, "profile-level-id", profile, sizeof(profile)) ||
           (strlen(profile) == 6 && strncmp(profile, "42", 2) == 0);
}

static bool take_codec(const struct sdp_media *media, const struct sdp_codec *codec, struct media_format *out)
{
    if (!codec->name)
        return false;
    if (media->kind == SDP_AUDIO && strcasecmp(codec->name, "opus") == 0 && codec->clock_rate == OPUS_CLOCK)
        out->codec = MEDIA_OPUS;
    else if (media->kind == SDP_VIDEO && strcasecmp(codec->name, "VP8") == 0 && codec->clock_rate == VIDEO_CLOCK)
        out->codec = MEDIA_VP8;
    else if (media->kind == SDP_VIDEO && strcasecmp(codec->name, "H264") == 0 && codec->clock_rate == VIDEO_CLOCK &&
             is_our_h264(codec))
        out->codec = MEDIA_H264;
    else
        return false;
    negotiate_read_codec(media, codec, out);
    return true;
}

/* Codecs are searched in the client's order: what it likes best comes first. */
static bool choose_format(const struct sdp *sdp, const struct sdp_media *media, const enum media_codec *wanted,
                          struct media_format *out)
{
    *out = (struct media_format){.kind = media->kind == SDP_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO};
    negotiate_read_extensions(sdp, media, &out->ext);
    for (unsigned i = 0; i < media->codec_count; i++) {
        if (!take_codec(media, &media->codecs[i], out) || (wanted && out->codec != *wanted))
            continue;
        if (out->has_twcc)
            out->ext.abs_send_time = 0; /* one send time is enough, and it costs bytes in each packet */
        else
            out->ext.twcc = 0; /* numbering packets that nobody reports on is of no use */
        return true;
    }
    return false;
}

bool negotiate_read_format(const struct sdp *sdp, const struct sdp_media *media, enum media_codec codec,
                           struct media_format *out)
{
    return choose_format(sdp, media, &codec, out);
}

static bool is_retransmission(const struct sdp_media *media, uint32_t ssrc)
{
    for (unsigned i = 0; i < media->ssrc_group_count; i++) {
        const struct sdp_ssrc_group *group = &media->ssrc_groups[i];
        if (strcmp(group->semantics, "FID") == 0 && group->ssrc_count == 2 && group->ssrcs[1] == ssrc)
            return true;
    }
    return false;
}

/* The sources that the offer names; 0 when it names none: then they are learned from the MID extension. */
static void read_layer(const struct sdp_media *media, struct publish_line *line)
{
    line->layer_count = 1;
    line->layers[0] = (struct media_layer){0};
    for (unsigned i = 0; i < media->ssrc_count; i++) {
        uint32_t ssrc = media->ssrcs[i].ssrc;
        if (is_retransmission(media, ssrc))
            continue;
        line->layers[0].ssrc = ssrc;
        uint32_t rtx_ssrc;
        if (line->format.rtx_pt && sdp_paired_ssrc(media, "FID", ssrc, &rtx_ssrc))
            line->layers[0].rtx_ssrc = rtx_ssrc;
        return;
    }
}

static enum err read_line(const struct sdp *sdp, unsigned index, struct publish_line *line, char error[SDP_ERROR_MAX])
{
    const struct sdp_media *media = sdp->media[index];
    *line = (struct publish_line){0};
    if (sdp_is_rejected(media)) {
        (void)text_copy(line->mid, sizeof(line->mid), media->mid ? media->mid : "");
        return ERR_OK;
    }
    if (!media->mid || !media->mid[0])
        return negotiate_refuse(error, "m-line %u has no a=mid", index + 1);
    if (!text_copy(line->mid, sizeof(line->mid), media->mid))
        return negotiate_refuse(error, "m-line %u: a=mid has more than %d characters", index + 1, MEDIA_MID_SIZE - 1);
    if (sdp_find_mid(sdp, media->mid) != media)
        return negotiate_refuse(error, "m-line %u: mid %s is used twice", index + 1, media->mid);
    if (media->protocol != SDP_RTP_SAVPF || (media->kind != SDP_AUDIO && media->kind != SDP_VIDEO))
        return ERR_OK; /* answered with port 0 */
    if (!choose_format(sdp, media, NULL, &line->format))
        return ERR_OK;
    if (!media->has_rtcp_mux)
        return negotiate_refuse(error, "mid %s has no a=rtcp-mux", media->mid);
    enum sdp_direction direction = sdp_direction_of(sdp, media);
    line->is_accepted = true;
    line->is_sending = direction == SDP_SENDRECV || direction == SDP_SENDONLY;
    read_layer(media, line);
    return ERR_OK;
}

/* Two tracks with one source would take each other's packets. */
static enum err check_ssrcs(const struct publish_offer *offer, unsigned index, char error[SDP_ERROR_MAX])
{
    const struct media_layer *mine = &offer->lines[index].layers[0];
    for (unsigned i = 0; i < index; i++) {
        const struct media_layer *other = &offer->lines[i].layers[0];
        const uint32_t theirs[] = {other->ssrc, other->rtx_ssrc};
        for (unsigned k = 0; k < ARRAY_LEN(theirs); k++) {
            if (theirs[k] && (theirs[k] == mine->ssrc || theirs[k] == mine->rtx_ssrc))
                return negotiate_refuse(error, "ssrc %u stands in mid %s and in mid %s", theirs[k], offer->lines[i].mid,
                                        offer->lines[index].mid);
        }
    }
    return ERR_OK;
}

/* All accepted lines must share one transport: that of the first one, which BUNDLE names (RFC 8843 section 7.2). */
static enum err read_bundle(struct publish_offer *offer, bool is_answer, char error[SDP_ERROR_MAX])
{
    const struct sdp *sdp = offer->sdp;
    const struct sdp_media *tagged = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (!offer->lines[i].is_accepted)
            continue;
        if (!tagged)
            tagged = sdp->media[i];
        count++;
    }
    if (!tagged)
        return ERR_OK;
    for (unsigned i = 0; i < offer->line_count; i++) {
        const char *mid = offer->lines[i].mid;
        if (offer->lines[i].is_accepted && (count > 1 || sdp->has_bundle) && !sdp_is_bundled(sdp, mid))
            return negotiate_refuse(error, "mid %s is not in a=group:BUNDLE, which must name every m-line", mid);
    }
    /* The transport is described at the group's first line, which may be one that we turn down. */
    const struct sdp_media *first = sdp->bundle_count ? sdp_find_mid(sdp, sdp->bundle[0]) : NULL;
    if (first && !sdp_is_rejected(first) && tagged->is_bundle_only)
        tagged = first;
    offer->has_transport = true;
    offer->is_setup_open = sdp_setup_of(sdp, tagged) == SDP_ACTPASS;
    return negotiate_read_transport(sdp, tagged, is_answer, &offer->remote, error);
}

static enum err read_lines(struct publish_offer *offer, bool is_answer, char error[SDP_ERROR_MAX])
{
    offer->line_count = offer->sdp->media_count;
    for (unsigned i = 0; i < offer->line_count; i++) {
        enum err err = read_line(offer->sdp, i, &offer->lines[i], error);
        if (!err)
            err = check_ssrcs(offer, i, error);
        if (err)
            return err;
    }
    return read_bundle(offer, is_answer, error);
}

enum err publish_description_read(const char *sdp, size_t len, bool is_answer, struct publish_offer *out,
                                  char error[SDP_ERROR_MAX])
{
    memset(out, 0, sizeof(*out));
    enum err err = sdp_parse(sdp, len, &out->sdp, error);
    if (err)
        return err;
    err = read_lines(out, is_answer, error);
    if (err)
        publish_offer_clear(out);
    return err;
}

enum err publish_offer_read(const char *sdp, size_t len, struct publish_offer *out, char error[SDP_ERROR_MAX])
{
    enum err err = publish_description_read(sdp, len, false, out, error);
    for (unsigned i = 0; !err && i < out->line_count; i++)
        if (out->lines[i].is_accepted)
            negotiate_read_simulcast(out->sdp->media[i], &out->lines[i]);
    return err;
}

void publish_offer_clear(struct publish_offer *offer)
{
    sdp_free(offer->sdp);
    offer->sdp = NULL;
}

static void write_rejected(struct sdp *sdp, const struct sdp_media *offered)
{
    struct sdp_media *media = sdp_add_media(sdp);
    media->kind = offered->kind;
    media->kind_name = sdp_keep(sdp, offered->kind_name);
    media->protocol = offered->protocol;
    media->protocol_name = sdp_keep(sdp, offered->protocol_name);
    media->formats = sdp_keep(sdp, offered->formats);
    media->mid = sdp_keep(sdp, offered->mid);
    media->direction = SDP_INACTIVE;
    if (offered->protocol == SDP_RTP_SAVPF && offered->codec_count) {
        struct sdp_codec *codec = sdp_add_codec(sdp, media); /* an m= line cannot be without a format */
        codec->pt = offered->codecs[0].pt;
    }
}

static void write_line(struct sdp *sdp, const struct publish_offer *offer, unsigned index,
                       const struct negotiate_local *local, bool has_candidates)
{
    const struct publish_line *line = &offer->lines[index];
    const struct sdp_media *offered = offer->sdp->media[index];
    struct sdp_media *media = sdp_add_media(sdp);
    media->kind = offered->kind;
    media->protocol = SDP_RTP_SAVPF;
    media->protocol_name = sdp_keep(sdp, offered->protocol_name);
    media->mid = sdp_keep(sdp, line->mid);
    media->direction = line->is_sending ? SDP_RECVONLY : SDP_INACTIVE;
    negotiate_write_transport(sdp, media, local, local->is_dtls_client ? SDP_ACTIVE : SDP_PASSIVE, has_candidates);
    negotiate_write_extensions(sdp, media, &line->format.ext);
    char profile[16];
    const struct sdp_codec *codec = sdp_find_pt(offered, line->format.pt);
    bool has_profile = sdp_fmtp_get(codec, "profile-level-id", profile, sizeof(profile));
    negotiate_write_format(sdp, media, &line->format, has_profile ? profile : NULL, local->start_bitrate_kbps);
    if (line->is_sending)
        negotiate_write_simulcast(sdp, media, line);
}

void publish_answer_write(const struct publish_offer *offer, const struct negotiate_local *local, struct text *out)
{
    struct sdp *sdp = sdp_create();
    negotiate_write_session(sdp, local);
    bool has_candidates = true; /* at the first accepted line only: BUNDLE makes them those of all */
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (!offer->lines[i].is_accepted) {
            write_rejected(sdp, offer->sdp->media[i]);
            continue;
        }
        write_line(sdp, offer, i, local, has_candidates);
        has_candidates = false;
        if (sdp_is_bundled(offer->sdp, offer->lines[i].mid) && sdp_add_bundle(sdp, offer->lines[i].mid))
            break; /* cannot be: the offer had room for as many */
    }
    if (!offer->sdp->has_bundle)
        sdp->has_bundle = false;
    sdp_write(sdp, out);
    sdp_free(sdp);
}
