/* The plugin interface of ichatd: the only public header. A plugin is a shared object that exports one const struct:
 *
 *     const struct ichat_plugin ichat_plugin = {
 *         .abi = ICHAT_PLUGIN_ABI, .size = sizeof(struct ichat_plugin),
 *         .name = "eventlog", .version = "1.0",
 *         .create = create, .destroy = destroy,
 *         .event_sink = {.on_event = on_event},
 *     };
 *
 * Rules of the ABI: the major number (ICHAT_PLUGIN_ABI >> 16) must be equal, the server's minor number must not be
 * smaller than the plugin's; structs only grow at their end, and `size` says how much of it the plugin knows. A hook
 * that is NULL is not called. All strings are UTF-8, borrowed for the length of the call.
 *
 * Threads: create and destroy run on the main thread. on_event runs on the plugins' own thread, one event at a time, so
 * it may block for a while: events wait in a bounded queue meanwhile, and beyond it they are dropped and counted in
 * the log. A plugin that crashes takes the server with it: it is trusted code. */
#ifndef ICHAT_PLUGIN_H
#define ICHAT_PLUGIN_H

#include <stdint.h>

#define ICHAT_PLUGIN_ABI 0x00010000u /* 1.0 */

enum ichat_log_level { ICHAT_LOG_ERROR, ICHAT_LOG_WARN, ICHAT_LOG_INFO, ICHAT_LOG_DEBUG };

/* What the server gives a plugin; lives as long as the plugin does. */
struct ichat_host {
    uint32_t abi;
    uint32_t size;
    /* A line in the server's log, prefixed with the plugin's name. Any thread. */
    void (*log)(const struct ichat_host *host, enum ichat_log_level level, const char *line);
    /* The value of ICHAT_PLUGIN_<NAME>_<KEY> in the environment, or NULL. */
    const char *(*option)(const struct ichat_host *host, const char *key);
};

/* Hears what happened, after it was stored; data is a JSON object:
 *
 *     user-registered   {userId}
 *     group-created     {groupId, ownerId}
 *     message-sent      {messageId, roomId, senderId}         calls have their own events
 *     call-created      {callId, callerId}
 *     call-started      the Call as GET /api/call shows it    two members are in it for the first time
 *     call-ended        the Call                              endReason says why; also one that nobody answered
 *     member-joined     {callId, userId}                      with his first socket; not when one broke and came back
 *     member-left       {callId, userId, reason}              hung up, gone for too long, or the call ended
 */
struct ichat_event_sink {
    void (*on_event)(void *state, const char *name, const char *data_json);
};

struct ichat_plugin {
    uint32_t abi;
    uint32_t size;
    const char *name; /* a-z, 0-9 and '-' */
    const char *version;
    /* Returns the plugin's state in *state and 0, or another number when it cannot start (it has logged why): the
     * server does not start then, so that nobody runs for weeks without the recorder he configured. */
    int (*create)(const struct ichat_host *host, void **state);
    void (*destroy)(void *state);
    struct ichat_event_sink event_sink;
};

#endif
