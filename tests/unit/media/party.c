/* Members over loopback. See party.h. */
#include "party.h"

#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../rtc/rig.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "proto/demux.h"
#include "proto/rtcp.h"
#include "proto/rtcp_fb.h"
#include "proto/rtp_ext.h"

#define DEADLINE_MS 20000 /* only reached by a failure: the machine may be busy */

/* --- the stage --- */

static void on_wake(void *ctx)
{
    struct stage *stage = ctx;
    uint64_t one = 1;
    ssize_t n = write(stage->wake_fd, &one, sizeof(one));
    if (atomic_exchange(&stage->is_held, false)) {
        n = write(stage->held_fd, &one, sizeof(one));
        n = read(stage->release_fd, &one, sizeof(one)); /* on the worker's thread: until stage_release() */
    }
    (void)n;
}

struct stage *stage_create_with(unsigned workers, const char *placement, void (*change)(struct conf *conf))
{
    struct stage *stage = mem_calloc(1, sizeof(*stage));
    stage->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    stage->held_fd = eventfd(0, EFD_CLOEXEC);
    stage->release_fd = eventfd(0, EFD_CLOEXEC);
    stage->conf.media.workers = workers;
    stage->conf.media.bind = mem_strdup("127.0.0.1");
    stage->conf.media.max_peers = 64;
    stage->conf.media.packets = 2048;
    stage->conf.media.liveness_ms = 8000;
    stage->conf.media.pli_interval_ms = 300;
    stage->conf.media.placement = mem_strdup(placement);
    if (change)
        change(&stage->conf);
    assert_int_equal(rtc_identity_create(&stage->server_id), ERR_OK);
    assert_int_equal(rtc_identity_create(&stage->client_id), ERR_OK);
    assert_int_equal(media_create(&stage->conf, stage->server_id, &stage->metrics, on_wake, stage, &stage->media),
                     ERR_OK);
    return stage;
}

struct stage *stage_create(unsigned workers, const char *placement)
{
    return stage_create_with(workers, placement, NULL);
}

static void free_party(struct party *party)
{
    transport_free(party->transport);
    rtc_context_free(party->context);
    close(party->fd);
    free(party->rtp.packets);
    free(party->rtcp.packets);
    free(party);
}

void stage_free(struct stage *stage)
{
    media_free(stage->media);
    for (unsigned i = 0; i < stage->party_count; i++)
        free_party(stage->parties[i]);
    rtc_identity_free(stage->server_id);
    rtc_identity_free(stage->client_id);
    close(stage->wake_fd);
    close(stage->held_fd);
    close(stage->release_fd);
    free(stage->conf.media.bind);
    free(stage->conf.media.placement);
    free(stage);
}

static void keep(struct party_box *box, const uint8_t *data, size_t len)
{
    if (box->count == PARTY_PACKETS_MAX)
        box->count = 0; /* long tests look at the newest only */
    struct party_packet *packet = &box->packets[box->count++];
    packet->at_us = clock_now_us();
    packet->len = len;
    memcpy(packet->data, data, len);
}

static void read_party(struct party *party)
{
    uint8_t data[2048];
    for (;;) {
        ssize_t n = recv(party->fd, data, sizeof(data), MSG_DONTWAIT);
        if (n <= 0)
            return;
        size_t len = (size_t)n;
        if (party->is_counting) {
            party->datagrams += packet_classify(data, len) == PACKET_RTP;
            continue;
        }
        if (packet_classify(data, len) == PACKET_STUN) {
            party->is_answered |= data[0] == 1; /* a success response */
            party->answers++;
            continue;
        }
        switch (transport_input(party->transport, data, &len, &party->server, clock_now_us())) {
        case TRANSPORT_RTP:
            keep(&party->rtp, data, len);
            break;
        case TRANSPORT_RTCP:
            keep(&party->rtcp, data, len);
            break;
        case TRANSPORT_HANDLED:
        case TRANSPORT_DROP:
            break;
        }
    }
}

