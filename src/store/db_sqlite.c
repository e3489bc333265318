/* The SQLite driver: WAL, synchronous=FULL, so that a commit that was answered survives a power loss. The thread that
 * owns the connection. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/db_checkpoint.h"
#include "store/db_driver.h"

#define BUSY_TIMEOUT_MS 10000 /* another process may hold the write lock for a migration or a backup */

/* At most 32 MB of pages a connection, in place of 2: what its contacts show of one message to a room of hundreds
 * lies on as many pages, which the writer read back from the log for each. */
#define CACHE "pragma cache_size = -32768;"

/* Pages of the log before a commit moves them to the database: 32 MB. By default 1,000, which one message to a room of
 * hundreds fills by half; a page that many commits wrote is moved once. The next start after a crash reads the log,
 * which takes tenths of a second. A server's writer does it otherwise: store/db_checkpoint. */
#define CHECKPOINT "pragma wal_autocheckpoint = 8000"

struct sqlite_db {
    struct db db; /* first */
    sqlite3 *handle;
    struct db_stmts stmts;
    struct db_checkpoint *checkpoint; /* NULL = within commits */
};

struct sqlite_rows {
    struct db_rows rows; /* first */
    struct db_stmt *entry;
    sqlite3_stmt *stmt;
    int last; /* what sqlite3_step said */
    bool is_first_pending;
};

static struct sqlite_db *as_sqlite(struct db *db)
{
    return (struct sqlite_db *)db;
}

static enum err error_of(const struct sqlite_db *db, int rc, const char *what)
{
    int extended = sqlite3_extended_errcode(db->handle);
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return ERR_EXISTS;
    log_error("SQLite failed: %s rc=%d sql=\"%s\"", sqlite3_errmsg(db->handle), rc, what);
    return ERR_IO;
}

static void close_stmt(void *handle)
{
    sqlite3_finalize(handle);
}

static void sqlite_close(struct db *db)
{
    struct sqlite_db *self = as_sqlite(db);
    db_checkpoint_stop(self->checkpoint);
    db_stmts_clear(&self->stmts, close_stmt);
    sqlite3_close(self->handle);
    free(self);
}

static enum err bind(const struct sqlite_db *db, sqlite3_stmt *stmt, const char *sql, const struct db_params *params)
{
    for (unsigned i = 0; i < params->count; i++) {
        const struct db_value *value = &params->values[i];
        char name[12];
        snprintf(name, sizeof(name), "$%u", i + 1);
        int at = sqlite3_bind_parameter_index(stmt, name);
        int rc = SQLITE_OK;
        if (at == 0)
            rc = SQLITE_RANGE;
        else if (value->type == DB_I64)
            rc = sqlite3_bind_int64(stmt, at, value->i);
        else if (value->type == DB_TEXT)
            rc = sqlite3_bind_text(stmt, at, value->s, -1, SQLITE_TRANSIENT);
        else
            rc = sqlite3_bind_null(stmt, at);
        if (rc != SQLITE_OK)
            return error_of(db, rc, sql);
    }
    return ERR_OK;
}

static enum err prepare(struct sqlite_db *db, const char *sql, struct db_stmt **out)
{
    *out = db_stmts_take(&db->stmts, sql);
    if (*out)
        return ERR_OK;
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK)
        return error_of(db, rc, sql);
    *out = db_stmts_add(&db->stmts, sql, stmt);
    return ERR_OK;
}

static void give_back(struct db_stmt *entry, sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    sqlite3_finalize(db_stmts_give(entry));
}

static enum err sqlite_query(struct db *db, struct db_rows **rows, const char *sql, const struct db_params *params)
{
    struct sqlite_db *self = as_sqlite(db);
    struct db_stmt *entry;
    enum err err = prepare(self, sql, &entry);
    if (err)
        return err;
    sqlite3_stmt *stmt = entry->handle;
    err = bind(self, stmt, sql, params);
    if (err) {
        give_back(entry, stmt);
        return err;
    }
    /* The first step here, so that a broken rule is this call's error as it is with PostgreSQL. */
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        err = error_of(self, rc, sql);
        give_back(entry, stmt);
        return err;
    }
    struct sqlite_rows *result = mem_calloc(1, sizeof(*result));
    result->rows.db = db;
    result->entry = entry;
    result->stmt = stmt;
    result->last = rc;
    result->is_first_pending = true;
    *rows = &result->rows;
    return ERR_OK;
}

