/* The state machine of one call. Sans-IO; web thread. */
#include "call/call.h"

#include <stdlib.h>

#include "base/mem.h"

struct call {
    /* set once at creation */
    struct locks *locks;
    struct call_limits limits;
    uint64_t id;
    size_t user_count;
    /* owned by the web thread */
    struct call_user *users;
    enum call_status status;
    enum call_end_reason end_reason;
    int64_t start_us;
    int64_t end_us;
    uint64_t no_answer_due_us;
    uint64_t empty_due_us; /* active, but nobody is online or offline */
    struct call_effect *effects;
    size_t effect_count;
    size_t effect_cap;
    size_t effect_next;
};

#define BIT(state) (1u << (state))

/* CONTRACT section 6; anything else is ignored. */
static const unsigned allowed_next[] = {
    [CALL_USER_INVITED] = BIT(CALL_USER_ACCEPTED) | BIT(CALL_USER_REJECTED),
    [CALL_USER_REJECTED] = 0,
    [CALL_USER_ACCEPTED] = BIT(CALL_USER_ONLINE),
    [CALL_USER_ONLINE] = BIT(CALL_USER_OFFLINE) | BIT(CALL_USER_DEAD),
    [CALL_USER_OFFLINE] = BIT(CALL_USER_ONLINE) | BIT(CALL_USER_DEAD),
    [CALL_USER_DEAD] = BIT(CALL_USER_ONLINE),
};

struct call *call_create(struct locks *locks, const struct call_limits *limits, uint64_t id, const uint64_t *user_ids,
                         size_t count)
{
    struct call *call = mem_calloc(1, sizeof(*call));
    call->locks = locks;
    call->limits = *limits;
    call->id = id;
    call->status = CALL_NEW;
    call->no_answer_due_us = UINT64_MAX;
    call->empty_due_us = UINT64_MAX;
    call->user_count = count;
    call->users = mem_calloc(count, sizeof(*call->users));
    for (size_t i = 0; i < count; i++)
        call->users[i] = (struct call_user){
            .id = user_ids[i],
            .state = CALL_USER_INVITED,
            .deadline_us = UINT64_MAX,
        };
    return call;
}

static void release_locks(struct call *call)
{
    for (size_t i = 0; i < call->user_count; i++)
        locks_release(call->locks, call->users[i].id, call->id);
}

void call_free(struct call *call)
{
    if (!call)
        return;
    release_locks(call);
    free(call->effects);
    free(call->users);
    free(call);
}

/* The list grows instead of having a limit of its own: an input emits at most three effects a member, and the owner
 * drains it after each. */
static void emit(struct call *call, struct call_effect effect)
{
    if (call->effect_count == call->effect_cap) {
        call->effect_cap = call->effect_cap ? call->effect_cap * 2 : 16;
        call->effects = mem_realloc(call->effects, call->effect_cap * sizeof(*call->effects));
    }
    call->effects[call->effect_count++] = effect;
}

static void emit_user(struct call *call, enum call_effect_type type, const struct call_user *user)
{
    emit(call, (struct call_effect){.type = type, .user_id = user->id, .state = user->state});
}

bool call_next_effect(struct call *call, struct call_effect *out)
{
    if (call->effect_next == call->effect_count) {
        call->effect_next = call->effect_count = 0;
        return false;
    }
    *out = call->effects[call->effect_next++];
    return true;
}

static struct call_user *find(const struct call *call, uint64_t user_id)
{
    for (size_t i = 0; i < call->user_count; i++) {
        if (call->users[i].id == user_id)
            return &call->users[i];
    }
    return NULL;
}

static size_t count_states(const struct call *call, unsigned states)
{
    size_t count = 0;
    for (size_t i = 0; i < call->user_count; i++)
        count += (BIT(call->users[i].state) & states) != 0;
    return count;
}

static bool move(struct call_user *user, enum call_user_state next)
{
    if (!(allowed_next[user->state] & BIT(next)))
        return false;
    user->state = next;
    return true;
}

/* An active call that everybody left while some invited member never answered would live for ever, since an invited
 * member counts as alive: it ends after the time that an unanswered one gets. */
static void watch_empty(struct call *call, struct call_time at)
{
    bool is_empty =
        call->status == CALL_ACTIVE && count_states(call, BIT(CALL_USER_ONLINE) | BIT(CALL_USER_OFFLINE)) == 0;
    if (!is_empty)
        call->empty_due_us = UINT64_MAX;
    else if (call->empty_due_us == UINT64_MAX)
        call->empty_due_us = at.now_us + call->limits.no_answer_us;
}

