/* The memory of a session description: its arena and its growing lists. Control threads. */
#include "proto/sdp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_SIZE 8192 /* a typical browser offer takes two or three */
#define ALIGNMENT _Alignof(max_align_t)
#define LIST_MIN 4

/* A chain of blocks, the newest first; nothing is given back before the end. */
struct sdp_arena {
    struct sdp_arena *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char data[];
};

/* Zeroed memory that lives as long as the description. */
static void *arena_take(struct sdp *sdp, size_t size)
{
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct sdp_arena *block = sdp->arena;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = mem_calloc(1, sizeof(*block) + room);
        block->size = room;
        block->next = sdp->arena;
        sdp->arena = block;
    }
    void *at = block->data + block->used;
    block->used += size;
    return at;
}

struct sdp *sdp_create(void)
{
    return mem_calloc(1, sizeof(struct sdp));
}

void sdp_free(struct sdp *sdp)
{
    if (!sdp)
        return;
    while (sdp->arena) {
        struct sdp_arena *next = sdp->arena->next;
        free(sdp->arena);
        sdp->arena = next;
    }
    free(sdp);
}

const char *sdp_keep_n(struct sdp *sdp, const char *s, size_t n)
{
    size_t len = 0;
    while (len < n && (unsigned char)s[len] >= ' ' && s[len] != 0x7f)
        len++;
    /* What a control character cuts off is trimmed like the rest, so that it reads the same when it is written. */
    while (len < n && len > 0 && s[len - 1] == ' ')
        len--;
    char *copy = arena_take(sdp, len + 1);
    memcpy(copy, s, len);
    return copy;
}

const char *sdp_keep(struct sdp *sdp, const char *s)
{
    return s ? sdp_keep_n(sdp, s, strlen(s)) : NULL;
}

const char *sdp_keepf(struct sdp *sdp, const char *fmt, ...)
{
    char line[SDP_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    return sdp_keep(sdp, line);
}

/* Room for one more item of a list with `count`. Lists double at powers of two, so their capacity need not be stored;
 * what they outgrow stays in the arena, at most as much again. */
static void *list_grow(struct sdp *sdp, const void *items, unsigned count, size_t size)
{
    if (count != 0 && (count < LIST_MIN || (count & (count - 1)) != 0))
        return (void *)(uintptr_t)items;
    unsigned capacity = count ? count * 2 : LIST_MIN;
    void *grown = arena_take(sdp, capacity * size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}

struct sdp_media *sdp_add_media(struct sdp *sdp)
{
    if (sdp->media_count == SDP_MEDIA_MAX)
        return NULL;
    struct sdp_media *media = arena_take(sdp, sizeof(*media));
    sdp->media[sdp->media_count++] = media;
    return media;
}

struct sdp_codec *sdp_add_codec(struct sdp *sdp, struct sdp_media *media)
{
    if (media->codec_count == SDP_CODECS_MAX)
        return NULL;
    media->codecs = list_grow(sdp, media->codecs, media->codec_count, sizeof(*media->codecs));
    return &media->codecs[media->codec_count++];
}

struct sdp_extmap *sdp_add_extmap(struct sdp *sdp, struct sdp_media *media)
{
    struct sdp_extmap **list = media ? &media->extmaps : &sdp->extmaps;
    unsigned *count = media ? &media->extmap_count : &sdp->extmap_count;
    if (*count == SDP_EXTMAPS_MAX)
        return NULL;
    *list = list_grow(sdp, *list, *count, sizeof(**list));
    return &(*list)[(*count)++];
}

struct sdp_ssrc *sdp_add_ssrc(struct sdp *sdp, struct sdp_media *media)
{
    if (media->ssrc_count == SDP_SSRCS_MAX)
        return NULL;
    media->ssrcs = list_grow(sdp, media->ssrcs, media->ssrc_count, sizeof(*media->ssrcs));
    return &media->ssrcs[media->ssrc_count++];
}

struct sdp_ssrc_group *sdp_add_ssrc_group(struct sdp *sdp, struct sdp_media *media)
{
    if (media->ssrc_group_count == SDP_SSRC_GROUPS_MAX)
        return NULL;
    media->ssrc_groups = list_grow(sdp, media->ssrc_groups, media->ssrc_group_count, sizeof(*media->ssrc_groups));
    return &media->ssrc_groups[media->ssrc_group_count++];
}

struct sdp_rid *sdp_add_rid(struct sdp *sdp, struct sdp_media *media)
{
    if (media->rid_count == SDP_RIDS_MAX)
        return NULL;
    media->rids = list_grow(sdp, media->rids, media->rid_count, sizeof(*media->rids));
    return &media->rids[media->rid_count++];
}

struct sdp_candidate *sdp_add_candidate(struct sdp *sdp, struct sdp_media *media)
{
    if (media->candidate_count == SDP_CANDIDATES_MAX)
        return NULL;
    media->candidates = list_grow(sdp, media->candidates, media->candidate_count, sizeof(*media->candidates));
    return &media->candidates[media->candidate_count++];
}

struct sdp_bandwidth *sdp_add_bandwidth(struct sdp *sdp, struct sdp_media *media)
{
    if (media->bandwidth_count == SDP_BANDWIDTHS_MAX)
        return NULL;
    media->bandwidths = list_grow(sdp, media->bandwidths, media->bandwidth_count, sizeof(*media->bandwidths));
    return &media->bandwidths[media->bandwidth_count++];
}

struct sdp_fingerprint *sdp_add_fingerprint(struct sdp *sdp, struct sdp_transport *transport)
{
    if (transport->fingerprint_count == SDP_FINGERPRINTS_MAX)
        return NULL;
    transport->fingerprints =
        list_grow(sdp, transport->fingerprints, transport->fingerprint_count, sizeof(*transport->fingerprints));
    return &transport->fingerprints[transport->fingerprint_count++];
}

enum err sdp_add_rtcp_fb(struct sdp *sdp, struct sdp_codec *codec, const char *feedback)
{
    if (codec->rtcp_fb_count == SDP_RTCP_FB_MAX)
        return ERR_LIMIT;
    codec->rtcp_fbs = list_grow(sdp, codec->rtcp_fbs, codec->rtcp_fb_count, sizeof(*codec->rtcp_fbs));
    codec->rtcp_fbs[codec->rtcp_fb_count++] = sdp_keep(sdp, feedback);
    return ERR_OK;
}

enum err sdp_add_bundle(struct sdp *sdp, const char *mid)
{
    if (sdp->bundle_count == SDP_MEDIA_MAX)
        return ERR_LIMIT;
    sdp->has_bundle = true;
    sdp->bundle[sdp->bundle_count++] = sdp_keep(sdp, mid);
    return ERR_OK;
}
