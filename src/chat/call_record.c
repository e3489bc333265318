/* Services of stored calls. db threads; the makers: web thread. */
#include "chat/call_record.h"
#include "chat/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chat/deliver.h"
#include "chat/json.h"
#include "chat/rights.h"
#include "store/call.h"
#include "store/node.h"
#include "store/room.h"

/* What stands behind op->result. */
struct record {
    struct call_record call; /* first */
    struct user_row *users;
    size_t user_count;
};

static void free_record(void *result)
{
    struct record *record = result;
    if (!record)
        return;
    user_rows_free(record->users, record->user_count);
    free(record->call.members);
    free(record->call.room_members);
    free(record);
}

/* Members and their names, the room's members. Users who are gone are left out. */
static enum err set_result(struct op *op, struct db *db, const struct call_row *row, const uint64_t *ids, size_t count)
{
    struct record *record = mem_calloc(1, sizeof(*record));
    struct call_record *call = &record->call;
    op->result = record;
    op->free_result = free_record;
    call->call_id = row->call_id;
    call->caller_id = row->caller_id;
    call->message_id = row->message_id;
    call->room_id = row->room_id;
    call->status = (enum call_status)row->status;
    call->start_us = row->start_us;
    call->end_us = row->end_us;
    call->end_reason = (enum call_end_reason)row->end_reason;
    enum err err = db_users_get(db, ids, count, &record->users);
    if (err)
        return err;
    record->user_count = count;
    call->members = mem_calloc(count ? count : 1, sizeof(*call->members));
    for (size_t i = 0; i < count; i++) {
        const struct user_row *user = &record->users[i];
        if (!user->user_id)
            continue;
        call->members[call->member_count++] =
            (struct call_record_member){.user_id = user->user_id, .nickname = user->nickname, .avatar = user->avatar};
    }
    return db_room_members(db, row->room_id, &call->room_members, &call->room_member_count);
}

/* Create */

static bool has_user(const uint64_t *users, size_t count, uint64_t user_id)
{
    for (size_t i = 0; i < count; i++)
        if (users[i] == user_id)
            return true;
    return false;
}

/* A pair: exactly the other; a group: members of it. */
static enum err check_members(struct op *op, struct db *db, const struct contact_row *contact)
{
    const struct call_record_create_args *args = op_args(op, struct call_record_create_args);
    if (!contact->group_id) {
        bool is_other = args->count == 1 && args->user_ids[0] == contact->user_id;
        return is_other ? ERR_OK : op_refuse(op, CHAT_FORBIDDEN);
    }
    uint64_t *members;
    size_t count;
    enum err err = db_group_members(db, contact->group_id, &members, &count);
    if (err)
        return err;
    for (size_t i = 0; i < args->count && !err; i++)
        if (!has_user(members, count, args->user_ids[i]))
            err = op_refuse(op, CHAT_FORBIDDEN);
    free(members);
    if (!err && has_user(args->user_ids, args->count, op->caller_id))
        err = op_refuse(op, CHAT_BAD_REQUEST);
    return err;
}

/* The caller, then the users, each once; malloc'd. */
static uint64_t *list_members(const struct op *op, size_t *count)
{
    const struct call_record_create_args *args = op_args(op, struct call_record_create_args);
    uint64_t *users = mem_calloc(args->count + 1, sizeof(*users));
    users[0] = op->caller_id;
    *count = 1;
    for (size_t i = 0; i < args->count; i++)
        if (!has_user(users, *count, args->user_ids[i]))
            users[(*count)++] = args->user_ids[i];
    return users;
}

/* "[1,2,3]", malloc'd. */
static char *members_text(const uint64_t *users, size_t count)
{
    struct text text = {0};
    for (size_t i = 0; i < count; i++)
        text_addf(&text, "%c%llu", i ? ',' : '[', (unsigned long long)users[i]);
    text_add(&text, "]");
    return text_take(&text);
}

