/* A server process of ours: started with its output in a file, ended with us at the latest. Main thread. */
#ifndef ICHAT_BENCH_CHILD_H
#define ICHAT_BENCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define CHILD_ARGS_MAX 16

/* argv ends with NULL. ERR_IO: it could not be started. */
MUST_CHECK enum err child_start(const char *const *argv, const char *log_path, pid_t *out);
bool child_is_alive(pid_t pid);
/* SIGTERM, and SIGKILL after 5 s. Harmless for pid <= 0. */
void child_stop(pid_t pid);

#endif
