/* Services of messages. db threads; the makers: web thread. */
#include "chat/message.h"

#include "base/clock.h"
#include "chat/deliver.h"
#include "chat/file.h"
#include "chat/json.h"
#include "chat/rights.h"

#define REVOKE_WITHIN_US (120 * (int64_t)US_PER_S)

/* Not the caller's, or none at all. */
static enum err refuse_contact(struct op *op, struct db *db, uint64_t contact_id)
{
    struct contact_row contact;
    enum err err = rights_contact(op, db, contact_id, &contact);
    if (err)
        return err;
    contact_row_clear(&contact);
    return ERR_NOT_FOUND;
}

static enum err send_inner(struct op *op, struct db *db)
{
    const struct message_send_args *args = op_args(op, struct message_send_args);
    if (!*args->text && !*args->image && !*args->thumbnail)
        return op_refuse(op, CHAT_EMPTY_MESSAGE);
    struct message_row message = {
        .sender_id = op->caller_id,
        .type = *args->text ? MESSAGE_TEXT : MESSAGE_IMAGE,
        .text = args->text,
        .image = args->image,
        .thumbnail = args->thumbnail,
        .created_us = clock_wall_us(),
    };
    enum err err = db_message_insert_to(db, args->contact_id, &message);
    if (err == ERR_NOT_FOUND)
        return refuse_contact(op, db, args->contact_id);
    if (!err)
        err = file_use(db, message.image);
    if (!err)
        err = deliver_summary(db, &message);
    struct deliver deliver = {
        .message = &message,
        .local_id = args->local_id,
        .is_new = true,
        .form = TIME_FRACTION,
    };
    if (!err)
        err = deliver_to_room(op, db, &deliver, message.created_us);
    if (err)
        return err;
    op->data = chat_json_message(&message, args->local_id, NULL, TIME_FRACTION);
    op_event(op, "message-sent",
             json_pack("{s:I, s:I, s:I}", "messageId", (json_int_t)message.message_id, "roomId",
                       (json_int_t)message.room_id, "senderId", (json_int_t)message.sender_id));
    return ERR_OK;
}

void message_send(struct op *op, struct db *db)
{
    op_end(op, send_inner(op, db));
}

struct op *message_send_op(struct chat *chat, uint64_t caller_id, const struct message_send_args *args)
{
    struct message_send_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, message_send, caller_id, copy);
    copy->local_id = op_keep(op, args->local_id);
    copy->text = op_keep(op, args->text);
    copy->image = op_keep(op, args->image);
    copy->thumbnail = op_keep(op, args->thumbnail);
    return op;
}

/* The caller's own message; unknown is as forbidden as somebody else's. */
static enum err get_own(struct op *op, struct db *db, uint64_t message_id, struct message_row *out)
{
    enum err err = db_message_get(db, message_id, out);
    if (err == ERR_NOT_FOUND)
        return op_refuse(op, CHAT_FORBIDDEN);
    if (err)
        return err;
    if (out->sender_id == op->caller_id)
        return ERR_OK;
    message_row_clear(out);
    return op_refuse(op, CHAT_FORBIDDEN);
}

/* Stores a change and hands it to the room. */
static enum err change(struct op *op, struct db *db, struct message_row *message)
{
    message->updated_us = clock_wall_us();
    enum err err = db_message_update(db, message);
    if (!err)
        err = deliver_summary(db, message);
    if (err)
        return err;
    struct deliver deliver = {.message = message, .form = TIME_SECONDS};
    return deliver_to_room(op, db, &deliver, message->updated_us);
}

static enum err delay_upload_inner(struct op *op, struct db *db)
{
    const struct message_delay_upload_args *args = op_args(op, struct message_delay_upload_args);
    struct message_row message;
    enum err err = get_own(op, db, args->message_id, &message);
    if (err)
        return err;
    if (message.type != MESSAGE_IMAGE || *message.image || message.is_revoked) {
        err = op_refuse(op, CHAT_FORBIDDEN);
    } else {
        message.image = args->image;
        err = change(op, db, &message);
        if (!err)
            err = file_use(db, message.image);
    }
    message_row_clear(&message);
    return err;
}

