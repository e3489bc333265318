/* Conversations of ichat.call.v2 against a recording media and a fake chat: join and its refusals, states, publish,
 * subscribe, resume, replacement, every message in every state, bad JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "call/subscriber.h"
#include "fake.h"
#include "sdp_tool.h"

static struct fake_socket *join_resumed(struct fake *fake, uint64_t user, const char *resume)
{
    struct fake_socket *socket = fake_socket_open(fake, true);
    fake_socket_textf(socket, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:%llu\",\"resume\":\"%s\"}}",
                      (unsigned long long)user, resume);
    return socket;
}

static struct fake_socket *join(struct fake *fake, uint64_t user)
{
    fake_join(fake, user);
    struct fake_socket *socket = join_resumed(fake, user, "");
    json_t *answer = json_array_get(socket->frames, 0);
    assert_non_null(json_object_get(json_object_get(answer, "data"), "resume"));
    return socket;
}

static void expect_refusal(struct fake_socket *socket, int req, const char *type, const char *code)
{
    json_t *frame = fake_take(socket);
    assert_int_equal(json_integer_value(json_object_get(frame, "res")), req);
    assert_string_equal(json_string_value(json_object_get(frame, "type")), type);
    json_t *error = json_object_get(frame, "error");
    assert_string_equal(json_string_value(json_object_get(error, "code")), code);
    assert_true(strlen(json_string_value(json_object_get(error, "message"))) > 5);
    assert_null(json_object_get(frame, "data"));
    json_decref(frame);
}

static const char *data_string(const json_t *frame, const char *key)
{
    return json_string_value(json_object_get(json_object_get(frame, "data"), key));
}

static json_int_t data_int(const json_t *frame, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(frame, "data"), key));
}

/* Sends a request whose data is built from JSON and strings that need quoting. */
static void request(struct fake_socket *socket, int req, const char *type, json_t *data_take)
{
    json_t *json = json_pack("{s:i, s:s, s:o}", "req", req, "type", type, "data", data_take);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    fake_socket_text(socket, text);
    free(text);
}

static json_t *wishes(const char *first, const char *second)
{
    json_t *list = json_array();
    if (first)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "mid", "0", "source", first, "muted", 0));
    if (second)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "mid", "1", "source", second, "muted", 0));
    return list;
}

static void publish(struct fake_socket *socket, const char *sdp, json_t *tracks_take)
{
    request(socket, 2, "publish", json_pack("{s:s, s:o}", "sdp", sdp, "tracks", tracks_take));
}

static void publish_chrome(struct fake_socket *socket)
{
    char *sdp = sdp_file("chrome_offer.sdp");
    publish(socket, sdp, wishes("mic", "camera"));
    free(sdp);
}

static void answer_offer(struct fake_socket *socket, const json_t *offer, const char *ufrag)
{
    char *sdp = sdp_client_answer(data_string(offer, "sdp"), ufrag, SDP_FINGERPRINT_A);
    request(socket, 3, "subscribe-answer", json_pack("{s:I, s:s}", "seq", data_int(offer, "seq"), "sdp", sdp));
    free(sdp);
}

/* Two members online; 10 has published microphone and camera, 20 has answered his offer. */
struct pair {
    struct fake *fake;
    struct fake_socket *a;
    struct fake_socket *b;
    char *mic;
    char *camera;
};

static void open_pair(struct pair *pair, size_t members)
{
    pair->fake = fake_open(members);
    fake_create_call(pair->fake);
    pair->a = join(pair->fake, 10);
    pair->b = join(pair->fake, 20);
    fake_clear(pair->a);
    publish_chrome(pair->a);
    json_t *frame = fake_take_type(pair->a, "publish");
    json_t *tracks = json_object_get(json_object_get(frame, "data"), "tracks");
    assert_int_equal(json_array_size(tracks), 2);
    pair->mic = strdup(json_string_value(json_object_get(json_array_get(tracks, 0), "trackId")));
    pair->camera = strdup(json_string_value(json_object_get(json_array_get(tracks, 1), "trackId")));
    json_decref(frame);
    fake_pass(pair->fake, 100 * MS);
    frame = fake_take_type(pair->b, "subscribe-offer");
    answer_offer(pair->b, frame, "cliU");
    json_decref(frame);
    fake_clear(pair->a);
    fake_clear(pair->b);
}

static void close_pair(struct pair *pair)
{
    fake_socket_free(pair->a);
    fake_socket_free(pair->b);
    fake_close(pair->fake);
    free(pair->mic);
    free(pair->camera);
}

/* ---- join ---- */

