/* Services of users and their settings. db threads; the makers: web thread. */
#include "chat/user.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "chat/file.h"
#include "chat/json.h"
#include "store/contact.h"
#include "store/setting.h"

#define KEYWORD_MAX 20 /* code points; no name is longer */

void user_infos(struct op *op, struct db *db)
{
    const struct user_infos_args *args = op_args(op, struct user_infos_args);
    struct user_row *rows;
    enum err err = db_users_get(db, args->ids, args->count, &rows);
    if (err) {
        op_fail_err(op, err);
        return;
    }
    op->data = json_array();
    for (size_t i = 0; i < args->count; i++)
        json_array_append_new(op->data, rows[i].user_id ? chat_json_user(&rows[i]) : json_null());
    user_rows_free(rows, args->count);
}

struct op *user_infos_op(struct chat *chat, uint64_t caller_id, const struct user_infos_args *args)
{
    struct user_infos_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_READ, user_infos, caller_id, copy);
    copy->ids = op_keep_bytes(op, args->ids, args->count * sizeof(*args->ids));
    return op;
}

void user_update(struct op *op, struct db *db)
{
    const struct user_update_args *args = op_args(op, struct user_update_args);
    enum err err = db_user_update(db, op->caller_id, args->nickname, args->avatar, clock_wall_us());
    op_end(op, err ? err : file_use(db, args->avatar));
}

struct op *user_update_op(struct chat *chat, uint64_t caller_id, const struct user_update_args *args)
{
    struct user_update_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, user_update, caller_id, copy);
    copy->nickname = op_keep(op, args->nickname);
    copy->avatar = op_keep(op, args->avatar);
    return op;
}

/* User + {isFriend, pendingRequest} */
static enum err found_user(struct op *op, struct db *db, const struct user_row *row)
{
    uint64_t contact_id;
    enum err err = db_contact_find(db, op->caller_id, row->user_id, &contact_id);
    if (err && err != ERR_NOT_FOUND)
        return err;
    bool is_friend = !err;
    json_t *pending = json_null();
    if (!is_friend) {
        struct request_row request;
        err = db_request_find_pending(db, op->caller_id, row->user_id, clock_wall_us(), &request);
        if (err && err != ERR_NOT_FOUND)
            return err;
        if (!err)
            pending = chat_json_request(&request, TIME_SECONDS);
    }
    json_t *user = chat_json_user(row);
    json_object_set_new(user, "isFriend", json_boolean(is_friend));
    json_object_set_new(user, "pendingRequest", pending);
    json_array_append_new(op->data, user);
    return ERR_OK;
}

/* Expired requests are left out here, whatever their row says; it is marked when somebody asks again. */
void user_search(struct op *op, struct db *db)
{
    const struct user_search_args *args = op_args(op, struct user_search_args);
    op->data = json_array();
    uint64_t size = args->size ? args->size : 5;
    size = size < USER_SEARCH_SIZE_MAX ? size : USER_SEARCH_SIZE_MAX;
    uint64_t page = args->page ? args->page - 1 : 0;
    /* Comes from a query string, so it may be anything; nothing is found by what no name can be. */
    if (!utf8_is_valid(args->keyword, strlen(args->keyword)) || utf8_count(args->keyword) > KEYWORD_MAX ||
        page > INT32_MAX)
        return;
    struct user_search search = {
        .keyword = args->keyword,
        .without = op->caller_id,
        .offset = (int64_t)(page * size),
        .limit = (int64_t)size,
    };
    struct user_row *rows;
    size_t count;
    enum err err = db_users_search(db, &search, &rows, &count);
    if (!err) {
        for (size_t i = 0; i < count && !err; i++)
            err = found_user(op, db, &rows[i]);
        user_rows_free(rows, count);
    }
    op_end(op, err);
}

struct op *user_search_op(struct chat *chat, uint64_t caller_id, const struct user_search_args *args)
{
    struct user_search_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_READ, user_search, caller_id, copy);
    copy->keyword = op_keep(op, args->keyword);
    return op;
}

void user_settings_get(struct op *op, struct db *db)
{
    char *wallpaper;
    enum err err = db_setting_get(db, op->caller_id, &wallpaper);
    if (!err) {
        op->data = json_pack("{s:s}", "wallpaper", wallpaper);
        free(wallpaper);
    } else if (err != ERR_NOT_FOUND) {
        op_fail_err(op, err);
    }
}

struct op *user_settings_get_op(struct chat *chat, uint64_t caller_id)
{
    return op_create(chat, DB_READ, user_settings_get, caller_id, NULL);
}

void user_settings_save(struct op *op, struct db *db)
{
    const struct user_settings_save_args *args = op_args(op, struct user_settings_save_args);
    enum err err = db_setting_put(db, op->caller_id, args->wallpaper, clock_wall_us());
    op_end(op, err ? err : file_use(db, args->wallpaper));
}

struct op *user_settings_save_op(struct chat *chat, uint64_t caller_id, const struct user_settings_save_args *args)
{
    struct user_settings_save_args *copy = op_dup(args, sizeof(*args));
    struct op *op = op_create(chat, DB_WRITE, user_settings_save, caller_id, copy);
    copy->wallpaper = op_keep(op, args->wallpaper);
    return op;
}
