/* Conversions. */
#include "import/convert.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define SECONDS_MAX 100000000000ll /* a larger number counts a smaller unit: the year 5138, or 1973 in milliseconds */

static bool is_null(const struct mysqldump_value *value)
{
    return !value || value->type == MYSQLDUMP_NULL;
}

enum err convert_i64(const struct mysqldump_value *value, int64_t *out)
{
    *out = 0;
    if (is_null(value) || value->len == 0)
        return ERR_OK;
    return strlen(value->data) == value->len ? text_to_i64(value->data, out) : ERR_INVALID;
}

enum err convert_id(const struct mysqldump_value *value, uint64_t *out)
{
    int64_t number;
    *out = 0;
    if (convert_i64(value, &number) != ERR_OK || number < 0 || (uint64_t)number > CONVERT_ID_MAX)
        return ERR_INVALID;
    *out = (uint64_t)number;
    return ERR_OK;
}

bool convert_bool(const struct mysqldump_value *value)
{
    if (is_null(value) || value->len == 0)
        return false;
    if (value->len == 1)
        return value->data[0] != 0 && !strchr("0fFnN", value->data[0]);
    if (strcasecmp(value->data, "false") == 0)
        return false;
    return !text_has_prefix(value->data, "0000-00-00");
}

enum err convert_text(const struct mysqldump_value *value, const char **out)
{
    *out = "";
    if (is_null(value))
        return ERR_OK;
    if (memchr(value->data, 0, value->len) || !utf8_is_valid(value->data, value->len))
        return ERR_INVALID;
    *out = value->data;
    return ERR_OK;
}

static enum err convert_epoch(const struct mysqldump_value *value, int64_t *out)
{
    int64_t number;
    if (convert_i64(value, &number) != ERR_OK || number < 0)
        return ERR_INVALID;
    if (number < SECONDS_MAX)
        *out = number * (int64_t)US_PER_S;
    else if (number < SECONDS_MAX * 1000)
        *out = number * (int64_t)US_PER_MS;
    else
        *out = number < SECONDS_MAX * 1000000 ? number : number / 1000;
    return ERR_OK;
}

/* ".123456", to microseconds; at most nine digits. */
static enum err read_fraction(const char *at, int64_t *us)
{
    *us = 0;
    if (*at == '.') {
        int64_t unit = 100000;
        size_t digits = strspn(++at, "0123456789");
        if (digits == 0 || digits > 9)
            return ERR_INVALID;
        for (; digits; digits--, at++, unit /= 10)
            *us += (*at - '0') * unit;
    }
    return *at == 0 || strcmp(at, "Z") == 0 ? ERR_OK : ERR_INVALID;
}

enum err convert_time(const struct mysqldump_value *value, int64_t zone_s, int64_t *out)
{
    *out = 0;
    if (is_null(value) || value->len == 0)
        return ERR_OK;
    if (value->type == MYSQLDUMP_NUMBER)
        return convert_epoch(value, out);
    if (text_has_prefix(value->data, "0000-00-00"))
        return ERR_OK;
    struct tm tm = {0};
    int len = 0;
    char between = 0;
    int n = sscanf(value->data, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &between,
                   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &len);
    if (n == 3 && value->len == strlen("2023-05-01"))
        len = (int)value->len;
    else if (n != 7 || (between != ' ' && between != 'T'))
        return ERR_INVALID;
    bool is_right = tm.tm_year >= 1970 && tm.tm_mon >= 1 && tm.tm_mon <= 12 && tm.tm_mday >= 1 && tm.tm_mday <= 31 &&
                    tm.tm_hour >= 0 && tm.tm_hour < 24 && tm.tm_min >= 0 && tm.tm_min < 60 && tm.tm_sec >= 0 &&
                    tm.tm_sec < 61;
    int64_t us;
    if (!is_right || read_fraction(value->data + len, &us) != ERR_OK)
        return ERR_INVALID;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = ((int64_t)timegm(&tm) - zone_s) * (int64_t)US_PER_S + us;
    return ERR_OK;
}

enum err convert_zone(const char *text, int64_t *zone_s)
{
    char sign;
    int hours;
    int minutes;
    int len = 0;
    *zone_s = 0;
    if (strcasecmp(text, "UTC") == 0 || strcasecmp(text, "Z") == 0)
        return ERR_OK;
    bool is_read = (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &len) == 3 ||
                    sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &len) == 3) &&
                   text[len] == 0;
    if (!is_read || (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return ERR_INVALID;
    *zone_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    return ERR_OK;
}
