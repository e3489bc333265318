/* The command: arguments, opening both ends, progress, the report. */
#include "import/import.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/text.h"
#include "import/convert.h"
#include "import/load.h"
#include "import/target.h"
#include "store/db_pool.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define BATCH_DEFAULT 1000
#define BATCH_MAX 100000
#define PROGRESS_EVERY_US (200 * US_PER_MS)

struct arguments {
    const char *dump;
    const char *config;
    const char *data;
    const char *map;
    unsigned batch;
    int64_t zone_s;
    bool is_dry_run;
};

struct progress {
    bool is_terminal;
    uint64_t last_us;
};

static void print_help(FILE *file)
{
    fputs("usage: ichatd import --mysql-dump FILE [--config FILE] [--data DIR] [--map FILE]\n"
          "                     [--time-zone ZONE] [--batch N] [--dry-run]\n"
          "\n"
          "Brings the users, contacts, groups and messages of an original installation over. The database must be\n"
          "empty, and no ichatd may run on it.\n"
          "\n"
          "  --mysql-dump FILE  what mysqldump wrote\n"
          "  --config FILE      names the database, as for the server (database.url)\n"
          "  --data DIR         data.dir\n"
          "  --map FILE         names of tables and columns that are not known, lines \"ours = theirs\"\n"
          "  --time-zone ZONE   of DATETIME columns, such as +08:00 (UTC)\n"
          "  --batch N          rows a transaction, 1..100000 (1000)\n"
          "  --dry-run          does everything but into a database that is thrown away\n"
          "\n"
          "Exit codes: 0 imported, even if rows were skipped; 1 failed; 2 wrong arguments or configuration.\n",
          file);
}

static bool parse_batch(const char *text, unsigned *out)
{
    uint64_t number;
    if (text_to_u64(text, &number) != ERR_OK || number == 0 || number > BATCH_MAX) {
        fprintf(stderr, "ichatd: --batch is a whole number 1..%d\n", BATCH_MAX);
        return false;
    }
    *out = (unsigned)number;
    return true;
}

static bool parse_zone(const char *text, int64_t *out)
{
    if (convert_zone(text, out) == ERR_OK)
        return true;
    fputs("ichatd: --time-zone is UTC, or hours and minutes east of it such as +08:00\n", stderr);
    return false;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct arguments *out)
{
    static const struct option known[] = {
        {"mysql-dump", required_argument, NULL, 'm'},
        {"config", required_argument, NULL, 'c'},
        {"data", required_argument, NULL, 'd'},
        {"map", required_argument, NULL, 'a'},
        {"time-zone", required_argument, NULL, 'z'},
        {"batch", required_argument, NULL, 'b'},
        {"dry-run", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (c == 'm')
            out->dump = optarg;
        else if (c == 'c')
            out->config = optarg;
        else if (c == 'd')
            out->data = optarg;
        else if (c == 'a')
            out->map = optarg;
        else if (c == 'n')
            out->is_dry_run = true;
        else if (c == 'h') {
            print_help(stdout);
            return EXIT_OK;
        } else if (c == '?') {
            print_help(stderr);
            return EXIT_USAGE;
        } else if (!(c == 'z' ? parse_zone(optarg, &out->zone_s) : parse_batch(optarg, &out->batch)))
            return EXIT_USAGE;
    }
    if (optind == argc && out->dump)
        return -1;
    if (optind < argc)
        fprintf(stderr, "ichatd: unexpected argument '%s'\n", argv[optind]);
    else
        fputs("ichatd: --mysql-dump FILE is missing\n", stderr);
    return EXIT_USAGE;
}

static void on_progress(void *ctx, enum import_table table, uint64_t done, uint64_t total, bool is_last)
{
    struct progress *progress = ctx;
    uint64_t now_us = clock_now_us();
    if (!is_last && (!progress->is_terminal || now_us - progress->last_us < PROGRESS_EVERY_US))
        return;
    progress->last_us = now_us;
    fprintf(stderr, "%s%-16s %" PRIu64 " of %" PRIu64 " rows%s", progress->is_terminal ? "\r" : "",
            import_table_name(table), done, total, is_last ? "\n" : "");
    fflush(stderr);
}

static int fail(const char *sentence)
{
    fprintf(stderr, "ichatd: %s\n", sentence);
    return EXIT_FAILED;
}

/* The target, migrated and seen to be empty; an anonymous SQLite file for a dry run. */
static int open_target(const struct arguments *arguments, const struct conf *conf, struct db **out)
{
    bool is_empty = false;
    enum err err = ERR_OK;
    if (arguments->is_dry_run) {
        err = db_open("sqlite:", out);
        if (!err)
            err = db_migrate(*out);
    } else {
        err = db_open_configured(conf, out);
    }
    if (!err)
        err = target_is_empty(*out, &is_empty);
    if (err)
        return fail("The database cannot be opened (the log line says why)");
    if (!is_empty)
        return fail(
            "The database is not empty, and nothing was imported: an import goes into a fresh one only, so that "
            "no row comes twice. Name another database.url or data.dir, or remove what an earlier import left");
    return EXIT_OK;
}

static int run_load(const struct arguments *arguments, struct dump_file *file, struct db *db,
                    struct import_report *report)
{
    char error[IMPORT_ERROR_MAX];
    struct progress progress = {.is_terminal = isatty(STDERR_FILENO) == 1};
    struct load_options options = {
        .batch = arguments->batch,
        .zone_s = arguments->zone_s,
        .now_us = clock_wall_us(),
        .on_progress = on_progress,
        .ctx = &progress,
    };
    if (load_all(file, db, &options, report, error) == ERR_OK) {
        puts(arguments->is_dry_run ? "Would be imported:" : "Imported:");
        import_report_print(report, stdout);
        return EXIT_OK;
    }
    fail(error);
    if (!arguments->is_dry_run)
        fputs("ichatd: The database holds a part of the dump now; empty it before the next try.\n", stderr);
    return EXIT_FAILED;
}

/* The dump is read to its end before the database is touched. */
static int run(const struct arguments *arguments, const struct conf *conf, struct import_map *map)
{
    char error[IMPORT_ERROR_MAX];
    if (arguments->map && import_map_read(map, arguments->map, error) != ERR_OK) {
        fail(error);
        return EXIT_USAGE;
    }
    struct import_report *report = import_report_create();
    struct dump_file *file = NULL;
    struct db *db = NULL;
    int code = EXIT_OK;
    if (dump_file_open(arguments->dump, map, report, &file, error) != ERR_OK)
        code = fail(error);
    else if (!dump_file_has(file, IMPORT_USERS))
        code = fail("The dump has no table of users; if it has another name, say so in a --map file: users = ...");
    if (code == EXIT_OK)
        code = open_target(arguments, conf, &db);
    if (code == EXIT_OK)
        code = run_load(arguments, file, db, report);
    db_close(db);
    dump_file_close(file);
    import_report_free(report);
    return code;
}

int import_main(int argc, char **argv)
{
    struct arguments arguments = {.batch = BATCH_DEFAULT};
    struct conf *conf;
    char error[CONF_ERROR_MAX];
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        return code;
    umask(077);
    if (conf_load(arguments.config, &conf, error) != ERR_OK) {
        fail(error);
        return EXIT_USAGE;
    }
    if (arguments.data && conf_set(conf, "data.dir", arguments.data, error) != ERR_OK) {
        fail(error);
        conf_free(conf);
        return EXIT_USAGE;
    }
    log_set_level(LOG_WARN);
    struct import_map *map = import_map_create();
    code = run(&arguments, conf, map);
    import_map_free(map);
    conf_free(conf);
    return code;
}
