/* Messages into one room: POST /api/chat/send over connections that stay, as fast as they are answered or at a rate.
 * See chat.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/chat.h"

#define DRAIN_S 5

struct chat_poster {
    struct chat *chat;
    struct tcp tcp;
    bool is_busy;
    uint64_t asked_ns;
};

static void send_message(struct chat_poster *poster, uint64_t due_ns)
{
    struct chat *chat = poster->chat;
    char body[160], head[1024];
    int len = snprintf(body, sizeof(body), "{\"contactId\":%llu,\"localId\":\"b\",\"text\":\"t%llu\"}",
                       (unsigned long long)chat->room->group.contact_id, (unsigned long long)due_ns);
    int head_len = snprintf(head, sizeof(head),
                            "POST /api/chat/send HTTP/1.1\r\nHost: bench\r\nAuthorization: %s\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            chat->room->users[0].token, len, body);
    poster->is_busy = true;
    poster->asked_ns = wall_ns();
    chat->busy++;
    chat->sent++;
    uint64_t could_ns = due_ns > chat->free_since_ns ? due_ns : chat->free_since_ns;
    hist_add(&chat->late, poster->asked_ns > could_ns ? poster->asked_ns - could_ns : 0);
    tcp_send(&poster->tcp, head, (size_t)head_len);
}

/* What is due goes to whoever is free; without a rate everything is due. */
void chat_feed(struct chat *chat, uint64_t now_ns)
{
    for (unsigned i = 0; i < CHAT_POSTERS && now_ns < chat->end_ns; i++) {
        struct chat_poster *poster = &chat->posters[i];
        if (poster->is_busy || poster->tcp.fd < 0)
            continue;
        if (chat->period_ns && chat->next_ns > now_ns)
            return;
        send_message(poster, chat->period_ns ? chat->next_ns : now_ns);
        chat->next_ns += chat->period_ns;
    }
}

static size_t on_data(void *ctx, const char *data, size_t len)
{
    static const char name[] = "\r\ncontent-length:";
    struct chat_poster *poster = ctx;
    struct chat *chat = poster->chat;
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - data) + 4, body = 0;
    for (size_t i = 0; i + sizeof(name) < head; i++)
        if (strncasecmp(data + i, name, sizeof(name) - 1) == 0)
            body = strtoul(data + i + sizeof(name) - 1, NULL, 10);
    if (len < head + body)
        return 0;
    if (chat->busy == CHAT_POSTERS)
        chat->free_since_ns = wall_ns();
    poster->is_busy = false;
    chat->busy--;
    if (len > 12 && strncmp(data + 9, "200", 3) == 0) {
        chat->load->acked++;
        hist_add(&chat->ack, wall_ns() - poster->asked_ns);
    } else {
        chat->load->refused++;
    }
    chat_feed(chat, wall_ns());
    return head + body;
}

static void on_closed(void *ctx, const char *reason)
{
    struct chat_poster *poster = ctx;
    (void)reason;
    poster->chat->load->refused += poster->is_busy;
    poster->chat->busy -= poster->is_busy;
    poster->is_busy = false;
}

static void make_posters(struct chat *chat)
{
    if (chat->posters)
        return;
    chat->posters = mem_calloc(CHAT_POSTERS, sizeof(*chat->posters));
    for (unsigned i = 0; i < CHAT_POSTERS; i++) {
        chat->posters[i].chat = chat;
        tcp_open(&chat->posters[i].tcp, chat->bench->loop, &chat->bench->server,
                 &(struct tcp_ops){on_data, on_closed, &chat->posters[i]});
    }
}

void chat_free_posters(struct chat *chat)
{
    for (unsigned i = 0; chat->posters && i < CHAT_POSTERS; i++)
        tcp_close(&chat->posters[i].tcp);
    free(chat->posters);
    chat->posters = NULL;
}

static bool is_over(struct bench *bench, void *ctx)
{
    struct chat *chat = ctx;
    (void)bench;
    chat_feed(chat, wall_ns());
    return wall_ns() >= chat->end_ns && chat->busy == 0;
}

static bool is_drained(struct bench *bench, void *ctx)
{
    (void)bench;
    const struct chat *chat = ctx;
    return chat->received >= chat->load->expected;
}

void chat_run_load(struct chat *chat, const struct chat_room *room, double per_s, struct chat_load *out)
{
    struct proc_usage before = {0}, after = {0};
    *out = (struct chat_load){.asked_per_s = per_s};
    chat->load = out;
    chat->room = room;
    chat->sent = chat->received = 0;
    hist_clear(&chat->delay);
    hist_clear(&chat->ack);
    hist_clear(&chat->late);
    make_posters(chat);
    bench_run_for(chat->bench, 0.2); /* what is open stays quiet for a moment */
    (void)!proc_read(chat->bench->server_pid, &before);
    uint64_t cpu_ns = thread_cpu_ns();
    chat->begin_ns = chat->next_ns = chat->free_since_ns = wall_ns();
    chat->end_ns = chat->begin_ns + (uint64_t)(chat->seconds * 1e9);
    chat->period_ns = per_s > 0 ? (uint64_t)(1e9 / per_s) : 0;
    (void)bench_until(chat->bench, is_over, chat, chat->seconds + DRAIN_S);
    uint64_t now_ns = wall_ns();
    out->seconds = (double)(now_ns - chat->begin_ns) / 1e9;
    out->generator_busy = (double)(thread_cpu_ns() - cpu_ns) / (double)(now_ns - chat->begin_ns);
    out->expected = out->acked * room->members;
    (void)bench_until(chat->bench, is_drained, chat, DRAIN_S);
    (void)!proc_read(chat->bench->server_pid, &after);
    out->server_cpu_s = after.cpu_s - before.cpu_s;
}
