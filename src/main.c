/* The command line of ichatd. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app.h"
#include "import/import.h"

/* Exit codes. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void print_help(FILE *file)
{
    fputs("usage: ichatd [--config FILE] [--port N] [--tls-port N] [--data DIR] [--check-config]\n"
          "       ichatd import --mysql-dump FILE ...   see ichatd import --help\n"
          "\n"
          "  --config FILE   YAML, see conf/ichatd.yml; without it the defaults hold\n"
          "  --port N        HTTP port (http.port, 8080)\n"
          "  --tls-port N    HTTPS port (http.tls_port, 0 = none)\n"
          "  --data DIR      database, uploads, secret and certificate (data.dir)\n"
          "  --check-config  says whether the configuration is right, and ends\n"
          "  --version\n"
          "  --help\n"
          "\n"
          "Every key of the file can be given in the environment: http.port as ICHAT_HTTP_PORT, and so on.\n"
          "Exit codes: 0 stopped by a signal, 1 cannot start, 2 wrong arguments or configuration.\n",
          file);
}

struct arguments {
    struct app_options options;
    bool check_only;
};

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct arguments *out)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},   {"port", required_argument, NULL, 'p'},
        {"tls-port", required_argument, NULL, 't'}, {"data", required_argument, NULL, 'd'},
        {"check-config", no_argument, NULL, 'k'},   {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "c:p:d:vh", known, NULL)) != -1;) {
        switch (c) {
        case 'c':
            out->options.config = optarg;
            break;
        case 'p':
            out->options.port = optarg;
            break;
        case 't':
            out->options.tls_port = optarg;
            break;
        case 'd':
            out->options.data = optarg;
            break;
        case 'k':
            out->check_only = true;
            break;
        case 'v':
            puts("ichatd " ICHAT_VERSION);
            return EXIT_OK;
        case 'h':
            print_help(stdout);
            return EXIT_OK;
        default:
            print_help(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "ichatd: unexpected argument '%s'\n", argv[optind]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.check_only = false};
    struct conf *conf;
    struct app *app;
    char error[APP_ERROR_MAX];

    if (argc > 1 && !strcmp(argv[1], "import"))
        return import_main(argc - 1, argv + 1);
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        return code;
    umask(077);
    if (app_load_conf(&arguments.options, &conf, error) != ERR_OK) {
        fprintf(stderr, "ichatd: %s\n", error);
        return EXIT_USAGE;
    }
    if (arguments.check_only) {
        puts("The configuration is right.");
        conf_free(conf);
        return EXIT_OK;
    }
    if (app_create(conf, &arguments.options, &app, error) != ERR_OK) {
        fprintf(stderr, "ichatd: %s\n", error);
        return EXIT_FAILED;
    }
    app_run(app);
    app_free(app);
    return EXIT_OK;
}
