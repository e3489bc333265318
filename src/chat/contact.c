/* Services of contacts. db threads; the makers: web thread. */
#include "chat/contact.h"

#include <stdlib.h>

#include "chat/json.h"
#include "chat/rights.h"

enum err rights_contact(struct op *op, struct db *db, uint64_t contact_id, struct contact_row *out)
{
    enum err err = db_contact_get(db, contact_id, out);
    if (err == ERR_NOT_FOUND)
        return op_refuse(op, CHAT_CONTACT_MISSING);
    if (err)
        return err;
    if (out->owner_id == op->caller_id)
        return ERR_OK;
    contact_row_clear(out);
    return op_refuse(op, CHAT_FORBIDDEN);
}

void contact_list(struct op *op, struct db *db)
{
    struct contact_row *rows;
    size_t count;
    enum err err = db_contact_list(db, op->caller_id, &rows, &count);
    if (err) {
        op_fail_err(op, err);
        return;
    }
    op->data = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(op->data, chat_json_contact(&rows[i]));
    contact_rows_free(rows, count);
}

struct op *contact_list_op(struct chat *chat, uint64_t caller_id)
{
    return op_create(chat, DB_READ, contact_list, caller_id, NULL);
}

static enum err add_users(struct op *op, struct db *db, const uint64_t *ids, size_t count)
{
    struct user_row *rows;
    enum err err = db_users_get(db, ids, count, &rows);
    if (err)
        return err;
    op->data = json_array();
    for (size_t i = 0; i < count; i++)
        if (rows[i].user_id)
            json_array_append_new(op->data, chat_json_user(&rows[i]));
    user_rows_free(rows, count);
    return ERR_OK;
}

static enum err members_inner(struct op *op, struct db *db)
{
    struct contact_row contact;
    enum err err = rights_contact(op, db, op_args(op, struct contact_members_args)->contact_id, &contact);
    if (err)
        return err;
    uint64_t pair[2] = {contact.owner_id, contact.user_id};
    uint64_t group_id = contact.group_id;
    contact_row_clear(&contact);
    if (!group_id)
        return add_users(op, db, pair, 2);
    uint64_t *ids;
    size_t count;
    err = db_group_members(db, group_id, &ids, &count);
    if (err)
        return err;
    err = add_users(op, db, ids, count);
    free(ids);
    return err;
}

void contact_members(struct op *op, struct db *db)
{
    op_end(op, members_inner(op, db));
}

struct op *contact_members_op(struct chat *chat, uint64_t caller_id, const struct contact_members_args *args)
{
    return op_create(chat, DB_READ, contact_members, caller_id, op_dup(args, sizeof(*args)));
}
