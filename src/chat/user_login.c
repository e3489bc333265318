/* Register, log in, change the password, log out: chains over the hash pool and the database. Web thread, but for the
 * services. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "chat/auth.h"
#include "chat/chat.h"
#include "chat/file.h"
#include "chat/user.h"
#include "store/login.h"
#include "store/user.h"

#define TOO_MANY_TRIES "登录尝试过于频繁，请稍后再试"
#define CHANGE_ADDRESS "a change" /* tries of the old password count by the user alone; no address looks like this */

/* One chain under way; it owns itself until flow_end(). */
struct flow {
    struct chat *chat;
    uint64_t caller_id;
    char *username;
    char *password; /* wiped */
    char *new_password;
    char *nickname;
    char *avatar;
    char *address;    /* tries count by it and the name */
    char *login_id;   /* password change: the login that stays */
    uint64_t user_id; /* 0 = unknown */
    char *hash;       /* what the password was checked against */
    void (*on_done)(struct op *op, void *ctx);
    void *ctx;
};

/* Services */

struct enter_args {
    uint64_t user_id; /* 0 = register */
    const char *username;
    const char *nickname;
    const char *avatar;
    const char *known; /* login: what the password was checked against */
    const char *hash;  /* register: to store; login: to store instead of an old one, "" = none */
    struct login_row login;
};

struct entered {
    uint64_t user_id;
    char login_id[37];
    int64_t expires_s;
};

/* Makes the account (register), the new hash (login, when it was an old one) and the login record. */
static enum err enter_inner(struct op *op, struct db *db)
{
    struct enter_args *args = op->args;
    enum err err = ERR_OK;
    if (args->user_id == 0) {
        err = db_user_insert(db, args->username, args->hash, args->nickname, args->avatar, args->login.login_us,
                             &args->user_id);
        if (err == ERR_EXISTS)
            return op_refuse(op, CHAT_USER_EXISTS);
        if (!err)
            err = file_use(db, args->avatar);
        if (!err)
            op_event(op, "user-registered", json_pack("{s:I}", "userId", (json_int_t)args->user_id));
    } else {
        const char *hash = *args->hash ? args->hash : args->known;
        err = db_user_swap_password(db, args->user_id, args->known, hash, args->login.login_us);
        if (err == ERR_NOT_FOUND)
            return op_refuse(op, CHAT_WRONG_PASSWORD); /* it was changed meanwhile, which ended the logins there were */
    }
    if (err)
        return err;
    args->login.user_id = args->user_id;
    err = db_login_purge(db, args->login.login_us);
    if (!err)
        err = db_login_insert(db, &args->login);
    if (err)
        return err;
    struct entered *entered = mem_calloc(1, sizeof(*entered));
    entered->user_id = args->user_id;
    text_copy(entered->login_id, sizeof(entered->login_id), args->login.login_id);
    entered->expires_s = args->login.expire_us / (int64_t)US_PER_S;
    op->result = entered;
    return ERR_OK;
}

static void enter(struct op *op, struct db *db)
{
    op_end(op, enter_inner(op, db));
}

struct name_args {
    uint64_t user_id;
    const char *username;
};

struct credentials {
    uint64_t user_id;
    char *hash;
};

static void free_credentials(void *result)
{
    struct credentials *credentials = result;
    if (credentials)
        free(credentials->hash);
    free(credentials);
}

/* Of a name, or of a user id. Result: NULL when there is no such user. */
static void read_credentials(struct op *op, struct db *db)
{
    const struct name_args *args = op_args(op, struct name_args);
    struct credentials *found = mem_calloc(1, sizeof(*found));
    found->user_id = args->user_id;
    enum err err = args->user_id ? db_user_password(db, args->user_id, &found->hash)
                                 : db_user_credentials(db, args->username, &found->user_id, &found->hash);
    if (!err) {
        op->result = found;
        op->free_result = free_credentials;
        return;
    }
    free(found);
    if (err != ERR_NOT_FOUND)
        op_fail_err(op, err);
}

struct replace_args {
    const char *known;
    const char *hash;
    const char *login_id;
};

struct replaced {
    struct login_row *ended;
    size_t count;
};

static void free_replaced(void *result)
{
    struct replaced *replaced = result;
    if (replaced)
        free(replaced->ended);
    free(replaced);
}

static void replace_password(struct op *op, struct db *db)
{
    const struct replace_args *args = op_args(op, struct replace_args);
    enum err err = db_user_swap_password(db, op->caller_id, args->known, args->hash, clock_wall_us());
    struct login_row *rows = NULL;
    size_t count = 0;
    if (err == ERR_NOT_FOUND)
        err = op_refuse(op, CHAT_WRONG_PASSWORD);
    if (!err)
        err = db_login_delete_others(db, op->caller_id, args->login_id, &rows, &count);
    struct replaced *replaced = mem_calloc(1, sizeof(*replaced));
    replaced->ended = rows;
    replaced->count = count;
    op->result = replaced;
    op->free_result = free_replaced;
    op_end(op, err);
}

