/* The statements. */
#include "import/target.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/room.h"

enum err target_is_empty(struct db *db, bool *out)
{
    int64_t count;
    enum err err = db_get_i64(db, &count,
                              "select (select count(*) from users) + (select count(*) from rooms)"
                              " + (select count(*) from chat_groups) + (select count(*) from messages)",
                              "");
    if (!err)
        *out = count == 0;
    return err;
}

static enum err was_added(enum err err, int64_t changed, bool *is_in)
{
    if (!err)
        *is_in = changed > 0;
    return err;
}

static const int64_t *or_null(const int64_t *value)
{
    return *value ? value : NULL;
}

enum err target_add_user(struct db *db, const struct user_row *row, const char *hash, bool *is_in)
{
    int64_t changed = 0;
    char *key = utf8_lower(row->username);
    enum err err = db_exec(db, &changed,
                           "insert into users (user_id, username, username_key, password_hash, nickname, avatar,"
                           " enabled, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                           " on conflict do nothing",
                           "isssssiii", (int64_t)row->user_id, row->username, key, hash, row->nickname, row->avatar,
                           (int64_t)row->is_enabled, row->created_us, row->updated_us);
    free(key);
    return was_added(err, changed, is_in);
}

enum err target_add_setting(struct db *db, uint64_t user_id, const char *wallpaper, int64_t created_us,
                            int64_t updated_us, bool *is_in)
{
    int64_t changed = 0;
    enum err err = db_exec(db, &changed,
                           "insert into settings (user_id, wallpaper, created_at, updated_at) values ($1, $2, $3, $4)"
                           " on conflict do nothing",
                           "isii", (int64_t)user_id, wallpaper, created_us, updated_us);
    return was_added(err, changed, is_in);
}

enum err target_add_room(struct db *db, uint64_t room_id, const char *name, int64_t created_us, bool *is_in)
{
    int64_t changed = 0;
    enum err err = db_exec(db, &changed,
                           "insert into rooms (room_id, name, created_at) values ($1, $2, $3) on conflict do nothing",
                           "isi", (int64_t)room_id, name, created_us);
    return was_added(err, changed, is_in);
}

enum err target_add_group(struct db *db, const struct group_row *row, bool *is_in)
{
    int64_t changed = 0;
    enum err err = db_exec(db, &changed,
                           "insert into chat_groups (group_id, owner_id, room_id, name, avatar, created_at, updated_at)"
                           " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
                           "iiissii", (int64_t)row->group_id, (int64_t)row->owner_id, (int64_t)row->room_id, row->name,
                           row->avatar, row->created_us, row->updated_us);
    return was_added(err, changed, is_in);
}

enum err target_add_member(struct db *db, uint64_t member_id, uint64_t group_id, uint64_t user_id, int64_t created_us,
                           bool *is_in)
{
    int64_t changed = 0;
    enum err err;
    if (member_id)
        err = db_exec(db, &changed,
                      "insert into group_members (member_id, group_id, user_id, created_at) values ($1, $2, $3, $4)"
                      " on conflict do nothing",
                      "iiii", (int64_t)member_id, (int64_t)group_id, (int64_t)user_id, created_us);
    else
        err = db_exec(db, &changed,
                      "insert into group_members (group_id, user_id, created_at) values ($1, $2, $3)"
                      " on conflict do nothing",
                      "iii", (int64_t)group_id, (int64_t)user_id, created_us);
    return was_added(err, changed, is_in);
}

enum err target_add_contact(struct db *db, const struct contact_row *row, bool *is_in)
{
    int64_t changed = 0;
    int64_t user_id = (int64_t)row->user_id;
    int64_t group_id = (int64_t)row->group_id;
    enum err err =
        db_exec(db, &changed,
                "insert into contacts (contact_id, owner_id, user_id, group_id, room_id, status,"
                " created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
                "iiIIiiii", (int64_t)row->contact_id, (int64_t)row->owner_id, or_null(&user_id), or_null(&group_id),
                (int64_t)row->room_id, (int64_t)row->status, row->created_us, row->updated_us);
    return was_added(err, changed, is_in);
}

