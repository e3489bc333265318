/* ichatd as a target: a server of our own with its own configuration, or one by URL; joins by call signaling version 2
 * (docs/protocol.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/child.h"
#include "bench/guest.h"
#include "bench/seed.h"
#include "client/ichat_client.h"

#define PING_US 3000000u
#define START_S 20
#define USERS_OF_CALL_MAX 1000

struct ichatd {
    struct client *client; /* REST */
    struct client_user *users;
    char secret[33];
};

/* --- the server --- */

static enum err write_conf(struct bench *bench, const struct ichatd *self, uint16_t http, uint16_t media)
{
    char path[128];
    const char *ip = bench->opts.server_ip;
    snprintf(path, sizeof(path), "%s/ichatd.yml", bench->dir);
    FILE *file = fopen(path, "we");
    if (!file)
        return bench_refuse(bench, ERR_IO, "cannot write %s", path);
    fprintf(file,
            "data:\n  dir: %s\nhttp:\n  bind: %s\n  port: %u\n  max_connections: 100000\n"
            "auth:\n  secret: %s\nmedia:\n  workers: %u\n  bind: %s\n  port: %u\n  announce: [%s]\n\n"
            "call:\n  max_members: 1000\nlog:\n  level: warn\n",
            bench->dir, ip, http, self->secret, bench->opts.workers, ip, media, ip);
    fclose(file);
    return ERR_OK;
}

static enum err start_own(struct bench *bench, struct ichatd *self)
{
    char conf[128], log[128], url[96];
    uint16_t http = bench_free_port(bench, 1), media = bench_free_port(bench, 16);
    if (!http || !media)
        return bench_refuse(bench, ERR_IO, "no free ports on %s: is that an address of this host?",
                            bench->opts.server_ip);
    rand_alnum(self->secret, 32);
    enum err err = write_conf(bench, self, http, media);
    if (err != ERR_OK)
        return err;
    snprintf(conf, sizeof(conf), "%s/ichatd.yml", bench->dir);
    snprintf(log, sizeof(log), "%s/server.log", bench->dir);
    const char *argv[] = {bench->opts.ichatd, "--config", conf, NULL};
    if (child_start(argv, log, &bench->server_pid) != ERR_OK ||
        addr_parse(&bench->server, bench->opts.server_ip, http) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "cannot start %s", bench->opts.ichatd);
    snprintf(url, sizeof(url), "http://%s:%u", bench->opts.server_ip, http);
    if (client_create(&(struct client_opts){.url = url}, &self->client) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "no client");
    return bench_await_server(bench, START_S);
}

static enum err start_given(struct bench *bench, struct ichatd *self)
{
    char ip[64];
    unsigned port = 0;
    if (sscanf(bench->opts.url, "http://%63[0-9.]:%u", ip, &port) != 2 ||
        addr_parse(&bench->server, ip, (uint16_t)port) != ERR_OK)
        return bench_refuse(bench, ERR_INVALID, "--url is http://IPv4:port, not %s", bench->opts.url);
    if (client_create(&(struct client_opts){.url = bench->opts.url}, &self->client) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "no client");
    bench->server_pid = 0;
    return bench_await_server(bench, 1);
}

static enum err start(struct bench *bench)
{
    struct ichatd *self = mem_calloc(1, sizeof(*self));
    bench->target_data = self;
    return bench->opts.url ? start_given(bench, self) : start_own(bench, self);
}

static void stop(struct bench *bench)
{
    struct ichatd *self = bench->target_data;
    if (!self)
        return;
    client_free(self->client);
    free(self->users);
    free(self);
    bench->target_data = NULL;
}

/* --- accounts and calls --- */

