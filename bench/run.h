/* One run: a server, its members, the loads one after the other, the floor. Main thread. */
#ifndef ICHAT_BENCH_RUN_H
#define ICHAT_BENCH_RUN_H

#include "bench/bench.h"
#include "bench/result.h"

/* Everything that it started has ended when it returns. On failure bench->error says why. */
MUST_CHECK enum err run_scenario(struct bench *bench, struct result *out);

#endif
