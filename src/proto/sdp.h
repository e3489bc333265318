/* WebRTC session descriptions (RFC 8866, RFC 8829 JSEP): text to struct, struct to text. Control threads only: it uses
 * heap memory. One owner a description; everything that hangs on it (media, lists, strings) lives in its arena
 * and dies with sdp_free().
 *
 *     struct sdp *offer;                                    struct sdp *answer = sdp_create();
 *     char error[SDP_ERROR_MAX];                            struct sdp_media *m = sdp_add_media(answer);
 *     if (sdp_parse(text, len, &offer, error))              m->mid = sdp_keep(answer, "0");
 *         refuse(error);                                    ...
 *     ... sdp_ice_ufrag(offer, offer->media[0]) ...         struct text out = {0};
 *     sdp_free(offer);                                      sdp_write(answer, &out);
 *
 * Strings are NULL when the attribute was not there. Attributes that we do not know are left out. What JSEP lets a
 * session set for all its media is read through the accessors below, never from the media alone. */
#ifndef ICHAT_PROTO_SDP_H
#define ICHAT_PROTO_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Limits: several times what a browser writes in a large call, small enough that an attacker wins nothing. */
#define SDP_TEXT_MAX (512 * 1024) /* bytes */
#define SDP_LINES_MAX 16384
#define SDP_LINE_MAX 4096  /* bytes */
#define SDP_MEDIA_MAX 256  /* a subscriber has one for each track that it receives */
#define SDP_MID_MAX 64     /* bytes */
#define SDP_CODECS_MAX 128 /* a media; payload types are 0..127 */
#define SDP_RTCP_FB_MAX 16 /* a codec */
#define SDP_EXTMAPS_MAX 64
#define SDP_SSRCS_MAX 64
#define SDP_SSRC_GROUPS_MAX 32
#define SDP_GROUP_SSRCS_MAX 8
#define SDP_RIDS_MAX 16
#define SDP_CANDIDATES_MAX 64 /* a media; further ones are counted in candidates_ignored */
#define SDP_FINGERPRINTS_MAX 8
#define SDP_BANDWIDTHS_MAX 4
#define SDP_ERROR_MAX 256

enum sdp_kind { SDP_AUDIO, SDP_VIDEO, SDP_APPLICATION, SDP_KIND_OTHER };
enum sdp_protocol { SDP_RTP_SAVPF, SDP_DTLS_SCTP, SDP_PROTOCOL_OTHER };
/* As seen by the description's author. UNSET = no such line. */
enum sdp_direction { SDP_DIRECTION_UNSET, SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
enum sdp_setup { SDP_SETUP_UNSET, SDP_ACTIVE, SDP_PASSIVE, SDP_ACTPASS, SDP_HOLDCONN };

enum sdp_hash { SDP_HASH_WEAK /* md5, md2, sha-1, sha-224, unknown */, SDP_SHA_256, SDP_SHA_384, SDP_SHA_512 };

/* a=fingerprint (RFC 8122 section 5) */
struct sdp_fingerprint {
    enum sdp_hash hash;
    const char *hash_name; /* lower case, as OpenSSL's names but with the dash: "sha-256" */
    uint8_t value[64];
    size_t len; /* 32, 48 or 64 for the strong ones */
};

/* a=candidate (RFC 8839 section 5.1; TCP by RFC 6544). No pointers: it may be copied across threads. */
enum sdp_candidate_type { SDP_HOST, SDP_SRFLX, SDP_PRFLX, SDP_RELAY };
enum sdp_tcp_type { SDP_TCP_NONE, SDP_TCP_ACTIVE, SDP_TCP_PASSIVE, SDP_TCP_SO };
struct sdp_candidate {
    char foundation[33];
    uint16_t component; /* 1..256 */
    bool is_tcp;
    uint32_t priority;
    char address[64];
    bool is_address; /* an IPv4 or IPv6 literal; false: a name (mDNS), which nobody may resolve */
    uint16_t port;
    enum sdp_candidate_type type;
    enum sdp_tcp_type tcp_type;
    char related_address[64]; /* "" = none */
    uint16_t related_port;
};

/* What the session may set for all media and a media may override. */
struct sdp_transport {
    const char *ice_ufrag;
    const char *ice_pwd;
    const char *ice_options; /* "trickle renomination" */
    enum sdp_setup setup;
    struct sdp_fingerprint *fingerprints;
    unsigned fingerprint_count;
};

/* a=extmap (RFC 8285 section 5); ids 4096 and up ("to be numbered") are left out. */
struct sdp_extmap {
    uint8_t id; /* 1..255, not 15 in the one-byte form */
    enum sdp_direction direction;
    const char *uri;
};

struct sdp_codec {
    uint8_t pt;       /* 0..127 */
    const char *name; /* as written ("VP8", "opus"); the static types 0, 8, 9, 13 have theirs; else NULL */
    uint32_t clock_rate;
    uint8_t channels;      /* 0 = not said */
    const char *fmtp;      /* the first line counts */
    const char **rtcp_fbs; /* "nack pli", "transport-cc"; a line for '*' is added to each codec */
    unsigned rtcp_fb_count;
};

/* a=ssrc (RFC 5576), all attributes of one source together */
struct sdp_ssrc {
    uint32_t ssrc;
    const char *cname;
    const char *stream; /* msid, first part */
    const char *track;  /* msid, second part */
};

/* a=ssrc-group */
struct sdp_ssrc_group {
    const char *semantics; /* "FID", "SIM", "FEC-FR" */
    uint32_t ssrcs[SDP_GROUP_SSRCS_MAX];
    unsigned ssrc_count;
};

/* a=rid (RFC 8851) */
struct sdp_rid {
    const char *id; /* letters, digits, '-' and '_' */
    bool is_send;
    const char *params; /* "pt=96;max-width=640", or NULL */
};

/* b= */
struct sdp_bandwidth {
    const char *type; /* "AS" (kbit/s), "TIAS" (bit/s) */
    uint32_t value;
};

struct sdp_media {
    enum sdp_kind kind;
    const char *kind_name; /* "audio"; needed only for SDP_KIND_OTHER */
    uint16_t port;         /* 9 = will come by ICE; 0 = rejected, unless is_bundle_only */
    enum sdp_protocol protocol;
    const char *protocol_name; /* needed only for SDP_PROTOCOL_OTHER; TCP/DTLS/... forms are kept as written */
    const char *formats;       /* the m= line's formats when protocol is not SDP_RTP_SAVPF: "webrtc-datachannel" */
    const char *connection;    /* c= value, NULL = "IN IP4 0.0.0.0" */
    bool is_bundle_only;

