/* Tokens against login records, call tokens, passwords. */
#include "chat/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/chat.h"
#include "chat/ended.h"
#include "chat/hash_pool.h"
#include "chat/op.h"
#include "chat/secret.h"
#include "chat/token_cache.h"
#include "chat/tries.h"
#include "store/login.h"

/* A login that was ended elsewhere (another process on the same database) works on for at most this long. */
#define CACHE_LIFE_US (60 * US_PER_S)
#define CACHE_MAX 20000

/* A login record as it was in the database a moment ago. */
struct known {
    struct list node; /* in the order of reading */
    struct caller caller;
    int64_t expire_us; /* wall clock */
    uint64_t until_us; /* monotonic */
};

struct auth {
    /* set once at creation */
    struct chat *chat;
    char *secret;
    char *issuer;
    int64_t call_s;
    /* web thread */
    struct hash_pool *hashes;
    struct tries *tries;
    struct hmap *known; /* by login id */
    struct list known_list;
    struct ended *ended;
    struct token_cache *tokens;
    uint64_t generation; /* counts auth_end_login(): what was read before it is not remembered */
};

enum err auth_create(const struct conf *conf, struct chat *chat, void (*on_wake)(void *ctx), void *ctx,
                     struct auth **out)
{
    struct auth *auth = mem_calloc(1, sizeof(*auth));
    auth->chat = chat;
    auth->issuer = mem_strdup(conf->auth.issuer);
    auth->call_s = (int64_t)conf->auth.call_hours * 3600;
    auth->tries = tries_create(conf->auth.login_tries_per_min);
    auth->known = hmap_create(64, false);
    auth->ended = ended_create((uint64_t)auth->call_s * US_PER_S);
    list_init(&auth->known_list);
    enum err err = secret_load(conf, &auth->secret);
    if (!err) {
        auth->tokens = token_cache_create(auth->secret, TOKEN_CACHE_MAX);
        err = hash_pool_create(conf->auth.hash_threads, conf->auth.hash_queue, conf->auth.bcrypt_cost, on_wake, ctx,
                               &auth->hashes);
    }
    if (err) {
        auth_free(auth);
        return err;
    }
    *out = auth;
    return ERR_OK;
}

static void drop_known(struct auth *auth, struct known *known)
{
    list_remove(&known->node);
    hmap_del(auth->known, known->caller.login_id, strlen(known->caller.login_id));
    free(known);
}

void auth_poll(struct auth *auth)
{
    hash_pool_poll(auth->hashes);
}

void auth_stop(struct auth *auth)
{
    if (auth)
        hash_pool_stop(auth->hashes);
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    hash_pool_free(auth->hashes);
    list_each (node, &auth->known_list)
        drop_known(auth, list_item(node, struct known, node));
    hmap_free(auth->known);
    ended_free(auth->ended);
    token_cache_free(auth->tokens);
    tries_free(auth->tries);
    if (auth->secret)
        explicit_bzero(auth->secret, strlen(auth->secret));
    free(auth->secret);
    free(auth->issuer);
    free(auth);
}

/* Login tokens */

struct load_args {
    char login_id[37];
};

struct load {
    struct auth *auth;
    uint64_t generation;
    void (*on_done)(void *ctx, enum auth_result result, const struct caller *caller);
    void *ctx;
};

/* db thread; result: the struct login_row, NULL when there is none. */
static void load_login(struct op *op, struct db *db)
{
    struct login_row *row = mem_calloc(1, sizeof(*row));
    enum err err = db_login_get(db, op_args(op, struct load_args)->login_id, row);
    if (!err) {
        op->result = row;
        return;
    }
    free(row);
    if (err != ERR_NOT_FOUND)
        op_fail_err(op, err);
}

static void remember(struct auth *auth, const struct login_row *row)
{
    struct known *known = hmap_get(auth->known, row->login_id, strlen(row->login_id));
    if (known)
        drop_known(auth, known);
    if (hmap_count(auth->known) >= CACHE_MAX)
        drop_known(auth, list_item(auth->known_list.next, struct known, node));
    known = mem_calloc(1, sizeof(*known));
    known->caller.user_id = row->user_id;
    text_copy(known->caller.login_id, sizeof(known->caller.login_id), row->login_id);
    known->expire_us = row->expire_us;
    known->until_us = clock_now_us() + CACHE_LIFE_US;
    if (hmap_put(auth->known, row->login_id, strlen(row->login_id), known)) {
        free(known);
        return;
    }
    list_push(&auth->known_list, &known->node);
}

static void on_loaded(struct op *op, void *ctx)
{
    struct load *load = ctx;
    const struct login_row *row = op->result;
    struct caller caller = {0};
    enum auth_result result = AUTH_EXPIRED;
    if (op->code != CHAT_OK) {
        result = AUTH_BUSY;
    } else if (row && row->expire_us > clock_wall_us() && !ended_has(load->auth->ended, row->login_id)) {
        result = AUTH_OK;
        caller.user_id = row->user_id;
        text_copy(caller.login_id, sizeof(caller.login_id), row->login_id);
        if (load->generation == load->auth->generation)
            remember(load->auth, row);
    }
    load->on_done(load->ctx, result, result == AUTH_OK ? &caller : NULL);
    free(load);
}

