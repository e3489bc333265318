/* Messages. Blocking; a db thread. */
#ifndef ICHAT_STORE_MESSAGE_H
#define ICHAT_STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

enum message_type { MESSAGE_TEXT = 1, MESSAGE_IMAGE = 2, MESSAGE_CALL = 3 };

struct message_row {
    uint64_t message_id;
    uint64_t room_id;
    uint64_t sender_id;
    enum message_type type;
    const char *text;
    const char *image;
    const char *thumbnail;
    uint64_t call_id;
    bool is_revoked;
    int64_t created_us;
    int64_t updated_us;
    uint64_t delivery_id; /* where the list is one of deliveries, else 0 */
    void *owned;
};

void message_row_clear(struct message_row *row);
void message_rows_free(struct message_row *rows, size_t count);

/* Reads all but the ids of message and delivery; sets message_id. */
MUST_CHECK enum err db_message_insert(struct db *db, struct message_row *row);
/* Into the room of the sender's own contact, which it sets too: one round trip for the right and the row.
 * ERR_NOT_FOUND: there is no such contact of his. */
MUST_CHECK enum err db_message_insert_to(struct db *db, uint64_t contact_id, struct message_row *row);
MUST_CHECK enum err db_message_get(struct db *db, uint64_t message_id, struct message_row *out);
/* Text, image, thumbnail, call_id, is_revoked, updated_us of that message_id. */
MUST_CHECK enum err db_message_update(struct db *db, const struct message_row *row);
/* The `limit` newest of the room with an id below `before` (0 = no bound), in ascending order. */
MUST_CHECK enum err db_message_list(struct db *db, uint64_t room_id, uint64_t before, int64_t limit,
                                    struct message_row **out, size_t *count);

/* One for the whole room, whose members, malloc'd, are those who get it: each of them finds it by sync, whoever joins
 * later does not. Another server that adds a member at this moment may give it to him by sync alone. */
MUST_CHECK enum err db_delivery_insert_room(struct db *db, const struct message_row *message, int64_t now_us,
                                            uint64_t *delivery_id, uint64_t **members, size_t *count);
/* The user's newest, 0 = none. */
MUST_CHECK enum err db_delivery_last(struct db *db, uint64_t user_id, uint64_t *delivery_id);

struct delivery_range {
    uint64_t user_id;
    uint64_t after;
    uint64_t before; /* 0 = no bound */
    int64_t limit;
};
/* Descending by delivery id, each with the message as it is now. */
MUST_CHECK enum err db_delivery_list(struct db *db, const struct delivery_range *range, struct message_row **out,
                                     size_t *count);

#endif
