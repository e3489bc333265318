/* A set of ids, a bit each in pages: a hundred million ids that follow each other take some 30 MB. One thread. */
#ifndef ICHAT_IMPORT_IDSET_H
#define ICHAT_IMPORT_IDSET_H

#include <stdbool.h>
#include <stdint.h>

struct idset;

struct idset *idset_create(void); /* never NULL */
void idset_free(struct idset *set);
/* false: it was there already. */
bool idset_add(struct idset *set, uint64_t id);
bool idset_has(const struct idset *set, uint64_t id);

#endif
