/* The users table. */
#include "store/user.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/row.h"

#define COLUMNS "user_id, username, nickname, avatar, enabled, created_at, updated_at"
#define CHUNK 16 /* ids a statement */

void user_row_clear(struct user_row *row)
{
    free(row->owned);
    memset(row, 0, sizeof(*row));
}

void user_rows_free(struct user_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].owned);
    free(rows);
}

static void read_row(const struct db_rows *rows, struct user_row *out)
{
    out->user_id = (uint64_t)db_i64(rows, 0);
    out->username = db_text(rows, 1);
    out->nickname = db_text(rows, 2);
    out->avatar = db_text(rows, 3);
    out->is_enabled = db_i64(rows, 4) != 0;
    out->created_us = db_i64(rows, 5);
    out->updated_us = db_i64(rows, 6);
    out->owned = ROW_OWN(&out->username, &out->nickname, &out->avatar);
}

enum err db_user_insert(struct db *db, const char *username, const char *password_hash, const char *nickname,
                        const char *avatar, int64_t now_us, uint64_t *user_id)
{
    char *key = utf8_lower(username);
    int64_t id = 0;
    enum err err = db_get_i64(db, &id,
                              "insert into users (username, username_key, password_hash, nickname, avatar, created_at,"
                              " updated_at) values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing"
                              " returning user_id",
                              "sssssi", username, key, password_hash, nickname, avatar, now_us);
    free(key);
    *user_id = (uint64_t)id;
    return err == ERR_NOT_FOUND ? ERR_EXISTS : err;
}

enum err db_user_get(struct db *db, uint64_t user_id, struct user_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select " COLUMNS " from users where user_id = $1", "i", (int64_t)user_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found)
        read_row(rows, out);
    err = db_rows_done(rows);
    if (err && is_found)
        user_row_clear(out);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

/* Takes one row of (user_id, password_hash). */
static enum err read_password(struct db_rows *rows, uint64_t *user_id, char **hash)
{
    bool is_found = db_next(rows);
    char *copy = is_found ? mem_strdup(db_text(rows, 1)) : NULL;
    uint64_t id = is_found ? (uint64_t)db_i64(rows, 0) : 0;
    enum err err = db_rows_done(rows);
    if (err || !is_found) {
        free(copy);
        return err ? err : ERR_NOT_FOUND;
    }
    *user_id = id;
    *hash = copy;
    return ERR_OK;
}

enum err db_user_credentials(struct db *db, const char *username, uint64_t *user_id, char **hash)
{
    char *key = utf8_lower(username);
    struct db_rows *rows;
    enum err err = db_query(
        db, &rows, "select user_id, password_hash from users where username_key = $1 and enabled = 1", "s", key);
    free(key);
    return err ? err : read_password(rows, user_id, hash);
}

enum err db_user_password(struct db *db, uint64_t user_id, char **hash)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows, "select user_id, password_hash from users where user_id = $1", "i", (int64_t)user_id);
    return err ? err : read_password(rows, &user_id, hash);
}

enum err db_user_swap_password(struct db *db, uint64_t user_id, const char *known, const char *hash, int64_t now_us)
{
    int64_t changed = 0;
    enum err err = db_exec(db, &changed,
                           "update users set password_hash = $3,"
                           " updated_at = case when password_hash = $3 then updated_at else $4 end"
                           " where user_id = $1 and password_hash = $2",
                           "issi", (int64_t)user_id, known, hash, now_us);
    return err ? err : changed ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_user_update(struct db *db, uint64_t user_id, const char *nickname, const char *avatar, int64_t now_us)
{
    return db_exec(db, NULL,
                   "update users set nickname = $2, avatar = case when $3 = '' then avatar else $3 end,"
                   " updated_at = $4 where user_id = $1",
                   "issi", (int64_t)user_id, nickname, avatar, now_us);
}

/* One statement text for any number: unused places are 0, which is nobody's id. */
static enum err get_chunk(struct db *db, const uint64_t *ids, size_t count, struct user_row *out)
{
    int64_t id[CHUNK] = {0};
    for (size_t i = 0; i < count; i++)
        id[i] = (int64_t)ids[i];
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select " COLUMNS " from users where user_id in"
                            " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                            "iiiiiiiiiiiiiiii", id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9],
                            id[10], id[11], id[12], id[13], id[14], id[15]);
    if (err)
        return err;
    while (db_next(rows)) {
        uint64_t found = (uint64_t)db_i64(rows, 0);
        for (size_t i = 0; i < count; i++)
            if (ids[i] == found)
                read_row(rows, &out[i]);
    }
    return db_rows_done(rows);
}

enum err db_users_get(struct db *db, const uint64_t *ids, size_t count, struct user_row **out)
{
    struct user_row *rows = mem_calloc(count ? count : 1, sizeof(*rows));
    for (size_t at = 0; at < count; at += CHUNK) {
        size_t n = count - at < CHUNK ? count - at : CHUNK;
        enum err err = get_chunk(db, ids + at, n, rows + at);
        if (err) {
            user_rows_free(rows, count);
            return err;
        }
    }
    *out = rows;
    return ERR_OK;
}

enum err db_users_search(struct db *db, const struct user_search *search, struct user_row **out, size_t *count)
{
    char *key = utf8_lower(search->keyword);
    struct text pattern = {0};
    text_addf(&pattern, "%s%%", key);
    free(key);
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select " COLUMNS " from users where username_key like $1 escape '\\' and user_id <> $2"
                            " and enabled = 1 order by user_id limit $3 offset $4",
                            "siii", pattern.data, (int64_t)search->without, search->limit, search->offset);
    text_free(&pattern);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows))
        read_row(rows, row_add(&items, &n, sizeof(struct user_row)));
    err = db_rows_done(rows);
    if (err) {
        user_rows_free(items, n);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}