static enum err store_call(struct op *op, struct db *db, struct call_row *row)
{
    struct message_row message = {
        .room_id = row->room_id,
        .sender_id = op->caller_id,
        .type = MESSAGE_CALL,
        .text = "",
        .image = "",
        .thumbnail = "",
        .created_us = row->created_us,
    };
    enum err err = db_message_insert(db, &message);
    if (err)
        return err;
    row->message_id = message.message_id;
    err = db_call_insert(db, row);
    message.call_id = row->call_id;
    if (!err)
        err = db_message_update(db, &message);
    if (!err)
        err = deliver_summary(db, &message);
    struct deliver deliver = {.message = &message, .call = row, .form = TIME_SECONDS};
    return err ? err : deliver_to_room(op, db, &deliver, row->created_us);
}

static enum err create_checked(struct op *op, struct db *db, uint64_t room_id)
{
    const struct call_record_create_args *args = op_args(op, struct call_record_create_args);
    size_t count;
    uint64_t *users = list_members(op, &count);
    char *members = members_text(users, count);
    struct call_row row = {
        .caller_id = op->caller_id,
        .room_id = room_id,
        .members = members,
        .status = CALL_NEW,
        .node = args->node,
        .created_us = clock_wall_us(),
    };
    enum err err = store_call(op, db, &row);
    if (!err)
        err = set_result(op, db, &row, users, count);
    if (!err) {
        op->data = json_integer((json_int_t)row.call_id);
        op_event(op, "call-created",
                 json_pack("{s:I, s:I}", "callId", (json_int_t)row.call_id, "callerId", (json_int_t)row.caller_id));
    }
    free(members);
    free(users);
    return err;
}

static enum err create_inner(struct op *op, struct db *db)
{
    const struct call_record_create_args *args = op_args(op, struct call_record_create_args);
    if (args->count == 0)
        return op_refuse(op, CALL_TOO_FEW);
    struct contact_row contact;
    enum err err = rights_contact(op, db, args->contact_id, &contact);
    if (err)
        return err;
    err = check_members(op, db, &contact);
    uint64_t room_id = contact.room_id;
    contact_row_clear(&contact);
    return err ? err : create_checked(op, db, room_id);
}

void call_record_create(struct op *op, struct db *db)
{
    op_end(op, create_inner(op, db));
}

struct op *call_record_create_op(struct chat *chat, uint64_t caller_id, const struct call_record_create_args *args)
{
    struct call_record_create_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, call_record_create, caller_id, copy);
    copy->node = op_keep(op, args->node ? args->node : chat->node);
    copy->user_ids = op_keep_bytes(op, args->user_ids, args->count * sizeof(*args->user_ids));
    return op;
}

/* Update */

/* Stores the row and hands its message to the room again. */
static enum err redeliver(struct op *op, struct db *db, struct call_row *row, const uint64_t *handled, size_t count)
{
    row->updated_us = clock_wall_us();
    enum err err = db_call_update(db, row);
    if (err)
        return err;
    struct message_row message;
    err = db_message_get(db, row->message_id, &message);
    if (err)
        return err;
    struct deliver deliver = {
        .message = &message,
        .call = row,
        .handled = handled,
        .handled_count = count,
        .form = TIME_SECONDS,
    };
    err = deliver_to_room(op, db, &deliver, row->updated_us);
    message_row_clear(&message);
    if (!err && row->status == CALL_ACTIVE)
        op_event(op, "call-started", chat_json_call(row));
    else if (!err && row->status == CALL_END)
        op_event(op, "call-ended", chat_json_call(row));
    return err;
}

static enum err get_call(struct op *op, struct db *db, uint64_t call_id, struct call_row *row)
{
    enum err err = db_call_get(db, call_id, row);
    return err == ERR_NOT_FOUND ? op_refuse(op, CALL_MISSING) : err;
}

static enum err update_inner(struct op *op, struct db *db)
{
    const struct call_record_update_args *args = op_args(op, struct call_record_update_args);
    struct call_row row;
    enum err err = get_call(op, db, args->call_id, &row);
    if (err)
        return err;
    row.status = (int)args->status;
    row.start_us = args->start_us;
    row.end_us = args->end_us;
    row.end_reason = (int)args->end_reason;
    err = redeliver(op, db, &row, args->handled, args->handled_count);
    call_row_clear(&row);
    return err;
}

