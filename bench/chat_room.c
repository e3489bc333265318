/* The notification sockets of the chat's users (the contract's section 7). See chat.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/chat.h"

#define OPENING_MAX 200 /* at a time */
#define CONNECT_S 60

static void on_open(void *ctx)
{
    struct chat_user *user = ctx;
    ws_send(user->ws, user->token, strlen(user->token));
    ws_send(user->ws, "", 0); /* no session to resume */
}

/* The text of a message is "t<ns>": when it was due to be sent. */
static void on_text(void *ctx, const char *text, size_t len)
{
    static const char mark[] = "\"text\":\"t";
    struct chat_user *user = ctx;
    struct chat *chat = user->chat;
    if (!user->is_greeted) {
        user->is_greeted = true;
        chat->opening--;
        chat->greeted++;
        return;
    }
    const char *at = memmem(text, len, mark, sizeof(mark) - 1);
    if (!at)
        return;
    uint64_t sent_ns = strtoull(at + sizeof(mark) - 1, NULL, 10), now_ns = wall_ns();
    if (sent_ns < chat->begin_ns)
        return; /* of the load before */
    chat->received++;
    hist_add(&chat->delay, now_ns > sent_ns ? now_ns - sent_ns : 0);
}

static void on_closed(void *ctx, const char *reason)
{
    struct chat_user *user = ctx;
    (void)reason;
    if (!user->is_greeted)
        user->chat->opening--;
    user->chat->broken++;
}

void chat_user_free(struct chat_user *user)
{
    ws_free(user->ws);
    free(user->token);
}

static bool has_room(struct bench *bench, void *ctx)
{
    (void)bench;
    const struct chat *chat = ctx;
    return chat->opening < OPENING_MAX;
}

static bool is_settled(struct bench *bench, void *ctx)
{
    (void)bench;
    const struct chat *chat = ctx;
    return chat->opening == 0;
}

enum err chat_connect(struct chat *chat, struct chat_user *users, unsigned count)
{
    struct bench *bench = chat->bench;
    unsigned broken = chat->broken;
    for (unsigned i = 0; i < count; i++) {
        if (!bench_until(bench, has_room, chat, CONNECT_S))
            return bench_refuse(bench, ERR_IO, "the sockets do not come up");
        chat->opening++;
        users[i].ws = ws_open(bench->loop, &bench->server, "/api/ws/notification", NULL,
                              &(struct ws_ops){on_open, on_text, on_closed, &users[i]});
    }
    if (!bench_until(bench, is_settled, chat, CONNECT_S) || chat->broken != broken)
        return bench_refuse(bench, ERR_IO, "%u of %u sockets did not come up", chat->broken - broken, count);
    return ERR_OK;
}
