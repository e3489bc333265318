/* Members together. See crowd.h. */
#include "bench/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/guest.h"

#define JOIN_ALL_S 120.0
#define AWAY_US 200000u /* between leaving and joining again */

static bool is_storm_party(const struct bench *bench, const struct party *party)
{
    return bench->opts.storm && party == &bench->parties[bench->party_count - 1];
}

static bool is_storm(const struct guest *guest)
{
    return is_storm_party(guest->bench, guest->party) && !guest_publishes(guest);
}

void crowd_create(struct bench *bench)
{
    const struct opts *opts = &bench->opts;
    bench->party_count = opts->calls + (opts->storm ? 1 : 0);
    bench->guest_count = opts->calls * opts->members + (opts->storm ? opts->storm + 1 : 0);
    bench->parties = mem_calloc(bench->party_count, sizeof(*bench->parties));
    bench->guests = mem_calloc(bench->guest_count, sizeof(*bench->guests));
    bench->sources = mem_calloc((size_t)bench->guest_count * GUEST_SOURCES_MAX, sizeof(struct source *));
    for (unsigned i = 0; i < bench->party_count; i++) {
        struct party *party = &bench->parties[i];
        *party = (struct party){
            .first = i * opts->members, .count = opts->members, .videos = opts->videos, .audios = opts->audios};
        if (is_storm_party(bench, party))
            *party = (struct party){.first = party->first, .count = opts->storm + 1, .audios = 1};
        for (unsigned k = 0; k < party->count; k++) {
            struct guest *guest = &bench->guests[party->first + k];
            guest->bench = bench;
            guest->party = party;
            guest->index = k;
        }
    }
}

void crowd_free(struct bench *bench)
{
    for (unsigned i = 0; i < bench->guest_count; i++)
        guest_reset(&bench->guests[i], false);
    free(bench->sources);
    free(bench->guests);
    free(bench->parties);
    bench->guest_count = bench->party_count = bench->source_count = 0;
}

/* --- joining --- */

struct wave {
    bool (*is_in)(const struct guest *guest);
    bool (*is_done)(const struct guest *guest);
    unsigned next;
    unsigned parallel;
};

static bool is_publisher(const struct guest *guest)
{
    return guest_publishes(guest);
}

static bool is_listener(const struct guest *guest)
{
    return !guest_publishes(guest) && !is_storm(guest);
}

static bool has_published(const struct guest *guest)
{
    return guest->state == GUEST_FAILED || peer_is_ready(guest->pub);
}

static bool is_up(const struct guest *guest)
{
    return guest->state == GUEST_UP || guest->state == GUEST_FAILED;
}

/* Keeps as many joins under way as allowed; true when all are through. */
static bool run_wave(struct bench *bench, void *ctx)
{
    struct wave *wave = ctx;
    unsigned under_way = 0;
    for (unsigned i = 0; i < wave->next; i++) {
        const struct guest *guest = &bench->guests[i];
        under_way += wave->is_in(guest) && !wave->is_done(guest);
    }
    for (; wave->next < bench->guest_count && under_way < wave->parallel; wave->next++) {
        if (!wave->is_in(&bench->guests[wave->next]))
            continue;
        bench->target->join(&bench->guests[wave->next]);
        under_way++;
    }
    return under_way == 0 && wave->next == bench->guest_count;
}

static bool is_everyone_up(struct bench *bench, void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < bench->guest_count; i++) {
        guest_update(&bench->guests[i]);
        if (!is_storm(&bench->guests[i]) && !is_up(&bench->guests[i]))
            return false;
    }
    return true;
}

static enum err refuse_failed(struct bench *bench, const char *when)
{
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        if (guest->state == GUEST_FAILED)
            return bench_refuse(bench, ERR_IO, "%s: member %u of call %u: %s", when, guest->index,
                                (unsigned)(guest->party - bench->parties), guest->error);
    }
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        if (guest->state == GUEST_JOINING)
            return bench_refuse(
                bench, ERR_IO, "%s: member %u is not through: publishes %d/%d, receives %u of %u streams, connected %d",
                when, guest->index, peer_is_ready(guest->pub), guest_publishes(guest), guest->streams,
                guest_streams_wanted(guest), peer_is_ready(guest->sub));
    }
    return bench_refuse(bench, ERR_IO, "%s: not within %.0f s", when, JOIN_ALL_S);
}

