/* The contact_requests table. */
#include "store/request.h"

#include <stdlib.h>

#include "store/room.h"
#include "store/row.h"

#define COLUMNS "request_id, requester_id, user_id, status, expire_at, created_at, updated_at"

static void read_row(const struct db_rows *rows, struct request_row *out)
{
    out->request_id = (uint64_t)db_i64(rows, 0);
    out->requester_id = (uint64_t)db_i64(rows, 1);
    out->user_id = (uint64_t)db_i64(rows, 2);
    out->status = (enum request_status)db_i64(rows, 3);
    out->expire_us = db_i64(rows, 4);
    out->created_us = db_i64(rows, 5);
    out->updated_us = db_i64(rows, 6);
}

static enum err read_one(struct db_rows *rows, struct request_row *out)
{
    bool is_found = db_next(rows);
    if (is_found)
        read_row(rows, out);
    enum err err = db_rows_done(rows);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_request_insert(struct db *db, struct request_row *row)
{
    char pair[ROOM_NAME_MAX];
    room_pair_name(pair, row->requester_id, row->user_id);
    int64_t id;
    enum err err = db_get_i64(db, &id,
                              "insert into contact_requests (requester_id, user_id, pair, status, expire_at,"
                              " created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7) returning request_id",
                              "iisiiii", (int64_t)row->requester_id, (int64_t)row->user_id, pair,
                              (int64_t)REQUEST_PENDING, row->expire_us, row->created_us, row->updated_us);
    if (err)
        return err;
    row->request_id = (uint64_t)id;
    row->status = REQUEST_PENDING;
    return ERR_OK;
}

enum err db_request_get(struct db *db, uint64_t request_id, struct request_row *out)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows, "select " COLUMNS " from contact_requests where request_id = $1", "i", (int64_t)request_id);
    return err ? err : read_one(rows, out);
}

enum err db_request_set_status(struct db *db, uint64_t request_id, enum request_status status, int64_t now_us)
{
    return db_exec(db, NULL, "update contact_requests set status = $2, updated_at = $3 where request_id = $1", "iii",
                   (int64_t)request_id, (int64_t)status, now_us);
}

enum err db_request_find_pending(struct db *db, uint64_t a, uint64_t b, int64_t now_us, struct request_row *out)
{
    char pair[ROOM_NAME_MAX];
    room_pair_name(pair, a, b);
    struct db_rows *rows;
    enum err err = db_query(
        db, &rows, "select " COLUMNS " from contact_requests where pair = $1 and status = 1 and expire_at > $2", "si",
        pair, now_us);
    return err ? err : read_one(rows, out);
}

enum err db_request_expire(struct db *db, int64_t now_us)
{
    return db_exec(db, NULL,
                   "update contact_requests set status = 4, updated_at = $1 where status = 1 and expire_at <= $1", "i",
                   now_us);
}

enum err db_request_list(struct db *db, uint64_t user_id, int64_t now_us, struct request_row **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select " COLUMNS " from contact_requests where user_id = $1 and status = 1"
                            " and expire_at > $2 order by request_id desc",
                            "ii", (int64_t)user_id, now_us);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        read_row(rows, row_add(&items, &n, sizeof(struct request_row)));
    err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}
