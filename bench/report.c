/* Reports. See report.h. */
#include "bench/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench/svg.h"

/* --- JSON --- */

static void put(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_real(value));
}

static void put_count(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *json_of_joins(const struct joins *joins)
{
    json_t *object = json_object();
    put_count(object, "count", joins->count);
    put_count(object, "failed", joins->failed);
    put(object, "seconds", joins->seconds);
    put(object, "up_ms_p50", joins->up_ms[0]);
    put(object, "up_ms_p99", joins->up_ms[1]);
    put(object, "media_ms_p50", joins->media_ms[0]);
    put(object, "media_ms_p99", joins->media_ms[1]);
    put(object, "cpu_ms", joins->cpu_ms);
    return object;
}

static void put_floor(json_t *object, const struct result *result, const struct step *step)
{
    if (!result->has_floor)
        return;
    put(object, "ratio_to_floor", step->cpu_ns / result->floor_ns);
    put(object, "ratio_to_floor_evp", step->cpu_ns / result->floor_evp_ns);
    if (result->floor_gso_ns > 0)
        put(object, "ratio_to_floor_gso", step->cpu_ns / result->floor_gso_ns);
    double paced = result->floor.paced[step - result->steps];
    if (paced > 0) {
        put(object, "floor_paced_ns", paced);
        put(object, "ratio_to_floor_paced", step->cpu_ns / paced);
    }
}

static json_t *json_of_step(const struct result *result, const struct step *step)
{
    json_t *object = json_object(), *threads = json_object();
    put(object, "rate", step->rate);
    put(object, "seconds", step->seconds);
    put_count(object, "sent", step->sent);
    put_count(object, "expected", step->expected);
    put_count(object, "received", step->received);
    put_count(object, "forwarded", step->forwarded);
    put(object, "forwarded_per_s", (double)step->forwarded / step->seconds);
    put_count(object, "retransmitted", step->strange);
    put(object, "bytes", step->bytes);
    put(object, "loss", step->loss);
    put(object, "delay_ms_p50", step->delay_ms[0]);
    put(object, "delay_ms_p99", step->delay_ms[1]);
    put(object, "delay_ms_p999", step->delay_ms[2]);
    put(object, "delay_ms_max", step->delay_ms[3]);
    put_count(object, "delays", step->delays);
    put(object, "cpu_s", step->cpu_s);
    put(object, "cpu_stat_s", step->cpu_stat_s);
    put(object, "cores", step->cpu_s / step->seconds);
    put(object, "cpu_ns_per_packet", step->cpu_ns);
    put_floor(object, result, step);
    put(object, "machine_busy", step->machine_busy);
    put(object, "machine_softirq", step->softirq);
    put(object, "machine_steal", step->steal);
    put(object, "generator_cpu", step->generator_cpu);
    put(object, "generator_late_ms_p99", step->late_ms[0]);
    put(object, "generator_late_ms_max", step->late_ms[1]);
    put_count(object, "generator_drops", step->generator_drops);
    for (unsigned i = 0; i < step->thread_count; i++)
        put(threads, step->threads[i].name, (double)step->threads[i].cpu_ns / 1e9);
    json_object_set_new(object, "threads_cpu_s", threads);
    json_object_set_new(object, "is_valid", json_boolean(step->is_valid));
    json_object_set_new(object, "doubts", json_string(step->why));
    return object;
}

static json_t *json_of_opts(const struct opts *opts)
{
    json_t *object = json_object();
    put_count(object, "calls", opts->calls);
    put_count(object, "members", opts->members);
    put_count(object, "video", opts->videos);
    put_count(object, "audio", opts->audios);
    put_count(object, "bytes", opts->video.bytes);
    put_count(object, "fps", opts->video.fps);
    put_count(object, "storm", opts->storm);
    put(object, "churn", opts->churn);
    put_count(object, "workers", opts->workers);
    json_object_set_new(object, "event_loops", json_integer(opts->event_loops));
    json_object_set_new(object, "pacing", json_string(opts->video.pacing == SOURCE_BURST ? "burst" : "even"));
    json_object_set_new(object, "is_idle", json_boolean(opts->is_idle));
    json_object_set_new(object, "is_simulcast", json_boolean(opts->is_simulcast));
    return object;
}

json_t *report_json(const struct result *result)
{
    json_t *object = json_object(), *steps = json_array();
    json_object_set_new(object, "target", json_string(result->target));
    json_object_set_new(object, "label", json_string(result->opts->label ? result->opts->label : result->target));
    json_object_set_new(object, "suite", json_string(result->suite));
    json_object_set_new(object, "scenario", json_of_opts(result->opts));
    put_count(object, "members", result->members);
    put_count(object, "connections", result->connections);
    json_object_set_new(object, "joins", json_of_joins(&result->joins));
    if (result->storm.count || result->storm.failed)
        json_object_set_new(object, "storm", json_of_joins(&result->storm));
    if (result->churn.count)
        json_object_set_new(object, "churn", json_of_joins(&result->churn));
    put_count(object, "rss_empty_kb", result->rss_empty_kb);
    put_count(object, "rss_joined_kb", result->rss_joined_kb);
    put_count(object, "rss_end_kb", result->rss_end_kb);
    put(object, "member_kb", result->member_kb);
    if (result->has_floor) {
        json_t *floor = json_object();
        put(floor, "seal_ns", result->floor.seal);
        put(floor, "seal_evp_ns", result->floor.seal_evp);
        put(floor, "send_ns", result->floor.send);
        put(floor, "send_gso_ns", result->floor.send_gso);
        put(floor, "floor_ns", result->floor_ns);
        put(floor, "floor_evp_ns", result->floor_evp_ns);
        put(floor, "floor_gso_ns", result->floor_gso_ns);
        json_object_set_new(object, "floor", floor);
    }
    for (unsigned i = 0; i < result->step_count; i++)
        json_array_append_new(steps, json_of_step(result, &result->steps[i]));
    json_object_set_new(object, "steps", steps);
    return object;
}

/* --- the table --- */

static void add_joins(struct text *out, const char *what, const struct joins *joins)
{
    text_addf(out, "%s: %u", what, joins->count);
    if (joins->failed)
        text_addf(out, " (%u failed)", joins->failed);
    if (joins->seconds > 0)
        text_addf(out, " in %.2f s", joins->seconds);
    text_addf(out, "; connected after p50 %.0f ms, p99 %.0f ms", joins->up_ms[0], joins->up_ms[1]);
    if (joins->media_ms[1] > 0)
        text_addf(out, "; first packet after p50 %.0f ms, p99 %.0f ms", joins->media_ms[0], joins->media_ms[1]);
    if (joins->cpu_ms > 0)
        text_addf(out, "; %.2f ms of the server's CPU each", joins->cpu_ms);
    text_add(out, "\n");
}

static void add_step(struct text *out, const struct result *result, const struct step *step)
{
    double paced = result->floor.paced[step - result->steps];
    text_addf(out, "%8.0f %9.0f %9.0f %7.3f%% %7.0f %6.2f %6.2f  %6.2f %6.2f %6.2f %7.2f %6.2f", step->rate,
              (double)step->sent / step->seconds, (double)step->forwarded / step->seconds, step->loss * 100,
              step->cpu_ns, result->has_floor ? step->cpu_ns / result->floor_ns : 0,
              paced > 0 ? step->cpu_ns / paced : 0, step->delay_ms[0], step->delay_ms[1], step->delay_ms[2],
              step->cpu_s / step->seconds, step->generator_cpu);
    text_addf(out, "  %s%s%s\n", step->is_valid ? "ok" : "INVALID", step->why[0] ? ": " : "", step->why);
}

static void add_threads(struct text *out, const struct step *step)
{
    text_add(out, "server's threads, CPU s:");
    for (unsigned i = 0; i < step->thread_count; i++) {
        if (step->threads[i].cpu_ns >= 1000000)
            text_addf(out, "  %s %.3f", step->threads[i].name, (double)step->threads[i].cpu_ns / 1e9);
    }
    text_add(out, "\n");
}

void report_table(const struct result *result, struct text *out)
{
    const struct opts *opts = result->opts;
    text_addf(out, "%s: %u call%s of %u members, %u video (%s%u B, %s), %u audio; %u connections, %s\n",
              opts->label ? opts->label : result->target, opts->calls, opts->calls == 1 ? "" : "s", opts->members,
              opts->videos, opts->is_simulcast ? "3 layers, " : "", opts->video.bytes,
              opts->video.pacing == SOURCE_BURST ? "frame bursts" : "even", opts->audios, result->connections,
              result->suite);
    add_joins(out, "joins", &result->joins);
    if (result->storm.count || result->storm.failed)
        add_joins(out, "storm", &result->storm);
    if (result->churn.count)
        add_joins(out, "churn", &result->churn);
    text_addf(out, "memory: %llu KiB empty, %llu KiB joined (%.1f KiB a member), %llu KiB at the end\n",
              (unsigned long long)result->rss_empty_kb, (unsigned long long)result->rss_joined_kb, result->member_kb,
              (unsigned long long)result->rss_end_kb);
    if (result->has_floor)
        text_addf(out, "floor: seal %.0f (EVP %.0f) + send %.0f (GSO %.0f) = %.0f ns a packet (EVP %.0f, GSO %.0f)\n",
                  result->floor.seal, result->floor.seal_evp, result->floor.send, result->floor.send_gso,
                  result->floor_ns, result->floor_evp_ns, result->floor_gso_ns);
    text_add(
        out,
        "    rate    in p/s   out p/s     loss  ns/pkt /floor /paced  delay ms p50    p99  p99.9   cores    gen\n");
    for (unsigned i = 0; i < result->step_count; i++)
        add_step(out, result, &result->steps[i]);
    if (result->step_count)
        add_threads(out, &result->steps[result->step_count - 1]);
}

/* --- plots --- */

static void add_points(struct svg_series *series, const json_t *steps, const char *key)
{
    size_t at;
    const json_t *step;
    json_array_foreach ((json_t *)steps, at, step) {
        double y = json_number_value(json_object_get(step, key));
        if (series->count == SVG_POINTS_MAX || y <= 0)
            continue;
        series->points[series->count++] =
            (struct svg_point){.x = json_number_value(json_object_get(step, "forwarded_per_s")) / 1000,
                               .y = y,
                               .is_doubtful = !json_is_true(json_object_get(step, "is_valid"))};
    }
}

void report_plot(json_t *const *results, unsigned count, struct text *svg)
{
    struct svg_series *series[2] = {mem_calloc(SVG_SERIES_MAX, sizeof(*series[0])),
                                    mem_calloc(SVG_SERIES_MAX, sizeof(*series[1]))};
    static const char *const keys[] = {"cpu_ns_per_packet", "delay_ms_p99"};
    if (count > SVG_SERIES_MAX)
        count = SVG_SERIES_MAX;
    for (unsigned i = 0; i < count; i++) {
        const char *label = json_string_value(json_object_get(results[i], "label"));
        for (unsigned k = 0; k < 2; k++) {
            text_copy(series[k][i].name, sizeof(series[k][i].name), label ? label : "?");
            add_points(&series[k][i], json_object_get(results[i], "steps"), keys[k]);
        }
    }
    struct svg_chart charts[] = {{.title = "CPU of the server for each forwarded packet",
                                  .x_name = "forwarded packets, thousands a second",
                                  .y_name = "ns",
                                  .count = count,
                                  .series = series[0]},
                                 {.title = "Forwarding delay, p99",
                                  .x_name = "forwarded packets, thousands a second",
                                  .y_name = "ms",
                                  .is_log_y = true,
                                  .count = count,
                                  .series = series[1]}};
    svg_write(charts, 2, svg);
    free(series[1]);
    free(series[0]);
}
