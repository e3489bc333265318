/* Memory of rows. Any thread. */
#include "store/row.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROWS 8

void *row_own(const char **const *fields, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += *fields[i] ? strlen(*fields[i]) + 1 : 1;
    char *block = mem_calloc(1, size);
    char *at = block;
    for (size_t i = 0; i < count; i++) {
        const char *s = *fields[i] ? *fields[i] : "";
        size_t len = strlen(s) + 1;
        memcpy(at, s, len);
        *fields[i] = at;
        at += len;
    }
    return block;
}

void *row_add(void **items, size_t *count, size_t size)
{
    /* The capacity is the next power of two, so it grows exactly when the count reaches one. */
    size_t n = *count;
    if (n == 0)
        *items = mem_calloc(FIRST_ROWS, size);
    else if (n >= FIRST_ROWS && (n & (n - 1)) == 0)
        *items = mem_realloc(*items, 2 * n * size);
    uint8_t *row = (uint8_t *)*items + n * size;
    memset(row, 0, size);
    *count = n + 1;
    return row;
}
