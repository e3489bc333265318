/* The world around calls.c for its tests: a recording `media`, a chat whose database answers when told to, sockets that
 * keep what was sent, and a clock that stands still. One world at a time in a test program. */
#ifndef ICHAT_TESTS_CALL_FAKE_H
#define ICHAT_TESTS_CALL_FAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/timers.h"
#include "call/calls.h"
#include "chat/chat.h"
#include "chat/conn.h"
#include "media/media.h"

#define FAKE_CALL_ID 7
#define FAKE_MEMBERS_MAX 48
#define S 1000000ULL
#define MS 1000ULL

struct fake_socket {
    struct conn conn; /* first */
    json_t *frames;   /* what was sent, parsed, oldest first */
    json_t *raw;      /* the same as strings */
    bool is_closed;
    int close_code;
};

struct fake {
    struct conf conf;
    struct metrics metrics;
    struct chat chat;
    struct calls *calls;
    /* media */
    struct media_cmd *cmds;
    size_t cmd_count;
    size_t refuse_cmds; /* so many of the next commands that may be refused are */
    bool is_media_full; /* no place for a peer */
    size_t placed;
    struct media_evt *evts;
    size_t evt_count;
    uint64_t next_id;
    unsigned workers;
    /* the database */
    uint64_t members[FAKE_MEMBERS_MAX];
    size_t member_count;
    enum chat_code create_code;
    enum chat_code get_code;
    enum chat_code update_code;
    json_t *updates; /* {status, reason, handled} of each update that was started */
    json_t *notices; /* {user, type, payload} */
    struct op *ops[64];
    size_t op_count;
};

/* Users 10, 20, 30, ... `count` of them; call.max_members 100, v2_alive_ms 8000, max_tracks 4. */
struct fake *fake_open(size_t count);
void fake_close(struct fake *fake);

/* Moves the clock and runs the timers. */
void fake_pass(struct fake *fake, uint64_t us);
/* Finishes the database operations that wait, in their order. */
void fake_run_ops(struct fake *fake);
/* POST /call by user 10, up to Ready. */
void fake_create_call(struct fake *fake);
/* POST /call/join: the token is "token:<user>". */
void fake_join(struct fake *fake, uint64_t user);

struct fake_socket *fake_socket_open(struct fake *fake, bool is_v2);
void fake_socket_text(struct fake_socket *socket, const char *text);
void fake_socket_textf(struct fake_socket *socket, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The socket breaks; it is freed by fake_socket_free(). */
void fake_socket_break(struct fake_socket *socket);
void fake_socket_free(struct fake_socket *socket);

/* The oldest frame, taken out; fails the test when there is none. A new reference. */
json_t *fake_take(struct fake_socket *socket);
/* The oldest frame of this type, those before it are thrown away. */
json_t *fake_take_type(struct fake_socket *socket, const char *type);
void fake_expect_nothing(const struct fake_socket *socket);
void fake_clear(struct fake_socket *socket);
/* Compares with JSON text, both with sorted keys; takes the reference. */
void fake_expect_json(json_t *json_take, const char *expected);

/* The nth (from 0) command of the type since fake_clear_cmds(); NULL = none. */
const struct media_cmd *fake_cmd(const struct fake *fake, enum media_cmd_type type, size_t n);
size_t fake_cmd_count(const struct fake *fake, enum media_cmd_type type);
void fake_clear_cmds(struct fake *fake);
void fake_event(struct fake *fake, const struct media_evt *evt);

#endif
