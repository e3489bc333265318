/* The a= lines of a session description (RFC 8829 section 5.2 lists those of WebRTC): a table of names and readers.
 * Control threads. */
#include "base/text.h"
#include "proto/sdp_parser.h"

static const char *keep(struct sdp_parser *parser, struct span span)
{
    return sdp_keep_n(parser->sdp, span.at, span_len(span));
}

/* Where inheritable values go: the section we are in. */
static struct sdp_transport *transport_of(struct sdp_parser *parser)
{
    return parser->media ? &parser->media->transport : &parser->sdp->transport;
}

/* token-char of RFC 8866 is wider; these are all that ids of WebRTC need. */
static bool is_id(struct span span, size_t max)
{
    if (span_len(span) == 0 || span_len(span) > max)
        return false;
    for (; span.at < span.end; span.at++) {
        if ((unsigned char)*span.at <= ' ' || (unsigned char)*span.at >= 0x7f)
            return false;
    }
    return true;
}

/* RFC 8839 section 5.4: letters, digits, '+' and '/'; '-', '_' and '=' are let through, some stacks use them. */
static bool is_ice_string(struct span span, size_t min)
{
    if (span_len(span) < min || span_len(span) > 256)
        return false;
    for (; span.at < span.end; span.at++) {
        char c = *span.at;
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_alnum && c != '+' && c != '/' && c != '-' && c != '_' && c != '=')
            return false;
    }
    return true;
}

/* ---- session ---- */

static enum err on_group(struct sdp_parser *parser, struct span value)
{
    struct sdp *sdp = parser->sdp;
    if (parser->media || !span_is(span_word(&value), "BUNDLE"))
        return ERR_OK; /* LS and the like */
    if (sdp->has_bundle)
        return sdp_parser_fail(parser, "a second BUNDLE group");
    sdp->has_bundle = true;
    for (;;) {
        struct span mid = span_word(&value);
        if (span_len(mid) == 0)
            return ERR_OK;
        if (!is_id(mid, SDP_MID_MAX))
            return sdp_parser_fail(parser, "the BUNDLE group has a malformed mid");
        const char *kept = keep(parser, mid);
        if (sdp_is_bundled(sdp, kept))
            return sdp_parser_fail(parser, "the BUNDLE group names mid \"%s\" twice", kept);
        if (sdp_add_bundle(sdp, kept))
            return sdp_parser_limit(parser, "the BUNDLE group has more than %u mids", SDP_MEDIA_MAX);
    }
}

static enum err on_ice_lite(struct sdp_parser *parser, struct span value)
{
    (void)value;
    parser->sdp->is_ice_lite = true;
    return ERR_OK;
}

static enum err on_msid_semantic(struct sdp_parser *parser, struct span value)
{
    parser->sdp->msid_semantic = keep(parser, span_trim(value));
    return ERR_OK;
}

static enum err on_extmap_allow_mixed(struct sdp_parser *parser, struct span value)
{
    (void)value;
    *(parser->media ? &parser->media->extmap_allow_mixed : &parser->sdp->extmap_allow_mixed) = true;
    return ERR_OK;
}

/* ---- transport: session or media ---- */

static enum err on_ice_ufrag(struct sdp_parser *parser, struct span value)
{
    if (!is_ice_string(value, 4))
        return sdp_parser_fail(parser, "a=ice-ufrag has 4 to 256 letters and digits");
    transport_of(parser)->ice_ufrag = keep(parser, value);
    return ERR_OK;
}

static enum err on_ice_pwd(struct sdp_parser *parser, struct span value)
{
    if (!is_ice_string(value, 22))
        return sdp_parser_fail(parser, "a=ice-pwd has 22 to 256 letters and digits");
    transport_of(parser)->ice_pwd = keep(parser, value);
    return ERR_OK;
}

static enum err on_ice_options(struct sdp_parser *parser, struct span value)
{
    transport_of(parser)->ice_options = keep(parser, span_trim(value));
    return ERR_OK;
}

static enum err on_setup(struct sdp_parser *parser, struct span value)
{
    for (unsigned setup = SDP_ACTIVE; setup <= SDP_HOLDCONN; setup++) {
        if (span_is(value, sdp_setup_str((enum sdp_setup)setup))) {
            transport_of(parser)->setup = (enum sdp_setup)setup;
            return ERR_OK;
        }
    }
    return sdp_parser_fail(parser, "a=setup is none of active, passive, actpass, holdconn");
}

