/* The control side of the media threads: makes and ends them, posts commands, reads events. The control thread. */
#include "media/media.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "media/candidates.h"
#include "media/place.h"
#include "media/worker.h"
#include "rtc/transport.h"

#define EVENTS_MAX 8192
/* What ends something is kept here while a worker's mailbox is full. Each names an object that lives, and nothing new
 * is taken meanwhile, so an honest caller stays far below; the limit stops one that repeats itself. */
#define OVERFLOW_MAX (1u << 20)

_Static_assert(WORKER_CMDS == MEDIA_CMDS_MAX, "the mailbox holds what media.h says");

/* The three ids of a …_DEL: 24 bytes instead of a whole command. */
struct ending {
    enum media_cmd_type type;
    uint64_t peer_id;
    uint64_t object_id; /* track or subscription */
};

struct line {
    struct worker *worker;
    struct ending *overflow; /* in order; grows, is never refused */
    size_t first;
    size_t count;
    size_t room;
    size_t candidate_count;
    struct media_candidate candidates[MEDIA_CANDIDATES_MAX];
};

struct media {
    /* set once at creation */
    unsigned worker_count;
    struct worker **workers;
    const struct rtc_identity *identity;
    struct mailbox *events;
    /* owned by the control thread */
    uint64_t next_id;
    struct place *place;
    struct line *lines;
};

static unsigned count_workers(const struct conf *conf)
{
    long count = conf->media.workers ? (long)conf->media.workers : sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1)
        return 1;
    return count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

