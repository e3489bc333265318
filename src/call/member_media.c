/* The media of a member of a live call: what he publishes, how he receives, and what the others are told. Web thread.
 */
#include <stdlib.h>

#include "base/rand.h"
#include "call/live.h"

static void send_event(struct live_member *member, const char *type, json_t *data_take)
{
    if (member->session)
        member->session->ops->send_event(member->session, type, data_take);
    json_decref(data_take);
}

/* What the answer to join shows of him has changed. */
static void forget_shown(struct live_member *member)
{
    free(member->shown);
    member->shown = NULL;
}

static void on_added(void *ctx, struct call_track *track)
{
    struct live_member *member = ctx;
    forget_shown(member);
    struct live *live = member->live;
    live_broadcast(live, member, "track-added", track_json(track));
    for (size_t i = 0; i < live->member_count; i++) {
        struct live_member *other = &live->members[i];
        if (other != member && other->has_media)
            subscriber_add(&other->subscriber, track);
        if (other != member && other->facade)
            facade_add_track(other->facade, member, track);
    }
}

static void on_removed(void *ctx, struct call_track *track)
{
    struct live_member *member = ctx;
    forget_shown(member);
    struct live *live = member->live;
    for (size_t i = 0; i < live->member_count; i++) {
        struct live_member *other = &live->members[i];
        if (other->has_media)
            subscriber_remove(&other->subscriber, track);
        if (other != member && other->facade)
            facade_remove_track(other->facade, member, track);
    }
    live_broadcast(live, member, "track-removed",
                   json_pack("{s:s, s:I}", "trackId", track->name, "userId", (json_int_t)track->user_id));
}

static void on_muted(void *ctx, struct call_track *track)
{
    struct live_member *member = ctx;
    forget_shown(member);
    struct live *live = member->live;
    for (size_t i = 0; i < live->member_count; i++) {
        if (&live->members[i] != member && live->members[i].facade)
            facade_mute_track(live->members[i].facade, member, track);
    }
    live_broadcast(live, member, "track-muted",
                   json_pack("{s:s, s:I, s:b}", "trackId", track->name, "userId", (json_int_t)track->user_id, "muted",
                             (int)track->is_muted));
}

static void on_moved(void *ctx, struct call_track *track)
{
    (void)track; /* whoever receives it finds it */
    struct live_member *member = ctx;
    struct live *live = member->live;
    for (size_t i = 0; i < live->member_count; i++) {
        struct live_member *other = &live->members[i];
        if (other != member && other->has_media)
            subscriber_move(&other->subscriber);
        if (other != member && other->facade)
            facade_move_track(other->facade, member);
    }
}

static void tell_connection(struct live_member *member, const char *pc, enum pc_state state)
{
    send_event(member, "connection", json_pack("{s:s, s:s}", "pc", pc, "state", pc_state_str(state)));
}

static void on_publish_state(void *ctx, enum pc_state state)
{
    tell_connection(ctx, "publish", state);
}

static void on_subscribe_state(void *ctx, enum pc_state state)
{
    tell_connection(ctx, "subscribe", state);
}

static void on_offer(void *ctx, json_t *data_take)
{
    send_event(ctx, "subscribe-offer", data_take);
}

void member_media_init(struct live_member *member)
{
    const struct track_set_ops ops = {
        .on_added = on_added,
        .on_removed = on_removed,
        .on_muted = on_muted,
        .on_moved = on_moved,
        .ctx = member,
    };
    track_set_init(&member->tracks, member->live->env, member->user_id, &ops);
}

void member_media_start(struct live_member *member)
{
    struct live *live = member->live;
    const struct publisher_ops publisher_ops = {.on_state = on_publish_state, .ctx = member};
    const struct subscriber_ops subscriber_ops = {.on_offer = on_offer, .on_state = on_subscribe_state, .ctx = member};
    publisher_init(&member->publisher, live->env, call_id(live->call), &member->tracks, &publisher_ops);
    subscriber_init(&member->subscriber, live->env, call_id(live->call), member->user_id, &subscriber_ops);
    rand_alnum(member->resume, LIVE_RESUME_SIZE - 1);
    member->has_media = true;
    for (size_t i = 0; i < live->member_count; i++) {
        struct live_member *other = &live->members[i];
        if (other == member)
            continue;
        list_each (node, &other->tracks.list)
            subscriber_add(&member->subscriber, list_item(node, struct call_track, node));
    }
}

void member_media_start_v1(struct live_member *member)
{
    member->facade = facade_create(member);
}

void member_media_stop(struct live_member *member)
{
    struct facade *facade = member->facade;
    member->facade = NULL;
    facade_free(facade);
    if (!member->has_media)
        return;
    member->has_media = false; /* his own subscriber must not be asked about his tracks any more */
    publisher_clear(&member->publisher);
    subscriber_clear(&member->subscriber);
    member->resume[0] = 0;
}

json_t *member_media_tracks(const struct live_member *member)
{
    json_t *list = json_array();
    for (const struct list *node = member->tracks.list.next; node != &member->tracks.list; node = node->next)
        json_array_append_new(list, track_json(list_item(node, struct call_track, node)));
    return list;
}
