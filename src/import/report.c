/* The report. */
#include "import/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define REASONS_MAX 24 /* a table; the code has fewer */
#define EXAMPLES_MAX 3
#define EXAMPLE_MAX 200

struct reason {
    const char *text;
    enum import_remark remark;
    uint64_t count;
    unsigned example_count;
    char examples[EXAMPLES_MAX][EXAMPLE_MAX];
};

struct import_report {
    struct {
        uint64_t imported;
        unsigned reason_count;
        struct reason reasons[REASONS_MAX];
    } tables[IMPORT_TABLES];
    struct text notes;
};

struct import_report *import_report_create(void)
{
    return mem_calloc(1, sizeof(struct import_report));
}

void import_report_free(struct import_report *report)
{
    if (!report)
        return;
    text_free(&report->notes);
    free(report);
}

void import_report_imported(struct import_report *report, enum import_table table, uint64_t count)
{
    report->tables[table].imported += count;
}

static struct reason *find(struct import_report *report, enum import_table table, enum import_remark remark,
                           const char *text)
{
    unsigned *count = &report->tables[table].reason_count;
    for (unsigned i = 0; i < *count; i++)
        if (strcmp(report->tables[table].reasons[i].text, text) == 0)
            return &report->tables[table].reasons[i];
    if (*count == REASONS_MAX)
        abort(); /* the reasons are constants of the program */
    struct reason *reason = &report->tables[table].reasons[(*count)++];
    reason->text = text;
    reason->remark = remark;
    return reason;
}

void import_report_remark(struct import_report *report, enum import_table table, enum import_remark remark,
                          const char *text, uint64_t count, const char *fmt, ...)
{
    struct reason *reason = find(report, table, remark, text);
    reason->count += count;
    if (reason->example_count == EXAMPLES_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(reason->examples[reason->example_count], EXAMPLE_MAX, fmt, args);
    va_end(args);
    if (reason->examples[reason->example_count][0])
        reason->example_count++;
}

void import_report_note(struct import_report *report, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    text_addf(&report->notes, "%s\n", line);
}

uint64_t import_report_skipped(const struct import_report *report, enum import_table table)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < report->tables[table].reason_count; i++)
        if (report->tables[table].reasons[i].remark == REMARK_SKIPPED)
            count += report->tables[table].reasons[i].count;
    return count;
}

static void print_reason(const struct reason *reason, FILE *file)
{
    static const char *const words[] = {
        [REMARK_SKIPPED] = "skipped", [REMARK_CHANGED] = "changed", [REMARK_MADE] = "added"};
    fprintf(file, "    %s %" PRIu64 ": %s\n", words[reason->remark], reason->count, reason->text);
    for (unsigned i = 0; i < reason->example_count; i++)
        fprintf(file, "      %s\n", reason->examples[i]);
    if (reason->example_count && reason->count > reason->example_count)
        fputs("      ...\n", file);
}

void import_report_print(const struct import_report *report, FILE *file)
{
    for (unsigned table = 0; table < IMPORT_TABLES; table++) {
        fprintf(file, "  %-16s %10" PRIu64 " imported %10" PRIu64 " skipped\n", import_table_name(table),
                report->tables[table].imported, import_report_skipped(report, table));
        for (unsigned i = 0; i < report->tables[table].reason_count; i++)
            print_reason(&report->tables[table].reasons[i], file);
    }
    if (report->notes.len)
        fputs(report->notes.data, file);
}
