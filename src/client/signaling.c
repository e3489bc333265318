/* The WebSocket of one member. See signaling.h. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/client_priv.h"
#include "client/signaling.h"

#define SUBPROTOCOL "ichat.call.v2"
#define PING_US 3000000             /* protocol section 1 */
#define FRAME_MAX (4 * 1024 * 1024) /* received: a subscribe-offer of a large call */

struct signaling {
    /* set once at creation */
    struct client *client;
    struct signaling_ops ops;
    GCancellable *cancel;
    /* owned by the client's thread */
    SoupWebsocketConnection *socket; /* NULL until open */
    uint64_t last_req;
    uint64_t ping_us;
    bool is_closed;
};

static void tell_closed(struct signaling *signaling, const char *reason)
{
    if (signaling->is_closed)
        return;
    signaling->is_closed = true;
    signaling->ops.on_closed(signaling->ops.ctx, reason);
}

static void on_message(SoupWebsocketConnection *socket, gint type, GBytes *bytes, gpointer arg)
{
    (void)socket;
    struct signaling *signaling = arg;
    size_t len;
    const char *text = g_bytes_get_data(bytes, &len), *name;
    json_t *root;
    if (type != SOUP_WEBSOCKET_DATA_TEXT || jget_parse(text ? text : "", len, &root) != ERR_OK)
        return;
    if (jget_string(root, "type", &name) == ERR_OK) {
        if (jget_find(root, "res"))
            signaling->ops.on_answer(signaling->ops.ctx, name, jget_find(root, "data"), jget_find(root, "error"));
        else
            signaling->ops.on_event(signaling->ops.ctx, name, jget_find(root, "data"));
    }
    json_decref(root);
}

static void on_socket_closed(SoupWebsocketConnection *socket, gpointer arg)
{
    const char *data = soup_websocket_connection_get_close_data(socket);
    char reason[128];
    snprintf(reason, sizeof(reason), "the server closed the socket, code %u %s",
             soup_websocket_connection_get_close_code(socket), data ? data : "");
    tell_closed(arg, reason);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer arg)
{
    GError *error = NULL;
    SoupWebsocketConnection *socket = soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);
    if (!socket) {
        /* A cancelled one belongs to a signaling that is gone. */
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
            tell_closed(arg, error->message);
        g_error_free(error);
        return;
    }
    struct signaling *signaling = arg;
    signaling->socket = socket;
    soup_websocket_connection_set_max_incoming_payload_size(socket, FRAME_MAX);
    g_signal_connect(socket, "message", G_CALLBACK(on_message), signaling);
    g_signal_connect(socket, "closed", G_CALLBACK(on_socket_closed), signaling);
    signaling->ping_us = clock_now_us() + PING_US;
    signaling->ops.on_open(signaling->ops.ctx);
}

struct signaling *signaling_open(struct client *client, const struct signaling_ops *ops)
{
    struct signaling *signaling = mem_calloc(1, sizeof(*signaling));
    signaling->client = client;
    signaling->ops = *ops;
    signaling->cancel = g_cancellable_new();
    char url[512];
    snprintf(url, sizeof(url), "%s/api/ws/call", client->url);
    char *protocols[] = {(char[]){SUBPROTOCOL}, NULL};
    SoupMessage *message = soup_message_new("GET", url);
    soup_session_websocket_connect_async(client->soup, message, NULL, protocols, G_PRIORITY_DEFAULT, signaling->cancel,
                                         on_connected, signaling);
    g_object_unref(message);
    return signaling;
}

void signaling_request(struct signaling *signaling, const char *type, json_t *data_take)
{
    if (!signaling->socket || signaling->is_closed ||
        soup_websocket_connection_get_state(signaling->socket) != SOUP_WEBSOCKET_STATE_OPEN) {
        json_decref(data_take);
        return;
    }
    char *text = jget_dump_take(json_pack("{s:I,s:s,s:o}", "req", (json_int_t)++signaling->last_req, "type", type,
                                          "data", data_take ? data_take : json_object()));
    soup_websocket_connection_send_text(signaling->socket, text);
    free(text);
}

void signaling_tick(struct signaling *signaling, uint64_t now_us)
{
    if (!signaling->socket || now_us < signaling->ping_us)
        return;
    signaling_request(signaling, "ping", NULL);
    signaling->ping_us = now_us + PING_US;
}

void signaling_free(struct signaling *signaling, bool is_polite)
{
    if (!signaling)
        return;
    g_cancellable_cancel(signaling->cancel);
    if (signaling->socket) {
        g_signal_handlers_disconnect_by_data(signaling->socket, signaling);
        if (is_polite && soup_websocket_connection_get_state(signaling->socket) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_close(signaling->socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
        else
            g_io_stream_close(soup_websocket_connection_get_io_stream(signaling->socket), NULL, NULL);
        g_object_unref(signaling->socket);
    }
    g_object_unref(signaling->cancel);
    free(signaling);
}