static void test_join(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    char *urls[] = {(char *)"turn:turn.example.org:3478?transport=udp"};
    fake->conf.turn.urls = (struct conf_list){.items = urls, .count = 1};
    fake->conf.turn.secret = (char *)"s3cret";
    fake->conf.turn.ttl_s = 60;
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    json_t *frame = fake_take(a);
    json_t *data = json_object_get(frame, "data");
    assert_int_equal(strlen(data_string(frame, "resume")), 32);
    json_object_del(data, "resume");
    json_t *servers = json_object_get(data, "iceServers");
    json_t *server = json_array_get(servers, 0);
    assert_non_null(strstr(json_string_value(json_object_get(server, "username")), ":10"));
    assert_int_equal(strlen(json_string_value(json_object_get(server, "credential"))), 28);
    json_object_del(data, "iceServers");
    fake_expect_json(frame,
                     "{\"res\":1,\"type\":\"join\",\"data\":{\"callId\":7,\"userId\":10,\"resumed\":false,\"status\":2,"
                     "\"startTime\":null,\"pingMs\":3000,\"aliveMs\":8000,\"members\":["
                     "{\"userId\":10,\"nickname\":\"Al\",\"avatar\":\"\",\"state\":4,\"tracks\":[]},"
                     "{\"userId\":20,\"nickname\":\"Bo\",\"avatar\":\"\",\"state\":1,\"tracks\":[]}]}}");
    fake_expect_nothing(a);
    fake_join(fake, 20);
    fake_expect_json(fake_take(a), "{\"type\":\"member-state\",\"data\":{\"userId\":20,\"state\":3,\"nickname\":\"Bo\","
                                   "\"avatar\":\"\"}}");
    struct fake_socket *b = join_resumed(fake, 20, "");
    frame = fake_take(b);
    assert_string_equal(json_string_value(json_object_get(frame, "type")), "join"); /* before call-started */
    assert_int_equal(data_int(frame, "status"), 3);
    assert_non_null(data_string(frame, "startTime"));
    json_decref(frame);
    json_decref(fake_take_type(b, "call-started"));
    fake_expect_nothing(b);
    json_decref(fake_take_type(a, "call-started"));
    fake_expect_json(fake_take(a), "{\"type\":\"member-state\",\"data\":{\"userId\":20,\"state\":4,\"nickname\":\"Bo\","
                                   "\"avatar\":\"\"}}");
    fake_expect_nothing(a);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

static void test_join_refusals(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct fake_socket *a = fake_socket_open(fake, true);
    fake_socket_text(a, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:10\"}}"); /* no such call lives */
    expect_refusal(a, 1, "join", "call_ended");
    fake_create_call(fake);
    fake_socket_text(a, "{\"req\":2,\"type\":\"join\",\"data\":{\"token\":\"expired\"}}");
    expect_refusal(a, 2, "join", "unauthorized");
    fake_socket_text(a, "{\"req\":3,\"type\":\"join\",\"data\":{\"token\":\"nonsense\"}}");
    expect_refusal(a, 3, "join", "unauthorized");
    fake_socket_text(a, "{\"req\":4,\"type\":\"join\"}");
    expect_refusal(a, 4, "join", "unauthorized");
    fake_socket_text(a, "{\"req\":5,\"type\":\"join\",\"data\":{\"token\":\"token:99\"}}"); /* a stranger */
    expect_refusal(a, 5, "join", "not_allowed");
    fake_socket_text(a, "{\"req\":6,\"type\":\"join\",\"data\":{\"token\":\"token:20\"}}"); /* he did not accept */
    expect_refusal(a, 6, "join", "not_allowed");
    fake_join(fake, 10);
    fake_socket_text(a, "{\"req\":7,\"type\":\"join\",\"data\":{\"token\":\"token:10\"}}");
    json_decref(fake_take_type(a, "join"));
    fake_socket_text(a, "{\"req\":8,\"type\":\"join\",\"data\":{\"token\":\"token:10\"}}");
    expect_refusal(a, 8, "join", "already_joined");
    assert_false(a->is_closed);
    fake_socket_free(a);
    fake_close(fake);
}

static void test_a_socket_that_does_not_join_is_closed(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct fake_socket *a = fake_socket_open(fake, true);
    fake_pass(fake, 10 * S - 100 * MS);
    assert_false(a->is_closed);
    fake_pass(fake, 200 * MS);
    assert_true(a->is_closed);
    fake_socket_free(a);
    fake_close(fake);
}

/* ---- every message in every state ---- */

static const struct {
    const char *type;
    const char *data;
    const char *joined; /* the refusal of one who joined, NULL = answered */
} requests[] = {
    {"publish", "{\"sdp\":\"nonsense\"}", "bad_sdp"},
    {"subscribe-answer", "{\"seq\":1,\"sdp\":\"v=0\"}", "bad_state"},
    {"candidate", "{\"pc\":\"publish\",\"candidate\":\"candidate:1 1 udp 1 x.local 9 typ host\"}", NULL},
    {"mute", "{\"trackId\":\"t1\",\"muted\":true}", "no_such_track"},
    {"subscription", "{\"trackId\":\"t1\",\"paused\":true,\"width\":1,\"height\":1}", "no_such_track"},
    {"restart-ice", "{\"pc\":\"subscribe\"}", NULL},
    {"restart-ice", "{\"pc\":\"publish\"}", "bad_state"},
    {"ping", "{}", NULL},
    {"fly", "{}", "unknown_type"},
};

static void test_every_message_before_join(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = fake_socket_open(fake, true);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        bool is_known = strcmp(requests[i].type, "fly") != 0;
        fake_socket_textf(a, "{\"req\":%zu,\"type\":\"%s\",\"data\":%s}", i + 1, requests[i].type, requests[i].data);
        expect_refusal(a, (int)i + 1, requests[i].type, is_known ? "not_joined" : "unknown_type");
    }
    fake_socket_text(a, "{\"req\":99,\"type\":\"leave\"}");
    expect_refusal(a, 99, "leave", "not_joined");
    assert_int_equal(fake->cmd_count, 0);
    fake_socket_free(a);
    fake_close(fake);
}

static void test_every_message_after_join(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    fake_clear(a);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        fake_socket_textf(a, "{\"req\":%zu,\"type\":\"%s\",\"data\":%s}", i + 1, requests[i].type, requests[i].data);
        if (requests[i].joined) {
            expect_refusal(a, (int)i + 1, requests[i].type, requests[i].joined);
        } else {
            json_t *frame = fake_take_type(a, requests[i].type);
            assert_int_equal(json_integer_value(json_object_get(frame, "res")), i + 1);
            assert_true(json_is_object(json_object_get(frame, "data")));
            json_decref(frame);
        }
        fake_socket_textf(a, "{\"type\":\"%s\",\"data\":%s}", requests[i].type, requests[i].data);
        fake_expect_nothing(a); /* without req: carried out and not answered */
    }
    assert_int_equal(fake->cmd_count, 0);
    fake_socket_free(a);
    fake_close(fake);
}

static void test_nothing_after_the_end(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_socket_text(pair.a, "{\"req\":9,\"type\":\"leave\"}");
    fake_expect_json(fake_take(pair.a), "{\"res\":9,\"type\":\"leave\",\"data\":{}}");
    fake_expect_json(fake_take(pair.a), "{\"type\":\"call-ended\",\"data\":{\"reason\":1}}");
    assert_true(pair.a->is_closed);
    json_t *frame = fake_take_type(pair.b, "call-ended");
    assert_int_equal(data_int(frame, "reason"), 1);
    json_decref(frame);
    assert_true(pair.b->is_closed);
    fake_clear_cmds(pair.fake);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) /* the fake fails the test if anything is sent now */
        fake_socket_textf(pair.a, "{\"req\":1,\"type\":\"%s\",\"data\":%s}", requests[i].type, requests[i].data);
    publish_chrome(pair.b);
    fake_pass(pair.fake, 20 * S);
    assert_int_equal(pair.fake->cmd_count, 0);
    close_pair(&pair);
}