/* "AB:CD:..." */
static bool parse_hex(struct span text, struct sdp_fingerprint *out)
{
    for (out->len = 0; out->len < sizeof(out->value); out->len++) {
        struct span pair = span_until(&text, ':');
        if (hex_decode(&out->value[out->len], 1, pair.at, span_len(pair)))
            return false;
        if (span_len(text) == 0) {
            out->len++;
            return text.at[-1] != ':';
        }
    }
    return false;
}

static enum err on_fingerprint(struct sdp_parser *parser, struct span value)
{
    static const struct {
        const char *name;
        enum sdp_hash hash;
        size_t len;
    } strong[] = {{"sha-256", SDP_SHA_256, 32}, {"sha-384", SDP_SHA_384, 48}, {"sha-512", SDP_SHA_512, 64}};
    struct sdp_fingerprint parsed = {.hash = SDP_HASH_WEAK};
    struct span name = span_word(&value);
    size_t want_len = 0;
    for (unsigned i = 0; i < ARRAY_LEN(strong); i++) {
        if (span_is_nocase(name, strong[i].name)) {
            parsed.hash = strong[i].hash;
            parsed.hash_name = strong[i].name;
            want_len = strong[i].len;
        }
    }
    if (!is_id(name, 32) || !parse_hex(span_trim(value), &parsed) || (want_len && parsed.len != want_len))
        return sdp_parser_fail(parser, "a=fingerprint has a hash name and as many bytes in hex as that hash has");
    if (!parsed.hash_name)
        parsed.hash_name = keep(parser, name);
    struct sdp_fingerprint *fingerprint = sdp_add_fingerprint(parser->sdp, transport_of(parser));
    if (!fingerprint)
        return sdp_parser_limit(parser, "more than %u fingerprints", SDP_FINGERPRINTS_MAX);
    *fingerprint = parsed;
    return ERR_OK;
}

static enum sdp_direction direction_of(struct span word)
{
    for (unsigned d = SDP_SENDRECV; d <= SDP_INACTIVE; d++) {
        if (span_is(word, sdp_direction_str((enum sdp_direction)d)))
            return (enum sdp_direction)d;
    }
    return SDP_DIRECTION_UNSET;
}

static bool has_extmap(const struct sdp_extmap *list, unsigned count, uint64_t id)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i].id == id)
            return true;
    }
    return false;
}

/* <id>[/<direction>] <uri> [<attributes>] */
static enum err on_extmap(struct sdp_parser *parser, struct span value)
{
    struct sdp_media *media = parser->media;
    struct span slash = span_word(&value);
    struct span uri = span_word(&value);
    uint64_t id;
    struct span number = span_until(&slash, '/');
    bool is_ok = span_u64(number, 4351, &id) && id > 0; /* RFC 8285 section 6: 4096..4351 are yet to be numbered */
    if (!is_ok || (id > 255 && id < 4096) || !is_id(uri, SDP_LINE_MAX))
        return sdp_parser_fail(parser, "a=extmap has an id from 1 to 255 and a URI");
    enum sdp_direction direction = direction_of(slash);
    if (span_len(slash) && direction == SDP_DIRECTION_UNSET)
        return sdp_parser_fail(parser, "a=extmap has an unknown direction");
    if (id > 255)
        return ERR_OK;
    if (has_extmap(media ? media->extmaps : parser->sdp->extmaps,
                   media ? media->extmap_count : parser->sdp->extmap_count, id))
        return sdp_parser_fail(parser, "a=extmap id %u is used twice", (unsigned)id);
    struct sdp_extmap *extmap = sdp_add_extmap(parser->sdp, media);
    if (!extmap)
        return sdp_parser_limit(parser, "more than %u extmaps", SDP_EXTMAPS_MAX);
    extmap->id = (uint8_t)id;
    extmap->direction = direction;
    extmap->uri = keep(parser, uri);
    return ERR_OK;
}

/* ---- media ---- */

