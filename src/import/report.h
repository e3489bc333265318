/* What came over and what did not, and why: counts by table and reason, with the first examples. One thread. */
#ifndef ICHAT_IMPORT_REPORT_H
#define ICHAT_IMPORT_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "import/schema.h"

struct import_report;

enum import_remark {
    REMARK_SKIPPED, /* the row was left out */
    REMARK_CHANGED, /* it came over, but not as it was */
    REMARK_MADE,    /* it was not in the dump */
};

struct import_report *import_report_create(void);
void import_report_free(struct import_report *report);

void import_report_imported(struct import_report *report, enum import_table table, uint64_t count);
/* text: the reason, a constant; fmt: the example, such as "line 7, row 3: user 12". */
void import_report_remark(struct import_report *report, enum import_table table, enum import_remark remark,
                          const char *text, uint64_t count, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* A sentence about the whole. */
void import_report_note(struct import_report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);

uint64_t import_report_skipped(const struct import_report *report, enum import_table table);
void import_report_print(const struct import_report *report, FILE *file);

#endif
