/* Descriptions of a leg: how the client names things, and ours as text. Web thread. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "call/leg.h"

#define DYNAMIC_PT_FIRST 96 /* RFC 3551 section 6 */
#define DYNAMIC_PT_LAST 127

#define CODEC_COUNT (MEDIA_H264 + 1)
#define EXT_COUNT sizeof(struct media_ext_ids)

static enum media_kind kind_of(enum media_codec codec)
{
    return codec == MEDIA_OPUS ? MEDIA_AUDIO : MEDIA_VIDEO;
}

static void note_numbers(struct leg *leg, const struct sdp *sdp, const struct sdp_media *media)
{
    for (unsigned i = 0; i < sdp->extmap_count; i++)
        leg->ids_seen |= (uint16_t)(sdp->extmaps[i].id < 16 ? 1u << sdp->extmaps[i].id : 0);
    for (unsigned i = 0; i < media->extmap_count; i++)
        leg->ids_seen |= (uint16_t)(media->extmaps[i].id < 16 ? 1u << media->extmaps[i].id : 0);
    for (unsigned i = 0; i < media->codec_count; i++)
        leg->pts_seen[media->codecs[i].pt / 64] |= 1ULL << (media->codecs[i].pt % 64);
}

void leg_learn(struct leg *leg, const struct sdp *sdp, const struct sdp_media *media, struct leg_line *line)
{
    note_numbers(leg, sdp, media);
    line->codecs = 0;
    for (unsigned codec = 0; codec < CODEC_COUNT; codec++) {
        struct media_format format;
        if (kind_of(codec) != line->kind || !negotiate_read_format(sdp, media, codec, &format))
            continue;
        line->codecs |= 1u << codec;
        leg->formats[codec] = format;
        leg->has_format[codec] = true;
        if (codec == MEDIA_H264 && !sdp_fmtp_get(sdp_find_pt(media, format.pt), "profile-level-id", leg->h264_profile,
                                                 sizeof(leg->h264_profile)))
            leg->h264_profile[0] = 0;
    }
}

/* ---- what the client has not named yet must not collide with what it has, nor with what it is about to ---- */

/* The numbers that Chromium gives by itself: an offer of its own may be under way while ours is written. */
static struct media_format our_format(enum media_codec codec)
{
    struct media_format format = *negotiate_our_format(codec);
    format.ext = (struct media_ext_ids){.mid = 4, .twcc = 3};
    if (codec == MEDIA_OPUS)
        format.ext.audio_level = 1;
    else
        format.ext.video_orientation = 13;
    if (codec == MEDIA_H264) {
        format.pt = 106;
        format.rtx_pt = 107;
    }
    return format;
}

static uint8_t *ext_ids(struct media_ext_ids *ext)
{
    return (uint8_t *)ext; /* bytes only */
}

static uint8_t known_id(const struct leg *leg, size_t ext)
{
    for (unsigned codec = 0; codec < CODEC_COUNT; codec++) {
        struct media_ext_ids ids = leg->formats[codec].ext;
        if (leg->has_format[codec] && ext_ids(&ids)[ext])
            return ext_ids(&ids)[ext];
    }
    return 0;
}

static void fit_ids(const struct leg *leg, struct media_ext_ids *ids)
{
    unsigned used = leg->ids_seen;
    for (size_t ext = 0; ext < EXT_COUNT; ext++) {
        uint8_t *id = &ext_ids(ids)[ext];
        uint8_t known = known_id(leg, ext);
        if (*id && known)
            *id = known;
        for (uint8_t next = NEGOTIATE_EXT_ID_MAX; *id && !known && (used >> *id & 1); next--)
            *id = next; /* 0 at last: does without */
        used |= 1u << *id;
    }
}

static bool is_pt_seen(const struct leg *leg, uint8_t pt)
{
    return leg->pts_seen[pt / 64] >> (pt % 64) & 1;
}

static uint8_t free_pt(const struct leg *leg, uint8_t wish, uint8_t taken)
{
    uint8_t pt = wish;
    for (uint8_t next = DYNAMIC_PT_FIRST; (is_pt_seen(leg, pt) || pt == taken) && next <= DYNAMIC_PT_LAST; next++)
        pt = next;
    return pt;
}

struct media_format leg_format(const struct leg *leg, enum media_codec codec)
{
    if (leg->has_format[codec])
        return leg->formats[codec];
    struct media_format format = our_format(codec);
    format.pt = free_pt(leg, format.pt, 0);
    if (format.rtx_pt)
        format.rtx_pt = free_pt(leg, format.rtx_pt, format.pt);
    fit_ids(leg, &format.ext);
    return format;
}

/* ---- writing ---- */

