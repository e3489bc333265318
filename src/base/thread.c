/* Named threads with all signals blocked. */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

#define NAME_SIZE 16 /* the kernel's limit, with the NUL */

struct thread {
    pthread_t handle;
    char name[NAME_SIZE];
    void (*run)(void *ctx);
    void *ctx;
};

static void *enter(void *arg)
{
    const struct thread *thread = arg;
    pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->ctx);
    return NULL;
}

enum err thread_start(struct thread **out, const char *name, void (*run)(void *ctx), void *ctx)
{
    struct thread *thread = mem_calloc(1, sizeof(*thread));
    text_copy(thread->name, sizeof(thread->name), name);
    thread->run = run;
    thread->ctx = ctx;

    /* Blocked before the thread is born, since a new thread inherits the mask: no window for a signal. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&thread->handle, NULL, enter, thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        free(thread);
        return ERR_IO;
    }
    *out = thread;
    return ERR_OK;
}

void thread_join(struct thread *thread)
{
    if (!thread)
        return;
    pthread_join(thread->handle, NULL);
    free(thread);
}
