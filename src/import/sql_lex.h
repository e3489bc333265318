/* The tokens of MySQL's SQL as mysqldump writes it: bytes in, tokens out, sans-IO. One thread.
 *
 *     sql_lex_init(&lex, on_token, ctx);
 *     while (more) err = sql_lex_feed(&lex, bytes, len);       on_token is called from within
 *     err = sql_lex_end(&lex);
 *     sql_lex_free(&lex);
 *
 * Comments are left out, but the contents of version comments (those with an exclamation mark) are tokens. What stands
 * between `DELIMITER ;;` and `DELIMITER ;` (triggers, routines) is left out as well. Only the text of one token is in
 * memory, up to `limit`. */
#ifndef ICHAT_IMPORT_SQL_LEX_H
#define ICHAT_IMPORT_SQL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SQL_LEX_LIMIT (16u << 20) /* bytes of a value; MySQL's own default for a whole statement is 64 MiB */
#define SQL_ERROR_MAX 256

enum sql_token {
    SQL_WORD,   /* a keyword, an unquoted name, a number, 0x... */
    SQL_NAME,   /* in backticks */
    SQL_STRING, /* in ' or ", escapes resolved; may hold any byte */
    SQL_MARK,   /* one other character */
};

struct sql_lex {
    /* set once at creation */
    void (*on_token)(void *ctx, enum sql_token type, const char *text, size_t len);
    void *ctx;
    size_t limit;
    /* the user's: false = texts of strings and words are not kept, tokens come empty */
    bool is_kept;
    /* the lexer's */
    int state;
    char quote;
    bool is_in_version;  /* within a version comment, whose end is then no text */
    bool is_complete;    /* mysqldump's last comment was seen */
    struct text text;    /* of the token under way */
    uint64_t line;       /* from 1 */
    uint64_t offset;     /* bytes taken */
    uint64_t token_line; /* where the token began */
    uint64_t token_offset;
    char error[SQL_ERROR_MAX]; /* a sentence, once something failed */
};

void sql_lex_init(struct sql_lex *lex, void (*on_token)(void *ctx, enum sql_token type, const char *text, size_t len),
                  void *ctx);
MUST_CHECK enum err sql_lex_feed(struct sql_lex *lex, const char *bytes, size_t len);
/* The text ends here: the last token, or the error that it ends within one. */
MUST_CHECK enum err sql_lex_end(struct sql_lex *lex);
void sql_lex_free(struct sql_lex *lex);

/* From within on_token. The word DELIMITER began a statement: the rest of the line is for the mysql client. */
void sql_lex_delimiter(struct sql_lex *lex);
/* Stops with this error; the first one counts. */
void sql_lex_fail(struct sql_lex *lex, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
