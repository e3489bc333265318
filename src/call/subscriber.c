/* The subscribe connection of one member. Web thread. */
#include "call/subscriber.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#define LINES_MIN 8

static void schedule(struct subscriber *subscriber, uint64_t delay_us)
{
    timer_set(subscriber->env->timers, &subscriber->timer, subscriber->env->now_us() + delay_us);
}

/* Whatever changed is offered a moment later, unless the client still has an offer to answer. */
static void mark_dirty(struct subscriber *subscriber)
{
    subscriber->is_dirty = true;
    if (subscriber->is_attached && !subscriber->is_waiting && !timer_is_set(&subscriber->timer))
        schedule(subscriber, SUBSCRIBER_GATHER_US);
}

static void on_pc_state(void *ctx, enum pc_state state)
{
    struct subscriber *subscriber = ctx;
    subscriber->ops.on_state(subscriber->ops.ctx, state);
}

/* ---- lines ---- */

static bool is_ssrc_used(const struct subscriber *subscriber, uint32_t ssrc)
{
    for (unsigned i = 0; i < subscriber->offer.line_count; i++) {
        const struct subscribe_line *line = &subscriber->offer.lines[i];
        if (line->ssrc == ssrc || line->rtx_ssrc == ssrc)
            return true;
    }
    return false;
}

static uint32_t new_ssrc(const struct subscriber *subscriber)
{
    uint32_t ssrc;
    do
        ssrc = rand_u32();
    while (!ssrc || is_ssrc_used(subscriber, ssrc));
    return ssrc;
}

static void grow_lines(struct subscriber *subscriber)
{
    struct subscribe_offer *offer = &subscriber->offer;
    unsigned room = subscriber->line_room ? 2 * subscriber->line_room : LINES_MIN;
    offer->lines = mem_realloc(offer->lines, room * sizeof(*offer->lines));
    subscriber->line_subs = mem_realloc(subscriber->line_subs, room * sizeof(*subscriber->line_subs));
    subscriber->line_room = room;
}

static int add_line(struct subscriber *subscriber)
{
    struct subscribe_offer *offer = &subscriber->offer;
    if (offer->line_count == NEGOTIATE_LINES_MAX)
        return -1;
    if (offer->line_count == subscriber->line_room)
        grow_lines(subscriber);
    offer->lines[offer->line_count] = (struct subscribe_line){0};
    subscriber->line_subs[offer->line_count] = NULL;
    return (int)offer->line_count++;
}

static void free_lines(struct subscriber *subscriber)
{
    free(subscriber->offer.lines);
    free(subscriber->line_subs);
    subscriber->offer = (struct subscribe_offer){0};
    subscriber->line_subs = NULL;
    subscriber->line_room = 0;
}

/* A line that nobody uses: an inactive one of the kind, a dead one (it gets a new mid then), or a new one; -1 when the
 * description is full. */
static int find_line(struct subscriber *subscriber, enum media_kind kind)
{
    struct subscribe_offer *offer = &subscriber->offer;
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (!subscriber->line_subs[i] && (offer->lines[i].is_dead || offer->lines[i].kind == kind))
            return (int)i;
    }
    return add_line(subscriber);
}

static void take_line(struct subscriber *subscriber, struct subscription *sub)
{
    int index = find_line(subscriber, sub->track->format.kind);
    if (index < 0) {
        log_limited(LOG_WARN, "a member gets no more tracks: the description is full call=%llu user=%llu lines=%u",
                    (unsigned long long)subscriber->call_id, (unsigned long long)subscriber->user_id,
                    subscriber->offer.line_count);
        return;
    }
    sub->line = index;
    subscriber->line_subs[index] = sub;
    struct subscribe_line *line = &subscriber->offer.lines[index];
    if (!line->mid[0] || line->is_dead)
        negotiate_write_mid(line->mid, "", subscriber->next_mid++);
    line->is_dead = false;
    line->is_sending = true;
    line->kind = sub->track->format.kind;
    line->codec = sub->track->format.codec;
    line->ssrc = new_ssrc(subscriber);
    line->rtx_ssrc = new_ssrc(subscriber);
    snprintf(line->stream, sizeof(line->stream), "m%llu", (unsigned long long)sub->track->user_id);
    snprintf(line->cname, sizeof(line->cname), "m%llu", (unsigned long long)sub->track->user_id);
    (void)text_copy(line->track, sizeof(line->track), sub->track->name);
}

/* ---- what the media thread sends ---- */

static void post_del(struct subscriber *subscriber, struct subscription *sub)
{
    if (!sub->sub_id)
        return;
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_DEL};
    cmd.u.sub_del.sub_id = sub->sub_id;
    pc_post_sure(&subscriber->pc, &cmd);
    sub->sub_id = 0;
}

