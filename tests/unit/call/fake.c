#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "call/registry.h"
#include "sdp_tool.h"

#define CMDS_MAX 4096
#define EVTS_MAX 64

static struct fake *world; /* the functions below have no context of their own */
static uint64_t fake_now_us;

/* ---- media ---- */

unsigned media_worker_count(const struct media *media)
{
    (void)media;
    return world->workers;
}

uint64_t media_new_id(struct media *media)
{
    (void)media;
    return ++world->next_id;
}

enum err media_place(struct media *media, uint64_t call_id, uint16_t *worker)
{
    (void)media;
    assert_int_equal(call_id, FAKE_CALL_ID);
    if (world->is_media_full)
        return ERR_LIMIT;
    *worker = (uint16_t)(world->placed++ % world->workers);
    return ERR_OK;
}

static bool is_never_refused(enum media_cmd_type type)
{
    return type == MEDIA_CMD_PEER_DEL || type == MEDIA_CMD_TRACK_DEL || type == MEDIA_CMD_SUB_DEL;
}

enum err media_post(struct media *media, uint16_t worker, const struct media_cmd *cmd)
{
    (void)media;
    assert_true(worker < world->workers);
    assert_int_not_equal(cmd->peer_id, 0);
    if (world->refuse_cmds && !is_never_refused(cmd->type)) {
        world->refuse_cmds--;
        return ERR_FULL;
    }
    assert_true(world->cmd_count < CMDS_MAX);
    world->cmds[world->cmd_count++] = *cmd;
    return ERR_OK;
}

bool media_next_event(struct media *media, struct media_evt *evt)
{
    (void)media;
    if (!world->evt_count)
        return false;
    *evt = world->evts[0];
    memmove(world->evts, world->evts + 1, --world->evt_count * sizeof(*evt));
    return true;
}

size_t media_candidates(const struct media *media, uint16_t worker, struct media_candidate *out, size_t max)
{
    (void)media;
    assert_true(max >= 1);
    out[0] = (struct media_candidate){
        .ip = "192.0.2.1", .port = (uint16_t)(7882 + worker), .priority = 2130706431, .foundation = "1"};
    return 1;
}

const char *media_fingerprint(const struct media *media)
{
    (void)media;
    return SDP_FINGERPRINT_B;
}

const struct media_cmd *fake_cmd(const struct fake *fake, enum media_cmd_type type, size_t n)
{
    for (size_t i = 0; i < fake->cmd_count; i++) {
        if (fake->cmds[i].type == type && n-- == 0)
            return &fake->cmds[i];
    }
    return NULL;
}

size_t fake_cmd_count(const struct fake *fake, enum media_cmd_type type)
{
    size_t count = 0;
    while (fake_cmd(fake, type, count))
        count++;
    return count;
}

void fake_clear_cmds(struct fake *fake)
{
    fake->cmd_count = 0;
}

void fake_event(struct fake *fake, const struct media_evt *evt)
{
    assert_true(fake->evt_count < EVTS_MAX);
    fake->evts[fake->evt_count++] = *evt;
    calls_poll(fake->calls);
}

/* ---- chat ---- */

const char *chat_code_text(enum chat_code code)
{
    return code == CALL_MISSING ? "通话不存在" : "text of the code";
}

const char *op_message(const struct op *op)
{
    return chat_code_text(op->code);
}

static struct op *new_op(enum chat_code code)
{
    struct op *op = mem_calloc(1, sizeof(*op));
    op->code = code;
    return op;
}

struct op *call_record_create_op(struct chat *chat, uint64_t caller_id, const struct call_record_create_args *args)
{
    (void)chat;
    (void)args;
    struct op *op = new_op(world->create_code);
    if (op->code != CHAT_OK)
        return op;
    struct call_record *record = mem_calloc(1, sizeof(*record));
    record->call_id = FAKE_CALL_ID;
    record->caller_id = caller_id;
    record->status = CALL_NEW;
    record->member_count = world->member_count;
    record->members = mem_calloc(world->member_count, sizeof(*record->members));
    for (size_t i = 0; i < world->member_count; i++) {
        record->members[i].user_id = world->members[i];
        record->members[i].nickname = i ? "Bo" : "Al";
        record->members[i].avatar = "";
    }
    op->result = record;
    op->data = json_integer(FAKE_CALL_ID);
    return op;
}

struct op *call_record_update_op(struct chat *chat, const struct call_record_update_args *args)
{
    (void)chat;
    assert_int_equal(args->call_id, FAKE_CALL_ID);
    assert_true((args->start_us != 0) || args->status != CALL_ACTIVE);
    assert_true((args->end_us != 0) == (args->status == CALL_END));
    json_array_append_new(world->updates, json_pack("{s:i, s:i, s:i}", "status", (int)args->status, "reason",
                                                    (int)args->end_reason, "handled", (int)args->handled_count));
    return new_op(world->update_code);
}

