/* The logins table. */
#include "store/login.h"

#include <stdlib.h>

#include "base/text.h"
#include "store/row.h"

enum err db_login_insert(struct db *db, const struct login_row *row)
{
    return db_exec(db, NULL, "insert into logins (login_id, user_id, login_at, expire_at) values ($1, $2, $3, $4)",
                   "siii", row->login_id, (int64_t)row->user_id, row->login_us, row->expire_us);
}

enum err db_login_get(struct db *db, const char *login_id, struct login_row *out)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows,
                            "select l.login_id, l.user_id, l.login_at, l.expire_at from logins l"
                            " join users u on u.user_id = l.user_id where l.login_id = $1 and u.enabled = 1",
                            "s", login_id);
    if (err)
        return err;
    bool is_found = db_next(rows);
    if (is_found) {
        text_copy(out->login_id, sizeof(out->login_id), db_text(rows, 0));
        out->user_id = (uint64_t)db_i64(rows, 1);
        out->login_us = db_i64(rows, 2);
        out->expire_us = db_i64(rows, 3);
    }
    err = db_rows_done(rows);
    return err ? err : is_found ? ERR_OK : ERR_NOT_FOUND;
}

enum err db_login_delete(struct db *db, uint64_t user_id, const char *login_id)
{
    return db_exec(db, NULL, "delete from logins where user_id = $1 and login_id = $2", "is", (int64_t)user_id,
                   login_id);
}

enum err db_login_delete_others(struct db *db, uint64_t user_id, const char *kept_login_id, struct login_row **out,
                                size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "delete from logins where user_id = $1 and login_id <> $2 returning login_id",
                            "is", (int64_t)user_id, kept_login_id);
    if (err)
        return err;
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows)) {
        struct login_row *row = row_add(&items, &n, sizeof(*row));
        text_copy(row->login_id, sizeof(row->login_id), db_text(rows, 0));
    }
    err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_login_purge(struct db *db, int64_t now_us)
{
    return db_exec(db, NULL, "delete from logins where expire_at < $1", "i", now_us);
}
