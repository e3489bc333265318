/* /contact/... Web thread. */
#include "chat/contact.h"
#include "chat/validate.h"
#include "web/api.h"
#include "web/fields.h"
#include "web/request.h"

void api_contact_list(struct web_req *req)
{
    request_run_op(req, contact_list_op(req->web->chat, req->caller.user_id));
}

void api_contact_pending(struct web_req *req)
{
    request_run_op(req, contact_pending_op(req->web->chat, req->caller.user_id));
}

void api_contact_members(struct web_req *req)
{
    struct contact_members_args args;
    if (!request_query_u64(req, "contactId", &args.contact_id))
        return;
    request_run_op(req, contact_members_op(req->web->chat, req->caller.user_id, &args));
}

void api_contact_request(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct contact_request_args args = {.user_id = fields_u64(&f, "userId")};
    validate_required_id(&f.texts, "UserId", args.user_id);
    if (!fields_end(&f))
        return;
    request_run_op(req, contact_request_op(req->web->chat, req->caller.user_id, &args));
}

void api_contact_accept(struct web_req *req)
{
    struct contact_answer_args args;
    if (!request_query_u64(req, "requestId", &args.request_id))
        return;
    request_run_op(req, contact_accept_op(req->web->chat, req->caller.user_id, &args));
}

void api_contact_reject(struct web_req *req)
{
    struct contact_answer_args args;
    if (!request_query_u64(req, "requestId", &args.request_id))
        return;
    request_run_op(req, contact_reject_op(req->web->chat, req->caller.user_id, &args));
}

void api_contact_group(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    uint64_t ids[GROUP_CONTACTS_MAX];
    struct group_create_args args = {
        .name = fields_text(&f, "name"),
        .avatar = fields_text(&f, "avatar"),
        .contact_ids = ids,
    };
    args.count = fields_ids_counted(&f, "contactIds", ids, GROUP_CONTACTS_MAX);
    validate_url(&f.texts, "Avatar", args.avatar, false);
    validate_count(&f.texts, "ContactIds", args.count, 1, GROUP_CONTACTS_MAX);
    if (!fields_end(&f))
        return;
    request_run_op(req, group_create_op(req->web->chat, req->caller.user_id, &args));
}

void api_contact_groups(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    uint64_t ids[GROUP_INFOS_MAX];
    struct group_infos_args args = {.ids = ids};
    args.count = fields_ids(&f, "groupIds", ids, GROUP_INFOS_MAX);
    if (!fields_end(&f))
        return;
    request_run_op(req, group_infos_op(req->web->chat, req->caller.user_id, &args));
}
