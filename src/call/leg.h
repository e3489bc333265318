/* One RTCPeerConnection between a member who speaks the older protocol (the client here) and the server, which speaks
 * on it for one other member (CONTRACT section 9). Web thread.
 *
 * An m-line has two directions: up, what the client sends, and down, a track of the other member. Up is taken on one
 * leg of each client only, its uplink: on the others our descriptions say sendonly or inactive, so that the client
 * uploads once. Both sides may offer:
 * - the first offer is the client's if his user id is the smaller one, else ours, even if it is empty;
 * - an offer of the client is answered at once, unless it crosses one of ours: then the larger user id yields;
 * - ours waits until the client was quiet for a while, because an offer that crosses another one freezes the picture in
 *   a browser that yields; and until a new connection is up, which shows that the client has read our answer. Changes
 *   that come meanwhile go into one offer.
 *
 *     leg_open(leg, env, &place, &ops)
 *     leg_attach(leg)                             the client's socket is there: offers may go out
 *     leg_offer(leg, ...), leg_answer(leg, ...)   from the client
 *     leg_add_track(leg, track), ...              what the other member publishes
 *     leg_close(leg)
 */
#ifndef ICHAT_CALL_LEG_H
#define ICHAT_CALL_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timers.h"
#include "call/bucket.h"
#include "call/env.h"
#include "call/negotiate.h"
#include "call/pc.h"
#include "call/track_set.h"

/* Each change of a camera or screen leaves an m-line behind in such a client; beyond this many, and before they fill
 * the largest frame of a socket, a new connection is asked for. */
#define LEG_LINES_MAX 32
#define LEG_FIRST_US 20000   /* the client makes its connection while it reads the state that we sent before */
#define LEG_GATHER_US 100000 /* changes within this time go into one offer */
/* The same for a client that yields when offers cross: what made another member change may have made him change too,
 * and his offer is to come first. */
#define LEG_GATHER_YIELDING_US 350000
/* How long the client must be quiet: twice the time that it takes for an answer, within limits. At first it often
 * offers twice (CONTRACT section 9), and how fast it is is only assumed. */
#define LEG_QUIET_MIN_US 400000
#define LEG_QUIET_MAX_US 1500000
#define LEG_RESPONSE_US 250000
/* A new client that yields gets no offer for so long: first it opens its devices, and then it offers twice. Its offers
 * are to come first, and our answers bring what we have. */
#define LEG_YOUNG_US 3000000
/* What came while this process did not run must be read first: an offer goes out when its time has come twice. */
#define LEG_GRACE_US 20000
#define LEG_DEFER_MAX_US 3000000 /* a client that never is quiet gets our offer nevertheless */
#define LEG_ANSWER_US 5000000    /* longer than the client's own 3 s: its new round then comes first */
#define LEG_RETRY_US 500000      /* a media thread's queue was full */
#define LEG_TRIES_MAX 5          /* offers without an answer */

struct leg;

/* How fast a client is, and when it was last heard of, on any of its legs: a change of its media comes on all. */
struct leg_pace {
    uint64_t heard_us;
    uint64_t response_us; /* 0 = not known yet; falls slowly */
};

struct leg_ops {
    void (*on_send)(void *ctx, struct leg *leg, bool is_offer, const char *sdp);
    /* The client would send, but this is not the uplink: it may be made it (leg_make_uplink) now. */
    void (*on_wanting)(void *ctx, struct leg *leg);
    /* Only a new RTCPeerConnection of the client helps. The leg does nothing any more; it must not be closed within. */
    void (*on_broken)(void *ctx, struct leg *leg);
    void *ctx;
};

struct leg_place {
    uint64_t call_id;
    uint64_t user_id;         /* the client's */
    uint64_t other_id;        /* for whom we speak */
    struct track_set *tracks; /* the client's; filled by its uplink */
    struct leg_pace *pace;    /* the client's */
};

enum leg_phase {
    LEG_WAITING, /* for the client's first offer */
    LEG_STABLE,
    LEG_OFFERED, /* ours is out */
};

/* A track of the other member. */
struct leg_down {
    struct list node;
    const struct call_track *track;
    int line;        /* -1 = none yet */
    bool is_refused; /* the client cannot receive it */
};

struct leg_line {
    char mid[MEDIA_MID_SIZE];
    enum media_kind kind;
    bool is_application; /* a data channel: always dead */
    bool is_dead;        /* port 0 for good */
    /* the client's latest word */
    unsigned codecs;        /* bits of enum media_codec */
    enum media_codec codec; /* what it likes best */
    bool is_wanting;        /* it would send */
    bool is_receiving;
    bool is_excess; /* it would send more tracks than a member may */
    /* our wish */
    struct leg_down *down; /* NULL = nothing is sent */
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    /* as it stands in our latest description, and as agreed on */
    bool is_send_offered, is_recv_offered;
    uint32_t ssrc_offered;
    bool is_send_agreed, is_recv_agreed;
    uint32_t ssrc_agreed;
    uint64_t sub_id;       /* 0 = nothing is sent */
    uint64_t sub_track_id; /* the media threads' id of what is sent */
    struct media_format sub_format;
};

