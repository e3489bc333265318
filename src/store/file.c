/* The tables of uploads. */
#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "store/row.h"

enum err db_file_insert(struct db *db, const char *name, uint64_t size, int64_t now_us)
{
    return db_exec(db, NULL, "insert into files (name, size, created_at) values ($1, $2, $3)", "sii", name,
                   (int64_t)size, now_us);
}

enum err db_file_set_used(struct db *db, const char *name)
{
    return db_exec(db, NULL, "update files set used = 1 where name = $1 and used = 0", "s", name);
}

enum err db_file_delete(struct db *db, const char *name)
{
    return db_exec(db, NULL, "delete from files where name = $1", "s", name);
}

enum err db_file_is_used(struct db *db, const char *name, bool *out)
{
    /* As the indexes have it; the name and its prefix are shorter than what they keep. */
    char path[FILE_NAME_SIZE + 8];
    int64_t is_used;
    snprintf(path, sizeof(path), "file/%s", name);
    enum err err =
        db_get_i64(db, &is_used,
                   "select case when exists (select 1 from messages where substr(image, 1, 80) = $1 and image <> '')"
                   " or exists (select 1 from users where substr(avatar, 1, 80) = $1 and avatar <> '')"
                   " or exists (select 1 from chat_groups where substr(avatar, 1, 80) = $1 and avatar <> '')"
                   " or exists (select 1 from settings where substr(wallpaper, 1, 80) = $1 and wallpaper <> '')"
                   " then 1 else 0 end",
                   "s", path);
    if (!err)
        *out = is_used != 0;
    return err;
}

enum err db_file_unused_bytes(struct db *db, uint64_t *out)
{
    int64_t bytes;
    enum err err =
        db_get_i64(db, &bytes, "select cast(coalesce(sum(size), 0) as bigint) from files where used = 0", "");
    if (!err)
        *out = (uint64_t)bytes;
    return err;
}

static enum err read_names(struct db_rows *rows, struct file_name **out, size_t *count)
{
    void *items = NULL;
    size_t n = 0;
    while (db_next(rows)) {
        struct file_name *name = row_add(&items, &n, sizeof(*name));
        if (!text_copy(name->text, sizeof(name->text), db_text(rows, 0)))
            n--; /* not one that we made */
    }
    enum err err = db_rows_done(rows);
    if (err) {
        free(items);
        return err;
    }
    *out = items;
    *count = n;
    return ERR_OK;
}

enum err db_file_list_unused(struct db *db, int64_t before_us, int64_t limit, struct file_name **out, size_t *count)
{
    struct db_rows *rows;
    enum err err =
        db_query(db, &rows, "select name from files where used = 0 and created_at < $1 order by created_at limit $2",
                 "ii", before_us, limit);
    return err ? err : read_names(rows, out, count);
}

enum err db_removal_insert(struct db *db, const char *name, int64_t now_us)
{
    return db_exec(db, NULL,
                   "insert into file_removals (name, created_at) values ($1, $2) on conflict (name) do nothing", "si",
                   name, now_us);
}

enum err db_removal_delete(struct db *db, const char *name)
{
    return db_exec(db, NULL, "delete from file_removals where name = $1", "s", name);
}

enum err db_removal_list(struct db *db, int64_t limit, struct file_name **out, size_t *count)
{
    struct db_rows *rows;
    enum err err = db_query(db, &rows, "select name from file_removals order by created_at limit $1", "i", limit);
    return err ? err : read_names(rows, out, count);
}
