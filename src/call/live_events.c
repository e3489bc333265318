/* What plugins hear of a call's members. A member has joined with his first socket, and has left when he hangs up, is
 * gone for too long, or the call ends; a broken socket is neither. Web thread. */
#include "call/live.h"

static void tell(const struct live_member *member, const char *name, json_t *data_take)
{
    const struct chat *chat = member->live->env->chat;
    if (chat->on_event)
        chat->on_event(chat->event_ctx, name, data_take);
    json_decref(data_take);
}

void live_event_joined(struct live_member *member)
{
    if (member->is_inside)
        return;
    member->is_inside = true;
    tell(member, "member-joined",
         json_pack("{s:I, s:I}", "callId", (json_int_t)call_id(member->live->call), "userId",
                   (json_int_t)member->user_id));
}

void live_event_left(struct live_member *member, enum call_end_reason reason)
{
    if (!member->is_inside)
        return;
    member->is_inside = false;
    tell(member, "member-left",
         json_pack("{s:I, s:I, s:i}", "callId", (json_int_t)call_id(member->live->call), "userId",
                   (json_int_t)member->user_id, "reason", (int)reason));
}
