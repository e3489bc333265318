/* /register, /login and /user/... Web thread. */
#include "chat/user.h"
#include "chat/validate.h"
#include "web/api.h"
#include "web/fields.h"
#include "web/guard.h"
#include "web/request.h"

void api_register(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct user_register_args args = {
        .username = fields_text(&f, "username"),
        .password = fields_text(&f, "password"),
        .nickname = fields_text(&f, "nickname"),
        .avatar = fields_text(&f, "avatar"),
    };
    validate_text(&f.texts, "Username", args.username, true, 2, 20);
    validate_text(&f.texts, "Password", args.password, true, 6, 20);
    validate_text(&f.texts, "Nickname", args.nickname, true, 1, 20);
    if (!fields_end(&f))
        return;
    request_hold(req);
    user_register_start(req->web->chat, &args, request_on_op, req);
}

void api_login(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    char address[ADDR_TEXT_MAX];
    addr_ip_text(&req->client.addr, address);
    struct user_login_args args = {
        .username = fields_text(&f, "username"),
        .password = fields_text(&f, "password"),
        .address = address,
    };
    validate_text(&f.texts, "Username", args.username, true, 0, 0);
    validate_text(&f.texts, "Password", args.password, true, 0, 0);
    if (!fields_end(&f))
        return;
    request_hold(req);
    user_login_start(req->web->chat, &args, request_on_op, req);
}

void api_user_password(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct user_password_args args = {
        .old_password = fields_text(&f, "oldPassword"),
        .new_password = fields_text(&f, "newPassword"),
        .login_id = req->caller.login_id,
    };
    validate_text(&f.texts, "OldPassword", args.old_password, true, 0, 0);
    validate_text(&f.texts, "NewPassword", args.new_password, true, 6, 20);
    if (!fields_end(&f))
        return;
    request_hold(req);
    user_password_start(req->web->chat, req->caller.user_id, &args, request_on_op, req);
}

void api_user_logout(struct web_req *req)
{
    request_hold(req);
    user_logout_start(req->web->chat, req->caller.user_id, req->caller.login_id, request_on_op, req);
}

static void on_logout_checked(void *ctx, enum auth_result result, const struct caller *caller)
{
    struct web_req *req = ctx;
    if (result == AUTH_OK)
        user_logout_start(req->web->chat, caller->user_id, caller->login_id, request_on_op, req);
    else if (result == AUTH_BUSY)
        reply_error(req, CHAT_INTERNAL, NULL);
    else
        reply_not_found(req);
}

void api_logout(struct web_req *req)
{
    request_hold(req);
    auth_check(req->web->chat->auth, guard_token(req), on_logout_checked, req);
}

void api_user_infos(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    uint64_t ids[USER_INFOS_MAX];
    struct user_infos_args args = {.ids = ids};
    args.count = fields_ids(&f, "userIds", ids, USER_INFOS_MAX);
    if (!fields_end(&f))
        return;
    request_run_op(req, user_infos_op(req->web->chat, req->caller.user_id, &args));
}

void api_user_info(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct user_update_args args = {
        .nickname = fields_text(&f, "nickname"),
        .avatar = fields_text(&f, "avatar"),
    };
    validate_text(&f.texts, "Nickname", args.nickname, true, 1, 20);
    validate_url(&f.texts, "Avatar", args.avatar, false);
    if (!fields_end(&f))
        return;
    request_run_op(req, user_update_op(req->web->chat, req->caller.user_id, &args));
}

void api_user_search(struct web_req *req)
{
    struct user_search_args args = {.keyword = request_query(req, "keyword")};
    if (!request_query_u64(req, "page", &args.page) || !request_query_u64(req, "size", &args.size))
        return;
    request_run_op(req, user_search_op(req->web->chat, req->caller.user_id, &args));
}

void api_user_settings_get(struct web_req *req)
{
    request_run_op(req, user_settings_get_op(req->web->chat, req->caller.user_id));
}

void api_user_settings_save(struct web_req *req)
{
    struct fields f;
    if (!fields_begin(&f, req))
        return;
    struct user_settings_save_args args = {.wallpaper = fields_text(&f, "wallpaper")};
    validate_url(&f.texts, "Wallpaper", args.wallpaper, false);
    if (!fields_end(&f))
        return;
    request_run_op(req, user_settings_save_op(req->web->chat, req->caller.user_id, &args));
}
