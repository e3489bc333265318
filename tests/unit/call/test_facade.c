/* Members of the older protocol in calls whose media go through the server: whole conversations (CONTRACT sections 8, 9
 * and 12), with members of the newer one among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jget.h"
#include "base/text.h"
#include "fake.h"
#include "sdp_tool.h"
#include "v1_peer.h"

#define MEMBERS 4

/* A client: its socket, what it believes of the others, and a connection for each that it believes Online. */
struct client {
    struct fake *fake;
    uint64_t user;
    struct fake_socket *socket;
    int states[MEMBERS];
    struct v1_peer peers[MEMBERS];
    unsigned made[MEMBERS]; /* connections */
    bool has_audio, has_video;
    bool is_silent; /* begins no round by itself */
};

static const char *const names[] = {"Alfa", "Brav", "Char", "Delt", "Echo", "Foxt", "Golf", "Hote"};

static void send_message(struct client *client, uint64_t to, const char *message)
{
    char *payload = jget_dump_take(json_pack("{s:I, s:s}", "toUserId", (json_int_t)to, "message", message));
    char *frame = jget_dump_take(json_pack("{s:i, s:s}", "type", 4, "payload", payload));
    fake_socket_text(client->socket, frame);
    free(frame);
    free(payload);
}

static void send_signal(struct client *client, uint64_t to, int type, char *sdp_take)
{
    json_t *inner = json_pack("{s:i, s:{s:s, s:s}}", "type", type, "payload", "type", type == 1 ? "offer" : "answer",
                              "sdp", sdp_take);
    char *message = jget_dump_take(inner);
    send_message(client, to, message);
    free(message);
    free(sdp_take);
}

static uint64_t id_of(size_t index)
{
    return 10 * (index + 1);
}

static void offer(struct client *client, size_t index)
{
    send_signal(client, id_of(index), 1, v1_peer_offer(&client->peers[index]));
}

static void connect_to(struct client *client, size_t index)
{
    struct v1_peer *peer = &client->peers[index];
    unsigned nth = client->made[index]++;
    v1_peer_init(peer, names[(client->user / 10 + nth + index) % ARRAY_LEN(names)],
                 nth % 2 ? SDP_FINGERPRINT_B : SDP_FINGERPRINT_A);
    peer->next_ssrc += (uint32_t)(10000 * client->user + 1000 * index);
    if (client->has_audio)
        v1_peer_add(peer, true);
    if (client->has_video)
        v1_peer_add(peer, false);
    if (client->user < id_of(index) && !client->is_silent)
        offer(client, index);
}

static void on_state(struct client *client, const json_t *state)
{
    size_t index = (size_t)json_integer_value(json_object_get(state, "userId")) / 10 - 1;
    int value = (int)json_integer_value(json_object_get(state, "state"));
    if (id_of(index) == client->user || client->states[index] == value)
        return;
    client->states[index] = value;
    if (value == 4)
        connect_to(client, index);
}

static void on_signal(struct client *client, const json_t *signal)
{
    size_t index = (size_t)json_integer_value(json_object_get(signal, "fromUserId")) / 10 - 1;
    json_t *inner = json_loads(json_string_value(json_object_get(signal, "message")), 0, NULL);
    const char *sdp = json_string_value(json_object_get(json_object_get(inner, "payload"), "sdp"));
    assert_int_equal(client->states[index], 4);
    struct v1_peer *peer = &client->peers[index];
    if (json_integer_value(json_object_get(inner, "type")) == 1)
        send_signal(client, id_of(index), 2, v1_peer_answer(peer, sdp));
    else
        v1_peer_accept(peer, sdp);
    if (v1_peer_needs_round(peer)) /* its media waited for the end of the first round */
        offer(client, index);
    json_decref(inner);
}

/* Reacts to all that was sent. */
static bool react(struct client *client)
{
    bool is_any = false;
    while (client->socket && json_array_size(client->socket->frames)) {
        json_t *frame = fake_take(client->socket);
        int type = (int)json_integer_value(json_object_get(frame, "type"));
        json_t *payload = json_loads(json_string_value(json_object_get(frame, "payload")), JSON_DECODE_ANY, NULL);
        size_t i;
        json_t *state;
        if (type == 2)
            json_array_foreach (payload, i, state)
                on_state(client, state);
        else if (type == 3)
            on_state(client, payload);
        else if (type == 4)
            on_signal(client, payload);
        json_decref(payload);
        json_decref(frame);
        is_any = true;
    }
    return is_any;
}

