/* Allocation that aborts instead of failing. Any thread. */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

static void *check(void *memory, size_t size)
{
    if (memory)
        return memory;
    /* The logger may need memory itself, so straight to stderr. */
    fprintf(stderr, "out of memory: %zu bytes refused\n", size);
    abort();
}

static size_t product(size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total))
        check(NULL, SIZE_MAX);
    return total ? total : 1; /* malloc(0) may answer NULL */
}

void *mem_calloc(size_t count, size_t size)
{
    size_t total = product(count, size);
    return check(calloc(1, total), total);
}

void *mem_calloc_lines(size_t count, size_t size)
{
    size_t total = product(count, size);
    void *memory = NULL;
    if (posix_memalign(&memory, CACHE_LINE, total))
        check(NULL, total);
    return memset(memory, 0, total);
}

void *mem_realloc(void *old, size_t size)
{
    return check(realloc(old, size ? size : 1), size);
}

char *mem_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(mem_calloc(1, size), s, size);
}
