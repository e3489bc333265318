/* The stored side of calls (CONTRACT sections 5 and 6): the call's row and its message in the chat. Which state a call
 * is in, call/ decides; this only checks who may create one, stores, re-delivers and notifies. Makers: web thread. */
#ifndef ICHAT_CHAT_CALL_RECORD_H
#define ICHAT_CHAT_CALL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/op.h"

#define CALL_RECORD_USERS_MAX 1000 /* userIds in one request; call.max_members is call's to check */

enum call_status { CALL_NEW = 1, CALL_READY = 2, CALL_ACTIVE = 3, CALL_END = 4 };

enum call_end_reason {
    CALL_END_NONE = 0,
    CALL_END_NORMAL = 1,
    CALL_END_REJECTED = 2,
    CALL_END_NO_ANSWER = 3,
    CALL_END_BUSY = 4,
    CALL_END_LOST = 5,
    CALL_END_ERROR = 6,
    CALL_END_CANCELLED = 7,
};

struct call_record_member {
    uint64_t user_id;
    const char *nickname;
    const char *avatar;
};

/* op->result of call_record_create and call_record_get; lives as long as the op. */
struct call_record {
    uint64_t call_id;
    uint64_t caller_id;
    uint64_t message_id;
    uint64_t room_id;
    enum call_status status;
    int64_t start_us; /* wall clock, 0 = null */
    int64_t end_us;
    enum call_end_reason end_reason;
    struct call_record_member *members; /* the caller first */
    size_t member_count;
    uint64_t *room_members; /* user ids */
    size_t room_member_count;
};
#define op_call_record(op) ((const struct call_record *)(op)->result)

/* POST /call: checks as the contract orders them; data is the call id (a number), result a struct call_record. Stores
 * the message and the call with status New and notifies all members of the room (type 1, isNew false, handled false).
 * A repeated user counts once. */
struct call_record_create_args {
    uint64_t contact_id;
    const uint64_t *user_ids;
    size_t count;
    const char *node; /* who runs the call, for call_record_end_orphans; NULL = this server */
};
op_service call_record_create;
struct op *call_record_create_op(struct chat *chat, uint64_t caller_id, const struct call_record_create_args *args);

/* Writes all fields, re-delivers the call's message to all members of the room (new delivery rows, type 1 with `call`,
 * isNew false). Data null; 3006 when there is no such call. Whole seconds are sent whatever the times are. */
struct call_record_update_args {
    uint64_t call_id;
    enum call_status status;
    int64_t start_us; /* wall clock, 0 = null */
    int64_t end_us;
    enum call_end_reason end_reason;
    const uint64_t *handled; /* user ids for whom `handled` is true; ended calls: true for all */
    size_t handled_count;
};
op_service call_record_update;
struct op *call_record_update_op(struct chat *chat, const struct call_record_update_args *args);

/* GET /call: data is the Call, result a struct call_record. 3006 unknown, 403 unless the caller is a member of it. */
struct call_record_get_args {
    uint64_t call_id;
};
op_service call_record_get;
struct op *call_record_get_op(struct chat *chat, uint64_t caller_id, const struct call_record_get_args *args);

/* This server gives a sign, and ends the calls that nobody runs any more: those of servers that gave none for
 * CALL_RECORD_SILENCE_US, and at its start its own, cut by the last end of the process. They get status End, reason
 * Error, and are re-delivered. Data: how many. */
#define CALL_RECORD_SILENCE_US 60000000 /* CONTRACT section 6 */
struct call_record_orphans_args {
    bool is_start;
    const char *node; /* NULL = this server */
};
op_service call_record_end_orphans;
struct op *call_record_end_orphans_op(struct chat *chat, const struct call_record_orphans_args *args);

#endif