void auth_check(struct auth *auth, const char *token,
                void (*on_done)(void *ctx, enum auth_result result, const struct caller *caller), void *ctx)
{
    struct token_claims claims;
    int64_t now_us = clock_wall_us();
    enum err err = token_cache_read(auth->tokens, token, now_us / (int64_t)US_PER_S, &claims);
    struct load_args args;
    /* A payload that is no login id, such as a call token's, is right in itself but has no login record. */
    if (!err && !text_copy(args.login_id, sizeof(args.login_id), claims.payload))
        err = ERR_CLOSED;
    if (err) {
        on_done(ctx, err == ERR_CLOSED ? AUTH_EXPIRED : AUTH_MISSING, NULL);
        return;
    }
    const struct known *known = hmap_get(auth->known, args.login_id, strlen(args.login_id));
    if (known && known->until_us > clock_now_us()) {
        bool is_valid = known->expire_us > now_us;
        struct caller caller = known->caller; /* on_done may end the login */
        on_done(ctx, is_valid ? AUTH_OK : AUTH_EXPIRED, is_valid ? &caller : NULL);
        return;
    }
    struct load *load = mem_calloc(1, sizeof(*load));
    load->auth = auth;
    load->generation = auth->generation;
    load->on_done = on_done;
    load->ctx = ctx;
    op_start(op_create(auth->chat, DB_READ, load_login, 0, op_dup(&args, sizeof(args))), on_loaded, load);
}

bool auth_peek(struct auth *auth, const char *token, char login_id[37])
{
    struct token_claims claims;
    return token_cache_read(auth->tokens, token, clock_wall_us() / (int64_t)US_PER_S, &claims) == ERR_OK &&
           !text_has_prefix(claims.payload, "call:") && !ended_has(auth->ended, claims.payload) &&
           text_copy(login_id, 37, claims.payload);
}

void auth_end_login(struct auth *auth, uint64_t user_id, const char *login_id)
{
    auth->generation++;
    ended_add(auth->ended, login_id, clock_now_us());
    struct known *known = hmap_get(auth->known, login_id, strlen(login_id));
    if (known && known->caller.user_id == user_id)
        drop_known(auth, known);
}

char *auth_login_token(struct auth *auth, const char *login_id, int64_t expires_s)
{
    return token_make(auth->secret, auth->issuer, login_id, NULL, expires_s);
}

/* Call tokens */

char *auth_call_token(struct auth *auth, uint64_t call_id, const struct caller *caller)
{
    char payload[TOKEN_PAYLOAD_MAX];
    snprintf(payload, sizeof(payload), "call:%llu:%llu", (unsigned long long)call_id,
             (unsigned long long)caller->user_id);
    return token_make(auth->secret, auth->issuer, payload, caller->login_id,
                      clock_wall_us() / (int64_t)US_PER_S + auth->call_s);
}

enum auth_result auth_call_check(struct auth *auth, const char *token, uint64_t *call_id, struct caller *caller)
{
    struct token_claims claims;
    enum err err = token_cache_read(auth->tokens, token, clock_wall_us() / (int64_t)US_PER_S, &claims);
    if (err)
        return err == ERR_CLOSED ? AUTH_EXPIRED : AUTH_MISSING;
    if (!text_has_prefix(claims.payload, "call:"))
        return AUTH_MISSING;
    char *call = claims.payload + strlen("call:");
    char *user = strchr(call, ':');
    if (!user)
        return AUTH_MISSING;
    *user++ = 0;
    uint64_t ids[2];
    if (text_to_u64(call, &ids[0]) || text_to_u64(user, &ids[1]))
        return AUTH_MISSING;
    if (ended_has(auth->ended, claims.login_id))
        return AUTH_EXPIRED;
    *call_id = ids[0];
    caller->user_id = ids[1];
    text_copy(caller->login_id, sizeof(caller->login_id), claims.login_id);
    return AUTH_OK;
}

/* Tries and passwords */

bool auth_may_try(struct auth *auth, const char *username, const char *address)
{
    char *key = utf8_lower(username);
    bool is_allowed = tries_count(auth->tries, key, address, clock_now_us());
    free(key);
    return is_allowed;
}

void auth_forget_tries(struct auth *auth, const char *username, const char *address)
{
    char *key = utf8_lower(username);
    tries_forget(auth->tries, key, address);
    free(key);
}

static void on_hashed(struct hash_job *job)
{
    job->on_hash(job->ctx, job->hash[0] ? job->hash : NULL);
}

static void on_verified(struct hash_job *job)
{
    job->on_verify(job->ctx, job->is_right, job->needs_rehash);
}

enum err auth_hash(struct auth *auth, const char *password, void (*on_done)(void *ctx, const char *hash), void *ctx)
{
    struct hash_job *job = mem_calloc(1, sizeof(*job));
    job->password = mem_strdup(password);
    job->done = on_hashed;
    job->on_hash = on_done;
    job->ctx = ctx;
    return hash_pool_submit_take(auth->hashes, job);
}

enum err auth_verify(struct auth *auth, const char *password, const char *hash,
                     void (*on_done)(void *ctx, bool is_right, bool needs_rehash), void *ctx)
{
    struct hash_job *job = mem_calloc(1, sizeof(*job));
    job->is_verify = true;
    job->password = mem_strdup(password);
    job->known = hash ? mem_strdup(hash) : NULL;
    job->done = on_verified;
    job->on_verify = on_done;
    job->ctx = ctx;
    return hash_pool_submit_take(auth->hashes, job);
}