static void come_up(struct fake *fake)
{
    const struct media_cmd *cmd;
    for (size_t i = 0; (cmd = fake_cmd(fake, MEDIA_CMD_PEER_ADD, i)); i++) {
        const struct media_evt evt = {.type = MEDIA_EVT_PEER_CONNECTED, .peer_id = cmd->peer_id};
        fake_event(fake, &evt);
    }
}

/* Time passes, everybody reacts, connections come up. */
static void settle(struct client *clients, size_t count)
{
    for (unsigned i = 0; i < 60; i++) {
        for (size_t k = 0; k < count; k++)
            react(&clients[k]);
        fake_pass(clients[0].fake, 50 * MS);
        if (i % 20 == 10)
            come_up(clients[0].fake);
        for (size_t k = 0; k < count && i % 20 == 0; k++) {
            if (clients[k].socket)
                fake_socket_text(clients[k].socket, "{\"type\":5,\"payload\":\"\"}");
        }
    }
}

static void open_socket(struct client *client)
{
    client->socket = fake_socket_open(client->fake, false);
    fake_socket_textf(client->socket, "token:%llu", (unsigned long long)client->user);
}

static void lose_socket(struct client *client)
{
    fake_socket_free(client->socket);
    client->socket = NULL;
}

static void enter(struct client *client, struct fake *fake, uint64_t user, bool has_audio, bool has_video)
{
    *client = (struct client){.fake = fake, .user = user, .has_audio = has_audio, .has_video = has_video};
    fake_join(fake, user);
    open_socket(client);
}

static void change_video(struct client *client, bool has_video)
{
    client->has_video = has_video;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (client->states[i] != 4)
            continue;
        v1_peer_remove(&client->peers[i], false);
        if (has_video)
            v1_peer_add(&client->peers[i], false);
        offer(client, i);
    }
}

/* On how many connections it sends: the index of the last of them in *where. */
static unsigned uplinks(const struct client *client, size_t *where)
{
    unsigned count = 0;
    *where = 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (client->states[i] != 4 || !v1_peer_up(&client->peers[i]))
            continue;
        *where = i;
        count++;
    }
    return count;
}

static void expect_down(const struct client *client, size_t index, unsigned count)
{
    assert_int_equal(client->states[index], 4);
    assert_int_equal(v1_peer_down(&client->peers[index]), count);
}

static void leave_all(struct client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (clients[i].socket)
            fake_socket_free(clients[i].socket);
    }
}

static struct fake *call_of_three(struct client clients[3])
{
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    for (size_t i = 0; i < 3; i++) {
        enter(&clients[i], fake, id_of(i), true, true);
        settle(clients, i + 1);
    }
    return fake;
}

static void expect_all_flow(const struct client clients[3])
{
    for (size_t i = 0; i < 3; i++) {
        size_t where;
        assert_int_equal(uplinks(&clients[i], &where), 1);
        assert_int_equal(v1_peer_up(&clients[i].peers[where]), 2);
        for (size_t k = 0; k < 3; k++) {
            if (k != i)
                expect_down(&clients[i], k, 2);
        }
    }
}

static void test_everybody_sends_once_and_gets_all(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    expect_all_flow(clients);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_ADD), 6);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_TRACK_ADD), 6);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 12);
    leave_all(clients, 3);
    fake_close(fake);
}

/* Trickled ones, of hosts that hide their addresses, come before the offer that they belong to, and behind it. */
static void test_candidates_come_early(void **state)
{
    (void)state;
    static const char candidate[] =
        "{\"type\":3,\"payload\":{\"candidate\":\"candidate:1 1 udp 2113937151 "
        "1b2c3d4e-0000-4000-8000-000000000001.local "
        "50000 typ host generation 0 ufrag x\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"x\"}}";
    struct client clients[3];
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    for (size_t i = 0; i < 3; i++) {
        enter(&clients[i], fake, id_of(i), true, true); /* it has not looked at the states yet, so it offered nothing */
        for (uint64_t to = 10; to <= 30; to += 10)
            send_message(&clients[i], to, candidate);
        settle(clients, i + 1);
        for (uint64_t to = 10; to <= 30; to += 10)
            send_message(&clients[i], to, candidate);
    }
    settle(clients, 3);
    expect_all_flow(clients);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_ADD), 6);
    leave_all(clients, 3);
    fake_close(fake);
}

