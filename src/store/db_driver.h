/* What a database driver gives to db.c, and the cache of prepared statements that both drivers use. Only store/db*.c,
 * contact_last.c and room.c include this. Each driver's connection starts with a struct db, its rows with a struct
 * db_rows. */
#ifndef ICHAT_STORE_DB_DRIVER_H
#define ICHAT_STORE_DB_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/contact_last.h"
#include "store/db.h"

struct db_params {
    unsigned count;
    struct db_value values[DB_PARAMS_MAX];
};

struct db_driver {
    void (*close)(struct db *db);
    /* Outside a transaction this may first re-open a lost connection. */
    enum err (*query)(struct db *db, struct db_rows **rows, const char *sql, const struct db_params *params);
    enum err (*script)(struct db *db, const char *sql);
    /* The next query is the transaction's last one, and gives no rows: the commit may go along with it. NULL = nothing
     * would be won. */
    void (*ending)(struct db *db);
    /* Before the next query: `release` (an older savepoint, or NULL), then `save`. */
    enum err (*step)(struct db *db, const char *release, const char *save);
    bool (*next)(struct db_rows *rows);
    int64_t (*i64)(const struct db_rows *rows, int column);
    const char *(*text)(const struct db_rows *rows, int column);
    bool (*is_null)(const struct db_rows *rows, int column);
    /* Runs the rest, frees; *changed: rows touched. */
    enum err (*done)(struct db_rows *rows, int64_t *changed);
    enum err (*checkpoint_apart)(struct db *db); /* NULL = nothing to do, as the next */
    void (*tend)(struct db *db);
    const char *begin_sql;
    const char *migrate_lock_sql; /* within the transaction; NULL = BEGIN is enough */
    const char *id_type;
};

struct db {
    const struct db_driver *driver;
    enum db_kind kind;
    bool is_in_transaction;
    bool is_step_due;  /* to be made by the next query: a step that does nothing costs nothing */
    bool is_step_made; /* there is a savepoint */
    bool is_step_odd;  /* its name: two in turn, so that an undo never reaches into the step before */
    unsigned step;     /* of the transaction, by number */
    struct contact_lasts lasts;
    struct {
        uint64_t room_id; /* 0 = none is known */
        uint64_t *ids;    /* owned */
        size_t count;
    } members; /* of the room asked for last in this transaction; see room.c */
};

struct db_rows {
    struct db *db;
};

MUST_CHECK enum err db_sqlite_open(const char *path, struct db **out);
MUST_CHECK enum err db_pg_open(const char *url, struct db **out);

/* Prepared statements by their text. A statement that is in use is not handed out again: who needs the same text
 * within its own loop prepares another one, which is not kept. */
struct db_stmt {
    struct db_stmt *next; /* in its bucket */
    char *sql;
    uint64_t hash;
    void *handle; /* the driver's */
    bool is_used;
    bool is_kept;
};

#define DB_STMT_BUCKETS 64

struct db_stmts {
    struct db_stmt *buckets[DB_STMT_BUCKETS];
    unsigned count;
};

/* A kept statement that is not in use, marked as used, or NULL. */
struct db_stmt *db_stmts_take(struct db_stmts *stmts, const char *sql);
/* A new entry, marked as used; kept unless the text is there already or the cache is full. */
struct db_stmt *db_stmts_add(struct db_stmts *stmts, const char *sql, void *handle);
/* Back into the cache; NULL when it is kept, else the handle, which the driver closes: the entry is gone. */
void *db_stmts_give(struct db_stmt *stmt);
/* Empties the cache; close is called for each handle. */
void db_stmts_clear(struct db_stmts *stmts, void (*close)(void *handle));

#endif
