/* The native peer of ichatd: REST, call signaling version 2 (docs/protocol.md), ICE by libnice's full agent, DTLS-SRTP,
 * synthetic Opus and VP8, and statistics of what arrives. For tests, the bench and the ichat-cli tool; hundreds of
 * members fit one thread.
 *
 * Everything of one client belongs to the thread that made it. Several clients may run in several threads.
 *
 *     client_global_init();
 *     client_create(&(struct client_opts){.url = "http://127.0.0.1:8080"}, &client);
 *     client_register(client, "al", "secret1", &al); ... client_make_call(client, users, 2, &call_id);
 *     member_join(client, &(struct member_opts){.user = &al, .call_id = call_id, .has_audio = true}, &member);
 *     client_wait(client, is_everyone_connected, ctx, 10000);          runs the loop until the answer is true
 *     const struct client_recv *recv = member_recv_from(member, bo.id, CLIENT_VIDEO);
 *     member_leave(member); ... member_free(member); client_free(client);
 *
 * REST calls block the thread (and the media of its members with it) until the answer is there. */
#ifndef ICHAT_CLIENT_ICHAT_CLIENT_H
#define ICHAT_CLIENT_ICHAT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct client;
struct member;

#define CLIENT_TOKEN_SIZE 1024
#define CLIENT_ERROR_SIZE 256
#define CLIENT_TRACK_ID_SIZE 32
#define CLIENT_MEMBERS_MAX 1000 /* of one call */

/* Once a process, before any thread. */
MUST_CHECK enum err client_global_init(void);
void client_global_free(void);

struct client_opts {
    const char *url;    /* "http://127.0.0.1:8080" */
    const char *suites; /* OpenSSL's names of SRTP suites, NULL = all that rtc/dtls.h has */
    uint32_t seed;      /* of losses and phases; 0 = 1 */
};
MUST_CHECK enum err client_create(const struct client_opts *opts, struct client **out);
void client_free(struct client *client); /* frees its members too */
/* Why the last call failed: a sentence. */
const char *client_error(const struct client *client);

/* Runs the loop until is_done says true (asked after each turn) or the time is over: false. */
bool client_wait(struct client *client, bool (*is_done)(void *ctx), void *ctx, unsigned timeout_ms);
/* Runs the loop that long: to let media flow. */
void client_run(struct client *client, unsigned ms);

/* --- REST --- */

struct client_user {
    uint64_t id;
    char token[CLIENT_TOKEN_SIZE];
};

MUST_CHECK enum err client_register(struct client *client, const char *name, const char *password,
                                    struct client_user *out);
MUST_CHECK enum err client_login(struct client *client, const char *name, const char *password,
                                 struct client_user *out);
/* a asks, b accepts. */
MUST_CHECK enum err client_befriend(struct client *client, const struct client_user *a, const struct client_user *b);
/* A group of `owner` with all of its user contacts among `others`. */
MUST_CHECK enum err client_make_group(struct client *client, const struct client_user *owner,
                                      const struct client_user *others, size_t count, uint64_t *contact_id);
MUST_CHECK enum err client_call_create(struct client *client, const struct client_user *caller, uint64_t contact_id,
                                       const struct client_user *callees, size_t count, uint64_t *call_id);
/* Waits (running the loop) until the call is ready. */
MUST_CHECK enum err client_call_ready(struct client *client, const struct client_user *user, uint64_t call_id);
MUST_CHECK enum err client_call_join(struct client *client, const struct client_user *user, uint64_t call_id,
                                     char token[CLIENT_TOKEN_SIZE]);
MUST_CHECK enum err client_call_hangup(struct client *client, const struct client_user *user, uint64_t call_id);
/* The whole way: users[0] befriends the others, makes a group of all (with two: uses the contact) and calls. */
MUST_CHECK enum err client_make_call(struct client *client, const struct client_user *users, size_t count,
                                     uint64_t *call_id);
/* Registers prefix-0 ... and makes a call of them. */
MUST_CHECK enum err client_make_users(struct client *client, const char *prefix, struct client_user *out, size_t count);

/* --- a member of a call --- */

enum client_kind { CLIENT_AUDIO, CLIENT_VIDEO };

struct member_opts {
    const struct client_user *user;
    uint64_t call_id;
    bool has_audio;
    bool has_video;
    uint32_t video_bps;    /* 0 = 300,000 */
    uint32_t video_fps;    /* 0 = 25 */
    unsigned drop_percent; /* of received RTP packets, before anything looks at them */
    bool is_silent_rtcp;   /* sends no receiver reports, NACK or feedback of its own accord */
    bool has_wrong_fingerprint;
    const char *suites; /* NULL = the client's */
};

enum member_state {
    MEMBER_JOINING,
    MEMBER_JOINED,
    MEMBER_ENDED, /* call-ended, replaced, or left */
    MEMBER_FAILED /* refused, or the socket broke; see member_error() */
};