    const char *mid;
    enum sdp_direction direction;   /* see sdp_direction_of() */
    struct sdp_transport transport; /* see the accessors */
    struct sdp_codec *codecs;       /* in the order of the m= line: preference */
    unsigned codec_count;
    struct sdp_extmap *extmaps;
    unsigned extmap_count;
    bool extmap_allow_mixed;
    const char *stream; /* a=msid: "-" = no stream; the first line when there are several */
    const char *track;  /* may be NULL (RFC 8830 makes it optional) */
    struct sdp_ssrc *ssrcs;
    unsigned ssrc_count;
    struct sdp_ssrc_group *ssrc_groups;
    unsigned ssrc_group_count;
    struct sdp_rid *rids;
    unsigned rid_count;
    const char *simulcast_send; /* a=simulcast (RFC 8853): "q;h;f", or NULL */
    const char *simulcast_recv;
    bool has_rtcp_mux;
    bool has_rtcp_rsize;
    struct sdp_candidate *candidates;
    unsigned candidate_count;
    unsigned candidates_ignored; /* malformed, or beyond the limit */
    bool has_end_of_candidates;
    uint16_t sctp_port;        /* 0 = none (RFC 8841) */
    uint64_t max_message_size; /* bytes; 0 = not said, which means 65536 */
    struct sdp_bandwidth *bandwidths;
    unsigned bandwidth_count;
};

struct sdp_arena;

struct sdp {
    const char *origin_name; /* o= user name, NULL writes "-" */
    uint64_t session_id;
    uint64_t session_version;
    const char *origin_address; /* "IN IP4 127.0.0.1", which is also what NULL writes */
    const char *name;           /* s=, NULL writes "-" */
    bool has_bundle;            /* an a=group:BUNDLE line, which may be empty */
    const char *bundle[SDP_MEDIA_MAX];
    unsigned bundle_count;
    bool is_ice_lite;
    bool extmap_allow_mixed;
    const char *msid_semantic; /* " WMS *": value as written, trimmed */
    enum sdp_direction direction;
    struct sdp_transport transport;
    struct sdp_extmap *extmaps; /* session-level ones, for all media */
    unsigned extmap_count;
    struct sdp_media *media[SDP_MEDIA_MAX]; /* stable pointers */
    unsigned media_count;
    struct sdp_arena *arena;
};

/* Parses text (LF or CRLF lines). ERR_INVALID: a rule is broken, ERR_LIMIT: too large; `error` then holds an English
 * sentence with the line number, fit to be shown to the peer. On success error[0] is 0 and the caller owns *out. */
MUST_CHECK enum err sdp_parse(const char *text, size_t len, struct sdp **out, char error[SDP_ERROR_MAX]);
/* An empty description to be filled. Never NULL. */
struct sdp *sdp_create(void);
void sdp_free(struct sdp *sdp);

/* Appends the text, CRLF lines. */
void sdp_write(const struct sdp *sdp, struct text *out);

/* Copies a string into the arena (NULL stays NULL). Cut at the first control character, so that no value can bring a
 * line of its own. */
const char *sdp_keep(struct sdp *sdp, const char *s);
const char *sdp_keep_n(struct sdp *sdp, const char *s, size_t n);
const char *sdp_keepf(struct sdp *sdp, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Append a zeroed element; NULL at the limit. All but media may move at the next add of the same list: fill an
 * element before adding another. */
struct sdp_media *sdp_add_media(struct sdp *sdp);
struct sdp_codec *sdp_add_codec(struct sdp *sdp, struct sdp_media *media);
struct sdp_extmap *sdp_add_extmap(struct sdp *sdp, struct sdp_media *media);
struct sdp_ssrc *sdp_add_ssrc(struct sdp *sdp, struct sdp_media *media);
struct sdp_ssrc_group *sdp_add_ssrc_group(struct sdp *sdp, struct sdp_media *media);
struct sdp_rid *sdp_add_rid(struct sdp *sdp, struct sdp_media *media);
struct sdp_candidate *sdp_add_candidate(struct sdp *sdp, struct sdp_media *media);
struct sdp_bandwidth *sdp_add_bandwidth(struct sdp *sdp, struct sdp_media *media);
struct sdp_fingerprint *sdp_add_fingerprint(struct sdp *sdp, struct sdp_transport *transport);
/* The feedback text is kept ("nack pli"). */
MUST_CHECK enum err sdp_add_rtcp_fb(struct sdp *sdp, struct sdp_codec *codec, const char *feedback);
/* Adds a mid to the BUNDLE group (and makes the group). */
MUST_CHECK enum err sdp_add_bundle(struct sdp *sdp, const char *mid);

/* Values with the session's as a fallback. */
const char *sdp_ice_ufrag(const struct sdp *sdp, const struct sdp_media *media);
const char *sdp_ice_pwd(const struct sdp *sdp, const struct sdp_media *media);
const char *sdp_ice_options(const struct sdp *sdp, const struct sdp_media *media);
enum sdp_setup sdp_setup_of(const struct sdp *sdp, const struct sdp_media *media);
enum sdp_direction sdp_direction_of(const struct sdp *sdp, const struct sdp_media *media); /* never UNSET: sendrecv */
/* The list that counts for this media; *count may be 0. */
const struct sdp_fingerprint *sdp_fingerprints_of(const struct sdp *sdp, const struct sdp_media *media,
                                                  unsigned *count);

/* The one fingerprint to check the certificate against. ERR_INVALID (with a sentence) when there is none, only weak
 * ones, or several strong ones of the same hash that differ; with several hashes the strongest counts. */
MUST_CHECK enum err sdp_fingerprint_of(const struct sdp *sdp, const struct sdp_media *media,
                                       const struct sdp_fingerprint **out, char error[SDP_ERROR_MAX]);

/* Rejected: port 0 and not bundle-only. */
bool sdp_is_rejected(const struct sdp_media *media);
bool sdp_is_bundled(const struct sdp *sdp, const char *mid);
struct sdp_media *sdp_find_mid(const struct sdp *sdp, const char *mid);
/* By name, ignoring case; the first in order of preference, or NULL. `from` continues behind that codec (or NULL). */
const struct sdp_codec *sdp_find_codec(const struct sdp_media *media, const char *name, const struct sdp_codec *from);
const struct sdp_codec *sdp_find_pt(const struct sdp_media *media, uint8_t pt);
/* The retransmission codec whose apt is pt (RFC 4588 section 8.1), or NULL. */
const struct sdp_codec *sdp_find_rtx(const struct sdp_media *media, uint8_t pt);
bool sdp_has_rtcp_fb(const struct sdp_codec *codec, const char *feedback);
/* A key of "key=value;key=value": false when it is not there (or the value does not fit / is no number). */
bool sdp_fmtp_get(const struct sdp_codec *codec, const char *key, char *out, size_t size);
bool sdp_fmtp_u32(const struct sdp_codec *codec, const char *key, uint32_t *out);
/* The id negotiated for an extension URI, the session's included; 0 = none. */
uint8_t sdp_ext_id(const struct sdp *sdp, const struct sdp_media *media, const char *uri);
/* The source that `semantics` pairs with this one, e.g. the RTX source of "FID"; false when there is none. */
bool sdp_paired_ssrc(const struct sdp_media *media, const char *semantics, uint32_t ssrc, uint32_t *out);

/* One candidate as text, with or without "a=" and "candidate:", for trickled ones too; unknown extensions are skipped.
 * ERR_INVALID when malformed, ERR_UNSUPPORTED for a transport or type that nobody uses. */
MUST_CHECK enum err sdp_candidate_parse(struct sdp_candidate *out, const char *text, size_t len);
/* Adds "candidate:..." without "a=" and line end. */
void sdp_candidate_write(const struct sdp_candidate *candidate, struct text *out);

const char *sdp_direction_str(enum sdp_direction direction); /* "sendrecv"; UNSET is "sendrecv" too */
const char *sdp_setup_str(enum sdp_setup setup);             /* "actpass"; UNSET is "" */
/* What the other side of this direction says: sendonly - recvonly. */
enum sdp_direction sdp_direction_reverse(enum sdp_direction direction);

#endif
