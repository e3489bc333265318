/* The file, its index, and reading parts of it again. */
#include "import/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "import/mysqldump.h"

#define CHUNK (256u << 10)

/* INSERTs of one table that follow each other. */
struct span {
    struct span *next;
    uint64_t line;
    uint64_t begin;
    uint64_t end;
    char database[MYSQLDUMP_NAME_MAX];
};

/* A table of the dump that stands for one of ours. */
struct source {
    char *name; /* as the dump has it, to tell two apart */
    struct mysqldump_column *columns;
    size_t column_count;
    struct import_columns found; /* by CREATE TABLE's columns */
    struct span *first;
    struct span *last;
    uint64_t rows;
    bool is_created; /* there was a CREATE TABLE */
};

struct dump_file {
    int fd;
    const struct import_map *map;
    struct import_report *report;
    char *chunk;
    struct source sources[IMPORT_TABLES];
    /* of one pass */
    char *error;
    enum import_table table; /* of the INSERT under way */
    uint64_t insert_line;
    uint64_t insert_begin;
    char insert_database[MYSQLDUMP_NAME_MAX];
    struct import_columns columns;
    const struct mysqldump_column *names;
    size_t name_count;
    enum err (*on_row)(void *ctx, const struct dump_row *row);
    void *ctx;
};

static void free_columns(struct source *source)
{
    for (size_t i = 0; i < source->column_count; i++)
        free(source->columns[i].name);
    free(source->columns);
    source->columns = NULL;
    source->column_count = 0;
}

void dump_file_close(struct dump_file *file)
{
    if (!file)
        return;
    for (unsigned i = 0; i < IMPORT_TABLES; i++) {
        struct source *source = &file->sources[i];
        free_columns(source);
        free(source->name);
        while (source->first) {
            struct span *span = source->first;
            source->first = span->next;
            free(span);
        }
    }
    if (file->fd >= 0)
        close(file->fd);
    free(file->chunk);
    free(file);
}

uint64_t dump_file_rows(const struct dump_file *file, enum import_table table)
{
    return file->sources[table].rows;
}

bool dump_file_has(const struct dump_file *file, enum import_table table)
{
    return file->sources[table].name != NULL;
}

bool dump_file_has_field(const struct dump_file *file, enum import_table table, enum import_field field)
{
    const struct source *source = &file->sources[table];
    return source->is_created ? source->found.at[field] >= 0 : source->name != NULL;
}

/* The first error counts; the pass goes on to its end, as events cannot stop it. */
static void fail(struct dump_file *file, uint64_t line, const char *text)
{
    if (!file->error[0])
        snprintf(file->error, IMPORT_ERROR_MAX, "line %" PRIu64 ": %.480s", line, text);
}

/* Reading */

/* From `begin` up to `end`. */
static enum err feed(struct dump_file *file, struct mysqldump *dump, uint64_t begin, uint64_t end)
{
    for (uint64_t at = begin; at < end && !file->error[0];) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        ssize_t n = pread(file->fd, file->chunk, want, (off_t)at);
        if (n <= 0) {
            snprintf(file->error, IMPORT_ERROR_MAX, "The dump cannot be read: %s", n ? strerror(errno) : "it shrank");
            return ERR_IO;
        }
        enum err err = mysqldump_feed(dump, file->chunk, (size_t)n);
        if (err)
            return err;
        at += (uint64_t)n;
    }
    return file->error[0] ? ERR_INVALID : ERR_OK;
}

/* The index */

/* Binds one of our tables to this one of the dump; false when it is another table's already. */
static struct source *bind(struct dump_file *file, const struct mysqldump_table *table, enum import_table at)
{
    struct source *source = &file->sources[at];
    char name[2 * MYSQLDUMP_NAME_MAX];
    snprintf(name, sizeof(name), "%s%s%s", table->database, table->database[0] ? "." : "", table->name);
    if (!source->name)
        source->name = mem_strdup(name);
    if (strcmp(source->name, name) == 0)
        return source;
    char text[IMPORT_ERROR_MAX];
    snprintf(text, sizeof(text),
             "two tables of the dump could be %s: %.100s and %.100s; name one in a --map file: %s = ...",
             import_table_name(at), source->name, name, import_table_name(at));
    fail(file, table->line, text);
    return NULL;
}

