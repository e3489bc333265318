/* RTP header extensions (RFC 8285). Any thread. */
#include "proto/rtp_ext.h"

#include <string.h>

#define ONE_LEN_MAX 16 /* RFC 8285 section 4.2: a 4-bit length that means 1..16 */

static const char *const uris[RTP_EXT_KIND_COUNT] = {
    [RTP_EXT_MID] = RTP_EXT_URI_MID,
    [RTP_EXT_RID] = RTP_EXT_URI_RID,
    [RTP_EXT_REPAIRED_RID] = RTP_EXT_URI_REPAIRED_RID,
    [RTP_EXT_AUDIO_LEVEL] = RTP_EXT_URI_AUDIO_LEVEL,
    [RTP_EXT_ABS_SEND_TIME] = RTP_EXT_URI_ABS_SEND_TIME,
    [RTP_EXT_TWCC] = RTP_EXT_URI_TWCC,
    [RTP_EXT_TRANSMISSION_OFFSET] = RTP_EXT_URI_TRANSMISSION_OFFSET,
    [RTP_EXT_VIDEO_ORIENTATION] = RTP_EXT_URI_VIDEO_ORIENTATION,
    [RTP_EXT_DEPENDENCY_DESCRIPTOR] = RTP_EXT_URI_DEPENDENCY_DESCRIPTOR,
    [RTP_EXT_PLAYOUT_DELAY] = RTP_EXT_URI_PLAYOUT_DELAY,
    [RTP_EXT_VIDEO_CONTENT_TYPE] = RTP_EXT_URI_VIDEO_CONTENT_TYPE,
    [RTP_EXT_VIDEO_TIMING] = RTP_EXT_URI_VIDEO_TIMING,
    [RTP_EXT_COLOR_SPACE] = RTP_EXT_URI_COLOR_SPACE,
    [RTP_EXT_ABS_CAPTURE_TIME] = RTP_EXT_URI_ABS_CAPTURE_TIME,
};

void rtp_ext_iter_init(struct rtp_ext_iter *it, const struct rtp *rtp)
{
    bool is_two = (rtp->ext_profile & 0xfff0) == RTP_EXT_PROFILE_TWO;
    bool is_known = rtp->has_ext && (is_two || rtp->ext_profile == RTP_EXT_PROFILE_ONE);
    it->is_two_byte = is_two;
    it->rd = is_known ? rd_make(rtp->data + rtp->ext_offset, rtp->ext_len) : rd_make(NULL, 0);
}

/* Reads one element's id and length; false = nothing more to read. Padding is id 0 (a lone zero byte). */
static bool next_head(struct rtp_ext_iter *it, struct rtp_ext *ext)
{
    struct rd *rd = &it->rd;
    while (rd_left(rd)) {
        uint8_t head = rd_u8(rd);
        if (head == 0)
            continue;
        if (it->is_two_byte) {
            ext->id = head;
            ext->len = rd_u8(rd);
            return !rd->is_bad;
        }
        ext->id = head >> 4;
        ext->len = (uint8_t)((head & 0x0f) + 1);
        return ext->id != 0 && ext->id <= RTP_EXT_ID_ONE_MAX;
    }
    return false;
}

bool rtp_ext_next(struct rtp_ext_iter *it, struct rtp_ext *out)
{
    struct rtp_ext ext = {0};
    if (it->rd.is_bad)
        return false;
    if (next_head(it, &ext))
        ext.data = rd_take(&it->rd, ext.len);
    if (!ext.data) {
        it->rd.is_bad = true; /* the rest is not read, however often we are asked */
        return false;
    }
    *out = ext;
    return true;
}

bool rtp_ext_find(const struct rtp *rtp, uint8_t id, struct rtp_ext *out)
{
    struct rtp_ext_iter it;
    struct rtp_ext ext;
    if (id == 0)
        return false;
    rtp_ext_iter_init(&it, rtp);
    while (rtp_ext_next(&it, &ext)) {
        if (ext.id == id) {
            *out = ext;
            return true;
        }
    }
    return false;
}

static bool fits_one_byte(const struct rtp_ext *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i].id > RTP_EXT_ID_ONE_MAX || list[i].len == 0 || list[i].len > ONE_LEN_MAX)
            return false;
    }
    return true;
}

/* Bytes of the elements, before padding. */
static size_t elements_size(const struct rtp_ext *list, unsigned count, bool is_one)
{
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += list[i].len + (is_one ? 1u : 2u);
    return size;
}

size_t rtp_ext_size(const struct rtp_ext *list, unsigned count)
{
    if (count == 0)
        return 0;
    return 4 + ((elements_size(list, count, fits_one_byte(list, count)) + 3) & ~(size_t)3);
}

void rtp_ext_write(struct wr *wr, const struct rtp_ext *list, unsigned count)
{
    if (count == 0)
        return;
    bool is_one = fits_one_byte(list, count);
    size_t size = elements_size(list, count, is_one);
    size_t words = (size + 3) / 4;
    if (words > UINT16_MAX || wr_left(wr) < 4 + words * 4) {
        wr->is_bad = true;
        return;
    }
    wr_u16(wr, is_one ? RTP_EXT_PROFILE_ONE : RTP_EXT_PROFILE_TWO);
    wr_u16(wr, (uint16_t)words);
    for (unsigned i = 0; i < count; i++) {
        if (list[i].id == 0)
            wr->is_bad = true;
        if (is_one) {
            wr_u8(wr, (uint8_t)(list[i].id << 4 | (list[i].len - 1)));
        } else {
            wr_u8(wr, list[i].id);
            wr_u8(wr, list[i].len);
        }
        wr_bytes(wr, list[i].data, list[i].len);
    }
    for (; size < words * 4; size++)
        wr_u8(wr, 0);
}

const char *rtp_ext_uri(enum rtp_ext_kind kind)
{
    return kind > RTP_EXT_UNKNOWN && kind < RTP_EXT_KIND_COUNT ? uris[kind] : NULL;
}

enum rtp_ext_kind rtp_ext_kind_of(const char *uri)
{
    for (unsigned kind = RTP_EXT_UNKNOWN + 1; kind < RTP_EXT_KIND_COUNT; kind++) {
        if (!strcmp(uris[kind], uri))
            return (enum rtp_ext_kind)kind;
    }
    return RTP_EXT_UNKNOWN;
}

enum err rtp_ext_parse_audio_level(const struct rtp_ext *ext, struct rtp_ext_audio_level *out)
{
    struct rd rd = rd_make(ext->data, ext->len);
    uint8_t value = rd_u8(&rd);
    if (rd.is_bad)
        return ERR_INVALID;
    out->level_dbov = value & 0x7f;
    out->has_voice = (value & 0x80) != 0;
    return ERR_OK;
}

enum err rtp_ext_parse_twcc(const struct rtp_ext *ext, uint16_t *out)
{
    struct rd rd = rd_make(ext->data, ext->len);
    uint16_t seq = rd_u16(&rd);
    if (rd.is_bad)
        return ERR_INVALID;
    *out = seq;
    return ERR_OK;
}
