/* Janus' VideoRoom plugin as a target: a server of our own with its own configuration; each member has a WebSocket, a
 * session, a publisher's handle and one subscriber's handle for all the others' streams. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/child.h"
#include "bench/guest.h"

#define START_S 20
#define ROOM_FIRST 1000
#define FEED_FIRST 100
#define KEEPALIVE_US 25000000u /* a session without a request for 60 s is dropped */
#define LIBRARIES "/usr/lib/x86_64-linux-gnu/janus"

/* --- the server --- */

static FILE *open_conf(struct bench *bench, const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
    return fopen(path, "we");
}

/* A folder with one library, so that no other plugin or transport runs. */
static bool link_library(struct bench *bench, const char *kind, const char *file)
{
    char folder[160], from[320], to[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s/%s", bench->dir, kind);
    snprintf(from, sizeof(from), "%s/%s", folder, file);
    snprintf(to, sizeof(to), "%s/%s/%s", LIBRARIES, kind, file);
    return mkdir(folder, 0700) == 0 && symlink(to, from) == 0 && access(from, R_OK) == 0;
}

static bool write_core(struct bench *bench)
{
    FILE *file = open_conf(bench, "janus.jcfg");
    if (!file)
        return false;
    fprintf(file,
            "general: {\n  configs_folder = \"%s\"\n  plugins_folder = \"%s/plugins\"\n"
            "  transports_folder = \"%s/transports\"\n  loggers_folder = \"%s/loggers\"\n"
            "  debug_level = 2\n  session_timeout = 60\n",
            bench->dir, bench->dir, bench->dir, bench->dir);
    if (bench->opts.event_loops >= 0)
        fprintf(file, "  event_loops = %ld\n",
                bench->opts.event_loops ? (long)bench->opts.event_loops : sysconf(_SC_NPROCESSORS_ONLN));
    fprintf(file, "}\nmedia: {\n  ipv6 = false\n  no_media_timer = 0\n}\n");
    fprintf(file, "nat: {\n  ice_lite = true\n  ice_enforce_list = \"%s\"\n}\n", bench->opts.server_ip);
    fclose(file);
    return true;
}

static bool write_rooms(struct bench *bench)
{
    FILE *file = open_conf(bench, "janus.plugin.videoroom.jcfg");
    if (!file)
        return false;
    fputs("general: {\n  events = false\n}\n", file);
    for (unsigned i = 0; i < bench->party_count; i++)
        fprintf(file,
                "room-%u: {\n  description = \"bench\"\n  publishers = %u\n  bitrate = 0\n  fir_freq = 0\n"
                "  audiocodec = \"opus\"\n  videocodec = \"vp8\"\n  notify_joining = false\n}\n",
                ROOM_FIRST + i, bench->parties[i].count);
    fclose(file);
    return true;
}

static enum err start(struct bench *bench)
{
    char log[128];
    uint16_t port = bench_free_port(bench, 1);
    if (!port)
        return bench_refuse(bench, ERR_IO, "no free port on %s", bench->opts.server_ip);
    FILE *file = open_conf(bench, "janus.transport.websockets.jcfg");
    if (!file || !write_core(bench) || !write_rooms(bench))
        return bench_refuse(bench, ERR_IO, "cannot write to %s", bench->dir);
    fprintf(file, "general: {\n  json = \"compact\"\n  ws = true\n  ws_port = %u\n  ws_ip = \"%s\"\n  wss = false\n}\n",
            port, bench->opts.server_ip);
    fclose(file);
    if (!link_library(bench, "plugins", "libjanus_videoroom.so") ||
        !link_library(bench, "transports", "libjanus_websockets.so"))
        return bench_refuse(bench, ERR_NOT_FOUND, "Janus is not installed (%s)", LIBRARIES);
    snprintf(log, sizeof(log), "%s/server.log", bench->dir);
    const char *argv[] = {bench->opts.janus, "-F", bench->dir, NULL};
    if (child_start(argv, log, &bench->server_pid) != ERR_OK ||
        addr_parse(&bench->server, bench->opts.server_ip, port) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "cannot start %s", bench->opts.janus);
    return bench_await_server(bench, START_S);
}

static enum err prepare(struct bench *bench)
{
    for (unsigned i = 0; i < bench->party_count; i++)
        bench->parties[i].id = ROOM_FIRST + i;
    return ERR_OK;
}

/* --- messages --- */

static void send_json(struct guest *guest, const char *transaction, json_t *root_take)
{
    json_object_set_new(root_take, "transaction", json_string(transaction));
    if (guest->janus.session)
        json_object_set_new(root_take, "session_id", json_integer((json_int_t)guest->janus.session));
    char *text = jget_dump_take(root_take);
    ws_send(guest->ws, text, strlen(text));
    free(text);
}

static void send_message(struct guest *guest, const char *transaction, uint64_t handle, json_t *body_take,
                         json_t *jsep_take)
{
    json_t *root = json_pack("{s:s,s:I,s:o}", "janus", "message", "handle_id", (json_int_t)handle, "body", body_take);
    if (jsep_take)
        json_object_set_new(root, "jsep", jsep_take);
    send_json(guest, transaction, root);
}

static void attach(struct guest *guest, const char *transaction)
{
    send_json(guest, transaction, json_pack("{s:s,s:s}", "janus", "attach", "plugin", "janus.plugin.videoroom"));
}

/* Janus sets its remote side up only when a candidate was told. */
static void trickle(struct guest *guest, uint64_t handle, const struct peer *peer)
{
    char text[128];
    snprintf(text, sizeof(text), "candidate:1 1 udp 2130706431 %u.%u.%u.%u %u typ host", peer->ip >> 24,
             peer->ip >> 16 & 255, peer->ip >> 8 & 255, peer->ip & 255, wire_port(peer->all->wire));
    send_json(guest, "t",
              json_pack("{s:s,s:I,s:{s:s,s:s,s:i}}", "janus", "trickle", "handle_id", (json_int_t)handle, "candidate",
                        "candidate", text, "sdpMid", "0", "sdpMLineIndex", 0));
    send_json(guest, "t",
              json_pack("{s:s,s:I,s:{s:b}}", "janus", "trickle", "handle_id", (json_int_t)handle, "candidate",
                        "completed", 1));
}

static void publish(struct guest *guest)
{
    char *sdp = guest_offer(guest);
    if (!sdp)
        return;
    send_message(guest, "publish", guest->janus.pub_handle,
                 json_pack("{s:s,s:s,s:I,s:i}", "request", "joinandconfigure", "ptype", "publisher", "room",
                           (json_int_t)guest->party->id, "id", (int)(FEED_FIRST + guest->index)),
                 /* Ours are lowest first; Janus takes the first one for the highest else. */
                 json_pack("{s:s,s:s,s:s}", "type", "offer", "sdp", sdp, "rid_order", "lmh"));
    free(sdp);
    trickle(guest, guest->janus.pub_handle, guest->pub);
}

static void ask_streams(struct guest *guest)
{
    json_t *streams = json_array();
    const struct party *party = guest->party;
    for (unsigned i = 0; i < party->count; i++) {
        if (i != guest->index && (i < party->videos || i < party->audios))
            json_array_append_new(streams, json_pack("{s:i}", "feed", (int)(FEED_FIRST + i)));
    }
    send_message(guest, "subscribe", guest->janus.sub_handle,
                 json_pack("{s:s,s:s,s:I,s:o}", "request", "join", "ptype", "subscriber", "room", (json_int_t)party->id,
                           "streams", streams),
                 NULL);
}

static void on_offer(struct guest *guest, const char *sdp)
{
    bool is_first = !guest->sub;
    char *answer = guest_answer(guest, sdp);
    if (!answer)
        return;
    send_message(guest, "start", guest->janus.sub_handle, json_pack("{s:s}", "request", "start"),
                 json_pack("{s:s,s:s}", "type", "answer", "sdp", answer));
    free(answer);
    if (is_first)
        trickle(guest, guest->janus.sub_handle, guest->sub);
    guest_update(guest);
}

static void on_success(struct guest *guest, const char *transaction, const json_t *root)
{
    uint64_t id = 0;
    const json_t *data = jget_find(root, "data");
    if (!data || jget_u64(data, "id", &id) != ERR_OK)
        return;
    if (strcmp(transaction, "create") == 0) {
        guest->janus.session = id;
        attach(guest, guest_publishes(guest) ? "attach-pub" : "attach-sub");
    } else if (strcmp(transaction, "attach-pub") == 0) {
        guest->janus.pub_handle = id;
        publish(guest);
    } else if (strcmp(transaction, "attach-sub") == 0) {
        guest->janus.sub_handle = id;
        ask_streams(guest);
    }
}

static void on_event(struct guest *guest, const json_t *root)
{
    const json_t *plugin = jget_find(root, "plugindata"), *jsep = jget_find(root, "jsep");
    const json_t *data = plugin ? jget_find(plugin, "data") : NULL;
    const char *error = "", *type = "", *sdp = "";
    if (data && jget_string(data, "error", &error) == ERR_OK && *error) {
        guest_fail(guest, "VideoRoom: %s", error);
        return;
    }
    if (!jsep || jget_string(jsep, "type", &type) != ERR_OK || jget_string(jsep, "sdp", &sdp) != ERR_OK)
        return;
    if (strcmp(type, "answer") == 0)
        guest_on_answer(guest, sdp);
    else if (strcmp(type, "offer") == 0)
        on_offer(guest, sdp);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct guest *guest = ctx;
    json_t *root;
    const char *kind = "", *transaction = "", *reason = "";
    if (jget_parse(text, len, &root) != ERR_OK)
        return;
    (void)!jget_string(root, "janus", &kind);
    (void)!jget_string(root, "transaction", &transaction);
    if (strcmp(kind, "success") == 0) {
        on_success(guest, transaction, root);
    } else if (strcmp(kind, "event") == 0) {
        on_event(guest, root);
    } else if (strcmp(kind, "error") == 0 || strcmp(kind, "hangup") == 0) {
        const json_t *error = jget_find(root, "error");
        (void)!jget_string(error ? error : root, "reason", &reason);
        guest_fail(guest, "Janus: %s %s", kind, reason);
    }
    json_decref(root);
}

static void on_open(void *ctx)
{
    struct guest *guest = ctx;
    guest->ping_us = clock_now_us() + KEEPALIVE_US;
    send_json(guest, "create", json_pack("{s:s}", "janus", "create"));
}

static void on_closed(void *ctx, const char *reason)
{
    guest_fail(ctx, "signaling: %s", reason);
}

/* --- life of a member --- */

static void join(struct guest *guest)
{
    guest->state = GUEST_JOINING;
    guest->began_us = clock_now_us();
    memset(&guest->janus, 0, sizeof(guest->janus));
    guest->ws = ws_open(guest->bench->loop, &guest->bench->server, "/", "janus-protocol",
                        &(struct ws_ops){on_open, on_text, on_closed, guest});
}

static void subscribe(struct guest *guest)
{
    if (guest->ws && guest_publishes(guest) && guest_streams_wanted(guest) && !guest->janus.sub_handle)
        attach(guest, "attach-sub");
}

static void tick(struct guest *guest, uint64_t now_us)
{
    if (!guest->ws || !guest->janus.session || now_us < guest->ping_us)
        return;
    send_json(guest, "k", json_pack("{s:s}", "janus", "keepalive"));
    guest->ping_us = now_us + KEEPALIVE_US;
}

static void leave(struct guest *guest)
{
    send_json(guest, "destroy", json_pack("{s:s}", "janus", "destroy"));
}

const struct target_ops target_janus = {.name = "janus",
                                        .start = start,
                                        .prepare = prepare,
                                        .join = join,
                                        .subscribe = subscribe,
                                        .tick = tick,
                                        .leave = leave};
