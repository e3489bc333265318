/* Pages of a bitmap in a hash map by their number. */
#include "import/idset.h"

#include <stdlib.h>

#include "base/hmap.h"
#include "base/mem.h"

#define PAGE_BITS 1024 /* ids that follow each other cost little more than their bits, lone ones 128 bytes */

struct page {
    uint64_t words[PAGE_BITS / 64];
};

struct idset {
    struct hmap *pages;
};

struct idset *idset_create(void)
{
    struct idset *set = mem_calloc(1, sizeof(*set));
    set->pages = hmap_create(64, false);
    return set;
}

void idset_free(struct idset *set)
{
    if (!set)
        return;
    size_t it = 0;
    struct page *page;
    while ((page = hmap_next(set->pages, &it)))
        free(page);
    hmap_free(set->pages);
    free(set);
}

bool idset_has(const struct idset *set, uint64_t id)
{
    const struct page *page = hmap_get_u64(set->pages, id / PAGE_BITS);
    return page && (page->words[id % PAGE_BITS / 64] >> (id % 64) & 1);
}

bool idset_add(struct idset *set, uint64_t id)
{
    struct page *page = hmap_get_u64(set->pages, id / PAGE_BITS);
    if (!page) {
        page = mem_calloc(1, sizeof(*page));
        if (hmap_put_u64(set->pages, id / PAGE_BITS, page) != ERR_OK)
            abort(); /* a growing map takes every new key */
    }
    uint64_t *word = &page->words[id % PAGE_BITS / 64];
    uint64_t bit = 1ull << (id % 64);
    bool is_new = !(*word & bit);
    *word |= bit;
    return is_new;
}