struct op *call_record_get_op(struct chat *chat, uint64_t caller_id, const struct call_record_get_args *args)
{
    (void)chat;
    (void)caller_id;
    (void)args;
    struct op *op = new_op(world->get_code);
    if (op->code == CHAT_OK) /* as it was stored first: what this file keeps of updates is no record */
        op->data = json_pack("{s:i, s:n, s:n, s:i}", "status", (int)CALL_NEW, "startTime", "endTime", "endReason", 0);
    return op;
}

struct op *call_record_end_orphans_op(struct chat *chat, const struct call_record_orphans_args *args)
{
    (void)chat;
    (void)args;
    struct op *op = new_op(CHAT_OK);
    op->data = json_integer(0);
    return op;
}

void op_start(struct op *op, void (*on_done)(struct op *op, void *ctx), void *ctx)
{
    op->on_done = on_done;
    op->ctx = ctx;
    assert_true(world->op_count < ARRAY_LEN(world->ops));
    world->ops[world->op_count++] = op;
}

static void finish_op(struct op *op)
{
    op->on_done(op, op->ctx);
    if (op->result)
        free(((struct call_record *)op->result)->members);
    free(op->result);
    json_decref(op->data);
    free(op);
}

void fake_run_ops(struct fake *fake)
{
    while (fake->op_count) {
        struct op *op = fake->ops[0];
        memmove(fake->ops, fake->ops + 1, --fake->op_count * sizeof(struct op *));
        finish_op(op);
    }
}

void hub_notify(struct hub *hub, uint64_t user_id, enum notice_type type, json_t *payload)
{
    (void)hub;
    json_array_append_new(world->notices, json_pack("{s:I, s:i, s:O}", "user", (json_int_t)user_id, "type", (int)type,
                                                    "payload", payload));
}

char *auth_call_token(struct auth *auth, uint64_t call_id, const struct caller *caller)
{
    (void)auth;
    assert_int_equal(call_id, FAKE_CALL_ID);
    struct text text = {0};
    text_addf(&text, "token:%llu", (unsigned long long)caller->user_id);
    return text_take(&text);
}

enum auth_result auth_call_check(struct auth *auth, const char *token, uint64_t *call_id, struct caller *caller)
{
    (void)auth;
    if (strcmp(token, "expired") == 0)
        return AUTH_EXPIRED;
    if (!text_has_prefix(token, "token:") || text_to_u64(token + 6, &caller->user_id))
        return AUTH_MISSING;
    snprintf(caller->login_id, sizeof(caller->login_id), "login-%s", token + 6);
    *call_id = FAKE_CALL_ID;
    return AUTH_OK;
}

/* ---- sockets ---- */

static bool on_conn_send(struct conn *conn, const char *text, size_t len)
{
    struct fake_socket *socket = (struct fake_socket *)(void *)conn;
    assert_false(socket->is_closed); /* nothing is said behind the close */
    json_t *frame = json_loadb(text, len, 0, NULL);
    assert_non_null(frame);
    json_array_append_new(socket->frames, frame);
    json_array_append_new(socket->raw, json_stringn(text, len));
    return true;
}

static void on_conn_close(struct conn *conn, int code, const char *reason)
{
    struct fake_socket *socket = (struct fake_socket *)(void *)conn;
    (void)reason;
    assert_false(socket->is_closed);
    socket->is_closed = true;
    socket->close_code = code;
}

static const struct conn_ops conn_ops = {.send = on_conn_send, .close = on_conn_close};

struct fake_socket *fake_socket_open(struct fake *fake, bool is_v2)
{
    struct fake_socket *socket = mem_calloc(1, sizeof(*socket));
    socket->conn.ops = &conn_ops;
    socket->frames = json_array();
    socket->raw = json_array();
    calls_open_session(fake->calls, &socket->conn, is_v2);
    return socket;
}

void fake_socket_text(struct fake_socket *socket, const char *text)
{
    socket->conn.session_ops->on_text(socket->conn.session, text, strlen(text));
}

void fake_socket_textf(struct fake_socket *socket, const char *fmt, ...)
{
    char *text;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    assert_true(len >= 0);
    fake_socket_text(socket, text);
    free(text);
}

void fake_socket_break(struct fake_socket *socket)
{
    socket->is_closed = true;
    socket->conn.session_ops->on_close(socket->conn.session);
    socket->conn.session_ops = NULL;
}

void fake_socket_free(struct fake_socket *socket)
{
    if (socket->conn.session_ops && socket->conn.session)
        fake_socket_break(socket);
    json_decref(socket->frames);
    json_decref(socket->raw);
    free(socket);
}

