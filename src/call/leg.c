/* Who offers when on a leg, and what becomes of it. Web thread. */
#include "call/leg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#define CLIENT_STEP_US 3500000 /* when a client whose offer is not answered has begun anew (CONTRACT section 9) */
/* Quick switching of devices stays below; each offer costs an SDP parse and commands to a media thread. */
#define OFFERS_PER_SECOND 4
#define OFFERS_BURST 16

static uint64_t now_of(const struct leg *leg)
{
    return leg->env->now_us();
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

PRINTF_LIKE(2, 3)
static void note(const struct leg *leg, const char *fmt, ...)
{
    char text[SDP_ERROR_MAX + 64];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_limited(LOG_INFO, "%s call=%llu user=%llu for=%llu", text, (unsigned long long)leg->place.call_id,
                (unsigned long long)leg->place.user_id, (unsigned long long)leg->place.other_id);
}

/* When its offer crosses ours, the client takes ours; else it drops ours. */
static bool is_yielding(const struct leg *leg)
{
    return leg->place.user_id > leg->place.other_id;
}

/* ---- when ---- */

static uint64_t quiet_us(const struct leg *leg)
{
    const struct leg_pace *pace = leg->place.pace;
    uint64_t response = pace->response_us ? pace->response_us : LEG_RESPONSE_US;
    return pace->heard_us + min_u64(max_u64(2 * response, LEG_QUIET_MIN_US), LEG_QUIET_MAX_US);
}

static bool has_news(const struct leg *leg)
{
    return leg->phase == LEG_STABLE && (leg->is_first || leg->is_unsure || leg_lines_changed(leg));
}

static uint64_t offer_due_us(const struct leg *leg)
{
    if (leg->is_first) /* the client waits for it: nothing can cross it */
        return max_u64(leg->changed_us + LEG_FIRST_US, leg->hold_us);
    const struct pc *pc = &leg->pc;
    bool is_connecting = pc_is_open(pc) && pc->has_remote && (pc->state == PC_NEW || pc->state == PC_CONNECTING);
    uint64_t latest = leg->changed_us + LEG_DEFER_MAX_US;
    uint64_t quiet = is_connecting ? latest : min_u64(quiet_us(leg), latest);
    if (is_yielding(leg) && !leg->is_settled)
        quiet = max_u64(quiet, leg->met_us + LEG_YOUNG_US);
    uint64_t gather = is_yielding(leg) ? LEG_GATHER_YIELDING_US : LEG_GATHER_US;
    return max_u64(max_u64(leg->changed_us + gather, quiet), leg->hold_us);
}

/* Sets the timer by what is to be done next; called after whatever may have changed that. */
static void plan(struct leg *leg)
{
    struct timers *timers = leg->env->timers;
    bool is_news = has_news(leg);
    leg->is_due = false;
    if (!is_news)
        leg->changed_us = 0;
    else if (!leg->changed_us)
        leg->changed_us = now_of(leg);
    if (!leg->is_attached || leg->is_broken)
        timer_stop(timers, &leg->timer);
    else if (leg->phase == LEG_OFFERED)
        timer_set(timers, &leg->timer, leg->offered_us + LEG_ANSWER_US);
    else if (leg->has_backlog)
        timer_set(timers, &leg->timer, now_of(leg) + LEG_RETRY_US);
    else if (is_news)
        timer_set(timers, &leg->timer, offer_due_us(leg));
    else
        timer_stop(timers, &leg->timer);
}

static void break_leg(struct leg *leg, const char *reason)
{
    if (leg->is_broken)
        return;
    log_limited(LOG_INFO, "an older client is asked for a new connection call=%llu user=%llu for=%llu reason=\"%s\"",
                (unsigned long long)leg->place.call_id, (unsigned long long)leg->place.user_id,
                (unsigned long long)leg->place.other_id, reason);
    leg->is_broken = true;
    plan(leg);
    leg->ops.on_broken(leg->ops.ctx, leg);
}

static void heard(struct leg *leg)
{
    leg->place.pace->heard_us = now_of(leg);
}

static void on_pc_state(void *ctx, enum pc_state state)
{
    struct leg *leg = ctx;
    if (state == PC_FAILED)
        break_leg(leg, "the handshake failed");
    else if (state == PC_GONE) /* such a client does nothing about it by itself */
        break_leg(leg, "no packets come");
    else if (state == PC_CONNECTED)
        heard(leg);
    plan(leg);
}

static void flush(struct leg *leg)
{
    leg->has_backlog = leg_lines_flush(leg) != ERR_OK;
}

/* ---- our offer ---- */

static bool has_live_line(const struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        if (!leg->lines[i].is_dead)
            return true;
    }
    return false;
}

