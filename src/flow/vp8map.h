/* Picture numbers of one VP8 subscription: a receiver must see PictureID and TL0PICIDX (RFC 7741 section 4.2) go on
 * when the source changes, each layer of a simulcast counts for itself. The owning media thread; no allocation.
 *
 *     vp8map_switch(&map);                                   a new source from the next packet on
 *     each packet:  vp8map_rewrite(&map, payload, len);      in place, of the copy that is sent */
#ifndef ICHAT_FLOW_VP8MAP_H
#define ICHAT_FLOW_VP8MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct vp8map {
    bool is_used;
    bool is_pending; /* the next packet begins a source */
    uint8_t tl0_offset;
    uint8_t tl0_newest;
    uint16_t picture_offset;
    uint16_t picture_newest; /* as sent */
};

void vp8map_switch(struct vp8map *map);
/* A payload whose descriptor runs past the end stays as it is. The same packet gets the same numbers again, until the
 * next switch. */
void vp8map_rewrite(struct vp8map *map, uint8_t *payload, size_t len);

#endif
