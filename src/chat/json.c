/* JSON objects of the contract. */
#include "chat/json.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

static json_t *id(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* Rows hold valid UTF-8 (checked where it comes in), so this fails only without memory. */
static json_t *string(const char *s)
{
    json_t *json = json_string(s ? s : "");
    return json ? json : json_string("");
}

static void set(json_t *object, const char *key, json_t *value_take)
{
    if (json_object_set_new(object, key, value_take) != 0) {
        log_error("Cannot build a JSON object, out of memory? key=%s", key);
        abort();
    }
}

json_t *chat_json_time(int64_t wall_us, enum time_form form)
{
    if (wall_us == 0)
        return json_null();
    char text[CLOCK_RFC3339_MAX];
    if (form == TIME_FRACTION)
        clock_rfc3339_frac(text, wall_us);
    else
        clock_rfc3339(text, wall_us);
    return json_string(text);
}

static void set_times(json_t *object, int64_t created_us, int64_t updated_us, enum time_form form)
{
    set(object, "createdAt", chat_json_time(created_us, form));
    set(object, "updatedAt", chat_json_time(updated_us, form));
}

json_t *chat_json_user(const struct user_row *row)
{
    json_t *json = json_object();
    set(json, "userId", id(row->user_id));
    set(json, "username", string(row->username));
    set(json, "nickname", string(row->nickname));
    set(json, "avatar", string(row->avatar));
    set(json, "enabled", json_boolean(row->is_enabled));
    set_times(json, row->created_us, row->updated_us, TIME_SECONDS);
    return json;
}

json_t *chat_json_contact(const struct contact_row *row)
{
    json_t *json = json_object();
    set(json, "contactId", id(row->contact_id));
    set(json, "ownerId", id(row->owner_id));
    set(json, "userId", id(row->user_id));
    set(json, "groupId", id(row->group_id));
    set(json, "roomId", id(row->room_id));
    set(json, "status", json_integer(row->status));
    set(json, "lastMessageId", id(row->last_message_id));
    set(json, "lastMessageTime", chat_json_time(row->last_message_us, TIME_SECONDS));
    set(json, "lastMessageContent", string(row->last_message_content));
    set_times(json, row->created_us, row->updated_us, TIME_SECONDS);
    return json;
}

json_t *chat_json_request(const struct request_row *row, enum time_form form)
{
    json_t *json = json_object();
    set(json, "id", id(row->request_id));
    set(json, "requestUid", id(row->requester_id));
    set(json, "userId", id(row->user_id));
    set(json, "status", json_integer(row->status));
    set(json, "expiredAt", chat_json_time(row->expire_us, form));
    set_times(json, row->created_us, row->updated_us, form);
    return json;
}

json_t *chat_json_group(const struct group_row *row)
{
    json_t *json = json_object();
    set(json, "groupId", id(row->group_id));
    set(json, "ownerId", id(row->owner_id));
    set(json, "roomId", id(row->room_id));
    set(json, "name", string(row->name));
    set(json, "avatar", string(row->avatar));
    set_times(json, row->created_us, row->updated_us, TIME_SECONDS);
    return json;
}

json_t *chat_json_call(const struct call_row *row)
{
    json_t *json = json_object();
    set(json, "callId", id(row->call_id));
    set(json, "callerId", id(row->caller_id));
    set(json, "messageId", id(row->message_id));
    set(json, "members", string(row->members));
    set(json, "status", json_integer(row->status));
    set(json, "startTime", chat_json_time(row->start_us, TIME_SECONDS));
    set(json, "endTime", chat_json_time(row->end_us, TIME_SECONDS));
    set(json, "endReason", json_integer(row->end_reason));
    set_times(json, row->created_us, row->updated_us, TIME_SECONDS);
    return json;
}

json_t *chat_json_message(const struct message_row *row, const char *local_id, json_t *call_take, enum time_form form)
{
    json_t *json = json_object();
    set(json, "messageId", id(row->message_id));
    set(json, "roomId", id(row->room_id));
    set(json, "senderId", id(row->sender_id));
    set(json, "type", json_integer(row->type));
    set(json, "text", string(row->text));
    set(json, "image", string(row->image));
    set(json, "thumbnail", string(row->thumbnail));
    set(json, "callId", id(row->call_id));
    set(json, "revoked", json_boolean(row->is_revoked));
    set_times(json, row->created_us, row->updated_us, form);
    set(json, "call", call_take ? call_take : json_null());
    set(json, "localId", string(local_id));
    set(json, "deliveryId", id(row->delivery_id));
    return json;
}