void message_delay_upload(struct op *op, struct db *db)
{
    op_end(op, delay_upload_inner(op, db));
}

struct op *message_delay_upload_op(struct chat *chat, uint64_t caller_id, const struct message_delay_upload_args *args)
{
    struct message_delay_upload_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, message_delay_upload, caller_id, copy);
    copy->image = op_keep(op, args->image);
    return op;
}

static enum err revoke_inner(struct op *op, struct db *db)
{
    struct message_row message;
    enum err err = get_own(op, db, op_args(op, struct message_revoke_args)->message_id, &message);
    if (err)
        return err;
    if (message.type == MESSAGE_CALL) {
        err = op_refuse(op, CHAT_FORBIDDEN);
    } else if (clock_wall_us() - message.created_us > REVOKE_WITHIN_US) {
        err = op_refuse(op, CHAT_TOO_LATE_TO_REVOKE);
    } else {
        const char *image = message.image;
        message.text = message.image = message.thumbnail = "";
        message.is_revoked = true;
        err = change(op, db, &message);
        if (!err)
            err = file_release(op, db, image);
    }
    message_row_clear(&message);
    return err;
}

void message_revoke(struct op *op, struct db *db)
{
    op_end(op, revoke_inner(op, db));
}

struct op *message_revoke_op(struct chat *chat, uint64_t caller_id, const struct message_revoke_args *args)
{
    return op_create(chat, DB_WRITE, message_revoke, caller_id, op_dup(args, sizeof(*args)));
}

/* Takes the rows. */
static enum err answer_rows(struct op *op, struct db *db, struct message_row *rows, size_t count)
{
    enum err err = ERR_OK;
    op->data = json_array();
    for (size_t i = 0; i < count && !err; i++) {
        json_t *call;
        err = deliver_call_json(db, &rows[i], &call);
        if (!err)
            json_array_append_new(op->data, chat_json_message(&rows[i], NULL, call, TIME_SECONDS));
    }
    message_rows_free(rows, count);
    return err;
}

static enum err list_inner(struct op *op, struct db *db)
{
    const struct message_list_args *args = op_args(op, struct message_list_args);
    struct contact_row contact;
    enum err err = rights_contact(op, db, args->contact_id, &contact);
    if (err)
        return err;
    uint64_t room_id = contact.room_id;
    contact_row_clear(&contact);
    uint64_t limit = args->limit ? args->limit : MESSAGE_LIST_DEFAULT;
    limit = limit < MESSAGE_LIST_MAX ? limit : MESSAGE_LIST_MAX;
    struct message_row *rows;
    size_t count;
    err = db_message_list(db, room_id, args->last_message_id, (int64_t)limit, &rows, &count);
    return err ? err : answer_rows(op, db, rows, count);
}

void message_list(struct op *op, struct db *db)
{
    op_end(op, list_inner(op, db));
}

struct op *message_list_op(struct chat *chat, uint64_t caller_id, const struct message_list_args *args)
{
    return op_create(chat, DB_READ, message_list, caller_id, op_dup(args, sizeof(*args)));
}

void message_sync(struct op *op, struct db *db)
{
    const struct message_sync_args *args = op_args(op, struct message_sync_args);
    struct delivery_range range = {
        .user_id = op->caller_id,
        .after = args->synced,
        .before = args->last,
        .limit = (int64_t)args->limit,
    };
    struct message_row *rows;
    size_t count;
    enum err err = db_delivery_list(db, &range, &rows, &count);
    if (!err)
        err = answer_rows(op, db, rows, count);
    op_end(op, err);
}

struct op *message_sync_op(struct chat *chat, uint64_t caller_id, const struct message_sync_args *args)
{
    return op_create(chat, DB_READ, message_sync, caller_id, op_dup(args, sizeof(*args)));
}