static enum sdp_direction direction_of(const struct leg *leg, const struct leg_line *line)
{
    bool is_sending = leg_line_sends(leg, line);
    if (leg_line_receives(leg, line))
        return is_sending ? SDP_SENDRECV : SDP_RECVONLY;
    return is_sending ? SDP_SENDONLY : SDP_INACTIVE;
}

/* One codec for each direction, the client's first, since it sends with the first one. At least one in all. */
static unsigned choose_codecs(const struct leg *leg, const struct leg_line *line, enum media_codec out[2])
{
    unsigned count = 0;
    if (leg_line_receives(leg, line))
        out[count++] = line->codec;
    if (line->down && (!count || out[0] != line->down->track->format.codec))
        out[count++] = line->down->track->format.codec;
    if (!count)
        out[count++] = line->codecs ? line->codec : line->kind == MEDIA_AUDIO ? MEDIA_OPUS : MEDIA_VP8;
    return count;
}

static void write_source(const struct leg *leg, struct sdp *sdp, struct sdp_media *media, const struct leg_line *line,
                         bool has_rtx)
{
    char member[NEGOTIATE_TRACK_NAME_SIZE];
    snprintf(member, sizeof(member), "m%llu", (unsigned long long)leg->place.other_id);
    const struct negotiate_source source = {
        .ssrc = line->ssrc,
        .rtx_ssrc = has_rtx ? line->rtx_ssrc : 0,
        .cname = member,
        .stream = member, /* the same for all his tracks, and as long as he is in the call */
        .track = line->down->track->name,
    };
    negotiate_write_source(sdp, media, &source);
}

static void write_dead(const struct leg_line *line, struct sdp *sdp, struct sdp_media *media)
{
    if (line->is_application) {
        media->protocol = SDP_DTLS_SCTP;
        media->formats = "webrtc-datachannel";
        return;
    }
    const enum media_codec codec = line->kind == MEDIA_AUDIO ? MEDIA_OPUS : MEDIA_VP8;
    negotiate_write_format(sdp, media, negotiate_our_format(codec), NULL, 0);
}

static void write_line(const struct leg *leg, struct sdp *sdp, const struct leg_line *line,
                       const struct negotiate_local *local, enum sdp_setup setup, bool has_candidates)
{
    struct sdp_media *media = sdp_add_media(sdp);
    media->kind = line->is_application ? SDP_APPLICATION : line->kind == MEDIA_AUDIO ? SDP_AUDIO : SDP_VIDEO;
    media->protocol = SDP_RTP_SAVPF;
    media->mid = line->mid[0] ? sdp_keep(sdp, line->mid) : NULL;
    media->direction = direction_of(leg, line);
    if (line->is_dead) {
        write_dead(line, sdp, media);
        return;
    }
    negotiate_write_transport(sdp, media, local, setup, has_candidates);
    enum media_codec codecs[2];
    unsigned count = choose_codecs(leg, line, codecs);
    bool has_rtx = false;
    for (unsigned i = 0; i < count; i++) {
        struct media_format format = leg_format(leg, codecs[i]);
        if (i == 0)
            negotiate_write_extensions(sdp, media, &format.ext);
        negotiate_write_format(sdp, media, &format, leg->h264_profile[0] ? leg->h264_profile : NULL,
                               leg_line_receives(leg, line) ? local->start_bitrate_kbps : 0);
        has_rtx = format.rtx_pt != 0; /* the last one is what is sent, if anything is */
    }
    if (leg_line_sends(leg, line))
        write_source(leg, sdp, media, line, has_rtx);
}

void leg_write(struct leg *leg, bool is_offer, struct text *out)
{
    struct negotiate_local local = {.ufrag = "", .pwd = "", .fingerprint = ""};
    if (pc_is_open(&leg->pc))
        pc_local(&leg->pc, &local);
    local.session_id = leg->session_id;
    local.session_version = ++leg->session_version;
    enum sdp_setup setup = is_offer ? SDP_ACTPASS : local.is_dtls_client ? SDP_ACTIVE : SDP_PASSIVE;

    struct sdp *sdp = sdp_create();
    negotiate_write_session(sdp, &local);
    bool has_candidates = true; /* at the first line of the BUNDLE only */
    for (unsigned i = 0; i < leg->line_count; i++) {
        const struct leg_line *line = &leg->lines[i];
        write_line(leg, sdp, line, &local, setup, has_candidates);
        if (line->is_dead)
            continue;
        has_candidates = false;
        if (sdp_add_bundle(sdp, line->mid))
            break; /* cannot be: there is room for more lines than a leg has */
    }
    sdp_write(sdp, out);
    sdp_free(sdp);
}
