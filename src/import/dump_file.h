/* A dump in a file: read once to its end to see that it is whole and where the rows of each table are, then once for
 * each table. mysqldump writes tables by name, so what a row refers to mostly comes behind it. Blocking; one thread. */
#ifndef ICHAT_IMPORT_DUMP_FILE_H
#define ICHAT_IMPORT_DUMP_FILE_H

#include <stdint.h>

#include "import/report.h"
#include "import/schema.h"

struct dump_file;

/* Notes go to the report. On failure `error` holds a sentence. The map must outlive it. */
MUST_CHECK enum err dump_file_open(const char *path, const struct import_map *map, struct import_report *report,
                                   struct dump_file **out, char error[IMPORT_ERROR_MAX]);
void dump_file_close(struct dump_file *file);

uint64_t dump_file_rows(const struct dump_file *file, enum import_table table); /* 0 also when it is not there */
bool dump_file_has(const struct dump_file *file, enum import_table table);
/* The dump tells this field. */
bool dump_file_has_field(const struct dump_file *file, enum import_table table, enum import_field field);

/* A row as the loader sees it; borrowed. */
struct dump_row {
    const struct mysqldump_row *row;
    const struct import_columns *columns;
    const struct mysqldump_column *names; /* by place in the row */
};

/* Calls on_row for each; its error ends the reading and is returned (`error` is empty then). */
MUST_CHECK enum err dump_file_read(struct dump_file *file, enum import_table table,
                                   enum err (*on_row)(void *ctx, const struct dump_row *row), void *ctx,
                                   char error[IMPORT_ERROR_MAX]);

#endif
