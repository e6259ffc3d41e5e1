/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/when.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"

/* `least` to `most` digits. */
static bool number(const char **at, unsigned least, unsigned most, int *out)
{
    unsigned digits = 0;
    for (*out = 0; digits < most && isdigit((unsigned char)**at); digits++)
        *out = *out * 10 + (*(*at)++ - '0');
    return digits >= least;
}

static bool literal(const char **at, char letter)
{
    return **at == letter && *(*at)++;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool date(const char **at, struct tm *out)
{
    int year, month, day;
    const char *start = *at;
    bool good = number(at, 4, 4, &year) && literal(at, '-') && number(at, 2, 2, &month) && literal(at, '-') &&
                number(at, 2, 2, &day);
    if (!good) {
        *at = start;
        good = number(at, 2, 2, &day) && literal(at, '.') && number(at, 2, 2, &month) && literal(at, '.') &&
               number(at, 4, 4, &year);
    }
    /* The years that nanoseconds in 64 bits reach. */
    if (!good || year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 ||
        day > days_of(year, month))
        return false;
    *out = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1};
    return true;
}

/* " 14:30" and ":05"; *seconds says whether the latter was there. */
static bool time_of_day(const char **at, struct tm *out, bool *seconds)
{
    if (!literal(at, ' ') || !number(at, 1, 2, &out->tm_hour) || !literal(at, ':') ||
        !number(at, 2, 2, &out->tm_min))
        return false;
    *seconds = literal(at, ':');
    if (*seconds && !number(at, 2, 2, &out->tm_sec))
        return false;
    return out->tm_hour < 24 && out->tm_min < 60 && out->tm_sec < 60;
}

/* A zone to the end of the text; *offset is its seconds east, or `out` is told whether it is summer time. */
static bool zone(const char *at, struct tm *out, bool *fixed, int *offset)
{
    int hours = 0, minutes = 0;
    *fixed = true;
    if (*at == '+' || *at == '-') {
        int sign = *at++ == '-' ? -1 : 1;
        bool good =
            number(&at, 2, 2, &hours) && number(&at, 2, 2, &minutes) && !*at && hours < 24 && minutes < 60;
        *offset = sign * (hours * 3600 + minutes * 60);
        return good;
    }
    *offset = 0;
    if (strcmp(at, "UTC") == 0)
        return true;
    *fixed = false;
    tzset();
    for (int summer = 0; summer < 2; summer++)
        if (strcmp(at, tzname[summer]) == 0) {
            out->tm_isdst = summer;
            return true;
        }
    return false;
}

int when_parse(const char *text, int64_t *wall_ns)
{
    struct tm parts;
    const char *at = text;
    bool seconds = false, fixed = false;
    int offset = 0;
    bool good = date(&at, &parts) && (!*at || time_of_day(&at, &parts, &seconds));
    if (good && *at)
        good = seconds && literal(&at, ' ') && zone(at, &parts, &fixed, &offset);
    if (!good)
        return err_hint(err_set(ERR_INVALID, _("\"%s\" is not a date"), text),
                        _("for example: 2026-11-28, \"2026-11-28 14:30\", \"2026-11-28 14:30:00 +0100\""));
    time_t wall = fixed ? timegm(&parts) - offset : mktime(&parts);
    *wall_ns = (int64_t)wall * NS_PER_SECOND;
    return 0;
}
