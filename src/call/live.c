/* A live call: carries out what its state machine orders. Web thread. */
#include "call/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "call/registry.h"
#include "call/v2_msg.h"
#include "chat/hub.h"

#define US_PER_SECOND 1000000ULL

static struct call_time time_at(uint64_t now_us)
{
    return (struct call_time){.now_us = now_us, .wall_us = clock_wall_us()};
}

static struct call_time time_now(const struct live *live)
{
    return time_at(live->env->now_us());
}

/* ---- members ---- */

struct live_member *live_find_member(struct live *live, uint64_t user_id)
{
    for (size_t i = 0; i < live->member_count; i++) {
        if (live->members[i].user_id == user_id)
            return &live->members[i];
    }
    return NULL;
}

enum call_user_state live_member_state(const struct live_member *member)
{
    return call_find_user(member->live->call, member->user_id)->state;
}

static struct call_session *unlink_session(struct live_member *member)
{
    struct call_session *session = member->session;
    member->session = NULL;
    if (session)
        session->member = NULL;
    return session;
}

/* To every v2 session but that of one member. */
static void send_text(struct live *live, const struct live_member *except, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < live->member_count; i++) {
        struct call_session *session = live->members[i].session;
        if (&live->members[i] != except && session && session->is_v2)
            session_v2_send(session, text, len);
    }
}

static void flush_states(struct live *live)
{
    timer_stop(live->env->timers, &live->states_timer);
    for (size_t i = 0; live->has_untold && i < live->member_count; i++) {
        struct live_member *member = &live->members[i];
        if (!member->is_untold)
            continue;
        member->is_untold = false;
        char *text = session_v2_state_text(member, live_member_state(member));
        send_text(live, member, text);
        free(text);
    }
    live->has_untold = false;
}

static void on_states_timer(void *ctx, uint64_t now_us)
{
    struct live *live = ctx;
    live->states_quiet_us = now_us + LIVE_GATHER_US;
    flush_states(live);
}

void live_broadcast(struct live *live, const struct live_member *except, const char *type, json_t *data_take)
{
    char *text = v2_msg_event(type, data_take);
    flush_states(live); /* who is told of a member's tracks knows that he came */
    send_text(live, except, text);
    free(text);
}

/* ---- effects ---- */

static void notify_handled(const struct live *live, uint64_t user_id)
{
    json_t *payload = json_integer((json_int_t)call_id(live->call));
    hub_notify(live->env->chat->hub, user_id, NOTICE_CALL_HANDLED, payload);
    json_decref(payload);
}

static void tell_started(struct live *live)
{
    for (size_t i = 0; i < live->member_count; i++) {
        struct call_session *session = live->members[i].session;
        if (session)
            session->ops->send_started(session);
    }
}

/* The first change goes out at once, those that follow shortly in one go: the newest state of each member. */
static void tell_state(struct live *live, struct live_member *member, enum call_user_state state)
{
    bool is_gathering = live->member_count >= LIVE_GATHER_MEMBERS;
    for (size_t i = 0; i < live->member_count; i++) {
        struct call_session *session = live->members[i].session;
        if (session && &live->members[i] != member && !(is_gathering && session->is_v2))
            session->ops->send_state(session, member, state);
    }
    if (!is_gathering)
        return;
    uint64_t now_us = live->env->now_us();
    member->is_untold = live->has_untold = true;
    if (now_us >= live->states_quiet_us)
        on_states_timer(live, now_us);
    else if (!timer_is_set(&live->states_timer))
        timer_set(live->env->timers, &live->states_timer, live->states_quiet_us);
}

static void schedule_speakers(struct live *live)
{
    uint64_t next = speakers_next_us(live->speakers);
    if (next == UINT64_MAX)
        timer_stop(live->env->timers, &live->speakers_timer);
    else
        timer_set(live->env->timers, &live->speakers_timer, next);
}

static void close_member(struct live *live, struct live_member *member, enum call_end_reason reason)
{
    struct call_session *session = unlink_session(member);
    if (session)
        session->ops->end(session, reason);
    member_media_stop(member);
    speakers_remove(live->speakers, member->user_id);
    schedule_speakers(live);
    live_event_left(member, reason);
}

/* All sessions first: nobody is told how the tracks of an ended call go one by one. */
static void end_all(struct live *live, enum call_end_reason reason)
{
    flush_states(live);
    for (size_t i = 0; i < live->member_count; i++) {
        struct call_session *session = unlink_session(&live->members[i]);
        if (session)
            session->ops->end(session, reason);
    }
    for (size_t i = 0; i < live->member_count; i++)
        member_media_stop(&live->members[i]);
    for (size_t i = 0; i < live->member_count; i++)
        live_event_left(&live->members[i], reason);
    timer_stop(live->env->timers, &live->speakers_timer);
    metric_add(live->env->chat->metrics, METRIC_CALLS_LIVE, -1);
    log_info("a call ended call=%llu reason=%d", (unsigned long long)call_id(live->call), (int)reason);
}

