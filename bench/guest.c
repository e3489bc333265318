/* Members. See guest.h. */
#include "bench/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/describe.h"

bool guest_publishes(const struct guest *guest)
{
    return guest->index < guest->party->videos || guest->index < guest->party->audios;
}

unsigned guest_streams_wanted(const struct guest *guest)
{
    const struct party *party = guest->party;
    return party->videos + party->audios - (guest->index < party->videos) - (guest->index < party->audios);
}

void guest_reset(struct guest *guest, bool is_polite)
{
    guest->is_leaving = true; /* what goes down now is no failure */
    peer_free(guest->pub, is_polite);
    peer_free(guest->sub, is_polite);
    ws_free(guest->ws);
    http_free(guest->http);
    free(guest->offer);
    guest->pub = guest->sub = NULL;
    guest->ws = NULL;
    guest->http = NULL;
    guest->offer = NULL;
    guest->source_count = 0;
    guest->streams = 0;
    guest->up_us = guest->media_us = 0;
    guest->state = GUEST_AWAY;
    guest->is_leaving = false;
}

void guest_fail(struct guest *guest, const char *fmt, ...)
{
    va_list args;
    if (guest->is_leaving || guest->state == GUEST_FAILED)
        return;
    guest->state = GUEST_FAILED;
    guest->bench->failed++;
    va_start(args, fmt);
    vsnprintf(guest->error, sizeof(guest->error), fmt, args);
    va_end(args);
}

void guest_update(struct guest *guest)
{
    bool is_sending = !guest_publishes(guest) || peer_is_ready(guest->pub);
    bool is_receiving = guest->streams >= guest_streams_wanted(guest) && (!guest->streams || peer_is_ready(guest->sub));
    if (guest->state != GUEST_JOINING || !is_sending || !is_receiving || !guest->ws)
        return;
    guest->state = GUEST_UP;
    guest->up_us = clock_now_us();
}

/* --- what the connections say --- */

static void on_ready(void *ctx)
{
    guest_update(ctx);
}

static void on_failed(void *ctx, const char *reason)
{
    guest_fail(ctx, "a connection failed: %s", reason);
}

static void on_first_packet(void *ctx)
{
    struct guest *guest = ctx;
    if (!guest->media_us)
        guest->media_us = clock_now_us();
}

static void on_key_wanted(void *ctx, uint32_t ssrc)
{
    struct guest *guest = ctx;
    for (unsigned i = 0; i < guest->source_count; i++)
        guest->sources[i].wants_key |= !ssrc || guest->sources[i].line.ssrc == ssrc;
}

static struct peer *make_peer(struct guest *guest)
{
    struct peer_ops ops = {on_ready, on_failed, on_first_packet, on_key_wanted, guest};
    struct peer *peer = peer_create(guest->bench->peers, &ops);
    if (!peer)
        guest_fail(guest, "the generator is out of addresses");
    return peer;
}

static struct describe_local local_of(const struct guest *guest, const struct peer *peer)
{
    return (struct describe_local){.session_id = 1000 + peer->index,
                                   .session_version = 1,
                                   .ufrag = peer->params.local_ufrag,
                                   .pwd = peer->params.local_pwd,
                                   .fingerprint = rtc_identity_fingerprint(guest->bench->peers->identity)};
}

/* --- publishing --- */

static void add_line(struct guest *guest, enum client_kind kind)
{
    struct describe_line *line = &guest->offer->lines[guest->offer->line_count];
    describe_own_line(line, kind, guest->offer->line_count++);
    line->is_simulcast = kind == CLIENT_VIDEO && guest->bench->opts.is_simulcast;
    snprintf(line->cname, sizeof(line->cname), "bench%u", guest->index);
    snprintf(line->stream, sizeof(line->stream), "s%u", guest->index);
    snprintf(line->track, sizeof(line->track), "t%u%c", guest->index, kind == CLIENT_AUDIO ? 'a' : 'v');
}

