/* A member of a call: joins, follows the server's events, leaves. See ichat_client.h. */
#include "client/member.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jget.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "client/client_priv.h"

#define PHASE_MAX_US 40000 /* members start at different times within this, so that their packets spread */

void member_fail(struct member *member, const char *fmt, ...)
{
    va_list args;
    if (member->state == MEMBER_FAILED || member->state == MEMBER_ENDED)
        return;
    va_start(args, fmt);
    vsnprintf(member->error, sizeof(member->error), fmt, args);
    va_end(args);
    member->state = MEMBER_FAILED;
}

static void set_other(struct member *member, uint64_t user_id, unsigned state)
{
    for (size_t i = 0; i < member->other_count; i++) {
        if (member->others[i].user_id == user_id) {
            member->others[i].state = state;
            return;
        }
    }
    if (member->other_count == member->other_cap) {
        member->other_cap = member->other_cap ? member->other_cap * 2 : 8;
        member->others = mem_realloc(member->others, member->other_cap * sizeof(*member->others));
    }
    member->others[member->other_count++] = (struct member_other){.user_id = user_id, .state = state};
}

/* --- events --- */

static void on_member_state(struct member *member, const json_t *data)
{
    uint64_t user_id, state;
    if (jget_u64(data, "userId", &user_id) == ERR_OK && jget_u64(data, "state", &state) == ERR_OK)
        set_other(member, user_id, (unsigned)state);
}

static void on_track_muted(struct member *member, const json_t *data)
{
    const char *track_id;
    bool is_muted;
    if (jget_string(data, "trackId", &track_id) != ERR_OK || jget_bool(data, "muted", &is_muted) != ERR_OK)
        return;
    for (size_t i = 0; i < member->receiver_count; i++) {
        if (strcmp(member->receivers[i]->stats.track_id, track_id) == 0)
            member->receivers[i]->stats.is_muted = is_muted;
    }
}

static void on_track_removed(struct member *member, const json_t *data)
{
    const char *track_id;
    if (jget_string(data, "trackId", &track_id) != ERR_OK)
        return;
    for (size_t i = 0; i < member->receiver_count; i++) {
        if (strcmp(member->receivers[i]->stats.track_id, track_id) == 0)
            member->receivers[i]->stats.is_live = false;
    }
}

static void on_connection(struct member *member, const json_t *data)
{
    const char *pc, *state;
    if (jget_string(data, "pc", &pc) != ERR_OK || jget_string(data, "state", &state) != ERR_OK)
        return;
    (void)text_copy(member->server_view[strcmp(pc, "publish") == 0], sizeof(member->server_view[0]), state);
}

static void on_call_ended(struct member *member, const json_t *data)
{
    uint64_t reason;
    if (jget_u64(data, "reason", &reason) == ERR_OK)
        member->end_reason = (unsigned)reason;
    if (member->state != MEMBER_FAILED)
        member->state = MEMBER_ENDED;
}

static void on_replaced(struct member *member, const json_t *data)
{
    (void)data;
    if (member->state != MEMBER_FAILED)
        member->state = MEMBER_ENDED;
}

static void on_event(void *ctx, const char *type, const json_t *data)
{
    static const struct {
        const char *type;
        void (*handle)(struct member *member, const json_t *data);
    } table[] = {
        {"subscribe-offer", member_subscribe_on_offer},
        {"member-state", on_member_state},
        {"track-muted", on_track_muted},
        {"track-removed", on_track_removed},
        {"connection", on_connection},
        {"call-ended", on_call_ended},
        {"replaced", on_replaced},
    };
    for (size_t i = 0; i < ARRAY_LEN(table) && data; i++) {
        if (strcmp(table[i].type, type) == 0)
            table[i].handle(ctx, data);
    }
}

/* --- answers --- */

static void on_joined(struct member *member, const json_t *data)
{
    size_t at;
    json_t *other;
    json_array_foreach (jget_find(data, "members"), at, other) {
        on_member_state(member, other);
    }
    member->state = MEMBER_JOINED;
    if ((member->opts.has_audio || member->opts.has_video) && member_publish_start(member) != ERR_OK)
        member_fail(member, "publish: %s", client_error(member->client));
}

static void on_answer(void *ctx, const char *type, const json_t *data, const json_t *error)
{
    struct member *member = ctx;
    if (error) {
        const char *code = "", *message = "";
        (void)!jget_string(error, "code", &code);
        (void)!jget_string(error, "message", &message);
        member_fail(member, "%s was refused: %s, %s", type, code, message);
    } else if (strcmp(type, "join") == 0) {
        on_joined(member, data);
    } else if (strcmp(type, "publish") == 0) {
        member_publish_on_answer(member, data);
    } else if (strcmp(type, "leave") == 0) {
        on_replaced(member, data);
    }
}

static void on_open(void *ctx)
{
    struct member *member = ctx;
    signaling_request(member->signaling, "join", json_pack("{s:s,s:s}", "token", member->token, "resume", ""));
}

static void on_closed(void *ctx, const char *reason)
{
    member_fail(ctx, "%s", reason);
}

/* --- life --- */

