/* HTTP byte ranges and dates. */
#include "web/range.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Digits at *at, moved behind them; false when there are none or too many. */
static bool take_number(const char **at, uint64_t *out)
{
    uint64_t value = 0;
    const char *p = *at;
    while (*p >= '0' && *p <= '9') {
        if (value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*p++ - '0');
    }
    if (p == *at)
        return false;
    *at = p;
    *out = value;
    return true;
}

/* "-500": the last 500 bytes. */
static enum range_result parse_suffix(const char *at, uint64_t size, uint64_t *first, uint64_t *last)
{
    uint64_t count;
    if (!take_number(&at, &count) || *at)
        return RANGE_ALL;
    if (!count || !size)
        return RANGE_BAD;
    *first = count < size ? size - count : 0;
    *last = size - 1;
    return RANGE_PART;
}

enum range_result range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last)
{
    if (!header || !text_has_prefix(header, "bytes="))
        return RANGE_ALL;
    const char *at = header + strlen("bytes=");
    if (*at == '-')
        return parse_suffix(at + 1, size, first, last);

    uint64_t from;
    uint64_t to = UINT64_MAX;
    if (!take_number(&at, &from) || *at++ != '-')
        return RANGE_ALL;
    if (*at && (!take_number(&at, &to) || *at || to < from))
        return RANGE_ALL;
    if (from >= size)
        return RANGE_BAD;
    *first = from;
    *last = to < size ? to : size - 1;
    return RANGE_PART;
}

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Not strftime: its names follow the locale. */
void http_date_format(char out[HTTP_DATE_MAX], time_t when)
{
    struct tm tm;
    if (!gmtime_r(&when, &tm) || tm.tm_year < 0 || tm.tm_year > 8099)
        memset(&tm, 0, sizeof(tm));
    snprintf(out, HTTP_DATE_MAX, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
             (unsigned)tm.tm_mday % 100u, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000u, tm.tm_hour % 100u,
             tm.tm_min % 100u, tm.tm_sec % 100u);
}

bool http_date_parse(const char *text, time_t *out)
{
    char month[4];
    char zone[4];
    struct tm tm = {0};
    if (strlen(text) != 29 || sscanf(text + 3, ", %2d %3s %4d %2d:%2d:%2d %3s", &tm.tm_mday, month, &tm.tm_year,
                                     &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7)
        return false;
    if (strcmp(zone, "GMT"))
        return false;
    for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
        if (!strcmp(month, months[tm.tm_mon]))
            break;
    if (tm.tm_mon == 12 || tm.tm_year < 1900)
        return false;
    tm.tm_year -= 1900;
    *out = timegm(&tm);
    return true;
}
