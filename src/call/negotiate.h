/* SDP of the two connections of a member (docs/protocol.md): text in, facts for the media threads out, and back. Pure:
 * no state, no I/O. Control threads.
 *
 * publish: the client offers                                 subscribe: the server offers
 *     publish_offer_read(sdp, len, &offer, error)                subscribe_offer_write(&offer, &local, &text)
 *     ... choose which lines send ...                            ... the client answers ...
 *     publish_answer_write(&offer, &local, &text)                subscribe_answer_read(sdp, len, &offer, &answer,
 * error) publish_offer_clear(&offer)
 *
 * What is agreed on: one BUNDLE with rtcp-mux; Opus; VP8 or H264 (packetization mode 1, baseline) and its RTX; NACK,
 * PLI, FIR, transport-wide feedback; the header extensions of struct media_ext_ids; on the publish connection up to
 * MEDIA_LAYERS_MAX simulcast streams a line, by RID. Data channels are turned down for now, by port 0; simulcast in
 * a=ssrc-group:SIM by silence. */
#ifndef ICHAT_CALL_NEGOTIATE_H
#define ICHAT_CALL_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "media/media.h"
#include "media/media_cmd.h"
#include "proto/sdp.h"
#include "rtc/params.h"

#define NEGOTIATE_LINES_MAX SDP_MEDIA_MAX
#define NEGOTIATE_TRACK_NAME_SIZE 24

/* The server's end of a connection as SDP shows it. */
struct negotiate_local {
    uint64_t session_id;
    uint64_t session_version; /* one more with each description */
    const char *ufrag;
    const char *pwd;
    const char *fingerprint; /* sha-256, "AB:CD:..." */
    bool is_dtls_client;     /* answers only */
    struct media_candidate candidates[MEDIA_CANDIDATES_MAX];
    size_t candidate_count;
    uint32_t start_bitrate_kbps; /* 0 = no hint */
};

/* ---- publish ---- */

struct publish_line {
    char mid[MEDIA_MID_SIZE];
    bool is_accepted; /* a kind and codec that we take, not rejected by the client */
    bool is_sending;  /* the client offers to send. Cleared by the caller: answered as inactive */
    struct media_format format;
    uint8_t layer_count;
    struct media_layer layers[MEDIA_LAYERS_MAX]; /* with RIDs: simulcast, in the client's order */
};

struct publish_offer {
    struct sdp *sdp;          /* owned */
    bool has_transport;       /* some line is accepted: `remote` is filled */
    bool is_setup_open;       /* actpass: the client leaves the DTLS role to us */
    struct rtc_params remote; /* its remote half and is_dtls_client */
    unsigned line_count;
    struct publish_line lines[NEGOTIATE_LINES_MAX];
};

/* ERR_INVALID, ERR_LIMIT: `error` holds a sentence for the client. On success `out` is to be cleared. */
MUST_CHECK enum err publish_offer_read(const char *sdp, size_t len, struct publish_offer *out,
                                       char error[SDP_ERROR_MAX]);
/* The same facts of an offer or an answer, for connections on which both sides send; without simulcast. */
MUST_CHECK enum err publish_description_read(const char *sdp, size_t len, bool is_answer, struct publish_offer *out,
                                             char error[SDP_ERROR_MAX]);
void publish_answer_write(const struct publish_offer *offer, const struct negotiate_local *local, struct text *out);
void publish_offer_clear(struct publish_offer *offer);

/* ---- mids that we choose ---- */

/* The prefix and the number's own name: one character for the first 62. The mid goes along in each packet's header
 * extension, where a longer one is four bytes more, and packets of one call that are not as long as the others cannot
 * leave with them in one run (net/udp_batch.h). */
void negotiate_write_mid(char mid[MEDIA_MID_SIZE], const char *prefix, unsigned number);

/* ---- subscribe ---- */

