/* Values as MySQL writes them. */
#include "import/sql_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "import/sql_lex.h"

#define VALUES_STEP 32

void sql_row_begin(struct sql_row *row)
{
    row->bytes.len = 0;
    row->count = 0;
    row->sign = row->prefix = 0;
    row->has_charset = false;
}

void sql_row_free(struct sql_row *row)
{
    text_free(&row->bytes);
    free(row->values);
    free(row->starts);
    *row = (struct sql_row){0};
}

static const char *add(struct sql_row *row, int type, const char *data, size_t len)
{
    if (row->count == MYSQLDUMP_COLUMNS_MAX)
        return "a row has too many values";
    if (row->bytes.len + len > SQL_LEX_LIMIT)
        return "a row is too large: more than 16 MiB";
    if (row->count == row->cap) {
        row->cap += VALUES_STEP;
        row->values = mem_realloc(row->values, row->cap * sizeof(*row->values));
        row->starts = mem_realloc(row->starts, row->cap * sizeof(*row->starts));
    }
    row->values[row->count] = (struct mysqldump_value){.type = type, .len = len};
    row->starts[row->count++] = row->bytes.len;
    text_add_n(&row->bytes, data, len);
    text_add_n(&row->bytes, "\0", 1);
    row->sign = row->prefix = 0;
    row->has_charset = false;
    return NULL;
}

const struct mysqldump_value *sql_row_values(struct sql_row *row, size_t *count)
{
    for (size_t i = 0; i < row->count; i++)
        row->values[i].data = row->bytes.data + row->starts[i];
    *count = row->count;
    return row->values;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An odd number of digits has a zero in front ("Hexadecimal Literals" in MySQL's manual). */
static const char *add_hex(struct sql_row *row, const char *digits, size_t len)
{
    struct text bytes = {0};
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        int value = nibble(digits[i]);
        if (value < 0) {
            text_free(&bytes);
            return "a hexadecimal value has a character that is no digit";
        }
        held = held << 4 | (unsigned)value;
        char byte = (char)held;
        if ((len - i) % 2 == 1)
            text_add_n(&bytes, &byte, 1);
    }
    const char *error = add(row, MYSQLDUMP_TEXT, bytes.data ? bytes.data : "", bytes.len);
    text_free(&bytes);
    return error;
}

static const char *add_bits(struct sql_row *row, const char *digits, size_t len)
{
    uint64_t value = 0;
    if (len == 0 || len > 64)
        return "a binary value must have 1 to 64 digits";
    for (size_t i = 0; i < len; i++) {
        if (digits[i] != '0' && digits[i] != '1')
            return "a binary value has a character that is no digit";
        value = value << 1 | (uint64_t)(digits[i] - '0');
    }
    char number[24];
    int n = snprintf(number, sizeof(number), "%" PRIu64, value);
    return add(row, MYSQLDUMP_NUMBER, number, (size_t)n);
}

const char *sql_row_add_string(struct sql_row *row, const char *text, size_t len)
{
    if (row->sign)
        return "a sign stands before a text";
    if (row->prefix == 'x')
        return add_hex(row, text, len);
    if (row->prefix == 'b')
        return add_bits(row, text, len);
    return add(row, MYSQLDUMP_TEXT, text, len);
}

const char *sql_row_add_sign(struct sql_row *row, char sign)
{
    if (row->sign || row->prefix || row->has_charset || (sign != '-' && sign != '+'))
        return "a value is not understood";
    row->sign = sign;
    return NULL;
}

static bool is_number(const char *word, size_t len)
{
    bool has_digit = false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] >= '0' && word[i] <= '9')
            has_digit = true;
        else if (!strchr(".eE+-", word[i]) || (!has_digit && word[i] != '.'))
            return false;
    }
    return has_digit;
}

static const char *add_number(struct sql_row *row, const char *word, size_t len)
{
    if (row->sign != '-')
        return add(row, MYSQLDUMP_NUMBER, word, len);
    struct text text = {0};
    text_add(&text, "-");
    text_add_n(&text, word, len);
    const char *error = add(row, MYSQLDUMP_NUMBER, text.data, text.len);
    text_free(&text);
    return error;
}

/* What stands in front of a text; the text is the next token. */
static bool take_prefix(struct sql_row *row, const char *word, size_t len)
{
    if (len == 1 && (*word | 0x20) == 'x')
        row->prefix = 'x';
    else if (len == 1 && (*word | 0x20) == 'b')
        row->prefix = 'b';
    else if (*word == '_' || (len == 1 && (*word | 0x20) == 'n'))
        row->has_charset = true; /* _binary, _utf8mb4, N'...' */
    else
        return false;
    return true;
}

const char *sql_row_add_word(struct sql_row *row, const char *word, size_t len, bool *is_done)
{
    *is_done = true;
    if (row->prefix)
        return "a value is not understood";
    if (len > 1 && word[0] == '0' && word[1] == 'x' && !row->sign)
        return add_hex(row, word + 2, len - 2);
    if (len > 1 && word[0] == '0' && word[1] == 'b' && !row->sign)
        return add_bits(row, word + 2, len - 2);
    if (row->has_charset)
        return "a value is not understood";
    if (is_number(word, len))
        return add_number(row, word, len);
    if (row->sign)
        return "a sign stands before a word";
    if (strcasecmp(word, "NULL") == 0)
        return add(row, MYSQLDUMP_NULL, "", 0);
    if (strcasecmp(word, "TRUE") == 0)
        return add(row, MYSQLDUMP_NUMBER, "1", 1);
    if (strcasecmp(word, "FALSE") == 0)
        return add(row, MYSQLDUMP_NUMBER, "0", 1);
    if (len == 0 || !take_prefix(row, word, len))
        return "a value is no text, number or NULL";
    *is_done = false;
    return NULL;
}