static void test_a_camera_goes_off_and_on(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    for (size_t i = 0; i < 3; i++) {
        change_video(&clients[i], false);
        settle(clients, 3);
        for (size_t k = 0; k < 3; k++) {
            if (k != i)
                expect_down(&clients[k], i, 1);
        }
        change_video(&clients[i], true);
        settle(clients, 3);
        size_t where;
        assert_int_equal(uplinks(&clients[i], &where), 1);
        for (size_t k = 0; k < 3; k++) {
            if (k != i)
                expect_down(&clients[k], i, 2);
        }
    }
    leave_all(clients, 3);
    fake_close(fake);
}

static void on_done(void *ctx, enum chat_code code, const char *message, json_t *data)
{
    (void)message;
    (void)data;
    assert_int_equal(code, CHAT_OK);
    *(bool *)ctx = true;
}

static void hangup(struct fake *fake, const struct client *client)
{
    bool is_done = false;
    calls_hangup(fake->calls, client->user, FAKE_CALL_ID, on_done, &is_done);
    assert_true(is_done);
}

static void test_the_uplink_s_member_leaves(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    size_t gone;
    assert_int_equal(uplinks(&clients[1], &gone), 1);
    size_t other = gone == 0 ? 2 : 0;
    uint32_t ssrc = clients[other].peers[1].lines[1].down_ssrc;
    fake_clear_cmds(fake);
    hangup(fake, &clients[gone]);
    react(&clients[other]);
    react(&clients[1]);
    assert_int_equal(clients[1].states[gone], 6);
    expect_down(&clients[other], 1, 2); /* nothing is taken away meanwhile */
    settle(clients, 3);
    size_t where;
    assert_int_equal(uplinks(&clients[1], &where), 1);
    assert_int_equal(where, other);
    expect_down(&clients[other], 1, 2);
    assert_int_equal(clients[other].peers[1].lines[1].down_ssrc, ssrc); /* the same stream goes on */
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_MOVE), 4);
    leave_all(clients, 3);
    fake_close(fake);
}

/* Nobody is left to take over: the tracks end, and come again with the next member. */
static void test_the_last_other_member_is_away(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    struct client clients[2];
    fake_create_call(fake);
    enter(&clients[0], fake, 10, true, true);
    enter(&clients[1], fake, 20, true, true);
    settle(clients, 2);
    lose_socket(&clients[1]);
    settle(clients, 1);
    size_t where;
    assert_int_equal(uplinks(&clients[0], &where), 0);
    open_socket(&clients[1]);
    settle(clients, 2);
    assert_int_equal(uplinks(&clients[0], &where), 1);
    expect_down(&clients[1], 0, 2);
    expect_down(&clients[0], 1, 2);
    assert_int_equal(clients[0].made[1], 2);
    assert_int_equal(clients[1].made[0], 1);
    leave_all(clients, 2);
    fake_close(fake);
}

static void test_a_socket_is_lost_and_comes_back(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    for (size_t i = 0; i < 3; i++) {
        struct client *one = &clients[i];
        unsigned made[3];
        size_t before;
        assert_int_equal(uplinks(one, &before), 1);
        for (size_t k = 0; k < 3; k++)
            made[k] = clients[k].made[i];
        lose_socket(one);
        settle(clients, 3);
        for (size_t k = 0; k < 3; k++) {
            if (k != i)
                assert_int_equal(clients[k].states[i], 5);
        }
        open_socket(one);
        settle(clients, 3);
        size_t where;
        assert_int_equal(uplinks(one, &where), 1);
        assert_int_equal(where, before); /* he noticed nothing */
        for (size_t k = 0; k < 3; k++) {
            if (k == i)
                continue;
            assert_int_equal(clients[k].made[i], made[k] + 1); /* the others connect anew to him */
            assert_int_equal(uplinks(&clients[k], &where), 1);
            expect_down(&clients[k], i, 2);
            expect_down(one, k, 2);
        }
    }
    leave_all(clients, 3);
    fake_close(fake);
}