static enum err post_want(struct subscriber *subscriber, const struct subscription *sub)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_WANT};
    cmd.u.sub_want.sub_id = sub->sub_id;
    cmd.u.sub_want.width = sub->width;
    cmd.u.sub_want.height = sub->height;
    return pc_post(&subscriber->pc, &cmd);
}

static enum err post_add(struct subscriber *subscriber, struct subscription *sub)
{
    const struct subscribe_line *line = &subscriber->offer.lines[sub->line];
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_ADD};
    cmd.u.sub_add.sub_id = media_new_id(subscriber->env->media);
    cmd.u.sub_add.track_id = sub->track->id;
    cmd.u.sub_add.track_worker = sub->track->worker;
    cmd.u.sub_add.track_layers = sub->track->layer_count;
    cmd.u.sub_add.source = sub->track->format;
    cmd.u.sub_add.format = sub->format;
    cmd.u.sub_add.ssrc = line->ssrc;
    cmd.u.sub_add.rtx_ssrc = sub->format.rtx_pt ? line->rtx_ssrc : 0;
    cmd.u.sub_add.is_paused = sub->is_paused;
    memcpy(cmd.u.sub_add.mid, line->mid, sizeof(line->mid));
    memcpy(cmd.u.sub_add.cname, line->cname, sizeof(line->cname));
    enum err err = pc_post(&subscriber->pc, &cmd);
    if (err)
        return err;
    sub->sub_id = cmd.u.sub_add.sub_id;
    sub->sub_track_id = sub->track->id;
    return sub->width || sub->height ? post_want(subscriber, sub) : ERR_OK;
}

static enum err post_move(struct subscriber *subscriber, struct subscription *sub)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_MOVE};
    cmd.u.sub_move.sub_id = sub->sub_id;
    cmd.u.sub_move.track_id = sub->track->id;
    cmd.u.sub_move.track_worker = sub->track->worker;
    cmd.u.sub_move.track_layers = sub->track->layer_count;
    cmd.u.sub_move.source = sub->track->format;
    enum err err = pc_post(&subscriber->pc, &cmd);
    if (!err)
        sub->sub_track_id = sub->track->id;
    return err;
}

static enum err bring_up_to_date(struct subscriber *subscriber, struct subscription *sub)
{
    if (!sub->is_accepted || sub->track->is_orphan)
        return ERR_OK;
    if (!sub->sub_id)
        return post_add(subscriber, sub);
    return sub->sub_track_id == sub->track->id ? ERR_OK : post_move(subscriber, sub);
}

/* Sends what was accepted and is not sent yet; a full queue is tried again later. */
static void flush(struct subscriber *subscriber)
{
    bool is_full = false;
    list_each (node, &subscriber->subs) {
        struct subscription *sub = list_item(node, struct subscription, node);
        if (!is_full)
            is_full = bring_up_to_date(subscriber, sub) != ERR_OK;
    }
    if (is_full && !subscriber->is_waiting)
        schedule(subscriber, SUBSCRIBER_RETRY_US);
}

/* ---- offers ---- */

static json_t *offer_json(struct subscriber *subscriber)
{
    struct negotiate_local local;
    pc_local(&subscriber->pc, &local);
    struct text sdp = {0};
    subscribe_offer_write(&subscriber->offer, &local, &sdp);
    json_t *tracks = json_array();
    for (unsigned i = 0; i < subscriber->offer.line_count; i++) {
        const struct subscription *sub = subscriber->line_subs[i];
        if (!sub)
            continue;
        json_t *track = track_json(sub->track);
        json_object_set_new(track, "mid", json_string(subscriber->offer.lines[i].mid));
        json_array_append_new(tracks, track);
    }
    json_t *data = json_pack("{s:I, s:s, s:o}", "seq", (json_int_t)subscriber->seq, "sdp", sdp.data, "tracks", tracks);
    if (subscriber->is_reset)
        json_object_set_new(data, "reset", json_true());
    text_free(&sdp);
    return data;
}

static enum err open_peer(struct subscriber *subscriber)
{
    if (pc_is_open(&subscriber->pc))
        return ERR_OK;
    enum err err = pc_open(&subscriber->pc, subscriber->call_id, subscriber->user_id);
    if (err)
        return err;
    err = pc_add(&subscriber->pc, NULL);
    if (err)
        pc_close(&subscriber->pc);
    return err;
}