static void test_frames_that_are_no_requests(void **state)
{
    (void)state;
    static const char *const frames[] = {"",
                                         "x",
                                         "null",
                                         "7",
                                         "[]",
                                         "\"join\"",
                                         "{",
                                         "{}",
                                         "{\"req\":1}",
                                         "{\"req\":\"1\",\"type\":\"ping\"}",
                                         "{\"req\":-1,\"type\":\"ping\"}",
                                         "{\"req\":0,\"type\":\"ping\"}",
                                         "{\"req\":1.5,\"type\":\"ping\"}",
                                         "{\"req\":9223372036854775808,\"type\":\"ping\"}",
                                         "{\"type\":7}",
                                         "{\"type\":null}",
                                         "{\"type\":\"\"}",
                                         "{\"req\":[1],\"type\":\"ping\"}",
                                         "{\"req\":1,\"type\":\"ping\"} x",
                                         "{\"type\":\"a\\u0000b\"}"};
    struct fake *fake = fake_open(2);
    struct fake_socket *a = fake_socket_open(fake, true);
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        fake_socket_text(a, frames[i]);
        json_t *frame = json_array_get(a->frames, 0);
        if (!frame)
            fail_msg("no answer to %s", frames[i]);
        json_t *error = json_object_get(frame, "error");
        assert_string_equal(json_string_value(json_object_get(error, "code")), "bad_message");
        fake_clear(a);
    }
    assert_false(a->is_closed);
    fake_socket_free(a);
    fake_close(fake);
}

/* Every field of every request: missing, null, of a wrong type. None may be taken for something else. */
static void test_wrong_fields(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *data;
        const char *code; /* NULL = answered */
    } cases[] = {
        {"join", "{\"token\":7}", "bad_message"},
        {"join", "{\"token\":\"token:10\",\"resume\":{}}", "bad_message"},
        {"join", "[]", "bad_message"},
        {"join", "\"x\"", "bad_message"},
        {"publish", "{}", "bad_message"},
        {"publish", "null", "bad_message"},
        {"publish", "{\"sdp\":null}", "bad_message"},
        {"publish", "{\"sdp\":7}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":{}}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[7]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{}]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{\"mid\":0,\"source\":\"mic\"}]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{\"mid\":\"0\",\"source\":\"tv\"}]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{\"mid\":\"0\",\"source\":null}]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{\"mid\":\"0\",\"source\":\"mic\",\"muted\":1}]}", "bad_message"},
        {"publish", "{\"sdp\":\"v=0\",\"tracks\":[{\"mid\":\"12345678901234567\",\"source\":\"mic\"}]}", "bad_message"},
        {"subscribe-answer", "{}", "bad_message"},
        {"subscribe-answer", "{\"seq\":\"1\",\"sdp\":\"v=0\"}", "bad_message"},
        {"subscribe-answer", "{\"seq\":-1,\"sdp\":\"v=0\"}", "bad_message"},
        {"subscribe-answer", "{\"seq\":1,\"sdp\":[]}", "bad_message"},
        {"subscribe-answer", "{\"sdp\":\"v=0\"}", "bad_state"}, /* seq 0 was never offered */
        {"candidate", "{}", "bad_message"},
        {"candidate", "{\"pc\":\"both\"}", "bad_message"},
        {"candidate", "{\"pc\":7}", "bad_message"},
        {"candidate", "{\"pc\":\"publish\",\"candidate\":{}}", "bad_message"},
        {"candidate", "{\"pc\":\"publish\"}", NULL}, /* end of candidates */
        {"mute", "{\"trackId\":1,\"muted\":true}", "bad_message"},
        {"mute", "{\"trackId\":\"t1\",\"muted\":\"yes\"}", "bad_message"},
        {"mute", "{}", "no_such_track"},
        {"mute", "{\"trackId\":null,\"muted\":null}", "no_such_track"},
        {"subscription", "{\"trackId\":[]}", "bad_message"},
        {"subscription", "{\"trackId\":\"t1\",\"paused\":7}", "bad_message"},
        {"subscription", "{\"trackId\":\"t1\",\"width\":65536}", "bad_message"},
        {"subscription", "{\"trackId\":\"t1\",\"height\":-1}", "bad_message"},
        {"subscription", "{\"trackId\":\"t1\",\"width\":9223372036854775807}", "bad_message"},
        {"subscription", "{}", "no_such_track"},
        {"restart-ice", "{}", "bad_message"},
        {"restart-ice", "{\"pc\":\"subscribe\",\"reset\":\"yes\"}", "bad_message"},
        {"ping", "7", "bad_message"},
        {"ping", "null", NULL},
    };
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    fake_clear(a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_socket_textf(a, "{\"req\":%zu,\"type\":\"%s\",\"data\":%s}", i + 1, cases[i].type, cases[i].data);
        if (cases[i].code)
            expect_refusal(a, (int)i + 1, cases[i].type, cases[i].code);
        else
            json_decref(fake_take_type(a, cases[i].type));
    }
    assert_int_equal(fake->cmd_count, 0);
    fake_socket_free(a);
    fake_close(fake);
}

static void test_a_flood_is_cut_off(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    struct fake_socket *a = fake_socket_open(fake, true);
    unsigned sent = 0;
    for (; sent < 5000 && !a->is_closed; sent++)
        fake_socket_text(a, "{\"type\":\"ping\"}");
    assert_true(a->is_closed);
    assert_int_equal(a->close_code, 1008);
    assert_true(sent > 100);
    fake_socket_free(a);
    fake_close(fake);
}

/* ---- publish ---- */

