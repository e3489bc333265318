/* Commands from control threads to a media thread: values only, never pointers. See media.h for posting.
 *
 * Ids are chosen by the control side (media_new_id), never reused. A command that names an unknown id is ignored and
 * counted: the object went away meanwhile. Order per peer is kept. */
#ifndef ICHAT_MEDIA_MEDIA_CMD_H
#define ICHAT_MEDIA_MEDIA_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "rtc/params.h"

#define MEDIA_MID_SIZE 17
#define MEDIA_RID_SIZE 17
#define MEDIA_CNAME_SIZE 33
#define MEDIA_LAYERS_MAX 3

enum media_kind { MEDIA_AUDIO, MEDIA_VIDEO };
enum media_codec { MEDIA_OPUS, MEDIA_VP8, MEDIA_H264 };

/* Header extension ids negotiated on one connection; 0 = not negotiated (RFC 8285). */
struct media_ext_ids {
    uint8_t mid;
    uint8_t rid;
    uint8_t repaired_rid;
    uint8_t audio_level;
    uint8_t abs_send_time;
    uint8_t twcc;
    uint8_t video_orientation;
    uint8_t dependency_descriptor;
};

/* How one RTP stream looks on the wire of one connection. */
struct media_format {
    enum media_kind kind;
    enum media_codec codec;
    uint32_t clock_rate;
    uint8_t pt;
    uint8_t rtx_pt; /* 0 = no RTX (RFC 4588) */
    bool has_nack;
    bool has_pli;
    bool has_fir;
    bool has_twcc;
    struct media_ext_ids ext;
};

struct media_layer {
    uint32_t ssrc;     /* 0 = learned from MID/RID extensions */
    uint32_t rtx_ssrc; /* 0 = learned or none */
    char rid[MEDIA_RID_SIZE];
};

enum media_cmd_type {
    MEDIA_CMD_PEER_ADD,
    MEDIA_CMD_PEER_REMOTE, /* the remote description came, or ICE restarts */
    MEDIA_CMD_PEER_DEL,    /* its tracks and subscriptions go too */
    MEDIA_CMD_TRACK_ADD,   /* the peer will send this track */
    MEDIA_CMD_TRACK_PAUSE, /* muted: received and dropped */
    MEDIA_CMD_TRACK_DEL,
    MEDIA_CMD_SUB_ADD,  /* send a track (of any worker) to a peer of this worker */
    MEDIA_CMD_SUB_MOVE, /* go on with another track of the same codec: the receiver sees one unbroken stream */
    MEDIA_CMD_SUB_PAUSE,
    MEDIA_CMD_SUB_WANT,
    MEDIA_CMD_SUB_DEL,
    MEDIA_CMD_STOP,
};

struct media_cmd {
    enum media_cmd_type type;
    uint64_t peer_id; /* all but STOP */
    union {
        struct {
            uint64_t call_id; /* for logs and speaker ranking */
            uint64_t user_id;
            struct rtc_params params; /* the remote half may be empty still */
        } peer_add;
        struct {
            struct rtc_params params;
        } peer_remote;
        struct {
            uint64_t track_id;
            char mid[MEDIA_MID_SIZE];
            struct media_format format;
            uint8_t layer_count; /* 1..3; more than one is simulcast, lowest first */
            struct media_layer layers[MEDIA_LAYERS_MAX];
        } track_add;
        struct {
            uint64_t track_id;
            bool is_paused;
        } track_pause;
        struct {
            uint64_t track_id;
        } track_del;
        struct {
            uint64_t sub_id;
            uint64_t track_id;
            uint16_t track_worker;      /* where the track lives */
            uint8_t track_layers;       /* as the track has, 0 = 1 */
            struct media_format source; /* how the track comes in */
            struct media_format format; /* how it goes out on this peer's connection */
            uint32_t ssrc;
            uint32_t rtx_ssrc;
            char mid[MEDIA_MID_SIZE];
            char cname[MEDIA_CNAME_SIZE]; /* the publishing member's: audio and video are synchronised by it */
            bool is_paused;
        } sub_add;
        struct {
            uint64_t sub_id;
            uint64_t track_id;
            uint16_t track_worker;
            uint8_t track_layers;
            struct media_format source;
        } sub_move;
        struct {
            uint64_t sub_id;
            bool is_paused;
        } sub_pause;
        struct {
            uint64_t sub_id;
            uint16_t width, height; /* shown size, 0 = unknown: of simulcast the layer that fits it is sent */
        } sub_want;
        struct {
            uint64_t sub_id;
        } sub_del;
    } u;
};

#endif