static void end(struct call *call, enum call_end_reason reason, struct call_time at)
{
    call->status = CALL_END;
    call->end_reason = reason;
    call->end_us = at.wall_us;
    release_locks(call);
    emit(call, (struct call_effect){.type = CALL_EFFECT_ENDED, .reason = reason});
    emit(call, (struct call_effect){.type = CALL_EFFECT_STORE});
}

void call_ready(struct call *call, struct call_time at)
{
    if (call->status != CALL_NEW)
        return;
    size_t locked = 0;
    bool has_caller = false;
    for (size_t i = 0; i < call->user_count; i++) {
        bool is_taken = locks_take(call->locks, call->users[i].id, call->id, at.now_us);
        locked += is_taken;
        has_caller |= is_taken && i == 0;
    }
    if (!has_caller || locked < 2) {
        end(call, CALL_END_BUSY, at);
        return;
    }
    call->status = CALL_READY;
    call->no_answer_due_us = at.now_us + call->limits.no_answer_us;
    emit(call, (struct call_effect){.type = CALL_EFFECT_STORE});
}

/* In the contract's order: the status first, then who asks. */
static enum chat_code check_request(const struct call *call, const struct call_user *user)
{
    if (call->status == CALL_NEW)
        return CALL_NOT_READY;
    if (call->status == CALL_END)
        return CALL_STATE_INVALID;
    return user ? CHAT_OK : CHAT_FORBIDDEN;
}

static void mark_handled(struct call *call, struct call_user *user)
{
    if (user->is_handled)
        return;
    user->is_handled = true;
    emit_user(call, CALL_EFFECT_HANDLED, user);
}

enum chat_code call_join(struct call *call, uint64_t user_id, struct call_time at)
{
    struct call_user *user = find(call, user_id);
    enum chat_code code = check_request(call, user);
    if (code != CHAT_OK)
        return code;
    mark_handled(call, user);
    if (user->state != CALL_USER_REJECTED && user->state != CALL_USER_DEAD)
        (void)locks_take(call->locks, user->id, call->id, at.now_us); /* busy elsewhere is no reason against joining */
    if (move(user, CALL_USER_ACCEPTED))
        emit_user(call, CALL_EFFECT_STATE, user);
    return CHAT_OK;
}

/* He leaves for `reason`; the call may end with it. */
static void leave(struct call *call, struct call_user *user, enum call_user_state next, enum call_end_reason reason,
                  struct call_time at)
{
    if (!move(user, next))
        return;
    user->deadline_us = UINT64_MAX;
    locks_release(call->locks, user->id, call->id);
    emit_user(call, CALL_EFFECT_STATE, user);
    emit(call, (struct call_effect){.type = CALL_EFFECT_CLOSE, .user_id = user->id, .reason = reason});
    size_t gone = count_states(call, BIT(CALL_USER_REJECTED) | BIT(CALL_USER_DEAD));
    if (reason == CALL_END_CANCELLED || call->user_count - gone < 2)
        end(call, reason, at);
    else
        watch_empty(call, at);
}

enum chat_code call_hangup(struct call *call, uint64_t user_id, struct call_time at)
{
    struct call_user *user = find(call, user_id);
    enum chat_code code = check_request(call, user);
    if (code != CHAT_OK)
        return code;
    mark_handled(call, user);
    bool is_invited = user->state == CALL_USER_INVITED;
    enum call_end_reason reason = is_invited ? CALL_END_REJECTED : CALL_END_NORMAL;
    if (user == &call->users[0] && call->status == CALL_READY)
        reason = CALL_END_CANCELLED;
    leave(call, user, is_invited ? CALL_USER_REJECTED : CALL_USER_DEAD, reason, at);
    return CHAT_OK;
}

static void start_if_two(struct call *call, struct call_time at)
{
    if (call->status != CALL_READY || count_states(call, BIT(CALL_USER_ONLINE)) < 2)
        return;
    call->status = CALL_ACTIVE;
    call->start_us = at.wall_us;
    call->no_answer_due_us = UINT64_MAX;
    emit(call, (struct call_effect){.type = CALL_EFFECT_STORE});
    emit(call, (struct call_effect){.type = CALL_EFFECT_STARTED});
}

