/* The text of a file in sql/ as one database takes it. No state, any thread.
 *
 * `$ID$` stands for the database's "grows by one, primary key" column type. Lines that one kind of database alone is to
 * run stand between marks, each a line of its own:
 *
 *     -- only: postgresql
 *     alter table deliveries drop constraint if exists deliveries_user_id_fkey;
 *     -- only: all
 *
 * The kinds: sqlite, postgresql, all. */
#ifndef ICHAT_STORE_DIALECT_H
#define ICHAT_STORE_DIALECT_H

#include "base/err.h"
#include "store/db.h"

/* *out: malloc'd, line by line as `sql` (those of others are empty), so that a database's "LINE 3" is that of the file.
 * ERR_INVALID: a mark that says none of the kinds, which is logged. */
MUST_CHECK enum err dialect_text(enum db_kind kind, const char *id_type, const char *sql, char **out);

#endif
