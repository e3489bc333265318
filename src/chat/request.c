/* Services of contact requests. db threads; the makers: web thread. */
#include <stdlib.h>

#include "base/clock.h"
#include "chat/contact.h"
#include "chat/json.h"
#include "store/contact.h"
#include "store/request.h"
#include "store/room.h"
#include "store/user.h"

#define REQUEST_LIFE_US (24 * 3600 * (int64_t)US_PER_S)

/* The contract's order: oneself, contact already, no such user, pending either way. */
static enum err check_request(struct op *op, struct db *db, uint64_t user_id, int64_t now_us)
{
    if (user_id == op->caller_id)
        return op_refuse(op, CHAT_INTERNAL);
    uint64_t contact_id;
    enum err err = db_contact_find(db, op->caller_id, user_id, &contact_id);
    if (!err)
        return op_refuse(op, CHAT_CONTACT_EXISTS);
    if (err != ERR_NOT_FOUND)
        return err;
    struct user_row user;
    err = db_user_get(db, user_id, &user);
    if (err == ERR_NOT_FOUND)
        return op_refuse(op, CHAT_USER_MISSING);
    if (err)
        return err;
    user_row_clear(&user);
    struct request_row pending;
    err = db_request_find_pending(db, op->caller_id, user_id, now_us, &pending);
    if (!err)
        return op_refuse(op, CHAT_REQUEST_EXISTS);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err request_inner(struct op *op, struct db *db)
{
    uint64_t user_id = op_args(op, struct contact_request_args)->user_id;
    int64_t now_us = clock_wall_us();
    enum err err = check_request(op, db, user_id, now_us);
    /* An expired one would still stand in the way of the rule "one pending request a pair". */
    if (!err)
        err = db_request_expire(db, now_us);
    if (err)
        return err;
    struct request_row row = {
        .requester_id = op->caller_id,
        .user_id = user_id,
        .expire_us = now_us + REQUEST_LIFE_US,
        .created_us = now_us,
        .updated_us = now_us,
    };
    err = db_request_insert(db, &row);
    if (err == ERR_EXISTS)
        return op_refuse(op, CHAT_REQUEST_EXISTS);
    if (err)
        return err;
    op->data = chat_json_request(&row, TIME_FRACTION);
    op_notify(op, user_id, NOTICE_REQUEST, chat_json_request(&row, TIME_FRACTION));
    return ERR_OK;
}

void contact_request(struct op *op, struct db *db)
{
    op_end(op, request_inner(op, db));
}

struct op *contact_request_op(struct chat *chat, uint64_t caller_id, const struct contact_request_args *args)
{
    return op_create(chat, DB_WRITE, contact_request, caller_id, op_dup(args, sizeof(*args)));
}

/* The request that the caller may answer. */
static enum err get_answerable(struct op *op, struct db *db, struct request_row *row)
{
    enum err err = db_request_get(db, op_args(op, struct contact_answer_args)->request_id, row);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (err || row->user_id != op->caller_id)
        return op_refuse(op, CHAT_REQUEST_MISSING);
    if (row->status == REQUEST_EXPIRED || row->expire_us <= clock_wall_us())
        return op_refuse(op, CHAT_REQUEST_EXPIRED);
    if (row->status != REQUEST_PENDING)
        return op_refuse(op, CHAT_REQUEST_STATE);
    return ERR_OK;
}

static enum err add_contact(struct op *op, struct db *db, struct contact_row *row)
{
    enum err err = db_contact_insert(db, row);
    if (err == ERR_EXISTS)
        return op_refuse(op, CHAT_CONTACT_EXISTS);
    if (!err)
        op_notify(op, row->owner_id, NOTICE_CONTACT, chat_json_contact(row));
    return err;
}

static enum err accept_inner(struct op *op, struct db *db)
{
    struct request_row request;
    enum err err = get_answerable(op, db, &request);
    if (err)
        return err;
    int64_t now_us = clock_wall_us();
    char name[ROOM_NAME_MAX];
    room_pair_name(name, request.requester_id, request.user_id);
    uint64_t room_id = 0;
    err = db_room_ensure(db, name, now_us, &room_id);
    if (err)
        return err;
    struct contact_row rows[2] = {
        {.owner_id = request.requester_id, .user_id = request.user_id, .room_id = room_id, .created_us = now_us},
        {.owner_id = request.user_id, .user_id = request.requester_id, .room_id = room_id, .created_us = now_us},
    };
    for (int i = 0; i < 2 && !err; i++)
        err = add_contact(op, db, &rows[i]);
    if (!err)
        err = db_request_set_status(db, request.request_id, REQUEST_ACCEPTED, now_us);
    return err;
}

void contact_accept(struct op *op, struct db *db)
{
    op_end(op, accept_inner(op, db));
}

struct op *contact_accept_op(struct chat *chat, uint64_t caller_id, const struct contact_answer_args *args)
{
    return op_create(chat, DB_WRITE, contact_accept, caller_id, op_dup(args, sizeof(*args)));
}

void contact_reject(struct op *op, struct db *db)
{
    struct request_row request;
    enum err err = get_answerable(op, db, &request);
    if (!err)
        err = db_request_set_status(db, request.request_id, REQUEST_REJECTED, clock_wall_us());
    op_end(op, err);
}

struct op *contact_reject_op(struct chat *chat, uint64_t caller_id, const struct contact_answer_args *args)
{
    return op_create(chat, DB_WRITE, contact_reject, caller_id, op_dup(args, sizeof(*args)));
}

void contact_pending(struct op *op, struct db *db)
{
    struct request_row *rows;
    size_t count;
    enum err err = db_request_list(db, op->caller_id, clock_wall_us(), &rows, &count);
    if (err) {
        op_fail_err(op, err);
        return;
    }
    op->data = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(op->data, chat_json_request(&rows[i], TIME_SECONDS));
    free(rows);
}

struct op *contact_pending_op(struct chat *chat, uint64_t caller_id)
{
    return op_create(chat, DB_READ, contact_pending, caller_id, NULL);
}