/* Somebody leaves while he hears nothing. */
static void test_a_member_leaves_behind_his_back(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    size_t gone;
    assert_int_equal(uplinks(&clients[1], &gone), 1);
    size_t other = gone == 0 ? 2 : 0;
    lose_socket(&clients[1]);
    settle(clients, 3);
    hangup(fake, &clients[gone]);
    settle(clients, 3);
    open_socket(&clients[1]);
    settle(clients, 3);
    assert_int_equal(clients[1].states[gone], 6);
    size_t where;
    assert_int_equal(uplinks(&clients[1], &where), 1);
    assert_int_equal(where, other);
    expect_down(&clients[1], other, 2);
    expect_down(&clients[other], 1, 2);
    leave_all(clients, 3);
    fake_close(fake);
}

static void test_a_page_is_loaded_anew(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    for (size_t i = 0; i < 3; i++) {
        lose_socket(&clients[i]);
        settle(clients, 3);
        unsigned made = clients[i].made[(i + 1) % 3];
        enter(&clients[i], fake, id_of(i), false, false); /* has its media later */
        clients[i].made[(i + 1) % 3] = clients[i].made[(i + 2) % 3] = made;
        settle(clients, 3);
        size_t where;
        assert_int_equal(uplinks(&clients[i], &where), 0);
        for (size_t k = 0; k < 3; k++) {
            if (k != i) {
                expect_down(&clients[i], k, 2);
                expect_down(&clients[k], i, 0);
            }
        }
        change_video(&clients[i], true);
        settle(clients, 3);
        assert_int_equal(uplinks(&clients[i], &where), 1);
        for (size_t k = 0; k < 3; k++) {
            if (k != i)
                expect_down(&clients[k], i, 1);
        }
        lose_socket(&clients[i]);
        enter(&clients[i], fake, id_of(i), true, true);
        settle(clients, 3);
    }
    leave_all(clients, 3);
    fake_close(fake);
}

/* A connection that fails is made anew by telling the client that the other member went and came. */
static void test_a_broken_leg_is_rebuilt(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    size_t where;
    assert_int_equal(uplinks(&clients[0], &where), 1);
    unsigned made = clients[0].made[where];
    struct media_evt evt = {.type = MEDIA_EVT_PEER_GONE};
    evt.peer_id = fake_cmd(fake, MEDIA_CMD_TRACK_ADD, 0)->peer_id;
    fake_event(fake, &evt);
    settle(clients, 3);
    assert_int_equal(clients[0].made[where], made + 1);
    assert_int_equal(uplinks(&clients[0], &where), 1);
    expect_down(&clients[0], 1, 2);
    expect_down(&clients[0], 2, 2);
    expect_down(&clients[1], 0, 2);
    expect_down(&clients[2], 0, 2);
    leave_all(clients, 3);
    fake_close(fake);
}

/* ---- with v2 ---- */

static struct fake_socket *enter_v2(struct fake *fake, uint64_t user)
{
    fake_join(fake, user);
    struct fake_socket *socket = fake_socket_open(fake, true);
    fake_socket_textf(socket, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:%llu\"}}",
                      (unsigned long long)user);
    return socket;
}

static void publish_v2(struct fake_socket *socket)
{
    json_t *request =
        json_pack("{s:i, s:s, s:{s:o, s:[{s:s, s:s}, {s:s, s:s}]}}", "req", 2, "type", "publish", "data", "sdp",
                  json_null(), "tracks", "mid", "0", "source", "mic", "mid", "1", "source", "camera");
    char *sdp = sdp_file("chrome_offer.sdp");
    json_object_set_new(json_object_get(request, "data"), "sdp", json_string(sdp));
    free(sdp);
    char *text = jget_dump_take(request);
    fake_socket_text(socket, text);
    free(text);
}

static void ping_v2(struct fake_socket *socket, struct client *clients, size_t count)
{
    for (unsigned i = 0; i < 2; i++) {
        fake_socket_text(socket, "{\"req\":9,\"type\":\"ping\"}");
        settle(clients, count);
    }
}