static void send_offer(struct subscriber *subscriber)
{
    list_each (node, &subscriber->subs) {
        struct subscription *sub = list_item(node, struct subscription, node);
        if (sub->line < 0)
            take_line(subscriber, sub);
    }
    if (!subscriber->offer.line_count) {
        subscriber->is_dirty = false; /* nothing was ever published: no connection is needed */
        return;
    }
    enum err err = open_peer(subscriber);
    if (err) {
        log_limited(LOG_WARN, "a member cannot receive for now call=%llu user=%llu err=%s",
                    (unsigned long long)subscriber->call_id, (unsigned long long)subscriber->user_id, err_str(err));
        schedule(subscriber, SUBSCRIBER_RETRY_US);
        return;
    }
    if (subscriber->is_restart) {
        pc_new_credentials(&subscriber->pc);
        subscriber->is_ice_new = true;
        subscriber->is_restart = false;
    }
    subscriber->is_dirty = false;
    subscriber->is_waiting = true;
    subscriber->seq++;
    schedule(subscriber, SUBSCRIBER_ANSWER_US);
    json_t *data = offer_json(subscriber);
    subscriber->is_reset = false;
    subscriber->ops.on_offer(subscriber->ops.ctx, data);
}

/* The connection goes; all that is wanted is offered on a new one. */
static void reset(struct subscriber *subscriber)
{
    pc_close(&subscriber->pc); /* its subscriptions go with it */
    list_each (node, &subscriber->subs) {
        struct subscription *sub = list_item(node, struct subscription, node);
        sub->line = -1;
        sub->sub_id = 0;
        sub->is_accepted = false;
    }
    free_lines(subscriber);
    subscriber->next_mid = 0;
    subscriber->is_waiting = false;
    subscriber->is_restart = false;
    subscriber->is_ice_new = false;
    subscriber->is_reset = true;
    timer_stop(subscriber->env->timers, &subscriber->timer);
    mark_dirty(subscriber);
}

static void on_timer(void *ctx, uint64_t now_us)
{
    (void)now_us;
    struct subscriber *subscriber = ctx;
    if (!subscriber->is_attached)
        return;
    if (subscriber->is_waiting) {
        log_limited(LOG_INFO, "an offer was not answered call=%llu user=%llu seq=%llu",
                    (unsigned long long)subscriber->call_id, (unsigned long long)subscriber->user_id,
                    (unsigned long long)subscriber->seq);
        reset(subscriber);
        return;
    }
    flush(subscriber);
    if (subscriber->is_dirty)
        send_offer(subscriber);
}

static bool is_sent_as(const struct media_format *a, const struct media_format *b)
{
    return a->pt == b->pt && a->rtx_pt == b->rtx_pt && memcmp(&a->ext, &b->ext, sizeof(a->ext)) == 0;
}

static void apply_answer(struct subscriber *subscriber, const struct subscribe_answer *answer)
{
    for (unsigned i = 0; i < subscriber->offer.line_count; i++) {
        struct subscription *sub = subscriber->line_subs[i];
        if (answer->lines[i].is_rejected) {
            subscriber->offer.lines[i].is_dead = true;
            subscriber->offer.lines[i].is_sending = false;
        }
        if (!sub)
            continue;
        bool is_accepted = answer->lines[i].is_accepted;
        if (!is_accepted || !is_sent_as(&sub->format, &answer->lines[i].format))
            post_del(subscriber, sub);
        sub->is_accepted = is_accepted;
        sub->format = answer->lines[i].format;
    }
}

/* What is refused leaves the offer open: the client may answer again. */
static enum call_error apply_remote(struct subscriber *subscriber, const struct subscribe_answer *answer,
                                    char error[CALL_ERROR_TEXT_MAX])
{
    struct pc *pc = &subscriber->pc;
    if (!answer->has_transport)
        return CALL_ERR_NONE;
    if (pc->has_remote && !pc_is_same_certificate(pc, &answer->remote)) {
        (void)text_copy(error, CALL_ERROR_TEXT_MAX,
                        "the certificate changed on a running connection; ask for a new one by restart-ice with reset");
        return CALL_ERR_BAD_SDP;
    }
    if (pc->has_remote && pc->params.is_dtls_client != answer->remote.is_dtls_client) {
        (void)text_copy(error, CALL_ERROR_TEXT_MAX, "a=setup turns the DTLS roles of a running connection round");
        return CALL_ERR_BAD_SDP;
    }
    if (pc->has_remote && !subscriber->is_ice_new && pc_is_same_ice(pc, &answer->remote))
        return CALL_ERR_NONE;
    if (pc_set_remote(pc, &answer->remote)) {
        (void)text_copy(error, CALL_ERROR_TEXT_MAX, "the media thread has too much to do; answer again in a moment");
        return CALL_ERR_BUSY;
    }
    subscriber->is_ice_new = false;
    return CALL_ERR_NONE;
}

