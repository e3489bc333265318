/* The statements that an import makes: rows with the ids that they had. Each insert says whether the row is in; false:
 * a unique rule forbids it. Blocking; the thread that owns the connection. */
#ifndef ICHAT_IMPORT_TARGET_H
#define ICHAT_IMPORT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "import/bulk.h"
#include "import/schema.h"
#include "store/call.h"
#include "store/contact.h"
#include "store/db.h"
#include "store/group.h"
#include "store/message.h"
#include "store/request.h"
#include "store/user.h"

/* No user, room or message in it. */
MUST_CHECK enum err target_is_empty(struct db *db, bool *out);

MUST_CHECK enum err target_add_user(struct db *db, const struct user_row *row, const char *hash, bool *is_in);
MUST_CHECK enum err target_add_setting(struct db *db, uint64_t user_id, const char *wallpaper, int64_t created_us,
                                       int64_t updated_us, bool *is_in);
MUST_CHECK enum err target_add_room(struct db *db, uint64_t room_id, const char *name, int64_t created_us, bool *is_in);
MUST_CHECK enum err target_add_group(struct db *db, const struct group_row *row, bool *is_in);
/* member_id 0: the next one. */
MUST_CHECK enum err target_add_member(struct db *db, uint64_t member_id, uint64_t group_id, uint64_t user_id,
                                      int64_t created_us, bool *is_in);
MUST_CHECK enum err target_add_contact(struct db *db, const struct contact_row *row, bool *is_in);
MUST_CHECK enum err target_add_request(struct db *db, const struct request_row *row, bool *is_in);
MUST_CHECK enum err target_add_call(struct db *db, const struct call_row *row, bool *is_in);

/* The bulk of a dump: gathered, see bulk.h. */
extern const struct bulk_table target_messages;
extern const struct bulk_table target_deliveries;
MUST_CHECK enum err target_add_message(struct bulk *bulk, const struct bulk_place *place,
                                       const struct message_row *row);
MUST_CHECK enum err target_add_delivery(struct bulk *bulk, const struct bulk_place *place, uint64_t delivery_id,
                                        uint64_t user_id, uint64_t message_id, int64_t created_us);

/* ERR_NOT_FOUND. */
MUST_CHECK enum err target_find_username(struct db *db, const char *username, uint64_t *user_id);
MUST_CHECK enum err target_message_room(struct db *db, uint64_t message_id, uint64_t *room_id);
/* malloc'd. */
MUST_CHECK enum err target_room_name(struct db *db, uint64_t room_id, char **name);

/* When all rows are in; each says how many it touched. */
/* Members of groups from the owners of the groups' contacts. */
MUST_CHECK enum err target_make_members(struct db *db, int64_t *count);
/* Call messages that name no call, by the call that names them. */
MUST_CHECK enum err target_link_calls(struct db *db, int64_t *count);
/* An ended call (Error) for each call message without one. */
MUST_CHECK enum err target_make_calls(struct db *db, int64_t *count);
/* What contacts show as the last message: that of the room, as the server would have set it. */
MUST_CHECK enum err target_set_last_messages(struct db *db);
/* New rows of the table get ids above this and above all that are there; those of room_deliveries, which go on where
 * deliveries end, with it. */
MUST_CHECK enum err target_continue_after(struct db *db, enum import_table table, uint64_t id);

#endif
