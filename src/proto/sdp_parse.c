/* Session descriptions from text: lines and sections (RFC 8866 section 5); the a= lines are in sdp_attr.c. Control
 * threads. */
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "proto/sdp_parser.h"

static void PRINTF_LIKE(2, 0) write_error(struct sdp_parser *parser, const char *fmt, va_list args)
{
    int n = snprintf(parser->error, SDP_ERROR_MAX, "line %u: ", parser->line);
    vsnprintf(parser->error + n, (size_t)(SDP_ERROR_MAX - n), fmt, args);
}

enum err sdp_parser_fail(struct sdp_parser *parser, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    write_error(parser, fmt, args);
    va_end(args);
    return ERR_INVALID;
}

enum err sdp_parser_limit(struct sdp_parser *parser, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    write_error(parser, fmt, args);
    va_end(args);
    return ERR_LIMIT;
}

/* o=<name> <id> <version> IN IP4 <address> */
static enum err parse_origin(struct sdp_parser *parser, struct span value)
{
    struct sdp *sdp = parser->sdp;
    struct span name = span_word(&value);
    bool is_ok = span_u64(span_word(&value), UINT64_MAX, &sdp->session_id);
    is_ok = span_u64(span_word(&value), UINT64_MAX, &sdp->session_version) && is_ok;
    struct span address = span_trim(value);
    if (!is_ok || span_len(address) == 0)
        return sdp_parser_fail(parser, "the o= line needs a name, two numbers and an address");
    if (parser->has_origin)
        return sdp_parser_fail(parser, "a second o= line");
    sdp->origin_name = sdp_keep_n(sdp, name.at, span_len(name));
    sdp->origin_address = sdp_keep_n(sdp, address.at, span_len(address));
    if (!sdp->origin_name[0] || !sdp->origin_address[0]) /* control characters and nothing else */
        return sdp_parser_fail(parser, "the o= line needs a name, two numbers and an address");
    parser->has_origin = true;
    return ERR_OK;
}

static enum sdp_kind kind_of(struct span word)
{
    if (span_is(word, "audio"))
        return SDP_AUDIO;
    if (span_is(word, "video"))
        return SDP_VIDEO;
    return span_is(word, "application") ? SDP_APPLICATION : SDP_KIND_OTHER;
}