static void test_publish(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 3);
    const struct media_cmd *peer = fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 0);
    assert_int_equal(peer->u.peer_add.call_id, FAKE_CALL_ID);
    assert_int_equal(peer->u.peer_add.user_id, 10);
    assert_string_equal(peer->u.peer_add.params.remote_ufrag, "Oyef");
    assert_int_equal(strlen(peer->u.peer_add.params.local_ufrag), 8);
    assert_int_equal(strlen(peer->u.peer_add.params.local_pwd), 24);
    assert_string_equal(peer->u.peer_add.params.fingerprint_hash, "sha-256");
    assert_int_equal(peer->u.peer_add.params.fingerprint[0], 0x7b);
    const struct media_cmd *mic = fake_cmd(pair.fake, MEDIA_CMD_TRACK_ADD, 0);
    assert_int_equal(mic->peer_id, peer->peer_id);
    assert_string_equal(mic->u.track_add.mid, "0");
    assert_int_equal(mic->u.track_add.format.codec, MEDIA_OPUS);
    assert_int_equal(mic->u.track_add.layers[0].ssrc, 3735928559);
    const struct media_cmd *camera = fake_cmd(pair.fake, MEDIA_CMD_TRACK_ADD, 1);
    assert_int_equal(camera->u.track_add.format.codec, MEDIA_VP8);
    assert_int_equal(camera->u.track_add.layers[0].rtx_ssrc, 2718281828);
    assert_null(fake_cmd(pair.fake, MEDIA_CMD_TRACK_ADD, 2));

    /* A newcomer learns of the tracks by the answer to join. */
    struct fake_socket *c = join(pair.fake, 30);
    json_t *frame = fake_take(c);
    json_t *first = json_array_get(json_object_get(json_object_get(frame, "data"), "members"), 0);
    json_t *tracks = json_incref(json_object_get(first, "tracks"));
    json_decref(frame);
    assert_int_equal(json_array_size(tracks), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(tracks, 0), "source")), "mic");
    assert_string_equal(json_string_value(json_object_get(json_array_get(tracks, 1), "trackId")), pair.camera);
    json_decref(tracks);
    fake_pass(pair.fake, 100 * MS);
    frame = fake_take_type(c, "subscribe-offer");
    assert_int_equal(json_array_size(json_object_get(json_object_get(frame, "data"), "tracks")), 2);
    json_decref(frame);
    fake_socket_free(c);
    close_pair(&pair);
}

static void test_republish_keeps_what_goes_on(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_clear_cmds(pair.fake);
    publish_chrome(pair.a); /* the same once more */
    json_t *frame = fake_take_type(pair.a, "publish");
    json_t *tracks = json_object_get(json_object_get(frame, "data"), "tracks");
    assert_string_equal(json_string_value(json_object_get(json_array_get(tracks, 0), "trackId")), pair.mic);
    assert_string_equal(json_string_value(json_object_get(json_array_get(tracks, 1), "trackId")), pair.camera);
    json_decref(frame);
    assert_int_equal(pair.fake->cmd_count, 0);
    fake_expect_nothing(pair.b);

    /* The camera stops. */
    char *sdp = sdp_replace_after_take(sdp_file("chrome_offer.sdp"), "m=video", "a=sendrecv", "a=inactive");
    publish(pair.a, sdp, wishes("mic", NULL));
    frame = fake_take_type(pair.a, "publish");
    assert_int_equal(json_array_size(json_object_get(json_object_get(frame, "data"), "tracks")), 1);
    json_decref(frame);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_TRACK_DEL), 1);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_SUB_DEL), 1);
    frame = fake_take_type(pair.b, "track-removed");
    assert_string_equal(data_string(frame, "trackId"), pair.camera);
    json_decref(frame);
    fake_pass(pair.fake, 100 * MS);
    frame = fake_take_type(pair.b, "subscribe-offer");
    assert_int_equal(data_int(frame, "seq"), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(frame, "data"), "tracks")), 1);
    assert_non_null(strstr(strstr(data_string(frame, "sdp"), "m=video"), "a=inactive"));
    answer_offer(pair.b, frame, "cliU");
    json_decref(frame);

    /* A screen takes its line. */
    free(sdp);
    sdp = sdp_file("chrome_offer.sdp");
    fake_clear_cmds(pair.fake);
    publish(pair.a, sdp, wishes("mic", "screen"));
    frame = fake_take_type(pair.b, "track-added");
    assert_string_equal(data_string(frame, "source"), "screen");
    assert_string_not_equal(data_string(frame, "trackId"), pair.camera);
    json_decref(frame);
    fake_pass(pair.fake, 100 * MS);
    frame = fake_take_type(pair.b, "subscribe-offer");
    const char *offered = data_string(frame, "sdp");
    assert_null(strstr(offered, "a=mid:2")); /* the inactive line is used again */
    answer_offer(pair.b, frame, "cliU");
    json_decref(frame);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_SUB_ADD), 1);
    assert_string_equal(fake_cmd(pair.fake, MEDIA_CMD_SUB_ADD, 0)->u.sub_add.mid, "1");
    free(sdp);
    close_pair(&pair);
}

static void test_publish_refusals_change_nothing(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_clear_cmds(pair.fake);
    char *sdp = sdp_file("chrome_offer.sdp");
    static const struct {
        const char *first;
        const char *second;
        const char *code;
    } cases[] = {{"camera", "camera", "bad_message"}, {"mic", "screen-audio", "bad_message"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        publish(pair.a, sdp, wishes(cases[i].first, cases[i].second));
        expect_refusal(pair.a, 2, "publish", cases[i].code);
    }
    publish(pair.a, sdp, json_pack("[{s:s, s:s}]", "mid", "7", "source", "mic"));
    expect_refusal(pair.a, 2, "publish", "bad_message");
    publish(pair.a, sdp,
            json_pack("[{s:s, s:s}, {s:s, s:s}]", "mid", "0", "source", "mic", "mid", "0", "source", "mic"));
    expect_refusal(pair.a, 2, "publish", "bad_message");
    pair.fake->conf.call.max_tracks = 1;
    publish(pair.a, sdp, wishes("mic", "camera"));
    expect_refusal(pair.a, 2, "publish", "too_many_tracks");
    char *turned = sdp_replace_take(sdp_file("chrome_offer.sdp"), "a=setup:actpass", "a=setup:passive");
    pair.fake->conf.call.max_tracks = 4;
    publish(pair.a, turned, wishes("mic", "camera"));
    expect_refusal(pair.a, 2, "publish", "bad_sdp");
    assert_int_equal(pair.fake->cmd_count, 0);
    fake_expect_nothing(pair.b);
    free(turned);
    free(sdp);
    close_pair(&pair);
}

static void test_ice_restart_of_publish(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    char before[RTC_UFRAG_SIZE];
    strcpy(before, fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 0)->u.peer_add.params.local_ufrag);
    fake_clear_cmds(pair.fake);
    char *sdp = sdp_replace_take(sdp_file("chrome_offer.sdp"), "a=ice-ufrag:Oyef", "a=ice-ufrag:Newu");
    publish(pair.a, sdp, wishes("mic", "camera"));
    const struct media_cmd *cmd = fake_cmd(pair.fake, MEDIA_CMD_PEER_REMOTE, 0);
    assert_non_null(cmd);
    assert_string_equal(cmd->u.peer_remote.params.remote_ufrag, "Newu");
    assert_string_not_equal(cmd->u.peer_remote.params.local_ufrag, before);
    assert_int_equal(pair.fake->cmd_count, 1); /* the tracks go on */
    json_t *frame = fake_take_type(pair.a, "publish");
    assert_non_null(strstr(data_string(frame, "sdp"), cmd->u.peer_remote.params.local_ufrag));
    json_decref(frame);
    free(sdp);
    close_pair(&pair);
}

