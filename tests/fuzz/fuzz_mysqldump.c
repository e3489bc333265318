/* Any bytes as a dump: told alike whole and byte by byte, values end with a NUL and convert to something or nothing. */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "import/convert.h"
#include "import/mysqldump.h"
#include "import/schema.h"

struct told {
    const struct import_map *map;
    uint64_t hash;
    uint64_t rows;
};

/* FNV-1a */
static void mix(struct told *told, const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        told->hash = (told->hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
}

static void look_at(struct told *told, const struct mysqldump_table *table)
{
    mix(told, table->name, strlen(table->name));
    mix(told, table->database, strlen(table->database));
    mix(told, &table->line, sizeof(table->line));
    mix(told, &table->offset, sizeof(table->offset));
    for (size_t i = 0; i < table->column_count; i++)
        mix(told, table->columns[i].name, strlen(table->columns[i].name));
    enum import_table found = import_table_find(told->map, table->database, table->name);
    struct import_columns columns;
    char error[IMPORT_ERROR_MAX];
    CHECK(found <= IMPORT_TABLES);
    if (found < IMPORT_TABLES &&
        import_columns_find(told->map, found, table->columns, table->column_count, &columns, error) == ERR_OK)
        for (size_t i = 0; i < IMPORT_FIELDS; i++)
            CHECK(columns.at[i] >= -1 && columns.at[i] < (int)table->column_count);
}

static void on_table(void *ctx, const struct mysqldump_table *table)
{
    look_at(ctx, table);
}

static bool on_insert(void *ctx, const struct mysqldump_table *table)
{
    look_at(ctx, table);
    return table->name[0] != 'x';
}

static enum err on_row(void *ctx, const struct mysqldump_row *row)
{
    struct told *told = ctx;
    told->rows++;
    mix(told, &row->line, sizeof(row->line));
    for (size_t i = 0; i < row->count; i++) {
        const struct mysqldump_value *value = &row->values[i];
        uint64_t id;
        int64_t time_us;
        const char *text;
        CHECK(value->data[value->len] == 0);
        mix(told, value->data, value->len + 1);
        if (convert_id(value, &id) == ERR_OK)
            CHECK(id <= CONVERT_ID_MAX);
        if (convert_text(value, &text) == ERR_OK)
            CHECK(strlen(text) == value->len);
        (void)!convert_time(value, 0, &time_us);
        (void)convert_bool(value);
    }
    return ERR_OK;
}

static void on_insert_end(void *ctx, uint64_t offset)
{
    mix(ctx, &offset, sizeof(offset));
}

static enum err parse(struct told *told, const uint8_t *data, size_t len, size_t step)
{
    static const struct mysqldump_events events = {on_table, on_insert, on_row, on_insert_end};
    struct mysqldump *dump;
    enum err err = ERR_OK;
    mysqldump_create(&events, told, &dump);
    for (size_t at = 0; at < len && !err; at += step)
        err = mysqldump_feed(dump, (const char *)data + at, len - at < step ? len - at : step);
    if (!err)
        err = mysqldump_end(dump);
    CHECK(!err == !mysqldump_error(dump)[0]);
    mix(told, mysqldump_error(dump), strlen(mysqldump_error(dump)));
    mysqldump_free(dump);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct import_map *map = import_map_create();
    struct told whole = {.map = map};
    struct told bytes = {.map = map};
    enum err err = parse(&whole, data, len, len ? len : 1);
    CHECK(parse(&bytes, data, len, 1) == err);
    CHECK(whole.hash == bytes.hash && whole.rows == bytes.rows);
    /* As lines of a map file. */
    char error[IMPORT_ERROR_MAX];
    (void)!import_map_add(map, (const char *)data, len, 1, error);
    import_map_free(map);
    return 0;
}
