/* Small text helpers. Any thread, no locale. */
#ifndef ICHAT_BASE_TEXT_H
#define ICHAT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Copies with truncation, always NUL-terminated; false when it was cut. */
bool text_copy(char *out, size_t size, const char *s);
bool text_has_prefix(const char *s, const char *prefix);
bool text_has_suffix(const char *s, const char *suffix);

/* UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_is_valid(const char *s, size_t len);
size_t utf8_count(const char *s);                   /* code points of a valid string */
size_t utf8_cut(const char *s, size_t code_points); /* bytes of its first n code points */
/* Simple lower case for names: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic; the rest unchanged. malloc'd. */
char *utf8_lower(const char *s);

/* Whole string, decimal, no sign, no spaces. ERR_INVALID otherwise, also on overflow. */
MUST_CHECK enum err text_to_u64(const char *s, uint64_t *out);
/* "10", "-3". */
MUST_CHECK enum err text_to_i64(const char *s, int64_t *out);

void hex_encode(char *out, const uint8_t *data, size_t len); /* 2 * len + 1 bytes, lower case */
MUST_CHECK enum err hex_decode(uint8_t *out, size_t len, const char *hex, size_t hex_len); /* exactly len bytes */

/* Number of single-character edits between two short strings, for "did you mean". */
size_t text_distance(const char *a, const char *b);

#endif
