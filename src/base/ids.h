/* Ids with generations: how other threads name an object without holding a pointer. Owned by one thread.
 *
 * An id is (generation << 32 | slot + 1), so 0 is never valid and a stale id finds nothing. */
#ifndef ICHAT_BASE_IDS_H
#define ICHAT_BASE_IDS_H

#include <stddef.h>
#include <stdint.h>

struct ids;

struct ids *ids_create(size_t capacity);
void ids_free(struct ids *ids);
/* A new id for the object, or 0 when all slots are taken. */
uint64_t ids_add(struct ids *ids, void *object);
void *ids_get(const struct ids *ids, uint64_t id);
/* The object, whose id is dead from now on; NULL for a stale id. */
void *ids_remove(struct ids *ids, uint64_t id);
size_t ids_count(const struct ids *ids);

#endif
