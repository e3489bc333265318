/* The table of what the edge serves. Any thread: const. */
#ifndef ICHAT_WEB_ROUTES_H
#define ICHAT_WEB_ROUTES_H

#include <stdbool.h>

#include "web/request.h"

struct route {
    enum http_method method;
    const char *path; /* one that ends with '/' fits everything below it */
    void (*handler)(struct web_req *req);
    bool is_upload; /* its body goes to upload.h */
};

/* NULL: none fits. */
const struct route *routes_find(enum http_method method, const char *path);

#endif
