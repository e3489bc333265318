/* VP8 picture numbers over changes of the source. The owning media thread. */
#include "flow/vp8map.h"

#define LONG_MASK 0x7fff
#define SHORT_MASK 0x7f

/* Where the fields stand (RFC 7741 section 4.2): X and the extension byte are the first two bytes, then PictureID in
 * one byte or two, then TL0PICIDX. */
struct place {
    unsigned picture; /* 0 = not there */
    unsigned tl0;
    bool is_long;
};

static bool find(struct place *place, const uint8_t *payload, size_t len)
{
    *place = (struct place){0};
    if (len < 2 || !(payload[0] & 0x80))
        return false;
    unsigned at = 2;
    if (payload[1] & 0x80) {
        if (len < 4)
            return false;
        place->picture = at;
        place->is_long = (payload[at] & 0x80) != 0;
        at += place->is_long ? 2 : 1;
    }
    if (payload[1] & 0x40)
        place->tl0 = at;
    return at < len && (place->picture || place->tl0);
}

static uint16_t read_picture(const struct place *place, const uint8_t *payload)
{
    const uint8_t *at = payload + place->picture;
    return place->is_long ? (uint16_t)((at[0] & 0x7f) << 8 | at[1]) : at[0];
}

static void write_picture(const struct place *place, uint8_t *payload, uint16_t picture)
{
    uint8_t *at = payload + place->picture;
    if (place->is_long) {
        at[0] = (uint8_t)(0x80 | picture >> 8);
        at[1] = (uint8_t)picture;
    } else {
        at[0] = picture & 0x7f;
    }
}

void vp8map_switch(struct vp8map *map)
{
    map->is_pending = true;
}

static void begin(struct vp8map *map, uint16_t picture, uint8_t tl0)
{
    map->picture_offset = map->is_used ? (uint16_t)(map->picture_newest + 1 - picture) : 0;
    map->tl0_offset = map->is_used ? (uint8_t)(map->tl0_newest + 1 - tl0) : 0;
    map->picture_newest = (uint16_t)(picture + map->picture_offset);
    map->tl0_newest = (uint8_t)(tl0 + map->tl0_offset);
    map->is_pending = false;
    map->is_used = true;
}

void vp8map_rewrite(struct vp8map *map, uint8_t *payload, size_t len)
{
    struct place place;
    if (!find(&place, payload, len))
        return;
    uint16_t picture = place.picture ? read_picture(&place, payload) : 0;
    uint8_t tl0 = place.tl0 ? payload[place.tl0] : 0;
    if (map->is_pending || !map->is_used)
        begin(map, picture, tl0);
    uint16_t mask = place.is_long ? LONG_MASK : SHORT_MASK;
    picture = (uint16_t)(picture + map->picture_offset) & mask;
    tl0 = (uint8_t)(tl0 + map->tl0_offset);
    if (place.picture) {
        write_picture(&place, payload, picture);
        if (((picture - map->picture_newest) & mask) <= mask / 2)
            map->picture_newest = picture;
    }
    if (place.tl0) {
        payload[place.tl0] = tl0;
        if ((uint8_t)(tl0 - map->tl0_newest) < 0x80)
            map->tl0_newest = tl0;
    }
}
