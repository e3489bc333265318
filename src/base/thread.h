/* Named threads. */
#ifndef ICHAT_BASE_THREAD_H
#define ICHAT_BASE_THREAD_H

#include "base/err.h"

struct thread;

/* Runs run(ctx) on a new thread; all signals are blocked in it (main handles them). name: at most 15 characters, as
 * shown by top -H. On success *out is to be given to thread_join(), which waits and frees. */
MUST_CHECK enum err thread_start(struct thread **out, const char *name, void (*run)(void *ctx), void *ctx);
void thread_join(struct thread *thread);

#endif