enum call_error subscriber_answer(struct subscriber *subscriber, uint64_t seq, const char *sdp, size_t len,
                                  char error[CALL_ERROR_TEXT_MAX])
{
    if (!subscriber->is_waiting || seq != subscriber->seq) {
        snprintf(error, CALL_ERROR_TEXT_MAX, "no offer with seq %llu is open", (unsigned long long)seq);
        return CALL_ERR_BAD_STATE;
    }
    struct subscribe_answer *answer = mem_calloc(1, sizeof(*answer));
    enum call_error code = CALL_ERR_BAD_SDP;
    if (subscribe_answer_read(sdp, len, &subscriber->offer, answer, error) == ERR_OK)
        code = apply_remote(subscriber, answer, error);
    if (!code) {
        subscriber->is_waiting = false;
        timer_stop(subscriber->env->timers, &subscriber->timer);
        apply_answer(subscriber, answer);
        flush(subscriber);
        if (subscriber->is_dirty)
            mark_dirty(subscriber);
    }
    free(answer);
    return code;
}

/* ---- life ---- */

void subscriber_init(struct subscriber *subscriber, struct call_env *env, uint64_t call_id, uint64_t user_id,
                     const struct subscriber_ops *ops)
{
    *subscriber = (struct subscriber){.env = env, .ops = *ops, .call_id = call_id, .user_id = user_id};
    pc_init(&subscriber->pc, env, on_pc_state, subscriber);
    list_init(&subscriber->subs);
    timer_init(&subscriber->timer, on_timer, subscriber);
}

void subscriber_clear(struct subscriber *subscriber)
{
    subscriber_detach(subscriber);
    pc_close(&subscriber->pc);
    list_each (node, &subscriber->subs)
        free(list_item(node, struct subscription, node));
    list_init(&subscriber->subs);
    free_lines(subscriber);
}

void subscriber_attach(struct subscriber *subscriber)
{
    subscriber->is_attached = true;
    if (subscriber->is_waiting) { /* the offer or its answer may be lost with the old socket */
        subscriber->is_waiting = false;
        subscriber->is_dirty = true;
    }
    flush(subscriber);
    if (subscriber->is_dirty)
        mark_dirty(subscriber);
}

void subscriber_detach(struct subscriber *subscriber)
{
    subscriber->is_attached = false;
    timer_stop(subscriber->env->timers, &subscriber->timer);
}

void subscriber_add(struct subscriber *subscriber, const struct call_track *track)
{
    struct subscription *sub = mem_calloc(1, sizeof(*sub));
    sub->track = track;
    sub->line = -1;
    list_push(&subscriber->subs, &sub->node);
    mark_dirty(subscriber);
}

void subscriber_remove(struct subscriber *subscriber, const struct call_track *track)
{
    list_each (node, &subscriber->subs) {
        struct subscription *sub = list_item(node, struct subscription, node);
        if (sub->track != track)
            continue;
        post_del(subscriber, sub);
        if (sub->line >= 0) {
            subscriber->line_subs[sub->line] = NULL;
            subscriber->offer.lines[sub->line].is_sending = false;
            mark_dirty(subscriber);
        }
        list_remove(&sub->node);
        free(sub);
        return;
    }
}

void subscriber_move(struct subscriber *subscriber)
{
    flush(subscriber);
}

enum call_error subscriber_want(struct subscriber *subscriber, const char *track_name, bool is_paused, uint16_t width,
                                uint16_t height)
{
    list_each (node, &subscriber->subs) {
        struct subscription *sub = list_item(node, struct subscription, node);
        if (strcmp(sub->track->name, track_name) != 0)
            continue;
        bool is_size_new = sub->width != width || sub->height != height;
        bool is_pause_new = sub->is_paused != is_paused;
        sub->is_paused = is_paused;
        sub->width = width;
        sub->height = height;
        if (!sub->sub_id)
            return CALL_ERR_NONE; /* goes along when it is sent */
        struct media_cmd cmd = {.type = MEDIA_CMD_SUB_PAUSE};
        cmd.u.sub_pause.sub_id = sub->sub_id;
        cmd.u.sub_pause.is_paused = is_paused;
        if (is_pause_new && pc_post(&subscriber->pc, &cmd))
            return CALL_ERR_BUSY;
        return is_size_new && post_want(subscriber, sub) ? CALL_ERR_BUSY : CALL_ERR_NONE;
    }
    return CALL_ERR_NO_SUCH_TRACK;
}

void subscriber_restart(struct subscriber *subscriber, bool is_reset)
{
    if (is_reset || subscriber->pc.state == PC_FAILED) {
        reset(subscriber);
        return;
    }
    if (!pc_is_open(&subscriber->pc))
        return; /* the first offer is still to come */
    subscriber->is_restart = true;
    mark_dirty(subscriber);
}
