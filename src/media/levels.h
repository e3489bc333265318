/* Who speaks in each call, among the publishers of this worker. The owning media thread. */
#ifndef ICHAT_MEDIA_LEVELS_H
#define ICHAT_MEDIA_LEVELS_H

#include "media/worker.h"

struct track;

#define LEVELS_INTERVAL_US 200000 /* at most 5 events a second and call */

void levels_add(struct track *track);
void levels_del(struct track *track); /* harmless for one that was not added */
/* Every LEVELS_INTERVAL_US: ranks all calls, tells the control side what changed. */
void levels_run(struct worker *worker);

#endif
