/* Session descriptions to text, in the order that browsers use. Control threads. */
#include <inttypes.h>

#include "base/text.h"
#include "proto/sdp.h"

static const char *kind_name(const struct sdp_media *media)
{
    switch (media->kind) {
    case SDP_AUDIO:
        return "audio";
    case SDP_VIDEO:
        return "video";
    case SDP_APPLICATION:
        return "application";
    case SDP_KIND_OTHER:
        break;
    }
    return media->kind_name ? media->kind_name : "text";
}

static const char *protocol_name(const struct sdp_media *media)
{
    if (media->protocol_name)
        return media->protocol_name;
    if (media->protocol == SDP_DTLS_SCTP)
        return "UDP/DTLS/SCTP";
    return "UDP/TLS/RTP/SAVPF";
}

static void write_fingerprint(const struct sdp_fingerprint *fingerprint, struct text *out)
{
    text_addf(out, "a=fingerprint:%s ", fingerprint->hash_name);
    for (size_t i = 0; i < fingerprint->len; i++)
        text_addf(out, i ? ":%02X" : "%02X", fingerprint->value[i]);
    text_add(out, "\r\n");
}

static void write_transport(const struct sdp_transport *transport, struct text *out)
{
    if (transport->ice_ufrag)
        text_addf(out, "a=ice-ufrag:%s\r\n", transport->ice_ufrag);
    if (transport->ice_pwd)
        text_addf(out, "a=ice-pwd:%s\r\n", transport->ice_pwd);
    if (transport->ice_options)
        text_addf(out, "a=ice-options:%s\r\n", transport->ice_options);
    for (unsigned i = 0; i < transport->fingerprint_count; i++)
        write_fingerprint(&transport->fingerprints[i], out);
    if (transport->setup != SDP_SETUP_UNSET)
        text_addf(out, "a=setup:%s\r\n", sdp_setup_str(transport->setup));
}

static void write_extmaps(const struct sdp_extmap *list, unsigned count, struct text *out)
{
    for (unsigned i = 0; i < count; i++) {
        text_addf(out, "a=extmap:%u", list[i].id);
        if (list[i].direction != SDP_DIRECTION_UNSET)
            text_addf(out, "/%s", sdp_direction_str(list[i].direction));
        text_addf(out, " %s\r\n", list[i].uri);
    }
}

static void write_session(const struct sdp *sdp, struct text *out)
{
    text_addf(out, "v=0\r\no=%s %" PRIu64 " %" PRIu64 " %s\r\n", sdp->origin_name ? sdp->origin_name : "-",
              sdp->session_id, sdp->session_version, sdp->origin_address ? sdp->origin_address : "IN IP4 127.0.0.1");
    text_addf(out, "s=%s\r\nt=0 0\r\n", sdp->name ? sdp->name : "-");
    if (sdp->has_bundle) {
        text_add(out, "a=group:BUNDLE");
        for (unsigned i = 0; i < sdp->bundle_count; i++)
            text_addf(out, " %s", sdp->bundle[i]);
        text_add(out, "\r\n");
    }
    if (sdp->extmap_allow_mixed)
        text_add(out, "a=extmap-allow-mixed\r\n");
    if (sdp->msid_semantic)
        text_addf(out, "a=msid-semantic: %s\r\n", sdp->msid_semantic);
    if (sdp->is_ice_lite)
        text_add(out, "a=ice-lite\r\n");
    write_transport(&sdp->transport, out);
    if (sdp->direction != SDP_DIRECTION_UNSET)
        text_addf(out, "a=%s\r\n", sdp_direction_str(sdp->direction));
    write_extmaps(sdp->extmaps, sdp->extmap_count, out);
}

static void write_media_line(const struct sdp_media *media, struct text *out)
{
    text_addf(out, "m=%s %u %s", kind_name(media), media->port, protocol_name(media));
    for (unsigned i = 0; i < media->codec_count; i++)
        text_addf(out, " %u", media->codecs[i].pt);
    if (media->codec_count == 0) /* RFC 8866 wants at least one format, also in a rejected section */
        text_addf(out, " %s",
                  media->formats                   ? media->formats
                  : media->kind == SDP_APPLICATION ? "webrtc-datachannel"
                                                   : "0");
    text_addf(out, "\r\nc=%s\r\n", media->connection ? media->connection : "IN IP4 0.0.0.0");
    for (unsigned i = 0; i < media->bandwidth_count; i++)
        text_addf(out, "b=%s:%" PRIu32 "\r\n", media->bandwidths[i].type, media->bandwidths[i].value);
    if (media->protocol == SDP_RTP_SAVPF && !sdp_is_rejected(media))
        text_add(out, "a=rtcp:9 IN IP4 0.0.0.0\r\n"); /* RFC 8829 section 5.2.1 */
}

