/* The calls table. */
#include "store/call.h"

#include <stdlib.h>
#include <string.h>

#include "store/row.h"

void call_row_clear(struct call_row *row)
{
    free(row->owned);
    memset(row, 0, sizeof(*row));
}

enum err db_call_insert(struct db *db, struct call_row *row)
{
    int64_t id;
    enum err err = db_get_i64(db, &id,
                              "insert into calls (caller_id, message_id, room_id, members, status, node, created_at,"
                              " updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7) returning call_id",
                              "iiisisi", (int64_t)row->caller_id, (int64_t)row->message_id, (int64_t)row->room_id,
                              row->members, (int64_t)row->status, row->node, row->created_us);
    if (err)
        return err;
    row->call_id = (uint64_t)id;
    row->updated_us = row->created_us;
    return ERR_OK;
}

static void read_row(const struct db_rows *rows, struct call_row *out)
{
    out->call_id = (uint64_t)db_i64(rows, 0);
    out->caller_id = (uint64_t)db_i64(rows, 1);
    out->message_id = (uint64_t)db_i64(rows, 2);
    out->room_id = (uint64_t)db_i64(rows, 3);
    out->status = (int)db_i64(rows, 5);
    out->start_us = db_i64(rows, 6);
    out->end_us = db_i64(rows, 7);
    out->end_reason = (int)db_i64(rows, 8);
    out->created_us = db_i64(rows, 10);
    out->updated_us = db_i64(rows, 11);
    out->members = db_text(rows, 4);
    out->node = db_text(rows, 9);
    out->owned = ROW_OWN(&out->members, &out->node);
}

enum err db_call_get(struct db *db, uint64_t call_id, struct call_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select call_id, caller_id, message_id, room_id, members, status, start_at, end_at,"
                            " end_reason, node, created_at, updated_at from calls where call_id = $1",
                            "i", (int64_t)call_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found)
        read_row(rows, out);
    err = db_rows_done(rows);
    if (err && is_found)
        call_row_clear(out);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_call_update(struct db *db, const struct call_row *row)
{
    return db_exec(db, NULL,
                   "update calls set status = $2, start_at = $3, end_at = $4, end_reason = $5, updated_at = $6"
                   " where call_id = $1",
                   "iiIIii", (int64_t)row->call_id, (int64_t)row->status, row->start_us ? &row->start_us : NULL,
                   row->end_us ? &row->end_us : NULL, (int64_t)row->end_reason, row->updated_us);
}

/* Takes the rows. */
static enum err read_ids(struct db_rows *rows, uint64_t **out, size_t *count)
{
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        *(uint64_t *)row_add(&items, &n, sizeof(uint64_t)) = (uint64_t)db_i64(rows, 0);
    enum err err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_call_list_of_node(struct db *db, const char *node, uint64_t **out, size_t *count)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows, "select call_id from calls where node = $1 and status <> 4 order by call_id", "s", node);
    return err ? err : read_ids(rows, out, count);
}

enum err db_call_list_of_nobody(struct db *db, uint64_t **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select call_id from calls where status <> 4"
                            " and not exists (select 1 from nodes where nodes.node = calls.node) order by call_id",
                            "");
    return err ? err : read_ids(rows, out, count);
}
