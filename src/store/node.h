/* The servers that share the database. Blocking; a db thread. */
#ifndef ICHAT_STORE_NODE_H
#define ICHAT_STORE_NODE_H

#include <stdint.h>

#include "store/db.h"

/* It gives a sign now. */
MUST_CHECK enum err db_node_put(struct db *db, const char *node, int64_t now_us);
/* Forgets those that gave none since. */
MUST_CHECK enum err db_node_prune(struct db *db, int64_t since_us);

#endif
