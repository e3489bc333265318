/* Throttled key-frame requests. The owning media thread. */
#include "flow/keyreq.h"

void keyreq_init(struct keyreq *req, uint64_t interval_us)
{
    *req = (struct keyreq){.interval_us = interval_us ? interval_us : KEYREQ_INTERVAL_US};
}

bool keyreq_poll(struct keyreq *req, uint64_t now_us)
{
    if (!req->is_pending || (req->sent_us && now_us - req->sent_us < req->interval_us))
        return false;
    req->is_pending = false;
    req->sent_us = now_us;
    return true;
}

bool keyreq_ask(struct keyreq *req, uint64_t now_us)
{
    req->is_pending = true;
    return keyreq_poll(req, now_us);
}

void keyreq_on_keyframe(struct keyreq *req)
{
    req->is_pending = false;
}

uint64_t keyreq_next_us(const struct keyreq *req)
{
    return req->is_pending ? req->sent_us + req->interval_us : UINT64_MAX;
}