static void read_events(struct stage *stage)
{
    struct media_evt evt;
    uint64_t count;
    ssize_t n = read(stage->wake_fd, &count, sizeof(count));
    (void)n;
    while (media_next_event(stage->media, &evt)) {
        assert_in_range(stage->event_count, 0, 1023);
        stage->events[stage->event_count++] = evt;
        for (unsigned i = 0; i < stage->party_count; i++)
            if (evt.type == MEDIA_EVT_PEER_CONNECTED && stage->parties[i]->peer_id == evt.peer_id)
                stage->parties[i]->is_server_ready = true;
    }
}

void stage_turn(struct stage *stage, int wait_ms)
{
    struct pollfd fds[STAGE_PARTIES_MAX + 1];
    fds[0] = (struct pollfd){.fd = stage->wake_fd, .events = POLLIN};
    for (unsigned i = 0; i < stage->party_count; i++)
        fds[i + 1] = (struct pollfd){.fd = stage->parties[i]->fd, .events = POLLIN};
    poll(fds, stage->party_count + 1, wait_ms);
    for (unsigned i = 0; i < stage->party_count; i++) {
        struct party *party = stage->parties[i];
        read_party(party);
        uint64_t now_us = clock_now_us();
        if (transport_next_timeout_us(party->transport) <= now_us)
            transport_timeout(party->transport, now_us);
    }
    read_events(stage);
}

bool stage_try_until(struct stage *stage, bool (*is_done)(void *ctx), void *ctx, unsigned timeout_ms)
{
    uint64_t until_us = clock_now_us() + timeout_ms * US_PER_MS;
    while (!is_done(ctx)) {
        if (clock_now_us() > until_us)
            return false;
        stage_turn(stage, 10);
    }
    return true;
}

void stage_until(struct stage *stage, bool (*is_done)(void *ctx), void *ctx)
{
    assert_true(stage_try_until(stage, is_done, ctx, DEADLINE_MS));
}

void stage_idle(struct stage *stage, unsigned ms)
{
    uint64_t until_us = clock_now_us() + ms * US_PER_MS;
    while (clock_now_us() < until_us)
        stage_turn(stage, 5);
}

unsigned stage_count_events(const struct stage *stage, enum media_evt_type type, uint64_t peer_id)
{
    unsigned count = 0;
    for (unsigned i = 0; i < stage->event_count; i++)
        count += stage->events[i].type == type && stage->events[i].peer_id == peer_id;
    return count;
}

bool stage_has_event(const struct stage *stage, enum media_evt_type type, uint64_t peer_id)
{
    return stage_count_events(stage, type, peer_id) > 0;
}

struct failed {
    struct stage *stage;
    uint64_t peer_id;
};

static bool has_failed(void *ctx)
{
    const struct failed *failed = ctx;
    return stage_has_event(failed->stage, MEDIA_EVT_PEER_FAILED, failed->peer_id);
}

/* A peer without credentials fails at once, after all that was posted before. */
static uint64_t add_failing(struct stage *stage, uint16_t worker)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_ADD, .peer_id = media_new_id(stage->media)};
    assert_int_equal(media_post(stage->media, worker, &cmd), ERR_OK);
    return cmd.peer_id;
}

void stage_sync(struct stage *stage, uint16_t worker)
{
    struct failed failed = {.stage = stage, .peer_id = add_failing(stage, worker)};
    stage_until(stage, has_failed, &failed);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_DEL, .peer_id = failed.peer_id};
    assert_int_equal(media_post(stage->media, worker, &cmd), ERR_OK);
}

void stage_hold(struct stage *stage, uint16_t worker)
{
    stage_sync(stage, worker);
    atomic_store(&stage->is_held, true); /* at the next event: the failure of this peer */
    (void)add_failing(stage, worker);
    uint64_t count;
    assert_int_equal(read(stage->held_fd, &count, sizeof(count)), sizeof(count));
}

void stage_release(struct stage *stage)
{
    uint64_t one = 1;
    assert_int_equal(write(stage->release_fd, &one, sizeof(one)), sizeof(one));
}

/* --- joining --- */

static void on_send(void *ctx, const uint8_t *data, size_t len, const struct addr *to)
{
    struct party *party = ctx;
    (void)to;
    if (packet_classify(data, len) != PACKET_STUN) /* the answer to the check that we gave ourselves */
        party_send_raw(party, data, len);
}

