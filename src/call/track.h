/* One published track as the control side sees it. Owned by the member's track set; subscribers of the same call hold
 * pointers until they are told that it ended. Web thread. */
#ifndef ICHAT_CALL_TRACK_H
#define ICHAT_CALL_TRACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "media/media_cmd.h"

enum track_source { TRACK_CAMERA, TRACK_MIC, TRACK_SCREEN, TRACK_SCREEN_AUDIO };
#define TRACK_NAME_SIZE 24

struct call_track {
    struct list node;           /* of its set */
    uint64_t id;                /* the media threads'; another one when it moves */
    char name[TRACK_NAME_SIZE]; /* trackId: "t" and its first id */
    uint64_t user_id;           /* who publishes it */
    char mid[MEDIA_MID_SIZE];   /* on the publisher's connection */
    enum track_source source;
    bool is_muted;
    bool is_orphan; /* its connection is gone; it waits to move to another one */
    uint16_t worker;
    struct media_format format; /* as it comes in */
    uint8_t layer_count;
    struct media_layer layers[MEDIA_LAYERS_MAX];
};

/* ERR_INVALID for a word that is none. */
MUST_CHECK enum err track_source_parse(const char *s, enum track_source *out);
enum media_kind track_source_kind(enum track_source source);
/* {"trackId","userId","kind","source","muted"}, a new reference. */
json_t *track_json(const struct call_track *track);

#endif
