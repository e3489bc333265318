/* All legs of one member who speaks the older protocol. Web thread. */
#include "call/facade.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "call/leg.h"
#include "call/live.h"
#include "call/registry.h"
#include "call/v1_msg.h"

/* All legs together: a client with a hundred of them offers on each when its camera changes. */
#define OFFERS_PER_SECOND 100
#define OFFERS_BURST 400

struct seat {
    enum call_user_state told; /* what the client believes; 0 = nothing yet */
    struct leg *leg;           /* NULL = none; owned */
    uint64_t rebuild_us;       /* when to make the client connect anew, 0 = not at all */
    uint64_t rebuilt_us;
};

struct facade {
    /* set once at creation */
    struct call_env *env;
    struct live_member *member;
    /* owned by the web thread */
    struct seat *seats; /* by the members' index */
    struct leg *uplink; /* one of the legs, or NULL */
    struct leg_pace pace;
    struct bucket offers;
    bool is_attached;
    struct timer timer; /* of the next rebuild */
};

static size_t seat_count(const struct facade *facade)
{
    return facade->member->live->member_count;
}

static struct seat *seat_of(struct facade *facade, const struct live_member *other)
{
    return &facade->seats[other - other->live->members];
}

static struct seat *seat_of_leg(struct facade *facade, const struct leg *leg)
{
    return seat_of(facade, live_find_member(facade->member->live, leg->place.other_id));
}

/* ---- legs ---- */

static void on_leg_send(void *ctx, struct leg *leg, bool is_offer, const char *sdp)
{
    struct facade *facade = ctx;
    if (!facade->member->session)
        return;
    char *message = v1_msg_description(is_offer, sdp);
    session_v1_signal(facade->member->session, leg->place.other_id, message);
    free(message);
}

static void on_leg_wanting(void *ctx, struct leg *leg)
{
    struct facade *facade = ctx;
    if (facade->uplink)
        return;
    facade->uplink = leg;
    leg_make_uplink(leg);
}

static void plan_rebuild(struct facade *facade, struct seat *seat, uint64_t due_us)
{
    uint64_t earliest = seat->rebuilt_us ? seat->rebuilt_us + FACADE_REBUILD_US : 0;
    seat->rebuild_us = due_us > earliest ? due_us : earliest;
    if (!timer_is_set(&facade->timer) || facade->timer.due_us > seat->rebuild_us)
        timer_set(facade->env->timers, &facade->timer, seat->rebuild_us);
}

static void on_leg_broken(void *ctx, struct leg *leg)
{
    struct facade *facade = ctx;
    plan_rebuild(facade, seat_of_leg(facade, leg), facade->env->now_us() + FACADE_BROKEN_US);
}

static bool is_shown(const struct call_track *track)
{
    return !track->is_muted || track->format.kind == MEDIA_AUDIO; /* else the last picture would stand still */
}

static void open_leg(struct facade *facade, struct seat *seat, const struct live_member *other)
{
    struct live_member *member = facade->member;
    const struct leg_place place = {
        .call_id = call_id(member->live->call),
        .user_id = member->user_id,
        .other_id = other->user_id,
        .tracks = &member->tracks,
        .pace = &facade->pace,
    };
    const struct leg_ops ops = {
        .on_send = on_leg_send,
        .on_wanting = on_leg_wanting,
        .on_broken = on_leg_broken,
        .ctx = facade,
    };
    seat->leg = mem_calloc(1, sizeof(*seat->leg));
    leg_open(seat->leg, facade->env, &place, &ops);
    list_each (node, &other->tracks.list) {
        const struct call_track *track = list_item(node, struct call_track, node);
        if (is_shown(track))
            leg_add_track(seat->leg, track);
    }
    leg_attach(seat->leg);
}

/* A connected one rather than one that may never be. */
static struct leg *find_uplink(const struct facade *facade)
{
    struct leg *found = NULL;
    for (size_t i = 0; i < seat_count(facade); i++) {
        struct leg *leg = facade->seats[i].leg;
        if (!leg || leg->is_broken || !leg_is_wanting(leg))
            continue;
        if (leg->pc.state == PC_CONNECTED)
            return leg;
        if (!found)
            found = leg;
    }
    return found;
}

/* By a leg that is closed: they are orphans. */
static void end_tracks(struct facade *facade, struct leg *leg)
{
    track_set_end_all(&facade->member->tracks, &leg->pc);
}

static void close_leg(struct facade *facade, struct seat *seat)
{
    struct leg *leg = seat->leg;
    seat->leg = NULL;
    seat->rebuild_us = 0;
    if (!leg)
        return;
    leg_close(leg);
    if (facade->uplink == leg) {
        facade->uplink = find_uplink(facade);
        if (facade->uplink)
            leg_make_uplink(facade->uplink);
        else
            end_tracks(facade, leg);
    }
    free(leg);
}

/* ---- what the client believes ---- */

void facade_told(struct facade *facade, const struct live_member *other, enum call_user_state state)
{
    struct seat *seat = seat_of(facade, other);
    if (other == facade->member || seat->told == state)
        return; /* the client ignores what it knows */
    seat->told = state;
    close_leg(facade, seat);
    if (state == CALL_USER_ONLINE && facade->member->live->is_sfu)
        open_leg(facade, seat, other);
}

/* The one way to make such a client connect anew. */
static void rebuild(struct facade *facade, struct seat *seat, const struct live_member *other)
{
    static const enum call_user_state states[] = {CALL_USER_OFFLINE, CALL_USER_ONLINE};
    seat->rebuilt_us = facade->env->now_us();
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct call_session *session = facade->member->session;
        if (session) /* it may be cut off by the first one */
            session->ops->send_state(session, other, states[i]);
    }
}

