/* What sdp_parse.c (lines, sections) and sdp_attr.c (a= lines) share. Private to proto/sdp_*. Control threads. */
#ifndef ICHAT_PROTO_SDP_PARSER_H
#define ICHAT_PROTO_SDP_PARSER_H

#include "proto/sdp.h"
#include "proto/sdp_span.h"

struct sdp_parser {
    struct sdp *sdp;
    struct sdp_media *media; /* the section we are in; NULL = the session's */
    unsigned line;           /* from 1 */
    bool has_version;
    bool has_origin;
    char *error; /* SDP_ERROR_MAX bytes */
};

/* Writes "line N: ..." and answers ERR_INVALID / ERR_LIMIT. */
MUST_CHECK enum err sdp_parser_fail(struct sdp_parser *parser, const char *fmt, ...) PRINTF_LIKE(2, 3);
MUST_CHECK enum err sdp_parser_limit(struct sdp_parser *parser, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The value of an a= line, with its name before the ':'. has_value: there was a ':'. */
MUST_CHECK enum err sdp_parse_attribute(struct sdp_parser *parser, struct span name, struct span value);

#endif
