/* The subscribe connection: our offer, the client's answer. Control threads. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "call/negotiate.h"

/* Our payload types, the same in every line, since a BUNDLE shares their space (RFC 8843 section 9.1). */
static const struct media_format our_formats[] = {
    [MEDIA_OPUS] =
        {
            .kind = MEDIA_AUDIO,
            .codec = MEDIA_OPUS,
            .clock_rate = 48000,
            .pt = 111,
            .has_twcc = true,
            .ext = {.mid = 1, .audio_level = 2, .twcc = 3},
        },
    [MEDIA_VP8] =
        {
            .kind = MEDIA_VIDEO,
            .codec = MEDIA_VP8,
            .clock_rate = 90000,
            .pt = 96,
            .rtx_pt = 97,
            .has_nack = true,
            .has_pli = true,
            .has_fir = true,
            .has_twcc = true,
            .ext = {.mid = 1, .twcc = 3, .video_orientation = 4},
        },
    [MEDIA_H264] =
        {
            .kind = MEDIA_VIDEO,
            .codec = MEDIA_H264,
            .clock_rate = 90000,
            .pt = 102,
            .rtx_pt = 103,
            .has_nack = true,
            .has_pli = true,
            .has_fir = true,
            .has_twcc = true,
            .ext = {.mid = 1, .twcc = 3, .video_orientation = 4},
        },
};

static const char *codec_name(enum media_codec codec)
{
    static const char *const names[] = {[MEDIA_OPUS] = "opus", [MEDIA_VP8] = "VP8", [MEDIA_H264] = "H264"};
    return names[codec];
}

const struct media_format *negotiate_our_format(enum media_codec codec)
{
    return &our_formats[codec];
}

static void write_ssrc(struct sdp *sdp, struct sdp_media *media, const struct negotiate_source *source, uint32_t value)
{
    struct sdp_ssrc *ssrc = sdp_add_ssrc(sdp, media);
    ssrc->ssrc = value;
    ssrc->cname = sdp_keep(sdp, source->cname);
    ssrc->stream = sdp_keep(sdp, source->stream);
    ssrc->track = sdp_keep(sdp, source->track);
}

void negotiate_write_source(struct sdp *sdp, struct sdp_media *media, const struct negotiate_source *source)
{
    media->stream = sdp_keep(sdp, source->stream);
    media->track = sdp_keep(sdp, source->track);
    write_ssrc(sdp, media, source, source->ssrc);
    if (!source->rtx_ssrc)
        return;
    write_ssrc(sdp, media, source, source->rtx_ssrc);
    struct sdp_ssrc_group *group = sdp_add_ssrc_group(sdp, media);
    group->semantics = "FID";
    group->ssrcs[0] = source->ssrc;
    group->ssrcs[1] = source->rtx_ssrc;
    group->ssrc_count = 2;
}

static void write_line(struct sdp *sdp, const struct subscribe_line *line, const struct negotiate_local *local,
                       bool has_candidates)
{
    const struct media_format *format = &our_formats[line->codec];
    struct sdp_media *media = sdp_add_media(sdp);
    media->kind = line->kind == MEDIA_AUDIO ? SDP_AUDIO : SDP_VIDEO;
    media->protocol = SDP_RTP_SAVPF;
    media->mid = sdp_keep(sdp, line->mid);
    media->direction = line->is_sending ? SDP_SENDONLY : SDP_INACTIVE;
    negotiate_write_format(sdp, media, format, NULL, 0);
    if (line->is_dead)
        return;
    negotiate_write_transport(sdp, media, local, SDP_ACTPASS, has_candidates);
    negotiate_write_extensions(sdp, media, &format->ext);
    if (!line->is_sending)
        return;
    const struct negotiate_source source = {
        .ssrc = line->ssrc,
        .rtx_ssrc = format->rtx_pt ? line->rtx_ssrc : 0,
        .cname = line->cname,
        .stream = line->stream,
        .track = line->track,
    };
    negotiate_write_source(sdp, media, &source);
}

