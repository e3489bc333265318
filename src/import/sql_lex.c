/* The lexer: one small function for each state. Each takes one byte and says whether it used it up; a byte that ends a
 * token is looked at again in the next state. */
#include "import/sql_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define COMMENT_KEPT 64 /* of a line that might mean something */
#define COMPLETE_MARK " Dump completed"

enum {
    LEX_SPACE,
    LEX_WORD,
    LEX_QUOTED,
    LEX_ESCAPE,
    LEX_QUOTE_END, /* behind a quote that ends the text or is doubled */
    LEX_DASH,
    LEX_DASH_DASH,
    LEX_LINE_COMMENT,
    LEX_SLASH,
    LEX_COMMENT_OPEN, /* behind the slash and star */
    LEX_VERSION,
    LEX_COMMENT,
    LEX_COMMENT_STAR,
    LEX_STAR,
    LEX_DELIMITER,
    LEX_FOREIGN, /* lines under another delimiter */
};

void sql_lex_init(struct sql_lex *lex, void (*on_token)(void *ctx, enum sql_token type, const char *text, size_t len),
                  void *ctx)
{
    *lex = (struct sql_lex){.on_token = on_token, .ctx = ctx, .limit = SQL_LEX_LIMIT, .is_kept = true, .line = 1};
}

void sql_lex_free(struct sql_lex *lex)
{
    text_free(&lex->text);
}

