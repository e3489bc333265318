/* Runs of characters inside a text that somebody else owns: how the SDP files take lines apart. Private to proto/sdp_*.
 * Control threads; no allocation, never reads past `end`, needs no NUL. */
#ifndef ICHAT_PROTO_SDP_SPAN_H
#define ICHAT_PROTO_SDP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
    const char *at;
    const char *end;
};

static inline struct span span_make(const char *s, size_t len)
{
    return (struct span){.at = s, .end = s + len};
}

static inline size_t span_len(struct span span)
{
    return (size_t)(span.end - span.at);
}

static inline bool span_is(struct span span, const char *s)
{
    return span_len(span) == strlen(s) && !memcmp(span.at, s, span_len(span));
}

static inline bool span_is_nocase(struct span span, const char *s)
{
    return span_len(span) == strlen(s) && !strncasecmp(span.at, s, span_len(span));
}

static inline bool span_is_space(char c)
{
    return c == ' ' || c == '\t';
}

static inline struct span span_trim(struct span span)
{
    while (span.at < span.end && span_is_space(*span.at))
        span.at++;
    while (span.at < span.end && span_is_space(span.end[-1]))
        span.end--;
    return span;
}

/* The next word (between blanks), taken off the front; empty at the end. */
static inline struct span span_word(struct span *rest)
{
    *rest = span_trim(*rest);
    struct span word = {.at = rest->at, .end = rest->at};
    while (word.end < rest->end && !span_is_space(*word.end))
        word.end++;
    rest->at = word.end;
    return word;
}

/* What stands before the first `sep`, which is taken off with it; all of it when there is none. */
static inline struct span span_until(struct span *rest, char sep)
{
    const char *found = span_len(*rest) ? memchr(rest->at, sep, span_len(*rest)) : NULL;
    struct span left = {.at = rest->at, .end = found ? found : rest->end};
    rest->at = found ? found + 1 : rest->end;
    return left;
}

/* The whole span as a decimal number of at most max; no sign, no blanks. */
static inline bool span_u64(struct span span, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (span.at == span.end)
        return false;
    for (; span.at < span.end; span.at++) {
        unsigned digit = (unsigned)(unsigned char)*span.at - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

/* Copies into a string of `size` bytes; false when it does not fit. */
static inline bool span_copy(struct span span, char *out, size_t size)
{
    size_t len = span_len(span);
    if (len >= size)
        return false;
    memcpy(out, span.at, len);
    out[len] = '\0';
    return true;
}

#endif