static void write_candidates(const struct sdp_media *media, struct text *out)
{
    for (unsigned i = 0; i < media->candidate_count; i++) {
        text_add(out, "a=");
        sdp_candidate_write(&media->candidates[i], out);
        text_add(out, "\r\n");
    }
    if (media->has_end_of_candidates)
        text_add(out, "a=end-of-candidates\r\n");
}

static void write_codec(const struct sdp_codec *codec, struct text *out)
{
    if (codec->name) {
        text_addf(out, "a=rtpmap:%u %s/%" PRIu32, codec->pt, codec->name, codec->clock_rate);
        text_addf(out, codec->channels ? "/%u\r\n" : "\r\n", codec->channels);
    }
    for (unsigned i = 0; i < codec->rtcp_fb_count; i++)
        text_addf(out, "a=rtcp-fb:%u %s\r\n", codec->pt, codec->rtcp_fbs[i]);
    if (codec->fmtp)
        text_addf(out, "a=fmtp:%u %s\r\n", codec->pt, codec->fmtp);
}

static void write_layers(const struct sdp_media *media, struct text *out)
{
    for (unsigned i = 0; i < media->rid_count; i++) {
        const struct sdp_rid *rid = &media->rids[i];
        text_addf(out, "a=rid:%s %s", rid->id, rid->is_send ? "send" : "recv");
        if (rid->params)
            text_addf(out, " %s", rid->params);
        text_add(out, "\r\n");
    }
    if (!media->simulcast_send && !media->simulcast_recv)
        return;
    text_add(out, "a=simulcast:");
    if (media->simulcast_send)
        text_addf(out, "send %s%s", media->simulcast_send, media->simulcast_recv ? " " : "");
    if (media->simulcast_recv)
        text_addf(out, "recv %s", media->simulcast_recv);
    text_add(out, "\r\n");
}

static void write_ssrcs(const struct sdp_media *media, struct text *out)
{
    for (unsigned i = 0; i < media->ssrc_group_count; i++) {
        text_addf(out, "a=ssrc-group:%s", media->ssrc_groups[i].semantics);
        for (unsigned n = 0; n < media->ssrc_groups[i].ssrc_count; n++)
            text_addf(out, " %" PRIu32, media->ssrc_groups[i].ssrcs[n]);
        text_add(out, "\r\n");
    }
    for (unsigned i = 0; i < media->ssrc_count; i++) {
        const struct sdp_ssrc *ssrc = &media->ssrcs[i];
        if (ssrc->cname)
            text_addf(out, "a=ssrc:%" PRIu32 " cname:%s\r\n", ssrc->ssrc, ssrc->cname);
        if (ssrc->stream) {
            text_addf(out, "a=ssrc:%" PRIu32 " msid:%s", ssrc->ssrc, ssrc->stream);
            text_addf(out, ssrc->track ? " %s\r\n" : "\r\n", ssrc->track);
        }
    }
}

static void write_media(const struct sdp_media *media, struct text *out)
{
    write_media_line(media, out);
    write_candidates(media, out);
    write_transport(&media->transport, out);
    if (media->mid)
        text_addf(out, "a=mid:%s\r\n", media->mid);
    if (media->is_bundle_only)
        text_add(out, "a=bundle-only\r\n");
    if (media->extmap_allow_mixed)
        text_add(out, "a=extmap-allow-mixed\r\n");
    write_extmaps(media->extmaps, media->extmap_count, out);
    if (media->direction != SDP_DIRECTION_UNSET)
        text_addf(out, "a=%s\r\n", sdp_direction_str(media->direction));
    if (media->stream) {
        text_addf(out, "a=msid:%s", media->stream);
        text_addf(out, media->track ? " %s\r\n" : "\r\n", media->track);
    }
    if (media->has_rtcp_mux)
        text_add(out, "a=rtcp-mux\r\n");
    if (media->has_rtcp_rsize)
        text_add(out, "a=rtcp-rsize\r\n");
    for (unsigned i = 0; i < media->codec_count; i++)
        write_codec(&media->codecs[i], out);
    write_layers(media, out);
    write_ssrcs(media, out);
    if (media->sctp_port)
        text_addf(out, "a=sctp-port:%u\r\n", media->sctp_port);
    if (media->max_message_size)
        text_addf(out, "a=max-message-size:%" PRIu64 "\r\n", media->max_message_size);
}

void sdp_write(const struct sdp *sdp, struct text *out)
{
    write_session(sdp, out);
    for (unsigned i = 0; i < sdp->media_count; i++)
        write_media(sdp->media[i], out);
}