static void test_a_new_connection_starts_anew(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    uint64_t old = fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 0)->peer_id;
    fake_clear_cmds(pair.fake);
    char *sdp = sdp_replace_take(sdp_file("chrome_offer.sdp"), "7B:8B:F0", "7C:8B:F0");
    publish(pair.a, sdp, wishes("mic", "camera"));
    json_decref(fake_take_type(pair.a, "publish"));
    assert_int_equal(fake_cmd(pair.fake, MEDIA_CMD_PEER_DEL, 0)->peer_id, old);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_PEER_ADD), 1);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_TRACK_ADD), 2);
    json_decref(fake_take_type(pair.b, "track-removed"));
    json_decref(fake_take_type(pair.b, "track-added"));
    free(sdp);
    close_pair(&pair);
}

static void test_mute(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_clear_cmds(pair.fake);
    fake_socket_textf(pair.a, "{\"req\":5,\"type\":\"mute\",\"data\":{\"trackId\":\"%s\",\"muted\":true}}", pair.mic);
    fake_expect_json(fake_take(pair.a), "{\"res\":5,\"type\":\"mute\",\"data\":{}}");
    assert_true(fake_cmd(pair.fake, MEDIA_CMD_TRACK_PAUSE, 0)->u.track_pause.is_paused);
    json_t *frame = fake_take(pair.b);
    assert_string_equal(json_string_value(json_object_get(frame, "type")), "track-muted");
    assert_true(json_is_true(json_object_get(json_object_get(frame, "data"), "muted")));
    json_decref(frame);
    /* The same again says nothing; somebody else's track is not his. */
    fake_socket_textf(pair.a, "{\"req\":6,\"type\":\"mute\",\"data\":{\"trackId\":\"%s\",\"muted\":true}}", pair.mic);
    json_decref(fake_take_type(pair.a, "mute"));
    fake_expect_nothing(pair.b);
    fake_socket_textf(pair.b, "{\"req\":7,\"type\":\"mute\",\"data\":{\"trackId\":\"%s\",\"muted\":false}}", pair.mic);
    expect_refusal(pair.b, 7, "mute", "no_such_track");
    assert_int_equal(pair.fake->cmd_count, 1);
    close_pair(&pair);
}

static void test_full_media_queue_ends_publishing(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    fake_clear(a);
    fake->is_media_full = true;
    publish_chrome(a);
    expect_refusal(a, 2, "publish", "busy");
    assert_int_equal(fake->cmd_count, 0);
    fake->is_media_full = false;
    fake->refuse_cmds = 1;
    publish_chrome(a);
    expect_refusal(a, 2, "publish", "busy");
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_DEL), 1); /* its place is given back */
    publish_chrome(a);
    json_decref(fake_take_type(a, "publish"));
    fake_socket_free(a);
    fake_close(fake);
}

/* ---- subscribe ---- */

static void test_subscribe(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    const struct media_cmd *peer = fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 1);
    assert_int_equal(peer->u.peer_add.user_id, 20);
    assert_string_equal(peer->u.peer_add.params.remote_ufrag, "");
    const struct media_cmd *remote = fake_cmd(pair.fake, MEDIA_CMD_PEER_REMOTE, 0);
    assert_int_equal(remote->peer_id, peer->peer_id);
    assert_string_equal(remote->u.peer_remote.params.remote_ufrag, "cliU");
    assert_string_equal(remote->u.peer_remote.params.local_ufrag, peer->u.peer_add.params.local_ufrag);
    const struct media_cmd *track = fake_cmd(pair.fake, MEDIA_CMD_TRACK_ADD, 1);
    const struct media_cmd *sub = fake_cmd(pair.fake, MEDIA_CMD_SUB_ADD, 1);
    assert_int_equal(sub->peer_id, peer->peer_id);
    assert_int_equal(sub->u.sub_add.track_id, track->u.track_add.track_id);
    assert_int_equal(sub->u.sub_add.track_worker, 0); /* where 10's peer was placed */
    assert_int_equal(sub->u.sub_add.source.pt, 96);
    assert_int_equal(sub->u.sub_add.source.ext.mid, 4);
    assert_int_equal(sub->u.sub_add.format.ext.mid, 1);
    assert_int_equal(sub->u.sub_add.format.rtx_pt, 97);
    assert_string_equal(sub->u.sub_add.mid, "1");
    assert_string_equal(sub->u.sub_add.cname, "m10");
    const struct media_cmd *audio = fake_cmd(pair.fake, MEDIA_CMD_SUB_ADD, 0);
    assert_string_equal(audio->u.sub_add.cname, "m10");
    assert_int_equal(audio->u.sub_add.rtx_ssrc, 0);
    assert_true(sub->u.sub_add.ssrc && sub->u.sub_add.rtx_ssrc && audio->u.sub_add.ssrc);
    assert_true(sub->u.sub_add.ssrc != sub->u.sub_add.rtx_ssrc && sub->u.sub_add.ssrc != audio->u.sub_add.ssrc);
    assert_null(fake_cmd(pair.fake, MEDIA_CMD_SUB_ADD, 2));
    close_pair(&pair);
}

