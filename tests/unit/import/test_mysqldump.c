/* The parser: each text is parsed whole, byte by byte, and cut off at every place. */
#include "import/mysqldump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "import/sql_lex.h"

/* What was told, as text: "T db.name a b*" (a star: TIMESTAMP), "I name [columns]", "R line/number n:1 t:abc -". */
struct seen {
    struct text text;
    const char *unwanted; /* table whose rows are not wanted */
    uint64_t stop_at;     /* the row that is refused */
    uint64_t rows;
    uint64_t end;
};

static void add_head(struct seen *seen, char kind, const struct mysqldump_table *table)
{
    text_addf(&seen->text, "%c %s%s%s", kind, table->database, table->database[0] ? "." : "", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        text_addf(&seen->text, " %s%s", table->columns[i].name, table->columns[i].is_timestamp ? "*" : "");
    text_add(&seen->text, "\n");
}

static void on_table(void *ctx, const struct mysqldump_table *table)
{
    add_head(ctx, 'T', table);
}

static bool on_insert(void *ctx, const struct mysqldump_table *table)
{
    struct seen *seen = ctx;
    add_head(seen, 'I', table);
    return !seen->unwanted || strcmp(seen->unwanted, table->name) != 0;
}

static enum err on_row(void *ctx, const struct mysqldump_row *row)
{
    struct seen *seen = ctx;
    text_addf(&seen->text, "R %llu/%llu", (unsigned long long)row->line, (unsigned long long)row->number);
    for (size_t i = 0; i < row->count; i++) {
        const struct mysqldump_value *value = &row->values[i];
        assert_int_equal(value->data[value->len], 0);
        if (value->type == MYSQLDUMP_NULL) {
            text_add(&seen->text, " -");
            continue;
        }
        text_add(&seen->text, value->type == MYSQLDUMP_NUMBER ? " n:" : " t:");
        text_add_n(&seen->text, value->data, value->len);
    }
    text_add(&seen->text, "\n");
    return ++seen->rows == seen->stop_at ? ERR_IO : ERR_OK;
}

static void on_insert_end(void *ctx, uint64_t offset)
{
    ((struct seen *)ctx)->end = offset;
}

static const struct mysqldump_events events = {on_table, on_insert, on_row, on_insert_end};

static enum err parse(struct seen *seen, const char *sql, size_t len, size_t step, char *error)
{
    struct mysqldump *dump;
    mysqldump_create(&events, seen, &dump);
    enum err err = ERR_OK;
    for (size_t at = 0; at < len && !err; at += step) {
        /* A copy of the exact size, so that a read beyond is seen. */
        size_t n = len - at < step ? len - at : step;
        char *copy = mem_calloc(n, 1);
        memcpy(copy, sql + at, n);
        err = mysqldump_feed(dump, copy, n);
        free(copy);
    }
    if (!err)
        err = mysqldump_end(dump);
    if (error)
        snprintf(error, SQL_ERROR_MAX, "%s", mysqldump_error(dump));
    mysqldump_free(dump);
    return err;
}

static void clear(struct seen *seen)
{
    text_free(&seen->text);
    *seen = (struct seen){0};
}

#define ROW(values) "insert into t values (" values ");"

static void check_len(const char *sql, size_t len, const char *wanted, size_t wanted_len)
{
    const size_t steps[] = {1, 3, len + 1};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct seen seen = {0};
        char error[SQL_ERROR_MAX];
        if (parse(&seen, sql, len, steps[i], error) != ERR_OK)
            fail_msg("%s: %s", sql, error);
        if (seen.text.len != wanted_len || (wanted_len && memcmp(seen.text.data, wanted, wanted_len) != 0))
            fail_msg("%s\nseen:\n%swanted:\n%s", sql, seen.text.data ? seen.text.data : "", wanted);
        clear(&seen);
    }
}

static void check(const char *sql, const char *wanted)
{
    check_len(sql, strlen(sql), wanted, strlen(wanted));
}

