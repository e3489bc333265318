/* The process: builds its threads in order, waits for signals, tears down in reverse. Main thread.
 *
 *     app_create(conf, &options, &app, error);       everything is up, the ports are open
 *     app_run(app);                                  until SIGTERM or SIGINT
 *     app_free(app);                                 within 5 s
 */
#ifndef ICHAT_APP_H
#define ICHAT_APP_H

#include "base/conf.h"
#include "base/err.h"

struct app;

#define APP_ERROR_MAX 1024

/* What the command line says; NULL = not given. It goes before the environment and the file. */
struct app_options {
    const char *config;
    const char *port;
    const char *tls_port;
    const char *data;
};

/* The configuration as file, environment and options make it. On failure `error` holds a sentence. */
MUST_CHECK enum err app_load_conf(const struct app_options *options, struct conf **out, char error[APP_ERROR_MAX]);

/* Blocks the signals that app_run() waits for. The conf is taken over, also on failure; options must outlive the app.
 */
MUST_CHECK enum err app_create(struct conf *conf_take, const struct app_options *options, struct app **out,
                               char error[APP_ERROR_MAX]);
void app_run(struct app *app);
void app_free(struct app *app);

#endif
