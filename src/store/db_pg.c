/* The PostgreSQL driver (libpq). A lost connection is opened again outside transactions. The thread that owns the
 * connection. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/db_driver.h"

/* pg_type.dat: fixed by PostgreSQL's protocol for its built-in types. */
#define OID_INT8 20
#define OID_TEXT 25

/* Statements without a result that is of interest: they travel with the next query, in one round trip. */
struct owed {
    const char *sql[3]; /* begin, release, savepoint */
    unsigned count;
    bool has_begin; /* the transaction is none yet to the server */
};

struct pg_db {
    struct db db; /* first */
    PGconn *conn;
    char *url;
    struct db_stmts stmts; /* handle: the statement's name, malloc'd */
    unsigned names;
    struct owed owed;
    bool is_ending;    /* the commit goes with the next query */
    bool is_committed; /* it did */
};

struct pg_rows {
    struct db_rows rows; /* first */
    PGresult *result;
    int at; /* -1 before the first */
};

static struct pg_db *as_pg(struct db *db)
{
    return (struct pg_db *)db;
}

/* libpq ends its texts with a line break. */
static void log_pg(const char *what, const char *message, const char *sql)
{
    int len = (int)strcspn(message, "\n");
    log_error("%s: %.*s%s%s", what, len, message, *sql ? " sql=" : "", sql);
}

static void on_notice(void *ctx, const char *message)
{
    (void)ctx;
    log_debug("PostgreSQL says: %.*s", (int)strcspn(message, "\n"), message);
}

static enum err connect_now(struct pg_db *db)
{
    db_stmts_clear(&db->stmts, free);
    PQfinish(db->conn);
    db->conn = PQconnectdb(db->url);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        log_pg("Cannot connect to PostgreSQL", PQerrorMessage(db->conn), "");
        return ERR_IO;
    }
    PQsetNoticeProcessor(db->conn, on_notice, NULL);
    return ERR_OK;
}

static enum err ensure_connected(struct pg_db *db)
{
    if (PQstatus(db->conn) == CONNECTION_OK)
        return ERR_OK;
    if (db->db.is_in_transaction)
        return ERR_IO;
    return connect_now(db);
}

static void pg_close(struct db *db)
{
    struct pg_db *self = as_pg(db);
    db_stmts_clear(&self->stmts, free);
    PQfinish(self->conn);
    free(self->url);
    free(self);
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Takes the result. */
static enum err error_of(PGresult *result, const struct pg_db *db, const char *sql)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum err err = state && strcmp(state, "23505") == 0 ? ERR_EXISTS : ERR_IO; /* unique_violation */
    if (err == ERR_IO)
        log_pg("PostgreSQL failed", result ? PQresultErrorMessage(result) : PQerrorMessage(db->conn), sql);
    PQclear(result);
    return err;
}

/* A commit of a transaction that had failed answers "ROLLBACK" without an error. */
static bool is_commit(PGresult *result)
{
    return strcmp(PQcmdStatus(result), "COMMIT") == 0;
}

/* The owed statements by themselves. */
static enum err pay(struct pg_db *db)
{
    struct owed owed = db->owed;
    db->owed = (struct owed){.count = 0};
    for (unsigned i = 0; i < owed.count; i++) {
        PGresult *result = PQexec(db->conn, owed.sql[i]);
        if (!is_good(result))
            return error_of(result, db, owed.sql[i]);
        PQclear(result);
    }
    return ERR_OK;
}

static enum err prepare(struct pg_db *db, const char *sql, const struct db_params *params, struct db_stmt **out)
{
    *out = db_stmts_take(&db->stmts, sql);
    if (*out)
        return ERR_OK;
    Oid types[DB_PARAMS_MAX];
    for (unsigned i = 0; i < params->count; i++)
        types[i] = params->values[i].type == DB_I64 ? OID_INT8 : params->values[i].type == DB_TEXT ? OID_TEXT : 0;
    char name[24];
    snprintf(name, sizeof(name), "s%u", db->names++);
    enum err err = pay(db); /* a text that is wrong must not cost more than its step */
    if (err)
        return err;
    PGresult *result = PQprepare(db->conn, name, sql, (int)params->count, types);
    if (!is_good(result))
        return error_of(result, db, sql);
    PQclear(result);
    *out = db_stmts_add(&db->stmts, sql, mem_strdup(name));
    return ERR_OK;
}

