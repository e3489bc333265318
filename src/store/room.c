/* The rooms table; its members are the owners of the room's contacts. */
#include "store/room.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/row.h"

void room_pair_name(char out[ROOM_NAME_MAX], uint64_t a, uint64_t b)
{
    snprintf(out, ROOM_NAME_MAX, "u-%llu-%llu", (unsigned long long)(a < b ? a : b),
             (unsigned long long)(a < b ? b : a));
}

void room_group_name(char out[ROOM_NAME_MAX], uint64_t group_id)
{
    snprintf(out, ROOM_NAME_MAX, "g-%llu", (unsigned long long)group_id);
}

enum err db_room_ensure(struct db *db, const char *name, int64_t now_us, uint64_t *room_id)
{
    int64_t id;
    enum err err = db_get_i64(db, &id, "select room_id from rooms where name = $1", "s", name);
    if (err == ERR_NOT_FOUND)
        err = db_get_i64(db, &id, "insert into rooms (name, created_at) values ($1, $2) returning room_id", "si", name,
                         now_us);
    if (!err)
        *room_id = (uint64_t)id;
    return err;
}

enum err db_room_members(struct db *db, uint64_t room_id, uint64_t **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select owner_id from contacts where room_id = $1 order by contact_id", "i",
                            (int64_t)room_id);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        *(uint64_t *)row_add(&items, &n, sizeof(uint64_t)) = (uint64_t)db_i64(rows, 0);
    err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}
