/* Rows of one table, gathered into statements of many rows: over a connection the way there and back costs more than
 * the row. Blocking; the thread that owns the connection. Rows are told of in the order in which they were added.
 *
 *     bulk = bulk_create(db, &table, on_added, ctx);
 *     for each row: err = bulk_add(bulk, &place, values);         may call on_added for those that were gathered
 *     err = bulk_flush(bulk);                                        before each commit
 *     bulk_free(bulk); */
#ifndef ICHAT_IMPORT_BULK_H
#define ICHAT_IMPORT_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

#define BULK_COLUMNS_MAX 12

struct bulk;

struct bulk_table {
    const char *name;
    const char *columns; /* "message_id, room_id": the id first */
    const char *id;      /* "message_id" */
    unsigned column_count;
};

/* Where the row stands in the dump. */
struct bulk_place {
    uint64_t line;
    uint64_t number;
};

/* is_in: false = a unique rule forbids it. */
typedef enum err bulk_added(void *ctx, uint64_t id, const struct bulk_place *place, bool is_in);

struct bulk *bulk_create(struct db *db, const struct bulk_table *table, bulk_added *on_added, void *ctx);
void bulk_free(struct bulk *bulk);
/* Copies the values; the first one is the id. */
MUST_CHECK enum err bulk_add(struct bulk *bulk, const struct bulk_place *place, const struct db_value *values);
MUST_CHECK enum err bulk_flush(struct bulk *bulk);

#endif
