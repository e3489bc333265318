/* The tracks that one member publishes. Web thread. */
#include "call/track_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void track_set_init(struct track_set *set, struct call_env *env, uint64_t user_id, const struct track_set_ops *ops)
{
    *set = (struct track_set){.env = env, .ops = *ops, .user_id = user_id};
    list_init(&set->list);
}

size_t track_set_count(const struct track_set *set)
{
    size_t count = 0;
    for (const struct list *node = set->list.next; node != &set->list; node = node->next)
        count++;
    return count;
}

struct call_track *track_set_find_mid(const struct track_set *set, const char *mid)
{
    list_each (node, &set->list) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (strcmp(track->mid, mid) == 0)
            return track;
    }
    return NULL;
}

static enum err post_pause(struct pc *pc, const struct call_track *track, bool is_paused)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_PAUSE};
    cmd.u.track_pause.track_id = track->id;
    cmd.u.track_pause.is_paused = is_paused;
    return pc_post(pc, &cmd);
}

static enum err post_add(struct pc *pc, const struct call_track *track)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_ADD};
    cmd.u.track_add.track_id = track->id;
    memcpy(cmd.u.track_add.mid, track->mid, sizeof(track->mid));
    cmd.u.track_add.format = track->format;
    cmd.u.track_add.layer_count = track->layer_count;
    memcpy(cmd.u.track_add.layers, track->layers, sizeof(track->layers));
    return pc_post(pc, &cmd);
}

static void post_del(struct pc *pc, uint64_t track_id)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_DEL};
    cmd.u.track_del.track_id = track_id;
    pc_post_sure(pc, &cmd);
}

/* Where the track is now; its name and what the others know of it stay. */
static void place(struct call_track *track, struct track_set *set, const struct pc *pc, const struct publish_line *line)
{
    track->id = media_new_id(set->env->media);
    (void)text_copy(track->mid, sizeof(track->mid), line->mid);
    track->worker = pc->worker;
    track->format = line->format;
    track->layer_count = line->layer_count;
    memcpy(track->layers, line->layers, sizeof(track->layers));
    track->is_orphan = false;
}

static enum err post_start(struct pc *pc, const struct call_track *track)
{
    enum err err = post_add(pc, track);
    if (err || !track->is_muted)
        return err;
    err = post_pause(pc, track, true);
    if (err)
        post_del(pc, track->id);
    return err;
}

enum err track_set_start(struct track_set *set, struct pc *pc, const struct publish_line *line,
                         enum track_source source, bool is_muted)
{
    struct call_track *track = mem_calloc(1, sizeof(*track));
    place(track, set, pc, line);
    snprintf(track->name, sizeof(track->name), "t%llu", (unsigned long long)track->id);
    track->user_id = set->user_id;
    track->source = source;
    track->is_muted = is_muted;
    list_init(&track->node);
    enum err err = post_start(pc, track);
    if (err) {
        free(track);
        return err;
    }
    list_push(&set->list, &track->node);
    set->ops.on_added(set->ops.ctx, track);
    return ERR_OK;
}

enum err track_set_mute(struct track_set *set, struct pc *pc, struct call_track *track, bool is_muted)
{
    if (track->is_muted == is_muted)
        return ERR_OK;
    enum err err = post_pause(pc, track, is_muted);
    if (err)
        return err;
    track->is_muted = is_muted;
    set->ops.on_muted(set->ops.ctx, track);
    return ERR_OK;
}

enum err track_set_move(struct track_set *set, struct pc *pc, struct call_track *track, const struct publish_line *line)
{
    struct call_track moved = *track;
    place(&moved, set, pc, line);
    enum err err = post_start(pc, &moved);
    if (err)
        return err;
    uint64_t old_id = track->is_orphan ? 0 : track->id;
    *track = moved;
    set->ops.on_moved(set->ops.ctx, track);
    if (old_id)
        post_del(pc, old_id);
    return ERR_OK;
}

void track_set_end(struct track_set *set, struct pc *pc, struct call_track *track)
{
    list_remove(&track->node);
    set->ops.on_removed(set->ops.ctx, track);
    if (!track->is_orphan)
        post_del(pc, track->id);
    free(track);
}

void track_set_orphan(struct track_set *set)
{
    list_each (node, &set->list)
        list_item(node, struct call_track, node)->is_orphan = true;
}

void track_set_end_all(struct track_set *set, struct pc *pc)
{
    list_each (node, &set->list)
        track_set_end(set, pc, list_item(node, struct call_track, node));
}

static bool is_same_ext(const struct media_ext_ids *a, const struct media_ext_ids *b)
{
    return memcmp(a, b, sizeof(*a)) == 0; /* bytes only, no padding */
}

static bool is_same_format(const struct media_format *a, const struct media_format *b)
{
    return a->kind == b->kind && a->codec == b->codec && a->clock_rate == b->clock_rate && a->pt == b->pt &&
           a->rtx_pt == b->rtx_pt && a->has_nack == b->has_nack && a->has_pli == b->has_pli &&
           a->has_fir == b->has_fir && a->has_twcc == b->has_twcc && is_same_ext(&a->ext, &b->ext);
}

static bool is_same_layers(const struct call_track *track, const struct publish_line *line)
{
    if (line->layer_count != track->layer_count || line->layers[0].ssrc != track->layers[0].ssrc ||
        line->layers[0].rtx_ssrc != track->layers[0].rtx_ssrc)
        return false;
    for (unsigned i = 0; line->layer_count > 1 && i < line->layer_count; i++)
        if (strcmp(line->layers[i].rid, track->layers[i].rid) != 0)
            return false;
    return true;
}

bool track_goes_on(const struct call_track *track, const struct publish_line *line, enum track_source source)
{
    return !track->is_orphan && line->is_sending && source == track->source &&
           is_same_format(&track->format, &line->format) && is_same_layers(track, line);
}
