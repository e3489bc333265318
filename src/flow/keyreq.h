/* Limits key-frame requests to one source: however many subscribers ask, at most one goes out per interval; a request
 * that came too soon is sent at the interval's end unless a key frame came meanwhile. One a video source (layer);
 * the owning media thread; no allocation. */
#ifndef ICHAT_FLOW_KEYREQ_H
#define ICHAT_FLOW_KEYREQ_H

#include <stdbool.h>
#include <stdint.h>

#define KEYREQ_INTERVAL_US 1000000 /* a browser takes up to a second to make and send a key frame */

struct keyreq {
    uint64_t interval_us;
    uint64_t sent_us; /* 0 = never */
    bool is_pending;
};

/* interval_us 0 = the default. */
void keyreq_init(struct keyreq *req, uint64_t interval_us);
/* Someone needs a key frame: true = send the request now, false = it waits. */
bool keyreq_ask(struct keyreq *req, uint64_t now_us);
/* True = a waiting request is due: send it now. */
bool keyreq_poll(struct keyreq *req, uint64_t now_us);
/* A key frame began: whoever waited has it. */
void keyreq_on_keyframe(struct keyreq *req);
/* When to poll; UINT64_MAX = nothing waits. */
uint64_t keyreq_next_us(const struct keyreq *req);

#endif
