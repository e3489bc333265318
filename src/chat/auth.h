/* Tokens, logins and passwords (CONTRACT section 2). Web thread, but for what says otherwise. */
#ifndef ICHAT_CHAT_AUTH_H
#define ICHAT_CHAT_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

struct chat;
struct auth;

struct caller {
    uint64_t user_id;
    char login_id[37];
};

enum auth_result {
    AUTH_OK,
    AUTH_MISSING, /* missing, malformed, badly signed: 401 */
    AUTH_EXPIRED, /* expired, or the session record is gone: 1005 */
    AUTH_BUSY,    /* the database's queue was full: 500 */
};

/* Loads or makes the secret (auth.secret, else data.dir/secret with mode 0600). */
MUST_CHECK enum err auth_create(const struct conf *conf, struct chat *chat, void (*on_wake)(void *ctx), void *ctx,
                                struct auth **out);
/* Calls on_done of finished hashes; chat_poll() does. */
void auth_poll(struct auth *auth);
/* Ends the hash threads after what is queued; on_done of all is called. Tokens still work until auth_free(). */
void auth_stop(struct auth *auth);
void auth_free(struct auth *auth);

/* Checks a login token. The signature is checked at once; the session record comes from a cache or the database, so
 * on_done may be called before this returns or later. */
void auth_check(struct auth *auth, const char *token,
                void (*on_done)(void *ctx, enum auth_result result, const struct caller *caller), void *ctx);

/* Whether a login token is right in itself: its record is not looked up, so this is for counting by, never for letting
 * somebody in. */
bool auth_peek(struct auth *auth, const char *token, char login_id[37]);

/* A login token for a session record that was stored, malloc'd. expires_s: unix seconds. */
char *auth_login_token(struct auth *auth, const char *login_id, int64_t expires_s);
/* Call tokens, payload "call:<callId>:<userId>"; they end with the login that they were made for. */
char *auth_call_token(struct auth *auth, uint64_t call_id, const struct caller *caller);
/* AUTH_OK, AUTH_MISSING or AUTH_EXPIRED. */
enum auth_result auth_call_check(struct auth *auth, const char *token, uint64_t *call_id, struct caller *caller);
/* A login was ended (logout, password change): its tokens and its call tokens are dead from now on. */
void auth_end_login(struct auth *auth, uint64_t user_id, const char *login_id);

/* Login tries by name and address (auth.login_tries_per_min). False: refuse. */
bool auth_may_try(struct auth *auth, const char *username, const char *address);
void auth_forget_tries(struct auth *auth, const char *username, const char *address);

/* Passwords: bounded pool of hash threads (auth.hash_threads, auth.hash_queue). on_done runs on the web thread.
 * Hash makes a $2b$ hash with auth.bcrypt_cost (NULL when the system failed). Verify takes any bcrypt hash; hash NULL
 * (unknown user) costs the same time and fails. ERR_FULL: the queue is full, on_done is not called. */
MUST_CHECK enum err auth_hash(struct auth *auth, const char *password, void (*on_done)(void *ctx, const char *hash),
                              void *ctx);
MUST_CHECK enum err auth_verify(struct auth *auth, const char *password, const char *hash,
                                void (*on_done)(void *ctx, bool is_right, bool needs_rehash), void *ctx);

#endif
