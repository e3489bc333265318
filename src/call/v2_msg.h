/* Messages of docs/protocol.md (ichat.call.v2) between text and struct. Pure. Web thread (or a fuzzer). */
#ifndef ICHAT_CALL_V2_MSG_H
#define ICHAT_CALL_V2_MSG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/errors.h"
#include "call/negotiate.h"
#include "call/publisher.h"

enum v2_type {
    V2_JOIN,
    V2_PUBLISH,
    V2_SUBSCRIBE_ANSWER,
    V2_CANDIDATE,
    V2_MUTE,
    V2_SUBSCRIPTION,
    V2_RESTART_ICE,
    V2_PING,
    V2_LEAVE,
    V2_TYPE_COUNT
};

enum v2_pc { V2_PC_PUBLISH, V2_PC_SUBSCRIBE };

struct v2_request {
    json_t *json; /* owned; the strings below are borrowed from it */
    uint64_t req; /* 0 = none: no answer is wanted */
    const char *type_name;
    enum v2_type type;
    union {
        struct {
            const char *token;
            const char *resume;
        } join;
        struct {
            const char *sdp;
            size_t sdp_len;
            struct publish_wish wishes[NEGOTIATE_LINES_MAX];
            size_t wish_count;
        } publish;
        struct {
            uint64_t seq;
            const char *sdp;
            size_t sdp_len;
        } answer;
        struct {
            const char *track_id;
            bool is_muted;
        } mute;
        struct {
            const char *track_id;
            bool is_paused;
            uint16_t width;
            uint16_t height;
        } subscription;
        struct {
            enum v2_pc pc;
            bool is_reset;
        } restart;
    } u;
};

/* On an error req and type_name (or NULL) are set as far as they could be read, for the refusal. Always clear it. */
MUST_CHECK enum call_error v2_msg_decode(const char *text, size_t len, struct v2_request *out,
                                         char error[CALL_ERROR_TEXT_MAX]);
void v2_msg_clear(struct v2_request *request);

/* Frames, malloc'd. data_take NULL = {}. */
char *v2_msg_answer(uint64_t req, const char *type, json_t *data_take);
/* req 0: an event "error" for a frame that could not be read. sentence NULL = the code's own. */
char *v2_msg_refusal(uint64_t req, const char *type, enum call_error code, const char *sentence);
char *v2_msg_event(const char *type, json_t *data_take);
/* "bad_sdp" */
const char *v2_error_name(enum call_error code);

#endif
