/* Messages: services of /chat/... (CONTRACT section 5). Makers: web thread. Strings in args are borrowed for the call
 * of the maker. A message, its room's delivery and the contacts' last-message fields are written in one transaction. */
#ifndef ICHAT_CHAT_MESSAGE_H
#define ICHAT_CHAT_MESSAGE_H

#include <stdint.h>

#include "chat/op.h"

#define MESSAGE_LIST_DEFAULT 10
#define MESSAGE_LIST_MAX 100

/* POST /chat/send: data is the Message with localId. */
struct message_send_args {
    uint64_t contact_id;
    const char *local_id;
    const char *text;
    const char *image;
    const char *thumbnail;
};
op_service message_send;
struct op *message_send_op(struct chat *chat, uint64_t caller_id, const struct message_send_args *args);

/* POST /chat/delayUpload: data null. */
struct message_delay_upload_args {
    uint64_t message_id;
    const char *image;
};
op_service message_delay_upload;
struct op *message_delay_upload_op(struct chat *chat, uint64_t caller_id, const struct message_delay_upload_args *args);

/* POST /chat/revoke: data null. */
struct message_revoke_args {
    uint64_t message_id;
};
op_service message_revoke;
struct op *message_revoke_op(struct chat *chat, uint64_t caller_id, const struct message_revoke_args *args);

/* GET /chat/messages: ascending by id. */
struct message_list_args {
    uint64_t contact_id;
    uint64_t last_message_id; /* 0 = from the newest */
    uint64_t limit;           /* 0 = MESSAGE_LIST_DEFAULT, at most MESSAGE_LIST_MAX */
};
op_service message_list;
struct op *message_list_op(struct chat *chat, uint64_t caller_id, const struct message_list_args *args);

/* GET /chat/sync: descending by delivery id. */
struct message_sync_args {
    uint64_t synced;
    uint64_t last;  /* 0 = no upper bound */
    uint64_t limit; /* 5..50, checked by the caller */
};
op_service message_sync;
struct op *message_sync_op(struct chat *chat, uint64_t caller_id, const struct message_sync_args *args);

#endif