/* What came until the pipeline's end: the first result that is an error, else the last one. */
static PGresult *gather(PGconn *conn)
{
    PGresult *kept = NULL, *result;
    unsigned nulls = 0; /* one follows each statement's result; two in a row: nothing is on its way */
    while (nulls < 2) {
        result = PQgetResult(conn);
        nulls = result ? 0 : nulls + 1;
        if (!result)
            continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            break;
        }
        PGresult *dropped = kept && !is_good(kept) ? result : kept;
        kept = dropped == result ? kept : result;
        PQclear(dropped);
    }
    return kept;
}

/* The owed statements, this one and, if it is the last one, the commit, in one round trip. After an error the server
 * skips the rest. */
static PGresult *exec_piped(struct pg_db *db, const char *name, int count, const char *const *values)
{
    PGconn *conn = db->conn;
    int is_sent = PQenterPipelineMode(conn);
    for (unsigned i = 0; i < db->owed.count && is_sent; i++)
        is_sent = PQsendQueryParams(conn, db->owed.sql[i], 0, NULL, NULL, NULL, NULL, 0);
    db->owed = (struct owed){.count = 0};
    if (is_sent)
        is_sent = PQsendQueryPrepared(conn, name, count, values, NULL, NULL, 0);
    if (is_sent && db->is_ending)
        is_sent = PQsendQueryParams(conn, "commit", 0, NULL, NULL, NULL, NULL, 0);
    if (is_sent)
        is_sent = PQpipelineSync(conn);
    PGresult *result = is_sent ? gather(conn) : NULL;
    if (PQexitPipelineMode(conn))
        return result;
    PQclear(result);
    return NULL;
}

static enum err run(struct pg_db *db, PGresult **out, const char *sql, const struct db_params *params)
{
    struct db_stmt *stmt;
    enum err err = prepare(db, sql, params, &stmt);
    if (err)
        return err;
    const char *values[DB_PARAMS_MAX];
    char numbers[DB_PARAMS_MAX][24];
    for (unsigned i = 0; i < params->count; i++) {
        const struct db_value *value = &params->values[i];
        snprintf(numbers[i], sizeof(numbers[i]), "%lld", (long long)value->i);
        values[i] = value->type == DB_NULL ? NULL : value->type == DB_TEXT ? value->s : numbers[i];
    }
    int count = (int)params->count;
    bool is_piped = db->owed.count > 0 || db->is_ending;
    PGresult *result = is_piped ? exec_piped(db, stmt->handle, count, values)
                                : PQexecPrepared(db->conn, stmt->handle, count, values, NULL, NULL, 0);
    /* The whole result is here, so the statement is free again and always kept. */
    free(db_stmts_give(stmt));
    if (!is_good(result))
        return error_of(result, db, sql);
    db->is_committed = db->is_ending && is_commit(result);
    if (db->is_ending && !db->is_committed) {
        PQclear(result);
        return ERR_IO;
    }
    *out = result;
    return ERR_OK;
}

/* Again, on a new connection, where that is sure to do nothing twice: a select by itself, or the first statement of a
 * transaction, which the lost connection took with it. */
static enum err run_again(struct pg_db *db, const struct owed *owed, PGresult **out, const char *sql,
                          const struct db_params *params)
{
    enum err err = connect_now(db);
    if (err)
        return err;
    db->owed = *owed;
    return run(db, out, sql, params);
}

static enum err pg_query(struct db *db, struct db_rows **rows, const char *sql, const struct db_params *params)
{
    struct pg_db *self = as_pg(db);
    struct owed owed = self->owed;
    enum err err = ensure_connected(self);
    PGresult *result = NULL;
    if (!err)
        err = run(self, &result, sql, params);
    bool is_harmless = db->is_in_transaction ? owed.has_begin && !self->is_ending : text_has_prefix(sql, "select ");
    if (err && PQstatus(self->conn) != CONNECTION_OK && is_harmless)
        err = run_again(self, &owed, &result, sql, params);
    self->is_ending = false;
    if (err)
        return err;
    struct pg_rows *out = mem_calloc(1, sizeof(*out));
    out->rows.db = db;
    out->result = result;
    out->at = -1;
    *rows = &out->rows;
    return ERR_OK;
}