static enum err sqlite_script(struct db *db, const char *sql)
{
    struct sqlite_db *self = as_sqlite(db);
    int rc = sqlite3_exec(self->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : error_of(self, rc, sql);
}

static enum err sqlite_step(struct db *db, const char *release, const char *save)
{
    enum err err = release ? sqlite_script(db, release) : ERR_OK;
    return err ? err : sqlite_script(db, save);
}

static bool sqlite_next(struct db_rows *rows)
{
    struct sqlite_rows *self = (struct sqlite_rows *)rows;
    if (self->is_first_pending)
        self->is_first_pending = false;
    else if (self->last == SQLITE_ROW)
        self->last = sqlite3_step(self->stmt);
    return self->last == SQLITE_ROW;
}

static int64_t sqlite_i64(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(((const struct sqlite_rows *)rows)->stmt, column);
}

static const char *sqlite_text(const struct db_rows *rows, int column)
{
    const char *text = (const char *)sqlite3_column_text(((const struct sqlite_rows *)rows)->stmt, column);
    return text ? text : "";
}

static bool sqlite_is_null(const struct db_rows *rows, int column)
{
    return sqlite3_column_type(((const struct sqlite_rows *)rows)->stmt, column) == SQLITE_NULL;
}

static enum err sqlite_done(struct db_rows *rows, int64_t *changed)
{
    struct sqlite_rows *self = (struct sqlite_rows *)rows;
    struct sqlite_db *db = as_sqlite(rows->db);
    enum err err = ERR_OK;
    if (self->last != SQLITE_ROW && self->last != SQLITE_DONE)
        err = error_of(db, self->last, self->entry->sql);
    *changed = sqlite3_changes64(db->handle);
    give_back(self->entry, self->stmt);
    free(self);
    return err;
}

static enum err sqlite_checkpoint_apart(struct db *db)
{
    struct sqlite_db *self = as_sqlite(db);
    return db_checkpoint_start(self->handle, &db_checkpoint_limits, &self->checkpoint);
}

static void sqlite_tend(struct db *db)
{
    struct sqlite_db *self = as_sqlite(db);
    if (self->checkpoint)
        db_checkpoint_tend(self->checkpoint);
}

static const struct db_driver driver = {
    .close = sqlite_close,
    .checkpoint_apart = sqlite_checkpoint_apart,
    .tend = sqlite_tend,
    .query = sqlite_query,
    .script = sqlite_script,
    .step = sqlite_step,
    .next = sqlite_next,
    .i64 = sqlite_i64,
    .text = sqlite_text,
    .is_null = sqlite_is_null,
    .done = sqlite_done,
    .begin_sql = "begin immediate",
    .id_type = "integer primary key autoincrement",
};

enum err db_sqlite_open(const char *path, struct db **out)
{
    struct sqlite_db *self = mem_calloc(1, sizeof(*self));
    self->db.driver = &driver;
    self->db.kind = DB_SQLITE;
    /* One thread a connection: no need for SQLite's own lock. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &self->handle, flags, NULL);
    if (rc != SQLITE_OK) {
        log_error("Cannot open the SQLite database: %s path=%s", sqlite3_errstr(rc), path);
        sqlite_close(&self->db);
        return ERR_IO;
    }
    sqlite3_busy_timeout(self->handle, BUSY_TIMEOUT_MS);
    enum err err = sqlite_script(&self->db, "pragma journal_mode = wal; pragma synchronous = full;"
                                            "pragma foreign_keys = on; pragma trusted_schema = off;"
                                            /* what a step may have to take back goes to no file meanwhile */
                                            "pragma temp_store = memory;" CACHE CHECKPOINT);
    if (err) {
        sqlite_close(&self->db);
        return err;
    }
    *out = &self->db;
    return ERR_OK;
}
