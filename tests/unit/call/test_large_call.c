/* Calls of many members: changes of states are told in one go, the answer to join shows the newest of each member, and
 * descriptions grow with the tracks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call/live.h"
#include "fake.h"
#include "sdp_tool.h"

#define MEMBERS 40

_Static_assert(MEMBERS >= LIVE_GATHER_MEMBERS && MEMBERS <= FAKE_MEMBERS_MAX, "a call whose states are gathered");

static struct fake_socket *attach(struct fake *fake, unsigned user)
{
    struct fake_socket *socket = fake_socket_open(fake, true);
    fake_socket_textf(socket, "{\"req\":1,\"type\":\"join\",\"data\":{\"token\":\"token:%u\",\"resume\":\"\"}}", user);
    return socket;
}

static struct fake_socket *join(struct fake *fake, unsigned user)
{
    fake_join(fake, user);
    return attach(fake, user);
}

static void expect_state(struct fake_socket *socket, unsigned user, int state)
{
    char expected[160];
    snprintf(expected, sizeof(expected),
             "{\"type\":\"member-state\",\"data\":{\"userId\":%u,\"state\":%d,\"nickname\":\"*\",\"avatar\":\"*\"}}",
             user, state);
    json_t *frame = fake_take_type(socket, "member-state");
    json_t *data = json_object_get(frame, "data");
    assert_true(json_is_string(json_object_get(data, "nickname")));
    json_object_set_new(data, "nickname", json_string("*"));
    json_object_set_new(data, "avatar", json_string("*"));
    fake_expect_json(frame, expected);
}

static void publish(struct fake_socket *socket, bool is_muted)
{
    char *sdp = sdp_file("chrome_offer.sdp");
    json_t *request = json_pack("{s:i, s:s, s:{s:s, s:[{s:s, s:s, s:b}, {s:s, s:s, s:b}]}}", "req", 2, "type",
                                "publish", "data", "sdp", sdp, "tracks", "mid", "0", "source", "mic", "muted",
                                (int)is_muted, "mid", "1", "source", "camera", "muted", 0);
    char *text = json_dumps(request, JSON_COMPACT);
    fake_socket_text(socket, text);
    free(text);
    json_decref(request);
    free(sdp);
}

/* The first change is told at once; those within the next 100 ms together, the newest of each member. */
static void test_states_are_gathered(void **state)
{
    (void)state;
    struct fake *fake = fake_open(MEMBERS);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    fake_pass(fake, 500 * MS);
    fake_clear(a);

    fake_join(fake, 20);
    expect_state(a, 20, CALL_USER_ACCEPTED);
    struct fake_socket *b = attach(fake, 20);
    json_decref(fake_take_type(a, "call-started"));
    struct fake_socket *c = join(fake, 30);
    fake_expect_nothing(a);
    fake_clear(b);
    fake_clear(c);

    fake_pass(fake, LIVE_GATHER_US + 2 * MS);
    expect_state(a, 20, CALL_USER_ONLINE);
    expect_state(a, 30, CALL_USER_ONLINE);
    fake_expect_nothing(a);
    expect_state(b, 30, CALL_USER_ONLINE); /* and nothing of himself */
    fake_expect_nothing(b);

    fake_pass(fake, 500 * MS); /* quiet again */
    fake_clear(a);
    fake_socket_text(c, "{\"type\":\"leave\"}");
    expect_state(a, 30, CALL_USER_DEAD);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(c);
    fake_close(fake);
}

/* Whoever hears of a member's tracks, or that the call is over, knows the member's state before. */
static void test_states_come_before_what_follows_them(void **state)
{
    (void)state;
    struct fake *fake = fake_open(MEMBERS);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    fake_clear(a);
    publish(b, false);
    expect_state(a, 20, CALL_USER_ONLINE);
    json_decref(fake_take_type(a, "track-added"));
    json_decref(fake_take_type(a, "track-added"));
    fake_expect_nothing(a);
    fake_socket_free(a); /* the server stops with changes untold */
    fake_join(fake, 30);
    fake_socket_free(b);
    fake_close(fake);
}

static json_t *shown(struct fake_socket *socket, size_t index)
{
    json_t *answer = json_array_get(socket->frames, 0);
    json_t *members = json_object_get(json_object_get(answer, "data"), "members");
    assert_int_equal(json_array_size(members), MEMBERS);
    return json_array_get(members, index);
}

static void test_the_answer_to_join_shows_what_is(void **state)
{
    (void)state;
    struct fake *fake = fake_open(MEMBERS);
    fake_create_call(fake);
    struct fake_socket *a = join(fake, 10);
    struct fake_socket *b = join(fake, 20);
    assert_int_equal(json_array_size(json_object_get(shown(b, 0), "tracks")), 0);
    assert_int_equal(json_integer_value(json_object_get(shown(b, 1), "state")), CALL_USER_ONLINE); /* himself */
    publish(a, false);
    struct fake_socket *c = join(fake, 30);
    json_t *tracks = json_object_get(shown(c, 0), "tracks");
    assert_int_equal(json_array_size(tracks), 2);
    assert_false(json_is_true(json_object_get(json_array_get(tracks, 0), "muted")));
    publish(a, true); /* the same tracks, one of them muted now */
    fake_socket_text(b, "{\"type\":\"leave\"}");
    struct fake_socket *d = join(fake, 40);
    tracks = json_object_get(shown(d, 0), "tracks");
    assert_true(json_is_true(json_object_get(json_array_get(tracks, 0), "muted")));
    assert_int_equal(json_integer_value(json_object_get(shown(d, 1), "state")), CALL_USER_DEAD);
    assert_int_equal(json_integer_value(json_object_get(shown(d, 5), "state")), CALL_USER_INVITED);
    fake_socket_free(a);
    fake_socket_free(b);
    fake_socket_free(c);
    fake_socket_free(d);
    fake_close(fake);
}

/* More lines than a description has room for at first. */
static void test_an_offer_of_many_tracks(void **state)
{
    (void)state;
    enum { PUBLISHERS = 12 };
    struct fake *fake = fake_open(MEMBERS);
    fake_create_call(fake);
    struct fake_socket *sockets[PUBLISHERS];
    for (unsigned i = 0; i < PUBLISHERS; i++) {
        sockets[i] = join(fake, 10 * (i + 1));
        publish(sockets[i], false);
    }
    struct fake_socket *last = join(fake, 10 * (PUBLISHERS + 1));
    fake_pass(fake, 200 * MS);
    json_t *offer = fake_take_type(last, "subscribe-offer");
    json_t *tracks = json_object_get(json_object_get(offer, "data"), "tracks");
    assert_int_equal(json_array_size(tracks), 2 * PUBLISHERS);
    for (size_t i = 0; i < json_array_size(tracks); i++) {
        const char expected[] = {"0123456789abcdefghijklmnopqrst"[i], '\0'}; /* one length, or runs break */
        const char *mid = json_string_value(json_object_get(json_array_get(tracks, i), "mid"));
        assert_string_equal(mid, expected);
    }
    json_decref(offer);
    for (unsigned i = 0; i < PUBLISHERS; i++)
        fake_socket_free(sockets[i]);
    fake_socket_free(last);
    fake_close(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_are_gathered),
        cmocka_unit_test(test_states_come_before_what_follows_them),
        cmocka_unit_test(test_the_answer_to_join_shows_what_is),
        cmocka_unit_test(test_an_offer_of_many_tracks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
