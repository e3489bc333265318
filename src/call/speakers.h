/* Who speaks in a call: the loudest of what each media thread reports, combined. Sans-IO; web thread.
 *
 * The list counts as changed when other members are in it, their order is new, or a level moved by SPEAKERS_LEVEL_STEP;
 * it is given out at most every SPEAKERS_INTERVAL_US. */
#ifndef ICHAT_CALL_SPEAKERS_H
#define ICHAT_CALL_SPEAKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media_evt.h"

#define SPEAKERS_INTERVAL_US 200000 /* docs/protocol.md: five times a second */
#define SPEAKERS_LEVEL_STEP 10

struct speaker {
    uint64_t user_id;
    uint8_t level; /* 0..127, larger is louder */
};

struct speakers;

struct speakers *speakers_create(unsigned worker_count);
void speakers_free(struct speakers *speakers);
/* The new list of one media thread; an unknown worker is ignored. */
void speakers_set(struct speakers *speakers, unsigned worker, const struct speaker *list, size_t count);
/* He left. */
void speakers_remove(struct speakers *speakers, uint64_t user_id);
/* True when there is a new list to tell now: at most MEDIA_SPEAKERS_MAX, loudest first. */
bool speakers_take(struct speakers *speakers, uint64_t now_us, struct speaker out[MEDIA_SPEAKERS_MAX], size_t *count);
/* When to ask again, UINT64_MAX = not before the next change. */
uint64_t speakers_next_us(const struct speakers *speakers);

#endif
