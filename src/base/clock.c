/* Clocks and RFC 3339 times. Any thread. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_now_us(void)
{
    return read_us(CLOCK_MONOTONIC) + 1; /* 0 means "never" in many a struct */
}

void clock_sleep_until_us(uint64_t at_us)
{
    uint64_t us = at_us - 1; /* as clock_now_us() */
    const struct timespec until = {.tv_sec = (time_t)(us / US_PER_S), .tv_nsec = (long)(us % US_PER_S * 1000)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until,
                          NULL); /* early on a signal: callers look at the clock */
}

int64_t clock_wall_us(void)
{
    return (int64_t)read_us(CLOCK_REALTIME);
}

/* Splits into whole seconds and 0..999,999 us, also before 1970. */
static void split(int64_t wall_us, time_t *seconds, int *fraction_us)
{
    int64_t whole = wall_us / (int64_t)US_PER_S;
    int64_t rest = wall_us % (int64_t)US_PER_S;
    if (rest < 0) {
        rest += (int64_t)US_PER_S;
        whole--;
    }
    *seconds = (time_t)whole;
    *fraction_us = (int)rest;
}

/* "2026-11-23T11:33:12" */
static size_t format_seconds(char out[CLOCK_RFC3339_MAX], time_t seconds)
{
    struct tm tm;
    memset(&tm, 0, sizeof(tm));
    gmtime_r(&seconds, &tm);
    int n = snprintf(out, CLOCK_RFC3339_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return (size_t)n;
}

void clock_rfc3339(char out[CLOCK_RFC3339_MAX], int64_t wall_us)
{
    time_t seconds;
    int fraction_us;
    split(wall_us, &seconds, &fraction_us);
    size_t n = format_seconds(out, seconds);
    snprintf(out + n, CLOCK_RFC3339_MAX - n, "Z");
}

void clock_rfc3339_frac(char out[CLOCK_RFC3339_MAX], int64_t wall_us)
{
    time_t seconds;
    int fraction_us;
    split(wall_us, &seconds, &fraction_us);
    size_t n = format_seconds(out, seconds);
    if (fraction_us > 0)
        n += (size_t)snprintf(out + n, CLOCK_RFC3339_MAX - n, ".%06d", fraction_us);
    while (fraction_us > 0 && out[n - 1] == '0')
        n--;
    snprintf(out + n, CLOCK_RFC3339_MAX - n, "Z");
}