struct subscribe_line {
    char mid[MEDIA_MID_SIZE];
    enum media_kind kind;
    enum media_codec codec;
    bool is_dead;    /* the client turned the line down: port 0 until it is used again under another mid */
    bool is_sending; /* else inactive; what follows then is not written */
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    char stream[NEGOTIATE_TRACK_NAME_SIZE]; /* msid: one stream a publishing member */
    char track[NEGOTIATE_TRACK_NAME_SIZE];
    char cname[MEDIA_CNAME_SIZE];
};

struct subscribe_offer {
    unsigned line_count;          /* at most NEGOTIATE_LINES_MAX */
    struct subscribe_line *lines; /* borrowed: whoever fills the offer owns them */
};

struct subscribe_answer {
    bool has_transport;
    struct rtc_params remote;
    struct {
        bool is_rejected;           /* port 0: the line is dead */
        bool is_accepted;           /* the client receives it */
        struct media_format format; /* as it is to be sent */
    } lines[NEGOTIATE_LINES_MAX];
};

void subscribe_offer_write(const struct subscribe_offer *offer, const struct negotiate_local *local, struct text *out);
/* Checks the answer against the offer that it belongs to. */
MUST_CHECK enum err subscribe_answer_read(const char *sdp, size_t len, const struct subscribe_offer *offer,
                                          struct subscribe_answer *out, char error[SDP_ERROR_MAX]);

/* ---- shared by negotiate*.c ---- */

#define NEGOTIATE_EXT_ID_MAX 14 /* one-byte header extensions, RFC 8285 section 4.2 */

/* Writes a sentence and answers ERR_INVALID. */
MUST_CHECK enum err negotiate_refuse(char error[SDP_ERROR_MAX], const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Credentials, fingerprint and role of one m-line into the remote half. is_answer: actpass is not allowed then. */
MUST_CHECK enum err negotiate_read_transport(const struct sdp *sdp, const struct sdp_media *media, bool is_answer,
                                             struct rtc_params *out, char error[SDP_ERROR_MAX]);
void negotiate_write_session(struct sdp *sdp, const struct negotiate_local *local);
void negotiate_write_transport(struct sdp *sdp, struct sdp_media *media, const struct negotiate_local *local,
                               enum sdp_setup setup, bool has_candidates);
/* The ids of the extensions that we know, as the description has them. */
void negotiate_read_extensions(const struct sdp *sdp, const struct sdp_media *media, struct media_ext_ids *out);
void negotiate_write_extensions(struct sdp *sdp, struct sdp_media *media, const struct media_ext_ids *ids);
/* The codec with its RTX and feedback, as `format` has them. h264_profile NULL = ours. */
void negotiate_write_format(struct sdp *sdp, struct sdp_media *media, const struct media_format *format,
                            const char *h264_profile, uint32_t start_bitrate_kbps);
/* How a client's m-line has this codec; false when it does not, or not in a form that we take. */
bool negotiate_read_format(const struct sdp *sdp, const struct sdp_media *media, enum media_codec codec,
                           struct media_format *out);
/* What we offer where the client has not spoken yet. */
const struct media_format *negotiate_our_format(enum media_codec codec);
/* msid and sources of a line that sends. */
struct negotiate_source {
    uint32_t ssrc;
    uint32_t rtx_ssrc; /* 0 = none */
    const char *cname;
    const char *stream;
    const char *track;
};
void negotiate_write_source(struct sdp *sdp, struct sdp_media *media, const struct negotiate_source *source);
/* The layers of a line that sends simulcast; any other one stays as it is. What is more than we take is left out. */
void negotiate_read_simulcast(const struct sdp_media *media, struct publish_line *line);
void negotiate_write_simulcast(struct sdp *sdp, struct sdp_media *media, const struct publish_line *line);
/* Fills pt, rtx_pt and the feedback flags from a codec of the other side. */
void negotiate_read_codec(const struct sdp_media *media, const struct sdp_codec *codec, struct media_format *out);

#endif
