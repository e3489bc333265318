/* Allocation for the control plane: never NULL, a failure aborts with a message. Any thread. Media threads size their
 * memory at start with these too and then allocate nothing. Free with free(). */
#ifndef ICHAT_BASE_MEM_H
#define ICHAT_BASE_MEM_H

#include <stddef.h>

/* count * size zeroed bytes; aborts on overflow of the product as well. */
void *mem_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* As mem_calloc, aligned to a cache line (64 bytes). */
void *mem_calloc_lines(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *old, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));

#endif
