/* Line charts as SVG text. Pure. */
#ifndef ICHAT_BENCH_SVG_H
#define ICHAT_BENCH_SVG_H

#include <stdbool.h>

#include "base/buf.h"

#define SVG_POINTS_MAX 32
#define SVG_SERIES_MAX 12

struct svg_point {
    double x, y;
    bool is_doubtful; /* drawn hollow */
};

struct svg_series {
    char name[64];
    unsigned count;
    struct svg_point points[SVG_POINTS_MAX]; /* ascending x */
};

struct svg_chart {
    const char *title;
    const char *x_name;
    const char *y_name;
    bool is_log_y;
    unsigned count;
    const struct svg_series *series;
};

/* One picture with the charts below each other. */
void svg_write(const struct svg_chart *charts, unsigned count, struct text *out);

/* A step of 1, 2 or 5 times a power of ten that divides `span` into at most `parts`. */
double svg_step(double span, unsigned parts);

#endif