static void on_timer(void *ctx, uint64_t now_us)
{
    struct facade *facade = ctx;
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < seat_count(facade) && facade->is_attached; i++) {
        struct seat *seat = &facade->seats[i];
        if (!seat->rebuild_us)
            continue;
        if (seat->rebuild_us > now_us) {
            next = seat->rebuild_us < next ? seat->rebuild_us : next;
            continue;
        }
        seat->rebuild_us = 0;
        if (seat->told == CALL_USER_ONLINE)
            rebuild(facade, seat, &facade->member->live->members[i]);
    }
    if (next != UINT64_MAX)
        timer_set(facade->env->timers, &facade->timer, next);
}

/* A client that believes a member Online has a connection to the member himself, or to a leg that broke. */
static void heal(struct facade *facade)
{
    for (size_t i = 0; i < seat_count(facade); i++) {
        struct seat *seat = &facade->seats[i];
        if (seat->told != CALL_USER_ONLINE || !facade->member->live->is_sfu)
            continue;
        if (!seat->leg || seat->leg->is_broken)
            plan_rebuild(facade, seat, facade->env->now_us());
    }
}

void facade_attach(struct facade *facade)
{
    facade->is_attached = true;
    for (size_t i = 0; i < seat_count(facade); i++) {
        if (facade->seats[i].leg)
            leg_attach(facade->seats[i].leg);
    }
    heal(facade);
}

void facade_detach(struct facade *facade)
{
    facade->is_attached = false;
    for (size_t i = 0; i < seat_count(facade); i++) {
        if (facade->seats[i].leg)
            leg_detach(facade->seats[i].leg);
    }
    timer_stop(facade->env->timers, &facade->timer);
}

void facade_signal(struct facade *facade, const struct live_member *other, const char *message)
{
    struct leg *leg = seat_of(facade, other)->leg;
    struct v1_inner inner;
    if (!leg || v1_msg_decode_inner(message, &inner))
        return;
    if (inner.type == V1_OFFER && bucket_take(&facade->offers, facade->env->now_us()))
        leg_offer(leg, inner.sdp, strlen(inner.sdp));
    else if (inner.type == V1_ANSWER)
        leg_answer(leg, inner.sdp, strlen(inner.sdp));
    v1_msg_clear_inner(&inner); /* candidates: an ICE-lite server learns addresses from the checks that reach it */
}

/* ---- the others' tracks ---- */

void facade_add_track(struct facade *facade, const struct live_member *owner, const struct call_track *track)
{
    struct leg *leg = seat_of(facade, owner)->leg;
    if (leg && is_shown(track))
        leg_add_track(leg, track);
}

void facade_remove_track(struct facade *facade, const struct live_member *owner, const struct call_track *track)
{
    struct leg *leg = seat_of(facade, owner)->leg;
    if (leg)
        leg_remove_track(leg, track);
}

void facade_move_track(struct facade *facade, const struct live_member *owner)
{
    struct leg *leg = seat_of(facade, owner)->leg;
    if (leg)
        leg_move_track(leg);
}

void facade_mute_track(struct facade *facade, const struct live_member *owner, const struct call_track *track)
{
    facade_remove_track(facade, owner, track);
    facade_add_track(facade, owner, track);
}

/* ---- life ---- */

struct facade *facade_create(struct live_member *member)
{
    struct facade *facade = mem_calloc(1, sizeof(*facade));
    facade->env = member->live->env;
    facade->member = member;
    facade->seats = mem_calloc(member->live->member_count, sizeof(*facade->seats));
    facade->offers = (struct bucket){.per_second = OFFERS_PER_SECOND, .burst = OFFERS_BURST};
    timer_init(&facade->timer, on_timer, facade);
    return facade;
}

void facade_free(struct facade *facade)
{
    if (!facade)
        return;
    timer_stop(facade->env->timers, &facade->timer);
    for (size_t i = 0; i < seat_count(facade); i++) {
        struct leg *leg = facade->seats[i].leg;
        if (!leg)
            continue;
        leg_close(leg);
        if (leg == facade->uplink)
            end_tracks(facade, leg);
        free(leg);
    }
    free(facade->seats);
    free(facade);
}

/* ---- mode ---- */

static bool has_legs(const struct live *live)
{
    for (size_t i = 0; i < live->member_count; i++) {
        const struct facade *facade = live->members[i].facade;
        for (size_t k = 0; facade && k < live->member_count; k++) {
            if (facade->seats[k].leg)
                return true;
        }
    }
    return false;
}

static bool has_v2(const struct live *live, const struct live_member *except)
{
    for (size_t i = 0; i < live->member_count; i++) {
        if (&live->members[i] != except && live->members[i].has_media)
            return true;
    }
    return false;
}

void facade_choose_mode(struct live *live, const struct live_member *newcomer, bool is_v2)
{
    bool is_needed = live->member_count > live->env->conf->call.mesh_max_members || is_v2 || has_v2(live, newcomer);
    if (!is_needed && has_legs(live))
        return; /* whoever sees the others through the server goes on to do so */
    bool is_new = is_needed && !live->is_sfu;
    live->is_sfu = is_needed;
    for (size_t i = 0; i < live->member_count && is_new; i++) {
        struct facade *facade = live->members[i].facade;
        if (facade && facade->is_attached)
            heal(facade);
    }
}
