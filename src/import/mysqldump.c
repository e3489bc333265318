/* The grammar over the tokens of sql_lex.h: one small function for each state. */
#include "import/mysqldump.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "import/sql_lex.h"
#include "import/sql_value.h"

enum {
    AT_START,
    AT_SKIP, /* until the semicolon */
    AT_USE,
    AT_CREATE,
    AT_CREATE_NAME,
    AT_COLUMN,
    AT_COLUMN_TYPE,
    AT_COLUMN_REST,
    AT_INSERT,
    AT_INSERT_COLUMN,
    AT_INSERT_VALUES,
    AT_ROW,
    AT_VALUE,
    AT_VALUE_END,
    AT_ROW_END,
    AT_TAIL, /* of an INSERT, behind its rows */
};

struct mysqldump {
    /* set once at creation */
    struct mysqldump_events events;
    void *ctx;
    /* the parser's */
    struct sql_lex lex;
    int state;
    enum err row_error;
    char database[MYSQLDUMP_NAME_MAX]; /* of USE */
    /* the statement under way */
    uint64_t line;
    uint64_t offset;
    char table_database[MYSQLDUMP_NAME_MAX];
    char table_name[MYSQLDUMP_NAME_MAX];
    unsigned depth; /* of parentheses in CREATE TABLE */
    struct mysqldump_column *columns;
    size_t column_count;
    /* the row under way */
    uint64_t row_line;
    uint64_t row_number;
    struct sql_row row;
};

/* A token as the states see it. */
struct token {
    enum sql_token type;
    const char *text;
    size_t len;
};

static bool is_mark(const struct token *token, char c)
{
    return token->type == SQL_MARK && token->text[0] == c;
}

static bool is_keyword(const struct token *token, const char *word)
{
    return token->type == SQL_WORD && strcasecmp(token->text, word) == 0;
}

static bool is_one_of(const struct token *token, const char *const *words)
{
    for (; *words; words++)
        if (is_keyword(token, *words))
            return true;
    return false;
}

/* Names come bare, in backticks, or, with --compatible=ansi, in double quotes. */
static bool is_name(const struct token *token)
{
    return token->type != SQL_MARK && token->len > 0;
}

static void fail(struct mysqldump *dump, const char *what)
{
    sql_lex_fail(&dump->lex, dump->lex.token_line, "%s (table %s)", what, dump->table_name);
}

static void at_skip(struct mysqldump *dump, const struct token *token)
{
    bool is_over = is_mark(token, ';');
    dump->state = is_over ? AT_START : AT_SKIP;
    dump->lex.is_kept = is_over;
}

static void clear_columns(struct mysqldump *dump)
{
    for (size_t i = 0; i < dump->column_count; i++)
        free(dump->columns[i].name);
    dump->column_count = 0;
}

static void add_column(struct mysqldump *dump, const struct token *token)
{
    if (dump->column_count == MYSQLDUMP_COLUMNS_MAX || token->len >= MYSQLDUMP_NAME_MAX) {
        fail(dump, "too many columns, or too long a name of one");
        return;
    }
    if (dump->column_count % 16 == 0)
        dump->columns = mem_realloc(dump->columns, (dump->column_count + 16) * sizeof(*dump->columns));
    dump->columns[dump->column_count++] = (struct mysqldump_column){.name = mem_strdup(token->text)};
}

/* Part of a table's name: `db`.`table`, db.table. */
static void add_name(struct mysqldump *dump, const struct token *token)
{
    const char *dot = token->type == SQL_WORD ? strchr(token->text, '.') : NULL;
    if (dot == token->text && dot) { /* behind a quoted database: `db`.table */
        text_copy(dump->table_database, sizeof(dump->table_database), dump->table_name);
        text_copy(dump->table_name, sizeof(dump->table_name), token->text + 1);
        return;
    }
    if (!dot) {
        text_copy(dump->table_name, sizeof(dump->table_name), token->text);
        return;
    }
    text_copy(dump->table_name, sizeof(dump->table_name), dot + 1);
    text_copy(dump->table_database, sizeof(dump->table_database), token->text);
    size_t len = (size_t)(dot - token->text);
    if (len < sizeof(dump->table_database))
        dump->table_database[len] = 0;
}

static struct mysqldump_table table_of(const struct mysqldump *dump)
{
    return (struct mysqldump_table){
        .database = dump->table_database,
        .name = dump->table_name,
        .columns = dump->columns,
        .column_count = dump->column_count,
        .line = dump->line,
        .offset = dump->offset,
    };
}