static enum err start_all(struct media *media, const struct worker_setup *setup)
{
    for (unsigned i = 0; i < media->worker_count; i++) {
        struct worker_setup own = *setup;
        own.index = (uint16_t)i;
        enum err err = worker_create(&own, &media->workers[i]);
        if (err)
            return err;
        struct line *line = &media->lines[i];
        line->worker = media->workers[i];
        line->candidate_count = candidates_make(setup->conf, line->worker->port, line->worker->is_v4_only,
                                                line->candidates, MEDIA_CANDIDATES_MAX);
    }
    for (unsigned i = 0; i < media->worker_count; i++) {
        enum err err = worker_start(media->workers[i], media->workers);
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err media_create(const struct conf *conf, const struct rtc_identity *identity, struct metrics *metrics,
                      void (*on_wake)(void *ctx), void *ctx, struct media **out)
{
    struct media *media = mem_calloc(1, sizeof(*media));
    media->worker_count = count_workers(conf);
    media->identity = identity;
    media->workers = mem_calloc(media->worker_count, sizeof(struct worker *));
    media->lines = mem_calloc(media->worker_count, sizeof(*media->lines));
    media->events = mailbox_create(sizeof(struct media_evt), EVENTS_MAX, on_wake, ctx);
    bool is_spread = conf->media.placement && strcmp(conf->media.placement, "spread") == 0;
    media->place = place_create(media->worker_count, conf->media.max_peers, is_spread);
    struct worker_setup setup = {.count = (uint16_t)media->worker_count,
                                 .conf = conf,
                                 .identity = identity,
                                 .metrics = metrics,
                                 .events = media->events,
                                 .on_wake = on_wake,
                                 .ctx = ctx};
    enum err err = start_all(media, &setup);
    if (err) {
        media_free(media);
        return err;
    }
    (void)mailbox_arm(media->events); /* the first event wakes */
    *out = media;
    return ERR_OK;
}

/* What is in the way is taken off by the worker, which runs as long as it was not told to stop. */
static void stop(struct line *line)
{
    const struct media_cmd cmd = {.type = MEDIA_CMD_STOP};
    while (mailbox_post(line->worker->cmds, &cmd))
        usleep(1000);
    thread_join(line->worker->thread);
}

void media_free(struct media *media)
{
    if (!media)
        return;
    for (unsigned i = 0; i < media->worker_count; i++)
        if (media->workers[i] && media->workers[i]->thread)
            stop(&media->lines[i]);
    for (unsigned i = 0; i < media->worker_count; i++) {
        worker_free(media->workers[i]);
        free(media->lines[i].overflow);
    }
    place_free(media->place);
    mailbox_free(media->events);
    free(media->lines);
    free(media->workers);
    free(media);
}

unsigned media_worker_count(const struct media *media)
{
    return media->worker_count;
}

uint64_t media_new_id(struct media *media)
{
    return ++media->next_id;
}

enum err media_place(struct media *media, uint64_t call_id, uint16_t *worker)
{
    for (unsigned i = 0; i < media->worker_count; i++)
        place_set_busy(media->place, i, atomic_load_explicit(&media->workers[i]->busy_permille, memory_order_relaxed));
    return place_choose(media->place, call_id, worker);
}

/* --- commands --- */

static bool is_ending(const struct media_cmd *cmd, struct ending *out)
{
    *out = (struct ending){.type = cmd->type, .peer_id = cmd->peer_id};
    switch (cmd->type) {
    case MEDIA_CMD_PEER_DEL:
    case MEDIA_CMD_STOP:
        return true;
    case MEDIA_CMD_TRACK_DEL:
        out->object_id = cmd->u.track_del.track_id;
        return true;
    case MEDIA_CMD_SUB_DEL:
        out->object_id = cmd->u.sub_del.sub_id;
        return true;
    default:
        return false;
    }
}

static struct media_cmd to_cmd(const struct ending *ending)
{
    struct media_cmd cmd = {.type = ending->type, .peer_id = ending->peer_id};
    if (ending->type == MEDIA_CMD_TRACK_DEL)
        cmd.u.track_del.track_id = ending->object_id;
    else if (ending->type == MEDIA_CMD_SUB_DEL)
        cmd.u.sub_del.sub_id = ending->object_id;
    return cmd;
}

/* Posts what waits, as far as there is room; true when nothing waits any more. */
static bool flush(struct line *line)
{
    while (line->count) {
        struct media_cmd cmd = to_cmd(&line->overflow[line->first]);
        if (mailbox_post(line->worker->cmds, &cmd)) {
            atomic_store(&line->worker->wants_wake, true);
            return false;
        }
        line->first++;
        line->count--;
    }
    line->first = 0;
    return true;
}

static enum err keep(struct line *line, const struct ending *ending)
{
    if (line->count == OVERFLOW_MAX) {
        log_error("A media worker takes no commands any more. worker=%u", line->worker->setup.index);
        return ERR_FULL;
    }
    if (line->first + line->count == line->room) {
        if (line->first)
            memmove(line->overflow, line->overflow + line->first, line->count * sizeof(*line->overflow));
        line->first = 0;
        if (2 * line->count >= line->room) {
            line->room = line->room ? 2 * line->room : 64;
            line->overflow = mem_realloc(line->overflow, line->room * sizeof(*line->overflow));
        }
    }
    line->overflow[line->first + line->count++] = *ending;
    atomic_store(&line->worker->wants_wake, true);
    return ERR_OK;
}

enum err media_post(struct media *media, uint16_t worker, const struct media_cmd *cmd)
{
    if (worker >= media->worker_count)
        return ERR_INVALID;
    struct line *line = &media->lines[worker];
    struct ending ending;
    bool is_end = is_ending(cmd, &ending);
    enum err err = ERR_FULL;
    if (flush(line)) /* order is kept: nothing passes what waits */
        err = mailbox_post(line->worker->cmds, cmd);
    if (err && is_end)
        err = keep(line, &ending);
    if (cmd->type == MEDIA_CMD_PEER_DEL)
        place_release(media->place, cmd->peer_id);
    if (cmd->type == MEDIA_CMD_PEER_ADD && !err)
        place_bind(media->place, cmd->peer_id, cmd->u.peer_add.call_id, worker);
    else if (cmd->type == MEDIA_CMD_PEER_ADD)
        place_uncount(media->place, cmd->u.peer_add.call_id, worker);
    return err;
}

bool media_next_event(struct media *media, struct media_evt *evt)
{
    for (unsigned i = 0; i < media->worker_count; i++)
        if (media->lines[i].count)
            (void)flush(&media->lines[i]);
    do {
        if (mailbox_take(media->events, evt))
            return true;
    } while (!mailbox_arm(media->events)); /* one came in between */
    return false;
}

/* --- for SDP --- */

size_t media_candidates(const struct media *media, uint16_t worker, struct media_candidate *out, size_t max)
{
    if (worker >= media->worker_count)
        return 0;
    const struct line *line = &media->lines[worker];
    size_t count = line->candidate_count < max ? line->candidate_count : max;
    memcpy(out, line->candidates, count * sizeof(*out));
    return count;
}

const char *media_fingerprint(const struct media *media)
{
    return rtc_identity_fingerprint(media->identity);
}
