/* Hash threads: bounded, so that a flood of logins cannot take the machine. The web thread submits and polls; a thread
 * owns nothing but its job. */
#ifndef ICHAT_CHAT_HASH_POOL_H
#define ICHAT_CHAT_HASH_POOL_H

#include <stdbool.h>

#include "base/err.h"
#include "chat/password.h"

struct hash_pool;

struct hash_job {
    bool is_verify;
    char *password;                     /* owned; wiped and freed */
    char *known;                        /* owned; verify: the stored hash, NULL = unknown user */
    void (*done)(struct hash_job *job); /* web thread; afterwards the job is freed */
    void (*on_hash)(void *ctx, const char *hash);
    void (*on_verify)(void *ctx, bool is_right, bool needs_rehash);
    void *ctx;
    /* results */
    char hash[PASSWORD_HASH_MAX]; /* "" = failed */
    bool is_right;
    bool needs_rehash;
};

MUST_CHECK enum err hash_pool_create(unsigned threads, unsigned limit, unsigned cost, void (*on_wake)(void *ctx),
                                     void *ctx, struct hash_pool **out);
/* Takes the job, which is malloc'd. ERR_FULL: it was freed. */
MUST_CHECK enum err hash_pool_submit_take(struct hash_pool *pool, struct hash_job *job);
void hash_pool_poll(struct hash_pool *pool);
/* Runs what is queued, joins, and delivers. */
void hash_pool_stop(struct hash_pool *pool);
void hash_pool_free(struct hash_pool *pool);

#endif