static void at_start(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, ';'))
        return;
    dump->line = dump->lex.token_line;
    dump->offset = dump->lex.token_offset;
    dump->table_name[0] = 0;
    text_copy(dump->table_database, sizeof(dump->table_database), dump->database);
    clear_columns(dump);
    if (is_keyword(token, "CREATE"))
        dump->state = AT_CREATE;
    else if (is_keyword(token, "INSERT") || is_keyword(token, "REPLACE"))
        dump->state = AT_INSERT;
    else if (is_keyword(token, "USE"))
        dump->state = AT_USE;
    else if (is_keyword(token, "DELIMITER"))
        sql_lex_delimiter(&dump->lex);
    else
        at_skip(dump, token);
}

static void at_use(struct mysqldump *dump, const struct token *token)
{
    if (is_name(token))
        text_copy(dump->database, sizeof(dump->database), token->text);
    at_skip(dump, token);
}

static void at_create(struct mysqldump *dump, const struct token *token)
{
    if (is_keyword(token, "TABLE"))
        dump->state = AT_CREATE_NAME;
    else if (!is_keyword(token, "TEMPORARY"))
        at_skip(dump, token);
}

static void at_create_name(struct mysqldump *dump, const struct token *token)
{
    static const char *const noise[] = {"IF", "NOT", "EXISTS", NULL};
    if (is_mark(token, '(') && dump->table_name[0]) {
        dump->depth = 1;
        dump->state = AT_COLUMN;
    } else if (!dump->table_name[0] && is_one_of(token, noise)) {
        return;
    } else if (is_keyword(token, ".")) {
        text_copy(dump->table_database, sizeof(dump->table_database), dump->table_name);
    } else if (is_name(token)) {
        add_name(dump, token);
    } else {
        at_skip(dump, token); /* CREATE TABLE a LIKE b */
    }
}

static void end_columns(struct mysqldump *dump, const struct token *token)
{
    struct mysqldump_table table = table_of(dump);
    dump->events.on_table(dump->ctx, &table);
    at_skip(dump, token);
}

static void at_column_rest(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, '('))
        dump->depth++;
    else if (is_mark(token, ')') && --dump->depth == 0)
        end_columns(dump, token);
    else if (is_mark(token, ',') && dump->depth == 1)
        dump->state = AT_COLUMN;
    else if (is_mark(token, ';'))
        fail(dump, "CREATE TABLE ends within its list of columns");
}

static void at_column(struct mysqldump *dump, const struct token *token)
{
    static const char *const no_column[] = {"PRIMARY", "UNIQUE",  "KEY",   "INDEX",  "CONSTRAINT", "FULLTEXT",
                                            "SPATIAL", "FOREIGN", "CHECK", "PERIOD", NULL};
    if (is_name(token) && !is_one_of(token, no_column)) {
        add_column(dump, token);
        dump->state = AT_COLUMN_TYPE;
        return;
    }
    dump->state = AT_COLUMN_REST;
    at_column_rest(dump, token);
}

static void at_column_type(struct mysqldump *dump, const struct token *token)
{
    dump->columns[dump->column_count - 1].is_timestamp = is_keyword(token, "TIMESTAMP");
    dump->state = AT_COLUMN_REST;
    at_column_rest(dump, token);
}

/* The rows follow, or something else that a wanted table must not have. */
static void begin_rows(struct mysqldump *dump, const struct token *token)
{
    struct mysqldump_table table = table_of(dump);
    if (!dump->events.on_insert(dump->ctx, &table)) {
        at_skip(dump, token);
        return;
    }
    if (!is_keyword(token, "VALUES") && !is_keyword(token, "VALUE")) {
        fail(dump, "an INSERT without VALUES is not understood");
        return;
    }
    dump->row_number = 0;
    dump->state = AT_ROW;
}

static void at_insert(struct mysqldump *dump, const struct token *token)
{
    static const char *const noise[] = {"INTO", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", NULL};
    static const char *const ends[] = {"VALUES", "VALUE", "SELECT", "SET", "PARTITION", NULL};
    bool has_name = dump->table_name[0] != 0;
    if (!has_name && is_one_of(token, noise))
        return;
    if (is_keyword(token, ".") && has_name)
        text_copy(dump->table_database, sizeof(dump->table_database), dump->table_name);
    else if (is_mark(token, '(') && has_name)
        dump->state = AT_INSERT_COLUMN;
    else if (has_name && (is_one_of(token, ends) || !is_name(token)))
        begin_rows(dump, token);
    else if (is_name(token))
        add_name(dump, token);
    else
        fail(dump, "an INSERT without the name of a table");
}

static void at_insert_column(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, ')'))
        dump->state = AT_INSERT_VALUES;
    else if (is_name(token))
        add_column(dump, token);
    else if (!is_mark(token, ','))
        fail(dump, "an INSERT's list of columns is not understood");
}

static void at_row(struct mysqldump *dump, const struct token *token)
{
    if (!is_mark(token, '(')) {
        fail(dump, "a row must begin with (");
        return;
    }
    dump->row_line = dump->lex.token_line;
    dump->row_number++;
    sql_row_begin(&dump->row);
    dump->state = AT_VALUE;
}

