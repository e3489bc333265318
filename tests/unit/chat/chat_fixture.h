/* A chat on a fresh database, with the test as its web thread.
 *
 *     static void test_a(void **state) {
 *         struct chat_fixture *f = *state;
 *         struct answer a;
 *         run(f, contact_list_op(f->chat, anna), &a);
 *         assert_json(a.data, "[]");
 *         answer_clear(&a);
 *     } */
#ifndef ICHAT_TESTS_CHAT_FIXTURE_H
#define ICHAT_TESTS_CHAT_FIXTURE_H

#include "db_fixture.h"

#include <jansson.h>
#include <stdbool.h>

#include "chat/chat.h"
#include "chat/op.h"

struct chat_fixture {
    struct db_fixture *base;
    struct metrics metrics;
    struct timers *timers;
    struct chat *chat;
    int wake;
};

int chat_fixture_setup(void **state);
int chat_fixture_teardown(void **state);

#define BOTH_CHAT(f)                                                                                                   \
    {#f " (sqlite)", f, chat_fixture_setup, chat_fixture_teardown, (void *)(uintptr_t)DB_SQLITE},                      \
    {                                                                                                                  \
#f " (postgresql)", f, chat_fixture_setup, chat_fixture_teardown, (void *)(uintptr_t)DB_POSTGRES               \
    }

/* Waits for the next wake-up and lets the chat work; fails after 20 s. */
void pump(struct chat_fixture *f);

struct answer {
    bool is_done;
    enum chat_code code;
    char *message;
    json_t *data;
};

/* Pass &answer as ctx. */
void on_answer(struct op *op, void *answer);
void wait_answer(struct chat_fixture *f, const struct answer *answer);
void run(struct chat_fixture *f, struct op *op, struct answer *answer);
void answer_clear(struct answer *answer);
/* Runs and checks the code; the data is thrown away. */
void expect_code(struct chat_fixture *f, struct op *op, enum chat_code code);
/* Runs; the answer must be 200. The caller owns what it returns (NULL = null). */
json_t *expect_data(struct chat_fixture *f, struct op *op);

/* The same keys and values as the expected text; the string "*" there stands for any value. Drops the reference. */
void assert_json_take(json_t *json, const char *expected);

uint64_t add_user(struct chat_fixture *f, const char *name);
/* Both contact ids, by the services. */
void make_friends(struct chat_fixture *f, uint64_t a, uint64_t b, uint64_t *a_contact, uint64_t *b_contact);
uint64_t contact_of(struct chat_fixture *f, uint64_t owner, uint64_t user);
/* The newest group contact of the owner. */
uint64_t group_contact_of(struct chat_fixture *f, uint64_t owner);
int64_t sql_i64(struct chat_fixture *f, const char *sql);

/* A socket that keeps what was sent. */
struct fake_conn {
    struct conn conn; /* first */
    char *texts[2200];
    size_t count;
    size_t read; /* how many fake_next() gave out */
    size_t unsent;
    bool is_full; /* refuses to take more */
    bool is_closed;
    int code;
};

void fake_open(struct chat_fixture *f, struct fake_conn *conn);
void fake_say(struct fake_conn *conn, const char *text);
/* The socket is gone, as the web side tells it. */
void fake_drop(struct fake_conn *conn);
void fake_clear(struct fake_conn *conn);
/* The next text, waited for. */
const char *fake_next(struct chat_fixture *f, struct fake_conn *conn);
json_t *fake_next_json(struct chat_fixture *f, struct fake_conn *conn);
/* No more than what was read has come. */
void fake_assert_quiet(struct fake_conn *conn);
void wait_closed(struct chat_fixture *f, struct fake_conn *conn);

/* A stored login and its token, malloc'd. */
char *make_login(struct chat_fixture *f, uint64_t user_id, char login_id[37]);
/* A session of that user, after its hello. */
void listen_as(struct chat_fixture *f, struct fake_conn *conn, uint64_t user_id);

#endif
