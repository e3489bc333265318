/* Contacts, contact requests and groups: services of /contact/... (CONTRACT section 5). Makers: web thread. Strings and
 * lists in args are borrowed for the call of the maker. */
#ifndef ICHAT_CHAT_CONTACT_H
#define ICHAT_CHAT_CONTACT_H

#include <stddef.h>
#include <stdint.h>

#include "chat/op.h"

#define GROUP_CONTACTS_MAX 100
#define GROUP_INFOS_MAX 1000 /* ids in one request */

/* POST /contact/user: data is the Request. Asking oneself is code 500, as the contract has it. */
struct contact_request_args {
    uint64_t user_id;
};
op_service contact_request;
struct op *contact_request_op(struct chat *chat, uint64_t caller_id, const struct contact_request_args *args);

/* POST /contact/accept and /contact/reject: data null. */
struct contact_answer_args {
    uint64_t request_id;
};
op_service contact_accept;
struct op *contact_accept_op(struct chat *chat, uint64_t caller_id, const struct contact_answer_args *args);
op_service contact_reject;
struct op *contact_reject_op(struct chat *chat, uint64_t caller_id, const struct contact_answer_args *args);

/* GET /contact, GET /contact/pending. */
op_service contact_list;
struct op *contact_list_op(struct chat *chat, uint64_t caller_id);
op_service contact_pending;
struct op *contact_pending_op(struct chat *chat, uint64_t caller_id);

/* GET /contact/members */
struct contact_members_args {
    uint64_t contact_id;
};
op_service contact_members;
struct op *contact_members_op(struct chat *chat, uint64_t caller_id, const struct contact_members_args *args);

/* POST /contact/group: data null; repeated contacts count once. */
struct group_create_args {
    const char *name;
    const char *avatar;
    const uint64_t *contact_ids; /* 1..GROUP_CONTACTS_MAX */
    size_t count;
};
op_service group_create;
struct op *group_create_op(struct chat *chat, uint64_t caller_id, const struct group_create_args *args);

/* POST /contact/groups: an array of the same length, null for unknown ids and for groups that the caller is not in. */
struct group_infos_args {
    const uint64_t *ids;
    size_t count;
};
op_service group_infos;
struct op *group_infos_op(struct chat *chat, uint64_t caller_id, const struct group_infos_args *args);

#endif
