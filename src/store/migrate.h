/* The table of migrations, generated from sql/ at build time. Read-only. */
#ifndef ICHAT_STORE_MIGRATE_H
#define ICHAT_STORE_MIGRATE_H

#include "store/db.h"

struct migration {
    int version; /* counts up from 1 */
    const char *name;
    const char *sql; /* for all databases, see dialect.h */
};

extern const struct migration migrations[];
extern const unsigned migration_count;

/* As db_migrate(), with another table: the first ones of the program's own make an older schema. */
MUST_CHECK enum err db_migrate_by(struct db *db, const struct migration *table, unsigned count);

#endif
