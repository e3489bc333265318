/* One notification to many: its text is written once for all who are told the same. Made on a db thread, sent and freed
 * on the web thread.
 *
 *     struct spread *spread = spread_create(count);
 *     unsigned text = spread_add_text(spread, payload);       once for each way in which it is told
 *     spread_add(spread, text, user_id);                      in the order of sending
 *     op_notify_spread(op, spread); */
#ifndef ICHAT_CHAT_SPREAD_H
#define ICHAT_CHAT_SPREAD_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct spread;

#define SPREAD_TEXTS 4

/* Room for `max` receivers. */
struct spread *spread_create(size_t max);
void spread_free(struct spread *spread);

/* A type 1 notification of that payload. At most SPREAD_TEXTS of them. */
unsigned spread_add_text(struct spread *spread, json_t *payload_take);
void spread_add(struct spread *spread, unsigned text, uint64_t user_id);

size_t spread_count(const struct spread *spread);
/* What the receiver at `index` is sent, and who he is. */
const char *spread_text(const struct spread *spread, size_t index, uint64_t *user_id);
/* To all sessions of all receivers. */
void spread_send(const struct spread *spread, struct hub *hub);

#endif
