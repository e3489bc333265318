/* A result as a table, as JSON, and results as plots. */
#ifndef ICHAT_BENCH_REPORT_H
#define ICHAT_BENCH_REPORT_H

#include <jansson.h>

#include "base/buf.h"
#include "bench/result.h"

/* A new reference. */
json_t *report_json(const struct result *result);
void report_table(const struct result *result, struct text *out);
/* From one or several of report_json()'s objects. */
void report_plot(json_t *const *results, unsigned count, struct text *svg);

#endif
