/* The media threads as the control side sees them. With media_cmd.h and media_evt.h this is all of media/ that control
 * code may include. Unless said otherwise: the control (web) thread.
 *
 *     media_create(conf, identity, metrics, on_wake, ctx, &media);          main; sockets are open after this
 *     uint16_t w = media_place(media, call_id);                             a worker for a new peer
 *     cmd.peer_id = media_new_id(media);
 *     media_post(media, w, &cmd);
 *     while (media_next_event(media, &evt)) ...                             after on_wake
 *     media_free(media);                                                    stops the threads, closes the sockets */
#ifndef ICHAT_MEDIA_MEDIA_H
#define ICHAT_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "media/media_cmd.h"
#include "media/media_evt.h"

struct media;
struct rtc_identity;

/* on_wake is called on a media thread when events wait (it must be cheap and thread-safe). */
MUST_CHECK enum err media_create(const struct conf *conf, const struct rtc_identity *identity, struct metrics *metrics,
                                 void (*on_wake)(void *ctx), void *ctx, struct media **out);
void media_free(struct media *media);

unsigned media_worker_count(const struct media *media);
uint64_t media_new_id(struct media *media);

/* The worker for a new peer of this call, by media.placement: "call" keeps a call's peers on one worker until that one
 * has clearly more than the others, "spread" is round robin. ERR_LIMIT when every worker has media.max_peers. Counts
 * the peer; PEER_DEL uncounts it. */
MUST_CHECK enum err media_place(struct media *media, uint64_t call_id, uint16_t *worker);

/* Queues a command. What ends something (…_DEL, STOP) is never refused; for the rest ERR_FULL when the worker's queue
 * (MEDIA_CMDS_MAX) is full. */
#define MEDIA_CMDS_MAX 4096
MUST_CHECK enum err media_post(struct media *media, uint16_t worker, const struct media_cmd *cmd);
bool media_next_event(struct media *media, struct media_evt *evt);

/* For SDP. */
struct media_candidate {
    char ip[64];
    uint16_t port;
    uint32_t priority; /* RFC 8445 section 5.1.2.1 */
    char foundation[12];
};
#define MEDIA_CANDIDATES_MAX 16
size_t media_candidates(const struct media *media, uint16_t worker, struct media_candidate *out, size_t max);
const char *media_fingerprint(const struct media *media); /* sha-256, "AB:CD:…" */

#endif