static enum err on_mid(struct sdp_parser *parser, struct span value)
{
    if (!is_id(value, SDP_MID_MAX))
        return sdp_parser_fail(parser, "a=mid has 1 to %u printable characters", SDP_MID_MAX);
    if (parser->media->mid)
        return sdp_parser_fail(parser, "a second a=mid in one section");
    const char *mid = keep(parser, value);
    if (sdp_find_mid(parser->sdp, mid))
        return sdp_parser_fail(parser, "mid \"%s\" is used twice", mid);
    parser->media->mid = mid;
    return ERR_OK;
}

/* The codec that "<pt> ..." begins with; NULL with ERR_OK: a type that the m= line does not list, to be ignored. */
static enum err take_codec(struct sdp_parser *parser, struct span *value, struct sdp_codec **out)
{
    uint64_t pt;
    if (!span_u64(span_word(value), 127, &pt))
        return sdp_parser_fail(parser, "a payload type that is no number from 0 to 127");
    *value = span_trim(*value);
    if (span_len(*value) == 0)
        return sdp_parser_fail(parser, "nothing behind the payload type");
    const struct sdp_codec *found = sdp_find_pt(parser->media, (uint8_t)pt);
    *out = found ? &parser->media->codecs[found - parser->media->codecs] : NULL;
    return ERR_OK;
}

/* <pt> <name>/<rate>[/<channels>] */
static enum err on_rtpmap(struct sdp_parser *parser, struct span value)
{
    struct sdp_codec *codec;
    enum err err = take_codec(parser, &value, &codec);
    if (err || !codec)
        return err;
    struct span name = span_until(&value, '/');
    struct span rate = span_until(&value, '/');
    uint64_t rate_hz, channels = 0;
    bool is_ok = is_id(name, 64) && span_u64(rate, 1000000, &rate_hz) && rate_hz > 0;
    if (!is_ok || (span_len(value) && !span_u64(value, 255, &channels)))
        return sdp_parser_fail(parser, "a=rtpmap has a name, a clock rate and perhaps channels");
    codec->name = keep(parser, name);
    codec->clock_rate = (uint32_t)rate_hz;
    codec->channels = (uint8_t)channels;
    return ERR_OK;
}

static enum err on_fmtp(struct sdp_parser *parser, struct span value)
{
    struct sdp_codec *codec;
    enum err err = take_codec(parser, &value, &codec);
    if (!err && codec && !codec->fmtp)
        codec->fmtp = keep(parser, value);
    return err;
}

static enum err add_feedback(struct sdp_parser *parser, struct sdp_codec *codec, const char *feedback)
{
    if (sdp_has_rtcp_fb(codec, feedback) || !sdp_add_rtcp_fb(parser->sdp, codec, feedback))
        return ERR_OK;
    return sdp_parser_limit(parser, "more than %u a=rtcp-fb of one payload type", SDP_RTCP_FB_MAX);
}

