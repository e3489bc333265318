/* What contacts show of their room's last message, put off until the transaction's end: a group of writes (db_pool.h)
 * may bring many messages to one room, and PostgreSQL cannot prune the versions of a row that it writes anew in one
 * transaction. Who adds a member has them written first. The thread that owns the connection. */
#ifndef ICHAT_STORE_CONTACT_LAST_H
#define ICHAT_STORE_CONTACT_LAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

struct contact_last {
    uint64_t room_id;
    uint64_t message_id;
    int64_t message_us;
    char *content;       /* owned */
    unsigned step;       /* of the transaction, in which it came */
    unsigned written_in; /* the step */
};

struct contact_lasts {
    struct contact_last *items;
    size_t count;
};

/* Outside a transaction it is written at once. */
MUST_CHECK enum err contact_lasts_put(struct db *db, const struct contact_last *last, const char *content);
/* The newest of each room. is_ending: the transaction has nothing else to write. */
MUST_CHECK enum err contact_lasts_write(struct db *db, bool is_ending);
/* The step is taken back: what came in it is forgotten, what was written in it is to be written again. */
void contact_lasts_undo(struct contact_lasts *lasts, unsigned step);
void contact_lasts_clear(struct contact_lasts *lasts);

#endif
