/* The client's session descriptions: the publish offer, the subscribe answer, and what the server's say. Pure. */
#ifndef ICHAT_CLIENT_DESCRIBE_H
#define ICHAT_CLIENT_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "client/ichat_client.h"
#include "client/peerconn.h"
#include "proto/sdp.h"

#define DESCRIBE_LINES_MAX SDP_MEDIA_MAX

/* Our end of a connection. */
struct describe_local {
    uint64_t session_id;
    uint64_t session_version;
    const char *ufrag;
    const char *pwd;
    const char *fingerprint; /* sha-256, "AB:CD:.." */
    bool has_wrong_fingerprint;
};

/* Header extension ids, 0 = not agreed on. */
struct describe_exts {
    uint8_t mid;
    uint8_t audio_level;
    uint8_t twcc;
    uint8_t abs_send_time;
    uint8_t rid; /* of simulcast */
};

#define DESCRIBE_LAYERS 3 /* of a line that offers simulcast: describe_rids, lowest first */
extern const char *const describe_rids[DESCRIBE_LAYERS];

/* A line that sends: ours in the publish offer, the server's in the subscribe offer. */
struct describe_line {
    char mid[17];
    enum client_kind kind;
    bool is_rejected;
    bool is_sending;
    uint8_t pt;
    uint8_t rtx_pt; /* 0 = none */
    bool has_nack;
    bool has_pli;
    bool is_simulcast; /* offered; after the answer: taken. Its sources are told by RID, not in the description */
    struct describe_exts exts;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    char cname[33];
    char stream[33];
    char track[33];
};

struct describe {
    unsigned line_count;
    struct describe_line lines[DESCRIBE_LINES_MAX];
    bool has_remote;
    struct peerconn_remote remote;
};

/* Fills pt, exts and the rest of an own line with what we offer. */
void describe_own_line(struct describe_line *line, enum client_kind kind, unsigned index);
void describe_offer_write(const struct describe *offer, const struct describe_local *local, struct text *out);
/* The server's answer to our offer: which lines it took, with which extensions; its transport. */
MUST_CHECK enum err describe_answer_read(const char *text, struct describe *offer, char error[SDP_ERROR_MAX]);

/* The server's offer; then our answer to it: every line that sends is received. */
MUST_CHECK enum err describe_offer_read(const char *text, struct describe *offer, char error[SDP_ERROR_MAX]);
MUST_CHECK enum err describe_answer_write(const char *offer_text, const struct describe_local *local, struct text *out,
                                          char error[SDP_ERROR_MAX]);

#endif