static void end_login(struct op *op, struct db *db)
{
    op_end(op, db_login_delete(db, op->caller_id, op->args));
}

/* Chains */

static struct flow *flow_start(struct chat *chat, uint64_t caller_id, void (*on_done)(struct op *op, void *ctx),
                               void *ctx)
{
    struct flow *flow = mem_calloc(1, sizeof(*flow));
    flow->chat = chat;
    flow->caller_id = caller_id;
    flow->on_done = on_done;
    flow->ctx = ctx;
    return flow;
}

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void flow_free(struct flow *flow)
{
    wipe(flow->password);
    wipe(flow->new_password);
    free(flow->username);
    free(flow->nickname);
    free(flow->avatar);
    free(flow->address);
    free(flow->login_id);
    free(flow->hash);
    free(flow);
}

/* Answers with the op of the last step. */
static void flow_end(struct flow *flow, struct op *op)
{
    flow->on_done(op, flow->ctx);
    flow_free(flow);
}

static void on_refused(struct op *op, void *ctx)
{
    flow_end(ctx, op);
}

static void flow_refuse(struct flow *flow, enum chat_code code, const char *message)
{
    struct op *op = op_create(flow->chat, DB_READ, NULL, flow->caller_id, NULL);
    op_fail_text(op, code, message);
    op_finish(op, on_refused, flow);
}

static void on_entered(struct op *op, void *ctx)
{
    struct flow *flow = ctx;
    const struct entered *entered = op->result;
    if (op->code == CHAT_OK && entered) {
        char *token = auth_login_token(flow->chat->auth, entered->login_id, entered->expires_s);
        op->data = json_pack("{s:I, s:s}", "userId", (json_int_t)entered->user_id, "token", token);
        free(token);
        metric_add(flow->chat->metrics, METRIC_LOGINS, 1);
    }
    flow_end(flow, op);
}

static void start_enter(struct flow *flow, const char *hash)
{
    struct enter_args *args = mem_calloc(1, sizeof(*args));
    struct op *op = op_create(flow->chat, DB_WRITE, enter, flow->user_id, args);
    args->user_id = flow->user_id;
    args->username = op_keep(op, flow->username);
    args->nickname = op_keep(op, flow->nickname);
    args->avatar = op_keep(op, flow->avatar);
    args->known = op_keep(op, flow->hash);
    args->hash = op_keep(op, hash);
    rand_uuid(args->login.login_id);
    args->login.login_us = clock_wall_us();
    args->login.expire_us =
        args->login.login_us + (int64_t)flow->chat->conf->auth.login_hours * 3600 * (int64_t)US_PER_S;
    op_start(op, on_entered, flow);
}

/* Register: hash, store. */

static void on_register_hash(void *ctx, const char *hash)
{
    struct flow *flow = ctx;
    if (hash)
        start_enter(flow, hash);
    else
        flow_refuse(flow, CHAT_INTERNAL, NULL);
}

void user_register_start(struct chat *chat, const struct user_register_args *args,
                         void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    struct flow *flow = flow_start(chat, 0, on_done, ctx);
    flow->username = mem_strdup(args->username);
    flow->nickname = mem_strdup(args->nickname);
    flow->avatar = mem_strdup(args->avatar ? args->avatar : "");
    if (auth_hash(chat->auth, args->password, on_register_hash, flow))
        flow_refuse(flow, CHAT_INTERNAL, NULL);
}

/* Log in: read the hash, verify it (or nobody's), perhaps make a newer one, store the login. */

static void on_login_rehash(void *ctx, const char *hash)
{
    start_enter(ctx, hash);
}

static void on_login_verified(void *ctx, bool is_right, bool needs_rehash)
{
    struct flow *flow = ctx;
    if (!is_right) {
        metric_add(flow->chat->metrics, METRIC_LOGIN_FAILURES, 1);
        flow_refuse(flow, flow->user_id ? CHAT_WRONG_PASSWORD : CHAT_USER_MISSING, NULL);
        return;
    }
    auth_forget_tries(flow->chat->auth, flow->username, flow->address);
    /* A busy pool only puts the newer hash off until the next login. */
    if (!needs_rehash || auth_hash(flow->chat->auth, flow->password, on_login_rehash, flow))
        start_enter(flow, NULL);
}

static void on_login_read(struct op *op, void *ctx)
{
    struct flow *flow = ctx;
    if (op->code != CHAT_OK) {
        flow_end(flow, op);
        return;
    }
    const struct credentials *found = op->result;
    flow->user_id = found ? found->user_id : 0;
    flow->hash = found ? mem_strdup(found->hash) : NULL;
    if (auth_verify(flow->chat->auth, flow->password, found ? found->hash : NULL, on_login_verified, flow))
        flow_refuse(flow, CHAT_INTERNAL, NULL);
}

