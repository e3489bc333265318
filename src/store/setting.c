/* The settings table. */
#include "store/setting.h"

#include <stdlib.h>

#include "base/mem.h"

enum err db_setting_get(struct db *db, uint64_t user_id, char **wallpaper)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select wallpaper from settings where user_id = $1", "i", (int64_t)user_id);
    if (err)
        return err;
    char *found = db_next(rows) ? mem_strdup(db_text(rows, 0)) : NULL;
    err = db_rows_done(rows);
    if (err || !found) {
        free(found);
        return err ? err : ERR_NOT_FOUND;
    }
    *wallpaper = found;
    return ERR_OK;
}

enum err db_setting_put(struct db *db, uint64_t user_id, const char *wallpaper, int64_t now_us)
{
    return db_exec(db, NULL,
                   "insert into settings (user_id, wallpaper, created_at, updated_at) values ($1, $2, $3, $3)"
                   " on conflict (user_id) do update set wallpaper = excluded.wallpaper,"
                   " updated_at = excluded.updated_at",
                   "isi", (int64_t)user_id, wallpaper, now_us);
}
