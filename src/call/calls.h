/* Calls as web/ sees them: the four REST operations and the call WebSocket. Web thread.
 *
 *     calls_create(&chat, media, timers, &calls);        the calls that a crash left open are ended in the database
 *     while serving:
 *         timers_run(timers, now)                        liveness, no answer, offers without an answer
 *         calls_poll(calls)                              after media's on_wake
 *     calls_free(calls);                                 before chat_free() and media_free(): closes every call socket
 *
 * The answers come through calls_done, once, at once or later, on the web thread. After calls_free() the operations
 * that were under way are answered no more. */
#ifndef ICHAT_CALL_CALLS_H
#define ICHAT_CALL_CALLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/timers.h"
#include "chat/call_record.h"
#include "chat/chat.h"
#include "chat/conn.h"
#include "chat/op.h"
#include "media/media.h"

struct calls;

/* code CHAT_OK: data is borrowed (json_incref what you keep; NULL = null). Else message is the envelope's text. */
typedef void calls_done(void *ctx, enum chat_code code, const char *message, json_t *data);

/* The chat, media and timers stay the caller's and must outlive the calls. */
MUST_CHECK enum err calls_create(struct chat *chat, struct media *media, struct timers *timers, struct calls **out);
void calls_free(struct calls *calls);
/* Whether the calls that a crash left open are ended: until then GET /call tells of them as if they went on. */
bool calls_is_ready(const struct calls *calls);
/* Handles the media threads' events. */
void calls_poll(struct calls *calls);
size_t calls_count(const struct calls *calls); /* live ones */

/* POST /call: data is the call id. 3002 without users, 300 with more than call.max_members or the caller among them,
 * 2005, 403. args are borrowed for this call; args->node is ignored. */
void calls_create_call(struct calls *calls, uint64_t caller_id, const struct call_record_create_args *args,
                       calls_done *on_done, void *ctx);
/* POST /call/join: data is the call token. 3009, 3001, 3006, 403. */
void calls_join(struct calls *calls, const struct caller *caller, uint64_t call_id, calls_done *on_done, void *ctx);
/* POST /call/hangup: data null. 3009, 3001, 3006, 403. */
void calls_hangup(struct calls *calls, uint64_t caller_id, uint64_t call_id, calls_done *on_done, void *ctx);
/* GET /call: data is the Call. 3006, 403. */
void calls_get(struct calls *calls, uint64_t caller_id, uint64_t call_id, calls_done *on_done, void *ctx);

/* Opens a call session on an accepted socket of /api/ws/call: sets conn->session and its ops. is_v2: the subprotocol
 * ichat.call.v2 was agreed on. The session authenticates itself by its first message, in 10 s (v1: 30 s). */
#define CALLS_V2_PROTOCOL "ichat.call.v2"
#define CALLS_FRAME_MAX (256u << 10) /* bytes; the socket must refuse longer frames */
void calls_open_session(struct calls *calls, struct conn *conn, bool is_v2);

#endif
