/* Loads plugins and hands them events. main creates and frees it; plugin_host_emit() may be called from one thread
 * (web).
 *
 * Events go through a bounded queue (PLUGIN_QUEUE) to the plugins' own thread, so that a slow plugin delays nobody; an
 * event that finds it full is dropped and counted. */
#ifndef ICHAT_PLUGIN_HOST_H
#define ICHAT_PLUGIN_HOST_H

#include <jansson.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

#define PLUGIN_QUEUE 4096

struct plugin_host;

/* Loads what plugins.load names: a path when it holds a '/', else <plugins.dir>/<name>.so (with
 * plugins.dir empty: beside this binary's build, then /usr/lib/ichat/plugins). With none it starts no
 * thread. ERR_INVALID (logged) when one cannot be loaded, has another ABI, or refuses to start; nothing stays loaded
 * then. */
MUST_CHECK enum err plugin_host_create(const struct conf *conf, struct plugin_host **out);
/* Delivers what is queued, then destroys the plugins in reverse order. */
void plugin_host_free(struct plugin_host *host);

/* Its shape is that of chat's on_event; ctx is the host. */
void plugin_host_emit(void *ctx, const char *name, const json_t *data);
unsigned plugin_host_count(const struct plugin_host *host);
uint64_t plugin_host_dropped(const struct plugin_host *host);

#endif
