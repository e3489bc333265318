/* Messages of ichat.call.v2 between text and struct. Web thread. */
#include "call/v2_msg.h"

#include <string.h>

#include "base/jget.h"
#include "base/text.h"

static enum call_error refuse(char error[CALL_ERROR_TEXT_MAX], const char *sentence)
{
    (void)text_copy(error, CALL_ERROR_TEXT_MAX, sentence);
    return CALL_ERR_BAD_MESSAGE;
}

static enum call_error decode_join(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    if (jget_string(data, "token", &out->u.join.token) || jget_string(data, "resume", &out->u.join.resume))
        return refuse(error, "token and resume are strings");
    return CALL_ERR_NONE;
}

static enum call_error decode_sdp(const json_t *data, const char **sdp, size_t *len, char error[CALL_ERROR_TEXT_MAX])
{
    if (jget_string(data, "sdp", sdp))
        return refuse(error, "sdp is a string");
    if (!(*sdp)[0])
        return refuse(error, "sdp is missing");
    *len = strlen(*sdp); /* jansson takes no NUL within a string */
    return CALL_ERR_NONE;
}

static enum call_error decode_wish(const json_t *item, struct publish_wish *out, char error[CALL_ERROR_TEXT_MAX])
{
    const char *mid;
    const char *source;
    if (!json_is_object(item) || jget_string(item, "mid", &mid) || jget_string(item, "source", &source) ||
        jget_bool(item, "muted", &out->is_muted))
        return refuse(error, "an entry of tracks is {mid: string, source: string, muted: boolean}");
    if (!mid[0] || !text_copy(out->mid, sizeof(out->mid), mid))
        return refuse(error, "an entry of tracks has no mid, or one of more than 16 characters");
    if (track_source_parse(source, &out->source))
        return refuse(error, "source is camera, mic, screen or screen-audio");
    return CALL_ERR_NONE;
}

static enum call_error decode_publish(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    enum call_error code = decode_sdp(data, &out->u.publish.sdp, &out->u.publish.sdp_len, error);
    if (code)
        return code;
    const json_t *tracks = jget_find(data, "tracks");
    if (tracks && !json_is_array(tracks))
        return refuse(error, "tracks is a list");
    size_t count = json_array_size(tracks);
    if (count > NEGOTIATE_LINES_MAX)
        return refuse(error, "tracks has too many entries");
    for (size_t i = 0; i < count && !code; i++)
        code = decode_wish(json_array_get(tracks, i), &out->u.publish.wishes[i], error);
    out->u.publish.wish_count = count;
    return code;
}

static enum call_error decode_answer(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    if (jget_u64(data, "seq", &out->u.answer.seq))
        return refuse(error, "seq is a number");
    return decode_sdp(data, &out->u.answer.sdp, &out->u.answer.sdp_len, error);
}

static enum call_error decode_pc(const json_t *data, enum v2_pc *out, char error[CALL_ERROR_TEXT_MAX])
{
    const char *pc;
    if (jget_string(data, "pc", &pc))
        return refuse(error, "pc is a string");
    if (strcmp(pc, "publish") == 0)
        *out = V2_PC_PUBLISH;
    else if (strcmp(pc, "subscribe") == 0)
        *out = V2_PC_SUBSCRIBE;
    else
        return refuse(error, "pc is publish or subscribe");
    return CALL_ERR_NONE;
}

/* Only the form is checked: an ICE-lite server needs no candidate, and must not send anywhere because of one. */
static enum call_error decode_candidate(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    (void)out;
    enum v2_pc pc;
    const char *candidate;
    if (jget_string(data, "candidate", &candidate))
        return refuse(error, "candidate is a string");
    return decode_pc(data, &pc, error);
}

static enum call_error decode_mute(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    if (jget_string(data, "trackId", &out->u.mute.track_id) || jget_bool(data, "muted", &out->u.mute.is_muted))
        return refuse(error, "trackId is a string, muted a boolean");
    return CALL_ERR_NONE;
}

static enum call_error decode_subscription(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    uint64_t width;
    uint64_t height;
    if (jget_string(data, "trackId", &out->u.subscription.track_id) ||
        jget_bool(data, "paused", &out->u.subscription.is_paused))
        return refuse(error, "trackId is a string, paused a boolean");
    if (jget_u64(data, "width", &width) || jget_u64(data, "height", &height) || width > UINT16_MAX ||
        height > UINT16_MAX)
        return refuse(error, "width and height are numbers from 0 to 65535");
    out->u.subscription.width = (uint16_t)width;
    out->u.subscription.height = (uint16_t)height;
    return CALL_ERR_NONE;
}

static enum call_error decode_restart(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    if (jget_bool(data, "reset", &out->u.restart.is_reset))
        return refuse(error, "reset is a boolean");
    return decode_pc(data, &out->u.restart.pc, error);
}

static enum call_error decode_nothing(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    (void)data;
    (void)out;
    (void)error;
    return CALL_ERR_NONE;
}