static void drain(struct live *live);

static void leave_other(struct live *live, const struct call_effect *effect)
{
    struct live *other = hmap_get_u64(live->env->live, effect->call_id);
    if (!other)
        return;
    call_leave(other->call, effect->user_id, time_now(other));
    drain(other);
}

static void carry_out(struct live *live, const struct call_effect *effect)
{
    struct live_member *member = live_find_member(live, effect->user_id);
    switch (effect->type) {
    case CALL_EFFECT_STORE:
        live_store_start(live);
        break;
    case CALL_EFFECT_HANDLED:
        notify_handled(live, effect->user_id);
        break;
    case CALL_EFFECT_STARTED:
        tell_started(live);
        break;
    case CALL_EFFECT_STATES:
        if (member && member->session)
            member->session->ops->send_states(member->session);
        break;
    case CALL_EFFECT_STATE:
        if (member)
            tell_state(live, member, effect->state);
        if (member && effect->state == CALL_USER_ONLINE)
            live_event_joined(member);
        break;
    case CALL_EFFECT_CLOSE:
        if (member)
            close_member(live, member, effect->reason);
        break;
    case CALL_EFFECT_ELSEWHERE:
        leave_other(live, effect);
        break;
    case CALL_EFFECT_ENDED:
        end_all(live, effect->reason);
        break;
    }
}

/* After each input. A session that is cut off meanwhile gives another input: its effects are carried out by the loop
 * that runs already. */
static void drain(struct live *live)
{
    if (live->is_draining)
        return;
    live->is_draining = true;
    struct call_effect effect;
    while (call_next_effect(live->call, &effect))
        carry_out(live, &effect);
    live->is_draining = false;
    uint64_t next = call_next_timeout_us(live->call);
    if (next == UINT64_MAX)
        timer_stop(live->env->timers, &live->timer);
    else
        timer_set(live->env->timers, &live->timer, next);
}

static void on_timer(void *ctx, uint64_t now_us)
{
    struct live *live = ctx;
    call_timeout(live->call, time_at(now_us));
    drain(live);
}

/* ---- speakers ---- */

static void on_speakers_timer(void *ctx, uint64_t now_us)
{
    struct live *live = ctx;
    struct speaker list[MEDIA_SPEAKERS_MAX];
    size_t count;
    if (!speakers_take(live->speakers, now_us, list, &count))
        return;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            items, json_pack("{s:I, s:i}", "userId", (json_int_t)list[i].user_id, "level", (int)list[i].level));
    live_broadcast(live, NULL, "speakers", json_pack("{s:o}", "speakers", items));
}

void live_on_levels(struct live *live, const struct media_evt *evt)
{
    struct speaker list[MEDIA_SPEAKERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < evt->u.levels.count && i < MEDIA_SPEAKERS_MAX; i++) {
        const struct live_member *member = live_find_member(live, evt->u.levels.speakers[i].user_id);
        if (member &&
            (member->has_media || member->facade)) /* a level may still be under way when its member has left */
            list[count++] = (struct speaker){.user_id = member->user_id, .level = evt->u.levels.speakers[i].level};
    }
    speakers_set(live->speakers, evt->worker, list, count);
    schedule_speakers(live);
}

/* ---- inputs ---- */

void live_ready(struct live *live)
{
    call_ready(live->call, time_now(live));
    drain(live);
}

enum chat_code live_join(struct live *live, uint64_t user_id)
{
    enum chat_code code = call_join(live->call, user_id, time_now(live));
    struct live_member *member = live_find_member(live, user_id);
    if (code == CHAT_OK && member)
        member->is_rejoined = true;
    drain(live);
    return code;
}

enum chat_code live_hangup(struct live *live, uint64_t user_id)
{
    enum chat_code code = call_hangup(live->call, user_id, time_now(live));
    drain(live);
    return code;
}

/* Compared in constant time: the token is a secret. */
static bool is_resume_right(const struct live_member *member, const char *resume)
{
    if (!member->has_media || strlen(resume) != LIVE_RESUME_SIZE - 1)
        return false;
    unsigned diff = 0;
    for (size_t i = 0; i < LIVE_RESUME_SIZE - 1; i++)
        diff |= (unsigned char)(member->resume[i] ^ resume[i]);
    return diff == 0;
}

static void replace_session(struct live_member *member)
{
    struct call_session *old = unlink_session(member);
    if (old)
        old->ops->replace(old);
}

