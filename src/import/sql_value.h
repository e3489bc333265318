/* The values of one row, gathered from tokens: texts, numbers, NULL, and bytes written in hexadecimal or binary. For
 * mysqldump.c; one thread. The functions that return text return what is wrong, NULL = nothing. */
#ifndef ICHAT_IMPORT_SQL_VALUE_H
#define ICHAT_IMPORT_SQL_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "import/mysqldump.h"

/* Zeroed is empty. */
struct sql_row {
    struct text bytes; /* of all values, each with a NUL behind it */
    struct mysqldump_value *values;
    size_t *starts; /* where each begins, while the bytes may still move */
    size_t count;
    size_t cap;
    /* what stood in front of the value under way */
    char sign;
    char prefix; /* x or b, of x'41' and b'101' */
    bool has_charset;
};

void sql_row_begin(struct sql_row *row);
const char *sql_row_add_string(struct sql_row *row, const char *text, size_t len);
/* *is_done: false when the word only introduces the value, as _binary does. */
const char *sql_row_add_word(struct sql_row *row, const char *word, size_t len, bool *is_done);
const char *sql_row_add_sign(struct sql_row *row, char sign);
/* Good until the next sql_row_begin(). */
const struct mysqldump_value *sql_row_values(struct sql_row *row, size_t *count);
void sql_row_free(struct sql_row *row);

#endif
