/* Messages, calls, deliveries. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "import/convert.h"
#include "import/loader.h"

#define MEMBERS_MAX 1000
#define STATUS_END 4 /* CONTRACT section 4 */
#define REASON_ERROR 6
#define REASON_MAX 7

/* Without a type: text wins, as when it was sent. */
static enum message_type type_of(const struct message_row *row, int64_t type)
{
    if (type)
        return (enum message_type)type;
    if (row->call_id)
        return MESSAGE_CALL;
    return row->text[0] || (!row->image[0] && !row->thumbnail[0]) ? MESSAGE_TEXT : MESSAGE_IMAGE;
}

enum err load_message(struct loader *loader)
{
    struct message_row row = {0};
    int64_t type;
    if (!loader_own_id(loader, &row.message_id) || !loader_id(loader, FIELD_ROOM, &row.room_id) ||
        !loader_id(loader, FIELD_USER, &row.sender_id) || !loader_int(loader, FIELD_TYPE, &type) ||
        !loader_text(loader, FIELD_TEXT, &row.text) || !loader_text(loader, FIELD_IMAGE, &row.image) ||
        !loader_text(loader, FIELD_THUMBNAIL, &row.thumbnail) || !loader_id(loader, FIELD_CALL, &row.call_id) ||
        !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    if (!idset_has(loader->rooms, row.room_id) || !idset_has(loader->users, row.sender_id))
        return loader_skip(loader, "its room or sender is unknown",
                           "message %" PRIu64 " of user %" PRIu64 " in room %" PRIu64, row.message_id, row.sender_id,
                           row.room_id);
    if (type < 0 || type > MESSAGE_CALL)
        return loader_skip(loader, "its type is none of 1 to 3", "message %" PRIu64 " with type %" PRId64,
                           row.message_id, type);
    row.type = type_of(&row, type);
    row.is_revoked = loader_bool(loader, FIELD_REVOKED);
    if (row.is_revoked)
        row.text = row.image = row.thumbnail = "";
    const struct bulk_place place = loader_place(loader);
    return target_add_message(loader->bulk, &place, &row);
}

/* A JSON array of user ids, as the server writes it. */
static bool are_members(const char *text)
{
    json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    size_t count = json_array_size(array);
    bool is_right = count > 0 && count <= MEMBERS_MAX;
    for (size_t i = 0; i < count && is_right; i++) {
        const json_t *item = json_array_get(array, i);
        is_right = json_is_integer(item) && json_integer_value(item) > 0 &&
                   (uint64_t)json_integer_value(item) <= CONVERT_ID_MAX;
    }
    json_decref(array);
    return is_right;
}

/* Nothing runs it any more. */
static void end_call(struct loader *loader, struct call_row *row, int64_t status, int64_t reason)
{
    row->status = STATUS_END;
    row->end_reason = reason > 0 && reason <= REASON_MAX ? (int)reason : REASON_ERROR;
    if (status == STATUS_END)
        return;
    row->end_reason = REASON_ERROR;
    if (!row->end_us)
        row->end_us = loader->options->now_us;
    loader_changed(loader, "it had not ended: it is ended now, as an error", "call %" PRIu64, row->call_id);
}

static enum err add_call(struct loader *loader, struct call_row *row)
{
    char caller[32];
    if (!are_members(row->members)) {
        loader_changed(loader, "its members are no list of users: the caller alone is left", "call %" PRIu64,
                       row->call_id);
        snprintf(caller, sizeof(caller), "[%" PRIu64 "]", row->caller_id);
        row->members = caller;
    }
    bool is_in = false;
    enum err err = target_message_room(loader->db, row->message_id, &row->room_id);
    if (!err)
        err = target_add_call(loader->db, row, &is_in);
    return loader_added(loader, err, is_in);
}

enum err load_call(struct loader *loader)
{
    struct call_row row = {.node = ""};
    int64_t status;
    int64_t reason;
    if (!loader_own_id(loader, &row.call_id) || !loader_id(loader, FIELD_USER, &row.caller_id) ||
        !loader_id(loader, FIELD_MESSAGE, &row.message_id) || !loader_text(loader, FIELD_MEMBERS, &row.members) ||
        !loader_int(loader, FIELD_STATUS, &status) || !loader_int(loader, FIELD_REASON, &reason) ||
        !loader_time(loader, FIELD_START, &row.start_us) || !loader_time(loader, FIELD_END, &row.end_us) ||
        !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    if (!idset_has(loader->users, row.caller_id) || !idset_has(loader->messages, row.message_id))
        return loader_skip(loader, "its caller or message is unknown",
                           "call %" PRIu64 " of user %" PRIu64 " in message %" PRIu64, row.call_id, row.caller_id,
                           row.message_id);
    end_call(loader, &row, status, reason);
    return add_call(loader, &row);
}

enum err load_delivery(struct loader *loader)
{
    uint64_t delivery_id;
    uint64_t user_id;
    uint64_t message_id;
    int64_t created_us;
    int64_t updated_us;
    if (!loader_own_id(loader, &delivery_id) || !loader_id(loader, FIELD_USER, &user_id) ||
        !loader_id(loader, FIELD_MESSAGE, &message_id) || !loader_times(loader, &created_us, &updated_us))
        return ERR_OK;
    if (!idset_has(loader->users, user_id) || !idset_has(loader->messages, message_id))
        return loader_skip(loader, "its user or message is unknown",
                           "delivery %" PRIu64 " of message %" PRIu64 " to user %" PRIu64, delivery_id, message_id,
                           user_id);
    const struct bulk_place place = loader_place(loader);
    return target_add_delivery(loader->bulk, &place, delivery_id, user_id, message_id, created_us);
}
