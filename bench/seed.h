/* Accounts and groups straight into the database of an ichatd of our own, by the store's own driver: hashing a password
 * for each of a thousand users would take a minute. Main thread. */
#ifndef ICHAT_BENCH_SEED_H
#define ICHAT_BENCH_SEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct seed_user {
    uint64_t id;
    char login_id[37];
};

struct seed_group {
    size_t first, count; /* users; the first one owns it */
    uint64_t contact_id; /* out: the owner's contact */
    uint64_t room_id;    /* out */
};

/* Fills ids of users and groups. url: as `database.url` of the server, whose migrations have run. `error` gets a
 * sentence. */
MUST_CHECK enum err seed_database(const char *url, struct seed_user *users, size_t user_count,
                                  struct seed_group *groups, size_t group_count, char *error, size_t error_size);
/* A login's token, malloc'd. */
char *seed_token(const char *secret, const char *login_id);

#endif