json_t *fake_take(struct fake_socket *socket)
{
    json_t *frame = json_incref(json_array_get(socket->frames, 0));
    if (!frame)
        fail_msg("nothing was sent");
    json_array_remove(socket->frames, 0);
    json_array_remove(socket->raw, 0);
    return frame;
}

json_t *fake_take_type(struct fake_socket *socket, const char *type)
{
    while (json_array_size(socket->frames)) {
        json_t *frame = fake_take(socket);
        const char *its = json_string_value(json_object_get(frame, "type"));
        if (its && strcmp(its, type) == 0)
            return frame;
        json_decref(frame);
    }
    fail_msg("no frame of type %s was sent", type);
    return NULL;
}

void fake_expect_nothing(const struct fake_socket *socket)
{
    if (json_array_size(socket->frames))
        fail_msg("sent: %s", json_string_value(json_array_get(socket->raw, 0)));
}

void fake_clear(struct fake_socket *socket)
{
    json_array_clear(socket->frames);
    json_array_clear(socket->raw);
}

void fake_expect_json(json_t *json_take, const char *expected)
{
    json_t *parsed = json_loads(expected, JSON_DECODE_ANY, NULL);
    assert_non_null(parsed);
    char *a = jget_dump_take(json_take);
    char *b = jget_dump_take(parsed);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

/* ---- life ---- */

static uint64_t now_us(void)
{
    return fake_now_us;
}

struct fake *fake_open(size_t count)
{
    struct fake *fake = mem_calloc(1, sizeof(*fake));
    world = fake;
    fake_now_us = 1000 * S;
    fake->conf.call.max_members = 100;
    fake->conf.call.no_answer_s = 60;
    fake->conf.call.alive_s = 30;
    fake->conf.call.v2_alive_ms = 8000;
    fake->conf.call.max_tracks = 4;
    fake->conf.call.mesh_max_members = 2;
    fake->workers = 2;
    fake->cmds = mem_calloc(CMDS_MAX, sizeof(*fake->cmds));
    fake->evts = mem_calloc(EVTS_MAX, sizeof(*fake->evts));
    fake->member_count = count;
    for (size_t i = 0; i < count; i++)
        fake->members[i] = 10 * (i + 1);
    fake->create_code = fake->get_code = fake->update_code = CHAT_OK;
    fake->updates = json_array();
    fake->notices = json_array();
    fake->chat.conf = &fake->conf;
    fake->chat.metrics = &fake->metrics;
    fake->chat.timers = timers_create(fake_now_us);
    assert_int_equal(calls_create(&fake->chat, NULL, fake->chat.timers, &fake->calls), ERR_OK);
    calls_set_clock(fake->calls, now_us);
    assert_false(calls_is_ready(fake->calls)); /* calls of the last run are not ended yet */
    fake_run_ops(fake);
    assert_true(calls_is_ready(fake->calls));
    return fake;
}

void fake_close(struct fake *fake)
{
    calls_free(fake->calls);
    fake_run_ops(fake); /* what is under way then finds nobody */
    timers_free(fake->chat.timers);
    json_decref(fake->updates);
    json_decref(fake->notices);
    free(fake->cmds);
    free(fake->evts);
    free(fake);
    world = NULL;
}

void fake_pass(struct fake *fake, uint64_t us)
{
    uint64_t end = fake_now_us + us;
    while (fake_now_us < end) { /* in small steps, as the loop would run */
        fake_now_us += end - fake_now_us < 10 * MS ? end - fake_now_us : 10 * MS;
        timers_run(fake->chat.timers, fake_now_us);
    }
}

static void on_created(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)message;
    assert_int_equal(code, CHAT_OK);
    assert_int_equal(json_integer_value(data), FAKE_CALL_ID);
    *(bool *)ctx = true;
}

void fake_create_call(struct fake *fake)
{
    bool is_done = false;
    const uint64_t users[] = {20};
    const struct call_record_create_args args = {.contact_id = 1, .user_ids = users, .count = 1};
    calls_create_call(fake->calls, fake->members[0], &args, on_created, &is_done);
    fake_run_ops(fake);
    assert_true(is_done);
}

static void on_joined(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)message;
    assert_int_equal(code, CHAT_OK);
    assert_true(text_has_prefix(json_string_value(data), "token:"));
    *(bool *)ctx = true;
}

void fake_join(struct fake *fake, uint64_t user)
{
    bool is_done = false;
    const struct caller caller = {.user_id = user, .login_id = "login"};
    calls_join(fake->calls, &caller, FAKE_CALL_ID, on_joined, &is_done);
    assert_true(is_done);
}
