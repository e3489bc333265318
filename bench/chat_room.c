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

static uint64_t read_digits(const char *text, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    return value;
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
    size_t mark_len = sizeof(mark) - 1;
    if (chat->text_at + mark_len > len || memcmp(text + chat->text_at, mark, mark_len) != 0) {
        const char *at = memmem(text, len, mark, mark_len);
        if (!at)
            return;
        chat->text_at = (size_t)(at - text);
    }
    size_t digits_at = chat->text_at + mark_len;
    uint64_t sent_ns = read_digits(text + digits_at, len - digits_at), now_ns = ws_read_ns(user->ws);
    if (sent_ns < chat->begin_ns)
        return; /* of the load before */
    chat->received++;
    hist_add(&chat->delay, now_ns > sent_ns ? now_ns - sent_ns : 0);
    /* Hundreds of sockets may be read in a turn of the loop: its end would be late. */
    if (chat->period_ns && now_ns >= chat->next_ns)
        chat_feed(chat, now_ns);
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
