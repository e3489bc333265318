/* The contacts table. */
#include "store/contact.h"

#include <stdlib.h>
#include <string.h>

#include "store/contact_last.h"
#include "store/room.h"
#include "store/row.h"

/* What a room's last message is shows who was a member then. */
#define SEEN(column, otherwise) "case when r.last_message_id > c.joined_after then r." column " else " otherwise " end"
#define LAST_ID SEEN("last_message_id", "0")
#define LAST_AT SEEN("last_message_at", "null")
#define LAST_CONTENT SEEN("last_message_content", "''")
#define SELECT                                                                                                         \
    "select c.contact_id, c.owner_id, c.user_id, c.group_id, c.room_id, c.status, " LAST_ID ", " LAST_AT               \
    ", " LAST_CONTENT ", c.created_at, c.updated_at from contacts c join rooms r on r.room_id = c.room_id"

void contact_row_clear(struct contact_row *row)
{
    free(row->owned);
    memset(row, 0, sizeof(*row));
}

void contact_rows_free(struct contact_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].owned);
    free(rows);
}

static void read_row(const struct db_rows *rows, struct contact_row *out)
{
    out->contact_id = (uint64_t)db_i64(rows, 0);
    out->owner_id = (uint64_t)db_i64(rows, 1);
    out->user_id = (uint64_t)db_i64(rows, 2);
    out->group_id = (uint64_t)db_i64(rows, 3);
    out->room_id = (uint64_t)db_i64(rows, 4);
    out->status = (int)db_i64(rows, 5);
    out->last_message_id = (uint64_t)db_i64(rows, 6);
    out->last_message_us = db_i64(rows, 7);
    out->last_message_content = db_text(rows, 8);
    out->created_us = db_i64(rows, 9);
    out->updated_us = db_i64(rows, 10);
    out->owned = ROW_OWN(&out->last_message_content);
}

enum err db_contact_insert(struct db *db, struct contact_row *row)
{
    int64_t id;
    int64_t user_id = (int64_t)row->user_id;
    int64_t group_id = (int64_t)row->group_id;
    db_members_forget(db);
    enum err err = contact_lasts_write(db, false); /* of messages before it, which it is not to show */
    if (err)
        return err;
    err = db_get_i64(db, &id,
                     "insert into contacts (owner_id, user_id, group_id, room_id, status, created_at,"
                     " updated_at, delivered_after, joined_after) values ($1, $2, $3, $4, $5, $6, $6,"
                     " (select coalesce(max(delivery_id), 0) from room_deliveries where room_id = $4),"
                     " coalesce((select last_message_id from rooms where room_id = $4), 0))"
                     " returning contact_id",
                     "iIIiii", (int64_t)row->owner_id, user_id ? &user_id : NULL, group_id ? &group_id : NULL,
                     (int64_t)row->room_id, (int64_t)CONTACT_NORMAL, row->created_us);
    if (err)
        return err;
    row->contact_id = (uint64_t)id;
    row->status = CONTACT_NORMAL;
    row->updated_us = row->created_us;
    return ERR_OK;
}

enum err db_contact_get(struct db *db, uint64_t contact_id, struct contact_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, SELECT " where c.contact_id = $1", "i", (int64_t)contact_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found)
        read_row(rows, out);
    err = db_rows_done(rows);
    if (err && is_found)
        contact_row_clear(out);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_contact_find(struct db *db, uint64_t owner_id, uint64_t user_id, uint64_t *contact_id)
{
    int64_t id;
    enum err err = db_get_i64(db, &id, "select contact_id from contacts where owner_id = $1 and user_id = $2", "ii",
                              (int64_t)owner_id, (int64_t)user_id);
    if (!err)
        *contact_id = (uint64_t)id;
    return err;
}

enum err db_contact_list(struct db *db, uint64_t owner_id, struct contact_row **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, SELECT " where c.owner_id = $1 order by c.updated_at desc, c.contact_id desc",
                            "i", (int64_t)owner_id);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        read_row(rows, row_add(&items, &n, sizeof(struct contact_row)));
    err = db_rows_done(rows);
    if (err) {
        contact_rows_free(items, n);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_contact_set_last(struct db *db, uint64_t room_id, uint64_t message_id, int64_t message_us,
                             const char *content)
{
    struct contact_last last = {.room_id = room_id, .message_id = message_id, .message_us = message_us};
    return contact_lasts_put(db, &last, content);
}