/* His media go on with a v2 session that can resume, and with a v1 page that lost nothing but its socket. */
static void start_media(struct live_member *member, const struct call_session *session)
{
    bool is_kept = session->is_v2 ? session->is_resumed : member->facade && !member->is_rejoined;
    member->is_rejoined = false;
    if (!is_kept) {
        member_media_stop(member);
        if (session->is_v2)
            member_media_start(member);
        else
            member_media_start_v1(member);
    }
    enum call_user_state state = live_member_state(member);
    bool may_come = state != CALL_USER_INVITED && state != CALL_USER_REJECTED;
    if (may_come) /* who is turned away changes nothing for the others */
        facade_choose_mode(member->live, member, session->is_v2);
}

enum call_up live_attach(struct live *live, struct call_session *session, uint64_t user_id, const char *resume)
{
    struct live_member *member = live_find_member(live, user_id);
    if (call_status(live->call) == CALL_END)
        return CALL_UP_ENDED;
    if (!member)
        return CALL_UP_REFUSED;
    replace_session(member);
    session->is_resumed = session->is_v2 && is_resume_right(member, resume);
    start_media(member, session);
    member->session = session;
    session->member = member;
    enum call_up up = call_session_up(live->call, user_id, session->is_v2, time_now(live));
    drain(live);
    if (up == CALL_UP_REFUSED) {
        (void)unlink_session(member);
        member_media_stop(member);
    } else if (up == CALL_UP_OK && member->session == session && member->has_media) {
        subscriber_attach(&member->subscriber);
    }
    return up;
}

void live_detach(struct call_session *session)
{
    struct live_member *member = session->member;
    if (!member)
        return;
    (void)unlink_session(member);
    if (member->has_media)
        subscriber_detach(&member->subscriber);
    if (member->facade)
        facade_detach(member->facade);
    call_session_down(member->live->call, member->user_id);
    drain(member->live);
}

void live_heartbeat(struct call_session *session)
{
    struct live *live = session->member ? session->member->live : NULL;
    if (!live)
        return;
    call_heartbeat(live->call, session->member->user_id, time_now(live));
    drain(live);
}

/* ---- life ---- */

struct live *live_create(struct call_env *env, struct locks *locks, const struct call_record *record,
                         void (*on_over)(void *ctx, struct live *live), void *ctx)
{
    struct live *live = mem_calloc(1, sizeof(*live));
    live->env = env;
    live->on_over = on_over;
    live->ctx = ctx;
    live->member_count = record->member_count;
    live->members = mem_calloc(record->member_count, sizeof(*live->members));
    uint64_t *ids = mem_calloc(record->member_count, sizeof(*ids));
    for (size_t i = 0; i < record->member_count; i++) {
        struct live_member *member = &live->members[i];
        member->live = live;
        member->user_id = ids[i] = record->members[i].user_id;
        member->nickname = mem_strdup(record->members[i].nickname);
        member->avatar = mem_strdup(record->members[i].avatar);
        member_media_init(member);
    }
    live->is_sfu = record->member_count > env->conf->call.mesh_max_members;
    const struct call_limits limits = {
        .no_answer_us = env->conf->call.no_answer_s * US_PER_SECOND,
        .v1_silence_us = env->conf->call.alive_s * US_PER_SECOND,
        .v2_silence_us = env->conf->call.v2_alive_ms * US_PER_MS,
    };
    live->call = call_create(locks, &limits, record->call_id, ids, record->member_count);
    free(ids);
    live->speakers = speakers_create(media_worker_count(env->media));
    timer_init(&live->timer, on_timer, live);
    timer_init(&live->states_timer, on_states_timer, live);
    timer_init(&live->speakers_timer, on_speakers_timer, live);
    live_store_init(live);
    metric_add(env->chat->metrics, METRIC_CALLS_LIVE, 1);
    metric_add(env->chat->metrics, METRIC_CALLS_TOTAL, 1);
    return live;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    if (call_status(live->call) != CALL_END)
        metric_add(live->env->chat->metrics, METRIC_CALLS_LIVE, -1);
    live_store_orphan(live);
    live->has_untold = false; /* nobody is left to tell */
    for (size_t i = 0; i < live->member_count; i++)
        (void)unlink_session(&live->members[i]);
    for (size_t i = 0; i < live->member_count; i++) {
        struct live_member *member = &live->members[i];
        member_media_stop(member);
        free(member->nickname);
        free(member->avatar);
        free(member->shown);
    }
    timer_stop(live->env->timers, &live->timer);
    timer_stop(live->env->timers, &live->states_timer);
    timer_stop(live->env->timers, &live->speakers_timer);
    speakers_free(live->speakers);
    call_free(live->call);
    free(live->members);
    free(live);
}
