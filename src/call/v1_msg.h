/* Frames of the older call protocol (CONTRACT section 8): {"type":T,"payload":"<string>"}, where what has structure is
 * JSON within the string. Pure. Web thread. */
#ifndef ICHAT_CALL_V1_MSG_H
#define ICHAT_CALL_V1_MSG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "call/call.h"

enum v1_type {
    V1_UNAUTHORIZED = 1,
    V1_STATES = 2,
    V1_STATE = 3,
    V1_SIGNAL = 4,
    V1_HEARTBEAT = 5,
    V1_STARTED = 6,
    V1_ENDED = 7,
    V1_ERROR = 8,
};

/* A frame with its closing line feed, malloc'd. */
char *v1_msg_frame(enum v1_type type, const char *payload);
/* The payload as JSON text: of one state, of a list of them, of a signaling message. malloc'd. */
char *v1_msg_state(uint64_t user_id, enum call_user_state state);
char *v1_msg_states(const struct call_user *users, size_t count);
char *v1_msg_signal(uint64_t from_user_id, const char *message);

/* The inner message of a description of ours. malloc'd. */
char *v1_msg_description(bool is_offer, const char *sdp);

struct v1_frame {
    json_t *json; /* owned */
    uint64_t type;
    const char *payload; /* borrowed; "" when missing */
};
MUST_CHECK enum err v1_msg_decode(const char *text, size_t len, struct v1_frame *out); /* clear it on success */
void v1_msg_clear(struct v1_frame *frame);

struct v1_signal {
    json_t *json; /* owned */
    uint64_t to_user_id;
    const char *message; /* borrowed */
};
MUST_CHECK enum err v1_msg_decode_signal(const char *payload, struct v1_signal *out);
void v1_msg_clear_signal(struct v1_signal *signal);

/* The message within a signal. Of a candidate no more than its type is read. */
enum v1_inner_type { V1_OFFER = 1, V1_ANSWER = 2, V1_CANDIDATE = 3 };
struct v1_inner {
    json_t *json; /* owned */
    uint64_t type;
    const char *sdp; /* borrowed; "" for a candidate */
};
/* ERR_INVALID: also when the description's own type is another one. */
MUST_CHECK enum err v1_msg_decode_inner(const char *message, struct v1_inner *out);
void v1_msg_clear_inner(struct v1_inner *inner);

#endif