static void test_both_protocols_meet(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct client clients[1];
    fake_create_call(fake);
    enter(&clients[0], fake, 10, true, true);
    struct fake_socket *modern = enter_v2(fake, 20);
    publish_v2(modern);
    ping_v2(modern, clients, 1);
    size_t where;
    assert_int_equal(uplinks(&clients[0], &where), 1);
    expect_down(&clients[0], 1, 2);
    json_t *added = fake_take_type(modern, "track-added");
    fake_expect_json(json_incref(json_object_get(json_object_get(added, "data"), "source")), "\"mic\"");
    json_decref(added);
    json_decref(fake_take_type(modern, "track-added"));
    json_t *offered = fake_take_type(modern, "subscribe-offer");
    assert_int_equal(json_array_size(json_object_get(json_object_get(offered, "data"), "tracks")), 2);
    json_decref(offered);

    /* A muted picture would stand still at an older client: it is taken away. */
    const struct media_cmd *video = fake_cmd(fake, MEDIA_CMD_TRACK_ADD, 1);
    fake_socket_textf(modern, "{\"req\":3,\"type\":\"mute\",\"data\":{\"trackId\":\"t%llu\",\"muted\":true}}",
                      (unsigned long long)video->u.track_add.track_id);
    ping_v2(modern, clients, 1);
    expect_down(&clients[0], 1, 1);
    fake_socket_textf(modern, "{\"req\":3,\"type\":\"mute\",\"data\":{\"trackId\":\"t%llu\",\"muted\":false}}",
                      (unsigned long long)video->u.track_add.track_id);
    ping_v2(modern, clients, 1);
    expect_down(&clients[0], 1, 2);
    fake_socket_free(modern);
    leave_all(clients, 1);
    fake_close(fake);
}

static void test_a_track_moves_for_v2_too(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct client clients[1];
    fake_create_call(fake);
    enter(&clients[0], fake, 10, true, true);
    struct fake_socket *modern = enter_v2(fake, 20);
    ping_v2(modern, clients, 1);
    json_t *offered = fake_take_type(modern, "subscribe-offer");
    const char *sdp = json_string_value(json_object_get(json_object_get(offered, "data"), "sdp"));
    char *answer = sdp_client_answer(sdp, "cliU", SDP_FINGERPRINT_A);
    char *text = jget_dump_take(
        json_pack("{s:i, s:s, s:{s:i, s:s}}", "req", 5, "type", "subscribe-answer", "data", "seq", 1, "sdp", answer));
    fake_socket_text(modern, text);
    free(text);
    free(answer);
    json_decref(offered);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 2);
    fake_clear(modern);
    fake_clear_cmds(fake);
    change_video(&clients[0], true); /* from camera to screen */
    ping_v2(modern, clients, 1);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_MOVE), 1);
    assert_int_equal(fake_cmd(fake, MEDIA_CMD_SUB_MOVE, 0)->u.sub_move.track_id,
                     fake_cmd(fake, MEDIA_CMD_TRACK_ADD, 0)->u.track_add.track_id);
    while (json_array_size(modern->frames)) {
        json_t *frame = fake_take(modern);
        const char *type = json_string_value(json_object_get(frame, "type"));
        assert_string_equal(type, "ping"); /* neither an event nor an offer */
        json_decref(frame);
    }
    fake_socket_free(modern);
    leave_all(clients, 1);
    fake_close(fake);
}

/* ---- mesh or not ---- */

static void test_a_small_call_is_a_mesh(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct client clients[2];
    fake_create_call(fake);
    for (size_t i = 0; i < 2; i++) {
        enter(&clients[i], fake, id_of(i), true, true);
        clients[i].is_silent = true;
        settle(clients, i + 1);
    }
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_ADD), 0);
    offer(&clients[0], 1);
    json_t *frame = fake_take(clients[1].socket);
    assert_int_equal(json_integer_value(json_object_get(frame, "type")), 4);
    json_decref(frame);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_ADD), 0);
    leave_all(clients, 2);
    fake_close(fake);
}

/* Two have a connection between them when a third one comes with v2: they are told to connect anew. */
static void test_a_mesh_gets_a_v2_member(void **state)
{
    (void)state;
    for (unsigned is_away = 0; is_away < 2; is_away++) {
        struct fake *fake = fake_open(3);
        fake->conf.call.mesh_max_members = 3;
        struct client clients[2];
        fake_create_call(fake);
        for (size_t i = 0; i < 2; i++) {
            enter(&clients[i], fake, id_of(i), true, true);
            clients[i].is_silent = true;
            settle(clients, i + 1);
        }
        if (is_away)
            lose_socket(&clients[0]);
        settle(clients, 2);
        clients[0].is_silent = clients[1].is_silent = false;
        struct fake_socket *modern = enter_v2(fake, 30);
        ping_v2(modern, clients, 2);
        if (is_away) {
            open_socket(&clients[0]);
            ping_v2(modern, clients, 2);
        }
        assert_int_equal(clients[0].made[1], 2);
        assert_int_equal(clients[1].made[0], 2);
        for (size_t i = 0; i < 2; i++) {
            size_t where;
            assert_int_equal(uplinks(&clients[i], &where), 1);
            expect_down(&clients[i], 1 - i, 2);
        }
        fake_socket_free(modern);
        leave_all(clients, 2);
        fake_close(fake);
    }
}

