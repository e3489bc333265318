/* What the files of one client share. The thread of the client. */
#ifndef ICHAT_CLIENT_CLIENT_PRIV_H
#define ICHAT_CLIENT_CLIENT_PRIV_H

#include <glib.h>
#include <jansson.h>
#include <libsoup/soup.h>

#include "base/list.h"
#include "client/ichat_client.h"
#include "rtc/dtls.h"

struct rtc_identity;

#define CLIENT_SUITES_MAX 4 /* different lists of SRTP suites in use */

struct client_suites {
    char *suites;
    struct dtls_ctx *ctx;
};

struct client {
    /* set once at creation */
    GMainContext *loop;
    SoupSession *soup;
    GSource *tick;
    char *url;
    char *default_suites;
    struct rtc_identity *identity;
    /* owned by the client's thread */
    struct client_suites suites[CLIENT_SUITES_MAX];
    unsigned suites_count;
    struct list members;
    uint32_t seed;
    char error[CLIENT_ERROR_SIZE];
};

/* Sets client_error() and answers `err`. */
MUST_CHECK enum err client_refuse(struct client *client, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The DTLS settings for a list of suites (NULL: the client's own). */
MUST_CHECK enum err client_dtls_ctx(struct client *client, const char *suites, struct dtls_ctx **out);
/* xorshift: repeatable. */
uint32_t client_rand(struct client *client);

/* A REST call: `data` of the answer (a new reference), or an error with the server's sentence. body_take may be NULL.
 */
MUST_CHECK enum err client_rest(struct client *client, const char *method, const char *path, const char *token,
                                json_t *body_take, json_t **data);

/* Called every few milliseconds for each member. */
#define CLIENT_TICK_MS 5
void member_tick(struct member *member, uint64_t now_us);

#endif
