/* What a request must pass before its handler sees it: size, form, rate, token. Web thread. */
#ifndef ICHAT_WEB_GUARD_H
#define ICHAT_WEB_GUARD_H

#include <stdbool.h>

#include "web/forwarded.h"
#include "web/web_impl.h"

struct web_req;

/* With its headers: sets content_length, opens the upload, or answers with a refusal (its body is then discarded). */
void guard_admit(struct web_req *req);
/* With its body: checks the token where one is needed, then runs the handler or answers 401, 1005 or 404. */
void guard_run(struct web_req *req);

/* The token that the request brought, "" when none. */
const char *guard_token(const struct web_req *req);

/* Who asks, by the connection and its headers, see web/forwarded.h; all zero when unknown. */
void guard_find_client(struct lws *wsi, struct client *out);
/* Whether a page of this Origin may use us. Without http.allowed_origins every one is ORIGIN_OWN: it carries no
 * authority of its user's, since tokens are sent by scripts alone, and gets no permission to read answers. host: the
 * Host header.
 */
enum guard_origin {
    ORIGIN_OWN,    /* no page, our own, or any while none are listed */
    ORIGIN_LISTED, /* in http.allowed_origins */
    ORIGIN_STRANGE,
};
enum guard_origin guard_origin_of(const struct conf *conf, const char *origin, const char *host);

#endif
