/* The publish connection of one member. Web thread. */
#include "call/publisher.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

_Static_assert(CALL_ERROR_TEXT_MAX >= SDP_ERROR_MAX, "sentences of the SDP parser are handed on");

static void on_pc_state(void *ctx, enum pc_state state)
{
    struct publisher *publisher = ctx;
    publisher->ops.on_state(publisher->ops.ctx, state);
}

void publisher_init(struct publisher *publisher, struct call_env *env, uint64_t call_id, uint64_t user_id,
                    const struct publisher_ops *ops)
{
    *publisher = (struct publisher){.env = env, .ops = *ops, .call_id = call_id, .user_id = user_id};
    pc_init(&publisher->pc, env, on_pc_state, publisher);
    list_init(&publisher->tracks);
}

static void end_track(struct publisher *publisher, struct call_track *track)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_DEL};
    cmd.u.track_del.track_id = track->id;
    list_remove(&track->node);
    publisher->ops.on_removed(publisher->ops.ctx, track);
    pc_post_sure(&publisher->pc, &cmd);
    free(track);
}

void publisher_clear(struct publisher *publisher)
{
    list_each (node, &publisher->tracks)
        end_track(publisher, list_item(node, struct call_track, node));
    pc_close(&publisher->pc);
}

size_t publisher_track_count(const struct publisher *publisher)
{
    size_t count = 0;
    for (const struct list *node = publisher->tracks.next; node != &publisher->tracks; node = node->next)
        count++;
    return count;
}

static struct call_track *find_mid(struct publisher *publisher, const char *mid)
{
    list_each (node, &publisher->tracks) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (strcmp(track->mid, mid) == 0)
            return track;
    }
    return NULL;
}

static const struct publish_wish *find_wish(const struct publish_wish *wishes, size_t count, const char *mid)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wishes[i].mid, mid) == 0)
            return &wishes[i];
    }
    return NULL;
}

static const struct publish_line *find_line(const struct publish_offer *offer, const char *mid)
{
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (strcmp(offer->lines[i].mid, mid) == 0)
            return &offer->lines[i];
    }
    return NULL;
}

PRINTF_LIKE(3, 4)
static enum call_error refuse(char error[CALL_ERROR_TEXT_MAX], enum call_error code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, CALL_ERROR_TEXT_MAX, fmt, args);
    va_end(args);
    return code;
}

/* Every wish must fit a line. Lines that send without a wish are answered as inactive. */
static enum call_error match_wishes(const struct publisher *publisher, struct publish_offer *offer,
                                    const struct publish_wish *wishes, size_t count, char error[CALL_ERROR_TEXT_MAX])
{
    for (size_t i = 0; i < count; i++) {
        const char *mid = wishes[i].mid;
        const struct publish_line *line = find_line(offer, mid);
        if (!line)
            return refuse(error, CALL_ERR_BAD_MESSAGE, "tracks names mid %s, which the offer does not have", mid);
        if (find_wish(wishes, i, mid))
            return refuse(error, CALL_ERR_BAD_MESSAGE, "tracks names mid %s twice", mid);
        if (line->is_accepted && track_source_kind(wishes[i].source) != line->format.kind)
            return refuse(error, CALL_ERR_BAD_MESSAGE, "the source of mid %s is of another kind than its m-line", mid);
    }
    unsigned sending = 0;
    for (unsigned i = 0; i < offer->line_count; i++) {
        struct publish_line *line = &offer->lines[i];
        line->is_sending = line->is_accepted && line->is_sending && find_wish(wishes, count, line->mid);
        sending += line->is_sending;
    }
    if (sending > publisher->env->conf->call.max_tracks)
        return refuse(error, CALL_ERR_TOO_MANY_TRACKS, "%u tracks offered, at most %u are taken", sending,
                      publisher->env->conf->call.max_tracks);
    return CALL_ERR_NONE;
}

static bool is_new_connection(const struct publisher *publisher, const struct publish_offer *offer)
{
    const struct pc *pc = &publisher->pc;
    return pc_is_open(pc) && offer->has_transport &&
           (pc->state == PC_FAILED || !pc_is_same_certificate(pc, &offer->remote));
}

static enum call_error check_role(const struct publisher *publisher, const struct publish_offer *offer,
                                  char error[CALL_ERROR_TEXT_MAX])
{
    const struct pc *pc = &publisher->pc;
    if (!pc_is_open(pc) || !offer->has_transport || offer->is_setup_open || is_new_connection(publisher, offer))
        return CALL_ERR_NONE;
    if (offer->remote.is_dtls_client == pc->params.is_dtls_client)
        return CALL_ERR_NONE;
    return refuse(error, CALL_ERR_BAD_SDP, "a=setup:%s turns the DTLS roles of a running connection round",
                  offer->remote.is_dtls_client ? "passive" : "active");
}

