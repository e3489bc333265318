/* What the database alone can do: the rows of a message in a bare loop, no server, the same durability. See chat.h. */
#include <stdio.h>

#include "base/clock.h"
#include "bench/chat.h"
#include "store/db.h"

static enum err write_message(struct db *db, const struct chat_room *room, enum chat_rows rows)
{
    int64_t now_us = clock_wall_us(), message_id = 0, changed = 0;
    int64_t room_id = (int64_t)room->group.room_id, sender_id = (int64_t)room->users[0].account.id;
    enum err err =
        db_get_i64(db, &message_id,
                   "insert into messages (room_id, sender_id, type, text, image, thumbnail, created_at, updated_at)"
                   " values ($1, $2, 1, $3, '', '', $4, $4) returning message_id",
                   "iisi", room_id, sender_id, "t1234567890123456789", now_us);
    if (err == ERR_OK && rows == CHAT_ROW_A_ROOM)
        err = db_exec(db, &changed, "insert into room_deliveries (room_id, message_id, created_at) values ($1, $2, $3)",
                      "iii", room_id, message_id, now_us);
    else if (err == ERR_OK)
        err = db_exec(db, &changed,
                      "insert into deliveries (user_id, message_id, created_at)"
                      " select owner_id, $1, $2 from contacts where room_id = $3",
                      "iii", message_id, now_us, room_id);
    const char *show = rows == CHAT_ROW_A_ROOM
                           ? "update rooms set last_message_id = $1, last_message_at = $2, last_message_content = $3 "
                             "where room_id = $4"
                           : "update contacts set last_message_id = $1, last_message_at = $2, last_message_content = $3"
                             " where room_id = $4";
    if (err == ERR_OK)
        err = db_exec(db, &changed, show, "iisi", message_id, now_us, "t1234567890123456789", room_id);
    return err;
}

double chat_floor(const char *url, const struct chat_room *room, enum chat_rows rows, unsigned group, double seconds)
{
    struct db *db;
    if (db_open(url, &db) != ERR_OK)
        return 0;
    uint64_t begin_us = clock_now_us(), now_us = begin_us, messages = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK && (double)(now_us - begin_us) < seconds * 1e6) {
        err = db_begin(db);
        for (unsigned i = 0; i < group && err == ERR_OK; i++)
            err = write_message(db, room, rows);
        if (err == ERR_OK)
            err = db_commit(db);
        messages += group;
        now_us = clock_now_us();
    }
    db_close(db);
    return err == ERR_OK ? (double)messages / ((double)(now_us - begin_us) / 1e6) : 0;
}
