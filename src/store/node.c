/* The nodes table. */
#include "store/node.h"

#include <stddef.h>

enum err db_node_put(struct db *db, const char *node, int64_t now_us)
{
    return db_exec(db, NULL,
                   "insert into nodes (node, seen_at) values ($1, $2)"
                   " on conflict (node) do update set seen_at = excluded.seen_at",
                   "si", node, now_us);
}

enum err db_node_prune(struct db *db, int64_t since_us)
{
    return db_exec(db, NULL, "delete from nodes where seen_at < $1", "i", since_us);
}
