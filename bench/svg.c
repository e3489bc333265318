/* Charts. See svg.h. */
#include "bench/svg.h"

#include <math.h>
#include <stdio.h>

#define WIDTH 860
#define HEIGHT 380 /* of a chart */
#define LEFT 80
#define RIGHT 200
#define TOP 40
#define BOTTOM 60
#define TICKS 8

static const char *const colours[] = {"#0969da", "#cf222e", "#1a7f37", "#8250df", "#bf8700", "#57606a"};

struct frame {
    const struct svg_chart *chart;
    double x_max, y_min, y_max;
    double top; /* of this chart in the picture */
};

double svg_step(double span, unsigned parts)
{
    if (!(span > 0) || parts == 0)
        return 1;
    double raw = span / parts, power = pow(10, floor(log10(raw)));
    static const double steps[] = {1, 2, 5, 10};
    for (unsigned i = 0; i < 4; i++) {
        if (raw <= steps[i] * power * 1.0000001)
            return steps[i] * power;
    }
    return 10 * power;
}

static void add_escaped(struct text *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '<')
            text_add(out, "&lt;");
        else if (*s == '>')
            text_add(out, "&gt;");
        else if (*s == '&')
            text_add(out, "&amp;");
        else
            text_add_n(out, s, 1);
    }
}

static double to_x(const struct frame *frame, double x)
{
    return LEFT + x / frame->x_max * (WIDTH - LEFT - RIGHT);
}

static double to_y(const struct frame *frame, double y)
{
    double low = frame->y_min, high = frame->y_max;
    if (frame->chart->is_log_y) {
        y = log10(y > low ? y : low);
        low = log10(low);
        high = log10(high);
    }
    return frame->top + HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
}

static void measure(struct frame *frame)
{
    double smallest = INFINITY;
    frame->x_max = frame->y_max = 0;
    for (unsigned s = 0; s < frame->chart->count; s++) {
        for (unsigned i = 0; i < frame->chart->series[s].count; i++) {
            const struct svg_point *point = &frame->chart->series[s].points[i];
            frame->x_max = fmax(frame->x_max, point->x);
            frame->y_max = fmax(frame->y_max, point->y);
            if (point->y > 0)
                smallest = fmin(smallest, point->y);
        }
    }
    frame->x_max = frame->x_max > 0 ? frame->x_max : 1;
    frame->y_max = frame->y_max > 0 ? frame->y_max : 1;
    if (frame->chart->is_log_y) {
        frame->y_min = pow(10, floor(log10(isfinite(smallest) ? smallest : 0.1)));
        frame->y_max = pow(10, ceil(log10(frame->y_max)));
        if (frame->y_max <= frame->y_min)
            frame->y_max = frame->y_min * 10;
    } else {
        double step = svg_step(frame->y_max, TICKS);
        frame->y_min = 0;
        frame->y_max = ceil(frame->y_max / step) * step;
    }
}

static void add_y_tick(const struct frame *frame, double value, struct text *out)
{
    double y = to_y(frame, value);
    text_addf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#d0d7de\"/>\n", LEFT, y, WIDTH - RIGHT,
              y);
    text_addf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 6, y + 4, value);
}

static void add_axes(const struct frame *frame, struct text *out)
{
    double bottom = frame->top + HEIGHT - BOTTOM, step = svg_step(frame->x_max, TICKS);
    text_addf(out, "<text x=\"%d\" y=\"%.0f\" font-weight=\"bold\">", LEFT, frame->top + 22);
    add_escaped(out, frame->chart->title);
    text_add(out, "</text>\n");
    if (frame->chart->is_log_y) {
        int decades = (int)lround(log10(frame->y_max / frame->y_min));
        for (int i = 0; i <= decades; i++)
            add_y_tick(frame, frame->y_min * pow(10, i), out);
    } else {
        double y_step = svg_step(frame->y_max, TICKS);
        for (unsigned i = 0; i * y_step <= frame->y_max * 1.001; i++)
            add_y_tick(frame, i * y_step, out);
    }
    for (unsigned i = 0; i * step <= frame->x_max * 1.001; i++)
        text_addf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%g</text>\n", to_x(frame, i * step),
                  bottom + 18, i * step);
    text_addf(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2, bottom + 40);
    add_escaped(out, frame->chart->x_name);
    text_addf(out, "</text>\n<text transform=\"translate(16 %.0f) rotate(-90)\" text-anchor=\"middle\">",
              frame->top + (HEIGHT - BOTTOM + TOP) / 2.0);
    add_escaped(out, frame->chart->y_name);
    text_add(out, "</text>\n");
}

static void add_series(const struct frame *frame, unsigned index, struct text *out)
{
    const struct svg_series *series = &frame->chart->series[index];
    const char *colour = colours[index % (sizeof(colours) / sizeof(colours[0]))];
    text_addf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (unsigned i = 0; i < series->count; i++)
        text_addf(out, "%.1f,%.1f ", to_x(frame, series->points[i].x), to_y(frame, series->points[i].y));
    text_add(out, "\"/>\n");
    for (unsigned i = 0; i < series->count; i++)
        text_addf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" stroke=\"%s\" fill=\"%s\"/>\n",
                  to_x(frame, series->points[i].x), to_y(frame, series->points[i].y), colour,
                  series->points[i].is_doubtful ? "#ffffff" : colour);
    double y = frame->top + TOP + 10 + 20 * index;
    text_addf(out, "<rect x=\"%d\" y=\"%.0f\" width=\"12\" height=\"12\" fill=\"%s\"/>\n<text x=\"%d\" y=\"%.0f\">",
              WIDTH - RIGHT + 16, y, colour, WIDTH - RIGHT + 34, y + 10);
    add_escaped(out, series->name);
    text_add(out, "</text>\n");
}

void svg_write(const struct svg_chart *charts, unsigned count, struct text *out)
{
    text_addf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
        WIDTH, HEIGHT * count, WIDTH, HEIGHT * count);
    for (unsigned i = 0; i < count; i++) {
        struct frame frame = {.chart = &charts[i], .top = (double)HEIGHT * i};
        measure(&frame);
        add_axes(&frame, out);
        for (unsigned s = 0; s < charts[i].count; s++)
            add_series(&frame, s, out);
    }
    text_add(out, "</svg>\n");
}
