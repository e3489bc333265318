/* Contacts: a user's own row for each other user or group he talks with. Blocking; a db thread. */
#ifndef ICHAT_STORE_CONTACT_H
#define ICHAT_STORE_CONTACT_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define CONTACT_NORMAL 1

struct contact_row {
    uint64_t contact_id;
    uint64_t owner_id;
    uint64_t user_id;  /* 0 = a group */
    uint64_t group_id; /* 0 = a user */
    uint64_t room_id;
    int status;
    uint64_t last_message_id;
    int64_t last_message_us; /* 0 = null */
    const char *last_message_content;
    int64_t created_us;
    int64_t updated_us;
    void *owned;
};

void contact_row_clear(struct contact_row *row);
void contact_rows_free(struct contact_row *rows, size_t count);

/* Reads owner, user or group, room, created_us; sets contact_id. ERR_EXISTS. */
MUST_CHECK enum err db_contact_insert(struct db *db, struct contact_row *row);
MUST_CHECK enum err db_contact_get(struct db *db, uint64_t contact_id, struct contact_row *out);
/* The owner's contact with that user. ERR_NOT_FOUND. */
MUST_CHECK enum err db_contact_find(struct db *db, uint64_t owner_id, uint64_t user_id, uint64_t *contact_id);
/* All of the owner, updated_at descending. */
MUST_CHECK enum err db_contact_list(struct db *db, uint64_t owner_id, struct contact_row **out, size_t *count);
/* Sets the last message of a room, unless it has a newer one; its contacts show it. Within a transaction at its end
 * (contact_last.h). */
MUST_CHECK enum err db_contact_set_last(struct db *db, uint64_t room_id, uint64_t message_id, int64_t message_us,
                                        const char *content);

#endif
