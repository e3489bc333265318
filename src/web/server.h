/* The web edge: HTTP/1.1 and WebSockets, plain and over TLS, on one thread that also runs chat/ and call/.
 *
 *     web_create(conf, metrics, &web);                  main; nothing listens yet
 *     chat_create(conf, metrics, web_timers(web), web_wake, web, &chat);
 *     calls_create(chat, media, web_timers(web), &calls);
 *     web_listen(web, chat, calls, error);              takes the ports, so that a wrong one is an error at start
 *     web_start(web);                                   from here on chat and calls belong to the web thread
 *     ...
 *     web_stop(web);                                    calls are ended, sockets told, the thread joined; at most 3 s
 *     chat_free(chat);  media_free(media);  web_free(web);        in this order: both wake the web
 */
#ifndef ICHAT_WEB_SERVER_H
#define ICHAT_WEB_SERVER_H

#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/metrics.h"
#include "base/timers.h"

struct calls;
struct chat;
struct web;

#define WEB_ERROR_MAX 512

MUST_CHECK enum err web_create(const struct conf *conf, struct metrics *metrics, struct web **out);
/* The wheel that the web thread runs. */
struct timers *web_timers(struct web *web);
/* Wakes the web thread: chat, calls or media have something for it. Any thread, any time until web_free(); cheap. */
void web_wake(void *ctx);

/* On failure `error` holds a sentence to print. calls is taken over, also then: web_stop() frees it. */
MUST_CHECK enum err web_listen(struct web *web, struct chat *chat, struct calls *calls, char error[WEB_ERROR_MAX]);
MUST_CHECK enum err web_start(struct web *web);
void web_stop(struct web *web);
/* After chat_free(), so that the answers of what was under way still find their requests. */
void web_free(struct web *web);

/* Grows as long as the web thread turns, at least once a second: what a watchdog looks at. Any thread. */
uint64_t web_turns(const struct web *web);

#endif
