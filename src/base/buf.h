/* Bounds-checked cursors over bytes: the only way in which outside bytes are read. Any thread, no allocation.
 *
 * A reader that ran over its end turns `is_bad` on, returns zeros from then on and never touches memory beyond; check
 * once after a run of reads:
 *
 *     struct rd rd = rd_make(bytes, len);
 *     uint8_t first = rd_u8(&rd);
 *     uint16_t seq = rd_u16(&rd);
 *     if (rd.is_bad)
 *         return ERR_INVALID;
 *
 * Integers are big-endian (network order). A writer behaves alike: what does not fit sets `is_bad` and writes nothing.
 */
#ifndef ICHAT_BASE_BUF_H
#define ICHAT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad;
};

struct wr {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool is_bad;
};

/* A borrowed run of bytes. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct rd rd_make(const void *data, size_t len)
{
    const uint8_t *at = data;
    return (struct rd){.at = at, .end = at ? at + len : at, .is_bad = false};
}

static inline size_t rd_left(const struct rd *rd)
{
    return (size_t)(rd->end - rd->at);
}

/* Takes n bytes: a pointer to them, or NULL (and is_bad) when fewer are left. n may be 0 (then never NULL unless bad).
 */
static inline const uint8_t *rd_take(struct rd *rd, size_t n)
{
    if (rd->is_bad || rd_left(rd) < n) {
        rd->is_bad = true;
        return NULL;
    }
    const uint8_t *at = rd->at;
    rd->at += n;
    return at;
}

static inline void rd_skip(struct rd *rd, size_t n)
{
    (void)rd_take(rd, n);
}

static inline uint8_t rd_u8(struct rd *rd)
{
    const uint8_t *p = rd_take(rd, 1);
    return p ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *rd)
{
    const uint8_t *p = rd_take(rd, 2);
    return p ? (uint16_t)((p[0] << 8) | p[1]) : 0;
}

static inline uint32_t rd_u24(struct rd *rd)
{
    const uint8_t *p = rd_take(rd, 3);
    return p ? ((uint32_t)p[0] << 16) | ((uint32_t)p[1] << 8) | p[2] : 0;
}

static inline uint32_t rd_u32(struct rd *rd)
{
    const uint8_t *p = rd_take(rd, 4);
    return p ? ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3] : 0;
}

static inline uint64_t rd_u64(struct rd *rd)
{
    uint64_t high = rd_u32(rd);
    return (high << 32) | rd_u32(rd);
}

/* A reader over the next n bytes, which this one skips; a bad one when fewer are left. */
static inline struct rd rd_sub(struct rd *rd, size_t n)
{
    const uint8_t *p = rd_take(rd, n);
    struct rd sub = rd_make(p, p ? n : 0);
    sub.is_bad = rd->is_bad;
    return sub;
}

static inline struct wr wr_make(void *data, size_t len)
{
    uint8_t *start = data;
    return (struct wr){.start = start, .at = start, .end = start + len, .is_bad = false};
}

static inline size_t wr_len(const struct wr *wr)
{
    return (size_t)(wr->at - wr->start);
}

static inline size_t wr_left(const struct wr *wr)
{
    return (size_t)(wr->end - wr->at);
}

/* Room for n bytes, advanced over; NULL (and is_bad) when it does not fit. */
static inline uint8_t *wr_take(struct wr *wr, size_t n)
{
    if (wr->is_bad || wr_left(wr) < n) {
        wr->is_bad = true;
        return NULL;
    }
    uint8_t *at = wr->at;
    wr->at += n;
    return at;
}

static inline void wr_u8(struct wr *wr, uint8_t v)
{
    uint8_t *p = wr_take(wr, 1);
    if (p)
        p[0] = v;
}

static inline void wr_u16(struct wr *wr, uint16_t v)
{
    uint8_t *p = wr_take(wr, 2);
    if (p) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
    }
}

static inline void wr_u24(struct wr *wr, uint32_t v)
{
    uint8_t *p = wr_take(wr, 3);
    if (p) {
        p[0] = (uint8_t)(v >> 16);
        p[1] = (uint8_t)(v >> 8);
        p[2] = (uint8_t)v;
    }
}

static inline void wr_u32(struct wr *wr, uint32_t v)
{
    wr_u16(wr, (uint16_t)(v >> 16));
    wr_u16(wr, (uint16_t)v);
}

static inline void wr_u64(struct wr *wr, uint64_t v)
{
    wr_u32(wr, (uint32_t)(v >> 32));
    wr_u32(wr, (uint32_t)v);
}

/* Copies n bytes in. */
void wr_bytes(struct wr *wr, const void *data, size_t n);

/* Growing text, for SDP, SQL and the like on control threads. text_free() gives the memory back; allocation failure
 * aborts. Always NUL-terminated once anything was added; `data` is NULL before that. */
struct text {
    char *data;
    size_t len;
    size_t cap;
};

void text_add(struct text *text, const char *s);
void text_add_n(struct text *text, const char *s, size_t n);
void text_addf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text as a malloc'd string that the caller frees ("" when empty); the struct is empty afterwards. */
char *text_take(struct text *text);
void text_free(struct text *text);

#endif
