/* The rooms table; its members are the owners of the room's contacts. */
#include "store/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db_driver.h"
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

static enum err read_members(struct db *db, uint64_t room_id, uint64_t **out, size_t *count)
{
    struct db_rows *rows;
    /* In the order of the index that has it all. */
    enum err err = db_query(db, &rows, "select owner_id from contacts where room_id = $1 order by owner_id", "i",
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

/* Within a transaction nobody else writes to SQLite, so the members change by db_contact_insert() alone, which has them
 * forgotten. A group of writes (db_pool.h) may bring many messages to one room of hundreds, and each is mostly this
 * query. */
static bool may_keep(const struct db *db)
{
    return db->kind == DB_SQLITE && db->is_in_transaction;
}

static uint64_t *copy_of(const uint64_t *ids, size_t count)
{
    uint64_t *copy = mem_calloc(count, sizeof(*copy));
    if (count)
        memcpy(copy, ids, count * sizeof(*copy));
    return copy;
}

void db_members_forget(struct db *db)
{
    free(db->members.ids);
    memset(&db->members, 0, sizeof(db->members));
}

enum err db_room_members(struct db *db, uint64_t room_id, uint64_t **out, size_t *count)
{
    if (may_keep(db) && db->members.room_id == room_id) {
        *count = db->members.count;
        *out = copy_of(db->members.ids, *count);
        return ERR_OK;
    }
    enum err err = read_members(db, room_id, out, count);
    if (err || !may_keep(db))
        return err;
    db_members_forget(db);
    db->members.ids = copy_of(*out, *count);
    db->members.count = *count;
    db->members.room_id = room_id;
    return ERR_OK;
}
