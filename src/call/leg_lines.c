/* The m-lines of a leg: what the client says of them, which track goes where, and the media thread's share. Web
 * thread. */
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/text.h"
#include "call/leg.h"

/* ---- what the client says ---- */

static void post_del(struct leg *leg, struct leg_line *line)
{
    if (!line->sub_id)
        return;
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_DEL};
    cmd.u.sub_del.sub_id = line->sub_id;
    pc_post_sure(&leg->pc, &cmd);
    line->sub_id = 0;
}

static void release(struct leg *leg, struct leg_line *line)
{
    post_del(leg, line);
    if (line->down)
        line->down->line = -1;
    line->down = NULL;
}

static void refuse_down(struct leg *leg, struct leg_line *line)
{
    if (line->down)
        line->down->is_refused = true;
    release(leg, line);
}

static enum media_kind kind_of(const struct sdp_media *media)
{
    return media->kind == SDP_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO;
}

static bool is_same_line(const struct leg_line *line, const struct publish_line *said, const struct sdp_media *media)
{
    return strcmp(line->mid, said->mid) == 0 && line->kind == kind_of(media) &&
           line->is_application == (media->kind == SDP_APPLICATION);
}

bool leg_lines_fit(const struct leg *leg, const struct publish_offer *answer)
{
    if (answer->line_count != leg->line_count)
        return false;
    for (unsigned i = 0; i < answer->line_count; i++) {
        const struct leg_line *line = &leg->lines[i];
        bool is_dead = line->is_dead && !answer->lines[i].is_accepted;
        if (!is_dead && !is_same_line(line, &answer->lines[i], answer->sdp->media[i]))
            return false;
    }
    return true;
}

static void adopt_line(struct leg *leg, struct leg_line *line, const struct publish_offer *from, unsigned index,
                       bool is_answer)
{
    const struct publish_line *said = &from->lines[index];
    const struct sdp_media *media = from->sdp->media[index];
    if (!said->is_accepted) {
        refuse_down(leg, line);
        line->is_dead = true;
        line->is_wanting = line->is_receiving = false;
        return;
    }
    line->is_dead = false;
    line->codec = said->format.codec;
    leg_learn(leg, from->sdp, media, line);
    enum sdp_direction direction = sdp_direction_of(from->sdp, media);
    line->is_receiving = direction == SDP_SENDRECV || direction == SDP_RECVONLY;
    if (!is_answer || line->is_recv_offered) /* else the answer could not say that it would send */
        line->is_wanting = said->is_sending;
    bool is_taken = line->is_receiving && line->down && (line->codecs >> line->down->track->format.codec & 1);
    if (is_answer && line->is_send_offered && !is_taken)
        refuse_down(leg, line);
    else if (!is_answer && !is_taken)
        release(leg, line); /* goes to another line */
}

void leg_lines_adopt(struct leg *leg, const struct publish_offer *from, bool is_answer)
{
    for (unsigned i = 0; i < from->line_count; i++) {
        struct leg_line *line = &leg->lines[i];
        const struct sdp_media *media = from->sdp->media[i];
        if (!is_answer && (i >= leg->line_count || !is_same_line(line, &from->lines[i], media))) {
            release(leg, line); /* a line that we wanted to add in an offer that the client never took */
            *line = (struct leg_line){.kind = kind_of(media), .is_application = media->kind == SDP_APPLICATION};
            memcpy(line->mid, from->lines[i].mid, sizeof(line->mid));
        }
        adopt_line(leg, line, from, i, is_answer);
    }
    for (unsigned i = from->line_count; i < leg->line_count; i++)
        release(leg, &leg->lines[i]);
    leg->line_count = from->line_count;
}

void leg_lines_clear(struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++)
        release(leg, &leg->lines[i]);
    leg->line_count = leg->agreed_count = 0;
    memset(leg->has_format, 0, sizeof(leg->has_format));
    leg->h264_profile[0] = 0;
    leg->ids_seen = 0;
    memset(leg->pts_seen, 0, sizeof(leg->pts_seen));
}

/* ---- down: which track goes where ---- */

static bool is_ssrc_used(const struct leg *leg, uint32_t ssrc)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        if (leg->lines[i].ssrc == ssrc || leg->lines[i].rtx_ssrc == ssrc)
            return true;
    }
    return false;
}

static uint32_t new_ssrc(const struct leg *leg)
{
    uint32_t ssrc;
    do
        ssrc = rand_u32();
    while (!ssrc || is_ssrc_used(leg, ssrc));
    return ssrc;
}

/* A source that stops and starts anew is another one: its numbers do not go on. */
static void renew_source(const struct leg *leg, struct leg_line *line)
{
    line->ssrc = new_ssrc(leg);
    line->rtx_ssrc = new_ssrc(leg);
}

