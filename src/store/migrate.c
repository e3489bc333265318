/* Brings the schema up to date at start. Two processes may start at once: each step takes the database's lock and looks
 * at the version again. */
#include "store/migrate.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_driver.h"
#include "store/dialect.h"

static enum err read_version(struct db *db, int64_t *version)
{
    enum err err = db_script(db, "create table if not exists schema_version ("
                                 "version bigint primary key, name text not null, applied_at bigint not null)");
    if (err)
        return err;
    return db_get_i64(db, version, "select coalesce(max(version), 0) from schema_version", "");
}

static enum err apply(struct db *db, const struct migration *migration)
{
    char *sql = NULL;
    enum err err = dialect_text(db->kind, db->driver->id_type, migration->sql, &sql);
    if (!err)
        err = db_script(db, sql);
    free(sql);
    if (err) {
        log_error("A migration failed name=%s", migration->name);
        return err;
    }
    return db_exec(db, NULL, "insert into schema_version (version, name, applied_at) values ($1, $2, $3)", "isi",
                   (int64_t)migration->version, migration->name, clock_wall_us());
}

/* `last`: the newest version there is. *is_applied: false when it was there already. */
static enum err step(struct db *db, const struct migration *migration, int last, bool *is_applied)
{
    int64_t version = 0;
    enum err err = db_begin(db);
    if (!err && db->driver->migrate_lock_sql)
        err = db_script(db, db->driver->migrate_lock_sql);
    if (!err)
        err = read_version(db, &version);
    if (!err && version > last) {
        log_error("The database was made by a newer ichatd version=%lld", (long long)version);
        err = ERR_UNSUPPORTED;
    }
    *is_applied = !err && version < migration->version;
    if (*is_applied)
        err = apply(db, migration);
    if (!err)
        err = db_commit(db);
    if (err)
        db_rollback(db);
    return err;
}

enum err db_migrate_by(struct db *db, const struct migration *table, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bool is_applied;
        enum err err = step(db, &table[i], table[count - 1].version, &is_applied);
        if (err)
            return err;
        if (is_applied)
            log_info("Applied a migration of the database name=%s", table[i].name);
    }
    return ERR_OK;
}

enum err db_migrate(struct db *db)
{
    return db_migrate_by(db, migrations, migration_count);
}
