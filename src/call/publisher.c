/* The publish connection of one member. Web thread. */
#include "call/publisher.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

_Static_assert(CALL_ERROR_TEXT_MAX >= SDP_ERROR_MAX, "sentences of the SDP parser are handed on");

static void on_pc_state(void *ctx, enum pc_state state)
{
    struct publisher *publisher = ctx;
    publisher->ops.on_state(publisher->ops.ctx, state);
}

void publisher_init(struct publisher *publisher, struct call_env *env, uint64_t call_id, struct track_set *tracks,
                    const struct publisher_ops *ops)
{
    *publisher = (struct publisher){.env = env, .ops = *ops, .call_id = call_id, .tracks = tracks};
    pc_init(&publisher->pc, env, on_pc_state, publisher);
}

void publisher_clear(struct publisher *publisher)
{
    track_set_end_all(publisher->tracks, &publisher->pc);
    pc_close(&publisher->pc);
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
        enum err err = pc_open(pc, publisher->call_id, publisher->tracks->user_id);
        return err ? err : pc_add(pc, &offer->remote);
    }
    if (pc_is_same_ice(pc, &offer->remote))
        return ERR_OK;
    struct rtc_params remote = offer->remote;
    remote.is_dtls_client = pc->params.is_dtls_client; /* an ICE restart does not change the roles */
    pc_new_credentials(pc);
    return pc_set_remote(pc, &remote);
}

static enum err apply_lines(struct publisher *publisher, const struct publish_offer *offer,
                            const struct publish_wish *wishes, size_t wish_count)
{
    struct track_set *tracks = publisher->tracks;
    struct pc *pc = &publisher->pc;
    list_each (node, &tracks->list) {
        struct call_track *track = list_item(node, struct call_track, node);
        const struct publish_line *line = find_line(offer, track->mid);
        const struct publish_wish *wish = find_wish(wishes, wish_count, track->mid);
        if (!line || !wish || !track_goes_on(track, line, wish->source))
            track_set_end(tracks, pc, track);
    }
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct publish_line *line = &offer->lines[i];
        if (!line->is_sending)
            continue;
        const struct publish_wish *wish = find_wish(wishes, wish_count, line->mid);
        struct call_track *track = track_set_find_mid(tracks, line->mid);
        enum err err = track ? track_set_mute(tracks, pc, track, wish->is_muted)
                             : track_set_start(tracks, pc, line, wish->source, wish->is_muted);
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
    list_each (node, &publisher->tracks->list) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (strcmp(track->name, track_name) == 0)
            return track_set_mute(publisher->tracks, &publisher->pc, track, is_muted) ? CALL_ERR_BUSY : CALL_ERR_NONE;
    }
    return CALL_ERR_NO_SUCH_TRACK;
}