static enum err seed(struct bench *bench, struct ichatd *self)
{
    char path[128];
    struct seed_user *users = mem_calloc(bench->guest_count, sizeof(*users));
    struct seed_group *groups = mem_calloc(bench->party_count, sizeof(*groups));
    for (unsigned i = 0; i < bench->party_count; i++)
        groups[i] = (struct seed_group){.first = bench->parties[i].first, .count = bench->parties[i].count};
    snprintf(path, sizeof(path), "sqlite:%s/ichat.db", bench->dir);
    enum err err =
        seed_database(path, users, bench->guest_count, groups, bench->party_count, bench->error, sizeof(bench->error));
    for (unsigned i = 0; i < bench->guest_count && err == ERR_OK; i++) {
        char *token = seed_token(self->secret, users[i].login_id);
        self->users[i].id = users[i].id;
        if (!token || !text_copy(self->users[i].token, sizeof(self->users[i].token), token))
            err = bench_refuse(bench, ERR_IO, "cannot sign a token");
        free(token);
    }
    for (unsigned i = 0; i < bench->party_count && err == ERR_OK; i++) {
        const struct party *party = &bench->parties[i];
        err = client_call_create(self->client, &self->users[party->first], groups[i].contact_id,
                                 &self->users[party->first + 1], party->count - 1, &bench->parties[i].id);
        if (err == ERR_OK)
            err = client_call_ready(self->client, &self->users[party->first], party->id);
        if (err != ERR_OK)
            snprintf(bench->error, sizeof(bench->error), "%s", client_error(self->client));
    }
    free(groups);
    free(users);
    return err;
}

static enum err register_all(struct bench *bench, struct ichatd *self)
{
    char prefix[16] = "b-";
    rand_alnum(prefix + 2, 8);
    enum err err = client_make_users(self->client, prefix, self->users, bench->guest_count);
    for (unsigned i = 0; i < bench->party_count && err == ERR_OK; i++) {
        struct party *party = &bench->parties[i];
        err = client_make_call(self->client, &self->users[party->first], party->count, &party->id);
    }
    if (err != ERR_OK)
        snprintf(bench->error, sizeof(bench->error), "%s", client_error(self->client));
    return err;
}

static enum err prepare(struct bench *bench)
{
    struct ichatd *self = bench->target_data;
    for (unsigned i = 0; i < bench->party_count; i++) {
        if (bench->parties[i].count > USERS_OF_CALL_MAX)
            return bench_refuse(bench, ERR_LIMIT, "a call has at most %u members", USERS_OF_CALL_MAX);
    }
    self->users = mem_calloc(bench->guest_count, sizeof(*self->users));
    enum err err = bench->opts.url ? register_all(bench, self) : seed(bench, self);
    for (unsigned i = 0; i < bench->guest_count && err == ERR_OK; i++) {
        bench->guests[i].user_id = self->users[i].id;
        if (!text_copy(bench->guests[i].token, sizeof(bench->guests[i].token), self->users[i].token))
            err = bench_refuse(bench, ERR_LIMIT, "a token is too long");
    }
    return err;
}

/* --- joining --- */

static void request(struct guest *guest, const char *type, json_t *data_take)
{
    json_t *root = json_object();
    json_object_set_new(root, "req", json_integer((json_int_t)++guest->request));
    json_object_set_new(root, "type", json_string(type));
    if (data_take)
        json_object_set_new(root, "data", data_take);
    char *text = jget_dump_take(root);
    ws_send(guest->ws, text, strlen(text));
    free(text);
}

static void publish(struct guest *guest)
{
    char *sdp = guest_offer(guest);
    if (!sdp)
        return;
    json_t *tracks = json_array();
    unsigned mid = 0;
    const char *const sources[] = {"mic", "camera"};
    const bool has[] = {guest->index < guest->party->audios, guest->index < guest->party->videos};
    for (size_t i = 0; i < ARRAY_LEN(has); i++) {
        char name[8];
        if (!has[i])
            continue;
        snprintf(name, sizeof(name), "%u", mid++);
        json_array_append_new(tracks, json_pack("{s:s,s:s,s:b}", "mid", name, "source", sources[i], "muted", 0));
    }
    request(guest, "publish", json_pack("{s:s,s:o}", "sdp", sdp, "tracks", tracks));
    free(sdp);
}

