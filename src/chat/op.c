/* Operations: from the web thread to a db thread and back. */
#include "chat/op.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "chat/spread.h"

struct op_kept {
    struct op_kept *next;
    _Alignas(16) char data[];
};

struct op_notice {
    struct op_notice *next;
    uint64_t user_id;
    enum notice_type type;
    json_t *payload;
    struct spread *spread; /* instead of the above, or NULL */
};

const char *chat_code_text(enum chat_code code)
{
    switch (code) {
    case CHAT_OK:
        return "";
    case CHAT_BAD_REQUEST:
        return "请求参数错误";
    case CHAT_UNAUTHORIZED:
        return "未登录";
    case CHAT_FORBIDDEN:
        return "无权限";
    case CHAT_INTERNAL:
        return "服务器内部错误";
    case CHAT_USER_MISSING:
        return "用户不存在";
    case CHAT_USER_EXISTS:
        return "用户已存在";
    case CHAT_INVALID_FIELDS:
        return "请求参数错误";
    case CHAT_WRONG_PASSWORD:
        return "用户名或密码错误";
    case CHAT_TOKEN_EXPIRED:
        return "凭证已过期";
    case CHAT_CONTACT_EXISTS:
        return "联系人已存在";
    case CHAT_REQUEST_EXISTS:
        return "联系人申请已存在";
    case CHAT_REQUEST_MISSING:
        return "联系人申请不存在";
    case CHAT_REQUEST_STATE:
        return "联系人申请状态无效";
    case CHAT_CONTACT_MISSING:
        return "联系人不存在";
    case CHAT_REQUEST_EXPIRED:
        return "联系人申请已过期";
    case CHAT_TOO_LATE_TO_REVOKE:
        return "只能撤回两分钟内的消息";
    case CHAT_EMPTY_MESSAGE:
        return "消息内容为空";
    case CHAT_MESSAGE_TYPE:
        return "不支持的消息类型";
    case CALL_STATE_INVALID:
        return "通话状态无效";
    case CALL_TOO_FEW:
        return "通话人数不足";
    case CALL_MANAGER_MISSING:
        return "通话管理器不存在";
    case CALL_MISSING:
        return "通话不存在";
    case CALL_NOT_READY:
        return "通话状态未准备";
    case CHAT_FILE_FAILED:
        return "文件保存失败";
    }
    return "服务器内部错误";
}

struct op *op_create(struct chat *chat, enum db_lane lane, op_service *service, uint64_t caller_id, void *args_take)
{
    struct op *op = mem_calloc(1, sizeof(*op));
    op->chat = chat;
    op->lane = lane;
    op->service = service;
    op->caller_id = caller_id;
    op->args = args_take;
    op->code = CHAT_OK;
    op->last_notice = &op->notices;
    return op;
}

const void *op_keep_bytes(struct op *op, const void *data, size_t len)
{
    struct op_kept *kept = mem_calloc(1, sizeof(*kept) + len + 1);
    kept->next = op->kept;
    op->kept = kept;
    if (len)
        memcpy(kept->data, data, len);
    return kept->data;
}

const char *op_keep(struct op *op, const char *s)
{
    return s ? op_keep_bytes(op, s, strlen(s)) : "";
}

void *op_dup(const void *args, size_t size)
{
    return memcpy(mem_calloc(1, size), args, size);
}

const char *op_message(const struct op *op)
{
    return op->message ? op->message : chat_code_text(op->code);
}

static void drop_results(struct op *op)
{
    while (op->notices) {
        struct op_notice *next = op->notices->next;
        json_decref(op->notices->payload);
        spread_free(op->notices->spread);
        free(op->notices);
        op->notices = next;
    }
    op->last_notice = &op->notices;
    json_decref(op->data);
    json_decref(op->events);
    op->data = op->events = NULL;
}