char *guest_offer(struct guest *guest)
{
    struct text sdp = {0};
    guest->pub = make_peer(guest);
    if (!guest->pub)
        return NULL;
    guest->offer = mem_calloc(1, sizeof(*guest->offer));
    if (guest->index < guest->party->audios)
        add_line(guest, CLIENT_AUDIO);
    if (guest->index < guest->party->videos)
        add_line(guest, CLIENT_VIDEO);
    struct describe_local local = local_of(guest, guest->pub);
    describe_offer_write(guest->offer, &local, &sdp);
    return text_take(&sdp);
}

/* One source, or one for each layer. The top one is first: after a silence it is the first to be heard of again, so
 * that no server falls back to a lower one meanwhile, which would be missing in the count. */
static void add_sources(struct guest *guest, const struct describe_line *line)
{
    unsigned count = line->is_simulcast ? DESCRIBE_LAYERS : 1;
    for (unsigned i = 0; i < count && guest->source_count < GUEST_SOURCES_MAX; i++) {
        struct source *source = &guest->sources[guest->source_count++];
        source_init(source, guest->pub, line, &guest->bench->opts.video);
        if (line->is_simulcast)
            source_set_layer(source, DESCRIBE_LAYERS - 1 - i);
    }
}

void guest_on_answer(struct guest *guest, const char *sdp)
{
    char error[SDP_ERROR_MAX] = "";
    struct describe *offer = guest->offer;
    if (!offer)
        return;
    if (describe_answer_read(sdp, offer, error) != ERR_OK || !offer->has_remote) {
        guest_fail(guest, "the server's answer cannot be used: %s", error);
        return;
    }
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (!offer->lines[i].is_sending)
            guest_fail(guest, "the server does not take m-line %u", i);
        else if (offer->lines[i].kind == CLIENT_VIDEO && guest->bench->opts.is_simulcast &&
                 !offer->lines[i].is_simulcast)
            guest_fail(guest, "the server does not take the simulcast of m-line %u", i);
        else
            add_sources(guest, &offer->lines[i]);
    }
    /* Who answers chooses the DTLS roles (RFC 8842 section 5.3). */
    bool is_client = strstr(sdp, "a=setup:active") == NULL;
    if (peer_set_remote(guest->pub, &offer->remote, is_client) != ERR_OK)
        guest_fail(guest, "the server's answer has no address that can be reached");
    free(guest->offer);
    guest->offer = NULL;
}

/* --- receiving --- */

static void take_streams(struct guest *guest, const struct describe *offer)
{
    uint32_t ssrcs[PEER_STREAMS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < offer->line_count && count < PEER_STREAMS_MAX; i++) {
        if (offer->lines[i].is_sending)
            ssrcs[count++] = offer->lines[i].ssrc;
    }
    peer_set_streams(guest->sub, ssrcs, count);
    guest->streams = count;
}

static bool take_offer(struct guest *guest, const char *sdp, struct describe *offer)
{
    char error[SDP_ERROR_MAX] = "";
    bool is_first = !guest->sub;
    if (describe_offer_read(sdp, offer, error) != ERR_OK) {
        guest_fail(guest, "the server's offer cannot be used: %s", error);
        return false;
    }
    if (is_first)
        guest->sub = make_peer(guest);
    if (!guest->sub)
        return false;
    take_streams(guest, offer);
    if (is_first && (!offer->has_remote || peer_set_remote(guest->sub, &offer->remote, true) != ERR_OK)) {
        guest_fail(guest, "the server's offer has no address that can be reached");
        return false;
    }
    return true;
}

char *guest_answer(struct guest *guest, const char *sdp)
{
    struct describe *offer = mem_calloc(1, sizeof(*offer));
    bool is_taken = take_offer(guest, sdp, offer);
    free(offer);
    if (!is_taken)
        return NULL;
    char error[SDP_ERROR_MAX] = "";
    struct text answer = {0};
    struct describe_local local = local_of(guest, guest->sub);
    if (describe_answer_write(sdp, &local, &answer, error) != ERR_OK) {
        text_free(&answer);
        guest_fail(guest, "the server's offer cannot be answered: %s", error);
        return NULL;
    }
    return text_take(&answer);
}
