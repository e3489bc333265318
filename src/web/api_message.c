/* /chat/... Web thread. */
#include "chat/message.h"
#include "chat/validate.h"
#include "web/api.h"
#include "web/fields.h"
#include "web/request.h"

void api_chat_send(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct message_send_args args = {
        .contact_id = fields_u64(&f, "contactId"),
        .local_id = fields_text(&f, "localId"),
        .text = fields_text(&f, "text"),
        .image = fields_text(&f, "image"),
        .thumbnail = fields_text(&f, "thumbnail"),
    };
    validate_url(&f.texts, "Image", args.image, false);
    if (!fields_end(&f))
        return;
    request_run_op(req, message_send_op(req->web->chat, req->caller.user_id, &args));
}

void api_chat_delay_upload(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct message_delay_upload_args args = {
        .message_id = fields_u64(&f, "messageId"),
        .image = fields_text(&f, "image"),
    };
    validate_url(&f.texts, "Image", args.image, true);
    if (!fields_end(&f))
        return;
    request_run_op(req, message_delay_upload_op(req->web->chat, req->caller.user_id, &args));
}

void api_chat_revoke(struct web_req *req)
{
    struct message_revoke_args args;
    if (!request_query_u64(req, "messageId", &args.message_id))
        return;
    request_run_op(req, message_revoke_op(req->web->chat, req->caller.user_id, &args));
}

void api_chat_messages(struct web_req *req)
{
    struct message_list_args args;
    if (!request_query_u64(req, "contactId", &args.contact_id) ||
        !request_query_u64(req, "lastMessageId", &args.last_message_id) ||
        !request_query_u64(req, "limit", &args.limit))
        return;
    request_run_op(req, message_list_op(req->web->chat, req->caller.user_id, &args));
}

void api_chat_sync(struct web_req *req)
{
    struct message_sync_args args;
    if (!request_query_u64(req, "synced", &args.synced) || !request_query_u64(req, "last", &args.last) ||
        !request_query_u64(req, "limit", &args.limit))
        return;
    struct fields f;
    fields_begin_query(&f, req);
    validate_number(&f.texts, "Limit", args.limit, true, 5, 50);
    if (!fields_end(&f))
        return;
    request_run_op(req, message_sync_op(req->web->chat, req->caller.user_id, &args));
}