static struct op *credentials_op(struct chat *chat, uint64_t user_id, const char *username)
{
    struct name_args *args = mem_calloc(1, sizeof(*args));
    struct op *op = op_create(chat, DB_READ, read_credentials, user_id, args);
    args->user_id = user_id;
    args->username = op_keep(op, username);
    return op;
}

void user_login_start(struct chat *chat, const struct user_login_args *args, void (*on_done)(struct op *op, void *ctx),
                      void *ctx)
{
    struct flow *flow = flow_start(chat, 0, on_done, ctx);
    flow->username = mem_strdup(args->username);
    flow->password = mem_strdup(args->password);
    flow->address = mem_strdup(args->address ? args->address : "");
    if (!auth_may_try(chat->auth, flow->username, flow->address)) {
        log_limited(LOG_WARN, "Too many login tries for a name from=%s", flow->address);
        flow_refuse(flow, CHAT_BAD_REQUEST, TOO_MANY_TRIES);
        return;
    }
    op_start(credentials_op(chat, 0, flow->username), on_login_read, flow);
}

/* After the commit: its tokens are dead, its sockets closed, its calls left. */
static void login_ended(struct flow *flow, const char *login_id)
{
    struct chat *chat = flow->chat;
    auth_end_login(chat->auth, flow->caller_id, login_id);
    hub_close_logins(chat->hub, flow->caller_id, login_id);
    if (chat->on_login_end)
        chat->on_login_end(chat->login_end_ctx, login_id);
}

/* Change the password: read, verify, hash, store. */

static void on_replaced(struct op *op, void *ctx)
{
    struct flow *flow = ctx;
    const struct replaced *replaced = op->result;
    if (op->code == CHAT_OK && replaced) {
        auth_forget_tries(flow->chat->auth, flow->username, flow->address);
        for (size_t i = 0; i < replaced->count; i++)
            login_ended(flow, replaced->ended[i].login_id);
    }
    flow_end(flow, op);
}

static void on_password_hash(void *ctx, const char *hash)
{
    struct flow *flow = ctx;
    if (!hash) {
        flow_refuse(flow, CHAT_INTERNAL, NULL);
        return;
    }
    struct replace_args *args = mem_calloc(1, sizeof(*args));
    struct op *op = op_create(flow->chat, DB_WRITE, replace_password, flow->caller_id, args);
    args->known = op_keep(op, flow->hash);
    args->hash = op_keep(op, hash);
    args->login_id = op_keep(op, flow->login_id);
    op_start(op, on_replaced, flow);
}

static void on_password_verified(void *ctx, bool is_right, bool needs_rehash)
{
    struct flow *flow = ctx;
    (void)needs_rehash;
    if (!is_right)
        flow_refuse(flow, CHAT_WRONG_PASSWORD, NULL);
    else if (auth_hash(flow->chat->auth, flow->new_password, on_password_hash, flow))
        flow_refuse(flow, CHAT_INTERNAL, NULL);
}

static void on_password_read(struct op *op, void *ctx)
{
    struct flow *flow = ctx;
    const struct credentials *found = op->result;
    if (op->code != CHAT_OK) {
        flow_end(flow, op);
        return;
    }
    flow->hash = found ? mem_strdup(found->hash) : NULL;
    if (auth_verify(flow->chat->auth, flow->password, flow->hash, on_password_verified, flow))
        flow_refuse(flow, CHAT_INTERNAL, NULL);
}

/* malloc'd */
static char *user_number(uint64_t user_id)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)user_id);
    return mem_strdup(text);
}

void user_password_start(struct chat *chat, uint64_t caller_id, const struct user_password_args *args,
                         void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    struct flow *flow = flow_start(chat, caller_id, on_done, ctx);
    flow->password = mem_strdup(args->old_password);
    flow->new_password = mem_strdup(args->new_password);
    flow->login_id = mem_strdup(args->login_id);
    flow->username = user_number(caller_id);
    flow->address = mem_strdup(CHANGE_ADDRESS);
    if (!auth_may_try(chat->auth, flow->username, flow->address)) {
        log_limited(LOG_WARN, "Too many tries of an old password user=%llu", (unsigned long long)caller_id);
        flow_refuse(flow, CHAT_BAD_REQUEST, TOO_MANY_TRIES);
        return;
    }
    op_start(credentials_op(chat, caller_id, NULL), on_password_read, flow);
}

/* Log out */

static void on_logged_out(struct op *op, void *ctx)
{
    struct flow *flow = ctx;
    if (op->code == CHAT_OK)
        login_ended(flow, flow->login_id);
    flow_end(flow, op);
}

void user_logout_start(struct chat *chat, uint64_t caller_id, const char *login_id,
                       void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    struct flow *flow = flow_start(chat, caller_id, on_done, ctx);
    flow->login_id = mem_strdup(login_id);
    op_start(op_create(chat, DB_WRITE, end_login, caller_id, mem_strdup(login_id)), on_logged_out, flow);
}
