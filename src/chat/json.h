/* The objects of CONTRACT section 4 as JSON. Any thread; each returns a new reference. */
#ifndef ICHAT_CHAT_JSON_H
#define ICHAT_CHAT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "store/call.h"
#include "store/contact.h"
#include "store/group.h"
#include "store/message.h"
#include "store/request.h"
#include "store/user.h"

/* Rows read from the database show whole seconds, rows just made their fraction: what the contract's clients know. */
enum time_form { TIME_SECONDS, TIME_FRACTION };

/* 0 = null. */
json_t *chat_json_time(int64_t wall_us, enum time_form form);
json_t *chat_json_user(const struct user_row *row);
json_t *chat_json_contact(const struct contact_row *row);
json_t *chat_json_request(const struct request_row *row, enum time_form form);
json_t *chat_json_group(const struct group_row *row);
/* Always whole seconds: the client prints the difference of start and end. */
json_t *chat_json_call(const struct call_row *row);
/* call_take: the Call with `handled`, or NULL. */
json_t *chat_json_message(const struct message_row *row, const char *local_id, json_t *call_take, enum time_form form);

#endif
