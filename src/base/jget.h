/* Reading JSON objects from outside (jansson). Any thread that owns the json_t.
 *
 * The contract's rules (Go's decoder): keys match exactly first, else case-insensitively; an unknown field is ignored;
 * a missing or null one is the zero value; a wrong type is ERR_INVALID. Strings are borrowed from the object. */
#ifndef ICHAT_BASE_JGET_H
#define ICHAT_BASE_JGET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Parses one JSON object; depth and size are bounded (64 levels, the caller's len). ERR_INVALID otherwise. */
MUST_CHECK enum err jget_parse(const char *text, size_t len, json_t **out);

/* NULL when missing or null. */
json_t *jget_find(const json_t *object, const char *key);
MUST_CHECK enum err jget_string(const json_t *object, const char *key, const char **out); /* "" when missing */
MUST_CHECK enum err jget_u64(const json_t *object, const char *key, uint64_t *out);       /* below 2^63 */
MUST_CHECK enum err jget_i64(const json_t *object, const char *key, int64_t *out);
MUST_CHECK enum err jget_bool(const json_t *object, const char *key, bool *out);
/* At most `max` ids; *count is set. A missing list is empty. ERR_LIMIT when there are more: *count says how many, out
 * is as it was. */
MUST_CHECK enum err jget_u64_list(const json_t *object, const char *key, uint64_t *out, size_t max, size_t *count);

/* Compact text with sorted keys, malloc'd, never NULL. Takes the reference. */
char *jget_dump_take(json_t *json);

#endif