static enum err exec_text(struct pg_db *db, const char *sql)
{
    PGresult *result = PQexec(db->conn, sql);
    if (!is_good(result))
        return error_of(result, db, sql);
    bool is_lost = strcmp(sql, "commit") == 0 && !is_commit(result);
    PQclear(result);
    return is_lost ? ERR_IO : ERR_OK;
}

static enum err pg_script(struct db *db, const char *sql)
{
    struct pg_db *self = as_pg(db);
    bool is_end = strcmp(sql, "commit") == 0 || strcmp(sql, "rollback") == 0;
    bool is_over = is_end && (self->owed.has_begin || self->is_committed); /* nothing was written, or all of it */
    if (is_over) {
        self->owed = (struct owed){.count = 0};
        self->is_committed = false;
        return ERR_OK;
    }
    enum err err = ensure_connected(self);
    if (err)
        return err;
    if (strcmp(sql, "begin") == 0) {
        self->owed = (struct owed){.sql = {sql}, .count = 1, .has_begin = true};
        return ERR_OK;
    }
    if (self->owed.has_begin)
        err = pay(self);
    self->owed = (struct owed){.count = 0}; /* the transaction's end takes its savepoints along */
    return err ? err : exec_text(self, sql);
}

static void pg_ending(struct db *db)
{
    as_pg(db)->is_ending = true;
}

static enum err pg_step(struct db *db, const char *release, const char *save)
{
    struct pg_db *self = as_pg(db);
    struct owed *owed = &self->owed;
    owed->count = owed->has_begin ? 1 : 0;
    if (release)
        owed->sql[owed->count++] = release;
    owed->sql[owed->count++] = save;
    return ERR_OK;
}

static bool pg_next(struct db_rows *rows)
{
    struct pg_rows *self = (struct pg_rows *)rows;
    if (self->at >= PQntuples(self->result))
        return false;
    return ++self->at < PQntuples(self->result);
}

static const char *pg_text(const struct db_rows *rows, int column)
{
    const struct pg_rows *self = (const struct pg_rows *)rows;
    return PQgetvalue(self->result, self->at, column);
}

static int64_t pg_i64(const struct db_rows *rows, int column)
{
    return strtoll(pg_text(rows, column), NULL, 10);
}

static bool pg_is_null(const struct db_rows *rows, int column)
{
    const struct pg_rows *self = (const struct pg_rows *)rows;
    return PQgetisnull(self->result, self->at, column) == 1;
}

static enum err pg_done(struct db_rows *rows, int64_t *changed)
{
    struct pg_rows *self = (struct pg_rows *)rows;
    *changed = strtoll(PQcmdTuples(self->result), NULL, 10);
    PQclear(self->result);
    free(self);
    return ERR_OK;
}

static const struct db_driver driver = {
    .close = pg_close,
    .query = pg_query,
    .script = pg_script,
    .ending = pg_ending,
    .step = pg_step,
    .next = pg_next,
    .i64 = pg_i64,
    .text = pg_text,
    .is_null = pg_is_null,
    .done = pg_done,
    .begin_sql = "begin",
    /* Any number that no other program uses: the first bytes of "ichat" as ASCII. */
    .migrate_lock_sql = "select pg_advisory_xact_lock(452824424820)",
    .id_type = "bigint generated by default as identity primary key",
};

enum err db_pg_open(const char *url, struct db **out)
{
    struct pg_db *self = mem_calloc(1, sizeof(*self));
    self->db.driver = &driver;
    self->db.kind = DB_POSTGRES;
    self->url = mem_strdup(url);
    enum err err = connect_now(self);
    if (err) {
        pg_close(&self->db);
        return err;
    }
    *out = &self->db;
    return ERR_OK;
}