/* Changes while an offer is open go into one further offer. */
static void test_changes_are_gathered(void **state)
{
    (void)state;
    struct fake *fake = fake_open(4);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    struct fake_socket *c = join(fake, 30);
    struct fake_socket *d = join(fake, 40);
    publish_chrome(a);
    fake_pass(fake, 100 * MS);
    json_t *first = fake_take_type(d, "subscribe-offer");
    publish_chrome(b);
    publish_chrome(c);
    fake_pass(fake, 2 * S);
    json_decref(fake_take_type(d, "track-added")); /* told at once, offered later */
    fake_clear(d);
    answer_offer(d, first, "cliU");
    json_decref(fake_take_type(d, "subscribe-answer"));
    fake_expect_nothing(d);
    fake_pass(fake, 100 * MS);
    json_t *second = fake_take_type(d, "subscribe-offer");
    assert_int_equal(data_int(second, "seq"), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(second, "data"), "tracks")), 6);
    /* The answer to the older one is refused and harmless; the newer one still counts. */
    fake_clear_cmds(fake);
    answer_offer(d, first, "cliU");
    expect_refusal(d, 3, "subscribe-answer", "bad_state");
    assert_int_equal(fake->cmd_count, 0);
    answer_offer(d, second, "cliU");
    json_decref(fake_take_type(d, "subscribe-answer"));
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 4);
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_PEER_REMOTE), 0);
    answer_offer(d, second, "cliU"); /* twice */
    expect_refusal(d, 3, "subscribe-answer", "bad_state");
    json_decref(first);
    json_decref(second);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(c);
    fake_socket_free(d);
    fake_close(fake);
}

static void test_a_bad_answer_leaves_the_offer_open(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    publish_chrome(a);
    fake_pass(fake, 100 * MS);
    json_t *offer = fake_take_type(b, "subscribe-offer");
    fake_clear_cmds(fake);
    request(b, 3, "subscribe-answer", json_pack("{s:i, s:s}", "seq", 1, "sdp", "v=0"));
    expect_refusal(b, 3, "subscribe-answer", "bad_sdp");
    assert_int_equal(fake->cmd_count, 0);
    answer_offer(b, offer, "cliU");
    json_decref(fake_take_type(b, "subscribe-answer"));
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 2);
    json_decref(offer);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

static void keep_alive(struct fake *fake, struct fake_socket *a, struct fake_socket *b, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        fake_pass(fake, S);
        fake_socket_text(a, "{\"type\":\"ping\"}");
        fake_socket_text(b, "{\"type\":\"ping\"}");
    }
}

static void test_an_unanswered_offer_resets_the_connection(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    publish_chrome(a);
    fake_pass(fake, 100 * MS);
    json_t *offer = fake_take_type(b, "subscribe-offer");
    assert_null(json_object_get(json_object_get(offer, "data"), "reset"));
    uint64_t old = fake_cmd(fake, MEDIA_CMD_PEER_ADD, 1)->peer_id;
    fake_clear_cmds(fake);
    keep_alive(fake, a, b, 9);
    fake_expect_nothing(b);
    keep_alive(fake, a, b, 2);
    assert_int_equal(fake_cmd(fake, MEDIA_CMD_PEER_DEL, 0)->peer_id, old);
    json_t *again = fake_take_type(b, "subscribe-offer");
    assert_true(json_is_true(json_object_get(json_object_get(again, "data"), "reset")));
    assert_int_equal(data_int(again, "seq"), 2);
    answer_offer(b, again, "cliV");
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 2);
    assert_int_equal(fake_cmd(fake, MEDIA_CMD_SUB_ADD, 0)->peer_id, fake_cmd(fake, MEDIA_CMD_PEER_ADD, 0)->peer_id);
    json_decref(offer);
    json_decref(again);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

static void test_ice_restart_of_subscribe(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_clear_cmds(pair.fake);
    fake_socket_text(pair.b, "{\"req\":7,\"type\":\"restart-ice\",\"data\":{\"pc\":\"subscribe\"}}");
    json_decref(fake_take_type(pair.b, "restart-ice"));
    fake_pass(pair.fake, 100 * MS);
    json_t *offer = fake_take_type(pair.b, "subscribe-offer");
    assert_int_equal(pair.fake->cmd_count, 0); /* the old credentials count until the answer */
    answer_offer(pair.b, offer, "cliW");
    const struct media_cmd *cmd = fake_cmd(pair.fake, MEDIA_CMD_PEER_REMOTE, 0);
    assert_string_equal(cmd->u.peer_remote.params.remote_ufrag, "cliW");
    assert_non_null(strstr(data_string(offer, "sdp"), cmd->u.peer_remote.params.local_ufrag));
    assert_int_equal(pair.fake->cmd_count, 1);
    json_decref(offer);
    close_pair(&pair);
}

static void test_another_certificate_in_an_answer_is_refused(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_socket_text(pair.b, "{\"req\":7,\"type\":\"restart-ice\",\"data\":{\"pc\":\"subscribe\"}}");
    fake_pass(pair.fake, 100 * MS);
    json_t *offer = fake_take_type(pair.b, "subscribe-offer");
    fake_clear_cmds(pair.fake);
    char *sdp = sdp_client_answer(data_string(offer, "sdp"), "cliW", SDP_FINGERPRINT_B);
    request(pair.b, 3, "subscribe-answer", json_pack("{s:I, s:s}", "seq", data_int(offer, "seq"), "sdp", sdp));
    expect_refusal(pair.b, 3, "subscribe-answer", "bad_sdp");
    assert_int_equal(pair.fake->cmd_count, 0);
    free(sdp);
    /* A client that lost its connection asks for a new one. */
    fake_socket_text(pair.b, "{\"req\":8,\"type\":\"restart-ice\",\"data\":{\"pc\":\"subscribe\",\"reset\":true}}");
    fake_pass(pair.fake, 100 * MS);
    json_t *fresh = fake_take_type(pair.b, "subscribe-offer");
    assert_true(json_is_true(json_object_get(json_object_get(fresh, "data"), "reset")));
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_PEER_DEL), 1);
    json_decref(fresh);
    json_decref(offer);
    close_pair(&pair);
}