static void index_table(void *ctx, const struct mysqldump_table *table)
{
    struct dump_file *file = ctx;
    enum import_table at = import_table_find(file->map, table->database, table->name);
    if (at == IMPORT_TABLES)
        return;
    struct source *source = bind(file, table, at);
    if (!source)
        return;
    free_columns(source);
    source->columns = mem_calloc(table->column_count ? table->column_count : 1, sizeof(*source->columns));
    for (size_t i = 0; i < table->column_count; i++) {
        source->columns[i] = table->columns[i];
        source->columns[i].name = mem_strdup(table->columns[i].name);
    }
    source->column_count = table->column_count;
    source->is_created = true;
    char error[IMPORT_ERROR_MAX];
    if (import_columns_find(file->map, at, source->columns, source->column_count, &source->found, error) != ERR_OK)
        fail(file, table->line, error);
}

/* The columns of this INSERT: its own list, else CREATE TABLE's. */
static enum err find_columns(struct dump_file *file, const struct mysqldump_table *table, enum import_table at)
{
    const struct source *source = &file->sources[at];
    char error[IMPORT_ERROR_MAX] = "there is neither a CREATE TABLE nor a list of columns: dump it with "
                                   "--complete-insert, or without --no-create-info";
    file->names = table->column_count ? table->columns : source->columns;
    file->name_count = table->column_count ? table->column_count : source->column_count;
    if (file->name_count &&
        import_columns_find(file->map, at, file->names, file->name_count, &file->columns, error) == ERR_OK)
        return ERR_OK;
    fail(file, table->line, error);
    return ERR_INVALID;
}

static bool index_insert(void *ctx, const struct mysqldump_table *table)
{
    struct dump_file *file = ctx;
    enum import_table at = import_table_find(file->map, table->database, table->name);
    if (at == IMPORT_TABLES || !bind(file, table, at) || find_columns(file, table, at) != ERR_OK)
        return false;
    file->table = at;
    file->insert_line = table->line;
    file->insert_begin = table->offset;
    text_copy(file->insert_database, sizeof(file->insert_database), table->database);
    return true;
}

static enum err check_count(struct dump_file *file, const struct mysqldump_row *row)
{
    if (row->count == file->name_count)
        return ERR_OK;
    char text[128];
    snprintf(text, sizeof(text), "row %" PRIu64 " has %zu values for %zu columns", row->number, row->count,
             file->name_count);
    fail(file, row->line, text);
    return ERR_INVALID;
}

static enum err index_row(void *ctx, const struct mysqldump_row *row)
{
    struct dump_file *file = ctx;
    file->sources[file->table].rows++;
    return check_count(file, row);
}

static void index_insert_end(void *ctx, uint64_t offset)
{
    struct dump_file *file = ctx;
    struct source *source = &file->sources[file->table];
    /* Nothing else but comments, locks and ALTERs stands between: then it is one span. */
    bool is_same = source->last;
    for (unsigned i = 0; i < IMPORT_TABLES && is_same; i++)
        is_same = i == file->table || !file->sources[i].last || file->sources[i].last->end < source->last->end;
    if (is_same) {
        source->last->end = offset;
        return;
    }
    struct span *span = mem_calloc(1, sizeof(*span));
    *span = (struct span){.line = file->insert_line, .begin = file->insert_begin, .end = offset};
    text_copy(span->database, sizeof(span->database), file->insert_database);
    if (source->last)
        source->last->next = span;
    else
        source->first = span;
    source->last = span;
}

/* A byte order mark, and what is no dump at all. *begin: where the text starts. */
static enum err look_at_start(struct dump_file *file, uint64_t *begin)
{
    unsigned char start[3] = {0};
    ssize_t n = pread(file->fd, start, sizeof(start), 0);
    *begin = n == 3 && start[0] == 0xef && start[1] == 0xbb && start[2] == 0xbf ? 3 : 0;
    const char *what = NULL;
    if (n >= 2 && start[0] == 0x1f && start[1] == 0x8b)
        what = "it is compressed; unpack it first (gunzip)";
    else if (n >= 2 && ((start[0] == 0xff && start[1] == 0xfe) || (start[0] == 0xfe && start[1] == 0xff)))
        what = "it is UTF-16, as PowerShell's > writes it; dump with mysqldump's --result-file";
    if (!what)
        return ERR_OK;
    snprintf(file->error, IMPORT_ERROR_MAX, "The dump cannot be read: %s", what);
    return ERR_INVALID;
}

