/* Fixed-size blocks, all allocated at creation, owned by one thread. Taking from an empty pool answers NULL and counts:
 * the caller drops. Blocks are aligned to a cache line and not zeroed. Under ASan, free blocks are poisoned. */
#ifndef ICHAT_BASE_POOL_H
#define ICHAT_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool;

struct pool *pool_create(size_t block_size, size_t count);
void pool_free(struct pool *pool);
void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *block);
size_t pool_free_count(const struct pool *pool);
uint64_t pool_empty_count(const struct pool *pool); /* how often a take found nothing */

#endif
