/* What of a migration's text each database gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include "base/text.h"
#include "store/dialect.h"

static void gives(enum db_kind kind, const char *sql, const char *want)
{
    char *text = NULL;
    assert_int_equal(dialect_text(kind, "ID", sql, &text), ERR_OK);
    assert_string_equal(text, want);
    free(text);
}

static void text_without_marks_is_for_all(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", ""},
        {"create table a (x $ID$, y $ID$);\n", "create table a (x ID, y ID);\n"},
        {"$ID$", "ID"},
        {"-- it is the only: one\nselect 1;", "-- it is the only: one\nselect 1;"},
        {"-- only what is marked\n", "-- only what is marked\n"},
        {"select '$ID'; $ID\n$ID$\n", "select '$ID'; $ID\nID\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        gives(DB_SQLITE, table[i][0], table[i][1]);
        gives(DB_POSTGRES, table[i][0], table[i][1]);
    }
}

/* Line by line the same, so that the numbers in error texts are right. */
static void marked_lines_are_for_one(void **state)
{
    (void)state;
    static const char sql[] = "a;\n-- only: postgresql\nb;\nc $ID$;\n-- only: sqlite\nd;\n-- only: all\ne;\n";
    gives(DB_SQLITE, sql, "a;\n\n\n\n\nd;\n\ne;\n");
    gives(DB_POSTGRES, sql, "a;\n\nb;\nc ID;\n\n\n\ne;\n");
    gives(DB_SQLITE, "-- only: postgresql\na;", "\n");
    gives(DB_POSTGRES, "-- only: postgresql\na;", "\na;");
    gives(DB_POSTGRES, "-- only: postgresql", "");
}

static void bad_marks_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "-- only: postgres\na;\n",
        "-- only: mysql\na;\n",
        "-- only:\na;\n",
        "-- only: SQLite\na;\n",
        "-- Only: sqlite\na;\n",
        "--only: sqlite\na;\n",
        " -- only: sqlite\na;\n",
        "-- only: sqlite \na;\n",
        "-- only : sqlite\na;\n",
        "-- only: sqlite, all\na;\n",
        "a;\n-- only: sqlit",
        "--- only: sqlite\n",
        "-- only: sqlite\r\na;\n",
        /* also where the lines around it are not ours, on either database */
        "-- only: sqlite\n-- only: x\n",
        "-- only: postgresql\n-- only: x\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char *text = NULL;
        assert_int_equal(dialect_text(DB_SQLITE, "ID", table[i], &text), ERR_INVALID);
        assert_int_equal(dialect_text(DB_POSTGRES, "ID", table[i], &text), ERR_INVALID);
        assert_null(text);
    }
}

/* Who wrote the file sees which line it is, and what would have been right. */
static void a_bad_mark_is_told(void **state)
{
    (void)state;
    char *text = NULL;
    int pipes[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    enum err err = dialect_text(DB_SQLITE, "ID", "a;\n-- only: postgres\nb;\n", &text);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipes[1]);
    char log[1024] = "";
    assert_true(read(pipes[0], log, sizeof(log) - 1) > 0);
    close(pipes[0]);
    assert_int_equal(err, ERR_INVALID);
    assert_non_null(strstr(log, "it is \"-- only: postgres\""));
    assert_non_null(strstr(log, "must be \"-- only: sqlite\", \"-- only: postgresql\" or \"-- only: all\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_without_marks_is_for_all),
        cmocka_unit_test(marked_lines_are_for_one),
        cmocka_unit_test(bad_marks_are_refused),
        cmocka_unit_test(a_bad_mark_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
