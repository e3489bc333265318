/* A member's end of a connection for the tests of media/: a real socket on loopback, libnice's connectivity check, and
 * our transport in the DTLS client's role. One test thread drives any number of them, and the control side's events.
 *
 *     struct stage *s = stage_create(2, "spread");              media with 2 workers
 *     struct party *a = party_join(s, call, user, worker);      PEER_ADD, check, DTLS; waits until both sides are up
 *     party_send(a, &(struct party_rtp){...});
 *     stage_until(s, predicate, ctx);                           runs everything until it holds; fails after 20 s
 *     stage_free(s); */
#ifndef ICHAT_TESTS_MEDIA_PARTY_H
#define ICHAT_TESTS_MEDIA_PARTY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/metrics.h"
#include "media/media.h"
#include "net/addr.h"
#include "proto/rtp.h"
#include "rtc/transport.h"

#define STAGE_PARTIES_MAX 16
#define PARTY_PACKETS_MAX 4096
#define PARTY_BYTES_MAX 1600

/* What a party received, unsealed. */
struct party_packet {
    uint64_t at_us;
    size_t len;
    uint8_t data[PARTY_BYTES_MAX];
};

struct party_box {
    unsigned count;
    struct party_packet *packets;
};

struct party {
    struct stage *stage;
    uint64_t peer_id;
    uint64_t call_id;
    uint64_t user_id;
    uint16_t worker;
    int fd;
    struct addr server;
    struct rtc_params server_params; /* as the server has them */
    struct rtc_params params;
    struct rtc_context *context;
    struct transport *transport;
    bool is_answered;     /* our check was */
    unsigned answers;     /* STUN that came */
    bool is_server_ready; /* PEER_CONNECTED came */
    bool is_counting;     /* counts datagrams and does not open them */
    unsigned datagrams;
    struct party_box rtp;
    struct party_box rtcp;
    uint64_t bytes_sent;
};

struct stage {
    struct conf conf;
    struct metrics metrics;
    struct rtc_identity *server_id;
    struct rtc_identity *client_id;
    struct media *media;
    int wake_fd;
    atomic_bool is_held;
    int held_fd, release_fd;
    struct party *parties[STAGE_PARTIES_MAX];
    unsigned party_count;
    struct media_evt events[1024];
    unsigned event_count;
};

struct stage *stage_create(unsigned workers, const char *placement);
/* With changes to the configuration made first. */
struct stage *stage_create_with(unsigned workers, const char *placement, void (*change)(struct conf *conf));
void stage_free(struct stage *stage);
/* One turn of everything; waits at most wait_ms. */
void stage_turn(struct stage *stage, int wait_ms);
bool stage_try_until(struct stage *stage, bool (*is_done)(void *ctx), void *ctx, unsigned timeout_ms);
void stage_until(struct stage *stage, bool (*is_done)(void *ctx), void *ctx);
/* Returns when the worker has carried out all commands posted so far. */
void stage_sync(struct stage *stage, uint16_t worker);
/* A worker stands still between these two: what is sent meanwhile comes to it as one batch. */
void stage_hold(struct stage *stage, uint16_t worker);
void stage_release(struct stage *stage);
/* Lets time pass while everything runs: only to show that something does not happen. */
void stage_idle(struct stage *stage, unsigned ms);
bool stage_has_event(const struct stage *stage, enum media_evt_type type, uint64_t peer_id);
unsigned stage_count_events(const struct stage *stage, enum media_evt_type type, uint64_t peer_id);

struct party *party_join(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker);
/* Only PEER_ADD and the socket; nothing was sent yet. */
struct party *party_make(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker);
/* The same before the remote description came. */
struct party *party_make_early(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker);
/* PEER_REMOTE with server_params as they are. */
void party_post_remote(struct party *party);
void party_connect(struct party *party);
void party_leave(struct party *party);
/* Starts DTLS: for parties that connect by hand, after is_answered. */
void party_meet_server(struct party *party);
/* A connectivity check as this party sends it. */
void party_check(struct party *party);
size_t party_make_check(const struct party *party, uint8_t *out, size_t size);
/* Another socket towards the server's port: the caller closes it. */
int party_socket(const struct party *party);
void party_send_raw(struct party *party, const void *data, size_t len);
/* Returns when the server has taken all that this party sent so far. */
void party_sync(struct party *party);

/* Tracks and subscriptions. */
struct media_format party_vp8(void);
struct media_format party_opus(void);
uint64_t party_publish(struct party *party, const struct media_format *format, const char *mid, uint32_t ssrc,
                       uint32_t rtx_ssrc);
struct party_sub {
    uint64_t track_id;
    uint16_t track_worker;
    struct media_format source;
    struct media_format format;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    const char *mid;
    bool is_paused;
};
uint64_t party_subscribe(struct party *party, const struct party_sub *sub);
void party_pause_track(struct party *party, uint64_t track_id, bool is_paused);
void party_pause_sub(struct party *party, uint64_t sub_id, bool is_paused);

/* Sending. */
struct party_rtp {
    uint32_t ssrc;
    uint8_t pt;
    uint16_t seq;
    uint32_t timestamp;
    bool marker;
    bool has_twcc;
    uint16_t twcc;
    bool has_level;
    uint8_t level;
    const char *mid;
    const uint8_t *payload;
    size_t payload_len;
    uint8_t padding; /* bytes, the last one is its count */
};
void party_send(struct party *party, const struct party_rtp *rtp);
/* VP8: a frame of one packet with `fill` bytes in it. */
void party_send_vp8(struct party *party, uint32_t ssrc, uint16_t seq, uint32_t timestamp, bool is_key);
void party_send_opus(struct party *party, uint32_t ssrc, uint16_t seq, uint32_t timestamp, uint8_t level);
size_t party_vp8_payload(uint8_t *out, size_t size, bool is_key, uint8_t fill);
/* Any RTCP compound. */
void party_send_rtcp(struct party *party, const void *data, size_t len);
void party_send_sr(struct party *party, uint32_t ssrc, uint64_t ntp, uint32_t rtp_ts);
void party_send_nack(struct party *party, uint32_t ssrc, uint16_t seq);
void party_send_pli(struct party *party, uint32_t ssrc);

/* What came. */
unsigned party_count_rtp(const struct party *party, uint32_t ssrc);
/* The nth (0 = first) packet of the SSRC; false when there are fewer. */
bool party_nth_rtp(const struct party *party, uint32_t ssrc, unsigned nth, struct rtp *out);
unsigned party_count_pli(const struct party *party, uint32_t ssrc);
/* Waits until that many packets of the SSRC are there. */
void party_await_rtp(struct party *party, uint32_t ssrc, unsigned count);
void party_await_pli(struct party *party, uint32_t ssrc, unsigned count);

#endif