enum err target_add_request(struct db *db, const struct request_row *row, bool *is_in)
{
    int64_t changed = 0;
    char pair[ROOM_NAME_MAX];
    room_pair_name(pair, row->requester_id, row->user_id);
    enum err err = db_exec(db, &changed,
                           "insert into contact_requests (request_id, requester_id, user_id, pair, status, expire_at,"
                           " created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
                           "iiisiiii", (int64_t)row->request_id, (int64_t)row->requester_id, (int64_t)row->user_id,
                           pair, (int64_t)row->status, row->expire_us, row->created_us, row->updated_us);
    return was_added(err, changed, is_in);
}

const struct bulk_table target_messages = {
    .name = "messages",
    .columns = "message_id, room_id, sender_id, type, text, image, thumbnail, call_id, revoked, created_at, updated_at",
    .id = "message_id",
    .column_count = 11,
};

static struct db_value number(int64_t value)
{
    return (struct db_value){.type = DB_I64, .i = value};
}

static struct db_value string(const char *value)
{
    return (struct db_value){.type = DB_TEXT, .s = value};
}

enum err target_add_message(struct bulk *bulk, const struct bulk_place *place, const struct message_row *row)
{
    const struct db_value values[] = {
        number((int64_t)row->message_id),
        number((int64_t)row->room_id),
        number((int64_t)row->sender_id),
        number((int64_t)row->type),
        string(row->text),
        string(row->image),
        string(row->thumbnail),
        number((int64_t)row->call_id),
        number((int64_t)row->is_revoked),
        number(row->created_us),
        number(row->updated_us),
    };
    return bulk_add(bulk, place, values);
}

enum err target_add_call(struct db *db, const struct call_row *row, bool *is_in)
{
    int64_t changed = 0;
    enum err err =
        db_exec(db, &changed,
                "insert into calls (call_id, caller_id, message_id, room_id, members, status, start_at,"
                " end_at, end_reason, node, created_at, updated_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
                "iiiisiIIisii", (int64_t)row->call_id, (int64_t)row->caller_id, (int64_t)row->message_id,
                (int64_t)row->room_id, row->members, (int64_t)row->status, or_null(&row->start_us),
                or_null(&row->end_us), (int64_t)row->end_reason, row->node, row->created_us, row->updated_us);
    return was_added(err, changed, is_in);
}

const struct bulk_table target_deliveries = {
    .name = "deliveries",
    .columns = "delivery_id, user_id, message_id, created_at",
    .id = "delivery_id",
    .column_count = 4,
};

enum err target_add_delivery(struct bulk *bulk, const struct bulk_place *place, uint64_t delivery_id, uint64_t user_id,
                             uint64_t message_id, int64_t created_us)
{
    const struct db_value values[] = {
        number((int64_t)delivery_id),
        number((int64_t)user_id),
        number((int64_t)message_id),
        number(created_us),
    };
    return bulk_add(bulk, place, values);
}

static enum err get_id(struct db *db, uint64_t *out, const char *sql, int64_t id)
{
    int64_t found;
    enum err err = db_get_i64(db, &found, sql, "i", id);
    if (!err)
        *out = (uint64_t)found;
    return err;
}

enum err target_find_username(struct db *db, const char *username, uint64_t *user_id)
{
    int64_t found;
    char *key = utf8_lower(username);
    enum err err = db_get_i64(db, &found, "select user_id from users where username_key = $1", "s", key);
    free(key);
    if (!err)
        *user_id = (uint64_t)found;
    return err;
}

enum err target_message_room(struct db *db, uint64_t message_id, uint64_t *room_id)
{
    return get_id(db, room_id, "select room_id from messages where message_id = $1", (int64_t)message_id);
}

enum err target_room_name(struct db *db, uint64_t room_id, char **name)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select name from rooms where room_id = $1", "i", (int64_t)room_id);
    if (err)
        return err;
    char *found = db_next(rows) ? mem_strdup(db_text(rows, 0)) : NULL;
    err = db_rows_done(rows);
    if (!err && found) {
        *name = found;
        return ERR_OK;
    }
    free(found);
    return err ? err : ERR_NOT_FOUND;
}

