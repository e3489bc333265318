/* One function a command. On the media thread. An object that is not there went away meanwhile: count it and go on. */
#include "media/worker_cmd.h"

#include <string.h>

#include "base/log.h"
#include "media/peer.h"
#include "media/relay.h"

static struct peer *find_peer(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = hmap_get_u64(worker->peers, cmd->peer_id);
    if (!peer)
        worker->counts.unknown_ids++;
    return peer;
}

static struct track *find_track(struct worker *worker, const struct media_cmd *cmd, uint64_t track_id)
{
    struct peer *peer = find_peer(worker, cmd);
    struct track *track = peer ? peer_find_track(peer, track_id) : NULL;
    if (peer && !track)
        worker->counts.unknown_ids++;
    return track;
}

static struct sub *find_sub(struct worker *worker, const struct media_cmd *cmd, uint64_t sub_id)
{
    struct sub *sub = hmap_get_u64(worker->subs, sub_id);
    if (sub && sub->peer->id == cmd->peer_id)
        return sub;
    worker->counts.unknown_ids++;
    return NULL;
}

static void on_peer_add(struct worker *worker, const struct media_cmd *cmd)
{
    enum err err = peer_create(worker, cmd);
    if (!err) {
        if (worker->setup.metrics)
            metric_add(worker->setup.metrics, METRIC_MEDIA_PEERS, 1);
        return;
    }
    log_error("A connection could not be made: %s. peer=%llu", err_str(err), (unsigned long long)cmd->peer_id);
    struct media_evt evt = {.type = MEDIA_EVT_PEER_FAILED,
                            .worker = worker->setup.index,
                            .peer_id = cmd->peer_id,
                            .call_id = cmd->u.peer_add.call_id,
                            .u.reason = "the media server could not make the connection"};
    (void)worker_emit(worker, &evt);
}

static void on_peer_remote(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = find_peer(worker, cmd);
    if (peer)
        peer_set_remote(peer, &cmd->u.peer_remote.params);
}

static void on_peer_del(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = find_peer(worker, cmd);
    if (!peer)
        return;
    peer_free(peer);
    if (worker->setup.metrics)
        metric_add(worker->setup.metrics, METRIC_MEDIA_PEERS, -1);
}

static void on_track_add(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = find_peer(worker, cmd);
    if (!peer)
        return;
    enum err err = peer_add_track(peer, cmd);
    if (err)
        log_warn("A track was refused: %s. peer=%llu track=%llu", err_str(err), (unsigned long long)cmd->peer_id,
                 (unsigned long long)cmd->u.track_add.track_id);
}

static void on_track_pause(struct worker *worker, const struct media_cmd *cmd)
{
    struct track *track = find_track(worker, cmd, cmd->u.track_pause.track_id);
    if (track)
        track_set_paused(track, cmd->u.track_pause.is_paused);
}

static void on_track_del(struct worker *worker, const struct media_cmd *cmd)
{
    struct track *track = find_track(worker, cmd, cmd->u.track_del.track_id);
    if (track)
        peer_del_track(track->peer, track);
}

/* The track's router on this worker: its own, a proxy that is there already, or a new proxy. */
static enum err find_router(struct worker *worker, uint64_t track_id, uint16_t track_worker, uint8_t layer_count,
                            const struct media_format *source, struct router **out)
{
    struct router *router = hmap_get_u64(worker->routers, track_id);
    bool is_here = track_worker == worker->setup.index;
    if (router && router->is_proxy == is_here)
        return ERR_INVALID; /* it says that the track lives elsewhere than it does */
    if (router) {
        *out = router;
        return ERR_OK;
    }
    if (is_here)
        return ERR_NOT_FOUND;
    return relay_proxy(worker, track_id, track_worker, source, layer_count ? layer_count : 1, out);
}

static void on_sub_add(struct worker *worker, const struct media_cmd *cmd)
{
    struct peer *peer = find_peer(worker, cmd);
    if (!peer)
        return;
    struct router *router;
    enum err err = find_router(worker, cmd->u.sub_add.track_id, cmd->u.sub_add.track_worker,
                               cmd->u.sub_add.track_layers, &cmd->u.sub_add.source, &router);
    if (err == ERR_NOT_FOUND) {
        worker->counts.unknown_ids++;
        return;
    }
    if (!err) {
        err = sub_create(peer, router, cmd);
        if (err)
            relay_on_sub_gone(router); /* a proxy made just for this one */
    }
    if (err)
        log_warn("A subscription was refused: %s. peer=%llu track=%llu", err_str(err), (unsigned long long)cmd->peer_id,
                 (unsigned long long)cmd->u.sub_add.track_id);
}

static void on_sub_move(struct worker *worker, const struct media_cmd *cmd)
{
    struct sub *sub = find_sub(worker, cmd, cmd->u.sub_move.sub_id);
    struct router *router;
    if (!sub)
        return;
    if (find_router(worker, cmd->u.sub_move.track_id, cmd->u.sub_move.track_worker, cmd->u.sub_move.track_layers,
                    &cmd->u.sub_move.source, &router))
        worker->counts.unknown_ids++;
    else
        sub_move(sub, router);
}

static void on_sub_pause(struct worker *worker, const struct media_cmd *cmd)
{
    struct sub *sub = find_sub(worker, cmd, cmd->u.sub_pause.sub_id);
    if (sub)
        sub_set_paused(sub, cmd->u.sub_pause.is_paused);
}

static void on_sub_want(struct worker *worker, const struct media_cmd *cmd)
{
    struct sub *sub = find_sub(worker, cmd, cmd->u.sub_want.sub_id);
    if (sub)
        sub_want_size(sub, cmd->u.sub_want.width, cmd->u.sub_want.height);
}

static void on_sub_del(struct worker *worker, const struct media_cmd *cmd)
{
    sub_free(find_sub(worker, cmd, cmd->u.sub_del.sub_id));
}

static void on_stop(struct worker *worker, const struct media_cmd *cmd)
{
    (void)cmd;
    worker->is_stopping = true;
}

void worker_cmd(struct worker *worker, const struct media_cmd *cmd)
{
    static void (*const handlers[])(struct worker *, const struct media_cmd *) = {
        [MEDIA_CMD_PEER_ADD] = on_peer_add,       [MEDIA_CMD_PEER_REMOTE] = on_peer_remote,
        [MEDIA_CMD_PEER_DEL] = on_peer_del,       [MEDIA_CMD_TRACK_ADD] = on_track_add,
        [MEDIA_CMD_TRACK_PAUSE] = on_track_pause, [MEDIA_CMD_TRACK_DEL] = on_track_del,
        [MEDIA_CMD_SUB_ADD] = on_sub_add,         [MEDIA_CMD_SUB_MOVE] = on_sub_move,
        [MEDIA_CMD_SUB_PAUSE] = on_sub_pause,     [MEDIA_CMD_SUB_WANT] = on_sub_want,
        [MEDIA_CMD_SUB_DEL] = on_sub_del,         [MEDIA_CMD_STOP] = on_stop,
    };
    handlers[cmd->type](worker, cmd);
}
