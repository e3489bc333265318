/* Strings of rows that outlive their query. */
#ifndef ICHAT_STORE_ROW_H
#define ICHAT_STORE_ROW_H

#include <stddef.h>

/* Copies the strings behind `fields` into one malloc'd block, lets them point there, and returns it. NULL becomes "".
 */
void *row_own(const char **const *fields, size_t count);
#define ROW_OWN(...)                                                                                                   \
    row_own((const char **const[]){__VA_ARGS__}, sizeof((const char **const[]){__VA_ARGS__}) / sizeof(const char **))

/* A growing array of rows: room for one more, zeroed; *items is realloc'd. */
void *row_add(void **items, size_t *count, size_t size);

#endif
