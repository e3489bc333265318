/* ichat-bench: loads a server and tells what it cost. See bench/README.md. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench/bench.h"
#include "bench/chat.h"
#include "bench/report.h"
#include "bench/run.h"
#include "client/ichat_client.h"

#define RESULTS_MAX 12

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool is_written = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        is_written = false;
    if (!is_written)
        fprintf(stderr, "ichat-bench: cannot write %s\n", path);
    return is_written;
}

static int plot(int argc, char **argv)
{
    static const struct option known[] = {{"svg", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
    const char *path = NULL;
    json_t *results[RESULTS_MAX];
    unsigned count = 0;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c != 's')
            return 2;
        path = optarg;
    }
    if (!path || optind >= argc || argc - optind > RESULTS_MAX) {
        fprintf(stderr, "usage: ichat-bench plot --svg FILE RESULT.json... (at most %d)\n", RESULTS_MAX);
        return 2;
    }
    for (int i = optind; i < argc; i++) {
        json_error_t error;
        results[count] = json_load_file(argv[i], 0, &error);
        if (!results[count]) {
            fprintf(stderr, "ichat-bench: %s: %s\n", argv[i], error.text);
            return 1;
        }
        count++;
    }
    struct text svg = {0};
    report_plot(results, count, &svg);
    bool is_written = write_file(path, svg.data);
    text_free(&svg);
    for (unsigned i = 0; i < count; i++)
        json_decref(results[i]);
    return is_written ? 0 : 1;
}

/* Thousands of sockets, and sleeps that end when they should. */
static void set_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    prctl(PR_SET_TIMERSLACK, 1000UL);
}

static void print_result(const struct opts *opts, const struct result *result)
{
    json_t *json = report_json(result);
    if (opts->wants_json) {
        json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        struct text table = {0};
        report_table(result, &table);
        fputs(table.data, stdout);
        text_free(&table);
    }
    if (opts->svg) {
        struct text svg = {0};
        report_plot(&json, 1, &svg);
        (void)write_file(opts->svg, svg.data);
        text_free(&svg);
    }
    json_decref(json);
}

int main(int argc, char **argv)
{
    struct opts opts;
    if (argc > 1 && strcmp(argv[1], "plot") == 0)
        return plot(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "chat") == 0) {
        set_limits();
        bench_watch_signals();
        return chat_main(argc - 1, argv + 1);
    }
    int code = opts_parse(&opts, argc, argv);
    if (code)
        return code - 1;
    struct bench *bench = mem_calloc(1, sizeof(*bench));
    struct result *result = mem_calloc(1, sizeof(*result));
    bench->opts = opts;
    const char *tmp = getenv("TMPDIR");
    snprintf(bench->dir, sizeof(bench->dir), "%s/ichat-bench-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!mkdtemp(bench->dir) || client_global_init() != ERR_OK) {
        fprintf(stderr, "ichat-bench: cannot begin (no temporary folder?)\n");
        return 1;
    }
    set_limits();
    bench_watch_signals();
    bench->target = strcmp(bench->opts.target, "janus") == 0 ? &target_janus : &target_ichatd;
    enum err err = run_scenario(bench, result);
    if (err != ERR_OK)
        fprintf(stderr, "ichat-bench: %s: %s\n", bench->target->name, bench->error);
    else
        print_result(&bench->opts, result);
    if (bench->opts.keeps_files)
        fprintf(stderr, "The server's files are in %s\n", bench->dir);
    else
        bench_remove_tree(bench->dir);
    client_global_free();
    free(result);
    free(bench);
    return err == ERR_OK ? 0 : 1;
}