void subscribe_offer_write(const struct subscribe_offer *offer, const struct negotiate_local *local, struct text *out)
{
    struct sdp *sdp = sdp_create();
    negotiate_write_session(sdp, local);
    bool has_candidates = true; /* at the first line of the BUNDLE only */
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct subscribe_line *line = &offer->lines[i];
        write_line(sdp, line, local, has_candidates);
        if (line->is_dead)
            continue;
        has_candidates = false;
        if (sdp_add_bundle(sdp, line->mid))
            break; /* cannot be: there is room for as many as lines */
    }
    sdp_write(sdp, out);
    sdp_free(sdp);
}

/* What the client took of our format; false when it cannot receive the codec. */
static bool read_format(const struct sdp *sdp, const struct sdp_media *media, enum media_codec codec,
                        struct media_format *out)
{
    const struct media_format *ours = &our_formats[codec];
    const struct sdp_codec *theirs = sdp_find_pt(media, ours->pt);
    if (!theirs || !theirs->name || strcasecmp(theirs->name, codec_name(codec)) != 0)
        theirs = sdp_find_codec(media, codec_name(codec), NULL);
    if (!theirs)
        return false;
    *out = *ours;
    negotiate_read_extensions(sdp, media, &out->ext);
    negotiate_read_codec(media, theirs, out);
    if (!ours->rtx_pt)
        out->rtx_pt = 0;
    if (!out->has_twcc)
        out->ext.twcc = 0;
    return true;
}

static enum err check_line(const struct sdp_media *media, const struct subscribe_line *line, unsigned index,
                           char error[SDP_ERROR_MAX])
{
    enum sdp_kind kind = line->kind == MEDIA_AUDIO ? SDP_AUDIO : SDP_VIDEO;
    if (media->kind != kind)
        return negotiate_refuse(error, "m-line %u is of another kind than in the offer", index + 1);
    if (sdp_is_rejected(media))
        return ERR_OK;
    if (!media->mid || strcmp(media->mid, line->mid) != 0)
        return negotiate_refuse(error, "m-line %u: mid %s expected, as in the offer", index + 1, line->mid);
    if (!media->has_rtcp_mux)
        return negotiate_refuse(error, "mid %s has no a=rtcp-mux", line->mid);
    return ERR_OK;
}

static enum err read_answer(const struct sdp *sdp, const struct subscribe_offer *offer, struct subscribe_answer *out,
                            char error[SDP_ERROR_MAX])
{
    if (sdp->media_count != offer->line_count)
        return negotiate_refuse(error, "the answer has %u m-lines, the offer %u", sdp->media_count, offer->line_count);
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct sdp_media *media = sdp->media[i];
        const struct subscribe_line *line = &offer->lines[i];
        enum err err = check_line(media, line, i, error);
        if (err)
            return err;
        out->lines[i].is_rejected = sdp_is_rejected(media);
        if (out->lines[i].is_rejected || line->is_dead)
            continue;
        if (!out->has_transport) {
            err = negotiate_read_transport(sdp, media, true, &out->remote, error);
            if (err)
                return err;
            out->has_transport = true;
        }
        enum sdp_direction direction = sdp_direction_of(sdp, media);
        bool is_receiving = direction == SDP_RECVONLY || direction == SDP_SENDRECV;
        out->lines[i].is_accepted =
            line->is_sending && is_receiving && read_format(sdp, media, line->codec, &out->lines[i].format);
    }
    return ERR_OK;
}

enum err subscribe_answer_read(const char *sdp, size_t len, const struct subscribe_offer *offer,
                               struct subscribe_answer *out, char error[SDP_ERROR_MAX])
{
    struct sdp *parsed;
    enum err err = sdp_parse(sdp, len, &parsed, error);
    if (err)
        return err;
    memset(out, 0, sizeof(*out));
    err = read_answer(parsed, offer, out, error);
    sdp_free(parsed);
    return err;
}