void sql_lex_fail(struct sql_lex *lex, uint64_t line, const char *fmt, ...)
{
    if (lex->error[0])
        return;
    int n = snprintf(lex->error, sizeof(lex->error), "line %llu: ", (unsigned long long)line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(lex->error + n, sizeof(lex->error) - (size_t)n, fmt, args);
    va_end(args);
}

void sql_lex_delimiter(struct sql_lex *lex)
{
    lex->state = LEX_DELIMITER;
    lex->text.len = 0;
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '.' ||
           c == '@' || (unsigned char)c >= 0x80;
}

static void begin(struct sql_lex *lex, int state)
{
    lex->state = state;
    lex->text.len = 0;
    lex->token_line = lex->line;
    lex->token_offset = lex->offset;
}

static void add(struct sql_lex *lex, const char *bytes, size_t len)
{
    if (!lex->is_kept)
        return;
    if (lex->text.len + len > lex->limit)
        sql_lex_fail(lex, lex->token_line, "a value has more than %zu bytes, which is the limit", lex->limit);
    else
        text_add_n(&lex->text, bytes, len);
}

static void emit(struct sql_lex *lex, enum sql_token type)
{
    text_add_n(&lex->text, "", 0); /* so that there is a NUL */
    lex->state = LEX_SPACE;
    if (!lex->error[0])
        lex->on_token(lex->ctx, type, lex->text.data, lex->text.len);
}

static void emit_mark(struct sql_lex *lex, char c)
{
    lex->text.len = 0;
    text_add_n(&lex->text, &c, 1);
    emit(lex, SQL_MARK);
}

static bool in_space(struct sql_lex *lex, char c)
{
    if (is_blank(c))
        return true;
    if (is_word(c)) {
        begin(lex, LEX_WORD);
        return false;
    }
    switch (c) {
    case '\'':
    case '"':
    case '`':
        begin(lex, LEX_QUOTED);
        lex->quote = c;
        return true;
    case '-':
        begin(lex, LEX_DASH);
        return true;
    case '#':
        begin(lex, LEX_LINE_COMMENT);
        return true;
    case '/':
        begin(lex, LEX_SLASH);
        return true;
    case '*':
        begin(lex, LEX_STAR);
        return true;
    default:
        begin(lex, LEX_SPACE);
        emit_mark(lex, c);
        return true;
    }
}

/* The sign of an exponent belongs to its number. */
static bool is_exponent_sign(const struct sql_lex *lex, char c)
{
    const struct text *text = &lex->text;
    if ((c != '-' && c != '+') || text->len < 2 || !is_digit(text->data[0]) || text->data[1] == 'x')
        return false;
    return text->data[text->len - 1] == 'e' || text->data[text->len - 1] == 'E';
}

static bool in_word(struct sql_lex *lex, char c)
{
    if (is_word(c) || is_exponent_sign(lex, c)) {
        add(lex, &c, 1);
        return true;
    }
    emit(lex, SQL_WORD);
    return false;
}

/* Other bytes of the text were taken as runs. */
static bool in_quoted(struct sql_lex *lex, char c)
{
    if (c == lex->quote)
        lex->state = LEX_QUOTE_END;
    else if (c == '\\' && lex->quote != '`')
        lex->state = LEX_ESCAPE;
    else
        add(lex, &c, 1);
    return true;
}

/* MySQL's manual, "String Literals", table of special character escape sequences. */
static bool in_escape(struct sql_lex *lex, char c)
{
    static const char from[] = "0bnrtZ";
    static const char to[] = "\0\b\n\r\t\032";
    const char *at = c ? strchr(from, c) : NULL;
    if (c == '%' || c == '_')
        add(lex, "\\", 1); /* stays escaped: it matters to LIKE alone */
    add(lex, at ? &to[at - from] : &c, 1);
    lex->state = LEX_QUOTED;
    return true;
}

static bool in_quote_end(struct sql_lex *lex, char c)
{
    if (c == lex->quote) {
        add(lex, &c, 1);
        lex->state = LEX_QUOTED;
        return true;
    }
    emit(lex, lex->quote == '`' ? SQL_NAME : SQL_STRING);
    return false;
}

static bool in_dash(struct sql_lex *lex, char c)
{
    if (c == '-') {
        lex->state = LEX_DASH_DASH;
        return true;
    }
    emit_mark(lex, '-');
    return false;
}

/* "--" begins a comment only in front of a blank. */
static bool in_dash_dash(struct sql_lex *lex, char c)
{
    if (is_blank(c)) {
        lex->state = LEX_LINE_COMMENT;
        lex->text.len = 0;
    } else {
        emit_mark(lex, '-');
        emit_mark(lex, '-');
    }
    return false;
}

static void keep_line(struct sql_lex *lex, char c)
{
    if (lex->text.len < COMMENT_KEPT)
        text_add_n(&lex->text, &c, 1);
}

static bool in_line_comment(struct sql_lex *lex, char c)
{
    if (c != '\n') {
        keep_line(lex, c);
        return true;
    }
    if (lex->text.len && text_has_prefix(lex->text.data, COMPLETE_MARK))
        lex->is_complete = true;
    lex->state = LEX_SPACE;
    return true;
}

static bool in_slash(struct sql_lex *lex, char c)
{
    if (c == '*') {
        lex->state = LEX_COMMENT_OPEN;
        return true;
    }
    emit_mark(lex, '/');
    return false;
}

static bool in_comment_open(struct sql_lex *lex, char c)
{
    if (c != '!') {
        lex->state = LEX_COMMENT;
        return false;
    }
    lex->is_in_version = true;
    lex->state = LEX_VERSION;
    return true;
}

static bool in_version(struct sql_lex *lex, char c)
{
    if (is_digit(c))
        return true;
    lex->state = LEX_SPACE;
    return false;
}

static bool in_comment(struct sql_lex *lex, char c)
{
    if (c == '*')
        lex->state = LEX_COMMENT_STAR;
    return true;
}

static bool in_comment_star(struct sql_lex *lex, char c)
{
    if (c != '*')
        lex->state = c == '/' ? LEX_SPACE : LEX_COMMENT;
    return true;
}

static bool in_star(struct sql_lex *lex, char c)
{
    if (c == '/' && lex->is_in_version) {
        lex->is_in_version = false;
        lex->state = LEX_SPACE;
        return true;
    }
    emit_mark(lex, '*');
    return false;
}

/* The words of a line, without blanks around them. */
static bool line_is(const struct sql_lex *lex, const char *wanted)
{
    const char *text = lex->text.data ? lex->text.data : "";
    size_t len = lex->text.len;
    while (len && is_blank(*text)) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    return len == strlen(wanted) && strncasecmp(text, wanted, len) == 0;
}

static bool in_delimiter(struct sql_lex *lex, char c)
{
    if (c != '\n') {
        keep_line(lex, c);
        return true;
    }
    lex->state = line_is(lex, ";") ? LEX_SPACE : LEX_FOREIGN;
    lex->text.len = 0;
    return true;
}

static bool in_foreign(struct sql_lex *lex, char c)
{
    if (c != '\n') {
        keep_line(lex, c);
        return true;
    }
    if (line_is(lex, "DELIMITER ;"))
        lex->state = LEX_SPACE;
    lex->text.len = 0;
    return true;
}

static bool step(struct sql_lex *lex, char c)
{
    static bool (*const steps[])(struct sql_lex *, char) = {
        [LEX_SPACE] = in_space,
        [LEX_WORD] = in_word,
        [LEX_QUOTED] = in_quoted,
        [LEX_ESCAPE] = in_escape,
        [LEX_QUOTE_END] = in_quote_end,
        [LEX_DASH] = in_dash,
        [LEX_DASH_DASH] = in_dash_dash,
        [LEX_LINE_COMMENT] = in_line_comment,
        [LEX_SLASH] = in_slash,
        [LEX_COMMENT_OPEN] = in_comment_open,
        [LEX_VERSION] = in_version,
        [LEX_COMMENT] = in_comment,
        [LEX_COMMENT_STAR] = in_comment_star,
        [LEX_STAR] = in_star,
        [LEX_DELIMITER] = in_delimiter,
        [LEX_FOREIGN] = in_foreign,
    };
    return steps[lex->state](lex, c);
}

/* Bytes of a quoted text that mean themselves: the bulk of a dump. */
static size_t take_run(struct sql_lex *lex, const char *bytes, size_t len)
{
    size_t n = 0;
    for (; n < len && bytes[n] != lex->quote && bytes[n] != '\\'; n++)
        lex->line += bytes[n] == '\n';
    if (n)
        add(lex, bytes, n);
    return n;
}

enum err sql_lex_feed(struct sql_lex *lex, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && !lex->error[0]) {
        size_t run = lex->state == LEX_QUOTED ? take_run(lex, bytes + at, len - at) : 0;
        if (!run && step(lex, bytes[at])) {
            lex->line += bytes[at] == '\n';
            run = 1;
        }
        at += run;
        lex->offset += run;
    }
    return lex->error[0] ? ERR_INVALID : ERR_OK;
}

enum err sql_lex_end(struct sql_lex *lex)
{
    switch (lex->state) {
    case LEX_QUOTED:
    case LEX_ESCAPE:
        sql_lex_fail(lex, lex->line, "the file ends within a text that began in line %llu",
                     (unsigned long long)lex->token_line);
        break;
    case LEX_COMMENT:
    case LEX_COMMENT_OPEN:
    case LEX_COMMENT_STAR:
        sql_lex_fail(lex, lex->line, "the file ends within a comment that began in line %llu",
                     (unsigned long long)lex->token_line);
        break;
    case LEX_FOREIGN:
        if (!line_is(lex, "DELIMITER ;"))
            sql_lex_fail(lex, lex->line, "the file ends before DELIMITER is ; again");
        break;
    default:
        /* A line break ends every other one; it is no byte of the file. */
        while (!lex->error[0] && !step(lex, '\n'))
            ;
        break;
    }
    return lex->error[0] ? ERR_INVALID : ERR_OK;
}
