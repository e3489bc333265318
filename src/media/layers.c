/* Which layer of a simulcast track goes where. On the media thread. */
#include "media/layers.h"

#include "proto/vp8.h"

#define CHECK_US 200000ULL /* how often the silent ones are looked for */
/* Where no key frame has told a size (H264 keeps it in its parameter sets): the lowest layer of a 720p camera, each
 * next one twice as wide. */
#define GUESS_WIDTH 320
#define GUESS_HEIGHT 180

void layers_init(struct layers *layers, uint8_t count, enum media_codec codec)
{
    *layers = (struct layers){.count = count, .codec = codec};
}

/* True when a layer that flowed does not any more. */
static bool find_silent(struct layers *layers, uint64_t now_us)
{
    bool is_changed = false;
    layers->checked_us = now_us;
    for (unsigned i = 0; i < layers->count; i++) {
        if (!layers->layer[i].is_active || now_us - layers->layer[i].seen_us < LAYERS_SILENT_US)
            continue;
        layers->layer[i].is_active = false;
        is_changed = true;
    }
    return is_changed;
}

static bool read_size(struct layers *layers, unsigned index, const uint8_t *payload, size_t len)
{
    struct vp8 vp8;
    if (layers->codec != MEDIA_VP8 || vp8_parse(&vp8, payload, len) || !vp8.width || !vp8.height)
        return false;
    bool is_new = layers->layer[index].width != vp8.width || layers->layer[index].height != vp8.height;
    layers->layer[index].width = vp8.width;
    layers->layer[index].height = vp8.height;
    return is_new;
}

bool layers_on_packet(struct layers *layers, const struct packet_head *head, const uint8_t *payload)
{
    unsigned index = packet_layer(head);
    if (index >= layers->count || !head->payload_len) /* padding alone probes for bandwidth: no picture comes of it */
        return false;
    uint64_t now_us = head->arrival_us;
    bool is_changed = !layers->layer[index].is_active;
    layers->layer[index].is_active = true;
    layers->layer[index].seen_us = now_us;
    if (now_us - layers->checked_us >= CHECK_US)
        is_changed |= find_silent(layers, now_us);
    if (head->flags & PACKET_KEY)
        is_changed |= read_size(layers, index, payload, head->payload_len);
    return is_changed;
}

/* Its own size, or as far from a known one as it stands from it in the order, or a guess. */
static void size_of(const struct layers *layers, unsigned index, uint32_t *width, uint32_t *height)
{
    *width = layers->layer[index].width;
    *height = layers->layer[index].height;
    for (unsigned i = 0; !*width && i < layers->count; i++) {
        *width = (uint32_t)layers->layer[i].width << index >> i;
        *height = (uint32_t)layers->layer[i].height << index >> i;
    }
    if (!*width) {
        *width = GUESS_WIDTH << index;
        *height = GUESS_HEIGHT << index;
    }
}

uint8_t layers_choose(const struct layers *layers, uint16_t width, uint16_t height)
{
    int best = -1;
    uint64_t best_pixels = 0;
    bool is_best_enough = false;
    for (unsigned i = 0; i < layers->count; i++) {
        if (!layers->layer[i].is_active)
            continue;
        uint32_t own_width, own_height;
        size_of(layers, i, &own_width, &own_height);
        uint64_t pixels = (uint64_t)own_width * own_height;
        /* Shown whole, a picture reaches the frame's edges on one axis: it is enough when it need not be scaled up. */
        bool is_enough = (width && own_width >= width) || (height && own_height >= height);
        bool is_better = is_enough != is_best_enough ? is_enough
                         : is_enough                 ? pixels < best_pixels
                                                     : pixels >= best_pixels;
        if (best >= 0 && !is_better)
            continue;
        best = (int)i;
        best_pixels = pixels;
        is_best_enough = is_enough;
    }
    return best < 0 ? 0 : (uint8_t)best;
}
