/* The cache of prepared statements of one connection. The thread that owns the connection. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db_driver.h"

/* All statement texts are constants of the program; the limit only guards against a caller that builds texts. */
#define STMTS_MAX 512

/* FNV-1a: the texts come from the program, nobody outside can choose them. */
static uint64_t hash_text(const char *s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 0x100000001b3u;
    return hash;
}

static struct db_stmt *find(const struct db_stmts *stmts, const char *sql, uint64_t hash)
{
    for (struct db_stmt *stmt = stmts->buckets[hash % DB_STMT_BUCKETS]; stmt; stmt = stmt->next)
        if (stmt->hash == hash && strcmp(stmt->sql, sql) == 0)
            return stmt;
    return NULL;
}

struct db_stmt *db_stmts_take(struct db_stmts *stmts, const char *sql)
{
    struct db_stmt *stmt = find(stmts, sql, hash_text(sql));
    if (!stmt || stmt->is_used)
        return NULL;
    stmt->is_used = true;
    return stmt;
}

struct db_stmt *db_stmts_add(struct db_stmts *stmts, const char *sql, void *handle)
{
    struct db_stmt *stmt = mem_calloc(1, sizeof(*stmt));
    stmt->sql = mem_strdup(sql);
    stmt->hash = hash_text(sql);
    stmt->handle = handle;
    stmt->is_used = true;
    if (stmts->count < STMTS_MAX && !find(stmts, sql, stmt->hash)) {
        struct db_stmt **bucket = &stmts->buckets[stmt->hash % DB_STMT_BUCKETS];
        stmt->next = *bucket;
        *bucket = stmt;
        stmt->is_kept = true;
        stmts->count++;
    }
    return stmt;
}

void *db_stmts_give(struct db_stmt *stmt)
{
    stmt->is_used = false;
    if (stmt->is_kept)
        return NULL;
    void *handle = stmt->handle;
    free(stmt->sql);
    free(stmt);
    return handle;
}

void db_stmts_clear(struct db_stmts *stmts, void (*close)(void *handle))
{
    for (unsigned i = 0; i < DB_STMT_BUCKETS; i++) {
        struct db_stmt *next;
        for (struct db_stmt *stmt = stmts->buckets[i]; stmt; stmt = next) {
            next = stmt->next;
            close(stmt->handle);
            free(stmt->sql);
            free(stmt);
        }
        stmts->buckets[i] = NULL;
    }
    stmts->count = 0;
}
