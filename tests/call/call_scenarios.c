/* Runs one scenario of native members against a running server: call_scenarios NAME URL. Exit code 0 = it held. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "stage.h"

static const struct scenario *find(const struct scenario *list, const char *name)
{
    for (; list->name; list++) {
        if (strcmp(list->name, name) == 0)
            return list;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: call_scenarios NAME URL\n", stderr);
        return 2;
    }
    const struct scenario *scenario = find(media_scenarios, argv[1]);
    if (!scenario)
        scenario = find(life_scenarios, argv[1]);
    if (!scenario)
        scenario = find(churn_scenarios, argv[1]);
    if (!scenario || client_global_init() != ERR_OK) {
        fprintf(stderr, "no scenario %s\n", argv[1]);
        return 2;
    }
    log_set_level(LOG_WARN);
    scenario->run(argv[2]);
    client_global_free();
    return 0;
}