struct leg {
    /* set once at creation */
    struct call_env *env;
    struct leg_ops ops;
    struct leg_place place;
    uint64_t session_id; /* of the descriptions; there may be some before there is a peer */
    /* owned by the web thread */
    struct pc pc; /* open from the first description with m-lines on */
    enum leg_phase phase;
    bool is_attached;
    bool is_uplink;
    bool is_broken;
    bool is_first;    /* ours is to be the first offer */
    bool is_unsure;   /* it is not known which of our offers was answered: one more makes sure */
    bool is_crossed;  /* an offer of the client crossed ours, which it takes instead */
    bool is_hiding;   /* pictures are taken away for one round, because the client's are frozen */
    bool has_backlog; /* a media thread's queue was full */
    bool has_wanted;  /* in some round the client would send */
    bool is_settled;  /* and it has offered once more since */
    bool is_due;      /* the time for an offer came once */
    unsigned tries;
    uint64_t session_version;
    uint64_t changed_us; /* since when there is something to offer, 0 = nothing */
    uint64_t offered_us;
    uint64_t hold_us; /* no offer before */
    uint64_t met_us;  /* end of the first round, then of the first one in which the client would send; 0 = to come */
    struct timer timer;
    struct bucket offers;
    struct list downs; /* struct leg_down */
    unsigned line_count;
    unsigned agreed_count;
    unsigned next_mid;
    struct leg_line lines[LEG_LINES_MAX];
    /* How the client names what we know, and all numbers that it used: one mapping for all m-lines of a BUNDLE (RFC
     * 8843 section 9.1). */
    bool has_format[MEDIA_H264 + 1];
    struct media_format formats[MEDIA_H264 + 1];
    char h264_profile[16];
    uint16_t ids_seen;    /* bits */
    uint64_t pts_seen[2]; /* bits */
};

void leg_open(struct leg *leg, struct call_env *env, const struct leg_place *place, const struct leg_ops *ops);
/* Ends the connection. Tracks that came by it are orphans then: another leg is to be the uplink, or they are to end. */
void leg_close(struct leg *leg);

void leg_attach(struct leg *leg);
void leg_detach(struct leg *leg);
/* What cannot be read, comes too often or at the wrong time is dropped: such a client repeats itself after 3 s. */
void leg_offer(struct leg *leg, const char *sdp, size_t len);
void leg_answer(struct leg *leg, const char *sdp, size_t len);

/* The client's tracks come by this leg from now on. */
void leg_make_uplink(struct leg *leg);
/* The client would send on it. */
bool leg_is_wanting(const struct leg *leg);
void leg_add_track(struct leg *leg, const struct call_track *track);
void leg_remove_track(struct leg *leg, const struct call_track *track);
/* One of them is in another place. */
void leg_move_track(struct leg *leg);

/* ---- shared by leg*.c ---- */

/* leg_lines.c: the m-lines as a description of the client has them; what it no longer has is given up. */
void leg_lines_adopt(struct leg *leg, const struct publish_offer *from, bool is_answer);
/* The answer belongs to our offer. */
bool leg_lines_fit(const struct leg *leg, const struct publish_offer *answer);
/* Gives the tracks that have no m-line one; in an offer of ours also new ones. */
void leg_lines_place(struct leg *leg, bool is_offer);
/* The uplink: starts, moves and ends the client's tracks. ERR_FULL: as far as it went. */
MUST_CHECK enum err leg_lines_take(struct leg *leg, const struct publish_offer *from);
bool leg_line_sends(const struct leg *leg, const struct leg_line *line);
bool leg_line_receives(const struct leg *leg, const struct leg_line *line);
/* Something of our wishes is not agreed on yet. */
bool leg_lines_changed(const struct leg *leg);
/* Our description is out. */
void leg_lines_offered(struct leg *leg);
/* The round is over. */
void leg_lines_agreed(struct leg *leg, bool is_answer);
/* Brings the media thread to what is agreed on. ERR_FULL: as far as it went. */
MUST_CHECK enum err leg_lines_flush(struct leg *leg);
void leg_lines_clear(struct leg *leg);

/* leg_sdp.c: how the client names codecs and extensions. */
void leg_learn(struct leg *leg, const struct sdp *sdp, const struct sdp_media *media, struct leg_line *line);
struct media_format leg_format(const struct leg *leg, enum media_codec codec);
void leg_write(struct leg *leg, bool is_offer, struct text *out);

#endif