static void on_state(void *ctx, enum transport_state state)
{
    (void)ctx;
    (void)state;
}

static bool on_tuple(void *ctx, const struct addr *addr)
{
    (void)ctx;
    (void)addr;
    return true;
}

static void on_tuple_gone(void *ctx, const struct addr *addr)
{
    (void)ctx;
    (void)addr;
}

void party_send_raw(struct party *party, const void *data, size_t len)
{
    ssize_t n = send(party->fd, data, len, 0);
    if (n > 0)
        party->bytes_sent += (uint64_t)n;
}

int party_socket(const struct party *party)
{
    struct sockaddr_storage to;
    socklen_t len = addr_to_sockaddr(&party->server, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int size = 4 * 1024 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
    return fd;
}

static void open_socket(struct party *party)
{
    struct media_candidate candidate;
    assert_int_equal(media_candidates(party->stage->media, party->worker, &candidate, 1), 1);
    party->server = rig_addr(candidate.ip, candidate.port);
    party->fd = party_socket(party);
}

static struct party *make(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker, bool has_remote)
{
    struct party *party = mem_calloc(1, sizeof(*party));
    party->stage = stage;
    party->peer_id = media_new_id(stage->media);
    party->call_id = call_id;
    party->user_id = user_id;
    party->worker = worker;
    party->rtp.packets = mem_calloc(PARTY_PACKETS_MAX, sizeof(struct party_packet));
    party->rtcp.packets = mem_calloc(PARTY_PACKETS_MAX, sizeof(struct party_packet));
    struct rtc_params *ours = &party->params, *theirs = &party->server_params;
    rand_alnum(ours->local_ufrag, 8);
    rand_alnum(ours->local_pwd, 24);
    rand_alnum(theirs->local_ufrag, 8);
    rand_alnum(theirs->local_pwd, 24);
    memcpy(ours->remote_ufrag, theirs->local_ufrag, RTC_UFRAG_SIZE);
    memcpy(ours->remote_pwd, theirs->local_pwd, RTC_PWD_SIZE);
    memcpy(theirs->remote_ufrag, ours->local_ufrag, RTC_UFRAG_SIZE);
    memcpy(theirs->remote_pwd, ours->local_pwd, RTC_PWD_SIZE);
    rig_set_fingerprint(ours, rtc_identity_fingerprint(stage->server_id));
    rig_set_fingerprint(theirs, rtc_identity_fingerprint(stage->client_id));
    ours->is_dtls_client = true;
    open_socket(party);
    assert_int_equal(rtc_context_create(stage->client_id, &party->context), ERR_OK);
    struct transport_ops ops = {on_send, on_state, on_tuple, on_tuple_gone, party};
    assert_int_equal(transport_create(party->context, ours, &ops, clock_now_us(), &party->transport), ERR_OK);
    assert_in_range(stage->party_count, 0, STAGE_PARTIES_MAX - 1);
    stage->parties[stage->party_count++] = party;

    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_ADD, .peer_id = party->peer_id};
    cmd.u.peer_add.call_id = call_id;
    cmd.u.peer_add.user_id = user_id;
    cmd.u.peer_add.params = *theirs;
    if (!has_remote) {
        memset(cmd.u.peer_add.params.remote_ufrag, 0, RTC_UFRAG_SIZE);
        memset(cmd.u.peer_add.params.remote_pwd, 0, RTC_PWD_SIZE);
        cmd.u.peer_add.params.fingerprint_len = 0;
        cmd.u.peer_add.params.fingerprint_hash[0] = '\0';
    }
    assert_int_equal(media_post(stage->media, worker, &cmd), ERR_OK);
    return party;
}

struct party *party_make(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker)
{
    return make(stage, call_id, user_id, worker, true);
}

struct party *party_make_early(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker)
{
    return make(stage, call_id, user_id, worker, false);
}

void party_post_remote(struct party *party)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_REMOTE, .peer_id = party->peer_id};
    cmd.u.peer_remote.params = party->server_params;
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
}

