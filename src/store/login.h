/* Login sessions: what a token's login id stands for (CONTRACT section 2). Blocking; a db thread. */
#ifndef ICHAT_STORE_LOGIN_H
#define ICHAT_STORE_LOGIN_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

struct login_row {
    char login_id[37];
    uint64_t user_id;
    int64_t login_us;
    int64_t expire_us;
};

MUST_CHECK enum err db_login_insert(struct db *db, const struct login_row *row);
/* ERR_NOT_FOUND also when its user was disabled. */
MUST_CHECK enum err db_login_get(struct db *db, const char *login_id, struct login_row *out);
MUST_CHECK enum err db_login_delete(struct db *db, uint64_t user_id, const char *login_id);
/* All of the user but one. *out: those that were deleted, malloc'd, user_id and times are 0. */
MUST_CHECK enum err db_login_delete_others(struct db *db, uint64_t user_id, const char *kept_login_id,
                                           struct login_row **out, size_t *count);
/* What expired before now. */
MUST_CHECK enum err db_login_purge(struct db *db, int64_t now_us);

#endif
