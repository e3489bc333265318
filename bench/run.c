/* One run. See run.h. */
#include "bench/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/guest.h"

#define SETTLE_S 0.2     /* what was sent comes meanwhile */
#define SETTLE_MAX_S 2.0 /* a server that got no CPU for so long has lost what is missing */
#define STORM_MAX_S 60.0
#define PEERS_MAX 65000u
#define PROGRESS_US 5000000u

/* Beyond these the generator, not the server, is what was measured. */
#define LATE_P99_MS 3.0
#define GENERATOR_CPU_MAX 0.9
#define STEAL_MAX 0.03

struct moment {
    struct proc_usage server;
    struct machine_usage machine;
    struct crowd_count count;
    struct peers_count peers;
    uint64_t at_us;
    uint64_t own_cpu_ns;
    uint64_t drops;
};

static void look(struct bench *bench, struct moment *out)
{
    (void)proc_read(bench->server_pid, &out->server);
    (void)machine_read(&out->machine);
    crowd_count(bench, &out->count);
    out->peers = bench->peers->count;
    out->at_us = clock_now_us();
    out->own_cpu_ns = thread_cpu_ns();
    out->drops = wire_drops(bench->peers->wire);
}

/* --- what a window says --- */

static void doubt(struct step *step, bool is_valid, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void doubt(struct step *step, bool is_valid, const char *fmt, ...)
{
    va_list args;
    size_t len = strlen(step->why);
    step->is_valid = step->is_valid && is_valid;
    if (len && len + 2 < sizeof(step->why)) {
        memcpy(step->why + len, "; ", 3);
        len += 2;
    }
    va_start(args, fmt);
    vsnprintf(step->why + len, sizeof(step->why) - len, fmt, args);
    va_end(args);
}

static void judge_validity(const struct bench *bench, const struct moment *from, const struct moment *to,
                           struct step *step)
{
    uint64_t not_opened = to->peers.not_opened - from->peers.not_opened;
    bool is_paced =
        !bench->opts.storm && bench->opts.churn <= 0; /* handshakes of the generator's own delay its sending */
    step->is_valid = true;
    if (step->late_ms[0] > LATE_P99_MS)
        doubt(step, !is_paced, "the generator sent late, p99 %.1f ms", step->late_ms[0]);
    if (step->generator_cpu > GENERATOR_CPU_MAX)
        doubt(step, false, "the generator was busy for %.0f %% of the time", step->generator_cpu * 100);
    if (step->generator_drops)
        doubt(step, false, "the generator's socket overflowed, %llu packets",
              (unsigned long long)step->generator_drops);
    if (wire_refused(bench->peers->wire))
        doubt(step, true, "the kernel refused %llu of the generator's packets",
              (unsigned long long)wire_refused(bench->peers->wire));
    if (not_opened * 1000 > step->delays)
        doubt(step, false, "%llu packets could not be opened", (unsigned long long)not_opened);
    if (step->steal > STEAL_MAX)
        doubt(step, true, "other guests of the host took %.0f %% of the CPU", step->steal * 100);
    if (step->machine_busy > 0.95)
        doubt(step, true, "all cores were busy: delays and loss are the machine's");
    if (!bench->server_pid)
        doubt(step, true, "the server's CPU is not known (--pid)");
    if (!bench->opts.is_idle && !step->forwarded)
        doubt(step, false, "nothing was forwarded");
}

static void split_threads(const struct moment *from, const struct moment *to, struct step *step)
{
    for (unsigned i = 0; i < to->server.name_count; i++) {
        struct proc_name *name = &step->threads[step->thread_count++];
        *name = to->server.names[i];
        for (unsigned k = 0; k < from->server.name_count; k++) {
            const struct proc_name *old = &from->server.names[k];
            if (strcmp(old->name, name->name) == 0)
                name->cpu_ns -= old->cpu_ns < name->cpu_ns ? old->cpu_ns : name->cpu_ns;
        }
    }
}

static void judge_server(const struct moment *from, const struct moment *to, struct step *step)
{
    step->cpu_stat_s = to->server.cpu_s - from->server.cpu_s;
    step->cpu_s = (double)(to->server.sched_ns - from->server.sched_ns) / 1e9;
    /* Threads that ended took their count with them. */
    if (to->server.sched_ns < from->server.sched_ns || step->cpu_s < step->cpu_stat_s * 0.95 - 0.05)
        step->cpu_s = step->cpu_stat_s;
    step->cpu_ns = step->forwarded ? step->cpu_s * 1e9 / (double)step->forwarded : 0;
    split_threads(from, to, step);
}

static void judge_window(struct bench *bench, const struct moment *from, const struct moment *to, struct step *step)
{
    static const double shares[] = {0.5, 0.99, 0.999};
    const struct hist *delay = &bench->peers->delay_ns;
    double cores = (double)to->machine.cores;
    step->seconds = (double)(to->at_us - from->at_us) / 1e6;
    step->sent = to->count.sent - from->count.sent;
    step->expected = to->count.expected - from->count.expected;
    step->received = to->count.received - from->count.received;
    step->forwarded = to->peers.rtp - from->peers.rtp;
    step->strange = to->peers.strange_rtp - from->peers.strange_rtp;
    step->bytes = step->forwarded ? (double)(to->peers.rtp_bytes - from->peers.rtp_bytes) / (double)step->forwarded : 0;
    step->loss = step->expected > step->received ? 1 - (double)step->received / (double)step->expected : 0;
    for (unsigned i = 0; i < 3; i++)
        step->delay_ms[i] = (double)hist_at(delay, shares[i]) / 1e6;
    step->delay_ms[3] = (double)delay->max / 1e6;
    step->delays = delay->count;
    judge_server(from, to, step);
    step->machine_busy = (to->machine.busy_s - from->machine.busy_s) / step->seconds / cores;
    step->softirq = (to->machine.softirq_s - from->machine.softirq_s) / step->seconds / cores;
    step->steal = (to->machine.steal_s - from->machine.steal_s) / step->seconds / cores;
    step->generator_cpu = (double)(to->own_cpu_ns - from->own_cpu_ns) / 1e9 / step->seconds;
    step->late_ms[0] = (double)hist_at(bench->late, 0.99) / 1e3;
    step->late_ms[1] = (double)bench->late->max / 1e3;
    step->generator_drops = to->drops - from->drops;
    judge_validity(bench, from, to, step);
}

/* --- one load --- */

static bool has_all(struct bench *bench, void *ctx)
{
    const struct crowd_count *from = ctx;
    struct crowd_count now;
    crowd_count(bench, &now);
    return now.received - from->received >= now.expected - from->expected;
}

/* Waits until what was sent since `from` has come, or is lost. */
static void settle(struct bench *bench, struct crowd_count *from)
{
    bench_run_for(bench, SETTLE_S);
    (void)bench_until(bench, has_all, from, SETTLE_MAX_S - SETTLE_S);
}

/* Runs `seconds` with progress lines, churning. */
static void run_load(struct bench *bench, double seconds, struct churn *churn)
{
    uint64_t begin_us = clock_now_us(), now_us = begin_us, told_us = begin_us;
    uint64_t until_us = begin_us + (uint64_t)(seconds * 1e6), told_rtp = bench->peers->count.rtp;
    while (now_us < until_us && !bench_is_interrupted()) {
        bench_turn(bench);
        if (churn)
            crowd_churn(bench, churn, now_us);
        now_us = clock_now_us();
        if (now_us - told_us >= PROGRESS_US) {
            uint64_t rtp = bench->peers->count.rtp;
            fprintf(stderr, "  %s: %.0f of %.0f s, %.0f packets/s received\n", bench->target->name,
                    (double)(now_us - begin_us) / 1e6, seconds,
                    (double)(rtp - told_rtp) * 1e6 / (double)(now_us - told_us));
            told_us = now_us;
            told_rtp = rtp;
        }
    }
}

static void run_storm(struct bench *bench, struct result *result)
{
    struct proc_usage before, after;
    bool has_cpu = proc_read(bench->server_pid, &before);
    crowd_storm(bench);
    if (!bench_until(bench, crowd_is_storm_over, NULL, STORM_MAX_S))
        fprintf(stderr, "  the storm was not over in %.0f s\n", STORM_MAX_S);
    has_cpu = proc_read(bench->server_pid, &after) && has_cpu;
    crowd_judge_storm(bench, has_cpu ? after.cpu_s - before.cpu_s : 0, &result->storm);
}

/* The window begins and ends while nothing is on its way, so that what was sent in it is what can have arrived in it.
 */
static void run_step(struct bench *bench, double rate, struct result *result, struct step *step)
{
    struct moment *from = mem_calloc(1, sizeof(*from)), *to = mem_calloc(1, sizeof(*to));
    struct churn *churn = mem_calloc(1, sizeof(*churn));
    churn->per_s = bench->opts.churn;
    step->rate = rate;
    crowd_mark_steady(bench);
    crowd_count(bench, &from->count);
    bench_set_loaded(bench, true);
    if (!bench->opts.is_idle) {
        crowd_start_sources(bench, rate);
        run_load(bench, bench->opts.warmup_s, NULL);
        crowd_stop_sources(bench);
    }
    settle(bench, &from->count);
    crowd_mark_steady(bench);
    hist_clear(&bench->peers->delay_ns);
    hist_clear(bench->late);
    look(bench, from);
    bench->peers->is_measuring = true;
    if (!bench->opts.is_idle)
        crowd_start_sources(bench, rate);
    if (bench->opts.storm && result->storm.count == 0)
        run_storm(bench, result);
    run_load(bench, bench->opts.seconds, churn);
    crowd_stop_sources(bench);
    settle(bench, &from->count);
    bench->peers->is_measuring = false;
    look(bench, to);
    judge_window(bench, from, to, step);
    if (churn->begun) {
        bench_run_for(bench, 1);
        crowd_judge_churn(bench, churn, &result->churn);
    }
    free(churn);
    free(to);
    free(from);
}

static void hold(struct bench *bench)
{
    double rate = bench->opts.rates[bench->opts.rate_count - 1];
    fprintf(stderr, "  holding the load until Ctrl-C; the server is pid %d\n", (int)bench->server_pid);
    if (!bench->opts.is_idle)
        crowd_start_sources(bench, rate);
    run_load(bench, 86400, NULL);
}

/* --- the floor --- */

/* Each packet is a batch to everybody: then the floor knows the run's rhythm. */
static bool is_one_even_stream(const struct opts *opts)
{
    return opts->calls == 1 && opts->videos == 1 && opts->audios == 0 && opts->video.pacing != SOURCE_BURST &&
           !opts->is_simulcast;
}

static void measure_floor(const struct bench *bench, struct result *result)
{
    const struct step *step = &result->steps[result->step_count - 1];
    unsigned receivers = 0;
    for (unsigned i = 0; i < bench->guest_count; i++)
        receivers += bench->guests[i].sub != NULL;
    struct floor_setup setup = {.server_ip = bench->opts.server_ip,
                                .base_ip = bench->opts.base_ip,
                                .receivers = receivers,
                                .bytes = step->bytes > 48 ? (unsigned)step->bytes - 16 : 100,
                                .suite = result->suite,
                                .run = 16};
    if (bench->opts.video.pacing == SOURCE_BURST && bench->opts.videos)
        setup.run = (unsigned)(step->rate / bench->opts.video.fps);
    if (is_one_even_stream(&bench->opts)) {
        setup.rates = bench->opts.rates;
        setup.rate_count = result->step_count;
    }
    if (!receivers || floor_measure(&setup, &result->floor) != ERR_OK)
        return;
    const struct floor_figures *floor = &result->floor;
    result->has_floor = floor->seal > 0 && floor->send > 0;
    result->floor_ns = floor->seal + floor->send;
    result->floor_evp_ns = floor->seal_evp + floor->send;
    result->floor_gso_ns = floor->send_gso > 0 ? floor->seal + floor->send_gso : 0;
}

/* --- the run --- */

static void note_members(struct bench *bench, struct result *result)
{
    for (unsigned i = 0; i < bench->guest_count; i++) {
        const struct guest *guest = &bench->guests[i];
        result->members += guest->state == GUEST_UP;
        result->connections += peer_is_ready(guest->pub) + peer_is_ready(guest->sub);
        const struct peer *peer = guest->sub ? guest->sub : guest->pub;
        if (!result->suite[0] && peer_is_ready(peer))
            snprintf(result->suite, sizeof(result->suite), "%s", transport_suite(peer->transport));
    }
}

static uint64_t rss_of(const struct bench *bench)
{
    struct proc_usage usage;
    return proc_read(bench->server_pid, &usage) ? usage.rss_kb : 0;
}

static enum err make_generator(struct bench *bench)
{
    const struct opts *opts = &bench->opts;
    double comings = opts->churn * (opts->seconds + opts->warmup_s) * opts->rate_count;
    unsigned max = bench->guest_count * 2 + (unsigned)(comings * 2) + 16;
    struct peers_setup setup = {.base_ip = opts->base_ip,
                                .suites = opts->suites,
                                .max = max < PEERS_MAX ? max : PEERS_MAX,
                                .open_every = opts->open_every};
    bench->loop = loop_create();
    bench->wire_watch.fd = -1;
    if (peers_create(&setup, &bench->peers) != ERR_OK ||
        loop_add(bench->loop, &bench->wire_watch, wire_fd(bench->peers->wire), EPOLLIN, NULL, NULL) != ERR_OK)
        return bench_refuse(bench, ERR_IO, "the generator has no socket");
    return ERR_OK;
}

static enum err run_inner(struct bench *bench, struct result *result)
{
    result->opts = &bench->opts;
    result->target = bench->target->name;
    crowd_create(bench);
    enum err err = make_generator(bench);
    if (err == ERR_OK)
        err = bench->target->start(bench);
    if (err == ERR_OK && bench->opts.pid)
        bench->server_pid = bench->opts.pid;
    if (err == ERR_OK)
        err = bench->target->prepare(bench);
    result->rss_empty_kb = rss_of(bench);
    if (err == ERR_OK)
        err = crowd_join(bench, &result->joins);
    if (err != ERR_OK)
        return err;
    bench_run_for(bench, 0.5);
    result->rss_joined_kb = rss_of(bench);
    note_members(bench, result);
    if (result->members)
        result->member_kb = ((double)result->rss_joined_kb - (double)result->rss_empty_kb) / result->members;
    for (unsigned i = 0; i < bench->opts.rate_count && !bench_is_interrupted(); i++)
        run_step(bench, bench->opts.rates[i], result, &result->steps[result->step_count++]);
    result->rss_end_kb = rss_of(bench);
    if (bench->opts.is_held)
        hold(bench);
    if (bench->opts.wants_floor && !bench->opts.is_idle)
        measure_floor(bench, result);
    return bench->opts.is_held || !bench_is_interrupted() ? ERR_OK : bench_refuse(bench, ERR_CLOSED, "interrupted");
}

enum err run_scenario(struct bench *bench, struct result *out)
{
    bench->late = mem_calloc(1, sizeof(*bench->late));
    enum err err = run_inner(bench, out);
    crowd_free(bench);
    if (bench->target->stop)
        bench->target->stop(bench);
    if (!bench->opts.url)
        child_stop(bench->server_pid);
    peers_free(bench->peers);
    loop_free(bench->loop);
    free(bench->late);
    return err;
}
