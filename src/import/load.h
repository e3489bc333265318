/* Bringing the rows over: table by table in the order of enum import_table, each row checked against what is there
 * already, in transactions of `batch` rows. Blocking; one thread. */
#ifndef ICHAT_IMPORT_LOAD_H
#define ICHAT_IMPORT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "import/dump_file.h"
#include "import/report.h"
#include "store/db.h"

struct load_options {
    unsigned batch; /* rows a transaction, 1 or more */
    int64_t zone_s; /* of DATETIME columns, seconds east of UTC */
    int64_t now_us; /* for rows that have no time, and what is over by now */
    /* NULL: none. Called after each batch and at a table's end. */
    void (*on_progress)(void *ctx, enum import_table table, uint64_t done, uint64_t total, bool is_last);
    void *ctx;
};

/* The target must be migrated and empty. On failure `error` holds a sentence; what was committed before stays. */
MUST_CHECK enum err load_all(struct dump_file *file, struct db *db, const struct load_options *options,
                             struct import_report *report, char error[IMPORT_ERROR_MAX]);

#endif
