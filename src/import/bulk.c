/* Gathering rows, and the statements for them. */
#include "import/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define ROWS_MAX 20 /* a statement: with BULK_COLUMNS_MAX columns that is DB_PARAMS_MAX */

/* What is left at a commit goes in statements of these sizes, so that few are prepared. */
static const unsigned sizes[] = {ROWS_MAX, 5, 1};

struct bulk {
    /* set once at creation */
    struct db *db;
    const struct bulk_table *table;
    bulk_added *on_added;
    void *ctx;
    unsigned rows_max;
    /* gathered rows */
    unsigned count;
    struct bulk_place places[ROWS_MAX];
    struct db_value values[ROWS_MAX * BULK_COLUMNS_MAX]; /* texts are malloc'd */
};

struct bulk *bulk_create(struct db *db, const struct bulk_table *table, bulk_added *on_added, void *ctx)
{
    struct bulk *bulk = mem_calloc(1, sizeof(*bulk));
    bulk->db = db;
    bulk->table = table;
    bulk->on_added = on_added;
    bulk->ctx = ctx;
    /* There is no way to go to SQLite. */
    bulk->rows_max = db_kind(db) == DB_SQLITE ? 1 : ROWS_MAX;
    return bulk;
}

static struct db_value *row_of(struct bulk *bulk, unsigned row)
{
    return &bulk->values[row * bulk->table->column_count];
}

static void clear(struct bulk *bulk)
{
    for (unsigned i = 0; i < bulk->count * bulk->table->column_count; i++)
        if (bulk->values[i].type == DB_TEXT)
            free((char *)bulk->values[i].s);
    bulk->count = 0;
}

void bulk_free(struct bulk *bulk)
{
    if (!bulk)
        return;
    clear(bulk);
    free(bulk);
}

/* insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing returning a */
static void write_sql(const struct bulk_table *table, unsigned rows, struct text *sql)
{
    text_addf(sql, "insert into %s (%s) values ", table->name, table->columns);
    for (unsigned i = 0; i < rows * table->column_count; i++) {
        const char *before = i % table->column_count ? ", " : i ? "), (" : "(";
        text_addf(sql, "%s$%u", before, i + 1);
    }
    text_addf(sql, ") on conflict do nothing returning %s", table->id);
}

/* The rows that are in come back in any order. */
static enum err insert(struct bulk *bulk, unsigned first, unsigned count, bool is_in[ROWS_MAX])
{
    struct text sql = {0};
    write_sql(bulk->table, count, &sql);
    struct db_rows *rows;
    enum err err = db_query_values(bulk->db, &rows, sql.data, row_of(bulk, first), count * bulk->table->column_count);
    text_free(&sql);
    if (err)
        return err;
    while (db_next(rows)) {
        int64_t id = db_i64(rows, 0);
        unsigned row = 0;
        /* Of two with the same id the first one is in. */
        while (row < count && (is_in[row] || row_of(bulk, first + row)->i != id))
            row++;
        if (row < count)
            is_in[row] = true;
    }
    return db_rows_done(rows);
}

static enum err insert_and_tell(struct bulk *bulk, unsigned first, unsigned count)
{
    bool is_in[ROWS_MAX] = {false};
    enum err err = insert(bulk, first, count, is_in);
    for (unsigned i = 0; i < count && !err; i++)
        err = bulk->on_added(bulk->ctx, (uint64_t)row_of(bulk, first + i)->i, &bulk->places[first + i], is_in[i]);
    return err;
}

enum err bulk_flush(struct bulk *bulk)
{
    enum err err = ERR_OK;
    unsigned done = 0;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        while (!err && bulk->count - done >= sizes[i]) {
            err = insert_and_tell(bulk, done, sizes[i]);
            done += sizes[i];
        }
    clear(bulk);
    return err;
}

enum err bulk_add(struct bulk *bulk, const struct bulk_place *place, const struct db_value *values)
{
    struct db_value *row = row_of(bulk, bulk->count);
    memcpy(row, values, bulk->table->column_count * sizeof(*row));
    for (unsigned i = 0; i < bulk->table->column_count; i++)
        if (row[i].type == DB_TEXT)
            row[i].s = mem_strdup(row[i].s);
    bulk->places[bulk->count++] = *place;
    return bulk->count == bulk->rows_max ? bulk_flush(bulk) : ERR_OK;
}
