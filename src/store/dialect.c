/* See dialect.h. */
#include "store/dialect.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"

#define ID_MARK "$ID$"

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Also what was meant as one: taken for a comment, it would hand the lines below to every database. */
static bool is_mark(const char *line)
{
    line = skip_blanks(line);
    if (!text_has_prefix(line, "--"))
        return false;
    line = skip_blanks(line + strspn(line, "-"));
    return strncasecmp(line, "only", 4) == 0 && *skip_blanks(line + 4) == ':';
}

static enum err read_mark(enum db_kind kind, const char *line, size_t len, bool *is_ours)
{
    static const struct {
        const char *mark;
        bool is_of[2]; /* by kind */
    } marks[] = {
        {"-- only: all", {[DB_SQLITE] = true, [DB_POSTGRES] = true}},
        {"-- only: sqlite", {[DB_SQLITE] = true}},
        {"-- only: postgresql", {[DB_POSTGRES] = true}},
    };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (strlen(marks[i].mark) != len || memcmp(marks[i].mark, line, len) != 0)
            continue;
        *is_ours = marks[i].is_of[kind];
        return ERR_OK;
    }
    log_error("A mark in a migration must be \"-- only: sqlite\", \"-- only: postgresql\" or \"-- only: all\", it is "
              "\"%.*s\"",
              (int)len, line);
    return ERR_INVALID;
}

static void add_line(struct text *text, const char *id_type, const char *line, size_t len)
{
    const char *end = line + len, *mark;
    while ((mark = memmem(line, (size_t)(end - line), ID_MARK, strlen(ID_MARK)))) {
        text_add_n(text, line, (size_t)(mark - line));
        text_add(text, id_type);
        line = mark + strlen(ID_MARK);
    }
    text_add_n(text, line, (size_t)(end - line));
}

enum err dialect_text(enum db_kind kind, const char *id_type, const char *sql, char **out)
{
    struct text text = {0};
    bool is_ours = true;
    enum err err = ERR_OK;
    while (*sql && !err) {
        size_t len = strcspn(sql, "\n");
        if (is_mark(sql))
            err = read_mark(kind, sql, len, &is_ours);
        else if (is_ours)
            add_line(&text, id_type, sql, len);
        sql += len;
        if (*sql == '\n') {
            text_add(&text, "\n");
            sql++;
        }
    }
    if (err) {
        text_free(&text);
        return err;
    }
    *out = text_take(&text);
    return ERR_OK;
}
