/* The messages table. */
#include "store/message.h"

#include <stdlib.h>
#include <string.h>

#include "store/message_row.h"
#include "store/row.h"

void message_row_clear(struct message_row *row)
{
    free(row->owned);
    memset(row, 0, sizeof(*row));
}

void message_rows_free(struct message_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].owned);
    free(rows);
}

void message_row_read(const struct db_rows *rows, struct message_row *out)
{
    out->message_id = (uint64_t)db_i64(rows, 0);
    out->room_id = (uint64_t)db_i64(rows, 1);
    out->sender_id = (uint64_t)db_i64(rows, 2);
    out->type = (enum message_type)db_i64(rows, 3);
    out->call_id = (uint64_t)db_i64(rows, 7);
    out->is_revoked = db_i64(rows, 8) != 0;
    out->created_us = db_i64(rows, 9);
    out->updated_us = db_i64(rows, 10);
    out->delivery_id = (uint64_t)db_i64(rows, 11);
    out->text = db_text(rows, 4);
    out->image = db_text(rows, 5);
    out->thumbnail = db_text(rows, 6);
    out->owned = ROW_OWN(&out->text, &out->image, &out->thumbnail);
}

enum err message_rows_read(struct db_rows *rows, struct message_row **out, size_t *count)
{
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        message_row_read(rows, row_add(&items, &n, sizeof(struct message_row)));
    enum err err = db_rows_done(rows);
    if (err) {
        message_rows_free(items, n);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_message_insert(struct db *db, struct message_row *row)
{
    int64_t id;
    enum err err = db_get_i64(db, &id,
                              "insert into messages (room_id, sender_id, type, text, image, thumbnail, call_id,"
                              " revoked, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8)"
                              " returning message_id",
                              "iiisssii", (int64_t)row->room_id, (int64_t)row->sender_id, (int64_t)row->type, row->text,
                              row->image, row->thumbnail, (int64_t)row->call_id, row->created_us);
    if (err)
        return err;
    row->message_id = (uint64_t)id;
    row->updated_us = row->created_us;
    return ERR_OK;
}

enum err db_message_insert_to(struct db *db, uint64_t contact_id, struct message_row *row)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "insert into messages (room_id, sender_id, type, text, image, thumbnail, call_id, revoked,"
                            " created_at, updated_at) select room_id, owner_id, $3, $4, $5, $6, 0, 0, $7, $7"
                            " from contacts where contact_id = $1 and owner_id = $2 returning message_id, room_id",
                            "iiisssi", (int64_t)contact_id, (int64_t)row->sender_id, (int64_t)row->type, row->text,
                            row->image, row->thumbnail, row->created_us);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found) {
        row->message_id = (uint64_t)db_i64(rows, 0);
        row->room_id = (uint64_t)db_i64(rows, 1);
        row->updated_us = row->created_us;
    }
    err = db_rows_done(rows);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_message_get(struct db *db, uint64_t message_id, struct message_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select " MESSAGE_COLUMNS ", 0 from messages m where m.message_id = $1", "i",
                            (int64_t)message_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found)
        message_row_read(rows, out);
    err = db_rows_done(rows);
    if (err && is_found)
        message_row_clear(out);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_message_update(struct db *db, const struct message_row *row)
{
    return db_exec(db, NULL,
                   "update messages set text = $2, image = $3, thumbnail = $4, call_id = $5, revoked = $6,"
                   " updated_at = $7 where message_id = $1",
                   "isssiii", (int64_t)row->message_id, row->text, row->image, row->thumbnail, (int64_t)row->call_id,
                   (int64_t)row->is_revoked, row->updated_us);
}

static void reverse(struct message_row *rows, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct message_row other = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = other;
    }
}

enum err db_message_list(struct db *db, uint64_t room_id, uint64_t before, int64_t limit, struct message_row **out,
                         size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select " MESSAGE_COLUMNS ", 0 from messages m where m.room_id = $1 and m.message_id < $2"
                            " order by m.message_id desc limit $3",
                            "iii", (int64_t)room_id, before ? (int64_t)before : INT64_MAX, limit);
    if (!err)
        err = message_rows_read(rows, out, count);
    if (!err)
        reverse(*out, *count);
    return err;
}