static const struct {
    const char *name;
    enum call_error (*decode)(const json_t *data, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX]);
} types[V2_TYPE_COUNT] = {
    [V2_JOIN] = {"join", decode_join},
    [V2_PUBLISH] = {"publish", decode_publish},
    [V2_SUBSCRIBE_ANSWER] = {"subscribe-answer", decode_answer},
    [V2_CANDIDATE] = {"candidate", decode_candidate},
    [V2_MUTE] = {"mute", decode_mute},
    [V2_SUBSCRIPTION] = {"subscription", decode_subscription},
    [V2_RESTART_ICE] = {"restart-ice", decode_restart},
    [V2_PING] = {"ping", decode_nothing},
    [V2_LEAVE] = {"leave", decode_nothing},
};

static enum call_error decode_data(struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    const json_t *data = jget_find(out->json, "data");
    if (data && !json_is_object(data))
        return refuse(error, "data is an object");
    return types[out->type].decode(data, out, error);
}

enum call_error v2_msg_decode(const char *text, size_t len, struct v2_request *out, char error[CALL_ERROR_TEXT_MAX])
{
    memset(out, 0, sizeof(*out));
    if (jget_parse(text, len, &out->json)) {
        out->json = NULL;
        return refuse(error, "a frame is one JSON object");
    }
    if (jget_u64(out->json, "req", &out->req)) {
        out->req = 0;
        return refuse(error, "req is a positive integer");
    }
    if (jget_find(out->json, "req") && !out->req)
        return refuse(error, "req is a positive integer");
    const char *name;
    if (jget_string(out->json, "type", &name) || !name[0])
        return refuse(error, "type is missing, or no string");
    out->type_name = name;
    for (unsigned i = 0; i < V2_TYPE_COUNT; i++) {
        if (strcmp(name, types[i].name) == 0) {
            out->type = (enum v2_type)i;
            return decode_data(out, error);
        }
    }
    (void)text_copy(error, CALL_ERROR_TEXT_MAX, "no request has this type");
    return CALL_ERR_UNKNOWN_TYPE;
}

void v2_msg_clear(struct v2_request *request)
{
    json_decref(request->json);
    request->json = NULL;
}

static const struct {
    const char *name;
    const char *sentence;
} errors[] = {
    [CALL_ERR_NONE] = {"", ""},
    [CALL_ERR_BAD_MESSAGE] = {"bad_message", "the message breaks the protocol"},
    [CALL_ERR_UNKNOWN_TYPE] = {"unknown_type", "no request has this type"},
    [CALL_ERR_UNAUTHORIZED] = {"unauthorized", "the call token is wrong or expired"},
    [CALL_ERR_CALL_ENDED] = {"call_ended", "the call has ended"},
    [CALL_ERR_NOT_JOINED] = {"not_joined", "send join first"},
    [CALL_ERR_ALREADY_JOINED] = {"already_joined", "this socket has joined a call"},
    [CALL_ERR_BAD_SDP] = {"bad_sdp", "the session description cannot be used"},
    [CALL_ERR_BAD_STATE] = {"bad_state", "not possible now"},
    [CALL_ERR_NO_SUCH_TRACK] = {"no_such_track", "there is no such track"},
    [CALL_ERR_NOT_ALLOWED] = {"not_allowed", "this member may not do that"},
    [CALL_ERR_TOO_MANY_TRACKS] = {"too_many_tracks", "too many tracks"},
    [CALL_ERR_CALL_FULL] = {"call_full", "the call is full"},
    [CALL_ERR_BUSY] = {"busy", "too much to do now; try again in a moment"},
    [CALL_ERR_INTERNAL] = {"internal", "the server failed"},
};

const char *v2_error_name(enum call_error code)
{
    return errors[code].name;
}

static char *frame(json_t *json_take, const char *type)
{
    /* A type that came from outside is echoed as it is: it was valid UTF-8 when it was parsed. */
    json_object_set_new(json_take, "type", json_string(type));
    return jget_dump_take(json_take);
}

char *v2_msg_answer(uint64_t req, const char *type, json_t *data_take)
{
    return frame(json_pack("{s:I, s:o}", "res", (json_int_t)req, "data", data_take ? data_take : json_object()), type);
}

char *v2_msg_refusal(uint64_t req, const char *type, enum call_error code, const char *sentence)
{
    const char *text = sentence && sentence[0] ? sentence : errors[code].sentence;
    json_t *message = json_string(text);
    if (!message) /* cut within a character */
        message = json_string(errors[code].sentence);
    json_t *json = json_pack("{s:{s:s, s:o}}", "error", "code", errors[code].name, "message", message);
    if (!req || !type)
        return frame(json, "error");
    json_object_set_new(json, "res", json_integer((json_int_t)req));
    return frame(json, type);
}

char *v2_msg_event(const char *type, json_t *data_take)
{
    return frame(json_pack("{s:o}", "data", data_take ? data_take : json_object()), type);
}
