/* How message.c and delivery.c read a message. Only these two include it. */
#ifndef ICHAT_STORE_MESSAGE_ROW_H
#define ICHAT_STORE_MESSAGE_ROW_H

#include "store/message.h"

/* Followed by the delivery id, or 0. */
#define MESSAGE_COLUMNS                                                                                                \
    "m.message_id, m.room_id, m.sender_id, m.type, m.text, m.image, m.thumbnail, m.call_id, m.revoked, m.created_at,"  \
    " m.updated_at"

void message_row_read(const struct db_rows *rows, struct message_row *out);
/* All rows; ends the query. */
MUST_CHECK enum err message_rows_read(struct db_rows *rows, struct message_row **out, size_t *count);

#endif
