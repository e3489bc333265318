/* Groups and who is in them. Blocking; a db thread. */
#ifndef ICHAT_STORE_GROUP_H
#define ICHAT_STORE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct group_row {
    uint64_t group_id;
    uint64_t owner_id;
    uint64_t room_id;
    const char *name;
    const char *avatar;
    int64_t created_us;
    int64_t updated_us;
    void *owned;
};

void group_row_clear(struct group_row *row);

/* Makes the group with its room: reads owner, name, avatar, created_us; sets group_id and room_id. */
MUST_CHECK enum err db_group_insert(struct db *db, struct group_row *row);
MUST_CHECK enum err db_group_get(struct db *db, uint64_t group_id, struct group_row *out);
MUST_CHECK enum err db_group_add_member(struct db *db, uint64_t group_id, uint64_t user_id, int64_t now_us);
/* User ids in the order of joining, malloc'd. */
MUST_CHECK enum err db_group_members(struct db *db, uint64_t group_id, uint64_t **out, size_t *count);
MUST_CHECK enum err db_group_has_member(struct db *db, uint64_t group_id, uint64_t user_id, bool *out);

#endif