enum err target_make_members(struct db *db, int64_t *count)
{
    return db_exec(db, count,
                   "insert into group_members (group_id, user_id, created_at)"
                   " select c.group_id, c.owner_id, c.created_at from contacts c where c.group_id is not null"
                   " and not exists (select 1 from group_members m where m.group_id = c.group_id"
                   " and m.user_id = c.owner_id) order by c.contact_id",
                   "");
}

enum err target_link_calls(struct db *db, int64_t *count)
{
    return db_exec(db, count,
                   "update messages set call_id = (select min(c.call_id) from calls c"
                   " where c.message_id = messages.message_id) where type = 3 and call_id = 0"
                   " and exists (select 1 from calls c where c.message_id = messages.message_id)",
                   "");
}

enum err target_make_calls(struct db *db, int64_t *count)
{
    return db_exec(db, count,
                   "insert into calls (call_id, caller_id, message_id, room_id, members, status, end_at, end_reason,"
                   " node, created_at, updated_at)"
                   " select m.call_id, m.sender_id, m.message_id, m.room_id,"
                   " '[' || cast(m.sender_id as text) || ']', 4, m.created_at, 6, '', m.created_at, m.updated_at"
                   " from messages m where m.type = 3 and m.call_id <> 0"
                   " and not exists (select 1 from calls c where c.call_id = m.call_id)"
                   " order by m.message_id on conflict do nothing",
                   "");
}

enum err target_set_last_messages(struct db *db)
{
    enum err err = db_exec(db, NULL,
                           "update rooms set last_message_id = coalesce((select max(m.message_id) from messages m"
                           " where m.room_id = rooms.room_id), 0)",
                           "");
    if (err)
        return err;
    /* The texts of CONTRACT section 5, lastMessageContent. */
    return db_exec(db, NULL,
                   "update rooms set last_message_at = (select m.created_at from messages m"
                   " where m.message_id = rooms.last_message_id),"
                   " last_message_content = (select case when m.revoked <> 0 then '[消息已撤回]'"
                   " when m.type = 2 then '[图片]' when m.type = 3 then '[通话]'"
                   " when length(m.text) >= 20 then substr(m.text, 1, 20) || '...' else m.text end"
                   " from messages m where m.message_id = rooms.last_message_id) where last_message_id <> 0",
                   "");
}

static enum err continue_sqlite(struct db *db, const char *table, int64_t last)
{
    int64_t changed = 0;
    enum err err = db_exec(db, &changed, "update sqlite_sequence set seq = $2 where name = $1", "si", table, last);
    if (err || changed)
        return err;
    return db_exec(db, NULL, "insert into sqlite_sequence (name, seq) values ($1, $2)", "si", table, last);
}

enum err target_continue_after(struct db *db, enum import_table table, uint64_t id)
{
    static const struct {
        const char *table, *column;
    } names[IMPORT_TABLES] = {
        [IMPORT_USERS] = {"users", "user_id"},
        [IMPORT_ROOMS] = {"rooms", "room_id"},
        [IMPORT_GROUPS] = {"chat_groups", "group_id"},
        [IMPORT_GROUP_MEMBERS] = {"group_members", "member_id"},
        [IMPORT_CONTACTS] = {"contacts", "contact_id"},
        [IMPORT_REQUESTS] = {"contact_requests", "request_id"},
        [IMPORT_MESSAGES] = {"messages", "message_id"},
        [IMPORT_CALLS] = {"calls", "call_id"},
        [IMPORT_DELIVERIES] = {"deliveries", "delivery_id"},
    };
    if (!names[table].table)
        return ERR_OK;
    struct text sql = {0};
    text_addf(&sql, "select coalesce(max(%s), 0) from %s", names[table].column, names[table].table);
    int64_t last = 0;
    enum err err = db_get_i64(db, &last, sql.data, "");
    text_free(&sql);
    if (last < (int64_t)id)
        last = (int64_t)id;
    if (err || last == 0)
        return err;
    if (db_kind(db) == DB_POSTGRES) {
        int64_t ignored;
        return db_get_i64(db, &ignored, "select setval(pg_get_serial_sequence($1, $2), $3)", "ssi", names[table].table,
                          names[table].column, last);
    }
    err = continue_sqlite(db, names[table].table, last);
    return err || table != IMPORT_DELIVERIES ? err : continue_sqlite(db, "room_deliveries", last);
}
