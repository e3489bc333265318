/* Small text helpers. Any thread, no locale. */
#include "base/text.h"

#include <string.h>

#include "base/mem.h"

#define DISTANCE_MAX 64 /* characters compared; keys and names are shorter */

bool text_copy(char *out, size_t size, const char *s)
{
    if (size == 0)
        return false;
    size_t len = strlen(s);
    size_t n = len < size ? len : size - 1;
    memcpy(out, s, n);
    out[n] = '\0';
    return n == len;
}

bool text_has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *s, const char *suffix)
{
    size_t len = strlen(s);
    size_t n = strlen(suffix);
    return n <= len && memcmp(s + len - n, suffix, n) == 0;
}

enum err text_to_u64(const char *s, uint64_t *out)
{
    uint64_t value = 0;
    if (*s == '\0')
        return ERR_INVALID;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return ERR_INVALID;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
            return ERR_INVALID;
    }
    *out = value;
    return ERR_OK;
}

enum err text_to_i64(const char *s, int64_t *out)
{
    bool is_negative = *s == '-';
    uint64_t size;
    if (text_to_u64(is_negative ? s + 1 : s, &size))
        return ERR_INVALID;
    if (size > (uint64_t)INT64_MAX + is_negative)
        return ERR_INVALID;
    *out = (int64_t)(is_negative ? 0 - size : size);
    return ERR_OK;
}

void hex_encode(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err hex_decode(uint8_t *out, size_t len, const char *hex, size_t hex_len)
{
    if (hex_len % 2 != 0 || hex_len / 2 != len)
        return ERR_INVALID;
    for (size_t i = 0; i < hex_len; i++) {
        if (hex_value(hex[i]) < 0)
            return ERR_INVALID;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
    return ERR_OK;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein's table, one row at a time. */
size_t text_distance(const char *a, const char *b)
{
    size_t a_len = strnlen(a, DISTANCE_MAX);
    size_t b_len = strnlen(b, DISTANCE_MAX);
    size_t row[DISTANCE_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
            diagonal = above;
        }
    }
    return row[b_len];
}