static int find_line(struct leg *leg, const struct call_track *track, bool is_offer)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        const struct leg_line *line = &leg->lines[i];
        if (line->is_dead || line->down || line->kind != track->format.kind)
            continue;
        if (is_offer || (line->is_receiving && (line->codecs >> track->format.codec & 1)))
            return (int)i;
    }
    if (!is_offer || leg->line_count == LEG_LINES_MAX)
        return -1;
    struct leg_line *line = &leg->lines[leg->line_count];
    *line = (struct leg_line){.kind = track->format.kind};
    negotiate_write_mid(line->mid, "s", leg->next_mid++); /* browsers count without a letter */
    return (int)leg->line_count++;
}

void leg_lines_place(struct leg *leg, bool is_offer)
{
    list_each (node, &leg->downs) {
        struct leg_down *down = list_item(node, struct leg_down, node);
        int index = down->line < 0 && !down->is_refused ? find_line(leg, down->track, is_offer) : -1;
        if (index < 0)
            continue;
        down->line = index;
        leg->lines[index].down = down;
        renew_source(leg, &leg->lines[index]);
    }
}

static bool has_place(const struct leg *leg, const struct leg_down *down)
{
    if (down->is_refused)
        return false;
    for (unsigned i = 0; i < leg->line_count; i++) {
        const struct leg_line *line = &leg->lines[i];
        if (!line->is_dead && !line->down && line->kind == down->track->format.kind)
            return true;
    }
    return leg->line_count < LEG_LINES_MAX;
}

/* ---- wishes and agreements ---- */

bool leg_line_sends(const struct leg *leg, const struct leg_line *line)
{
    return !line->is_dead && line->down && !(leg->is_hiding && line->kind == MEDIA_VIDEO);
}

bool leg_line_receives(const struct leg *leg, const struct leg_line *line)
{
    return !line->is_dead && leg->is_uplink && line->is_wanting && !line->is_excess;
}

bool leg_lines_changed(const struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        const struct leg_line *line = &leg->lines[i];
        bool is_sending = leg_line_sends(leg, line);
        if (is_sending != line->is_send_agreed || leg_line_receives(leg, line) != line->is_recv_agreed)
            return true;
        if (is_sending && line->ssrc != line->ssrc_agreed)
            return true;
    }
    for (const struct list *node = leg->downs.next; node != &leg->downs; node = node->next) {
        const struct leg_down *down = list_item(node, struct leg_down, node);
        if (down->line < 0 && has_place(leg, down))
            return true;
    }
    return false;
}

void leg_lines_offered(struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        struct leg_line *line = &leg->lines[i];
        line->is_send_offered = leg_line_sends(leg, line);
        line->is_recv_offered = leg_line_receives(leg, line);
        line->ssrc_offered = line->ssrc;
    }
}

void leg_lines_agreed(struct leg *leg, bool is_answer)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        struct leg_line *line = &leg->lines[i];
        line->is_send_agreed = line->is_send_offered && line->is_receiving;
        line->is_recv_agreed = line->is_recv_offered && (!is_answer || line->is_wanting);
        line->ssrc_agreed = line->ssrc_offered;
    }
    leg->agreed_count = leg->line_count;
    if (!leg->is_hiding)
        return;
    leg->is_hiding = false;
    for (unsigned i = 0; i < leg->line_count; i++) {
        if (leg->lines[i].down && leg->lines[i].kind == MEDIA_VIDEO)
            renew_source(leg, &leg->lines[i]);
    }
}

/* ---- up: the client's tracks ---- */

/* The m-line that goes on carrying the track, or NULL. */
static const struct publish_line *find_said(const struct publish_offer *from, const struct call_track *track)
{
    for (unsigned i = 0; i < from->line_count; i++) {
        const struct publish_line *said = &from->lines[i];
        if (said->is_accepted && strcmp(said->mid, track->mid) == 0)
            return track_goes_on(track, said, track->source) ? said : NULL;
    }
    return NULL;
}

/* A line that begins to send while a track of its kind loses its own is the same track in another place: the client
 * changed from camera to screen, or its uplink is another leg. */
static struct call_track *find_leftover(struct leg *leg, const struct publish_offer *from,
                                        const struct publish_line *said)
{
    list_each (node, &leg->place.tracks->list) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (track->format.codec == said->format.codec && !find_said(from, track))
            return track;
    }
    return NULL;
}

static bool is_carried(const struct leg *leg, const struct publish_line *said)
{
    const struct call_track *track = track_set_find_mid(leg->place.tracks, said->mid);
    return track && track_goes_on(track, said, track->source);
}

static bool is_up(const struct publish_line *said)
{
    return said->is_accepted && said->is_sending;
}

/* Such a client does not say what it sends: its first picture is the camera, a second one the screen. */
static bool guess_source(const struct track_set *tracks, enum media_kind kind, enum track_source *out)
{
    static const enum track_source guesses[2][2] = {
        [MEDIA_AUDIO] = {TRACK_MIC, TRACK_SCREEN_AUDIO},
        [MEDIA_VIDEO] = {TRACK_CAMERA, TRACK_SCREEN},
    };
    for (unsigned i = 0; i < ARRAY_LEN(guesses[kind]); i++) {
        bool is_used = false;
        for (const struct list *node = tracks->list.next; node != &tracks->list; node = node->next)
            is_used |= list_item(node, struct call_track, node)->source == guesses[kind][i];
        *out = guesses[kind][i];
        if (!is_used)
            return true;
    }
    return false;
}

