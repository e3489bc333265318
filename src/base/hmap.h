/* Hash maps with open addressing, owned by one thread. The hash is keyed with a random seed of each map, so that
 * outsiders who choose keys (addresses, ufrags, ids) cannot make them collide.
 *
 * The value is a pointer that the map does not own. Lookups allocate nothing. A map made with a fixed capacity (media
 * threads) never grows: hmap_put answers ERR_FULL. */
#ifndef ICHAT_BASE_HMAP_H
#define ICHAT_BASE_HMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HMAP_KEY_MAX 40 /* bytes: an IPv6 address with port and scope, an ice-ufrag, an id */

struct hmap;

/* capacity: the number of entries; is_fixed as above, else the map grows. Never NULL. */
struct hmap *hmap_create(size_t capacity, bool is_fixed);
void hmap_free(struct hmap *map);

/* Keys of 1..HMAP_KEY_MAX bytes. put replaces no value: ERR_EXISTS. */
MUST_CHECK enum err hmap_put(struct hmap *map, const void *key, size_t len, void *value);
void *hmap_get(const struct hmap *map, const void *key, size_t len);
/* The removed value or NULL. */
void *hmap_del(struct hmap *map, const void *key, size_t len);
size_t hmap_count(const struct hmap *map);

MUST_CHECK enum err hmap_put_u64(struct hmap *map, uint64_t key, void *value);
void *hmap_get_u64(const struct hmap *map, uint64_t key);
void *hmap_del_u64(struct hmap *map, uint64_t key);

/* Walks all values: start with *it = 0; NULL at the end. Do not change the map meanwhile, but for deleting the value
 * that was returned last. */
void *hmap_next(const struct hmap *map, size_t *it);

#endif
