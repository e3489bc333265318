/* The chat_groups and group_members tables. */
#include "store/group.h"

#include <stdlib.h>
#include <string.h>

#include "store/room.h"
#include "store/row.h"

void group_row_clear(struct group_row *row)
{
    free(row->owned);
    memset(row, 0, sizeof(*row));
}

enum err db_group_insert(struct db *db, struct group_row *row)
{
    int64_t id;
    enum err err = db_get_i64(db, &id,
                              "insert into chat_groups (owner_id, name, avatar, created_at, updated_at)"
                              " values ($1, $2, $3, $4, $4) returning group_id",
                              "issi", (int64_t)row->owner_id, row->name, row->avatar, row->created_us);
    if (err)
        return err;
    row->group_id = (uint64_t)id;
    row->updated_us = row->created_us;
    char name[ROOM_NAME_MAX];
    room_group_name(name, row->group_id);
    err = db_room_ensure(db, name, row->created_us, &row->room_id);
    if (err)
        return err;
    return db_exec(db, NULL, "update chat_groups set room_id = $2 where group_id = $1", "ii", id,
                   (int64_t)row->room_id);
}

enum err db_group_get(struct db *db, uint64_t group_id, struct group_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select group_id, owner_id, room_id, name, avatar, created_at, updated_at from chat_groups"
                            " where group_id = $1",
                            "i", (int64_t)group_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found) {
        out->group_id = (uint64_t)db_i64(rows, 0);
        out->owner_id = (uint64_t)db_i64(rows, 1);
        out->room_id = (uint64_t)db_i64(rows, 2);
        out->name = db_text(rows, 3);
        out->avatar = db_text(rows, 4);
        out->created_us = db_i64(rows, 5);
        out->updated_us = db_i64(rows, 6);
        out->owned = ROW_OWN(&out->name, &out->avatar);
    }
    err = db_rows_done(rows);
    if (err && is_found)
        group_row_clear(out);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_group_add_member(struct db *db, uint64_t group_id, uint64_t user_id, int64_t now_us)
{
    return db_exec(db, NULL, "insert into group_members (group_id, user_id, created_at) values ($1, $2, $3)", "iii",
                   (int64_t)group_id, (int64_t)user_id, now_us);
}

enum err db_group_members(struct db *db, uint64_t group_id, uint64_t **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select user_id from group_members where group_id = $1 order by member_id", "i",
                            (int64_t)group_id);
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

enum err db_group_has_member(struct db *db, uint64_t group_id, uint64_t user_id, bool *out)
{
    int64_t one;
    enum err err = db_get_i64(db, &one, "select 1 from group_members where group_id = $1 and user_id = $2", "ii",
                              (int64_t)group_id, (int64_t)user_id);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *out = !err;
    return ERR_OK;
}
