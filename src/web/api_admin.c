/* What operators and their tools ask for. Web thread. */
#include "web/api.h"

#include <string.h>

#include "base/buf.h"
#include "web/request.h"

void api_healthz(struct web_req *req)
{
    static const char body[] = "{\"status\":\"ok\"}";
    char *copy = strndup(body, sizeof(body) - 1);
    reply_header(req, "cache-control:", "no-store");
    reply_body_take(req, 200, "application/json", copy, sizeof(body) - 1);
}

void api_metrics(struct web_req *req)
{
    if (!addr_is_loopback(&req->from)) {
        reply_not_found(req);
        return;
    }
    struct text page = {0};
    metrics_print(req->web->metrics, &page);
    size_t len = page.len;
    reply_header(req, "cache-control:", "no-store");
    reply_body_take(req, 200, "text/plain; version=0.0.4; charset=utf-8", text_take(&page), len);
}