static void test_who_rejected_changes_nothing(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake->conf.call.mesh_max_members = 3;
    struct client clients[2];
    fake_create_call(fake);
    for (size_t i = 0; i < 2; i++) {
        enter(&clients[i], fake, id_of(i), true, true);
        clients[i].is_silent = true;
        settle(clients, i + 1);
    }
    hangup(fake, &(struct client){.user = 30});
    struct fake_socket *modern = enter_v2(fake, 30);
    settle(clients, 2);
    json_t *answer = fake_take(modern);
    assert_non_null(json_object_get(answer, "error"));
    json_decref(answer);
    assert_int_equal(clients[0].made[1], 1);
    assert_int_equal(clients[1].made[0], 1);
    fake_socket_free(modern);
    leave_all(clients, 2);
    fake_close(fake);
}

/* The one member with v2 comes back with the older protocol. */
static void test_back_to_a_mesh(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct client clients[2] = {{.fake = fake}, {.fake = fake}};
    fake_create_call(fake);
    enter(&clients[0], fake, 10, true, true);
    struct fake_socket *modern = enter_v2(fake, 20);
    ping_v2(modern, clients, 1);
    fake_socket_free(modern);
    settle(clients, 1);
    assert_int_equal(clients[0].states[1], 5);
    clients[0].is_silent = true;
    enter(&clients[1], fake, 20, true, true);
    fake_clear_cmds(fake);
    settle(clients, 1);
    json_t *states = fake_take(clients[1].socket);
    json_decref(states);
    fake_expect_nothing(clients[1].socket);
    offer(&clients[0], 1);
    json_decref(fake_take(clients[1].socket)); /* handed on */
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_ADD), 0);
    leave_all(clients, 2);
    fake_close(fake);
}

static void test_signals_without_sense(void **state)
{
    (void)state;
    struct client clients[3];
    struct fake *fake = call_of_three(clients);
    static const char *const messages[] = {
        "x",
        "{}",
        "[]",
        "{\"type\":9}",
        "{\"type\":1}",
        "{\"type\":1,\"payload\":\"v=0\"}",
        "{\"type\":1,\"payload\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}",
        "{\"type\":2,\"payload\":{\"type\":\"answer\",\"sdp\":7}}",
        "{\"type\":3,\"payload\":{\"candidate\":\"candidate:1 1 udp 1 a.local 9 typ host\",\"sdpMid\":\"0\"}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        for (uint64_t to = 10; to <= 40; to += 10)
            send_message(&clients[0], to, messages[i]);
    }
    fake_expect_nothing(clients[0].socket);
    leave_all(clients, 3);
    fake_close(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_sends_once_and_gets_all),
        cmocka_unit_test(test_candidates_come_early),
        cmocka_unit_test(test_a_camera_goes_off_and_on),
        cmocka_unit_test(test_the_uplink_s_member_leaves),
        cmocka_unit_test(test_the_last_other_member_is_away),
        cmocka_unit_test(test_a_socket_is_lost_and_comes_back),
        cmocka_unit_test(test_a_member_leaves_behind_his_back),
        cmocka_unit_test(test_a_page_is_loaded_anew),
        cmocka_unit_test(test_a_broken_leg_is_rebuilt),
        cmocka_unit_test(test_both_protocols_meet),
        cmocka_unit_test(test_a_track_moves_for_v2_too),
        cmocka_unit_test(test_a_small_call_is_a_mesh),
        cmocka_unit_test(test_a_mesh_gets_a_v2_member),
        cmocka_unit_test(test_who_rejected_changes_nothing),
        cmocka_unit_test(test_back_to_a_mesh),
        cmocka_unit_test(test_signals_without_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