/* Brings the connection to what the offer's transport says. */
static enum err apply_transport(struct publisher *publisher, const struct publish_offer *offer)
{
    struct pc *pc = &publisher->pc;
    if (is_new_connection(publisher, offer))
        publisher_clear(publisher);
    if (!offer->has_transport)
        return ERR_OK;
    if (!pc_is_open(pc)) {
        enum err err = pc_open(pc, publisher->call_id, publisher->user_id);
        return err ? err : pc_add(pc, &offer->remote);
    }
    if (pc_is_same_ice(pc, &offer->remote))
        return ERR_OK;
    struct rtc_params remote = offer->remote;
    remote.is_dtls_client = pc->params.is_dtls_client; /* an ICE restart does not change the roles */
    pc_new_credentials(pc);
    return pc_set_remote(pc, &remote);
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

static bool is_going_on(const struct call_track *track, const struct publish_line *line,
                        const struct publish_wish *wish)
{
    return line && line->is_sending && wish && wish->source == track->source &&
           is_same_format(&track->format, &line->format) && line->layer_count == track->layer_count &&
           line->layers[0].ssrc == track->layers[0].ssrc && line->layers[0].rtx_ssrc == track->layers[0].rtx_ssrc;
}

static enum err post_pause(struct publisher *publisher, const struct call_track *track, bool is_paused)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_PAUSE};
    cmd.u.track_pause.track_id = track->id;
    cmd.u.track_pause.is_paused = is_paused;
    return pc_post(&publisher->pc, &cmd);
}

static enum err start_track(struct publisher *publisher, const struct publish_line *line,
                            const struct publish_wish *wish)
{
    struct call_track *track = mem_calloc(1, sizeof(*track));
    track->id = media_new_id(publisher->env->media);
    snprintf(track->name, sizeof(track->name), "t%llu", (unsigned long long)track->id);
    track->user_id = publisher->user_id;
    (void)text_copy(track->mid, sizeof(track->mid), line->mid);
    track->source = wish->source;
    track->is_muted = wish->is_muted;
    track->worker = publisher->pc.worker;
    track->format = line->format;
    track->layer_count = line->layer_count;
    memcpy(track->layers, line->layers, sizeof(track->layers));

    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_ADD};
    cmd.u.track_add.track_id = track->id;
    memcpy(cmd.u.track_add.mid, track->mid, sizeof(track->mid));
    cmd.u.track_add.format = track->format;
    cmd.u.track_add.layer_count = track->layer_count;
    memcpy(cmd.u.track_add.layers, track->layers, sizeof(track->layers));
    enum err err = pc_post(&publisher->pc, &cmd);
    if (!err && track->is_muted)
        err = post_pause(publisher, track, true);
    list_init(&track->node);
    if (err) {
        free(track); /* the connection goes, and with it what the media thread may have of the track */
        return err;
    }
    list_push(&publisher->tracks, &track->node);
    publisher->ops.on_added(publisher->ops.ctx, track);
    return ERR_OK;
}

static enum err set_muted(struct publisher *publisher, struct call_track *track, bool is_muted)
{
    if (track->is_muted == is_muted)
        return ERR_OK;
    enum err err = post_pause(publisher, track, is_muted);
    if (err)
        return err;
    track->is_muted = is_muted;
    publisher->ops.on_muted(publisher->ops.ctx, track);
    return ERR_OK;
}

static enum err apply_lines(struct publisher *publisher, const struct publish_offer *offer,
                            const struct publish_wish *wishes, size_t wish_count)
{
    list_each (node, &publisher->tracks) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (!is_going_on(track, find_line(offer, track->mid), find_wish(wishes, wish_count, track->mid)))
            end_track(publisher, track);
    }
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct publish_line *line = &offer->lines[i];
        if (!line->is_sending)
            continue;
        const struct publish_wish *wish = find_wish(wishes, wish_count, line->mid);
        struct call_track *track = find_mid(publisher, line->mid);
        enum err err = track ? set_muted(publisher, track, wish->is_muted) : start_track(publisher, line, wish);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum call_error apply(struct publisher *publisher, struct publish_offer *offer,
                             const struct publish_wish *wishes, size_t wish_count, struct text *answer,
                             char error[CALL_ERROR_TEXT_MAX])
{
    enum call_error code = match_wishes(publisher, offer, wishes, wish_count, error);
    if (!code)
        code = check_role(publisher, offer, error);
    if (code)
        return code;
    enum err err = apply_transport(publisher, offer);
    if (!err)
        err = apply_lines(publisher, offer, wishes, wish_count);
    if (err) {
        publisher_clear(publisher);
        return refuse(error, CALL_ERR_BUSY, "%s; publish anew with a new connection",
                      err == ERR_LIMIT ? "the server has no room for another connection"
                                       : "the media thread has too much to do");
    }
    struct negotiate_local local = {.ufrag = "", .pwd = "", .fingerprint = "", .session_version = 1};
    if (pc_is_open(&publisher->pc))
        pc_local(&publisher->pc, &local);
    publish_answer_write(offer, &local, answer);
    return CALL_ERR_NONE;
}

enum call_error publisher_offer(struct publisher *publisher, const char *sdp, size_t len,
                                const struct publish_wish *wishes, size_t wish_count, struct text *answer,
                                char error[CALL_ERROR_TEXT_MAX])
{
    struct publish_offer *offer = mem_calloc(1, sizeof(*offer));
    enum call_error code = CALL_ERR_BAD_SDP;
    if (publish_offer_read(sdp, len, offer, error) == ERR_OK) {
        code = apply(publisher, offer, wishes, wish_count, answer, error);
        publish_offer_clear(offer);
    }
    free(offer);
    return code;
}

enum call_error publisher_mute(struct publisher *publisher, const char *track_name, bool is_muted)
{
    list_each (node, &publisher->tracks) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (strcmp(track->name, track_name) == 0)
            return set_muted(publisher, track, is_muted) ? CALL_ERR_BUSY : CALL_ERR_NONE;
    }
    return CALL_ERR_NO_SUCH_TRACK;
}