static void make_name(char out[80], const char *a, const char *b)
{
    snprintf(out, 80, "%s:%s", a, b);
}

size_t party_make_check(const struct party *party, uint8_t *out, size_t size)
{
    char name[80];
    make_name(name, party->params.remote_ufrag, party->params.local_ufrag);
    struct rig_check check = {.username = name, .pwd = party->params.remote_pwd, .is_nominated = true};
    return rig_check_make(&check, out, size);
}

void party_check(struct party *party)
{
    uint8_t data[512];
    party_send_raw(party, data, party_make_check(party, data, sizeof(data)));
}

static bool is_answered(void *ctx)
{
    return ((struct party *)ctx)->is_answered;
}

static bool has_answer(void *ctx)
{
    return ((struct party *)ctx)->answers > 0;
}

void party_sync(struct party *party)
{
    party->answers = 0; /* one socket, one order: the answer to a check comes after all that was sent before it */
    party_check(party);
    stage_until(party->stage, has_answer, party);
}

static bool is_up(void *ctx)
{
    const struct party *party = ctx;
    return party->is_server_ready && transport_state(party->transport) == TRANSPORT_READY;
}

/* Our transport is ICE-lite as well: it learns the server's address from a check, which we make for it. */
void party_meet_server(struct party *party)
{
    uint8_t data[512];
    char name[80];
    make_name(name, party->params.local_ufrag, party->params.remote_ufrag);
    struct rig_check check = {.username = name, .pwd = party->params.local_pwd, .is_nominated = true};
    size_t len = rig_check_make(&check, data, sizeof(data));
    (void)transport_input(party->transport, data, &len, &party->server, clock_now_us());
}

void party_connect(struct party *party)
{
    /* The command may be on the way still, and an unknown name is not answered: ask again, as browsers do. */
    for (int i = 0; i < 200 && !party->is_answered; i++) {
        party_check(party);
        (void)stage_try_until(party->stage, is_answered, party, 100);
    }
    assert_true(party->is_answered);
    party_meet_server(party);
    stage_until(party->stage, is_up, party);
}

struct party *party_join(struct stage *stage, uint64_t call_id, uint64_t user_id, uint16_t worker)
{
    struct party *party = party_make(stage, call_id, user_id, worker);
    party_connect(party);
    return party;
}

void party_leave(struct party *party)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_DEL, .peer_id = party->peer_id};
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
}

/* --- tracks and subscriptions --- */

struct media_format party_vp8(void)
{
    return (struct media_format){.kind = MEDIA_VIDEO,
                                 .codec = MEDIA_VP8,
                                 .clock_rate = 90000,
                                 .pt = 96,
                                 .rtx_pt = 97,
                                 .has_nack = true,
                                 .has_pli = true,
                                 .has_fir = true,
                                 .has_twcc = true,
                                 .ext = {.mid = 4, .abs_send_time = 2, .twcc = 3, .video_orientation = 5}};
}

struct media_format party_opus(void)
{
    return (struct media_format){.kind = MEDIA_AUDIO,
                                 .codec = MEDIA_OPUS,
                                 .clock_rate = 48000,
                                 .pt = 111,
                                 .has_twcc = true,
                                 .ext = {.mid = 4, .audio_level = 1, .twcc = 3}};
}

uint64_t party_publish(struct party *party, const struct media_format *format, const char *mid, uint32_t ssrc,
                       uint32_t rtx_ssrc)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_ADD, .peer_id = party->peer_id};
    cmd.u.track_add.track_id = media_new_id(party->stage->media);
    snprintf(cmd.u.track_add.mid, MEDIA_MID_SIZE, "%s", mid);
    cmd.u.track_add.format = *format;
    cmd.u.track_add.layer_count = 1;
    cmd.u.track_add.layers[0].ssrc = ssrc;
    cmd.u.track_add.layers[0].rtx_ssrc = rtx_ssrc;
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
    return cmd.u.track_add.track_id;
}

