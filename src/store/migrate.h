/* The table of migrations, generated from sql/ at build time. Read-only. */
#ifndef ICHAT_STORE_MIGRATE_H
#define ICHAT_STORE_MIGRATE_H

struct migration {
    int version; /* counts up from 1 */
    const char *name;
    const char *sql;
};

extern const struct migration migrations[];
extern const unsigned migration_count;

#endif
