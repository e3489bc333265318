/* The UTF-8 part of base/text.h. Any thread, no locale. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* The length of the sequence at s and its code point; 0 when it is not valid UTF-8 (RFC 3629 section 4). */
static size_t decode(const uint8_t *s, size_t left, uint32_t *out)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s[0];
    size_t n = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
    if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
        return 0;
    if (n > left)
        return 0;
    uint32_t c = n == 1 ? first : first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *out = c;
    return n;
}

bool utf8_is_valid(const char *s, size_t len)
{
    const uint8_t *at = (const uint8_t *)s;
    uint32_t c;
    while (len > 0) {
        size_t n = decode(at, len, &c);
        if (n == 0)
            return false;
        at += n;
        len -= n;
    }
    return true;
}

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

size_t utf8_count(const char *s)
{
    size_t count = 0;
    for (; *s; s++)
        count += !is_continuation(*s);
    return count;
}

size_t utf8_cut(const char *s, size_t code_points)
{
    size_t i = 0;
    for (; s[i]; i++) {
        if (is_continuation(s[i]))
            continue;
        if (code_points == 0)
            break;
        code_points--;
    }
    return i;
}

/* Unicode's simple lower-case mappings, as ranges. step 2 = upper and lower alternate. */
static const struct {
    uint16_t from, to;
    int16_t add;
    uint8_t step;
} lower_ranges[] = {
    {'A', 'Z', 32, 1},         {0x00c0, 0x00d6, 32, 1},   {0x00d8, 0x00de, 32, 1},
    {0x0100, 0x012e, 1, 2},    {0x0130, 0x0130, -199, 1}, /* I with a dot above: i */
    {0x0132, 0x0136, 1, 2},    {0x0139, 0x0147, 1, 2},    {0x014a, 0x0176, 1, 2},
    {0x0178, 0x0178, -121, 1}, /* Y with diaeresis is in Latin-1 */
    {0x0179, 0x017d, 1, 2},    {0x0386, 0x0386, 38, 1},   {0x0388, 0x038a, 37, 1},
    {0x038c, 0x038c, 64, 1},   {0x038e, 0x038f, 63, 1},   {0x0391, 0x03a1, 32, 1},
    {0x03a3, 0x03ab, 32, 1},   {0x0400, 0x040f, 80, 1},   {0x0410, 0x042f, 32, 1},
    {0x0460, 0x0480, 1, 2},    {0x048a, 0x04be, 1, 2},    {0x04c0, 0x04c0, 15, 1},
    {0x04c1, 0x04cd, 1, 2},    {0x04d0, 0x052e, 1, 2},
};

static uint32_t lower(uint32_t c)
{
    for (size_t i = 0; i < ARRAY_LEN(lower_ranges); i++) {
        if (c < lower_ranges[i].from)
            return c;
        if (c <= lower_ranges[i].to)
            return (c - lower_ranges[i].from) % lower_ranges[i].step ? c : c + (uint32_t)lower_ranges[i].add;
    }
    return c;
}

char *utf8_lower(const char *s)
{
    size_t left = strlen(s);
    char *out = mem_calloc(1, left + 1); /* no mapping above needs more bytes than its source */
    char *at = out;
    while (left > 0) {
        uint32_t c = 0;
        size_t n = decode((const uint8_t *)s, left, &c);
        uint32_t low = lower(c);
        if (n == 0 || n > 2 || low == c) {
            n = n ? n : 1;
            memcpy(at, s, n);
            at += n;
        } else if (low < 0x80) {
            *at++ = (char)low;
        } else {
            *at++ = (char)(0xc0 | low >> 6);
            *at++ = (char)(0x80 | (low & 0x3f));
        }
        s += n;
        left -= n;
    }
    return out;
}
