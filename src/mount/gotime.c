/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/gotime.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum part {
    NONE,
    LONG_MONTH,
    MONTH,
    NUM_MONTH,
    ZERO_MONTH,
    LONG_WEEKDAY,
    WEEKDAY,
    DAY,
    UNDER_DAY,
    ZERO_DAY,
    UNDER_YEAR_DAY,
    ZERO_YEAR_DAY,
    HOUR,
    HOUR12,
    ZERO_HOUR12,
    MINUTE,
    ZERO_MINUTE,
    SECOND,
    ZERO_SECOND,
    LONG_YEAR,
    YEAR,
    UPPER_PM,
    LOWER_PM,
    ZONE_NAME,
    OFFSET,     /* "-0700" and its kin: the sample itself says which */
    OFFSET_OR_Z /* the same, but Z for UTC */
};

/* Tried in this order: a longer sample stands before what it begins with. */
static const struct word {
    const char *sample;
    enum part part;
} words[] = {
    {"January", LONG_MONTH},
    {"Jan", MONTH},
    {"Monday", LONG_WEEKDAY},
    {"Mon", WEEKDAY},
    {"MST", ZONE_NAME},
    {"002", ZERO_YEAR_DAY},
    {"01", ZERO_MONTH},
    {"02", ZERO_DAY},
    {"03", ZERO_HOUR12},
    {"04", ZERO_MINUTE},
    {"05", ZERO_SECOND},
    {"06", YEAR},
    {"15", HOUR},
    {"1", NUM_MONTH},
    {"2006", LONG_YEAR},
    {"2", DAY},
    {"__2", UNDER_YEAR_DAY},
    {"_2", UNDER_DAY},
    {"3", HOUR12},
    {"4", MINUTE},
    {"5", SECOND},
    {"PM", UPPER_PM},
    {"pm", LOWER_PM},
    {"-070000", OFFSET},
    {"-07:00:00", OFFSET},
    {"-0700", OFFSET},
    {"-07:00", OFFSET},
    {"-07", OFFSET},
    {"Z070000", OFFSET_OR_Z},
    {"Z07:00:00", OFFSET_OR_Z},
    {"Z0700", OFFSET_OR_Z},
    {"Z07:00", OFFSET_OR_Z},
    {"Z07", OFFSET_OR_Z},
};

static const struct word *find_word(const char *sample)
{
    /* In "_2006" only the year counts. */
    if (strncmp(sample, "_2006", 5) == 0)
        return NULL;
    for (const struct word *word = words; word < words + sizeof words / sizeof *words; word++) {
        size_t length = strlen(word->sample);
        if (strncmp(sample, word->sample, length) != 0)
            continue;
        bool abbreviation = word->part == MONTH || word->part == WEEKDAY;
        if (!abbreviation || !islower((unsigned char)sample[length])) /* "Month" is no month */
            return word;
    }
    return NULL;
}

/* ".000" or ",999": the length of such a fraction of a second, or 0. */
static size_t fraction_length(const char *sample)
{
    if ((sample[0] != '.' && sample[0] != ',') || (sample[1] != '0' && sample[1] != '9'))
        return 0;
    size_t digits = strspn(sample + 1, sample[1] == '0' ? "0" : "9");
    return isdigit((unsigned char)sample[1 + digits]) ? 0 : 1 + digits;
}

static void put_fraction(struct buf *out, const char *sample, size_t length, long ns)
{
    char digits[16];
    size_t count = length - 1 < 9 ? length - 1 : 9;
    for (size_t i = 9; i-- > 0; ns /= 10)
        digits[i] = (char)('0' + ns % 10);
    while (sample[1] == '9' && count > 0 && digits[count - 1] == '0')
        count--;
    if (count == 0)
        return;
    buf_put_u8(out, (uint8_t)sample[0]);
    buf_put(out, digits, count);
}

static void put_offset(struct buf *out, const char *sample, bool z_for_utc, int32_t zone_s)
{
    if (z_for_utc && zone_s == 0) {
        buf_put_u8(out, 'Z');
        return;
    }
    unsigned seconds = (unsigned)abs(zone_s), minutes = seconds / 60;
    const char *colon = strchr(sample, ':') ? ":" : "";
    size_t length = strlen(sample);
    buf_printf(out, "%c%02u", zone_s < 0 ? '-' : '+', minutes / 60);
    if (length > 3)
        buf_printf(out, "%s%02u", colon, minutes % 60);
    if (length > 6)
        buf_printf(out, "%s%02u", colon, seconds % 60);
}

