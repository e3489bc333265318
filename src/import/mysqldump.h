/* A mysqldump file as a stream of tables and rows, sans-IO: bytes in, events out. One thread.
 *
 * Understood: CREATE TABLE (names of the columns), INSERT and REPLACE with or without a list of columns, one row or
 * many, USE; every other statement is passed over. Only one row is in memory, up to SQL_LEX_LIMIT.
 *
 *     mysqldump_create(&events, ctx, &dump);
 *     while (more) err = mysqldump_feed(dump, bytes, len);
 *     err = mysqldump_end(dump);                              mysqldump_error(dump) says what and in which line
 *     mysqldump_free(dump);
 */
#ifndef ICHAT_IMPORT_MYSQLDUMP_H
#define ICHAT_IMPORT_MYSQLDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mysqldump;

#define MYSQLDUMP_COLUMNS_MAX 4096 /* MySQL's own limit */
#define MYSQLDUMP_NAME_MAX 260     /* 64 characters of up to four bytes, and the NUL */

struct mysqldump_column {
    char *name;
    bool is_timestamp; /* mysqldump writes TIMESTAMP in UTC, DATETIME as it is; false where only INSERT told it */
};

/* Borrowed for the call, as all of the following. */
struct mysqldump_table {
    const char *database; /* "" = the dump does not say */
    const char *name;
    const struct mysqldump_column *columns;
    size_t column_count; /* 0: an INSERT without a list of columns */
    uint64_t line;       /* of the statement */
    uint64_t offset;     /* in bytes */
};

struct mysqldump_value {
    enum { MYSQLDUMP_NULL, MYSQLDUMP_NUMBER, MYSQLDUMP_TEXT } type;
    const char *data; /* NUL-terminated, may hold NULs; a number as it was written */
    size_t len;
};

struct mysqldump_row {
    const struct mysqldump_value *values;
    size_t count;
    uint64_t line;   /* in which it begins */
    uint64_t number; /* within its statement, from 1 */
};

struct mysqldump_events {
    void (*on_table)(void *ctx, const struct mysqldump_table *table);
    /* false: its rows are passed over unread. */
    bool (*on_insert)(void *ctx, const struct mysqldump_table *table);
    /* An error stops the parsing; it is what mysqldump_feed() returns. */
    enum err (*on_row)(void *ctx, const struct mysqldump_row *row);
    /* Behind the last row of a wanted INSERT; offset: the first byte after it. */
    void (*on_insert_end)(void *ctx, uint64_t offset);
};

void mysqldump_create(const struct mysqldump_events *events, void *ctx, struct mysqldump **out);
void mysqldump_free(struct mysqldump *dump);
/* For a part of a file: its first line and byte, and the database that is used there ("" = unknown). */
void mysqldump_set_position(struct mysqldump *dump, uint64_t line, uint64_t offset, const char *database);

/* ERR_INVALID when the text is wrong, or what on_row returned. */
MUST_CHECK enum err mysqldump_feed(struct mysqldump *dump, const char *bytes, size_t len);
/* ERR_INVALID when it ends in the middle of a statement. */
MUST_CHECK enum err mysqldump_end(struct mysqldump *dump);
/* "line 7: ..." */
const char *mysqldump_error(const struct mysqldump *dump);
/* mysqldump's own closing comment was there. */
bool mysqldump_is_complete(const struct mysqldump *dump);

#endif
