/* Ranking of speakers. On the media thread. */
#include "media/levels.h"

#include <stdlib.h>

#include "base/mem.h"
#include "media/peer.h"
#include "media/track.h"

struct call {
    uint64_t id;
    struct list tracks; /* audio, of this worker's peers */
    struct speakers speakers;
};

void levels_add(struct track *track)
{
    struct worker *worker = track->router.worker;
    uint64_t call_id = track->peer->call_id;
    struct call *call = hmap_get_u64(worker->calls, call_id);
    if (!call) {
        call = mem_calloc(1, sizeof(*call));
        call->id = call_id;
        list_init(&call->tracks);
        speakers_init(&call->speakers, MEDIA_SPEAKERS_MAX);
        if (hmap_put_u64(worker->calls, call_id, call)) {
            free(call);
            return;
        }
    }
    list_push(&call->tracks, &track->call_node);
    track->call = call;
}

void levels_del(struct track *track)
{
    struct call *call = track->call;
    if (!call)
        return;
    track->call = NULL;
    list_remove(&track->call_node);
    if (!list_is_empty(&call->tracks))
        return;
    hmap_del_u64(track->router.worker->calls, call->id);
    free(call);
}

static void rank(struct worker *worker, struct call *call)
{
    struct speaker_source sources[SPEAKERS_SOURCES_MAX];
    unsigned count = 0;
    list_each (node, &call->tracks) {
        struct track *track = list_item(node, struct track, call_node);
        uint8_t loudness = track->is_paused ? 0 : audio_level_get(&track->level, worker->now_us);
        unsigned i = 0;
        while (i < count && sources[i].id != track->peer->user_id)
            i++;
        if (i == SPEAKERS_SOURCES_MAX)
            break;
        if (i == count) {
            sources[count++] = (struct speaker_source){.id = track->peer->user_id, .loudness = loudness};
        } else if (loudness > sources[i].loudness) {
            sources[i].loudness = loudness; /* a member's microphone and screen audio are one speaker */
        }
    }
    if (!speakers_update(&call->speakers, sources, count, worker->now_us))
        return;
    struct media_evt evt = {.type = MEDIA_EVT_LEVELS, .worker = worker->setup.index, .call_id = call->id};
    for (unsigned i = 0; i < call->speakers.count; i++) {
        evt.u.levels.speakers[i].user_id = call->speakers.list[i].id;
        evt.u.levels.speakers[i].level = call->speakers.list[i].loudness;
    }
    evt.u.levels.count = (uint8_t)call->speakers.count;
    (void)worker_emit(worker, &evt); /* a full queue: the next change says it */
}

void levels_run(struct worker *worker)
{
    size_t it = 0;
    struct call *call;
    while ((call = hmap_next(worker->calls, &it)))
        rank(worker, call);
}