static void judge(struct bench *bench, bool (*is_in)(const struct guest *guest), struct joins *out)
{
    struct hist *up = mem_calloc(1, sizeof(*up)), *media = mem_calloc(1, sizeof(*media));
    uint64_t first_us = UINT64_MAX, last_us = 0;
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        if (!is_in(guest))
            continue;
        out->failed += guest->state != GUEST_UP;
        if (guest->state != GUEST_UP)
            continue;
        out->count++;
        hist_add(up, guest->up_us - guest->began_us);
        if (guest->media_us)
            hist_add(media, guest->media_us - guest->began_us);
        first_us = guest->began_us < first_us ? guest->began_us : first_us;
        last_us = guest->up_us > last_us ? guest->up_us : last_us;
    }
    static const double shares[] = {0.5, 0.99};
    for (unsigned i = 0; i < 2; i++) {
        out->up_ms[i] = (double)hist_at(up, shares[i]) / 1e3;
        out->media_ms[i] = (double)hist_at(media, shares[i]) / 1e3;
    }
    out->seconds = out->count ? (double)(last_us - first_us) / 1e6 : 0;
    free(media);
    free(up);
}

static void gather_sources(struct bench *bench)
{
    for (unsigned i = 0; i < bench->guest_count; i++) {
        for (unsigned k = 0; k < bench->guests[i].source_count; k++)
            bench->sources[bench->source_count++] = &bench->guests[i].sources[k];
    }
}

enum err crowd_join(struct bench *bench, struct joins *out)
{
    struct proc_usage before, after;
    struct wave publishers = {is_publisher, has_published, 0, bench->opts.join_parallel};
    struct wave listeners = {is_listener, is_up, 0, bench->opts.join_parallel};
    if (!bench_until(bench, run_wave, &publishers, JOIN_ALL_S) || bench->failed)
        return refuse_failed(bench, "publishing");
    for (unsigned i = 0; i < bench->guest_count && bench->target->subscribe; i++)
        bench->target->subscribe(&bench->guests[i]);
    bool has_cpu = proc_read(bench->server_pid, &before);
    if (!bench_until(bench, run_wave, &listeners, JOIN_ALL_S) || bench->failed)
        return refuse_failed(bench, "joining");
    if (!bench_until(bench, is_everyone_up, NULL, JOIN_ALL_S) || bench->failed)
        return refuse_failed(bench, "subscribing");
    judge(bench, is_listener, out);
    if (has_cpu && out->count && proc_read(bench->server_pid, &after))
        out->cpu_ms = (after.cpu_s - before.cpu_s) * 1e3 / out->count;
    gather_sources(bench);
    return ERR_OK;
}

/* --- storm --- */

void crowd_storm(struct bench *bench)
{
    for (unsigned i = 0; i < bench->guest_count; i++) {
        if (is_storm(&bench->guests[i]))
            bench->target->join(&bench->guests[i]);
    }
}

bool crowd_is_storm_over(struct bench *bench, void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        if (is_storm(guest) && (!is_up(guest) || (guest->state == GUEST_UP && !guest->media_us)))
            return false;
    }
    return true;
}

void crowd_judge_storm(struct bench *bench, double cpu_s, struct joins *out)
{
    judge(bench, is_storm, out);
    out->cpu_ms = out->count ? cpu_s * 1e3 / out->count : 0;
}

/* --- churn --- */

