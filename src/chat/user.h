/* Accounts: services of register, login, /user/... (CONTRACT section 5). Web thread, but for the op_services.
 *
 * Fields are checked by the caller (validate.h) before. Strings and lists in args are borrowed for the call of the
 * maker or starter. */
#ifndef ICHAT_CHAT_USER_H
#define ICHAT_CHAT_USER_H

#include <stddef.h>
#include <stdint.h>

#include "chat/op.h"

#define USER_INFOS_MAX 1000 /* ids in one request; the client asks for the members it shows */
#define USER_SEARCH_SIZE_MAX 50

struct user_register_args {
    const char *username; /* 2..20 */
    const char *password; /* 6..20 */
    const char *nickname; /* 1..20 */
    const char *avatar;
};

struct user_login_args {
    const char *username;
    const char *password;
    const char *address; /* of the peer, without the port: what the rate limit counts by, with the name */
};

struct user_password_args {
    const char *old_password;
    const char *new_password;
    const char *login_id; /* the login that stays */
};

/* Whole chains: hash pool and database. on_done is called once on the web thread, perhaps at once, with an op whose
 * code, message and data {userId, token} are the answer; the op is freed after it returns. */
void user_register_start(struct chat *chat, const struct user_register_args *args,
                         void (*on_done)(struct op *op, void *ctx), void *ctx);
/* 1001, 1004; 300 when the limit of tries a minute is reached. An unknown user costs the same time. */
void user_login_start(struct chat *chat, const struct user_login_args *args, void (*on_done)(struct op *op, void *ctx),
                      void *ctx);
/* 1004 when the old one is wrong. Ends all other logins of the user, their sockets and their parts in calls. */
void user_password_start(struct chat *chat, uint64_t caller_id, const struct user_password_args *args,
                         void (*on_done)(struct op *op, void *ctx), void *ctx);
/* Deletes the login's record; its sockets are closed, and its calls left. Data null. */
void user_logout_start(struct chat *chat, uint64_t caller_id, const char *login_id,
                       void (*on_done)(struct op *op, void *ctx), void *ctx);

struct user_infos_args {
    const uint64_t *ids; /* at most USER_INFOS_MAX */
    size_t count;
};
/* An array of the same length, null for unknown ids. */
op_service user_infos;
struct op *user_infos_op(struct chat *chat, uint64_t caller_id, const struct user_infos_args *args);

struct user_update_args {
    const char *nickname;
    const char *avatar; /* "" keeps the old one */
};
op_service user_update;
struct op *user_update_op(struct chat *chat, uint64_t caller_id, const struct user_update_args *args);

struct user_search_args {
    const char *keyword;
    uint64_t page; /* from 1; 0 is taken as 1 */
    uint64_t size; /* 0 is taken as 5; at most USER_SEARCH_SIZE_MAX */
};
op_service user_search;
struct op *user_search_op(struct chat *chat, uint64_t caller_id, const struct user_search_args *args);

/* {wallpaper} or null. */
op_service user_settings_get;
struct op *user_settings_get_op(struct chat *chat, uint64_t caller_id);

struct user_settings_save_args {
    const char *wallpaper;
};
op_service user_settings_save;
struct op *user_settings_save_op(struct chat *chat, uint64_t caller_id, const struct user_settings_save_args *args);

#endif
