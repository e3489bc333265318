/* Events from media threads to the control thread: values only. Read with media_next_event(). */
#ifndef ICHAT_MEDIA_MEDIA_EVT_H
#define ICHAT_MEDIA_MEDIA_EVT_H

#include <stdbool.h>
#include <stdint.h>

#define MEDIA_SPEAKERS_MAX 3

enum media_evt_type {
    MEDIA_EVT_PEER_CONNECTING,   /* the first check passed */
    MEDIA_EVT_PEER_CONNECTED,    /* DTLS is done, or packets come again */
    MEDIA_EVT_PEER_DISCONNECTED, /* no authenticated packet for 5 s; may come back */
    MEDIA_EVT_PEER_GONE,         /* none for media.liveness_ms, or close_notify; the peer stays until PEER_DEL */
    MEDIA_EVT_PEER_FAILED,       /* handshake failed; `reason` says why; the peer stays until PEER_DEL */
    MEDIA_EVT_TRACK_LIVE,        /* its first packet came */
    MEDIA_EVT_LEVELS,            /* loudest publishers of one call on this worker, at most 5 a second, on change */
};

struct media_evt {
    enum media_evt_type type;
    uint16_t worker;
    uint64_t peer_id; /* 0 for LEVELS */
    uint64_t call_id;
    union {
        char reason[96];
        uint64_t track_id;
        struct {
            uint8_t count;
            struct {
                uint64_t user_id;
                uint8_t level; /* 0..127, larger is louder */
            } speakers[MEDIA_SPEAKERS_MAX];
        } levels;
    } u;
};

#endif
