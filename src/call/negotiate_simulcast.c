/* Simulcast of a line that the client sends: a=rid (RFC 8851) and a=simulcast (RFC 8853). Control threads. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "call/negotiate.h"

static const struct sdp_rid *find_rid(const struct sdp_media *media, const char *id, size_t len)
{
    for (unsigned i = 0; i < media->rid_count; i++) {
        const struct sdp_rid *rid = &media->rids[i];
        if (rid->is_send && strlen(rid->id) == len && memcmp(rid->id, id, len) == 0)
            return rid;
    }
    return NULL;
}

/* "pt=96,97;max-width=640": a stream that is restricted to other payload types never carries ours. */
static bool has_our_pt(const struct sdp_rid *rid, uint8_t pt)
{
    const char *at = rid->params;
    while (at && strncmp(at, "pt=", 3) != 0) {
        at = strchr(at, ';');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return true;
    at += 3;
    for (;;) {
        char *end;
        unsigned long value = strtoul(at, &end, 10);
        if (end != at && value == pt)
            return true;
        if (*end != ',')
            return false;
        at = end + 1;
    }
}

static bool is_known(const struct publish_line *line, const char *rid)
{
    for (unsigned i = 0; i < line->layer_count; i++)
        if (strcmp(line->layers[i].rid, rid) == 0)
            return true;
    return false;
}

/* One stream of the list: "h", "~h" (begins paused), or alternatives "h,k" of which we take the first that fits. */
static void take_stream(const struct sdp_media *media, struct publish_line *line, const char *stream, size_t len)
{
    for (const char *end = stream + len; stream < end;) {
        const char *comma = memchr(stream, ',', (size_t)(end - stream));
        const char *stop = comma ? comma : end;
        const char *id = *stream == '~' ? stream + 1 : stream;
        size_t id_len = (size_t)(stop - id);
        const struct sdp_rid *rid = find_rid(media, id, id_len);
        if (rid && id_len < MEDIA_RID_SIZE && has_our_pt(rid, line->format.pt) && !is_known(line, rid->id)) {
            struct media_layer *layer = &line->layers[line->layer_count++];
            *layer = (struct media_layer){0};
            (void)text_copy(layer->rid, sizeof(layer->rid), rid->id);
            return;
        }
        stream = stop + 1;
    }
}

void negotiate_read_simulcast(const struct sdp_media *media, struct publish_line *line)
{
    const char *list = media->simulcast_send;
    if (line->format.kind != MEDIA_VIDEO || !list || !strchr(list, ';') || !line->format.ext.mid ||
        !line->format.ext.rid)
        return; /* without the extensions nobody can tell which packet is whose */
    struct publish_line taken = *line;
    taken.layer_count = 0;
    while (*list && taken.layer_count < MEDIA_LAYERS_MAX) {
        size_t len = strcspn(list, ";");
        take_stream(media, &taken, list, len);
        list += len + (list[len] == ';');
    }
    if (taken.layer_count)
        *line = taken;
}

void negotiate_write_simulcast(struct sdp *sdp, struct sdp_media *media, const struct publish_line *line)
{
    if (!line->layers[0].rid[0])
        return;
    struct text list = {0};
    for (unsigned i = 0; i < line->layer_count; i++) {
        struct sdp_rid *rid = sdp_add_rid(sdp, media);
        rid->id = sdp_keep(sdp, line->layers[i].rid);
        text_addf(&list, "%s%s", i ? ";" : "", line->layers[i].rid);
    }
    media->simulcast_recv = sdp_keep(sdp, list.data);
    text_free(&list);
}