static void test_subscription_wishes(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    uint64_t sub_id = fake_cmd(pair.fake, MEDIA_CMD_SUB_ADD, 1)->u.sub_add.sub_id;
    fake_clear_cmds(pair.fake);
    fake_socket_textf(pair.b,
                      "{\"req\":6,\"type\":\"subscription\",\"data\":{\"trackId\":\"%s\",\"paused\":true,"
                      "\"width\":320,\"height\":180}}",
                      pair.camera);
    fake_expect_json(fake_take(pair.b), "{\"res\":6,\"type\":\"subscription\",\"data\":{}}");
    const struct media_cmd *pause = fake_cmd(pair.fake, MEDIA_CMD_SUB_PAUSE, 0);
    assert_int_equal(pause->u.sub_pause.sub_id, sub_id);
    assert_true(pause->u.sub_pause.is_paused);
    const struct media_cmd *want = fake_cmd(pair.fake, MEDIA_CMD_SUB_WANT, 0);
    assert_int_equal(want->u.sub_want.width, 320);
    assert_int_equal(want->u.sub_want.height, 180);
    fake_socket_textf(pair.a, "{\"req\":6,\"type\":\"subscription\",\"data\":{\"trackId\":\"%s\"}}", pair.camera);
    expect_refusal(pair.a, 6, "subscription", "no_such_track"); /* his own */
    close_pair(&pair);
}

static void test_full_media_queue_is_tried_again(void **state)
{
    (void)state;
    struct fake *fake = fake_open(2);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    publish_chrome(a);
    fake_pass(fake, 100 * MS);
    json_t *offer = fake_take_type(b, "subscribe-offer");
    char *sdp = sdp_client_answer(data_string(offer, "sdp"), "cliU", SDP_FINGERPRINT_A);
    fake->refuse_cmds = 1;
    request(b, 3, "subscribe-answer", json_pack("{s:i, s:s}", "seq", 1, "sdp", sdp));
    expect_refusal(b, 3, "subscribe-answer", "busy");
    request(b, 3, "subscribe-answer", json_pack("{s:i, s:s}", "seq", 1, "sdp", sdp));
    json_decref(fake_take_type(b, "subscribe-answer"));
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 2);
    free(sdp);
    json_decref(offer);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_close(fake);
}

/* ---- media events ---- */

static void test_connection_and_speakers(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    struct media_evt evt = {.type = MEDIA_EVT_PEER_CONNECTED,
                            .peer_id = fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 0)->peer_id};
    fake_event(pair.fake, &evt);
    fake_expect_json(fake_take(pair.a),
                     "{\"type\":\"connection\",\"data\":{\"pc\":\"publish\",\"state\":\"connected\"}}");
    evt.peer_id = fake_cmd(pair.fake, MEDIA_CMD_PEER_ADD, 1)->peer_id;
    evt.type = MEDIA_EVT_PEER_DISCONNECTED;
    fake_event(pair.fake, &evt);
    fake_expect_json(fake_take(pair.b),
                     "{\"type\":\"connection\",\"data\":{\"pc\":\"subscribe\",\"state\":\"disconnected\"}}");
    evt.type = MEDIA_EVT_PEER_FAILED;
    strcpy(evt.u.reason, "the certificate does not match");
    fake_event(pair.fake, &evt);
    fake_expect_json(fake_take(pair.b),
                     "{\"type\":\"connection\",\"data\":{\"pc\":\"subscribe\",\"state\":\"failed\"}}");
    evt.peer_id = 999999; /* gone meanwhile */
    fake_event(pair.fake, &evt);
    fake_expect_nothing(pair.a);

    struct media_evt levels = {.type = MEDIA_EVT_LEVELS, .worker = 1, .call_id = FAKE_CALL_ID};
    levels.u.levels.count = 2;
    levels.u.levels.speakers[0].user_id = 20;
    levels.u.levels.speakers[0].level = 42;
    levels.u.levels.speakers[1].user_id = 99; /* not of this call */
    levels.u.levels.speakers[1].level = 40;
    fake_event(pair.fake, &levels);
    fake_pass(pair.fake, 10 * MS);
    fake_expect_json(fake_take(pair.a),
                     "{\"type\":\"speakers\",\"data\":{\"speakers\":[{\"userId\":20,\"level\":42}]}}");
    levels.call_id = 4711;
    fake_event(pair.fake, &levels);
    fake_pass(pair.fake, 300 * MS);
    fake_expect_nothing(pair.a);
    close_pair(&pair);
}

/* ---- liveness, resume, replacement ---- */

static void test_silence_ends_a_member(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 3);
    fake_clear_cmds(pair.fake);
    for (unsigned i = 0; i < 9; i++) {
        fake_pass(pair.fake, S);
        fake_socket_text(pair.b, "{\"type\":\"ping\"}");
    }
    json_t *frame = fake_take_type(pair.b, "member-state");
    assert_int_equal(data_int(frame, "state"), 6);
    json_decref(frame);
    json_decref(fake_take_type(pair.b, "track-removed"));
    frame = fake_take_type(pair.a, "call-ended");
    assert_int_equal(data_int(frame, "reason"), 5);
    json_decref(frame);
    assert_true(pair.a->is_closed);
    assert_false(pair.b->is_closed); /* 30 is still invited: two are alive */
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_PEER_DEL), 1);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_TRACK_DEL), 2);
    close_pair(&pair);
}

