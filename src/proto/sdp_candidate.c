/* One ICE candidate line (RFC 8839 section 5.1, RFC 6544 section 4.5). Control threads; no allocation when parsing. */
#include "proto/sdp.h"
#include "proto/sdp_span.h"

static const char *const type_names[] = {
    [SDP_HOST] = "host", [SDP_SRFLX] = "srflx", [SDP_PRFLX] = "prflx", [SDP_RELAY] = "relay"};
static const char *const tcp_names[] = {
    [SDP_TCP_NONE] = "", [SDP_TCP_ACTIVE] = "active", [SDP_TCP_PASSIVE] = "passive", [SDP_TCP_SO] = "so"};

static bool is_ipv4(struct span span)
{
    if (span_len(span) == 0 || span.end[-1] == '.')
        return false;
    for (int i = 0; i < 4; i++) {
        uint64_t part;
        struct span field = span_until(&span, '.');
        if (span_len(field) > 3 || !span_u64(field, 255, &part) || (i < 3 && span_len(span) == 0))
            return false;
    }
    return span_len(span) == 0;
}

/* Looks like one; whoever uses it parses it (net/addr). */
static bool is_ipv6(struct span span)
{
    if (span_len(span) < 2 || !memchr(span.at, ':', span_len(span)))
        return false;
    for (; span.at < span.end; span.at++) {
        if (!memchr("0123456789abcdefABCDEF:.", *span.at, 24))
            return false;
    }
    return true;
}

/* ERR_UNSUPPORTED unless the word is one of the names. */
static enum err pick_name(struct span word, const char *const *names, unsigned count, unsigned *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (span_is_nocase(word, names[i])) {
            *out = i;
            return ERR_OK;
        }
    }
    return ERR_UNSUPPORTED;
}

/* "raddr x rport y tcptype z" and extensions, in any order. */
static enum err parse_extensions(struct sdp_candidate *cand, struct span rest)
{
    for (;;) {
        struct span name = span_word(&rest);
        struct span value = span_word(&rest);
        uint64_t number;
        unsigned index;
        if (span_len(name) == 0)
            return ERR_OK;
        if (span_len(value) == 0)
            return ERR_INVALID;
        if (span_is(name, "raddr")) {
            if (!span_copy(value, cand->related_address, sizeof(cand->related_address)))
                return ERR_INVALID;
        } else if (span_is(name, "rport")) {
            if (!span_u64(value, UINT16_MAX, &number))
                return ERR_INVALID;
            cand->related_port = (uint16_t)number;
        } else if (span_is(name, "tcptype")) {
            if (pick_name(value, tcp_names, 4, &index))
                return ERR_UNSUPPORTED;
            cand->tcp_type = (enum sdp_tcp_type)index;
        }
    }
}

static enum err parse_transport(struct sdp_candidate *cand, struct span word)
{
    cand->is_tcp = span_is_nocase(word, "tcp");
    return cand->is_tcp || span_is_nocase(word, "udp") ? ERR_OK : ERR_UNSUPPORTED;
}

static void skip_prefix(struct span *rest, const char *prefix)
{
    size_t len = strlen(prefix);
    if (span_len(*rest) >= len && !memcmp(rest->at, prefix, len))
        rest->at += len;
}

enum err sdp_candidate_parse(struct sdp_candidate *out, const char *text, size_t len)
{
    struct sdp_candidate cand = {0};
    struct span rest = span_trim(span_make(text, len));
    uint64_t component, priority, port;
    unsigned type;
    skip_prefix(&rest, "a=");
    skip_prefix(&rest, "candidate:");
    for (const char *c = rest.at; c < rest.end; c++) {
        if ((unsigned char)*c <= ' ' ? !span_is_space(*c) : (unsigned char)*c >= 0x7f)
            return ERR_INVALID;
    }
    struct span foundation = span_word(&rest);
    if (span_len(foundation) == 0 || !span_copy(foundation, cand.foundation, sizeof(cand.foundation)))
        return ERR_INVALID;
    if (!span_u64(span_word(&rest), 256, &component) || component == 0)
        return ERR_INVALID;
    enum err err = parse_transport(&cand, span_word(&rest));
    if (!span_u64(span_word(&rest), UINT32_MAX, &priority))
        return ERR_INVALID;
    struct span address = span_word(&rest);
    if (span_len(address) == 0 || !span_copy(address, cand.address, sizeof(cand.address)))
        return ERR_INVALID;
    if (!span_u64(span_word(&rest), UINT16_MAX, &port) || !span_is(span_word(&rest), "typ"))
        return ERR_INVALID;
    if (err || pick_name(span_word(&rest), type_names, 4, &type))
        return ERR_UNSUPPORTED;
    err = parse_extensions(&cand, rest);
    if (err)
        return err;
    cand.component = (uint16_t)component;
    cand.priority = (uint32_t)priority;
    cand.is_address = is_ipv4(address) || is_ipv6(address);
    cand.port = (uint16_t)port;
    cand.type = (enum sdp_candidate_type)type;
    *out = cand;
    return ERR_OK;
}

void sdp_candidate_write(const struct sdp_candidate *candidate, struct text *out)
{
    text_addf(out, "candidate:%s %u %s %u %s %u typ %s", candidate->foundation, candidate->component,
              candidate->is_tcp ? "tcp" : "udp", candidate->priority, candidate->address, candidate->port,
              type_names[candidate->type]);
    if (candidate->related_address[0])
        text_addf(out, " raddr %s rport %u", candidate->related_address, candidate->related_port);
    if (candidate->tcp_type != SDP_TCP_NONE)
        text_addf(out, " tcptype %s", tcp_names[candidate->tcp_type]);
}
