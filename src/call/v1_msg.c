/* Frames of the older call protocol. Web thread. */
#include "call/v1_msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jget.h"

#define NO_PING (-2) /* CONTRACT section 6: always */

/* In the order of the keys, as the original writes them. */
static char *dump_take(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    return text;
}

char *v1_msg_frame(enum v1_type type, const char *payload)
{
    char *json = dump_take(json_pack("{s:i, s:s}", "type", (int)type, "payload", payload));
    struct text frame = {0};
    text_add(&frame, json);
    text_add(&frame, "\n");
    free(json);
    return text_take(&frame);
}

static json_t *state_json(uint64_t user_id, enum call_user_state state)
{
    return json_pack("{s:I, s:i, s:i}", "userId", (json_int_t)user_id, "state", (int)state, "ping", NO_PING);
}

char *v1_msg_state(uint64_t user_id, enum call_user_state state)
{
    return dump_take(state_json(user_id, state));
}

char *v1_msg_states(const struct call_user *users, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, state_json(users[i].id, users[i].state));
    return dump_take(list);
}

char *v1_msg_signal(uint64_t from_user_id, const char *message)
{
    return dump_take(json_pack("{s:I, s:s}", "fromUserId", (json_int_t)from_user_id, "message", message));
}

static const char *const description_types[] = {[V1_OFFER] = "offer", [V1_ANSWER] = "answer"};

char *v1_msg_description(bool is_offer, const char *sdp)
{
    enum v1_inner_type type = is_offer ? V1_OFFER : V1_ANSWER;
    return dump_take(
        json_pack("{s:i, s:{s:s, s:s}}", "type", (int)type, "payload", "type", description_types[type], "sdp", sdp));
}

enum err v1_msg_decode(const char *text, size_t len, struct v1_frame *out)
{
    enum err err = jget_parse(text, len, &out->json);
    if (err)
        return err;
    if (jget_u64(out->json, "type", &out->type) || jget_string(out->json, "payload", &out->payload)) {
        json_decref(out->json);
        return ERR_INVALID;
    }
    return ERR_OK;
}

void v1_msg_clear(struct v1_frame *frame)
{
    json_decref(frame->json);
}

enum err v1_msg_decode_signal(const char *payload, struct v1_signal *out)
{
    enum err err = jget_parse(payload, strlen(payload), &out->json);
    if (err)
        return err;
    if (jget_u64(out->json, "toUserId", &out->to_user_id) || jget_string(out->json, "message", &out->message)) {
        json_decref(out->json);
        return ERR_INVALID;
    }
    return ERR_OK;
}

void v1_msg_clear_signal(struct v1_signal *signal)
{
    json_decref(signal->json);
}

static enum err read_description(struct v1_inner *inner)
{
    const json_t *payload = jget_find(inner->json, "payload");
    const char *type;
    if (!json_is_object(payload) || jget_string(payload, "type", &type) || jget_string(payload, "sdp", &inner->sdp))
        return ERR_INVALID;
    return strcmp(type, description_types[inner->type]) == 0 ? ERR_OK : ERR_INVALID;
}

enum err v1_msg_decode_inner(const char *message, struct v1_inner *out)
{
    *out = (struct v1_inner){.sdp = ""};
    enum err err = jget_parse(message, strlen(message), &out->json);
    if (err)
        return err;
    err = jget_u64(out->json, "type", &out->type);
    if (!err && (out->type == V1_OFFER || out->type == V1_ANSWER))
        err = read_description(out);
    else if (!err && out->type != V1_CANDIDATE)
        err = ERR_INVALID;
    if (err)
        json_decref(out->json);
    return err;
}

void v1_msg_clear_inner(struct v1_inner *inner)
{
    json_decref(inner->json);
}