/* Whoever comes up is here and nowhere else, also if he was busy when this call began to ring. */
static void take_over(struct call *call, const struct call_user *user, struct call_time at)
{
    if (locks_take(call->locks, user->id, call->id, at.now_us))
        return;
    uint64_t other_id = locks_holder(call->locks, user->id, at.now_us);
    locks_release(call->locks, user->id, other_id);
    (void)locks_take(call->locks, user->id, call->id, at.now_us);
    emit(call, (struct call_effect){.type = CALL_EFFECT_ELSEWHERE, .user_id = user->id, .call_id = other_id});
}

enum call_up call_session_up(struct call *call, uint64_t user_id, bool is_v2, struct call_time at)
{
    struct call_user *user = find(call, user_id);
    if (call->status == CALL_END)
        return CALL_UP_ENDED;
    if (!user || call->status == CALL_NEW)
        return CALL_UP_REFUSED;
    bool was_online = user->state == CALL_USER_ONLINE; /* a newer session takes over */
    if (user->state == CALL_USER_DEAD && !locks_take(call->locks, user->id, call->id, at.now_us)) {
        emit(call, (struct call_effect){.type = CALL_EFFECT_CLOSE, .user_id = user->id, .reason = CALL_END_ERROR});
        return CALL_UP_BUSY;
    }
    if (!was_online && !move(user, CALL_USER_ONLINE))
        return CALL_UP_REFUSED;
    take_over(call, user, at);
    user->was_online = true;
    user->silence_us = is_v2 ? call->limits.v2_silence_us : call->limits.v1_silence_us;
    call_heartbeat(call, user_id, at);
    start_if_two(call, at);
    watch_empty(call, at);
    emit_user(call, CALL_EFFECT_STATES, user);
    if (!was_online)
        emit_user(call, CALL_EFFECT_STATE, user);
    return CALL_UP_OK;
}

void call_leave(struct call *call, uint64_t user_id, struct call_time at)
{
    struct call_user *user = find(call, user_id);
    if (user && call->status != CALL_END)
        leave(call, user, CALL_USER_DEAD, CALL_END_NORMAL, at);
}

void call_session_down(struct call *call, uint64_t user_id)
{
    struct call_user *user = find(call, user_id);
    if (!user || call->status == CALL_END || !move(user, CALL_USER_OFFLINE))
        return;
    emit_user(call, CALL_EFFECT_STATE, user); /* the deadline stays that of his last sign of life */
}

void call_heartbeat(struct call *call, uint64_t user_id, struct call_time at)
{
    struct call_user *user = find(call, user_id);
    if (!user || call->status == CALL_END || user->state != CALL_USER_ONLINE)
        return;
    user->deadline_us = at.now_us + user->silence_us;
    (void)locks_take(call->locks, user->id, call->id, at.now_us);
}

void call_timeout(struct call *call, struct call_time at)
{
    for (size_t i = 0; i < call->user_count && call->status != CALL_END; i++) {
        if (call->users[i].deadline_us <= at.now_us)
            leave(call, &call->users[i], CALL_USER_DEAD, CALL_END_LOST, at);
    }
    if (call->status == CALL_READY && call->no_answer_due_us <= at.now_us)
        end(call, call->users[0].was_online ? CALL_END_NO_ANSWER : CALL_END_ERROR, at);
    if (call->status == CALL_ACTIVE && call->empty_due_us <= at.now_us)
        end(call, CALL_END_NORMAL, at);
}

uint64_t call_next_timeout_us(const struct call *call)
{
    if (call->status == CALL_END)
        return UINT64_MAX;
    uint64_t next = call->no_answer_due_us < call->empty_due_us ? call->no_answer_due_us : call->empty_due_us;
    for (size_t i = 0; i < call->user_count; i++) {
        if (call->users[i].deadline_us < next)
            next = call->users[i].deadline_us;
    }
    return next;
}

uint64_t call_id(const struct call *call)
{
    return call->id;
}

enum call_status call_status(const struct call *call)
{
    return call->status;
}

enum call_end_reason call_end_reason(const struct call *call)
{
    return call->end_reason;
}

int64_t call_start_us(const struct call *call)
{
    return call->start_us;
}

int64_t call_end_us(const struct call *call)
{
    return call->end_us;
}

const struct call_user *call_users(const struct call *call, size_t *count)
{
    *count = call->user_count;
    return call->users;
}

const struct call_user *call_find_user(const struct call *call, uint64_t user_id)
{
    return find(call, user_id);
}