void call_record_update(struct op *op, struct db *db)
{
    op_end(op, update_inner(op, db));
}

struct op *call_record_update_op(struct chat *chat, const struct call_record_update_args *args)
{
    struct call_record_update_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, call_record_update, 0, copy);
    copy->handled = op_keep_bytes(op, args->handled, args->handled_count * sizeof(*args->handled));
    return op;
}

/* Get */

/* Ids of the members text; malloc'd. We wrote it ourselves, so nothing else is in it. */
static uint64_t *parse_members(const char *text, size_t *count)
{
    json_t *array = json_loads(text, 0, NULL);
    size_t n = json_array_size(array);
    uint64_t *users = mem_calloc(n ? n : 1, sizeof(*users));
    for (size_t i = 0; i < n; i++)
        users[i] = (uint64_t)json_integer_value(json_array_get(array, i));
    json_decref(array);
    *count = n;
    return users;
}

static enum err get_inner(struct op *op, struct db *db)
{
    struct call_row row;
    enum err err = get_call(op, db, op_args(op, struct call_record_get_args)->call_id, &row);
    if (err)
        return err;
    size_t count;
    uint64_t *users = parse_members(row.members, &count);
    if (!has_user(users, count, op->caller_id))
        err = op_refuse(op, CHAT_FORBIDDEN);
    else
        err = set_result(op, db, &row, users, count);
    if (!err)
        op->data = chat_json_call(&row);
    free(users);
    call_row_clear(&row);
    return err;
}

void call_record_get(struct op *op, struct db *db)
{
    op_end(op, get_inner(op, db));
}

struct op *call_record_get_op(struct chat *chat, uint64_t caller_id, const struct call_record_get_args *args)
{
    return op_create(chat, DB_READ, call_record_get, caller_id, op_dup(args, sizeof(*args)));
}

/* Orphans */

static enum err end_orphan(struct op *op, struct db *db, uint64_t call_id)
{
    struct call_row row;
    enum err err = db_call_get(db, call_id, &row);
    if (err)
        return err;
    row.status = CALL_END;
    row.end_us = clock_wall_us();
    row.end_reason = CALL_END_ERROR;
    err = redeliver(op, db, &row, NULL, 0);
    call_row_clear(&row);
    return err;
}

/* Takes the ids; adds to *ended. */
static enum err end_all(struct op *op, struct db *db, uint64_t *calls, size_t count, size_t *ended)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && !err; i++)
        err = end_orphan(op, db, calls[i]);
    free(calls);
    *ended += count;
    return err;
}

static enum err end_orphans(struct op *op, struct db *db, size_t *ended)
{
    const struct call_record_orphans_args *args = op_args(op, struct call_record_orphans_args);
    int64_t now_us = clock_wall_us();
    uint64_t *calls;
    size_t count;
    enum err err = db_node_put(db, args->node, now_us);
    if (!err)
        err = db_node_prune(db, now_us - CALL_RECORD_SILENCE_US);
    if (!err)
        err = db_call_list_of_nobody(db, &calls, &count);
    if (!err)
        err = end_all(op, db, calls, count, ended);
    if (err || !args->is_start)
        return err;
    err = db_call_list_of_node(db, args->node, &calls, &count);
    return err ? err : end_all(op, db, calls, count, ended);
}

void call_record_end_orphans(struct op *op, struct db *db)
{
    size_t ended = 0;
    enum err err = end_orphans(op, db, &ended);
    if (!err)
        op->data = json_integer((json_int_t)ended);
    op_end(op, err);
}

struct op *call_record_end_orphans_op(struct chat *chat, const struct call_record_orphans_args *args)
{
    struct call_record_orphans_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, call_record_end_orphans, 0, copy);
    copy->node = op_keep(op, args->node ? args->node : chat->node);
    return op;
}