/* One row of one value. */
static void check_value(const char *value, const char *wanted, size_t wanted_len)
{
    struct text sql = {0};
    struct text out = {0};
    text_addf(&sql, ROW("%s"), value);
    text_add(&out, "I t\nR 1/1 ");
    text_add_n(&out, wanted, wanted_len);
    text_add(&out, "\n");
    check_len(sql.data, sql.len, out.data, out.len);
    text_free(&sql);
    text_free(&out);
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *wanted;
        size_t len;
    } table[] = {
#define V(sql, wanted) {sql, wanted, sizeof(wanted) - 1}
        V("''", "t:"),
        V("'abc'", "t:abc"),
        V("\"abc\"", "t:abc"),
        V("'it''s'", "t:it's"),
        V("\"a\"\"b'\"", "t:a\"b'"),
        V("''''", "t:'"),
        V("'a\\'b'", "t:a'b"),
        V("'a\\\"b'", "t:a\"b"),
        V("'\\0'", "t:\0"),
        V("'\\b\\n\\r\\t'", "t:\b\n\r\t"),
        V("'\\Z'", "t:\032"),
        V("'\\\\'", "t:\\"),
        V("'\\%\\_'", "t:\\%\\_"),
        V("'\\q\\a\\B\\N'", "t:qaBN"),
        V("'你好 😀'", "t:你好 😀"),
        V("'/* no */ -- no # no ; )'", "t:/* no */ -- no # no ; )"),
        V("'*/'", "t:*/"),
        V("'two\nlines'", "t:two\nlines"),
        V("NULL", "-"),
        V("null", "-"),
        V("0", "n:0"),
        V("-12", "n:-12"),
        V("+12", "n:12"),
        V("18446744073709551615", "n:18446744073709551615"),
        V("1.50", "n:1.50"),
        V(".5", "n:.5"),
        V("-1.5e-7", "n:-1.5e-7"),
        V("1E+10", "n:1E+10"),
        V("TRUE", "n:1"),
        V("false", "n:0"),
        V("0x616263", "t:abc"),
        V("0xFf00", "t:\xff\0"),
        V("0xabc", "t:\x0a\xbc"),
        V("X'6162'", "t:ab"),
        V("x''", "t:"),
        V("b'101'", "n:5"),
        V("0b11", "n:3"),
        V("_binary 'a\\0b'", "t:a\0b"),
        V("_binary'ab'", "t:ab"),
        V("_utf8mb4 0x6162", "t:ab"),
        V("N'ab'", "t:ab"),
        V("/* c */ 1 /*!50000 */", "n:1"),
        V("/*!40101 2 */", "n:2"),
        V("3 -- c\n", "n:3"),
        V("4 # c '\n", "n:4"),
#undef V
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        check_value(table[i].sql, table[i].wanted, table[i].len);
}

static void every_byte_in_a_text(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char sql[64];
        char wanted[64];
        size_t len = 0;
        memcpy(sql, "insert into t values ('", 23);
        len = 23;
        if (c == '\'' || c == '\\')
            sql[len++] = '\\';
        sql[len++] = (char)c;
        memcpy(sql + len, "');", 3);
        memcpy(wanted, "I t\nR 1/1 t:?\n", 14);
        wanted[12] = (char)c;
        check_len(sql, len + 3, wanted, 14);
    }
}

