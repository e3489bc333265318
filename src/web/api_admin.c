/* What operators and their tools ask for. Web thread. */
#include "web/api.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "web/request.h"

void api_healthz(struct web_req *req)
{
    bool is_ready = req->web->calls && calls_is_ready(req->web->calls);
    char *body = mem_strdup(is_ready ? "{\"status\":\"ok\"}" : "{\"status\":\"starting\"}");
    reply_header(req, "cache-control:", "no-store");
    reply_body_take(req, is_ready ? 200 : 503, "application/json", body, strlen(body));
}

void api_metrics(struct web_req *req)
{
    if (!req->client.is_local) {
        reply_not_found(req);
        return;
    }
    struct text page = {0};
    metrics_print(req->web->metrics, &page);
    size_t len = page.len;
    reply_header(req, "cache-control:", "no-store");
    reply_body_take(req, 200, "text/plain; version=0.0.4; charset=utf-8", text_take(&page), len);
}
