/* Services of groups. db threads; the makers: web thread. */
#include "base/clock.h"
#include "chat/contact.h"
#include "chat/file.h"
#include "chat/json.h"
#include "chat/rights.h"

/* The users behind the contacts, each once, after the caller. users: room for args->count + 1. */
static enum err collect_users(struct op *op, struct db *db, const struct group_create_args *args, uint64_t *users,
                              size_t *count)
{
    users[0] = op->caller_id;
    *count = 1;
    for (size_t i = 0; i < args->count; i++) {
        struct contact_row contact;
        enum err err = rights_contact(op, db, args->contact_ids[i], &contact);
        if (err)
            return err;
        uint64_t user_id = contact.user_id;
        contact_row_clear(&contact);
        if (!user_id)
            return op_refuse(op, CHAT_BAD_REQUEST);
        size_t at = 0;
        while (at < *count && users[at] != user_id)
            at++;
        if (at == *count)
            users[(*count)++] = user_id;
    }
    return ERR_OK;
}

static enum err add_member(struct op *op, struct db *db, const struct group_row *group, uint64_t user_id)
{
    enum err err = db_group_add_member(db, group->group_id, user_id, group->created_us);
    if (err)
        return err;
    struct contact_row contact = {
        .owner_id = user_id,
        .group_id = group->group_id,
        .room_id = group->room_id,
        .created_us = group->created_us,
    };
    err = db_contact_insert(db, &contact);
    if (!err)
        op_notify(op, user_id, NOTICE_CONTACT, chat_json_contact(&contact));
    return err;
}

static enum err create_inner(struct op *op, struct db *db)
{
    const struct group_create_args *args = op_args(op, struct group_create_args);
    uint64_t users[GROUP_CONTACTS_MAX + 1];
    size_t count;
    if (args->count > GROUP_CONTACTS_MAX)
        return op_refuse(op, CHAT_BAD_REQUEST);
    enum err err = collect_users(op, db, args, users, &count);
    if (err)
        return err;
    struct group_row group = {
        .owner_id = op->caller_id,
        .name = args->name,
        .avatar = args->avatar,
        .created_us = clock_wall_us(),
    };
    err = db_group_insert(db, &group);
    if (!err)
        err = file_use(db, group.avatar);
    for (size_t i = 0; i < count && !err; i++)
        err = add_member(op, db, &group, users[i]);
    if (!err)
        op_event(op, "group-created",
                 json_pack("{s:I, s:I}", "groupId", (json_int_t)group.group_id, "ownerId", (json_int_t)group.owner_id));
    return err;
}

void group_create(struct op *op, struct db *db)
{
    op_end(op, create_inner(op, db));
}

struct op *group_create_op(struct chat *chat, uint64_t caller_id, const struct group_create_args *args)
{
    struct group_create_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, group_create, caller_id, copy);
    copy->name = op_keep(op, args->name);
    copy->avatar = op_keep(op, args->avatar);
    copy->contact_ids = op_keep_bytes(op, args->contact_ids, args->count * sizeof(*args->contact_ids));
    return op;
}

/* Of no group that the caller is not in: null, as of one that is not there. */
static enum err add_info(struct op *op, struct db *db, uint64_t group_id)
{
    bool is_member;
    struct group_row row;
    enum err err = db_group_has_member(db, group_id, op->caller_id, &is_member);
    if (!err)
        err = is_member ? db_group_get(db, group_id, &row) : ERR_NOT_FOUND;
    if (err && err != ERR_NOT_FOUND)
        return err;
    json_array_append_new(op->data, err ? json_null() : chat_json_group(&row));
    if (!err)
        group_row_clear(&row);
    return ERR_OK;
}

void group_infos(struct op *op, struct db *db)
{
    const struct group_infos_args *args = op_args(op, struct group_infos_args);
    op->data = json_array();
    enum err err = ERR_OK;
    for (size_t i = 0; i < args->count && !err; i++)
        err = add_info(op, db, args->ids[i]);
    op_end(op, err);
}

struct op *group_infos_op(struct chat *chat, uint64_t caller_id, const struct group_infos_args *args)
{
    struct group_infos_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_READ, group_infos, caller_id, copy);
    copy->ids = op_keep_bytes(op, args->ids, args->count * sizeof(*args->ids));
    return op;
}
