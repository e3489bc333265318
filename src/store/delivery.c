/* The deliveries table: what a user's devices have to see, in order. */
#include "store/message.h"
#include "store/message_row.h"

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
