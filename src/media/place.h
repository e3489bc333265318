/* Which worker a new peer gets. The control thread. */
#ifndef ICHAT_MEDIA_PLACE_H
#define ICHAT_MEDIA_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct place;

struct place *place_create(unsigned workers, uint32_t max_peers, bool is_spread);
void place_free(struct place *place);
/* How much of its time a worker works; what place_choose() goes by. 0 until told. */
void place_set_busy(struct place *place, unsigned worker, unsigned permille);
/* Counts a peer of the call on the worker it names. ERR_LIMIT: all are full. */
MUST_CHECK enum err place_choose(struct place *place, uint64_t call_id, uint16_t *worker);
/* The peer that was counted is now known by its id; 0 for one that never came to be. */
void place_bind(struct place *place, uint64_t peer_id, uint64_t call_id, uint16_t worker);
void place_uncount(struct place *place, uint64_t call_id, uint16_t worker);
/* A peer ended: uncounts it, once. */
void place_release(struct place *place, uint64_t peer_id);
unsigned place_load(const struct place *place, unsigned worker);

#endif