enum client_link {
    CLIENT_LINK_NEW,
    CLIENT_LINK_CHECKING, /* ICE */
    CLIENT_LINK_SECURING, /* DTLS */
    CLIENT_LINK_CONNECTED,
    CLIENT_LINK_CLOSED, /* the server sent close_notify */
    CLIENT_LINK_FAILED,
};

/* Joins by REST and WebSocket, publishes what the options say, answers every subscribe offer. */
MUST_CHECK enum err member_join(struct client *client, const struct member_opts *opts, struct member **out);
void member_leave(struct member *member); /* says so; the state becomes MEMBER_ENDED */
void member_kill(struct member *member);  /* vanishes: nothing more is sent or received */
void member_free(struct member *member);

enum member_state member_state(const struct member *member);
const char *member_error(const struct member *member);
uint64_t member_user_id(const struct member *member);
enum client_link member_publish_link(const struct member *member);
enum client_link member_subscribe_link(const struct member *member);
/* How often connectivity checks succeeded with fresh credentials: 1, and one more for each ICE restart. */
unsigned member_ice_rounds(const struct member *member, bool is_publish);
/* "AEAD_AES_128_GCM" ... or "". */
const char *member_publish_suite(const struct member *member);
/* What the server says of our own connections: "connected", "failed", ... or "". */
const char *member_server_view(const struct member *member, bool is_publish);
/* 1..6 as in the protocol, 0 = never heard of. */
unsigned member_state_of(const struct member *member, uint64_t user_id);
/* The reason of call-ended, 0 before. */
unsigned member_end_reason(const struct member *member);

/* Own tracks. ERR_NOT_FOUND when it is not published. */
MUST_CHECK enum err member_mute(struct member *member, enum client_kind kind, bool is_muted);
/* Asks the sender of a received video track for a key frame (PLI). */
MUST_CHECK enum err member_ask_keyframe(struct member *member, uint64_t user_id);
/* Pauses or resumes one track of another member. */
MUST_CHECK enum err member_subscribe(struct member *member, uint64_t user_id, enum client_kind kind, bool is_paused);
/* New ICE credentials for both connections. */
MUST_CHECK enum err member_restart_ice(struct member *member);

/* One published track. */
struct client_send {
    enum client_kind kind;
    char track_id[CLIENT_TRACK_ID_SIZE]; /* "" until the answer came */
    bool is_muted;
    uint64_t packets;
    uint64_t bytes;
    uint64_t frames;
    uint64_t keyframes;
    uint64_t nacked;      /* sequence numbers that were asked for */
    uint64_t resent;      /* of which were sent again */
    uint64_t plis;        /* and FIRs */
    uint64_t reports;     /* report blocks about it */
    uint32_t rtt_us;      /* the last one measured, 0 = none */
    uint64_t remote_lost; /* as the server's last report says */
};
const struct client_send *member_send(const struct member *member, enum client_kind kind);

/* transport-wide-cc feedback about what this member sent. */
struct client_twcc {
    uint64_t feedbacks;
    uint64_t received;
    uint64_t missing;
    uint64_t bad; /* malformed, or about numbers never sent */
};
const struct client_twcc *member_twcc(const struct member *member);

/* One received track. */
struct client_recv {
    char track_id[CLIENT_TRACK_ID_SIZE];
    uint64_t user_id; /* whose it is, as the server says */
    enum client_kind kind;
    bool is_muted;
    bool is_live; /* a line of the current description sends it */
    uint32_t ssrc;

    uint64_t packets; /* each sequence number once */
    uint64_t bytes;
    uint64_t injected_drops;
    uint64_t lost;       /* never came, in spite of NACK */
    uint64_t missing;    /* not here now, may still come */
    uint64_t recovered;  /* came by retransmission or late */
    uint64_t rtx;        /* packets of the retransmission stream */
    uint64_t duplicates; /* the same number again, or far too late */
    uint64_t nacks;      /* NACK packets sent */
    uint64_t plis;       /* PLIs sent */
    uint64_t frames;     /* frames that began */
    uint64_t keyframes;
    uint64_t senders_reports;
    uint64_t last_us; /* arrival of the newest packet, clock_now_us() */

    /* of the content's stamps */
    uint64_t stamps;
    uint64_t wrong_stamps; /* none, or of another member's track than the server says */
    uint64_t content_gaps; /* content packets that are missing between two in sequence */
    uint64_t wrong_times;  /* the RTP timestamp does not follow the content's time */
    uint64_t delay_sum_us; /* send to receive; divide by stamps */
    uint64_t delay_max_us;
    int64_t sync_error_us; /* RTP time by the sender reports, minus the content's own time; of the last packet */
};
size_t member_recv_count(const struct member *member);
const struct client_recv *member_recv(const struct member *member, size_t index);
/* The live one, else the newest, else NULL. */
const struct client_recv *member_recv_from(const struct member *member, uint64_t user_id, enum client_kind kind);

#endif