static enum err open_peer(struct leg *leg, const struct rtc_params *remote)
{
    enum err err = pc_open(&leg->pc, leg->place.call_id, leg->place.user_id);
    if (err)
        return err;
    err = pc_add(&leg->pc, remote);
    if (err)
        pc_close(&leg->pc);
    return err;
}

static void send_description(struct leg *leg, bool is_offer)
{
    leg_lines_offered(leg);
    struct text sdp = {0};
    leg_write(leg, is_offer, &sdp);
    leg->ops.on_send(leg->ops.ctx, leg, is_offer, sdp.data);
    text_free(&sdp);
}

static void send_offer(struct leg *leg)
{
    leg_lines_place(leg, true);
    if (has_live_line(leg) && !pc_is_open(&leg->pc)) {
        enum err err = open_peer(leg, NULL);
        if (err) {
            note(leg, "an older client cannot be served for now: %s", err_str(err));
            leg->hold_us = now_of(leg) + LEG_RETRY_US;
            return;
        }
    }
    leg->phase = LEG_OFFERED;
    leg->is_first = leg->is_unsure = leg->is_crossed = false;
    leg->offered_us = now_of(leg);
    send_description(leg, true);
}

/* Our offer was not taken, or its answer got lost: the same m-lines are offered again, after the client's turn. */
static void take_back(struct leg *leg)
{
    leg->phase = LEG_STABLE;
    leg->is_unsure = true;
    leg->is_crossed = false;
}

static void on_timer(void *ctx, uint64_t now_us)
{
    struct leg *leg = ctx;
    if (leg->phase == LEG_OFFERED) {
        take_back(leg);
        if (++leg->tries == LEG_TRIES_MAX)
            break_leg(leg, "it answers no offer");
    }
    if (leg->has_backlog)
        flush(leg);
    if (leg->is_broken || !has_news(leg) || !leg->changed_us || offer_due_us(leg) > now_us) {
        plan(leg);
    } else if (leg->is_due) {
        send_offer(leg);
        plan(leg);
    } else {
        leg->is_due = true;
        timer_set(leg->env->timers, &leg->timer, now_us + LEG_GRACE_US);
    }
}

/* ---- the client's descriptions ---- */

static struct publish_offer *read_description(const struct leg *leg, const char *sdp, size_t len, bool is_answer)
{
    struct publish_offer *said = mem_calloc(1, sizeof(*said));
    char error[SDP_ERROR_MAX];
    if (publish_description_read(sdp, len, is_answer, said, error) == ERR_OK)
        return said;
    note(leg, "a description of an older client cannot be read: %s", error);
    free(said);
    return NULL;
}

static void free_description(struct publish_offer *said)
{
    publish_offer_clear(said);
    free(said);
}

/* M-lines never become fewer while a connection lives, and its certificate stays. */
static bool is_new_connection(const struct leg *leg, const struct publish_offer *said)
{
    if (said->line_count < leg->agreed_count)
        return true;
    return pc_is_open(&leg->pc) && leg->pc.has_remote && said->has_transport &&
           !pc_is_same_certificate(&leg->pc, &said->remote);
}

/* The client loaded its page anew without a word. */
static void start_anew(struct leg *leg)
{
    if (leg->is_uplink)
        track_set_orphan(leg->place.tracks);
    leg_lines_clear(leg);
    leg->has_wanted = leg->is_settled = false;
    leg->met_us = 0;
    pc_close(&leg->pc);
}

