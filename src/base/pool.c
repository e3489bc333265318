/* A stack of pointers to blocks of one slab. The last block given is taken next, while it is warm in the cache. */
#include "base/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define CACHE_LINE 64

struct pool {
    /* set once at creation */
    uint8_t *slab;
    size_t block_size;
    size_t count;
    void **free_blocks;
    /* owner's */
    size_t free_count;
    uint64_t empty_count;
};

struct pool *pool_create(size_t block_size, size_t count)
{
    struct pool *pool = mem_calloc(1, sizeof(*pool));
    pool->block_size = (block_size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    pool->count = count;
    pool->slab = mem_calloc_lines(count, pool->block_size);
    pool->free_blocks = mem_calloc(count, sizeof(*pool->free_blocks));
    for (size_t i = 0; i < count; i++)
        pool->free_blocks[i] = pool->slab + (count - 1 - i) * pool->block_size;
    pool->free_count = count;
    ASAN_POISON_MEMORY_REGION(pool->slab, count * pool->block_size);
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    ASAN_UNPOISON_MEMORY_REGION(pool->slab, pool->count * pool->block_size);
    free(pool->free_blocks);
    free(pool->slab);
    free(pool);
}

void *pool_take(struct pool *pool)
{
    if (pool->free_count == 0) {
        pool->empty_count++;
        return NULL;
    }
    void *block = pool->free_blocks[--pool->free_count];
    ASAN_UNPOISON_MEMORY_REGION(block, pool->block_size);
    return block;
}

void pool_give(struct pool *pool, void *block)
{
    if (!block)
        return;
    size_t offset = (size_t)((uint8_t *)block - pool->slab);
    assert(offset < pool->count * pool->block_size && offset % pool->block_size == 0);
    assert(pool->free_count < pool->count); /* given twice */
    ASAN_POISON_MEMORY_REGION(block, pool->block_size);
    pool->free_blocks[pool->free_count++] = block;
}

size_t pool_free_count(const struct pool *pool)
{
    return pool->free_count;
}

uint64_t pool_empty_count(const struct pool *pool)
{
    return pool->empty_count;
}
