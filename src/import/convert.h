/* Values of a dump as ids, times, truth values and texts. Any thread. NULL and missing values are the zero value. */
#ifndef ICHAT_IMPORT_CONVERT_H
#define ICHAT_IMPORT_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "import/mysqldump.h"

#define CONVERT_ID_MAX ((1ull << 53) - 1) /* what a JSON number holds in every client */

/* ERR_INVALID: no whole number. */
MUST_CHECK enum err convert_i64(const struct mysqldump_value *value, int64_t *out);
/* ERR_INVALID also when negative or above CONVERT_ID_MAX. */
MUST_CHECK enum err convert_id(const struct mysqldump_value *value, uint64_t *out);
/* 0, '0', false, and the byte 0 of a BIT column are false; 1, 't', true and the byte 1 are true; a date is true. */
bool convert_bool(const struct mysqldump_value *value);
/* Valid UTF-8 without a NUL, borrowed. */
MUST_CHECK enum err convert_text(const struct mysqldump_value *value, const char **out);
/* Microseconds since 1970 UTC of "2023-05-01 12:34:56[.fraction]" that is zone_s east of UTC, or of a number of
 * seconds, milli-, micro- or nanoseconds; 0 for NULL and the zero date. */
MUST_CHECK enum err convert_time(const struct mysqldump_value *value, int64_t zone_s, int64_t *out);
/* "+08:00", "-0330", "UTC". */
MUST_CHECK enum err convert_zone(const char *text, int64_t *zone_s);

#endif
