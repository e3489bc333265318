#include "v1_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

static const char *const ext_uris[V1_PEER_EXTS] = {
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
};

void v1_peer_init(struct v1_peer *peer, const char *name, const char *fingerprint)
{
    *peer = (struct v1_peer){.fingerprint = fingerprint, .has_h264 = true, .ids = {2, 3, 4, 1, 13}};
    memcpy(peer->ufrag, name, 4);
    peer->next_ssrc = 1000 * (uint32_t)(unsigned char)name[0];
}

static struct v1_line *add_line(struct v1_peer *peer, bool is_audio)
{
    assert_true(peer->count < V1_PEER_LINES);
    struct v1_line *line = &peer->lines[peer->count++];
    *line = (struct v1_line){.is_audio = is_audio};
    return line;
}

void v1_peer_add(struct v1_peer *peer, bool is_audio)
{
    struct v1_line *line = NULL;
    for (unsigned i = 0; i < peer->count && !line; i++) {
        if (peer->lines[i].is_audio == is_audio && !peer->lines[i].was_sending)
            line = &peer->lines[i];
    }
    if (!line)
        line = add_line(peer, is_audio);
    line->is_sending = line->was_sending = true;
    line->ssrc = peer->next_ssrc += 2;
}

void v1_peer_remove(struct v1_peer *peer, bool is_audio)
{
    for (unsigned i = 0; i < peer->count; i++) {
        if (peer->lines[i].is_audio == is_audio)
            peer->lines[i].is_sending = false;
    }
}

/* ---- writing ---- */

static const char audio_codecs[] = "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
                                   "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n"
                                   "a=rtpmap:0 PCMU/8000\r\n";
static const char vp8_codec[] = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\n"
                                "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\n"
                                "a=fmtp:97 apt=96\r\n";
static const char h264_codec[] =
    "a=rtpmap:106 H264/90000\r\na=rtcp-fb:106 transport-cc\r\na=rtcp-fb:106 nack\r\na=rtcp-fb:106 nack pli\r\n"
    "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\na=rtpmap:107 rtx/90000\r\n"
    "a=fmtp:107 apt=106\r\n";
static const char vp9_codec[] = "a=rtpmap:98 VP9/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n";

static unsigned known_lines(const struct v1_peer *peer)
{
    unsigned count = 0;
    while (count < peer->count && peer->lines[count].mid[0])
        count++;
    return count;
}

bool v1_peer_needs_round(const struct v1_peer *peer)
{
    return known_lines(peer) < peer->count;
}