static enum err apply_offered_transport(struct leg *leg, const struct publish_offer *said)
{
    struct pc *pc = &leg->pc;
    if (!said->has_transport)
        return ERR_OK;
    if (!pc_is_open(pc))
        return open_peer(leg, &said->remote);
    if (pc->has_remote && pc_is_same_ice(pc, &said->remote))
        return ERR_OK;
    struct rtc_params remote = said->remote;
    if (pc->has_remote) {
        remote.is_dtls_client = pc->params.is_dtls_client; /* an ICE restart does not change the roles */
        pc_new_credentials(pc);
    }
    return pc_set_remote(pc, &remote);
}

/* Kinds that we cannot even turn down by port 0 in a description of our own. */
static bool is_strange(const struct publish_offer *said)
{
    for (unsigned i = 0; i < said->line_count; i++) {
        enum sdp_kind kind = said->sdp->media[i]->kind;
        if (kind != SDP_AUDIO && kind != SDP_VIDEO && kind != SDP_APPLICATION)
            return true;
    }
    return false;
}

static bool is_any_sending(const struct publish_offer *said)
{
    for (unsigned i = 0; i < said->line_count; i++) {
        if (said->lines[i].is_accepted && said->lines[i].is_sending)
            return true;
    }
    return false;
}

static void finish_round(struct leg *leg, bool is_answer)
{
    bool is_wanting = leg_is_wanting(leg);
    leg_lines_agreed(leg, is_answer);
    if (!leg->met_us || (is_wanting && !leg->has_wanted))
        leg->met_us = now_of(leg);
    leg->is_settled |= leg->has_wanted && !is_answer;
    leg->has_wanted |= is_wanting;
}

static void answer(struct leg *leg, const struct publish_offer *said)
{
    if (is_new_connection(leg, said))
        start_anew(leg);
    enum err err = apply_offered_transport(leg, said);
    if (!err) {
        leg_lines_adopt(leg, said, false);
        if (!leg->is_uplink && is_any_sending(said))
            leg->ops.on_wanting(leg->ops.ctx, leg);
        err = leg_lines_take(leg, said);
    }
    if (err) {
        note(leg, "an offer of an older client is left for its next try: %s", err_str(err));
        return;
    }
    leg_lines_place(leg, false);
    leg->phase = LEG_STABLE;
    leg->is_first = leg->is_unsure = false;
    leg->hold_us = 0;
    leg->tries = 0;
    send_description(leg, false);
    finish_round(leg, false);
    flush(leg);
}

/* Both offers are under way. True: the client's is to be dropped, since it takes ours instead of its own. */
static bool drop_crossing(struct leg *leg)
{
    if (leg->phase != LEG_OFFERED)
        return false;
    if (is_yielding(leg) && !leg->is_crossed) {
        leg->is_crossed = true;
        return true;
    }
    take_back(leg); /* he dropped ours; or he has given up waiting for the end of that round */
    return false;
}

void leg_offer(struct leg *leg, const char *sdp, size_t len)
{
    heard(leg);
    leg->hold_us = now_of(leg) + CLIENT_STEP_US; /* unless it is answered, nothing of ours may cross it */
    if (leg->is_broken || !bucket_take(&leg->offers, now_of(leg)) || drop_crossing(leg)) {
        plan(leg);
        return;
    }
    struct publish_offer *said = read_description(leg, sdp, len, false);
    if (said && said->line_count > LEG_LINES_MAX)
        break_leg(leg, "its description has become too long");
    else if (said && !is_strange(said))
        answer(leg, said);
    if (said)
        free_description(said);
    plan(leg);
}

static enum err apply_answered_transport(struct leg *leg, const struct publish_offer *said)
{
    struct pc *pc = &leg->pc;
    if (!said->has_transport)
        return ERR_OK;
    if (!pc->has_remote)
        return pc_set_remote(pc, &said->remote);
    if (!pc_is_same_certificate(pc, &said->remote)) {
        break_leg(leg, "it is another one");
        return ERR_STATE;
    }
    return ERR_OK;
}

