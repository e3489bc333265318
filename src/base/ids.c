/* Slots with a generation each; a removed slot's generation moves on, which is what makes old ids stale. */
#include "base/ids.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

#define GENERATION_SHIFT 32

struct slot {
    void *object; /* NULL = free */
    uint32_t generation;
    uint32_t next_free; /* index + 1, 0 = none */
};

struct ids {
    /* set once at creation */
    struct slot *slots;
    size_t capacity;
    /* owner's */
    size_t count;
    uint32_t first_free; /* index + 1, 0 = none */
};

struct ids *ids_create(size_t capacity)
{
    assert(capacity < UINT32_MAX);
    struct ids *ids = mem_calloc(1, sizeof(*ids));
    ids->slots = mem_calloc(capacity, sizeof(*ids->slots));
    ids->capacity = capacity;
    for (size_t i = 0; i < capacity; i++)
        ids->slots[i] = (struct slot){.generation = 1, .next_free = i + 1 < capacity ? (uint32_t)i + 2 : 0};
    ids->first_free = capacity > 0 ? 1 : 0;
    return ids;
}

void ids_free(struct ids *ids)
{
    if (!ids)
        return;
    free(ids->slots);
    free(ids);
}

uint64_t ids_add(struct ids *ids, void *object)
{
    assert(object);
    if (ids->first_free == 0)
        return 0;
    uint32_t number = ids->first_free;
    struct slot *slot = &ids->slots[number - 1];
    ids->first_free = slot->next_free;
    slot->object = object;
    ids->count++;
    return (uint64_t)slot->generation << GENERATION_SHIFT | number;
}

static struct slot *find(const struct ids *ids, uint64_t id)
{
    uint32_t number = (uint32_t)id;
    if (number == 0 || number > ids->capacity)
        return NULL;
    struct slot *slot = &ids->slots[number - 1];
    return slot->object && slot->generation == (uint32_t)(id >> GENERATION_SHIFT) ? slot : NULL;
}

void *ids_get(const struct ids *ids, uint64_t id)
{
    const struct slot *slot = find(ids, id);
    return slot ? slot->object : NULL;
}

void *ids_remove(struct ids *ids, uint64_t id)
{
    struct slot *slot = find(ids, id);
    if (!slot)
        return NULL;
    void *object = slot->object;
    slot->object = NULL;
    slot->generation++;
    slot->next_free = ids->first_free;
    ids->first_free = (uint32_t)id;
    ids->count--;
    return object;
}

size_t ids_count(const struct ids *ids)
{
    return ids->count;
}
