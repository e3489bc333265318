/* The notification sessions of all users (CONTRACT section 7), live and lingering. Web thread.
 *
 * A session outlives its socket by 60 s; its queue is bounded (HUB_QUEUE_MAX messages or HUB_QUEUE_BYTES): beyond it
 * the session is dropped, so that the client's next hello starts a new one and it syncs by delivery id. Nothing is lost
 * then, because type 1 messages are in the database. */
#ifndef ICHAT_CHAT_HUB_H
#define ICHAT_CHAT_HUB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timers.h"
#include "chat/conn.h"
#include "chat/op.h"

#define HUB_QUEUE_MAX 1000
#define HUB_QUEUE_BYTES (4u << 20)
#define HUB_SESSIONS_PER_USER 20 /* the oldest is dropped */

struct hub;

struct hub *hub_create(struct chat *chat, struct timers *timers);
void hub_free(struct hub *hub);

/* Opens a notification session on an accepted socket: sets conn->session and its ops. */
void hub_open(struct hub *hub, struct conn *conn);

/* Sends {"type":T,"payload":P} to every session of the user, in the order of the calls. The payload stays the caller's.
 */
void hub_notify(struct hub *hub, uint64_t user_id, enum notice_type type, json_t *payload);
/* A notification as it is sent, to one user after another. */
struct hub_text {
    const char *text;
    size_t len;
    uint64_t now_us; /* asked for once: for each receiver it was a twentieth of the web thread's time */
};
/* To the user at this place of a list: lists that are alike, one after another, cost less. */
void hub_send_text(struct hub *hub, size_t place, uint64_t user_id, const struct hub_text *text);
/* Ends the sessions and sockets of one login (logout) or, with login_id NULL, of the user. */
void hub_close_logins(struct hub *hub, uint64_t user_id, const char *login_id);
size_t hub_session_count(const struct hub *hub);

#endif
