/* Dispatch to the driver, transactions, arguments. The thread that owns the connection. */
#include "store/db.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/db_driver.h"
#include "store/room.h"

enum err db_open(const char *url, struct db **out)
{
    if (text_has_prefix(url, "sqlite:"))
        return db_sqlite_open(url + strlen("sqlite:"), out);
    if (text_has_prefix(url, "postgresql://") || text_has_prefix(url, "postgres://"))
        return db_pg_open(url, out);
    /* Not printed: it may hold a password. */
    log_error("The database URL must begin with sqlite: or postgresql://");
    return ERR_INVALID;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    contact_lasts_clear(&db->lasts);
    db_members_forget(db);
    db->driver->close(db);
}

enum db_kind db_kind(const struct db *db)
{
    return db->kind;
}

static enum err read_params(struct db_params *params, const char *types, va_list args)
{
    params->count = 0;
    for (const char *type = types; *type; type++) {
        if (params->count == DB_PARAMS_MAX)
            return ERR_INVALID;
        struct db_value *value = &params->values[params->count++];
        *value = (struct db_value){.type = DB_NULL};
        const int64_t *number;
        switch (*type) {
        case 'i':
            value->type = DB_I64;
            value->i = va_arg(args, int64_t);
            break;
        case 'I':
            number = va_arg(args, const int64_t *);
            value->type = number ? DB_I64 : DB_NULL;
            value->i = number ? *number : 0;
            break;
        case 's':
            value->s = va_arg(args, const char *);
            value->type = value->s ? DB_TEXT : DB_NULL;
            break;
        case 'n':
            break;
        default:
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

static enum err make_step(struct db *db)
{
    static const char *const release[] = {"release savepoint step_a", "release savepoint step_b"};
    static const char *const save[] = {"savepoint step_a", "savepoint step_b"};
    const char *older = db->is_step_made ? release[db->is_step_odd] : NULL;
    db->is_step_odd = !db->is_step_odd;
    db->is_step_due = false;
    db->is_step_made = true;
    return db->driver->step(db, older, save[db->is_step_odd]);
}

static enum err query(struct db *db, struct db_rows **rows, const char *sql, const char *types, va_list args)
{
    struct db_params params;
    enum err err = read_params(&params, types, args);
    if (err) {
        log_error("Wrong argument letters for a statement sql=\"%s\" types=%s", sql, types);
        return err;
    }
    err = db->is_step_due ? make_step(db) : ERR_OK;
    return err ? err : db->driver->query(db, rows, sql, &params);
}

enum err db_query(struct db *db, struct db_rows **rows, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    enum err err = query(db, rows, sql, types, args);
    va_end(args);
    return err;
}

enum err db_query_values(struct db *db, struct db_rows **rows, const char *sql, const struct db_value *values,
                         unsigned count)
{
    struct db_params params = {.count = count};
    if (count > DB_PARAMS_MAX)
        return ERR_INVALID;
    memcpy(params.values, values, count * sizeof(*values));
    return db->driver->query(db, rows, sql, &params);
}

enum err db_exec(struct db *db, int64_t *changed, const char *sql, const char *types, ...)
{
    struct db_rows *rows;
    va_list args;
    va_start(args, types);
    enum err err = query(db, &rows, sql, types, args);
    va_end(args);
    if (err)
        return err;
    int64_t count = 0;
    err = db->driver->done(rows, &count);
    if (!err && changed)
        *changed = count;
    return err;
}

enum err db_get_i64(struct db *db, int64_t *out, const char *sql, const char *types, ...)
{
    struct db_rows *rows;
    va_list args;
    va_start(args, types);
    enum err err = query(db, &rows, sql, types, args);
    va_end(args);
    if (err)
        return err;
    bool is_found = db_next(rows);
    int64_t value = is_found ? db_i64(rows, 0) : 0;
    err = db_rows_done(rows);
    if (err)
        return err;
    if (!is_found)
        return ERR_NOT_FOUND;
    *out = value;
    return ERR_OK;
}

enum err db_script(struct db *db, const char *sql)
{
    return db->driver->script(db, sql);
}

enum err db_begin(struct db *db)
{
    db_members_forget(db);
    enum err err = db->driver->script(db, db->driver->begin_sql);
    db->is_in_transaction = err == ERR_OK;
    db->is_step_due = db->is_step_made = false;
    db->step = 0;
    return err;
}

enum err db_commit(struct db *db)
{
    enum err err = contact_lasts_write(db, true);
    if (!err)
        err = db->driver->script(db, "commit");
    if (err)
        db_rollback(db);
    db->is_in_transaction = false;
    contact_lasts_clear(&db->lasts);
    db_members_forget(db);
    return err;
}

void db_rollback(struct db *db)
{
    contact_lasts_clear(&db->lasts);
    db_members_forget(db);
    if (!db->is_in_transaction)
        return;
    /* An error here leaves nothing to do: a connection that cannot roll back is re-opened at the next begin. */
    if (db->driver->script(db, "rollback"))
        log_warn("A transaction could not be rolled back");
    db->is_in_transaction = false;
}

enum err db_checkpoint_apart(struct db *db)
{
    return db->driver->checkpoint_apart ? db->driver->checkpoint_apart(db) : ERR_OK;
}

void db_tend(struct db *db)
{
    if (db->driver->tend)
        db->driver->tend(db);
}

void db_step(struct db *db)
{
    db->is_step_due = true;
    db->step++;
}

enum err db_step_undo(struct db *db)
{
    contact_lasts_undo(&db->lasts, db->step);
    db_members_forget(db);
    if (db->is_step_due) { /* not one statement came through */
        db->is_step_due = false;
        return ERR_OK;
    }
    return db->driver->script(db, db->is_step_odd ? "rollback to savepoint step_b" : "rollback to savepoint step_a");
}

bool db_next(struct db_rows *rows)
{
    return rows->db->driver->next(rows);
}

int64_t db_i64(const struct db_rows *rows, int column)
{
    return rows->db->driver->i64(rows, column);
}

const char *db_text(const struct db_rows *rows, int column)
{
    return rows->db->driver->text(rows, column);
}

bool db_is_null(const struct db_rows *rows, int column)
{
    return rows->db->driver->is_null(rows, column);
}

enum err db_rows_done(struct db_rows *rows)
{
    int64_t changed;
    return rows->db->driver->done(rows, &changed);
}
