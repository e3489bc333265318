/* Users. Blocking; a db thread. */
#ifndef ICHAT_STORE_USER_H
#define ICHAT_STORE_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct user_row {
    uint64_t user_id; /* 0 in a list: no such user */
    const char *username;
    const char *nickname;
    const char *avatar;
    bool is_enabled;
    int64_t created_us;
    int64_t updated_us;
    void *owned; /* the strings */
};

void user_row_clear(struct user_row *row);
void user_rows_free(struct user_row *rows, size_t count);

/* ERR_EXISTS when the name is taken, without regard to case. */
MUST_CHECK enum err db_user_insert(struct db *db, const char *username, const char *password_hash, const char *nickname,
                                   const char *avatar, int64_t now_us, uint64_t *user_id);
MUST_CHECK enum err db_user_get(struct db *db, uint64_t user_id, struct user_row *out);
/* *hash is malloc'd. ERR_NOT_FOUND. */
MUST_CHECK enum err db_user_credentials(struct db *db, const char *username, uint64_t *user_id, char **hash);
MUST_CHECK enum err db_user_password(struct db *db, uint64_t user_id, char **hash);
/* Only where the known hash is still the stored one, else ERR_NOT_FOUND; it may be stored again as it is. Until the
 * commit nobody else can change it. */
MUST_CHECK enum err db_user_swap_password(struct db *db, uint64_t user_id, const char *known, const char *hash,
                                          int64_t now_us);
/* avatar "" keeps the old one. */
MUST_CHECK enum err db_user_update(struct db *db, uint64_t user_id, const char *nickname, const char *avatar,
                                   int64_t now_us);
/* out: `count` rows in the order of ids; clear with user_rows_free(). */
MUST_CHECK enum err db_users_get(struct db *db, const uint64_t *ids, size_t count, struct user_row **out);

struct user_search {
    const char *keyword; /* % and _ are wild cards */
    uint64_t without;    /* user id */
    int64_t offset;
    int64_t limit;
};
/* Names that start with the keyword, by user id. */
MUST_CHECK enum err db_users_search(struct db *db, const struct user_search *search, struct user_row **out,
                                    size_t *count);

#endif
