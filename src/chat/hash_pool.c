/* Hash threads, each with its own mailbox; jobs are given away by pointer and come back the same way. */
#include "chat/hash_pool.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/thread.h"

struct hasher {
    struct hash_pool *pool;
    struct mailbox *inbox; /* of struct hash_job *; NULL = stop */
    struct thread *thread;
    unsigned open; /* jobs given to it and not yet back; web thread */
};

struct reply {
    struct hash_job *job;
    struct hasher *hasher;
};

struct hash_pool {
    /* set once at creation */
    struct hasher *hashers;
    unsigned hasher_count;
    unsigned limit;
    unsigned cost;
    char dummy[PASSWORD_HASH_MAX]; /* what an unknown user's password is checked against */
    struct mailbox *replies;
    /* web thread */
    unsigned open;
    bool is_stopped;
};

/* A wrong password costs at least one hash of today's cost, whatever is stored and whether the user exists. */
static void verify(const struct hash_pool *pool, struct hash_job *job)
{
    const char *known = job->known ? job->known : pool->dummy;
    unsigned cost = password_cost(known);
    job->is_right = password_check(job->password, known) && job->known;
    job->needs_rehash = job->is_right && cost < pool->cost;
    if (!job->is_right && cost < pool->cost)
        (void)password_check(job->password, pool->dummy);
}

static void run_job(const struct hash_pool *pool, struct hash_job *job)
{
    if (job->is_verify)
        verify(pool, job);
    else if (password_hash(job->password, pool->cost, job->hash))
        job->hash[0] = 0;
    explicit_bzero(job->password, strlen(job->password));
}

static void run_hasher(void *ctx)
{
    struct hasher *hasher = ctx;
    for (;;) {
        struct hash_job *job;
        while (mailbox_take(hasher->inbox, &job)) {
            if (!job)
                return;
            run_job(hasher->pool, job);
            struct reply reply = {.job = job, .hasher = hasher};
            /* Never full: it has room for every job that the limit allows. */
            if (mailbox_post(hasher->pool->replies, &reply))
                abort();
        }
        if (mailbox_arm(hasher->inbox)) {
            struct pollfd fd = {.fd = mailbox_fd(hasher->inbox), .events = POLLIN};
            poll(&fd, 1, -1);
        }
        mailbox_disarm(hasher->inbox);
    }
}

static void free_job(struct hash_job *job)
{
    explicit_bzero(job->password, strlen(job->password));
    free(job->password);
    free(job->known);
    free(job);
}

enum err hash_pool_create(unsigned threads, unsigned limit, unsigned cost, void (*on_wake)(void *ctx), void *ctx,
                          struct hash_pool **out)
{
    struct hash_pool *pool = mem_calloc(1, sizeof(*pool));
    pool->limit = limit;
    pool->cost = cost;
    pool->hashers = mem_calloc(threads, sizeof(*pool->hashers));
    pool->replies = mailbox_create(sizeof(struct reply), limit + 1, on_wake, ctx);
    (void)mailbox_arm(pool->replies);
    enum err err = password_hash("nobody has this password", cost, pool->dummy);
    for (unsigned i = 0; i < threads && !err; i++) {
        struct hasher *hasher = &pool->hashers[i];
        hasher->pool = pool;
        hasher->inbox = mailbox_create(sizeof(struct hash_job *), limit + 1, NULL, NULL);
        char name[24];
        snprintf(name, sizeof(name), "hash-%u", i);
        err = thread_start(&hasher->thread, name, run_hasher, hasher);
        pool->hasher_count++;
    }
    if (err) {
        hash_pool_free(pool);
        return err;
    }
    *out = pool;
    return ERR_OK;
}

static struct hasher *least_busy(struct hash_pool *pool)
{
    struct hasher *best = &pool->hashers[0];
    for (unsigned i = 1; i < pool->hasher_count; i++)
        if (pool->hashers[i].open < best->open)
            best = &pool->hashers[i];
    return best;
}

enum err hash_pool_submit_take(struct hash_pool *pool, struct hash_job *job)
{
    struct hasher *hasher = least_busy(pool);
    enum err err = pool->is_stopped || pool->open >= pool->limit ? ERR_FULL : mailbox_post(hasher->inbox, &job);
    if (err) {
        free_job(job);
        return ERR_FULL;
    }
    pool->open++;
    hasher->open++;
    return ERR_OK;
}

static void drain(struct hash_pool *pool)
{
    struct reply reply;
    while (mailbox_take(pool->replies, &reply)) {
        pool->open--;
        reply.hasher->open--;
        reply.job->done(reply.job);
        free_job(reply.job);
    }
}

void hash_pool_poll(struct hash_pool *pool)
{
    do {
        mailbox_disarm(pool->replies);
        drain(pool);
    } while (!mailbox_arm(pool->replies));
}

void hash_pool_stop(struct hash_pool *pool)
{
    if (!pool || pool->is_stopped)
        return;
    pool->is_stopped = true;
    for (unsigned i = 0; i < pool->hasher_count; i++) {
        struct hash_job *stop = NULL;
        /* Room for one more than the limit. */
        if (pool->hashers[i].thread && mailbox_post(pool->hashers[i].inbox, &stop))
            abort();
        thread_join(pool->hashers[i].thread);
    }
    drain(pool);
}

void hash_pool_free(struct hash_pool *pool)
{
    if (!pool)
        return;
    hash_pool_stop(pool);
    for (unsigned i = 0; i < pool->hasher_count; i++)
        mailbox_free(pool->hashers[i].inbox);
    mailbox_free(pool->replies);
    free(pool->hashers);
    free(pool);
}