/* The machine's own name for a zone is known, that of others is not. */
static void put_zone_name(struct buf *out, time_t when, int32_t zone_s)
{
    struct tm here;
    if (localtime_r(&when, &here) && here.tm_gmtoff == zone_s)
        buf_printf(out, "%s", here.tm_zone);
    else if (zone_s == 0)
        buf_printf(out, "UTC");
    else
        put_offset(out, "-0700", false, zone_s);
}

static void put_date(struct buf *out, enum part part, const struct tm *t)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    switch (part) {
    case LONG_MONTH:
        buf_printf(out, "%s", months[t->tm_mon]);
        break;
    case MONTH:
        buf_printf(out, "%.3s", months[t->tm_mon]);
        break;
    case LONG_WEEKDAY:
        buf_printf(out, "%s", days[t->tm_wday]);
        break;
    case WEEKDAY:
        buf_printf(out, "%.3s", days[t->tm_wday]);
        break;
    case NUM_MONTH:
    case ZERO_MONTH:
        buf_printf(out, part == NUM_MONTH ? "%d" : "%02d", t->tm_mon + 1);
        break;
    case DAY:
    case UNDER_DAY:
    case ZERO_DAY:
        buf_printf(out, part == DAY ? "%d" : part == UNDER_DAY ? "%2d" : "%02d", t->tm_mday);
        break;
    case UNDER_YEAR_DAY:
    case ZERO_YEAR_DAY:
        buf_printf(out, part == UNDER_YEAR_DAY ? "%3d" : "%03d", t->tm_yday + 1);
        break;
    case YEAR:
        buf_printf(out, "%02d", (t->tm_year + 1900) % 100);
        break;
    default:
        buf_printf(out, "%04d", t->tm_year + 1900);
    }
}

static void put_clock(struct buf *out, enum part part, const struct tm *t)
{
    int hour12 = t->tm_hour % 12 ? t->tm_hour % 12 : 12;
    switch (part) {
    case HOUR:
        buf_printf(out, "%02d", t->tm_hour);
        break;
    case HOUR12:
    case ZERO_HOUR12:
        buf_printf(out, part == HOUR12 ? "%d" : "%02d", hour12);
        break;
    case MINUTE:
    case ZERO_MINUTE:
        buf_printf(out, part == MINUTE ? "%d" : "%02d", t->tm_min);
        break;
    case SECOND:
    case ZERO_SECOND:
        buf_printf(out, part == SECOND ? "%d" : "%02d", t->tm_sec);
        break;
    case UPPER_PM:
        buf_printf(out, t->tm_hour >= 12 ? "PM" : "AM");
        break;
    default:
        buf_printf(out, t->tm_hour >= 12 ? "pm" : "am");
    }
}

void gotime_put(struct buf *out, const char *sample, int64_t wall_ns, int32_t zone_s)
{
    int64_t seconds = wall_ns / NS_PER_SECOND, ns = wall_ns % NS_PER_SECOND;
    if (ns < 0) {
        ns += NS_PER_SECOND;
        seconds--;
    }
    time_t when = (time_t)seconds, shifted = (time_t)(seconds + zone_s);
    struct tm t;
    gmtime_r(&shifted, &t);
    while (*sample) {
        size_t fraction = fraction_length(sample);
        const struct word *word = fraction ? NULL : find_word(sample);
        if (fraction)
            put_fraction(out, sample, fraction, (long)ns);
        else if (!word)
            buf_put_u8(out, (uint8_t)*sample);
        else if (word->part == OFFSET || word->part == OFFSET_OR_Z)
            put_offset(out, word->sample, word->part == OFFSET_OR_Z, zone_s);
        else if (word->part == ZONE_NAME)
            put_zone_name(out, when, zone_s);
        else if (word->part >= HOUR && word->part != LONG_YEAR && word->part != YEAR)
            put_clock(out, word->part, &t);
        else
            put_date(out, word->part, &t);
        sample += fraction ? fraction : word ? strlen(word->sample) : 1;
    }
}
