/* What all parts of the calls share; made by calls.c, handed down. Web thread. */
#ifndef ICHAT_CALL_ENV_H
#define ICHAT_CALL_ENV_H

#include <stdint.h>

#include "base/conf.h"
#include "base/hmap.h"
#include "base/timers.h"
#include "chat/chat.h"
#include "media/media.h"

struct call_env {
    struct chat *chat;
    const struct conf *conf;
    struct media *media;
    struct timers *timers;
    struct hmap *live;        /* call id -> struct live, ended ones until they are stored */
    struct hmap *pcs;         /* peer id -> struct pc, for the media threads' events */
    uint64_t (*now_us)(void); /* clock_now_us; tests bring their own */
};

#endif
