/* Published tracks in words. Web thread. */
#include "call/track.h"

#include <string.h>

#include "base/text.h"

static const char *const source_names[] = {
    [TRACK_CAMERA] = "camera",
    [TRACK_MIC] = "mic",
    [TRACK_SCREEN] = "screen",
    [TRACK_SCREEN_AUDIO] = "screen-audio",
};

enum err track_source_parse(const char *s, enum track_source *out)
{
    for (unsigned i = 0; i < ARRAY_LEN(source_names); i++) {
        if (strcmp(s, source_names[i]) == 0) {
            *out = (enum track_source)i;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

enum media_kind track_source_kind(enum track_source source)
{
    return source == TRACK_MIC || source == TRACK_SCREEN_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO;
}

json_t *track_json(const struct call_track *track)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:b}", "trackId", track->name, "userId", (json_int_t)track->user_id, "kind",
                     track->format.kind == MEDIA_AUDIO ? "audio" : "video", "source", source_names[track->source],
                     "muted", (int)track->is_muted);
}
