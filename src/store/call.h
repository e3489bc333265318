/* The stored side of calls. Blocking; a db thread. */
#ifndef ICHAT_STORE_CALL_H
#define ICHAT_STORE_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct call_row {
    uint64_t call_id;
    uint64_t caller_id;
    uint64_t message_id;
    uint64_t room_id;
    const char *members; /* JSON array of user ids, the caller first */
    int status;          /* CONTRACT section 4 */
    int64_t start_us;    /* 0 = null */
    int64_t end_us;
    int end_reason;
    const char *node;
    int64_t created_us;
    int64_t updated_us;
    void *owned;
};

void call_row_clear(struct call_row *row);

/* Reads all but call_id, times of start and end; sets call_id. */
MUST_CHECK enum err db_call_insert(struct db *db, struct call_row *row);
MUST_CHECK enum err db_call_get(struct db *db, uint64_t call_id, struct call_row *out);
/* status, start, end, end_reason, updated_us. */
MUST_CHECK enum err db_call_update(struct db *db, const struct call_row *row);
/* Ids of the calls that are not ended, ascending; malloc'd: of this node, and of those that are not in the nodes table.
 */
MUST_CHECK enum err db_call_list_of_node(struct db *db, const char *node, uint64_t **out, size_t *count);
MUST_CHECK enum err db_call_list_of_nobody(struct db *db, uint64_t **out, size_t *count);

#endif