static enum err start_track(struct leg *leg, const struct publish_line *said, bool *is_excess)
{
    struct track_set *tracks = leg->place.tracks;
    enum track_source source;
    *is_excess =
        track_set_count(tracks) >= leg->env->conf->call.max_tracks || !guess_source(tracks, said->format.kind, &source);
    return *is_excess ? ERR_OK : track_set_start(tracks, &leg->pc, said, source, false);
}

enum err leg_lines_take(struct leg *leg, const struct publish_offer *from)
{
    if (!leg->is_uplink)
        return ERR_OK;
    struct track_set *tracks = leg->place.tracks;
    for (unsigned i = 0; i < from->line_count; i++) {
        const struct publish_line *said = &from->lines[i];
        bool is_new = is_up(said) && !is_carried(leg, said);
        struct call_track *leftover = is_new ? find_leftover(leg, from, said) : NULL;
        enum err err = leftover ? track_set_move(tracks, &leg->pc, leftover, said) : ERR_OK;
        if (err)
            return err;
    }
    list_each (node, &tracks->list) {
        struct call_track *track = list_item(node, struct call_track, node);
        if (!find_said(from, track))
            track_set_end(tracks, &leg->pc, track);
    }
    for (unsigned i = 0; i < from->line_count; i++) {
        const struct publish_line *said = &from->lines[i];
        leg->lines[i].is_excess = false;
        enum err err =
            is_up(said) && !is_carried(leg, said) ? start_track(leg, said, &leg->lines[i].is_excess) : ERR_OK;
        if (err)
            return err;
    }
    return ERR_OK;
}

/* ---- the media thread ---- */

static enum err post_add(struct leg *leg, struct leg_line *line, const struct media_format *format)
{
    const struct call_track *track = line->down->track;
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_ADD};
    cmd.u.sub_add.sub_id = media_new_id(leg->env->media);
    cmd.u.sub_add.track_id = track->id;
    cmd.u.sub_add.track_worker = track->worker;
    cmd.u.sub_add.track_layers = track->layer_count;
    cmd.u.sub_add.source = track->format;
    cmd.u.sub_add.format = *format;
    cmd.u.sub_add.ssrc = line->ssrc;
    cmd.u.sub_add.rtx_ssrc = format->rtx_pt ? line->rtx_ssrc : 0;
    memcpy(cmd.u.sub_add.mid, line->mid, sizeof(line->mid));
    snprintf(cmd.u.sub_add.cname, sizeof(cmd.u.sub_add.cname), "m%llu", (unsigned long long)leg->place.other_id);
    enum err err = pc_post(&leg->pc, &cmd);
    if (!err) {
        line->sub_id = cmd.u.sub_add.sub_id;
        line->sub_track_id = track->id;
        line->sub_format = *format;
    }
    return err;
}

/* The track is in another place. */
static enum err post_move(struct leg *leg, struct leg_line *line)
{
    const struct call_track *track = line->down->track;
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_MOVE};
    cmd.u.sub_move.sub_id = line->sub_id;
    cmd.u.sub_move.track_id = track->id;
    cmd.u.sub_move.track_worker = track->worker;
    cmd.u.sub_move.track_layers = track->layer_count;
    cmd.u.sub_move.source = track->format;
    enum err err = pc_post(&leg->pc, &cmd);
    if (!err)
        line->sub_track_id = track->id;
    return err;
}

static bool is_sent_as(const struct media_format *a, const struct media_format *b)
{
    return a->pt == b->pt && a->rtx_pt == b->rtx_pt && memcmp(&a->ext, &b->ext, sizeof(a->ext)) == 0;
}

static enum err flush_line(struct leg *leg, struct leg_line *line)
{
    if (!leg_line_sends(leg, line) || !line->is_send_agreed || line->ssrc != line->ssrc_agreed) {
        post_del(leg, line);
        return ERR_OK;
    }
    const struct call_track *track = line->down->track;
    struct media_format format = leg_format(leg, track->format.codec);
    if (!line->sub_id) /* an orphan is nowhere to be had until it moves */
        return track->is_orphan ? ERR_OK : post_add(leg, line, &format);
    if (!is_sent_as(&line->sub_format, &format)) {
        post_del(leg, line);
        renew_source(leg, line); /* is sent again after another round */
        return ERR_OK;
    }
    return line->sub_track_id == track->id ? ERR_OK : post_move(leg, line);
}

enum err leg_lines_flush(struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        enum err err = flush_line(leg, &leg->lines[i]);
        if (err)
            return err;
    }
    return ERR_OK;
}
