/* The parts of the byte cursors and the growing text that are too large to inline. Any thread. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TEXT_CAP_MIN 64

void wr_bytes(struct wr *wr, const void *data, size_t n)
{
    uint8_t *p = wr_take(wr, n);
    if (p && n > 0)
        memcpy(p, data, n);
}

/* Room for n more characters and the NUL. Doubling keeps a run of appends linear. */
static void reserve(struct text *text, size_t n)
{
    size_t need = text->len + n + 1;
    if (need <= text->cap)
        return;
    size_t cap = text->cap ? text->cap : TEXT_CAP_MIN;
    while (cap < need)
        cap *= 2;
    text->data = mem_realloc(text->data, cap);
    text->cap = cap;
}

void text_add_n(struct text *text, const char *s, size_t n)
{
    reserve(text, n);
    if (n > 0)
        memcpy(text->data + text->len, s, n);
    text->len += n;
    text->data[text->len] = '\0';
}

void text_add(struct text *text, const char *s)
{
    text_add_n(text, s, strlen(s));
}

void text_addf(struct text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return;
    reserve(text, (size_t)n);
    va_start(args, fmt);
    vsnprintf(text->data + text->len, (size_t)n + 1, fmt, args);
    va_end(args);
    text->len += (size_t)n;
}

char *text_take(struct text *text)
{
    char *data = text->data ? text->data : mem_strdup("");
    *text = (struct text){0};
    return data;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}
