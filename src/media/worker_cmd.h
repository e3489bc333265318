/* Commands of the control side, carried out on the media thread. */
#ifndef ICHAT_MEDIA_WORKER_CMD_H
#define ICHAT_MEDIA_WORKER_CMD_H

#include "media/worker.h"

void worker_cmd(struct worker *worker, const struct media_cmd *cmd);

#endif