static void begin_one(struct bench *bench, struct churn *churn, uint64_t now_us)
{
    for (unsigned tries = 0; tries < bench->guest_count; tries++) {
        struct guest *guest = &bench->guests[churn->next_guest++ % bench->guest_count];
        if (!is_listener(guest) || guest->state != GUEST_UP)
            continue;
        if (!guest->is_steady && guest->media_us) { /* its last stay began in this churn */
            hist_add(&churn->up_us, guest->up_us - guest->began_us);
            hist_add(&churn->media_us, guest->media_us - guest->began_us);
        }
        guest->is_steady = false;
        bench->target->leave(guest);
        guest->state = GUEST_AWAY;
        guest->is_leaving = true;
        guest->back_us = now_us + AWAY_US;
        churn->begun++;
        return;
    }
}

void crowd_churn(struct bench *bench, struct churn *churn, uint64_t now_us)
{
    if (churn->per_s <= 0)
        return;
    if (now_us >= churn->next_us) {
        begin_one(bench, churn, now_us);
        churn->next_us = (churn->next_us ? churn->next_us : now_us) + (uint64_t)(1e6 / churn->per_s);
    }
    for (unsigned i = 0; i < bench->guest_count; i++) {
        struct guest *guest = &bench->guests[i];
        if (!guest->back_us || now_us < guest->back_us)
            continue;
        guest->back_us = 0;
        guest_reset(guest, true);
        bench->target->join(guest);
    }
}

void crowd_judge_churn(struct bench *bench, struct churn *churn, struct joins *out)
{
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        if (guest->is_steady || !is_listener(guest))
            continue;
        out->failed += guest->state == GUEST_FAILED;
        if (guest->state == GUEST_UP && guest->media_us) {
            hist_add(&churn->up_us, guest->up_us - guest->began_us);
            hist_add(&churn->media_us, guest->media_us - guest->began_us);
        }
    }
    out->count = churn->begun;
    out->up_ms[0] = (double)hist_at(&churn->up_us, 0.5) / 1e3;
    out->up_ms[1] = (double)hist_at(&churn->up_us, 0.99) / 1e3;
    out->media_ms[0] = (double)hist_at(&churn->media_us, 0.5) / 1e3;
    out->media_ms[1] = (double)hist_at(&churn->media_us, 0.99) / 1e3;
}

/* --- packets --- */

void crowd_mark_steady(struct bench *bench)
{
    for (unsigned i = 0; i < bench->guest_count; i++)
        bench->guests[i].is_steady = bench->guests[i].state == GUEST_UP && !is_storm(&bench->guests[i]);
}

static uint64_t received_by(const struct guest *guest)
{
    uint64_t received = 0;
    for (unsigned i = 0; guest->sub && i < guest->sub->stream_count; i++)
        received += guest->sub->streams[i].received;
    return received;
}

void crowd_count(struct bench *bench, struct crowd_count *out)
{
    *out = (struct crowd_count){0};
    for (unsigned p = 0; p < bench->party_count; p++) {
        const struct party *party = &bench->parties[p];
        unsigned steady = 0;
        for (unsigned i = 0; i < party->count; i++) {
            const struct guest *guest = &bench->guests[party->first + i];
            steady += guest->is_steady;
            out->received += guest->is_steady ? received_by(guest) : 0;
        }
        for (unsigned i = 0; i < party->count; i++) {
            const struct guest *guest = &bench->guests[party->first + i];
            for (unsigned k = 0; k < guest->source_count; k++) {
                out->sent += guest->sources[k].sent;
                if (guest->sources[k].is_received)
                    out->expected += guest->sources[k].sent * (steady - guest->is_steady);
            }
        }
    }
}

void crowd_start_sources(struct bench *bench, double rate)
{
    uint64_t now_us = clock_now_us();
    for (unsigned i = 0; i < bench->source_count; i++) {
        struct source *source = bench->sources[i];
        uint64_t interval_us = source->is_video ? US_PER_S / source->opts.fps : SOURCE_AUDIO_US;
        if (source->is_video)
            source_set_rate(source, rate);
        source_start(source, now_us, interval_us * i / bench->source_count);
    }
}

void crowd_stop_sources(struct bench *bench)
{
    for (unsigned i = 0; i < bench->source_count; i++)
        source_stop(bench->sources[i]);
}