/* The forms that JSEP wants to be taken for the usual ones (RFC 8829 section 5.1.2, RFC 8841 section 4.1). */
static enum sdp_protocol protocol_of(struct span word)
{
    static const char *const rtp[] = {"UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"};
    static const char *const sctp[] = {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"};
    for (unsigned i = 0; i < ARRAY_LEN(rtp); i++) {
        if (span_is(word, rtp[i]))
            return SDP_RTP_SAVPF;
        if (span_is(word, sctp[i]))
            return SDP_DTLS_SCTP;
    }
    return SDP_PROTOCOL_OTHER;
}

/* The names of static payload types may go without an rtpmap (RFC 3551 section 6). */
static void name_static_codec(struct sdp_codec *codec)
{
    switch (codec->pt) {
    case 0:
        codec->name = "PCMU";
        break;
    case 8:
        codec->name = "PCMA";
        break;
    case 9:
        codec->name = "G722";
        break;
    case 13:
        codec->name = "CN";
        break;
    default:
        return;
    }
    codec->clock_rate = 8000;
}

static enum err parse_payload_types(struct sdp_parser *parser, struct span formats)
{
    for (;;) {
        uint64_t pt;
        struct span word = span_word(&formats);
        if (span_len(word) == 0)
            return ERR_OK;
        if (!span_u64(word, 127, &pt))
            return sdp_parser_fail(parser, "a payload type that is no number from 0 to 127");
        if (sdp_find_pt(parser->media, (uint8_t)pt))
            return sdp_parser_fail(parser, "payload type %u is listed twice", (unsigned)pt);
        struct sdp_codec *codec = sdp_add_codec(parser->sdp, parser->media);
        if (!codec)
            return sdp_parser_limit(parser, "more than %u payload types", SDP_CODECS_MAX);
        codec->pt = (uint8_t)pt;
        name_static_codec(codec);
    }
}

/* m=<kind> <port> <protocol> <format>... */
static enum err parse_media(struct sdp_parser *parser, struct span value)
{
    struct sdp *sdp = parser->sdp;
    struct span kind = span_word(&value);
    struct span port = span_word(&value);
    struct span protocol = span_word(&value);
    struct span formats = span_trim(value);
    uint64_t port_number;
    if (span_len(formats) == 0)
        return sdp_parser_fail(parser, "an m= line needs a kind, a port, a protocol and a format");
    if (!span_u64(port, UINT16_MAX, &port_number))
        return sdp_parser_fail(parser, "the m= line's port is no number from 0 to 65535");
    parser->media = sdp_add_media(sdp);
    if (!parser->media)
        return sdp_parser_limit(parser, "more than %u m= lines", SDP_MEDIA_MAX);
    parser->media->kind = kind_of(kind);
    parser->media->kind_name = sdp_keep_n(sdp, kind.at, span_len(kind));
    parser->media->port = (uint16_t)port_number;
    parser->media->protocol = protocol_of(protocol);
    parser->media->protocol_name = sdp_keep_n(sdp, protocol.at, span_len(protocol));
    if (parser->media->protocol == SDP_RTP_SAVPF)
        return parse_payload_types(parser, formats);
    parser->media->formats = sdp_keep_n(sdp, formats.at, span_len(formats));
    return ERR_OK;
}

/* b=<type>:<value>; the session's are of no use to us. */
static enum err parse_bandwidth(struct sdp_parser *parser, struct span value)
{
    uint64_t number;
    struct span type = span_until(&value, ':');
    if (span_len(type) == 0 || !span_u64(value, UINT32_MAX, &number))
        return sdp_parser_fail(parser, "the b= line needs a type and a number");
    if (!parser->media)
        return ERR_OK;
    struct sdp_bandwidth *bandwidth = sdp_add_bandwidth(parser->sdp, parser->media);
    if (!bandwidth)
        return sdp_parser_limit(parser, "more than %u b= lines", SDP_BANDWIDTHS_MAX);
    bandwidth->type = sdp_keep_n(parser->sdp, type.at, span_len(type));
    bandwidth->value = (uint32_t)number;
    return ERR_OK;
}

static enum err parse_value(struct sdp_parser *parser, char type, struct span value)
{
    if (!parser->has_version && type != 'v')
        return sdp_parser_fail(parser, "a description begins with v=0");
    switch (type) {
    case 'v':
        if (parser->has_version || !span_is(value, "0"))
            return sdp_parser_fail(parser, "one line v=0 is wanted");
        parser->has_version = true;
        return ERR_OK;
    case 'o':
        return parse_origin(parser, value);
    case 's':
        if (!parser->sdp->name)
            parser->sdp->name = sdp_keep_n(parser->sdp, value.at, span_len(value));
        return ERR_OK;
    case 'm':
        return parse_media(parser, value);
    case 'b':
        return parse_bandwidth(parser, value);
    case 'c':
        if (parser->media && !parser->media->connection)
            parser->media->connection = sdp_keep_n(parser->sdp, value.at, span_len(value));
        return ERR_OK;
    case 'a': {
        struct span name = span_until(&value, ':');
        return sdp_parse_attribute(parser, name, value);
    }
    default:
        return ERR_OK; /* t=, i=, k= and the like say nothing to WebRTC */
    }
}

static enum err parse_line(struct sdp_parser *parser, struct span line)
{
    if (span_len(line) > SDP_LINE_MAX)
        return sdp_parser_limit(parser, "longer than %u bytes", SDP_LINE_MAX);
    for (const char *c = line.at; c < line.end; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return sdp_parser_fail(parser, "a control character (code %u)", (unsigned)(unsigned char)*c);
    }
    if (span_len(line) < 2 || line.at[0] < 'a' || line.at[0] > 'z' || line.at[1] != '=')
        return sdp_parser_fail(parser, "a line has a letter and '=' first");
    char type = line.at[0];
    line.at += 2;
    return parse_value(parser, type, line);
}

/* What can only be judged when all was read. */
static enum err check_whole(struct sdp_parser *parser)
{
    const struct sdp *sdp = parser->sdp;
    if (!parser->has_version || !parser->has_origin)
        return sdp_parser_fail(parser, "a description has a v= and an o= line");
    for (unsigned i = 0; i < sdp->bundle_count; i++) {
        if (!sdp_find_mid(sdp, sdp->bundle[i]))
            return sdp_parser_fail(parser, "a=group:BUNDLE names a mid that no m= line has (entry %u)", i + 1);
    }
    return ERR_OK;
}

static enum err parse_lines(struct sdp_parser *parser, struct span text)
{
    while (span_len(text)) {
        struct span line = span_until(&text, '\n');
        if (line.at < line.end && line.end[-1] == '\r')
            line.end--;
        if (++parser->line > SDP_LINES_MAX)
            return sdp_parser_limit(parser, "more than %u lines", SDP_LINES_MAX);
        if (span_len(line) == 0)
            continue;
        enum err err = parse_line(parser, line);
        if (err)
            return err;
    }
    return check_whole(parser);
}

enum err sdp_parse(const char *text, size_t len, struct sdp **out, char error[SDP_ERROR_MAX])
{
    error[0] = '\0';
    if (len > SDP_TEXT_MAX) {
        snprintf(error, SDP_ERROR_MAX, "the description has %zu bytes, at most %u are taken", len, SDP_TEXT_MAX);
        return ERR_LIMIT;
    }
    if (!utf8_is_valid(text, len)) {
        snprintf(error, SDP_ERROR_MAX, "the description is no valid UTF-8 text");
        return ERR_INVALID;
    }
    struct sdp_parser parser = {.sdp = sdp_create(), .error = error};
    enum err err = parse_lines(&parser, span_make(text, len));
    if (err) {
        sdp_free(parser.sdp);
        return err;
    }
    *out = parser.sdp;
    return ERR_OK;
}
