/* Contact requests. Blocking; a db thread. */
#ifndef ICHAT_STORE_REQUEST_H
#define ICHAT_STORE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

enum request_status { REQUEST_PENDING = 1, REQUEST_ACCEPTED = 2, REQUEST_REJECTED = 3, REQUEST_EXPIRED = 4 };

struct request_row {
    uint64_t request_id;
    uint64_t requester_id;
    uint64_t user_id; /* who was asked */
    enum request_status status;
    int64_t expire_us;
    int64_t created_us;
    int64_t updated_us;
};

/* Reads the users and times; sets request_id. ERR_EXISTS when one of the pair is pending. */
MUST_CHECK enum err db_request_insert(struct db *db, struct request_row *row);
MUST_CHECK enum err db_request_get(struct db *db, uint64_t request_id, struct request_row *out);
MUST_CHECK enum err db_request_set_status(struct db *db, uint64_t request_id, enum request_status status,
                                          int64_t now_us);
/* The pending one that has not expired, in either direction. ERR_NOT_FOUND. */
MUST_CHECK enum err db_request_find_pending(struct db *db, uint64_t a, uint64_t b, int64_t now_us,
                                            struct request_row *out);
/* Marks what expired before now, of all users. */
MUST_CHECK enum err db_request_expire(struct db *db, int64_t now_us);
/* Pending ones addressed to the user, newest first; malloc'd. */
MUST_CHECK enum err db_request_list(struct db *db, uint64_t user_id, int64_t now_us, struct request_row **out,
                                    size_t *count);

#endif