static void free_op(struct op *op)
{
    if (op->free_args)
        op->free_args(op->args);
    else
        free(op->args);
    if (op->free_result)
        op->free_result(op->result);
    else
        free(op->result);
    while (op->kept) {
        struct op_kept *next = op->kept->next;
        free(op->kept);
        op->kept = next;
    }
    free(op->message);
    drop_results(op);
    free(op);
}

static enum err run(struct db_job *job, struct db *db)
{
    struct op *op = (struct op *)job;
    op->service(op, db);
    return op->code == CHAT_OK ? ERR_OK : ERR_STATE;
}

/* Failed or not: what on_done may look at is settled here. */
static void settle(struct db_job *job, enum err err)
{
    struct op *op = (struct op *)job;
    if (err && op->code == CHAT_OK)
        op_fail_err(op, err);
    if (op->code != CHAT_OK)
        drop_results(op);
    else if (op->on_commit)
        op->on_commit(op);
}

static void send_notices(struct op *op)
{
    for (const struct op_notice *notice = op->notices; notice; notice = notice->next) {
        if (notice->spread)
            spread_send(notice->spread, op->chat->hub);
        else
            hub_notify(op->chat->hub, notice->user_id, notice->type, notice->payload);
    }
}

static void send_events(struct op *op)
{
    size_t i;
    json_t *event;
    if (!op->chat->on_event)
        return;
    json_array_foreach (op->events, i, event) {
        op->chat->on_event(op->chat->event_ctx, json_string_value(json_object_get(event, "name")),
                           json_object_get(event, "data"));
    }
}

static void done(struct db_job *job)
{
    struct op *op = (struct op *)job;
    send_notices(op);
    send_events(op);
    op->on_done(op, op->ctx);
    free_op(op);
}

void op_start(struct op *op, void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    op->job.run = run;
    op->job.settle = settle;
    op->job.done = done;
    op->on_done = on_done;
    op->ctx = ctx;
    if (db_pool_submit(op->chat->db, op->lane, &op->job) == ERR_OK)
        return;
    log_limited(LOG_WARN, "The database's queue is full, a request was refused");
    op_fail(op, CHAT_INTERNAL);
    op_finish(op, on_done, ctx);
}

void op_finish(struct op *op, void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    on_done(op, ctx);
    free_op(op);
}

void op_fail(struct op *op, enum chat_code code)
{
    op_fail_text(op, code, NULL);
}

void op_fail_text(struct op *op, enum chat_code code, const char *message)
{
    op->code = code;
    free(op->message);
    op->message = message ? mem_strdup(message) : NULL;
}

void op_fail_err(struct op *op, enum err err)
{
    log_limited(LOG_WARN, "A request failed in the database err=%s", err_str(err));
    op_fail(op, CHAT_INTERNAL);
}

enum err op_refuse(struct op *op, enum chat_code code)
{
    op_fail(op, code);
    return ERR_STATE;
}

void op_end(struct op *op, enum err err)
{
    if (err && op->code == CHAT_OK)
        op_fail_err(op, err);
}

static struct op_notice *add_notice(struct op *op)
{
    struct op_notice *notice = mem_calloc(1, sizeof(*notice));
    *op->last_notice = notice;
    op->last_notice = &notice->next;
    return notice;
}

void op_notify(struct op *op, uint64_t user_id, enum notice_type type, json_t *payload_take)
{
    struct op_notice *notice = add_notice(op);
    notice->user_id = user_id;
    notice->type = type;
    notice->payload = payload_take;
}

void op_notify_spread(struct op *op, struct spread *spread_take)
{
    add_notice(op)->spread = spread_take;
}

void op_event(struct op *op, const char *name, json_t *data_take)
{
    json_t *event = json_pack("{s:s, s:o}", "name", name, "data", data_take ? data_take : json_null());
    if (!op->events)
        op->events = json_array();
    if (json_array_append_new(op->events, event) != 0) {
        log_error("Cannot queue an event, out of memory?");
        abort();
    }
}