enum err member_join(struct client *client, const struct member_opts *opts, struct member **out)
{
    char token[CLIENT_TOKEN_SIZE];
    enum err err = client_call_join(client, opts->user, opts->call_id, token);
    if (err != ERR_OK)
        return err;
    struct member *member = mem_calloc(1, sizeof(*member));
    member->client = client;
    member->opts = *opts;
    member->user_id = opts->user->id;
    memcpy(member->token, token, sizeof(token));
    rand_alnum(member->cname, sizeof(member->cname) - 1);
    member->phase_us = client_rand(client) % PHASE_MAX_US;
    member->rtcp_ssrc = rand_u32();
    member->session_id = rand_u64() >> 2; /* RFC 8829 section 5.2.1: below 2^63 */
    member->by_ssrc = hmap_create(16, false);
    struct signaling_ops ops = {
        .on_open = on_open, .on_answer = on_answer, .on_event = on_event, .on_closed = on_closed, .ctx = member};
    member->signaling = signaling_open(client, &ops);
    list_push(&client->members, &member->node);
    *out = member;
    return ERR_OK;
}

void member_tick(struct member *member, uint64_t now_us)
{
    if (member->is_dead)
        return;
    signaling_tick(member->signaling, now_us);
    member_publish_tick(member, now_us);
    member_subscribe_tick(member, now_us);
}

void member_leave(struct member *member)
{
    signaling_request(member->signaling, "leave", NULL);
}

/* The counters stay readable. */
static void cut_off(struct member *member, bool is_polite)
{
    member->is_dead = true;
    peerconn_free(member->publish, is_polite);
    member->publish = NULL;
    member_subscribe_free(member, is_polite);
    signaling_free(member->signaling, is_polite);
    member->signaling = NULL;
}

void member_kill(struct member *member)
{
    if (!member->is_dead)
        cut_off(member, false);
    if (member->state != MEMBER_FAILED)
        member->state = MEMBER_ENDED;
}

void member_free(struct member *member)
{
    if (!member)
        return;
    if (!member->is_dead)
        cut_off(member, true);
    list_remove(&member->node);
    for (unsigned i = 0; i < member->sender_count; i++)
        sender_free(member->senders[i]);
    for (size_t i = 0; i < member->receiver_count; i++)
        receiver_free(member->receivers[i]);
    free(member->receivers);
    hmap_free(member->by_ssrc);
    free(member->offer);
    free(member->others);
    free(member);
}

/* --- wishes --- */

static struct sender *own(const struct member *member, enum client_kind kind)
{
    for (unsigned i = 0; i < member->sender_count; i++) {
        if (member->senders[i]->stats.kind == kind)
            return member->senders[i];
    }
    return NULL;
}

enum err member_mute(struct member *member, enum client_kind kind, bool is_muted)
{
    struct sender *sender = own(member, kind);
    if (!sender || !sender->stats.track_id[0] || member->is_dead)
        return ERR_NOT_FOUND;
    sender->stats.is_muted = is_muted;
    signaling_request(member->signaling, "mute",
                      json_pack("{s:s,s:b}", "trackId", sender->stats.track_id, "muted", (int)is_muted));
    return ERR_OK;
}

enum err member_subscribe(struct member *member, uint64_t user_id, enum client_kind kind, bool is_paused)
{
    const struct client_recv *recv = member_recv_from(member, user_id, kind);
    if (!recv || member->is_dead)
        return ERR_NOT_FOUND;
    signaling_request(
        member->signaling, "subscription",
        json_pack("{s:s,s:b,s:i,s:i}", "trackId", recv->track_id, "paused", (int)is_paused, "width", 0, "height", 0));
    return ERR_OK;
}

enum err member_restart_ice(struct member *member)
{
    if (member->is_dead)
        return ERR_STATE;
    if (member->publish) {
        peerconn_restart(member->publish);
        member_publish_send_offer(member);
    }
    if (member->subscribe)
        signaling_request(member->signaling, "restart-ice", json_pack("{s:s}", "pc", "subscribe"));
    return ERR_OK;
}

/* --- what is known --- */

enum member_state member_state(const struct member *member)
{
    return member->state;
}

const char *member_error(const struct member *member)
{
    return member->error;
}

uint64_t member_user_id(const struct member *member)
{
    return member->user_id;
}

enum client_link member_publish_link(const struct member *member)
{
    return member->publish ? peerconn_link(member->publish) : CLIENT_LINK_NEW;
}

enum client_link member_subscribe_link(const struct member *member)
{
    return member->subscribe ? peerconn_link(member->subscribe) : CLIENT_LINK_NEW;
}

unsigned member_ice_rounds(const struct member *member, bool is_publish)
{
    const struct peerconn *pc = is_publish ? member->publish : member->subscribe;
    return pc ? peerconn_ice_rounds(pc) : 0;
}

const char *member_publish_suite(const struct member *member)
{
    return member->publish ? peerconn_suite(member->publish) : "";
}

const char *member_server_view(const struct member *member, bool is_publish)
{
    return member->server_view[is_publish];
}

unsigned member_state_of(const struct member *member, uint64_t user_id)
{
    for (size_t i = 0; i < member->other_count; i++) {
        if (member->others[i].user_id == user_id)
            return member->others[i].state;
    }
    return 0;
}

unsigned member_end_reason(const struct member *member)
{
    return member->end_reason;
}

const struct client_send *member_send(const struct member *member, enum client_kind kind)
{
    const struct sender *sender = own(member, kind);
    return sender ? &sender->stats : NULL;
}

const struct client_twcc *member_twcc(const struct member *member)
{
    return &member->twcc;
}

size_t member_recv_count(const struct member *member)
{
    return member->receiver_count;
}

const struct client_recv *member_recv(const struct member *member, size_t index)
{
    return index < member->receiver_count ? &member->receivers[index]->stats : NULL;
}

const struct client_recv *member_recv_from(const struct member *member, uint64_t user_id, enum client_kind kind)
{
    const struct receiver *receiver = member_find_receiver(member, user_id, kind);
    return receiver ? &receiver->stats : NULL;
}
