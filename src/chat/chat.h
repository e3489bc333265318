/* The chat's context: what all services on the web thread share. Web thread. */
#ifndef ICHAT_CHAT_CHAT_H
#define ICHAT_CHAT_CHAT_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "chat/auth.h"
#include "chat/hub.h"
#include "store/db_pool.h"

struct plugin_host;

struct chat {
    /* set once at creation */
    const struct conf *conf;
    struct metrics *metrics;
    struct timers *timers; /* the web thread's wheel */
    struct db_pool *db;
    struct auth *auth;
    struct hub *hub;
    char *node; /* this server's name in a database that several share: data.dir/node */
    /* An observer of what happened (plugins: event_sink), or NULL: called on the web thread after the commit.
     * The names are those of include/ichat/plugin.h. */
    void (*on_event)(void *ctx, const char *name, const json_t *data);
    void *event_ctx;
    /* A login was ended (logout, password change), or NULL: call/ takes it out of its calls. */
    void (*on_login_end)(void *ctx, const char *login_id);
    void *login_end_ctx;
    /* web thread, chat/file.c's */
    struct timer sweep_timer;
    bool is_sweeping;
};

/* on_wake: called on any thread when chat_poll() has work. */
MUST_CHECK enum err chat_create(const struct conf *conf, struct metrics *metrics, struct timers *timers,
                                void (*on_wake)(void *ctx), void *ctx, struct chat **out);
/* Delivers finished database and hashing jobs; the web loop calls it after each wake-up. */
void chat_poll(struct chat *chat);
void chat_free(struct chat *chat);

#endif