static enum err build_index(struct dump_file *file, uint64_t size)
{
    static const struct mysqldump_events events = {index_table, index_insert, index_row, index_insert_end};
    uint64_t begin;
    enum err err = look_at_start(file, &begin);
    if (err)
        return err;
    struct mysqldump *dump;
    mysqldump_create(&events, file, &dump);
    mysqldump_set_position(dump, 1, begin, "");
    err = feed(file, dump, begin, size);
    if (!err)
        err = mysqldump_end(dump);
    if (!err && file->error[0])
        err = ERR_INVALID;
    if (err && !file->error[0])
        snprintf(file->error, IMPORT_ERROR_MAX, "The dump is not understood: %s", mysqldump_error(dump));
    if (!err && !mysqldump_is_complete(dump))
        import_report_note(file->report, "The dump does not end with \"Dump completed\": if it was made without "
                                         "--skip-comments, it may be cut off.");
    mysqldump_free(dump);
    return err;
}

enum err dump_file_open(const char *path, const struct import_map *map, struct import_report *report,
                        struct dump_file **out, char error[IMPORT_ERROR_MAX])
{
    struct dump_file *file = mem_calloc(1, sizeof(*file));
    struct stat st = {0};
    file->map = map;
    file->report = report;
    file->error = error;
    error[0] = 0;
    file->chunk = mem_calloc(1, CHUNK);
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = ERR_OK;
    if (file->fd < 0 || fstat(file->fd, &st)) {
        snprintf(error, IMPORT_ERROR_MAX, "The dump %.300s cannot be opened: %s", path, strerror(errno));
        err = ERR_IO;
    } else if (!S_ISREG(st.st_mode)) { /* it is read several times */
        snprintf(error, IMPORT_ERROR_MAX, "The dump %.300s is no file; write it to one first", path);
        err = ERR_INVALID;
    } else {
        err = build_index(file, (uint64_t)st.st_size);
    }
    if (err) {
        dump_file_close(file);
        return err;
    }
    *out = file;
    return ERR_OK;
}

/* One table's rows */

static void read_table(void *ctx, const struct mysqldump_table *table)
{
    (void)ctx;
    (void)table;
}

/* Spans hold INSERTs of their table alone, beside those of tables that stand for none. */
static bool read_insert(void *ctx, const struct mysqldump_table *table)
{
    struct dump_file *file = ctx;
    enum import_table at = import_table_find(file->map, table->database, table->name);
    return at == file->table && find_columns(file, table, at) == ERR_OK;
}

static enum err read_row(void *ctx, const struct mysqldump_row *row)
{
    struct dump_file *file = ctx;
    enum err err = check_count(file, row);
    struct dump_row out = {.row = row, .columns = &file->columns, .names = file->names};
    return err ? err : file->on_row(file->ctx, &out);
}

static void read_insert_end(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
}

enum err dump_file_read(struct dump_file *file, enum import_table table,
                        enum err (*on_row)(void *ctx, const struct dump_row *row), void *ctx,
                        char error[IMPORT_ERROR_MAX])
{
    static const struct mysqldump_events events = {read_table, read_insert, read_row, read_insert_end};
    enum err err = ERR_OK;
    file->error = error;
    file->table = table;
    file->on_row = on_row;
    file->ctx = ctx;
    error[0] = 0;
    for (const struct span *span = file->sources[table].first; span && !err; span = span->next) {
        struct mysqldump *dump;
        mysqldump_create(&events, file, &dump);
        mysqldump_set_position(dump, span->line, span->begin, span->database);
        err = feed(file, dump, span->begin, span->end);
        if (!err)
            err = mysqldump_end(dump);
        if (err == ERR_INVALID && !error[0])
            snprintf(error, IMPORT_ERROR_MAX, "The dump is not understood: %s", mysqldump_error(dump));
        mysqldump_free(dump);
    }
    return err;
}