uint64_t party_subscribe(struct party *party, const struct party_sub *sub)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_ADD, .peer_id = party->peer_id};
    cmd.u.sub_add.sub_id = media_new_id(party->stage->media);
    cmd.u.sub_add.track_id = sub->track_id;
    cmd.u.sub_add.track_worker = sub->track_worker;
    cmd.u.sub_add.source = sub->source;
    cmd.u.sub_add.format = sub->format;
    cmd.u.sub_add.ssrc = sub->ssrc;
    cmd.u.sub_add.rtx_ssrc = sub->rtx_ssrc;
    cmd.u.sub_add.is_paused = sub->is_paused;
    snprintf(cmd.u.sub_add.mid, MEDIA_MID_SIZE, "%s", sub->mid ? sub->mid : "");
    snprintf(cmd.u.sub_add.cname, MEDIA_CNAME_SIZE, "publisher");
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
    return cmd.u.sub_add.sub_id;
}

void party_pause_track(struct party *party, uint64_t track_id, bool is_paused)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_PAUSE, .peer_id = party->peer_id};
    cmd.u.track_pause.track_id = track_id;
    cmd.u.track_pause.is_paused = is_paused;
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
}

void party_pause_sub(struct party *party, uint64_t sub_id, bool is_paused)
{
    struct media_cmd cmd = {.type = MEDIA_CMD_SUB_PAUSE, .peer_id = party->peer_id};
    cmd.u.sub_pause.sub_id = sub_id;
    cmd.u.sub_pause.is_paused = is_paused;
    assert_int_equal(media_post(party->stage->media, party->worker, &cmd), ERR_OK);
}

/* --- sending --- */

void party_send(struct party *party, const struct party_rtp *rtp)
{
    uint8_t data[2048];
    struct wr wr = wr_make(data, sizeof(data) - TRANSPORT_SEAL_OVERHEAD);
    uint8_t twcc[2] = {(uint8_t)(rtp->twcc >> 8), (uint8_t)rtp->twcc};
    struct rtp_ext list[3];
    unsigned count = 0;
    if (rtp->has_level)
        list[count++] = (struct rtp_ext){1, 1, &rtp->level};
    if (rtp->has_twcc)
        list[count++] = (struct rtp_ext){3, 2, twcc};
    if (rtp->mid)
        list[count++] = (struct rtp_ext){4, (uint8_t)strlen(rtp->mid), (const uint8_t *)rtp->mid};
    struct rtp_header header = {.pt = rtp->pt,
                                .marker = rtp->marker,
                                .seq = rtp->seq,
                                .timestamp = rtp->timestamp,
                                .ssrc = rtp->ssrc,
                                .has_ext = count > 0};
    rtp_write_header(&wr, &header);
    rtp_ext_write(&wr, list, count);
    if (rtp->payload_len)
        wr_bytes(&wr, rtp->payload, rtp->payload_len);
    for (unsigned i = 0; i < rtp->padding; i++)
        wr_u8(&wr, i + 1u == rtp->padding ? rtp->padding : 0);
    if (rtp->padding)
        data[0] |= 0x20;
    assert_false(wr.is_bad);
    size_t len = wr_len(&wr);
    assert_int_equal(transport_seal_rtp(party->transport, data, &len, sizeof(data)), ERR_OK);
    party_send_raw(party, data, len);
}

size_t party_vp8_payload(uint8_t *out, size_t size, bool is_key, uint8_t fill)
{
    static const uint8_t head[] = {0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00};
    memset(out, fill, size);
    memcpy(out, head, sizeof(head));
    out[1] = is_key ? 0x00 : 0x01; /* RFC 6386 section 9.1: bit 0 is off in a key frame */
    return size;
}

void party_send_vp8(struct party *party, uint32_t ssrc, uint16_t seq, uint32_t timestamp, bool is_key)
{
    uint8_t payload[1100];
    party_vp8_payload(payload, sizeof(payload), is_key, (uint8_t)seq);
    struct party_rtp rtp = {.ssrc = ssrc,
                            .pt = 96,
                            .seq = seq,
                            .timestamp = timestamp,
                            .marker = true,
                            .payload = payload,
                            .payload_len = sizeof(payload)};
    party_send(party, &rtp);
}