static void take_answer(struct leg *leg, const struct publish_offer *said)
{
    if (!leg_lines_fit(leg, said)) {
        note(leg, "an answer of an older client belongs to another offer");
        return;
    }
    if (apply_answered_transport(leg, said))
        return; /* a full queue: the round is tried again */
    struct leg_pace *pace = leg->place.pace;
    uint64_t response = now_of(leg) - leg->offered_us;
    pace->response_us = max_u64(response, pace->response_us - pace->response_us / 4);
    leg_lines_adopt(leg, said, true);
    if (!leg->is_uplink && is_any_sending(said))
        leg->ops.on_wanting(leg->ops.ctx, leg);
    leg->phase = LEG_STABLE;
    leg->hold_us = 0;
    leg->is_unsure = leg->tries > 0; /* it may answer an earlier one */
    leg->tries = 0;
    if (leg_lines_take(leg, said))
        leg->is_unsure = true; /* what was not started is in the next round */
    finish_round(leg, true);
    leg->is_hiding = leg->is_crossed;
    leg->is_crossed = false;
    flush(leg);
}

void leg_answer(struct leg *leg, const char *sdp, size_t len)
{
    heard(leg);
    if (leg->is_broken || leg->phase != LEG_OFFERED)
        return;
    struct publish_offer *said = read_description(leg, sdp, len, true);
    if (said) {
        take_answer(leg, said);
        free_description(said);
    }
    plan(leg);
}

/* ---- wishes ---- */

void leg_make_uplink(struct leg *leg)
{
    leg->is_uplink = true;
    plan(leg);
}

bool leg_is_wanting(const struct leg *leg)
{
    for (unsigned i = 0; i < leg->line_count; i++) {
        if (leg->lines[i].is_wanting && !leg->lines[i].is_dead)
            return true;
    }
    return false;
}

void leg_add_track(struct leg *leg, const struct call_track *track)
{
    struct leg_down *down = mem_calloc(1, sizeof(*down));
    down->track = track;
    down->line = -1;
    list_push(&leg->downs, &down->node);
    plan(leg);
}

void leg_remove_track(struct leg *leg, const struct call_track *track)
{
    list_each (node, &leg->downs) {
        struct leg_down *down = list_item(node, struct leg_down, node);
        if (down->track != track)
            continue;
        if (down->line >= 0)
            leg->lines[down->line].down = NULL;
        list_remove(&down->node);
        free(down);
        flush(leg);
    }
    plan(leg);
}

void leg_move_track(struct leg *leg)
{
    flush(leg);
    plan(leg);
}

/* ---- life ---- */

void leg_open(struct leg *leg, struct call_env *env, const struct leg_place *place, const struct leg_ops *ops)
{
    *leg = (struct leg){.env = env, .ops = *ops, .place = *place};
    leg->session_id = rand_u64() >> 2; /* JSEP section 5.2.1: below 2^62 */
    leg->is_first = is_yielding(leg);  /* CONTRACT section 9: the smaller id begins */
    leg->phase = leg->is_first ? LEG_STABLE : LEG_WAITING;
    leg->offers = (struct bucket){.per_second = OFFERS_PER_SECOND, .burst = OFFERS_BURST};
    pc_init(&leg->pc, env, on_pc_state, leg);
    list_init(&leg->downs);
    timer_init(&leg->timer, on_timer, leg);
}

void leg_close(struct leg *leg)
{
    timer_stop(leg->env->timers, &leg->timer);
    if (leg->is_uplink)
        track_set_orphan(leg->place.tracks);
    pc_close(&leg->pc); /* and with it what it sends */
    struct list *node;
    while ((node = list_pop(&leg->downs)))
        free(list_item(node, struct leg_down, node));
}

void leg_attach(struct leg *leg)
{
    leg->is_attached = true;
    if (leg->phase == LEG_OFFERED)
        take_back(leg); /* our offer or its answer may be lost with the old socket */
    plan(leg);
}

void leg_detach(struct leg *leg)
{
    leg->is_attached = false;
    plan(leg);
}
