/* One database connection, SQLite or PostgreSQL behind the same calls. Owned by one db thread (or a test).
 *
 * One SQL text for both: $1.. placeholders, `insert ... on conflict ... returning`, bigint, text; times are bigint
 * microseconds since 1970 UTC, booleans are integer 0/1. Statements are prepared once a connection and reused (by
 * text).
 *
 *     struct db_rows *rows;
 *     err = db_query(db, &rows, "select user_id, nickname from users where user_id = $1", "i", (int64_t)id);
 *     while (db_next(rows)) { id = db_i64(rows, 0); name = db_text(rows, 1); }      text lives until the next db_next
 *     err = db_rows_done(rows);                                                      frees; says if the reading failed
 *
 * Argument letters: i int64_t, s const char * (NULL = null), n null (takes no argument), I nullable: const int64_t *.
 *
 * Errors: ERR_EXISTS for a broken unique rule, ERR_IO for all else (logged with the database's text). After an error
 * within a transaction only db_rollback() or db_step_undo() is allowed. A lost PostgreSQL connection is re-opened at
 * the next db_begin()/query outside a transaction. */
#ifndef ICHAT_STORE_DB_H
#define ICHAT_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_rows;

enum db_kind { DB_SQLITE, DB_POSTGRES };

/* url: "sqlite:/path/to/file" or "postgresql://user@host/name". */
MUST_CHECK enum err db_open(const char *url, struct db **out);
void db_close(struct db *db);
enum db_kind db_kind(const struct db *db);

/* A write transaction (SQLite: BEGIN IMMEDIATE). db_commit() returns ERR_OK only when the rows are durable. */
MUST_CHECK enum err db_begin(struct db *db);
MUST_CHECK enum err db_commit(struct db *db);
void db_rollback(struct db *db); /* harmless outside a transaction */

/* For a connection that commits all the time: what the database has to do now and then beside storing (SQLite: moving
 * its log) is no longer done within a commit, but by a thread of its own, which db_close() ends, and by db_tend().
 * db_tend() is called between transactions and may take as long as a commit. */
MUST_CHECK enum err db_checkpoint_apart(struct db *db);
void db_tend(struct db *db);

/* A step within a transaction: db_step() ends the one before and begins another one, db_step_undo() takes back what was
 * done since, errors included, and leaves the rest of the transaction as it is. If that fails, nothing can be saved:
 * db_rollback(). */
void db_step(struct db *db);
MUST_CHECK enum err db_step_undo(struct db *db);

MUST_CHECK enum err db_query(struct db *db, struct db_rows **rows, const char *sql, const char *types, ...);
#define DB_PARAMS_MAX 240 /* arguments of a statement, of many rows at once */

struct db_value {
    enum { DB_NULL, DB_I64, DB_TEXT } type;
    int64_t i;
    const char *s; /* borrowed for the call */
};

/* As db_query(), for statements whose arguments are counted while the program runs. */
MUST_CHECK enum err db_query_values(struct db *db, struct db_rows **rows, const char *sql,
                                    const struct db_value *values, unsigned count);
/* Without rows; *changed (may be NULL) is the number of rows it touched. */
MUST_CHECK enum err db_exec(struct db *db, int64_t *changed, const char *sql, const char *types, ...);
/* For migrations: several statements, no parameters. */
MUST_CHECK enum err db_script(struct db *db, const char *sql);
/* One row, one number: ERR_NOT_FOUND when there is no row. */
MUST_CHECK enum err db_get_i64(struct db *db, int64_t *out, const char *sql, const char *types, ...);

bool db_next(struct db_rows *rows);
int64_t db_i64(const struct db_rows *rows, int column);      /* null = 0 */
const char *db_text(const struct db_rows *rows, int column); /* null = "" */
bool db_is_null(const struct db_rows *rows, int column);
MUST_CHECK enum err db_rows_done(struct db_rows *rows);

/* Applies sql/NNN_name.sql (compiled in, see migrate.c) above the schema's version, each in a transaction. What
 * differs between the databases is marked in the text, see dialect.h. */
MUST_CHECK enum err db_migrate(struct db *db);

#endif
