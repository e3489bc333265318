/* The layers of a simulcast track on one worker: which of them flow, how large they are, and which one a subscription
 * is to have. In the router of such a track; NULL in all others. The owning media thread.
 *
 * There is no bandwidth estimate in it yet: a subscription gets the layer that fits the size it is shown at, or the
 * largest that flows. */
#ifndef ICHAT_MEDIA_LAYERS_H
#define ICHAT_MEDIA_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "media/media_cmd.h"
#include "media/packet.h"

#define LAYERS_SILENT_US 1000000ULL /* a layer without packets for so long, while others have some, has stopped */

struct layers {
    /* set once at creation */
    uint8_t count; /* 2..MEDIA_LAYERS_MAX */
    enum media_codec codec;

    /* owned by the media thread */
    uint64_t checked_us;
    struct {
        uint64_t seen_us; /* its newest packet */
        bool is_active;
        uint16_t width; /* as its newest key frame says; 0 = unknown */
        uint16_t height;
    } layer[MEDIA_LAYERS_MAX];
};

void layers_init(struct layers *layers, uint8_t count, enum media_codec codec);
/* The media path. True: what layers_choose() says may be another thing than before. */
bool layers_on_packet(struct layers *layers, const struct packet_head *head, const uint8_t *payload);
/* The lowest layer that fills width x height, else the largest; 0 x 0 = the largest. Only layers that flow count;
 * before the first packet it is the lowest. */
uint8_t layers_choose(const struct layers *layers, uint16_t width, uint16_t height);

#endif
