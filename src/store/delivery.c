/* The deliveries table: what a user's devices have to see, in order. */
#include <stdlib.h>

#include "store/message.h"
#include "store/message_row.h"
#include "store/row.h"

enum err db_delivery_insert(struct db *db, uint64_t user_id, uint64_t message_id, int64_t now_us, uint64_t *delivery_id)
{
    int64_t id;
    enum err err = db_get_i64(
        db, &id, "insert into deliveries (user_id, message_id, created_at) values ($1, $2, $3) returning delivery_id",
        "iii", (int64_t)user_id, (int64_t)message_id, now_us);
    if (!err)
        *delivery_id = (uint64_t)id;
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct delivery *x = a, *y = b;
    return x->delivery_id < y->delivery_id ? -1 : x->delivery_id > y->delivery_id;
}

enum err db_delivery_insert_room(struct db *db, const struct message_row *message, uint64_t last_user_id,
                                 int64_t now_us, struct delivery **out, size_t *count)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows,
                 "insert into deliveries (user_id, message_id, created_at)"
                 " select owner_id, $2, $3 from contacts where room_id = $1"
                 " order by case when owner_id = $4 then 1 else 0 end, contact_id"
                 " returning delivery_id, user_id",
                 "iiii", (int64_t)message->room_id, (int64_t)message->message_id, now_us, (int64_t)last_user_id);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows)) {
        struct delivery *delivery = row_add(&items, &n, sizeof(*delivery));
        delivery->delivery_id = (uint64_t)db_i64(rows, 0);
        delivery->user_id = (uint64_t)db_i64(rows, 1);
    }
    err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    if (n > 1) /* rows are made in the order asked for, but none is promised for telling of them */
        qsort(items, n, sizeof(struct delivery), compare);
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_delivery_last(struct db *db, uint64_t user_id, uint64_t *delivery_id)
{
    int64_t id;
    enum err err = db_get_i64(db, &id, "select coalesce(max(delivery_id), 0) from deliveries where user_id = $1", "i",
                              (int64_t)user_id);
    if (!err)
        *delivery_id = (uint64_t)id;
    return err;
}

enum err db_delivery_list(struct db *db, const struct delivery_range *range, struct message_row **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select " MESSAGE_COLUMNS ", d.delivery_id from deliveries d"
                            " join messages m on m.message_id = d.message_id"
                            " where d.user_id = $1 and d.delivery_id > $2 and d.delivery_id < $3"
                            " order by d.delivery_id desc limit $4",
                            "iiii", (int64_t)range->user_id, (int64_t)range->after,
                            range->before ? (int64_t)range->before : INT64_MAX, range->limit);
    return err ? err : message_rows_read(rows, out, count);
}