void party_send_opus(struct party *party, uint32_t ssrc, uint16_t seq, uint32_t timestamp, uint8_t level)
{
    uint8_t payload[80];
    memset(payload, (uint8_t)seq, sizeof(payload));
    struct party_rtp rtp = {.ssrc = ssrc,
                            .pt = 111,
                            .seq = seq,
                            .timestamp = timestamp,
                            .has_level = true,
                            .level = level,
                            .payload = payload,
                            .payload_len = sizeof(payload)};
    party_send(party, &rtp);
}

void party_send_rtcp(struct party *party, const void *data, size_t len)
{
    uint8_t out[2048];
    assert_in_range(len, 0, sizeof(out) - TRANSPORT_SEAL_OVERHEAD);
    memcpy(out, data, len);
    assert_int_equal(transport_seal_rtcp(party->transport, out, &len, sizeof(out)), ERR_OK);
    party_send_raw(party, out, len);
}

void party_send_sr(struct party *party, uint32_t ssrc, uint64_t ntp, uint32_t rtp_ts)
{
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    struct rtcp_sr sr = {.ssrc = ssrc, .ntp = ntp, .rtp_ts = rtp_ts};
    rtcp_write_sr(&wr, &sr, NULL, 0);
    party_send_rtcp(party, data, wr_len(&wr));
}

void party_send_nack(struct party *party, uint32_t ssrc, uint16_t seq)
{
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_nack(&wr, 1, ssrc, &seq, 1);
    party_send_rtcp(party, data, wr_len(&wr));
}

void party_send_pli(struct party *party, uint32_t ssrc)
{
    uint8_t data[64];
    struct wr wr = wr_make(data, sizeof(data));
    rtcp_write_pli(&wr, 1, ssrc);
    party_send_rtcp(party, data, wr_len(&wr));
}

/* --- what came --- */

bool party_nth_rtp(const struct party *party, uint32_t ssrc, unsigned nth, struct rtp *out)
{
    for (unsigned i = 0; i < party->rtp.count; i++) {
        struct rtp rtp;
        if (rtp_parse(&rtp, party->rtp.packets[i].data, party->rtp.packets[i].len) || rtp.ssrc != ssrc)
            continue;
        if (nth-- == 0) {
            *out = rtp;
            return true;
        }
    }
    return false;
}

unsigned party_count_rtp(const struct party *party, uint32_t ssrc)
{
    unsigned count = 0;
    for (unsigned i = 0; i < party->rtp.count; i++) {
        struct rtp rtp;
        count += !rtp_parse(&rtp, party->rtp.packets[i].data, party->rtp.packets[i].len) && rtp.ssrc == ssrc;
    }
    return count;
}

unsigned party_count_pli(const struct party *party, uint32_t ssrc)
{
    unsigned count = 0;
    for (unsigned i = 0; i < party->rtcp.count; i++) {
        struct rtcp_iter it;
        struct rtcp packet;
        struct rtcp_fb fb;
        if (rtcp_iter_init(&it, party->rtcp.packets[i].data, party->rtcp.packets[i].len))
            continue;
        while (rtcp_next(&it, &packet))
            count += packet.type == RTCP_PSFB && !rtcp_fb_parse(&packet, &fb) && fb.kind == RTCP_FB_PLI &&
                     fb.media_ssrc == ssrc;
    }
    return count;
}

struct await {
    struct party *party;
    uint32_t ssrc;
    unsigned count;
};

static bool has_rtp(void *ctx)
{
    const struct await *await = ctx;
    return party_count_rtp(await->party, await->ssrc) >= await->count;
}

static bool has_pli(void *ctx)
{
    const struct await *await = ctx;
    return party_count_pli(await->party, await->ssrc) >= await->count;
}

void party_await_rtp(struct party *party, uint32_t ssrc, unsigned count)
{
    struct await await = {party, ssrc, count};
    stage_until(party->stage, has_rtp, &await);
}

void party_await_pli(struct party *party, uint32_t ssrc, unsigned count)
{
    struct await await = {party, ssrc, count};
    stage_until(party->stage, has_pli, &await);
}