static void write_head(const struct v1_peer *peer, struct text *out)
{
    text_add(out, "v=0\r\no=- 4962303333179871722 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for (unsigned i = 0; i < known_lines(peer); i++)
        text_addf(out, " %s", peer->lines[i].mid);
    text_add(out, "\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS own\r\n");
}

static void write_transport(const struct v1_peer *peer, const char *setup, struct text *out)
{
    text_add(out, "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
    text_addf(out, "a=ice-ufrag:%s\r\na=ice-pwd:4dQhcZ1v5eB0M2xGqkGq9F2H\r\na=ice-options:trickle\r\n", peer->ufrag);
    text_addf(out, "a=fingerprint:sha-256 %s\r\na=setup:%s\r\n", peer->fingerprint, setup);
}

static void write_sources(const struct v1_line *line, struct text *out)
{
    if (!line->is_audio)
        text_addf(out, "a=ssrc-group:FID %u %u\r\n", line->ssrc, line->ssrc + 1);
    for (uint32_t ssrc = line->ssrc; ssrc <= line->ssrc + !line->is_audio; ssrc++)
        text_addf(out, "a=ssrc:%u cname:own\r\na=ssrc:%u msid:own track%u\r\n", ssrc, ssrc, line->ssrc);
}

static void write_direction(const struct v1_line *line, bool is_receiving, struct text *out)
{
    static const char *const directions[2][2] = {{"inactive", "recvonly"}, {"sendonly", "sendrecv"}};
    text_addf(out, "a=%s\r\n", directions[line->is_sending][is_receiving]);
    if (line->is_sending)
        text_addf(out, "a=msid:own track%u\r\n", line->ssrc);
    text_add(out, "a=rtcp-mux\r\na=rtcp-rsize\r\n");
}

static void write_offered_line(const struct v1_peer *peer, const struct v1_line *line, struct text *out)
{
    if (line->is_audio)
        text_add(out, "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\n");
    else
        text_addf(out, "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99%s\r\n", peer->has_h264 ? " 106 107" : "");
    write_transport(peer, "actpass", out);
    text_addf(out, "a=mid:%s\r\n", line->mid);
    for (unsigned i = 0; i < V1_PEER_EXTS; i++) {
        bool is_here = i < 3 || (i == 3) == line->is_audio; /* the level is audio's, the orientation video's */
        if (is_here && peer->ids[i])
            text_addf(out, "a=extmap:%u %s\r\n", peer->ids[i], ext_uris[i]);
    }
    write_direction(line, true, out);
    if (line->is_audio)
        text_add(out, audio_codecs);
    else
        text_addf(out, "%s%s%s", vp8_codec, vp9_codec, peer->has_h264 ? h264_codec : "");
    if (line->is_sending)
        write_sources(line, out);
}

char *v1_peer_offer(struct v1_peer *peer)
{
    for (unsigned i = 0; i < peer->count; i++) {
        if (!peer->lines[i].mid[0])
            snprintf(peer->lines[i].mid, sizeof(peer->lines[i].mid), "%u", peer->next_mid++);
    }
    struct text out = {0};
    write_head(peer, &out);
    for (unsigned i = 0; i < peer->count; i++)
        write_offered_line(peer, &peer->lines[i], &out);
    return text_take(&out);
}

static const char *payload_types(const struct sdp_media *media, struct text *out)
{
    for (unsigned i = 0; i < media->codec_count; i++)
        text_addf(out, " %u", media->codecs[i].pt);
    return out->data;
}

static void write_answered_line(const struct v1_peer *peer, const struct v1_line *line, const struct sdp_media *offered,
                                struct text *out)
{
    struct text pts = {0};
    bool is_dead = sdp_is_rejected(offered);
    text_addf(out, "m=%s %d UDP/TLS/RTP/SAVPF%s\r\n", line->is_audio ? "audio" : "video", is_dead ? 0 : 9,
              payload_types(offered, &pts));
    text_free(&pts);
    write_transport(peer, "active", out);
    text_addf(out, "a=mid:%s\r\n", line->mid);
    for (unsigned i = 0; i < offered->extmap_count; i++)
        text_addf(out, "a=extmap:%u %s\r\n", offered->extmaps[i].id, offered->extmaps[i].uri);
    struct v1_line answered = *line;
    answered.is_sending = line->is_up;
    write_direction(&answered, line->is_down, out);
    for (unsigned i = 0; i < offered->codec_count; i++) {
        const struct sdp_codec *codec = &offered->codecs[i];
        text_addf(out, "a=rtpmap:%u %s/%u%s\r\n", codec->pt, codec->name, codec->clock_rate,
                  codec->channels ? "/2" : "");
        for (unsigned k = 0; k < codec->rtcp_fb_count; k++)
            text_addf(out, "a=rtcp-fb:%u %s\r\n", codec->pt, codec->rtcp_fbs[k]);
        if (codec->fmtp)
            text_addf(out, "a=fmtp:%u %s\r\n", codec->pt, codec->fmtp);
    }
    if (line->is_up)
        write_sources(line, out);
}

/* ---- reading ---- */

static struct sdp *read_description(struct v1_peer *peer, const char *text)
{
    struct sdp *sdp;
    char error[SDP_ERROR_MAX];
    if (sdp_parse(text, strlen(text), &sdp, error))
        fail_msg("the server's description cannot be read: %s\n%s", error, text);
    assert_true(sdp->is_ice_lite);
    for (unsigned i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = sdp->media[i];
        if (sdp_is_rejected(media))
            continue;
        assert_true(sdp_is_bundled(sdp, media->mid));
        (void)text_copy(peer->server_ufrag, sizeof(peer->server_ufrag), sdp_ice_ufrag(sdp, media));
    }
    if (sdp->media_count && !sdp_is_rejected(sdp->media[0]))
        assert_true(sdp->media[0]->candidate_count > 0);
    return sdp;
}

/* A mapping must be the same in all lines of a BUNDLE, or a browser refuses the description. */
static void check_bundle(const struct sdp *sdp)
{
    for (unsigned i = 0; i < sdp->media_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            const struct sdp_media *a = sdp->media[i];
            const struct sdp_media *b = sdp->media[k];
            for (unsigned n = 0; n < a->extmap_count; n++) {
                for (unsigned m = 0; m < b->extmap_count; m++)
                    assert_int_equal(a->extmaps[n].id == b->extmaps[m].id,
                                     strcmp(a->extmaps[n].uri, b->extmaps[m].uri) == 0);
            }
            for (unsigned n = 0; n < a->codec_count; n++) {
                const struct sdp_codec *same = sdp_find_pt(b, a->codecs[n].pt);
                if (same && !sdp_is_rejected(a) && !sdp_is_rejected(b))
                    assert_string_equal(same->name, a->codecs[n].name);
            }
        }
    }
}

static void adopt_line(struct v1_peer *peer, struct v1_line *line, const struct sdp *sdp, const struct sdp_media *media)
{
    enum sdp_direction direction = sdp_direction_of(sdp, media);
    bool is_dead = sdp_is_rejected(media);
    line->is_up = !is_dead && line->is_sending && (direction == SDP_SENDRECV || direction == SDP_RECVONLY);
    line->is_down = !is_dead && (direction == SDP_SENDRECV || direction == SDP_SENDONLY);
    if (!line->is_down)
        return;
    assert_non_null(media->stream);
    assert_non_null(media->track);
    if (!peer->stream[0])
        (void)text_copy(peer->stream, sizeof(peer->stream), media->stream);
    assert_string_equal(peer->stream, media->stream); /* one connection is one stream */
    (void)text_copy(line->track, sizeof(line->track), media->track);
    assert_true(media->ssrc_count > 0);
    line->down_ssrc = media->ssrcs[0].ssrc;
}

/* A new m-line of the other side, which only sends: it gets a transceiver of its own. */
static struct v1_line *insert_line(struct v1_peer *peer, unsigned index, const struct sdp_media *media)
{
    enum sdp_direction direction = media->direction;
    assert_true(direction == SDP_SENDONLY || direction == SDP_INACTIVE);
    (void)add_line(peer, media->kind == SDP_AUDIO);
    memmove(&peer->lines[index + 1], &peer->lines[index], (peer->count - 1 - index) * sizeof(peer->lines[0]));
    peer->lines[index] = (struct v1_line){.is_audio = media->kind == SDP_AUDIO};
    (void)text_copy(peer->lines[index].mid, sizeof(peer->lines[index].mid), media->mid);
    return &peer->lines[index];
}

/* What the other side named first keeps its number, and makes an own one that is in the way go. */
static void adopt_ids(struct v1_peer *peer, const struct sdp_media *media)
{
    for (unsigned i = 0; i < media->extmap_count; i++) {
        for (unsigned k = 0; k < V1_PEER_EXTS; k++) {
            if (strcmp(media->extmaps[i].uri, ext_uris[k]) == 0)
                peer->ids[k] = media->extmaps[i].id;
            else if (peer->ids[k] == media->extmaps[i].id)
                peer->ids[k] = 0;
        }
    }
}

char *v1_peer_answer(struct v1_peer *peer, const char *offer)
{
    struct sdp *sdp = read_description(peer, offer);
    check_bundle(sdp);
    assert_true(sdp->media_count >= known_lines(peer));
    for (unsigned i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = sdp->media[i];
        struct v1_line *line = i < known_lines(peer) ? &peer->lines[i] : insert_line(peer, i, media);
        assert_string_equal(line->mid, media->mid); /* else the order of m-lines does not match */
        assert_int_equal(line->is_audio, media->kind == SDP_AUDIO);
        adopt_line(peer, line, sdp, media);
        adopt_ids(peer, media);
    }
    struct text out = {0};
    write_head(peer, &out);
    for (unsigned i = 0; i < sdp->media_count; i++)
        write_answered_line(peer, &peer->lines[i], sdp->media[i], &out);
    sdp_free(sdp);
    return text_take(&out);
}

void v1_peer_accept(struct v1_peer *peer, const char *answer)
{
    struct sdp *sdp = read_description(peer, answer);
    check_bundle(sdp);
    assert_int_equal(sdp->media_count, peer->count);
    for (unsigned i = 0; i < peer->count; i++) {
        const struct sdp_media *media = sdp->media[i];
        assert_string_equal(peer->lines[i].mid, media->mid);
        assert_int_equal(peer->lines[i].is_audio, media->kind == SDP_AUDIO);
        assert_true(sdp_is_rejected(media) || sdp_setup_of(sdp, media) == SDP_PASSIVE);
        for (unsigned k = 0; k < media->codec_count && !sdp_is_rejected(media); k++) { /* none that was not offered */
            static const uint8_t offered[] = {111, 96, 97, 106, 107};
            assert_non_null(memchr(offered, media->codecs[k].pt, sizeof(offered)));
        }
        adopt_line(peer, &peer->lines[i], sdp, media);
    }
    sdp_free(sdp);
}

unsigned v1_peer_up(const struct v1_peer *peer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < peer->count; i++)
        count += peer->lines[i].is_up;
    return count;
}

unsigned v1_peer_down(const struct v1_peer *peer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < peer->count; i++)
        count += peer->lines[i].is_down;
    return count;
}
