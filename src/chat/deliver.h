/* Handing a message, or a change of it, to everybody in its room. db threads, within the writing transaction. */
#ifndef ICHAT_CHAT_DELIVER_H
#define ICHAT_CHAT_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/op.h"

struct deliver {
    const struct message_row *message;
    const struct call_row *call; /* NULL = no call */
    const uint64_t *handled;     /* users who have handled the call; an ended one counts as handled by all */
    size_t handled_count;
    const char *local_id; /* for the sender's copies alone */
    bool is_new;
    enum time_form form;
};

/* One delivery row for the message's room and one type 1 notification a member, with its id, the sender's last. */
MUST_CHECK enum err deliver_to_room(struct op *op, struct db *db, const struct deliver *deliver, int64_t now_us);
/* Sets the contacts' last-message fields, unless the room has a newer message. */
MUST_CHECK enum err deliver_summary(struct db *db, const struct message_row *message);
/* The Call as it stands in messages and sync: `handled` true. NULL without a call. */
MUST_CHECK enum err deliver_call_json(struct db *db, const struct message_row *message, json_t **out);

#endif
