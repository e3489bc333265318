/* /call/... Web thread. */
#include "call/calls.h"
#include "web/api.h"
#include "web/fields.h"
#include "web/request.h"

/* The answer of call/: a calls_done. */
static void on_done(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    struct web_req *req = ctx;
    if (code == CHAT_OK)
        reply_ok(req, json_incref(data));
    else
        reply_error(req, code, message);
}

/* false: the server is stopping; answered. */
static bool begin(struct web_req *req)
{
    if (req->web->calls) {
        request_hold(req);
        return true;
    }
    reply_error(req, CHAT_INTERNAL, NULL);
    return false;
}

void api_call_create(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    uint64_t ids[CALL_RECORD_USERS_MAX];
    struct call_record_create_args args = {.contact_id = fields_u64(&f, "contactId"), .user_ids = ids};
    args.count = fields_ids(&f, "userIds", ids, CALL_RECORD_USERS_MAX);
    if (fields_end(&f) && begin(req))
        calls_create_call(req->web->calls, req->caller.user_id, &args, on_done, req);
}

void api_call_join(struct web_req *req)
{
    uint64_t call_id;
    if (request_query_u64(req, "callId", &call_id) && begin(req))
        calls_join(req->web->calls, &req->caller, call_id, on_done, req);
}

void api_call_hangup(struct web_req *req)
{
    uint64_t call_id;
    if (request_query_u64(req, "callId", &call_id) && begin(req))
        calls_hangup(req->web->calls, req->caller.user_id, call_id, on_done, req);
}

void api_call_get(struct web_req *req)
{
    uint64_t call_id;
    if (request_query_u64(req, "callId", &call_id) && begin(req))
        calls_get(req->web->calls, req->caller.user_id, call_id, on_done, req);
}