static void statements(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", ""},
        {";;;", ""},
        {"-- a comment", ""},
        {"/*!40101 SET NAMES utf8 */;\nSET a = ';';", ""},
        {"CREATE TABLE `a` (`x` int NOT NULL DEFAULT '),;', y decimal(10,2), `key` timestamp(3) NULL,"
         " PRIMARY KEY (`x`), KEY `k` (`y`,`x`), CONSTRAINT `c` CHECK ((`x` > 0))) ENGINE=InnoDB COMMENT='a(b';",
         "T a x y key*\n"},
        {"create temporary table if not exists d.a (x int);", "T d.a x\n"},
        {"CREATE TABLE `d`.`a` (x int); CREATE TABLE `d`.b (x int); CREATE TABLE d.`c` (x int);",
         "T d.a x\nT d.b x\nT d.c x\n"},
        {"CREATE TABLE \"a\" (\"x\" int);", "T a x\n"},
        {"CREATE TABLE a LIKE b; CREATE VIEW v AS SELECT 1; CREATE;" ROW("1"), "I t\nR 1/1 n:1\n"},
        {"CREATE TABLE a (x int) /*!50100 PARTITION BY HASH (x) */;" ROW("1"), "T a x\nI t\nR 1/1 n:1\n"},
        {"/*!50001 CREATE TABLE `v` (\n `a` tinyint NOT NULL\n) ENGINE=MyISAM */;", "T v a\n"},
        {"use `d`; insert t values(1);use e; insert into x.t values(1);", "I d.t\nR 1/1 n:1\nI x.t\nR 1/1 n:1\n"},
        {"INSERT INTO t (`a`, b) VALUES (1,'x'),\n(2,NULL)\n, (3,'y');",
         "I t a b\nR 1/1 n:1 t:x\nR 2/2 n:2 -\nR 3/3 n:3 t:y\n"},
        {"insert low_priority ignore into `t` values (1); replace into t value (2);",
         "I t\nR 1/1 n:1\nI t\nR 1/1 n:2\n"},
        {"insert into t values (1) on duplicate key update a = values(a), b = ';'; insert into t values (2);",
         "I t\nR 1/1 n:1\nI t\nR 1/1 n:2\n"},
        {"/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n" ROW("1"), "I t\nR 2/1 n:1\n"},
        {"/*M!999999\\- enable the sandbox mode */ \n" ROW("1"), "I t\nR 2/1 n:1\n"},
        {"/* ; ** insert into t values (9); **/" ROW("1"), "I t\nR 1/1 n:1\n"},
        {"DELIMITER ;;\ncreate trigger x begin insert into t values (9); end ;;\n insert into t values (8);\n"
         " delimiter ; \n" ROW("1"),
         "I t\nR 5/1 n:1\n"},
        {"delimiter ;\n" ROW("1"), "I t\nR 2/1 n:1\n"},
        {"select 1 - -1 / 2 * 3 --1\n;" ROW("1"), "I t\nR 2/1 n:1\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        check(table[i][0], table[i][1]);
}

static void unwanted_rows_are_not_looked_at(void **state)
{
    (void)state;
    static const char sql[] = "insert into u values (now(), 'it''s ; \\' here', 0xZZ); insert into u select 1;"
                              "insert into t values (1);";
    struct seen seen = {.unwanted = "u"};
    assert_int_equal(parse(&seen, sql, strlen(sql), 1, NULL), ERR_OK);
    assert_string_equal(seen.text.data, "I u\nI u\nI t\nR 1/1 n:1\n");
    assert_int_equal(seen.end, strlen(sql));
    clear(&seen);
}

static void errors_name_the_line(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"insert into t values\n(1", "line 2: the file ends within a statement that began in line 1"},
        {"insert into t values (1)", "line 1: the file ends within a statement that began in line 1"},
        {"\ninsert into t values ('a\nb", "line 3: the file ends within a text that began in line 2"},
        {"/* a\n", "line 2: the file ends within a comment that began in line 1"},
        {"delimiter ;;\nfoo", "line 2: the file ends before DELIMITER is ; again"},
        {"\n\ninsert into t values (now());", "line 3: a value is no text, number or NULL (table t)"},
        {"insert into t values (1 + 1);", "line 1: a value is not understood: it is no text, number or NULL (table t)"},
        {"insert into t values ();", "line 1: a value is not understood (table t)"},
        {"insert into t values (`a`);", "line 1: a value is a name (table t)"},
        {"insert into t values (- 'a');", "line 1: a sign stands before a text (table t)"},
        {"insert into t values (-null);", "line 1: a sign stands before a word (table t)"},
        {"insert into t values (0x6g);", "line 1: a hexadecimal value has a character that is no digit (table t)"},
        {"insert into t values (b'12');", "line 1: a binary value has a character that is no digit (table t)"},
        {"insert into t values (1) (2);", "line 1: a comma or a semicolon is missing behind a row (table t)"},
        {"insert into t values 1;", "line 1: a row must begin with ( (table t)"},
        {"insert into t select 1;", "line 1: an INSERT without VALUES is not understood (table t)"},
        {"insert into t set a = 1;", "line 1: an INSERT without VALUES is not understood (table t)"},
        {"insert into;", "line 1: an INSERT without the name of a table (table )"},
        {"create table t (a int;", "line 1: CREATE TABLE ends within its list of columns (table t)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct seen seen = {0};
        char error[SQL_ERROR_MAX];
        assert_int_equal(parse(&seen, table[i][0], strlen(table[i][0]), 7, error), ERR_INVALID);
        assert_string_equal(error, table[i][1]);
        clear(&seen);
    }
}

/* Wherever a dump is cut, what came before is told alike, and a cut within a statement is an error. */
static void every_cut_is_seen(void **state)
{
    (void)state;
    static const char sql[] = "CREATE TABLE `t` (`a` int, `b` text);\n"
                              "INSERT INTO `t` VALUES (1,'a\\'b'),(2,_binary 'c'),(-3,NULL);\n";
    for (size_t len = 0; len < strlen(sql); len++) {
        struct seen seen = {0};
        enum err err = parse(&seen, sql, len, 1, NULL);
        bool is_between = len == 0 || len == 37 || len == 38 || len == strlen(sql) - 1;
        assert_int_equal(err, is_between ? ERR_OK : ERR_INVALID);
        clear(&seen);
    }
}