static void test_resume(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    json_t *frame = fake_take_type(b, "join");
    char *resume = strdup(data_string(frame, "resume"));
    json_decref(frame);
    publish_chrome(a);
    publish_chrome(b);
    fake_pass(fake, 100 * MS);
    frame = fake_take_type(b, "subscribe-offer");
    fake_clear_cmds(fake);
    fake_clear(a);
    fake_socket_break(b); /* with an offer open */
    fake_expect_json(fake_take(a), "{\"type\":\"member-state\",\"data\":{\"userId\":20,\"state\":5,\"nickname\":\"Bo\","
                                   "\"avatar\":\"\"}}");
    fake_pass(fake, 3 * S);
    fake_socket_text(a, "{\"type\":\"ping\"}");
    struct fake_socket *b2 = join_resumed(fake, 20, resume);
    json_t *answer = fake_take(b2);
    assert_true(json_is_true(json_object_get(json_object_get(answer, "data"), "resumed")));
    assert_string_equal(data_string(answer, "resume"), resume);
    json_decref(answer);
    json_t *member_state = fake_take_type(a, "member-state");
    assert_int_equal(data_int(member_state, "state"), 4);
    json_decref(member_state);
    fake_expect_nothing(a); /* his tracks never went */
    assert_int_equal(fake->cmd_count, 0);
    fake_pass(fake, 100 * MS);
    json_t *again = fake_take_type(b2, "subscribe-offer"); /* the open offer once more, under a new seq */
    assert_int_equal(data_int(again, "seq"), data_int(frame, "seq") + 1);
    answer_offer(b2, again, "cliU");
    assert_int_equal(fake_cmd_count(fake, MEDIA_CMD_SUB_ADD), 2);
    json_decref(again);
    json_decref(frame);
    free(resume);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(b2);
    fake_close(fake);
}

static void test_resume_of_somebody_else_or_too_late(void **state)
{
    (void)state;
    struct fake *fake = fake_open(3);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    json_t *frame = fake_take_type(a, "join");
    char *resume = strdup(data_string(frame, "resume"));
    json_decref(frame);
    publish_chrome(a);
    fake_join(fake, 20);
    struct fake_socket *b = join_resumed(fake, 20, resume); /* 10's secret */
    frame = fake_take_type(b, "join");
    assert_true(json_is_false(json_object_get(json_object_get(frame, "data"), "resumed")));
    json_decref(frame);
    fake_socket_break(a);
    for (unsigned i = 0; i < 9; i++) {
        fake_pass(fake, S);
        fake_socket_text(b, "{\"type\":\"ping\"}");
    }
    struct fake_socket *a2 = join_resumed(fake, 10, resume); /* he was gone already */
    frame = fake_take_type(a2, "join");
    assert_true(json_is_false(json_object_get(json_object_get(frame, "data"), "resumed")));
    assert_string_not_equal(data_string(frame, "resume"), resume);
    json_t *self = json_array_get(json_object_get(json_object_get(frame, "data"), "members"), 0);
    assert_int_equal(json_array_size(json_object_get(self, "tracks")), 0);
    json_decref(frame);
    free(resume);
    fake_socket_free(a);
    fake_socket_free(a2);
    fake_socket_free(b);
    fake_close(fake);
}

static void test_a_newer_socket_replaces(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 2);
    fake_clear_cmds(pair.fake);
    struct fake_socket *newer = join_resumed(pair.fake, 10, "");
    fake_expect_json(fake_take(pair.a), "{\"type\":\"replaced\",\"data\":{}}");
    assert_true(pair.a->is_closed);
    json_decref(fake_take_type(newer, "join"));
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_PEER_DEL), 1); /* a fresh join: the old connections go */
    json_decref(fake_take_type(pair.b, "track-removed"));
    fake_clear(pair.b);
    fake_socket_break(pair.a); /* the old socket's end tells nobody anything */
    pair.a->conn.session = NULL;
    fake_expect_nothing(pair.b);
    fake_socket_text(newer, "{\"req\":1,\"type\":\"ping\"}");
    json_decref(fake_take_type(newer, "ping"));
    fake_socket_free(newer);
    close_pair(&pair);
}

static void test_leave_with_others_left(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, 3);
    struct fake_socket *c = join(pair.fake, 30);
    fake_clear(pair.b);
    fake_clear_cmds(pair.fake);
    fake_socket_text(pair.a, "{\"type\":\"leave\"}"); /* without req too */
    json_t *frame = fake_take_type(pair.a, "call-ended");
    assert_int_equal(data_int(frame, "reason"), 1);
    json_decref(frame);
    frame = fake_take(pair.b);
    assert_int_equal(data_int(frame, "state"), 6);
    json_decref(frame);
    json_decref(fake_take_type(pair.b, "track-removed"));
    json_decref(fake_take_type(pair.b, "track-removed"));
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_PEER_DEL), 1);
    assert_int_equal(fake_cmd_count(pair.fake, MEDIA_CMD_SUB_DEL), 2); /* of 20; 30 had no answer given yet */
    assert_false(pair.b->is_closed);
    /* He may come back while the call lives. */
    fake_join(pair.fake, 10);
    struct fake_socket *back = join_resumed(pair.fake, 10, "");
    json_decref(fake_take_type(back, "join"));
    fake_socket_free(back);
    fake_socket_free(c);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_join_refusals),
        cmocka_unit_test(test_a_socket_that_does_not_join_is_closed),
        cmocka_unit_test(test_every_message_before_join),
        cmocka_unit_test(test_every_message_after_join),
        cmocka_unit_test(test_nothing_after_the_end),
        cmocka_unit_test(test_frames_that_are_no_requests),
        cmocka_unit_test(test_wrong_fields),
        cmocka_unit_test(test_a_flood_is_cut_off),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_republish_keeps_what_goes_on),
        cmocka_unit_test(test_publish_refusals_change_nothing),
        cmocka_unit_test(test_ice_restart_of_publish),
        cmocka_unit_test(test_a_new_connection_starts_anew),
        cmocka_unit_test(test_mute),
        cmocka_unit_test(test_full_media_queue_ends_publishing),
        cmocka_unit_test(test_subscribe),
        cmocka_unit_test(test_changes_are_gathered),
        cmocka_unit_test(test_a_bad_answer_leaves_the_offer_open),
        cmocka_unit_test(test_an_unanswered_offer_resets_the_connection),
        cmocka_unit_test(test_ice_restart_of_subscribe),
        cmocka_unit_test(test_another_certificate_in_an_answer_is_refused),
        cmocka_unit_test(test_subscription_wishes),
        cmocka_unit_test(test_full_media_queue_is_tried_again),
        cmocka_unit_test(test_connection_and_speakers),
        cmocka_unit_test(test_silence_ends_a_member),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_resume_of_somebody_else_or_too_late),
        cmocka_unit_test(test_a_newer_socket_replaces),
        cmocka_unit_test(test_leave_with_others_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