static enum err on_rtcp_fb(struct sdp_parser *parser, struct span value)
{
    struct span rest = value;
    struct sdp_codec *codec;
    if (!span_is(span_word(&rest), "*")) {
        enum err err = take_codec(parser, &value, &codec);
        return err || !codec ? err : add_feedback(parser, codec, keep(parser, value));
    }
    const char *feedback = keep(parser, span_trim(rest));
    if (feedback[0] == '\0')
        return sdp_parser_fail(parser, "a=rtcp-fb without a value");
    for (unsigned i = 0; i < parser->media->codec_count; i++) {
        enum err err = add_feedback(parser, &parser->media->codecs[i], feedback);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err on_msid(struct sdp_parser *parser, struct span value)
{
    struct span stream = span_word(&value);
    struct span track = span_word(&value);
    if (span_len(stream) == 0)
        return sdp_parser_fail(parser, "a=msid without a value");
    if (parser->media->stream)
        return ERR_OK;
    parser->media->stream = keep(parser, stream);
    parser->media->track = span_len(track) ? keep(parser, track) : NULL;
    return ERR_OK;
}

/* The entry of a source, made when it is new; NULL at the limit. */
static struct sdp_ssrc *find_ssrc(struct sdp_parser *parser, uint32_t ssrc)
{
    struct sdp_media *media = parser->media;
    for (unsigned i = 0; i < media->ssrc_count; i++) {
        if (media->ssrcs[i].ssrc == ssrc)
            return &media->ssrcs[i];
    }
    struct sdp_ssrc *added = sdp_add_ssrc(parser->sdp, media);
    if (added)
        added->ssrc = ssrc;
    return added;
}

/* <ssrc> <attribute>[:<value>] */
static enum err on_ssrc(struct sdp_parser *parser, struct span value)
{
    uint64_t number;
    if (!span_u64(span_word(&value), UINT32_MAX, &number))
        return sdp_parser_fail(parser, "a=ssrc without a 32-bit number");
    struct sdp_ssrc *ssrc = find_ssrc(parser, (uint32_t)number);
    if (!ssrc)
        return sdp_parser_limit(parser, "more than %u sources in one section", SDP_SSRCS_MAX);
    value = span_trim(value);
    struct span name = span_until(&value, ':');
    if (span_is(name, "cname")) {
        if (span_len(value) == 0 || span_len(value) > 255)
            return sdp_parser_fail(parser, "a cname has 1 to 255 bytes");
        ssrc->cname = keep(parser, value);
    } else if (span_is(name, "msid")) {
        struct span stream = span_word(&value);
        struct span track = span_word(&value);
        if (span_len(stream) == 0)
            return sdp_parser_fail(parser, "an msid without a value");
        ssrc->stream = keep(parser, stream);
        ssrc->track = span_len(track) ? keep(parser, track) : NULL;
    }
    return ERR_OK;
}

/* <semantics> <ssrc>... */
static enum err on_ssrc_group(struct sdp_parser *parser, struct span value)
{
    struct sdp_ssrc_group parsed = {0};
    struct span semantics = span_word(&value);
    for (;;) {
        uint64_t number;
        struct span word = span_word(&value);
        if (span_len(word) == 0)
            break;
        if (parsed.ssrc_count == SDP_GROUP_SSRCS_MAX || !span_u64(word, UINT32_MAX, &number))
            return sdp_parser_fail(parser, "a=ssrc-group has up to %u 32-bit numbers", SDP_GROUP_SSRCS_MAX);
        parsed.ssrcs[parsed.ssrc_count++] = (uint32_t)number;
    }
    if (!is_id(semantics, 32) || parsed.ssrc_count == 0)
        return sdp_parser_fail(parser, "a=ssrc-group has a name and sources");
    struct sdp_ssrc_group *group = sdp_add_ssrc_group(parser->sdp, parser->media);
    if (!group)
        return sdp_parser_limit(parser, "more than %u source groups in one section", SDP_SSRC_GROUPS_MAX);
    parsed.semantics = keep(parser, semantics);
    *group = parsed;
    return ERR_OK;
}

/* <id> send|recv [<params>] */
static enum err on_rid(struct sdp_parser *parser, struct span value)
{
    struct span id = span_word(&value);
    struct span way = span_word(&value);
    struct span params = span_trim(value);
    if (!is_id(id, 255) || (!span_is(way, "send") && !span_is(way, "recv")))
        return sdp_parser_fail(parser, "a=rid has an id and send or recv");
    struct sdp_rid *rid = sdp_add_rid(parser->sdp, parser->media);
    if (!rid)
        return sdp_parser_limit(parser, "more than %u rids in one section", SDP_RIDS_MAX);
    rid->id = keep(parser, id);
    rid->is_send = span_is(way, "send");
    rid->params = span_len(params) ? keep(parser, params) : NULL;
    return ERR_OK;
}

/* send <list> [recv <list>], either first */
static enum err on_simulcast(struct sdp_parser *parser, struct span value)
{
    do {
        struct span way = span_word(&value);
        struct span list = span_word(&value);
        bool is_send = span_is(way, "send");
        const char **slot = is_send ? &parser->media->simulcast_send : &parser->media->simulcast_recv;
        if ((!is_send && !span_is(way, "recv")) || span_len(list) == 0 || *slot)
            return sdp_parser_fail(parser, "a=simulcast has send or recv, each once, and a list");
        *slot = keep(parser, list);
        value = span_trim(value);
    } while (span_len(value));
    return ERR_OK;
}

static enum err on_candidate(struct sdp_parser *parser, struct span value)
{
    struct sdp_media *media = parser->media;
    struct sdp_candidate candidate;
    /* One that we cannot use is no reason to refuse the call (RFC 8839 section 4.2.2). */
    if (media->candidate_count == SDP_CANDIDATES_MAX || sdp_candidate_parse(&candidate, value.at, span_len(value)))
        media->candidates_ignored++;
    else
        *sdp_add_candidate(parser->sdp, media) = candidate;
    return ERR_OK;
}

static enum err on_sctp_port(struct sdp_parser *parser, struct span value)
{
    uint64_t port;
    if (!span_u64(value, UINT16_MAX, &port) || port == 0)
        return sdp_parser_fail(parser, "a=sctp-port is no number from 1 to 65535");
    parser->media->sctp_port = (uint16_t)port;
    return ERR_OK;
}

static enum err on_max_message_size(struct sdp_parser *parser, struct span value)
{
    if (!span_u64(value, UINT64_MAX, &parser->media->max_message_size))
        return sdp_parser_fail(parser, "a=max-message-size is no number");
    return ERR_OK;
}

static enum err on_rtcp_mux(struct sdp_parser *parser, struct span value)
{
    (void)value;
    parser->media->has_rtcp_mux = true;
    return ERR_OK;
}

static enum err on_rtcp_rsize(struct sdp_parser *parser, struct span value)
{
    (void)value;
    parser->media->has_rtcp_rsize = true;
    return ERR_OK;
}

static enum err on_bundle_only(struct sdp_parser *parser, struct span value)
{
    (void)value;
    parser->media->is_bundle_only = true;
    return ERR_OK;
}

static enum err on_end_of_candidates(struct sdp_parser *parser, struct span value)
{
    (void)value;
    parser->media->has_end_of_candidates = true;
    return ERR_OK;
}

enum place { ANYWHERE, MEDIA_ONLY };

static const struct {
    const char *name;
    enum place place;
    enum err (*read)(struct sdp_parser *parser, struct span value);
} attributes[] = {
    {"group", ANYWHERE, on_group},
    {"ice-lite", ANYWHERE, on_ice_lite},
    {"msid-semantic", ANYWHERE, on_msid_semantic},
    {"extmap-allow-mixed", ANYWHERE, on_extmap_allow_mixed},
    {"ice-ufrag", ANYWHERE, on_ice_ufrag},
    {"ice-pwd", ANYWHERE, on_ice_pwd},
    {"ice-options", ANYWHERE, on_ice_options},
    {"setup", ANYWHERE, on_setup},
    {"fingerprint", ANYWHERE, on_fingerprint},
    {"extmap", ANYWHERE, on_extmap},
    {"mid", MEDIA_ONLY, on_mid},
    {"rtpmap", MEDIA_ONLY, on_rtpmap},
    {"fmtp", MEDIA_ONLY, on_fmtp},
    {"rtcp-fb", MEDIA_ONLY, on_rtcp_fb},
    {"msid", MEDIA_ONLY, on_msid},
    {"ssrc", MEDIA_ONLY, on_ssrc},
    {"ssrc-group", MEDIA_ONLY, on_ssrc_group},
    {"rid", MEDIA_ONLY, on_rid},
    {"simulcast", MEDIA_ONLY, on_simulcast},
    {"candidate", MEDIA_ONLY, on_candidate},
    {"end-of-candidates", MEDIA_ONLY, on_end_of_candidates},
    {"sctp-port", MEDIA_ONLY, on_sctp_port},
    {"max-message-size", MEDIA_ONLY, on_max_message_size},
    {"rtcp-mux", MEDIA_ONLY, on_rtcp_mux},
    {"rtcp-rsize", MEDIA_ONLY, on_rtcp_rsize},
    {"bundle-only", MEDIA_ONLY, on_bundle_only},
};

enum err sdp_parse_attribute(struct sdp_parser *parser, struct span name, struct span value)
{
    enum sdp_direction direction = direction_of(name);
    if (direction != SDP_DIRECTION_UNSET) {
        *(parser->media ? &parser->media->direction : &parser->sdp->direction) = direction;
        return ERR_OK;
    }
    for (unsigned i = 0; i < ARRAY_LEN(attributes); i++) {
        if (!span_is(name, attributes[i].name))
            continue;
        if (attributes[i].place == MEDIA_ONLY && !parser->media)
            return ERR_OK; /* a stray end-of-candidates and the like */
        return attributes[i].read(parser, value);
    }
    return ERR_OK; /* RFC 8866 section 5.13: what is not understood is ignored */
}