static void a_row_may_refuse(void **state)
{
    (void)state;
    static const char sql[] = "insert into t values (1),(2),\n(3);";
    struct seen seen = {.stop_at = 3};
    char error[SQL_ERROR_MAX];
    assert_int_equal(parse(&seen, sql, strlen(sql), strlen(sql), error), ERR_IO);
    assert_string_equal(error, "line 2: stopped at row 3 (table t)");
    assert_int_equal(seen.rows, 3);
    clear(&seen);
}

static void feed_many(struct mysqldump *dump, const char *bytes, size_t count, enum err *err)
{
    char block[4096];
    memset(block, *bytes, sizeof(block));
    for (size_t left = count; left && !*err;) {
        size_t n = left < sizeof(block) ? left : sizeof(block);
        *err = mysqldump_feed(dump, block, n);
        left -= n;
    }
}

/* A value up to the limit is taken; a larger one ends it with its line, in memory of that size at most. */
static enum err parse_huge(struct seen *seen, size_t len, char *error)
{
    struct mysqldump *dump;
    mysqldump_create(&events, seen, &dump);
    enum err err = mysqldump_feed(dump, "\ninsert into t values ('", 24);
    feed_many(dump, "x", len, &err);
    if (!err)
        err = mysqldump_feed(dump, "');", 3);
    if (!err)
        err = mysqldump_end(dump);
    snprintf(error, SQL_ERROR_MAX, "%s", mysqldump_error(dump));
    mysqldump_free(dump);
    return err;
}

static void huge_values(void **state)
{
    (void)state;
    char error[SQL_ERROR_MAX];
    struct seen seen = {0};
    assert_int_equal(parse_huge(&seen, SQL_LEX_LIMIT, error), ERR_OK);
    assert_int_equal(seen.rows, 1);
    assert_int_equal(seen.text.len, strlen("I t\nR 2/1 t:\n") + SQL_LEX_LIMIT);
    clear(&seen);
    assert_int_equal(parse_huge(&seen, SQL_LEX_LIMIT + 1, error), ERR_INVALID);
    assert_string_equal(error, "line 2: a value has more than 16777216 bytes, which is the limit");
    clear(&seen);
    /* What nobody wants may be of any size. */
    seen.unwanted = "t";
    assert_int_equal(parse_huge(&seen, 3 * SQL_LEX_LIMIT, error), ERR_OK);
    assert_int_equal(seen.rows, 0);
    clear(&seen);
}

static void too_many_columns_and_values(void **state)
{
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        struct text create = {0};
        struct text insert = {0};
        text_add(&create, "create table t (c0 int");
        text_add(&insert, "insert into t values (0");
        for (int i = 1; i < MYSQLDUMP_COLUMNS_MAX + extra; i++) {
            text_addf(&create, ", c%d int", i);
            text_add(&insert, ",1");
        }
        text_add(&create, ");");
        text_add(&insert, ");");
        enum err wanted = extra ? ERR_INVALID : ERR_OK;
        struct seen seen = {0};
        assert_int_equal(parse(&seen, create.data, create.len, create.len, NULL), wanted);
        assert_int_equal(parse(&seen, insert.data, insert.len, insert.len, NULL), wanted);
        clear(&seen);
        text_free(&create);
        text_free(&insert);
    }
}

static void the_last_comment_says_that_it_is_whole(void **state)
{
    (void)state;
    static const char *const table[] = {"-- Dump completed on 2023-01-01\n", "-- Dump completed", "-- Dump complete\n",
                                        "insert into t values ('-- Dump completed');"};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct seen seen = {0};
        struct mysqldump *dump;
        mysqldump_create(&events, &seen, &dump);
        assert_int_equal(mysqldump_feed(dump, table[i], strlen(table[i])), ERR_OK);
        assert_int_equal(mysqldump_end(dump), ERR_OK);
        assert_int_equal(mysqldump_is_complete(dump), i < 2);
        mysqldump_free(dump);
        clear(&seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(every_byte_in_a_text),
        cmocka_unit_test(statements),
        cmocka_unit_test(unwanted_rows_are_not_looked_at),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(a_row_may_refuse),
        cmocka_unit_test(huge_values),
        cmocka_unit_test(too_many_columns_and_values),
        cmocka_unit_test(the_last_comment_says_that_it_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