static void on_open(void *ctx)
{
    struct guest *guest = ctx;
    guest->ping_us = clock_now_us() + PING_US;
    request(guest, "join", json_pack("{s:s}", "token", guest->join_token));
}

static void on_answer(struct guest *guest, const char *type, const json_t *root)
{
    const json_t *data = jget_find(root, "data"), *error = jget_find(root, "error");
    const char *text = "";
    if (error) {
        (void)!jget_string(error, "message", &text);
        guest_fail(guest, "%s was refused: %s", type, text);
    } else if (strcmp(type, "join") == 0) {
        if (guest_publishes(guest))
            publish(guest);
        guest_update(guest);
    } else if (strcmp(type, "publish") == 0) {
        (void)!jget_string(data, "sdp", &text);
        guest_on_answer(guest, text);
    }
}

static void on_subscribe_offer(struct guest *guest, const json_t *data)
{
    uint64_t seq = 0;
    const char *sdp = "";
    bool is_reset = false;
    (void)!jget_bool(data, "reset", &is_reset);
    if (jget_u64(data, "seq", &seq) != ERR_OK || jget_string(data, "sdp", &sdp) != ERR_OK)
        return;
    if (is_reset && guest->sub) {
        guest_fail(guest, "the server gave the subscribe connection up");
        return;
    }
    char *answer = guest_answer(guest, sdp);
    if (!answer)
        return;
    request(guest, "subscribe-answer", json_pack("{s:I,s:s}", "seq", (json_int_t)seq, "sdp", answer));
    free(answer);
    guest_update(guest);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct guest *guest = ctx;
    json_t *root;
    const char *type = "";
    /* A large call tells each of its members of every other one: not worth parsing. */
    if (memmem(text, len < 64 ? len : 64, "\"member-state\"", 14) || jget_parse(text, len, &root) != ERR_OK)
        return;
    (void)!jget_string(root, "type", &type);
    if (jget_find(root, "res"))
        on_answer(guest, type, root);
    else if (strcmp(type, "subscribe-offer") == 0)
        on_subscribe_offer(guest, jget_find(root, "data"));
    else if (strcmp(type, "call-ended") == 0)
        guest_fail(guest, "the server ended the call");
    json_decref(root);
}

static void on_closed(void *ctx, const char *reason)
{
    guest_fail(ctx, "signaling: %s", reason);
}

static void on_join_token(void *ctx, int status, const char *body, size_t len)
{
    struct guest *guest = ctx;
    json_t *root = NULL;
    const char *token = "";
    if (status != 200 || jget_parse(body, len, &root) != ERR_OK || jget_string(root, "data", &token) != ERR_OK ||
        !*token || !text_copy(guest->join_token, sizeof(guest->join_token), token))
        guest_fail(guest, "POST /api/call/join: status %d, %.*s", status, (int)(len < 80 ? len : 80), body);
    else
        guest->ws = ws_open(guest->bench->loop, &guest->bench->server, "/api/ws/call", "ichat.call.v2",
                            &(struct ws_ops){on_open, on_text, on_closed, guest});
    json_decref(root);
}

static void join(struct guest *guest)
{
    char path[64];
    guest->state = GUEST_JOINING;
    guest->began_us = clock_now_us();
    guest->join_token[0] = '\0';
    snprintf(path, sizeof(path), "/api/call/join?callId=%llu", (unsigned long long)guest->party->id);
    guest->http = http_post(guest->bench->loop, &guest->bench->server, path, guest->token, NULL, on_join_token, guest);
}

static void tick(struct guest *guest, uint64_t now_us)
{
    if (guest->ws && now_us >= guest->ping_us && guest->ping_us) {
        request(guest, "ping", NULL);
        guest->ping_us = now_us + PING_US - rand_u32() % (PING_US / 10);
    }
}

static void leave(struct guest *guest)
{
    request(guest, "leave", NULL);
}

const struct target_ops target_ichatd = {
    .name = "ichatd", .start = start, .prepare = prepare, .join = join, .tick = tick, .leave = leave, .stop = stop};