static void at_value(struct mysqldump *dump, const struct token *token)
{
    bool is_done = false;
    const char *error = NULL;
    switch (token->type) {
    case SQL_STRING:
        error = sql_row_add_string(&dump->row, token->text, token->len);
        is_done = true;
        break;
    case SQL_WORD:
        error = sql_row_add_word(&dump->row, token->text, token->len, &is_done);
        break;
    case SQL_MARK:
        error = sql_row_add_sign(&dump->row, token->text[0]);
        break;
    case SQL_NAME:
    default:
        error = "a value is a name";
        break;
    }
    if (error)
        fail(dump, error);
    else if (is_done)
        dump->state = AT_VALUE_END;
}

static void at_value_end(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, ',')) {
        dump->state = AT_VALUE;
        return;
    }
    if (!is_mark(token, ')')) {
        fail(dump, "a value is not understood: it is no text, number or NULL");
        return;
    }
    struct mysqldump_row row = {.line = dump->row_line, .number = dump->row_number};
    row.values = sql_row_values(&dump->row, &row.count);
    dump->state = AT_ROW_END;
    dump->row_error = dump->events.on_row(dump->ctx, &row);
    if (dump->row_error)
        sql_lex_fail(&dump->lex, row.line, "stopped at row %llu (table %s)", (unsigned long long)row.number,
                     dump->table_name);
}

static void at_row_end(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, ',')) {
        dump->state = AT_ROW;
    } else if (is_mark(token, ';')) {
        dump->state = AT_START;
        dump->events.on_insert_end(dump->ctx, dump->lex.token_offset + 1);
    } else if (is_keyword(token, "ON") || is_keyword(token, "AS")) { /* ON DUPLICATE KEY UPDATE ... */
        dump->state = AT_TAIL;
    } else {
        fail(dump, "a comma or a semicolon is missing behind a row");
    }
}

static void at_tail(struct mysqldump *dump, const struct token *token)
{
    if (is_mark(token, ';'))
        at_row_end(dump, token);
}

static void on_token(void *ctx, enum sql_token type, const char *text, size_t len)
{
    static void (*const states[])(struct mysqldump *, const struct token *) = {
        [AT_START] = at_start,
        [AT_SKIP] = at_skip,
        [AT_USE] = at_use,
        [AT_CREATE] = at_create,
        [AT_CREATE_NAME] = at_create_name,
        [AT_COLUMN] = at_column,
        [AT_COLUMN_TYPE] = at_column_type,
        [AT_COLUMN_REST] = at_column_rest,
        [AT_INSERT] = at_insert,
        [AT_INSERT_COLUMN] = at_insert_column,
        [AT_INSERT_VALUES] = begin_rows,
        [AT_ROW] = at_row,
        [AT_VALUE] = at_value,
        [AT_VALUE_END] = at_value_end,
        [AT_ROW_END] = at_row_end,
        [AT_TAIL] = at_tail,
    };
    struct mysqldump *dump = ctx;
    struct token token = {.type = type, .text = text, .len = len};
    states[dump->state](dump, &token);
}

void mysqldump_create(const struct mysqldump_events *events, void *ctx, struct mysqldump **out)
{
    struct mysqldump *dump = mem_calloc(1, sizeof(*dump));
    dump->events = *events;
    dump->ctx = ctx;
    sql_lex_init(&dump->lex, on_token, dump);
    *out = dump;
}

void mysqldump_free(struct mysqldump *dump)
{
    if (!dump)
        return;
    clear_columns(dump);
    free(dump->columns);
    sql_row_free(&dump->row);
    sql_lex_free(&dump->lex);
    free(dump);
}

void mysqldump_set_position(struct mysqldump *dump, uint64_t line, uint64_t offset, const char *database)
{
    text_copy(dump->database, sizeof(dump->database), database);
    dump->lex.line = line;
    dump->lex.offset = offset;
}

enum err mysqldump_feed(struct mysqldump *dump, const char *bytes, size_t len)
{
    enum err err = sql_lex_feed(&dump->lex, bytes, len);
    return dump->row_error ? dump->row_error : err;
}

enum err mysqldump_end(struct mysqldump *dump)
{
    enum err err = sql_lex_end(&dump->lex);
    if (!err && dump->state != AT_START) {
        sql_lex_fail(&dump->lex, dump->lex.line, "the file ends within a statement that began in line %llu",
                     (unsigned long long)dump->line);
        err = ERR_INVALID;
    }
    return err;
}

const char *mysqldump_error(const struct mysqldump *dump)
{
    return dump->lex.error;
}

bool mysqldump_is_complete(const struct mysqldump *dump)
{
    return dump->lex.is_complete;
}
