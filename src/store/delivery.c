/* The room_deliveries table, and deliveries, which it continues: what a user's devices have to see, in order. */
#include <stdlib.h>

#include "store/message.h"
#include "store/message_row.h"
#include "store/room.h"
#include "store/row.h"

#define INSERT "insert into room_deliveries (room_id, message_id, created_at) values ($1, $2, $3) returning delivery_id"

/* Its only writer is this thread, so nobody joins between the two. It has no statement that inserts and reads. */
static enum err insert_sqlite(struct db *db, const struct message_row *message, int64_t now_us, uint64_t *delivery_id,
                              uint64_t **members, size_t *count)
{
    int64_t id;
    enum err err = db_get_i64(db, &id, INSERT, "iii", (int64_t)message->room_id, (int64_t)message->message_id, now_us);
    if (err)
        return err;
    *delivery_id = (uint64_t)id;
    return db_room_members(db, message->room_id, members, count);
}

/* Several servers: who is told of a delivery must have a delivered_after below its id. That holds since the members are
 * read as of the statement's begin, and nextval comes after it: a contact that is seen was committed before, and what
 * its own insert saw as the newest delivery had its id before that. The other way round, id first, a contact could come
 * in between that saw a later delivery of a third server, so that its owner never gets this one by sync. */
static enum err insert_postgres(struct db *db, const struct message_row *message, int64_t now_us, uint64_t *delivery_id,
                                uint64_t **members, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "with made as (" INSERT ") select made.delivery_id, c.owner_id from made"
                            " left join contacts c on c.room_id = $1",
                            "iii", (int64_t)message->room_id, (int64_t)message->message_id, now_us);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows)) {
        *delivery_id = (uint64_t)db_i64(rows, 0);
        if (!db_is_null(rows, 1)) /* a room of nobody */
            *(uint64_t *)row_add(&items, &n, sizeof(uint64_t)) = (uint64_t)db_i64(rows, 1);
    }
    err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *members = items;
    *count = n;
    return ERR_OK;
}

enum err db_delivery_insert_room(struct db *db, const struct message_row *message, int64_t now_us,
                                 uint64_t *delivery_id, uint64_t **members, size_t *count)
{
    return db_kind(db) == DB_SQLITE ? insert_sqlite(db, message, now_us, delivery_id, members, count)
                                    : insert_postgres(db, message, now_us, delivery_id, members, count);
}

/* A user's old rows between two ids, newest first. PostgreSQL, asked with `user_id = $1`, may walk the primary key
 * backwards for it: through all of the table for a user who has none. As one comparison of both columns, and in their
 * order, only deliveries_by_user will do; SQLite would use no more than its first column for that. */
#define OLD_SQLITE(after, before)                                                                                      \
    " from deliveries where user_id = $1 and delivery_id > " after " and delivery_id < " before                        \
    " order by delivery_id desc limit "
#define OLD_POSTGRES(after, before)                                                                                    \
    " from deliveries where (user_id, delivery_id) > ($1, " after ") and (user_id, delivery_id) < ($1, " before        \
    ") order by user_id desc, delivery_id desc limit "
#define LAST_ID "9223372036854775807"

/* One look into an index for each room. */
#define LAST(old)                                                                                                      \
    "select coalesce(max(id), 0) from (select * from (select delivery_id as id" old "1) o"                             \
    " union all select (select max(d.delivery_id) from room_deliveries d where d.room_id = c.room_id"                  \
    " and d.delivery_id > c.delivered_after) from contacts c where c.owner_id = $1) ids"

enum err db_delivery_last(struct db *db, uint64_t user_id, uint64_t *delivery_id)
{
    int64_t id;
    enum err err = db_get_i64(
        db, &id, db_kind(db) == DB_SQLITE ? LAST(OLD_SQLITE("0", LAST_ID)) : LAST(OLD_POSTGRES("0", LAST_ID)), "i",
        (int64_t)user_id);
    if (!err)
        *delivery_id = (uint64_t)id;
    return err;
}

/* At most `limit` of each room are looked at, however many lie in the range. What differs is how a room's newest are
 * had: PostgreSQL would join the bounds of all rooms with the whole table, SQLite has no lateral join. */
#define AFTER "case when c.delivered_after > $2 then c.delivered_after else $2 end"
#define FOUND(old, rooms)                                                                                              \
    "found as materialized (select * from (select delivery_id, message_id" old "$4) o union all " rooms                \
    " order by delivery_id desc limit $4)"

#define SHOW                                                                                                           \
    " select " MESSAGE_COLUMNS ", f.delivery_id from found f join messages m on m.message_id = f.message_id"           \
    " order by f.delivery_id desc"

#define BOUNDS_SQLITE                                                                                                  \
    "with bounds as materialized (select room_id, coalesce((select d.delivery_id from room_deliveries d"               \
    " where d.room_id = r.room_id and d.delivery_id > r.after and d.delivery_id < $3"                                  \
    " order by d.delivery_id desc limit 1 offset $4 - 1), r.after + 1) as first"                                       \
    " from (select c.room_id, " AFTER " as after from contacts c where c.owner_id = $1) r), "
#define ROOMS_SQLITE                                                                                                   \
    "select d.delivery_id, d.message_id from bounds b join room_deliveries d"                                          \
    " on d.room_id = b.room_id and d.delivery_id >= b.first and d.delivery_id < $3"
#define LIST_SQLITE BOUNDS_SQLITE FOUND(OLD_SQLITE("$2", "$3"), ROOMS_SQLITE) SHOW

#define ROOMS_POSTGRES                                                                                                 \
    "select d.delivery_id, d.message_id from contacts c cross join lateral (select delivery_id, message_id"            \
    " from room_deliveries where (room_id, delivery_id) > (c.room_id, " AFTER ")"                                      \
    " and (room_id, delivery_id) < (c.room_id, $3) order by room_id desc, delivery_id desc limit $4) d"                \
    " where c.owner_id = $1"
#define LIST_POSTGRES "with " FOUND(OLD_POSTGRES("$2", "$3"), ROOMS_POSTGRES) SHOW

enum err db_delivery_list(struct db *db, const struct delivery_range *range, struct message_row **out, size_t *count)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows, db_kind(db) == DB_SQLITE ? LIST_SQLITE : LIST_POSTGRES, "iiii", (int64_t)range->user_id,
                 (int64_t)range->after, range->before ? (int64_t)range->before : INT64_MAX, range->limit);
    return err ? err : message_rows_read(rows, out, count);
}
