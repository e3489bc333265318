/* The client: its loop, its shared settings, its members. See ichat_client.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/client_priv.h"
#include "client/member.h"
#include "rtc/transport.h"

/* Each member holds a WebSocket; libsoup's own limits (10, and 2 for a host) are for browsing. */
#define CONNECTIONS_MAX 100000

enum err client_global_init(void)
{
    return rtc_global_init();
}

void client_global_free(void)
{
    rtc_global_free();
}

enum err client_refuse(struct client *client, enum err err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(client->error, sizeof(client->error), fmt, args);
    va_end(args);
    return err;
}

const char *client_error(const struct client *client)
{
    return client->error;
}

uint32_t client_rand(struct client *client)
{
    uint32_t x = client->seed;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return client->seed = x;
}

enum err client_dtls_ctx(struct client *client, const char *suites, struct dtls_ctx **out)
{
    const char *wanted = suites ? suites : client->default_suites;
    for (unsigned i = 0; i < client->suites_count; i++) {
        if (strcmp(client->suites[i].suites, wanted) == 0) {
            *out = client->suites[i].ctx;
            return ERR_OK;
        }
    }
    if (client->suites_count == CLIENT_SUITES_MAX)
        return client_refuse(client, ERR_LIMIT, "too many lists of SRTP suites");
    struct client_suites *slot = &client->suites[client->suites_count];
    if (dtls_ctx_create(client->identity, wanted, &slot->ctx) != ERR_OK)
        return client_refuse(client, ERR_INVALID, "these SRTP suites are not known: %s", wanted);
    slot->suites = mem_strdup(wanted);
    client->suites_count++;
    *out = slot->ctx;
    return ERR_OK;
}

static gboolean on_tick(gpointer arg)
{
    struct client *client = arg;
    uint64_t now_us = clock_now_us();
    list_each (node, &client->members) {
        member_tick(list_item(node, struct member, node), now_us);
    }
    return G_SOURCE_CONTINUE;
}

enum err client_create(const struct client_opts *opts, struct client **out)
{
    struct client *client = mem_calloc(1, sizeof(*client));
    list_init(&client->members);
    client->seed = opts->seed ? opts->seed : 1;
    client->url = mem_strdup(opts->url);
    client->default_suites = mem_strdup(opts->suites ? opts->suites : DTLS_SUITES);
    client->loop = g_main_context_new();
    g_main_context_push_thread_default(client->loop);
    client->soup = soup_session_new_with_options("max-conns", CONNECTIONS_MAX, "max-conns-per-host", CONNECTIONS_MAX,
                                                 "timeout", 20, NULL);
    client->tick = g_timeout_source_new(CLIENT_TICK_MS);
    g_source_set_callback(client->tick, on_tick, client, NULL);
    g_source_attach(client->tick, client->loop);
    struct dtls_ctx *ctx;
    enum err err = rtc_identity_create(&client->identity);
    if (err == ERR_OK)
        err = client_dtls_ctx(client, NULL, &ctx);
    if (err != ERR_OK) {
        client_free(client);
        return err;
    }
    *out = client;
    return ERR_OK;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    list_each (node, &client->members) {
        member_free(list_item(node, struct member, node));
    }
    g_source_destroy(client->tick);
    g_source_unref(client->tick);
    soup_session_abort(client->soup);
    g_object_unref(client->soup);
    while (g_main_context_iteration(client->loop, FALSE))
        continue; /* what was cancelled ends here */
    g_main_context_pop_thread_default(client->loop);
    g_main_context_unref(client->loop);
    for (unsigned i = 0; i < client->suites_count; i++) {
        dtls_ctx_free(client->suites[i].ctx);
        free(client->suites[i].suites);
    }
    rtc_identity_free(client->identity);
    free(client->default_suites);
    free(client->url);
    free(client);
}

bool client_wait(struct client *client, bool (*is_done)(void *ctx), void *ctx, unsigned timeout_ms)
{
    uint64_t until_us = clock_now_us() + timeout_ms * US_PER_MS;
    while (!is_done(ctx)) {
        if (clock_now_us() >= until_us)
            return false;
        g_main_context_iteration(client->loop, TRUE); /* the tick ends it at the latest */
    }
    return true;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void client_run(struct client *client, unsigned ms)
{
    (void)client_wait(client, never, NULL, ms);
}
